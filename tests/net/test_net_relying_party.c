/* The passkey server's own side: what it answers, to whom, and how often. */
#include "party.h"

#include <net/passkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(registers_and_logs_in) {
    vk_passkey_user user;
    passkey p = make_passkey();
    register_it(&p);
    log_in(&p);
    log_in(&p);
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    ck_assert_str_eq(user.name, "alice");
    ck_assert_str_eq(user.transports, "internal,hybrid");
    ck_assert_str_eq(user.rp_id, RP_ID);
    EVP_PKEY_free(p.key);
}
END_TEST

/* What a browser is given. */
START_TEST(options_are_the_sdks) {
    vk_passkey_creation creation;
    vk_passkey_request request;
    vk_buf answer = {0};
    const char body[] = "{\"username\":\"Zo\xc3\xab \\\"x\\\\\"}";
    ck_assert_uint_eq(vk_relying_party_answer(rp, "/register/options",
                                              (vk_bytes){(const uint8_t *)body, sizeof body - 1},
                                              &answer),
                      200);
    ck_assert_int_eq(vk_passkey_creation_read(vk_buf_view(&answer), &creation, NULL), VK_OK);
    ck_assert_str_eq(creation.rp_id, RP_ID);
    ck_assert_str_eq(creation.user_id, creation.server_id);
    ck_assert_uint_eq(strlen(creation.user_id), 32);
    ck_assert(creation.discoverable && !creation.attestation && creation.challenge.len == 32);
    vk_passkey_creation_clear(&creation);
    vk_buf_clear(&answer);
    ck_assert_uint_eq(vk_relying_party_answer(rp, "/login/options",
                                              (vk_bytes){(const uint8_t *)"{}", 2}, &answer),
                      200);
    ck_assert_int_eq(vk_passkey_request_read(vk_buf_view(&answer), &request, NULL), VK_OK);
    ck_assert(request.challenge.len == 32 && request.allowed_count == 0);
    ck_assert_str_eq(request.rp_id, RP_ID);
    vk_passkey_request_clear(&request);
    vk_buf_clear(&answer);
}
END_TEST

START_TEST(a_challenge_is_for_once) {
    passkey p = make_passkey();
    options o = registration_options();
    char *body = registration_body(&p, &o, "");
    cJSON_Delete(ask("/register/verify", body, 200));
    refuse("/register/verify", body, 400, "the challenge is unknown, used or older");
    vk_text_free(body);
    o = login_challenge();
    body = login_body(&p, &o, "");
    cJSON_Delete(ask("/login/verify", body, 200));
    refuse("/login/verify", body, 400, "the challenge is unknown, used or older");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

/* A wrong answer ends it, too: nobody tries several. */
START_TEST(a_wrong_answer_uses_it_up) {
    passkey p = make_passkey();
    register_it(&p);
    options o = login_challenge();
    p.flags = VK_WEBAUTHN_FLAG_UP;
    char *body = login_body(&p, &o, "");
    refuse("/login/verify", body, 400, "");
    vk_text_free(body);
    p.flags |= VK_WEBAUTHN_FLAG_UV;
    body = login_body(&p, &o, "");
    refuse("/login/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    log_in(&p);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(a_challenge_is_for_its_kind) {
    passkey p = make_passkey();
    register_it(&p);
    options for_login = login_challenge(), for_registration = registration_options();
    snprintf(for_login.user_id, sizeof for_login.user_id, "%s", for_registration.user_id);
    passkey other = make_passkey();
    char *body = registration_body(&other, &for_login, "");
    refuse("/register/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    body = login_body(&p, &for_registration, "");
    refuse("/login/verify", body, 400, "the challenge is unknown");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(a_challenge_lives_a_minute) {
    passkey p = make_passkey();
    options early = registration_options();
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS - 1);
    options late = registration_options();
    char *body = registration_body(&p, &early, "");
    cJSON_Delete(ask("/register/verify", body, 200));
    vk_text_free(body);
    passkey other = make_passkey();
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS);
    body = registration_body(&other, &late, "");
    refuse("/register/verify", body, 400, "older than 60 seconds");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(a_challenge_is_for_its_user) {
    passkey p = make_passkey();
    options mine = registration_options(), others = registration_options();
    snprintf(mine.user_id, sizeof mine.user_id, "%s", others.user_id);
    char *body = registration_body(&p, &mine, "");
    refuse("/register/verify", body, 400, "the challenge was given to another user");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(so_many_wait_and_no_more) {
    for (int i = 0; i < VK_RP_CHALLENGES_MAX; i++) {
        login_challenge();
    }
    refuse("/login/options", "{}", 503, "too many wait");
    refuse("/register/options", "{\"username\":\"a\"}", 503, "too many wait");
    vk_relying_party_pass(rp, VK_RP_CHALLENGE_SECONDS);
    login_challenge();
}
END_TEST

/* The server's own words count, not the request's. */
START_TEST(another_relying_party_or_origin) {
    refuse("/register/options", "{\"username\":\"a\",\"rpID\":\"evil.example\"}", 400, "rpID");
    refuse("/login/options", "{\"rpID\":\"evil.example\"}", 400, "rpID");
    passkey p = make_passkey();
    p.origin = "https://evil.example";
    refuse_registration(&p, "", 400, "origin");
    p.origin = ORIGIN;
    p.rp_id = "evil.example";
    refuse_registration(&p, "", 400, "rpId");
    p.rp_id = RP_ID;
    register_it(&p);
    p.origin = "https://evil.example";
    refuse_login(&p, "", "origin");
    p.origin = ORIGIN;
    p.rp_id = "evil.example";
    refuse_login(&p, "", "rpId");
    p.rp_id = RP_ID;
    p.cross_origin = true;
    refuse_login(&p, "", "another origin");
    p.cross_origin = false;
    log_in(&p);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(flags_that_are_missing) {
    passkey p = make_passkey();
    p.flags = VK_WEBAUTHN_FLAG_UV;
    refuse_registration(&p, "", 400, "UP");
    p.flags = VK_WEBAUTHN_FLAG_UP;
    refuse_registration(&p, "", 400, "UV");
    p.flags |= VK_WEBAUTHN_FLAG_UV;
    register_it(&p);
    p.flags = VK_WEBAUTHN_FLAG_UV;
    refuse_login(&p, "", "UP");
    p.flags = VK_WEBAUTHN_FLAG_UP;
    refuse_login(&p, "", "UV");
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(another_type) {
    passkey p = make_passkey();
    p.type = "webauthn.get";
    refuse_registration(&p, "", 400, "type");
    p.type = NULL;
    register_it(&p);
    p.type = "webauthn.create";
    refuse_login(&p, "", "type");
    p.type = "payment.get";
    refuse_login(&p, "", "type");
    EVP_PKEY_free(p.key);
}
END_TEST

/* One that goes back is a copy's. */
START_TEST(counters) {
    vk_passkey_user user;
    passkey p = make_passkey();
    p.count = 5;
    register_it(&p);
    refuse_login(&p, "", "");
    p.count = 6;
    log_in(&p);
    p.count = 100;
    log_in(&p);
    p.count = 99;
    refuse_login(&p, "", "");
    p.count = 0;
    refuse_login(&p, "", "");
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    ck_assert_uint_eq(user.sign_count, 100);
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(a_passkey_is_registered_once) {
    passkey p = make_passkey();
    register_it(&p);
    refuse_registration(&p, "", 409, "registered already");
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(an_unknown_passkey) {
    passkey p = make_passkey();
    refuse_login(&p, "", "not registered here");
    EVP_PKEY_free(p.key);
}
END_TEST

/* Under another's id, with one's own key. */
START_TEST(another_key) {
    passkey p = make_passkey(), mallory = make_passkey();
    register_it(&p);
    memcpy(mallory.point65, p.point65, 65);
    refuse_login(&mallory, "", "signature");
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(mallory.key);
}
END_TEST

/* The SDK takes the key from the client's own words. */
START_TEST(a_public_key_that_is_another) {
    uint8_t spki[VK_P256_SPKI_LEN];
    passkey p = make_passkey(), other = make_passkey();
    vk_buf rest = {0};
    vk_p256_spki_write(other.point65, spki);
    vk_buf_put_byte(&rest, ',');
    put64(&rest, "publicKey", (vk_bytes){spki, sizeof spki});
    char *text = vk_buf_take_text(&rest);
    refuse_registration(&p, text, 400, "the public key is not that of the authenticator data");
    vk_text_free(text);
    EVP_PKEY_free(p.key);
    EVP_PKEY_free(other.key);
}
END_TEST

START_TEST(user_handles) {
    vk_passkey_user user;
    char rest[128];
    passkey p = make_passkey();
    register_it(&p);
    refuse_login(&p, ",\"userHandle\":\"mallory\"", "another user's");
    ck_assert_int_eq(vk_token_passkey_find(token, id_of(&p), &user, NULL), VK_OK);
    for (size_t i = 0; i < 2; i++) {
        options o = login_challenge();
        snprintf(rest, sizeof rest, ",\"userHandle\":%s%s%s", i == 0 ? "\"" : "",
                 i == 0 ? user.user_id : "null", i == 0 ? "\"" : "");
        char *body = login_body(&p, &o, rest);
        cJSON_Delete(ask("/login/verify", body, 200));
        vk_text_free(body);
    }
    EVP_PKEY_free(p.key);
}
END_TEST

START_TEST(malformed_bodies) {
    static const char *const bad[][2] = {
        {"/register/options", ""},
        {"/register/options", "[]"},
        {"/register/options", "{}"},
        {"/register/options", "{\"username\":\"\"}"},
        {"/register/options", "{\"username\":5}"},
        {"/register/options", "{\"username\":\"a\\u0007\"}"},
        {"/register/options",
         "{\"username\":\"01234567890123456789012345678901234567890123456789012345678901234\"}"},
        {"/register/options", "{\"username\":\"a\",\"username\":\"b\"}"},
        {"/login/options", "null"},
        {"/login/options", "{\"rpID\":5}"},
        {"/register/verify", "{}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\"}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":[]}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\","
                             "\"rawId\":\"Ag\",\"type\":\"public-key\",\"response\":{}}}"},
        {"/register/verify", "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\","
                             "\"rawId\":\"AQ\",\"type\":\"password\",\"response\":{}}}"},
        {"/register/verify",
         "{\"userId\":\"u\",\"username\":\"a\",\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":"
         "\"public-key\",\"response\":{\"attestationObject\":\"oA\",\"clientDataJSON\":\"e30\"}}}"},
        {"/login/verify", "{}"},
        {"/login/verify", "{\"cred\":{\"id\":\"=\"}}"},
        {"/login/verify", "{\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\"}}"},
        {"/login/verify",
         "{\"cred\":{\"id\":\"AQ\",\"rawId\":\"AQ\",\"type\":\"public-key\",\"response\":{"
         "\"authenticatorData\":\"AA\",\"clientDataJSON\":\"e30\",\"signature\":\"\"}}}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse(bad[i][0], bad[i][1], 400, "");
    }
}
END_TEST

START_TEST(other_paths) {
    refuse("/", "{}", 404, "nothing here");
    refuse("/login/options/", "{}", 404, "nothing here");
    refuse("//login/options", "{}", 404, "nothing here");
}
END_TEST

/* What fails in the token is not told to strangers. */
START_TEST(failures_of_the_token) {
    passkey p = make_passkey();
    register_it(&p);
    vk_token_logout(token);
    options o = login_challenge();
    char *body = login_body(&p, &o, "");
    refuse("/login/verify", body, 500, "the server cannot answer");
    vk_text_free(body);
    EVP_PKEY_free(p.key);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("relying party");
    TCase *tests = tcase_create("relying party");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, party_set_up, party_tear_down);
    tcase_add_test(tests, registers_and_logs_in);
    tcase_add_test(tests, options_are_the_sdks);
    tcase_add_test(tests, a_challenge_is_for_once);
    tcase_add_test(tests, a_wrong_answer_uses_it_up);
    tcase_add_test(tests, a_challenge_is_for_its_kind);
    tcase_add_test(tests, a_challenge_lives_a_minute);
    tcase_add_test(tests, a_challenge_is_for_its_user);
    tcase_add_test(tests, so_many_wait_and_no_more);
    tcase_add_test(tests, another_relying_party_or_origin);
    tcase_add_test(tests, flags_that_are_missing);
    tcase_add_test(tests, another_type);
    tcase_add_test(tests, counters);
    tcase_add_test(tests, a_passkey_is_registered_once);
    tcase_add_test(tests, an_unknown_passkey);
    tcase_add_test(tests, another_key);
    tcase_add_test(tests, a_public_key_that_is_another);
    tcase_add_test(tests, user_handles);
    tcase_add_test(tests, malformed_bodies);
    tcase_add_test(tests, other_paths);
    tcase_add_test(tests, failures_of_the_token);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
