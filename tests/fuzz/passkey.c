/* What passkey servers answer, what their clients send, and what a login is asked with. */
#include "fuzz.h"

#include "gate/login.h"
#include "net/header.h"
#include "net/passkey.h"
#include "net/relying_party.h"

/* A failed read leaves nothing to be freed; a sentence says why. */
static bool is_read(vk_status status, const vk_error *err) {
    return fuzz_read_result(status, err, NULL, 0);
}

void fuzz_header(vk_bytes input) {
    char *line, *again;
    vk_error err = {0};
    if (!is_read(vk_header_read(input, &line, &err), &err)) {
        FUZZ_REQUIRE(line == NULL);
        return;
    }
    /* One line, which reads as itself. */
    FUZZ_REQUIRE(strpbrk(line, "\r\n") == NULL && strstr(line, ": ") != NULL);
    const vk_bytes text = {(const uint8_t *)line, strlen(line)};
    FUZZ_REQUIRE(vk_header_read(text, &again, NULL) == VK_OK && strcmp(line, again) == 0);
    FUZZ_REQUIRE(!vk_header_is(line, "Host") && !vk_header_is(line, "Content-Length"));
    vk_header_free(line);
    vk_header_free(again);
}

/* ---- A server's answers ---- */

static void read_creation(vk_bytes input) {
    vk_passkey_creation c;
    vk_error err = {0};
    if (is_read(vk_passkey_creation_read(input, &c, &err), &err)) {
        FUZZ_REQUIRE(c.challenge.len >= VK_PASSKEY_CHALLENGE_MIN &&
                     c.challenge.len <= VK_PASSKEY_CHALLENGE_MAX);
        FUZZ_REQUIRE(c.user_id[0] != '\0' && strlen(c.user_id) <= VK_PASSKEY_USER_ID_MAX);
        FUZZ_REQUIRE(c.server_id[0] != '\0');
        vk_passkey_creation_clear(&c);
    }
    FUZZ_REQUIRE(c.challenge.data == NULL && c.rp_id == NULL && c.user_id == NULL &&
                 c.server_id == NULL);
}

static void read_registered(vk_bytes input) {
    vk_error err = {0};
    (void)is_read(vk_passkey_registered_read(input, &err), &err);
}

static void read_request(vk_bytes input) {
    vk_passkey_request r;
    vk_error err = {0};
    if (is_read(vk_passkey_request_read(input, &r, &err), &err)) {
        FUZZ_REQUIRE(r.challenge.len >= VK_PASSKEY_CHALLENGE_MIN &&
                     r.challenge.len <= VK_PASSKEY_CHALLENGE_MAX);
        FUZZ_REQUIRE(r.allowed_count <= VK_PASSKEY_ALLOWED_MAX);
        for (size_t i = 0; i < r.allowed_count; i++) {
            FUZZ_REQUIRE(vk_passkey_request_allows(&r, vk_buf_view(&r.allowed[i])));
        }
        vk_passkey_request_clear(&r);
    }
    FUZZ_REQUIRE(r.challenge.data == NULL && r.rp_id == NULL && r.allowed_count == 0);
}

static void read_logged_in(vk_bytes input) {
    uint8_t point65[65];
    vk_error err = {0};
    FUZZ_MARK(point65);
    vk_status status = vk_passkey_logged_in_read(input, point65, &err);
    if (fuzz_read_result(status, &err, point65, sizeof point65)) {
        FUZZ_REQUIRE(vk_p256_check_point(point65) == VK_OK);
    }
}

void fuzz_passkey_answer(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_creation, read_registered, read_request,
                                                read_logged_in};
    readers[fuzz_choose(&input, 4)](input);
}

/* ---- What its clients send ---- */

static void read_options(vk_bytes input, bool registers) {
    vk_rp_options o;
    vk_error err = {0};
    if (is_read(vk_rp_options_read(input, registers, &o, &err), &err)) {
        FUZZ_REQUIRE((o.username != NULL) == registers);
        FUZZ_REQUIRE(!registers || vk_passkey_check_name(o.username, NULL) == VK_OK);
        vk_rp_options_clear(&o);
    }
    FUZZ_REQUIRE(o.username == NULL && o.rp_id == NULL);
}

static void read_register_options(vk_bytes input) {
    read_options(input, true);
}

static void read_login_options(vk_bytes input) {
    read_options(input, false);
}

static void read_registration(vk_bytes input) {
    vk_rp_registration r;
    vk_error err = {0};
    if (is_read(vk_rp_registration_read(input, &r, &err), &err)) {
        FUZZ_REQUIRE(r.credential_id.len > 0 && r.credential_id.len <= VK_CREDENTIAL_ID_MAX);
        FUZZ_REQUIRE(r.attestation.len > 0 && r.client_data.len > 0);
        FUZZ_REQUIRE(strlen(r.transports) <= VK_PASSKEY_TRANSPORTS_MAX);
        FUZZ_REQUIRE(r.transports[strspn(r.transports, "abcdefghijklmnopqrstuvwxyz-,")] == '\0');
        vk_rp_registration_clear(&r);
    }
    FUZZ_REQUIRE(r.user_id == NULL && r.username == NULL && r.attestation.data == NULL);
}

static void read_login(vk_bytes input) {
    vk_rp_login l;
    vk_error err = {0};
    if (is_read(vk_rp_login_read(input, &l, &err), &err)) {
        FUZZ_REQUIRE(l.credential_id.len > 0 && l.credential_id.len <= VK_CREDENTIAL_ID_MAX);
        FUZZ_REQUIRE(l.signature.len > 0 && l.signature.len <= VK_P256_DER_MAX);
        vk_rp_login_clear(&l);
    }
    FUZZ_REQUIRE(l.rp_id == NULL && l.user_handle == NULL && l.signature.data == NULL);
}

void fuzz_passkey_body(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_register_options, read_registration,
                                                read_login_options, read_login};
    readers[fuzz_choose(&input, 4)](input);
}

/* ---- C_Sign ---- */

void fuzz_login_request(vk_bytes input) {
    vk_login_request r;
    vk_error err = {0};
    vk_buf client_data = {0};
    if (is_read(vk_login_request_read(input, &r, &err), &err)) {
        FUZZ_REQUIRE(r.challenge.len >= VK_LOGIN_CHALLENGE_MIN &&
                     r.challenge.len <= VK_LOGIN_CHALLENGE_MAX && r.rp_id != NULL);
        /* Whatever the server chose, it does not stand where the contracts look for it. */
        vk_status status = vk_webauthn_login_client_data(vk_buf_view(&r.challenge),
                                                         "https://a.example", &client_data);
        FUZZ_REQUIRE(status == VK_OK && client_data.len > 36);
        FUZZ_REQUIRE(memcmp(client_data.data + 23, "\"challenge\":\"", 13) != 0);
        vk_buf_clear(&client_data);
        vk_login_request_clear(&r);
    }
    FUZZ_REQUIRE(r.challenge.data == NULL && r.rp_id == NULL && r.origin == NULL);
}
