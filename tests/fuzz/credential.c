/* WebAuthn credentials: public keys, authenticator data, client data, attestation objects. */
#include "fuzz.h"

/* What lies in a view came from the input. */
static void inside(vk_bytes view, vk_bytes input) {
    FUZZ_REQUIRE(view.len == 0 ||
                 (view.data >= input.data && view.data + view.len <= input.data + input.len));
}

static void read_spki(vk_bytes input) {
    uint8_t point65[65], out[VK_P256_SPKI_LEN];
    vk_error err = {0};
    FUZZ_MARK(point65);
    vk_status status = vk_p256_spki_read(input, point65, &err);
    if (fuzz_read_result(status, &err, point65, sizeof point65)) {
        vk_p256_spki_write(point65, out);
        FUZZ_REQUIRE(vk_bytes_equal((vk_bytes){out, sizeof out}, input));
    }
}

static void read_cose(vk_bytes input) {
    uint8_t point65[65], out[VK_P256_COSE_LEN];
    vk_error err = {0};
    FUZZ_MARK(point65);
    vk_status status = vk_p256_cose_read(input, point65, &err);
    if (fuzz_read_result(status, &err, point65, sizeof point65)) {
        vk_p256_cose_write(point65, out);
        FUZZ_REQUIRE(vk_bytes_equal((vk_bytes){out, sizeof out}, input));
    }
}

static void read_auth_data(vk_bytes input) {
    vk_auth_data data;
    vk_error err = {0};
    FUZZ_MARK(data);
    vk_status status = vk_auth_data_read(input, &data, &err);
    if (fuzz_read_result(status, &err, &data, sizeof data)) {
        FUZZ_REQUIRE(input.len >= VK_WEBAUTHN_AUTH_DATA_LEN);
        inside(data.credential_id, input);
        inside(data.extensions, input);
    }
}

static void read_client_data(vk_bytes input) {
    vk_client_data data;
    vk_error err = {0};
    FUZZ_MARK(data);
    vk_status status = vk_client_data_read(input, &data, &err);
    if (fuzz_read_result(status, &err, &data, sizeof data)) {
        FUZZ_REQUIRE(vk_bytes_equal(data.raw, input) && data.origin != NULL);
        vk_client_data_clear(&data);
    }
}

/* The statement is verified over the authenticator data that came with it. */
static void verify_attestation(const vk_attestation *attestation) {
    vk_auth_data data;
    vk_attestation_result result;
    vk_hash hash = {{0}};
    vk_error err = {0};
    if (vk_auth_data_read(attestation->auth_data, &data, NULL) == VK_OK) {
        vk_status status = vk_attestation_verify(attestation, &data, &hash, NULL, &result, &err);
        fuzz_read_result(status, &err, NULL, 0);
    }
}

static void read_attestation(vk_bytes input) {
    vk_attestation attestation;
    vk_error err = {0};
    FUZZ_MARK(attestation);
    vk_status status = vk_attestation_read(input, &attestation, &err);
    if (fuzz_read_result(status, &err, &attestation, sizeof attestation)) {
        FUZZ_REQUIRE(vk_attestation_format_text(attestation.format) != NULL);
        inside(attestation.auth_data, input);
        verify_attestation(&attestation);
    }
}

void fuzz_credential(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_spki, read_cose, read_auth_data,
                                                read_client_data, read_attestation};
    readers[fuzz_choose(&input, 5)](input);
}
