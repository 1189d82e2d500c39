/*
 * src/keys/fido2*.c against an authenticator that others wrote: nid-webauthn-emulator behind
 * relay.py, at the places in VK_EMULATOR and VK_EMULATOR_NO_UV. run.sh starts them.
 *
 * It speaks CTAP 2.0 with built-in user verification, without a PIN and without extensions; its
 * credentials are synced ones, and it attests nothing.
 */
#include "keys/fido2.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#define RP "valetkey.test"
#define ORIGIN "https://valetkey.test"

static vk_fido2 *fido2;
static vk_error err;

static void begin(const char *place) {
    const char *path = getenv(place);
    ck_assert_msg(path != NULL, "%s is not set", place);
    ck_assert_int_eq(vk_fido2_new(path, 5, &fido2), VK_OK);
    err = (vk_error){0};
}

static void end(void) {
    vk_fido2_free(fido2);
}

static void check(vk_status status, vk_status expected, const char *sentence) {
    ck_assert_str_eq(err.message, sentence);
    ck_assert_int_eq(status, expected);
    err = (vk_error){0};
}

/* Of a user who does what the name says. */
static vk_status make(const char *name, vk_fido2_made *out) {
    const vk_hash blob = {{1}};
    const vk_fido2_wish wish = {.rp_id = RP,
                                .origin = ORIGIN,
                                .user_id = {(const uint8_t *)name, strlen(name)},
                                .user_name = name,
                                .discoverable = true,
                                .hmac_secret = true,
                                .protect = VK_FIDO2_PROTECT_UV,
                                .blob = &blob};
    return vk_fido2_make(fido2, &wish, out, &err);
}

static vk_status ask(const vk_fido2_made *made, vk_fido2_answer *out) {
    const vk_hash challenge = {{7, 7, 7}};
    vk_buf client_data = {0}, encoded = {0};
    ck_assert_int_eq(vk_webauthn_client_data(&challenge, ORIGIN, &client_data), VK_OK);
    const vk_fido2_question question = {.rp_id = RP,
                                        .origin = ORIGIN,
                                        .credential_id = vk_buf_view(&made->credential_id),
                                        .point65 = made->point65,
                                        .challenge = {challenge.b, sizeof challenge.b},
                                        .client_data = vk_buf_view(&client_data)};
    vk_status status = vk_fido2_assert(fido2, &question, out, &err);
    if (status == VK_OK) {
        vk_webauthn_assertion assertion = {.auth_data = {out->auth_data, out->auth_data_len},
                                           .client_data = vk_buf_view(&client_data)};
        memcpy(assertion.r, out->signature64, 32);
        memcpy(assertion.s, out->signature64 + 32, 32);
        ck_assert_int_eq(vk_webauthn_encode(&assertion, &encoded), VK_OK);
        ck_assert_int_eq(vk_webauthn_verify(vk_buf_view(&encoded), &challenge, made->point65, NULL),
                         VK_OK);
    }
    vk_buf_clear(&encoded);
    vk_buf_clear(&client_data);
    return status;
}

START_TEST(test_info) {
    vk_fido2_info info;
    begin("VK_EMULATOR");
    ck_assert_int_eq(vk_fido2_get_info(fido2, &info, &err), VK_OK);
    ck_assert_mem_eq(info.aaguid, "NID-AUTH-3141592", 16);
    ck_assert(info.has_uv && !info.takes_pin && !info.has_pin && !info.always_uv && !info.lists);
    ck_assert(!info.has_hmac_secret && !info.has_cred_blob && !info.has_cred_protect);
    ck_assert_uint_eq(info.pin_min, VK_FIDO2_PIN_MIN);
    end();
}
END_TEST

START_TEST(test_make_and_assert) {
    vk_fido2_made made;
    vk_fido2_answer answer;
    begin("VK_EMULATOR");
    ck_assert_msg(make("alice", &made) == VK_OK, "%s", err.message);
    ck_assert_uint_eq(made.flags & (VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV),
                      VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV);
    ck_assert_uint_eq(made.flags & (VK_WEBAUTHN_FLAG_BE | VK_WEBAUTHN_FLAG_BS),
                      VK_WEBAUTHN_FLAG_BE | VK_WEBAUTHN_FLAG_BS);
    ck_assert_int_eq(made.attestation, VK_ATTESTED_NOT);
    ck_assert(!made.has_blob && !made.has_hmac_secret);
    ck_assert_mem_eq(made.aaguid, "NID-AUTH-3141592", 16);
    uint32_t last = made.sign_count;
    /* About half of its signatures have a high s. */
    for (int i = 0; i < 20; i++) {
        ck_assert_msg(ask(&made, &answer) == VK_OK, "%s", err.message);
        ck_assert_uint_eq(answer.auth_data_len, VK_WEBAUTHN_AUTH_DATA_LEN);
        ck_assert_uint_gt(answer.sign_count, last);
        last = answer.sign_count;
    }
    vk_fido2_made_clear(&made);
    end();
}
END_TEST

START_TEST(test_which) {
    static const uint8_t stranger[32] = {1};
    vk_fido2_made made;
    size_t index;
    begin("VK_EMULATOR");
    ck_assert_int_eq(make("bob", &made), VK_OK);
    const vk_bytes ids[] = {{stranger, sizeof stranger}, vk_buf_view(&made.credential_id)};
    ck_assert_int_eq(vk_fido2_which(fido2, RP, ids, 2, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 1);
    ck_assert_int_eq(vk_fido2_which(fido2, "another.test", ids, 2, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 2);
    made.credential_id.data[0] ^= 1;
    vk_fido2_answer answer;
    check(ask(&made, &answer), VK_ERR_NOT_FOUND,
          "the credential is not on this security key: it is another one, or was reset");
    vk_fido2_made_clear(&made);
    end();
}
END_TEST

START_TEST(test_users) {
    vk_fido2_made made;
    begin("VK_EMULATOR");
    check(make("declined", &made), VK_DENIED, "it was declined on the security key");
    check(make("unverified", &made), VK_ERR_DEVICE,
          "the answer of the security key is wrong: the user was not verified (flag UV)");
    check(make("absent", &made), VK_ERR_DEVICE,
          "the answer of the security key is wrong: the user was not present (flag UP)");
    ck_assert_ptr_null(made.credential_id.data);
    end();
}
END_TEST

/* A PIN, lists, resets. */
START_TEST(test_what_it_cannot) {
    vk_fido2_residents list;
    const uint8_t pin[] = {'1', '2', '3', '4'};
    begin("VK_EMULATOR");
    check(vk_fido2_log_in(fido2, pin, sizeof pin, &err), VK_ERR_PIN_NOT_SET,
          "the security key has no PIN: set one first (C_SetPIN with an empty old one)");
    check(vk_fido2_set_pin(fido2, pin, 0, pin, sizeof pin, &err), VK_ERR_UNSUPPORTED,
          "the security key cannot do this");
    check(vk_fido2_list(fido2, &list, &err), VK_ERR_UNSUPPORTED, "the security key cannot do this");
    check(vk_fido2_delete(fido2, (vk_bytes){pin, sizeof pin}, &err), VK_ERR_UNSUPPORTED,
          "the security key cannot do this");
    check(vk_fido2_reset(fido2, &err), VK_ERR_UNSUPPORTED, "the security key cannot do this");
    end();
}
END_TEST

START_TEST(test_no_verification) {
    vk_fido2_info info;
    vk_fido2_made made;
    begin("VK_EMULATOR_NO_UV");
    ck_assert_int_eq(vk_fido2_get_info(fido2, &info, &err), VK_OK);
    ck_assert(!info.has_uv && !info.takes_pin);
    check(make("alice", &made), VK_ERR_PIN_NOT_SET,
          "the security key has no PIN: set one first (C_SetPIN with an empty old one)");
    end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("emulator");
    TCase *tests = tcase_create("emulator");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_info);
    tcase_add_test(tests, test_make_and_assert);
    tcase_add_test(tests, test_which);
    tcase_add_test(tests, test_users);
    tcase_add_test(tests, test_what_it_cannot);
    tcase_add_test(tests, test_no_verification);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
