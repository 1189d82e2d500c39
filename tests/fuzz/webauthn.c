/* WebAuthn: assertions, signatures. */
#include "fuzz.h"

/* The place of the type is the only thing that the encoder chooses itself. */
static void encode_again(vk_bytes input, const vk_webauthn_assertion *assertion, size_t location) {
    vk_buf out = {0};
    vk_status status = vk_webauthn_encode(assertion, &out);
    if (status == VK_OK) {
        vk_webauthn_assertion again;
        size_t found = 0;
        FUZZ_REQUIRE(out.len ==
                     vk_webauthn_encoded_len(assertion->auth_data.len, assertion->client_data.len));
        FUZZ_REQUIRE(vk_webauthn_decode(vk_buf_view(&out), &again, &found, NULL) == VK_OK);
        FUZZ_REQUIRE(found != location || vk_bytes_equal(vk_buf_view(&out), input));
    }
    vk_buf_clear(&out);
}

void fuzz_webauthn(vk_bytes input) {
    vk_webauthn_assertion assertion;
    size_t location = 0;
    vk_error err = {0};
    FUZZ_MARK(assertion);
    vk_status status = vk_webauthn_decode(input, &assertion, &location, &err);
    if (!fuzz_read_result(status, &err, &assertion, sizeof assertion)) {
        return;
    }
    FUZZ_REQUIRE(assertion.auth_data.len + assertion.client_data.len < input.len);
    encode_again(input, &assertion, location);
    vk_hash challenge = {{0}};
    uint8_t point65[65] = {0x04};
    vk_error refused = {0};
    status = vk_webauthn_verify(input, &challenge, point65, &refused);
    FUZZ_REQUIRE(!fuzz_read_result(status, &refused, NULL, 0));
}

/* ---- DER ---- */

static size_t put_integer(const uint8_t *number32, uint8_t *out) {
    size_t skip = 0;
    while (skip < 31 && number32[skip] == 0) {
        skip++;
    }
    size_t sign = number32[skip] >= 0x80 ? 1 : 0, len = 32 - skip + sign;
    out[0] = 0x02;
    out[1] = (uint8_t)len;
    out[2] = 0;
    memcpy(out + 2 + sign, number32 + skip, 32 - skip);
    return 2 + len;
}

/* DER has one form for each signature. */
void fuzz_der(vk_bytes input) {
    uint8_t signature64[64], der[VK_P256_DER_MAX + 1] = {0x30};
    vk_error err = {0};
    FUZZ_MARK(signature64);
    vk_status status = vk_p256_signature_read(input, signature64, &err);
    if (!fuzz_read_result(status, &err, signature64, sizeof signature64)) {
        return;
    }
    size_t len = 2;
    len += put_integer(signature64, der + len);
    len += put_integer(signature64 + 32, der + len);
    der[1] = (uint8_t)(len - 2);
    FUZZ_REQUIRE(vk_bytes_equal((vk_bytes){der, len}, input));
}
