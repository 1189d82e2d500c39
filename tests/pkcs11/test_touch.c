/* Ordinary tokens that security keys unlock. */
#include "touch_support.h"

#include <string.h>

static CK_RV sign_digest(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    const uint8_t digest[32] = {1};
    return sign_once(session, key, CKM_ECDSA, (vk_bytes){digest, sizeof digest}, signature, &len);
}

static bool has_flag(const char *label, CK_FLAGS flag) {
    return (token_flags(label) & flag) != 0;
}

/* ---- A touch alone ---- */

START_TEST(a_touch_unlocks) {
    authn *key = plug(0, NULL);
    enrol("sudo", 0, true);
    touch_initialize();
    ck_assert(has_flag("sudo", CKF_PROTECTED_AUTHENTICATION_PATH));
    ck_assert(!has_flag("plain", CKF_PROTECTED_AUTHENTICATION_PATH));
    CK_SESSION_HANDLE session = open_session("sudo", true);
    uint32_t before = authn_counter(key);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert(is_user(session));
    ck_assert_uint_gt(authn_counter(key), before);
    ck_assert_int_eq(unlock(session), CKR_USER_ALREADY_LOGGED_IN);
    pair keys = GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(sign_digest(session, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(sign_digest(session, find_object(session, CKO_PRIVATE_KEY, "k")), CKR_OK);
}
END_TEST

/* Who has the touch alone on a security key with a PIN says no PIN. */
START_TEST(a_touch_is_enough_where_it_was_enrolled_so) {
    plug_with_pin(0);
    enrol("sudo", 0, true);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(login_named(session, NULL), CKR_OK);
}
END_TEST

START_TEST(the_pin_goes_on) {
    plug(0, NULL);
    enrol("sudo", 0, true);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(try_login(session, CKU_USER, "wrong-pin"), CKR_PIN_INCORRECT);
    ck_assert(has_flag("sudo", CKF_USER_PIN_COUNT_LOW));
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert(has_flag("sudo", CKF_USER_PIN_COUNT_LOW));
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(f->C_Login(session, CKU_SO, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(unlock(session), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
}
END_TEST

/* ---- Verified users ---- */

START_TEST(its_pin_and_a_touch_unlock) {
    authn *key = plug_with_pin(0);
    enrol("sudo", 0, false);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert(!has_flag("sudo", CKF_PROTECTED_AUTHENTICATION_PATH));
    ck_assert_int_eq(unlock(session), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(login_named(session, NULL), CKR_ARGUMENTS_BAD);
    int tries = authn_pin_retries(key);
    ck_assert_int_eq(login_named(session, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(authn_pin_retries(key), tries - 1);
    ck_assert_int_eq(login_named(session, "1"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(authn_pin_retries(key), tries - 1);
    ck_assert(!is_user(session) && !has_flag("sudo", CKF_USER_PIN_COUNT_LOW));
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
    ck_assert(is_user(session));
    ck_assert_int_eq(authn_pin_retries(key), tries);
}
END_TEST

/* The device's PIN was for this login alone. */
START_TEST(its_pin_is_not_kept) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(unlock(session), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(who_is_logged_in_to_its_slot_is_verified) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    touch_initialize();
    CK_SESSION_HANDLE of_key = open_session("FIDO2 security key", true);
    ck_assert_int_eq(try_login(of_key, CKU_USER, DEVICE_PIN), CKR_OK);
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(of_key), CKR_OK);
    ck_assert_int_eq(unlock(session), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(a_finger_unlocks) {
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    authn *key = plug(0, &options);
    enrol("sudo", 0, false);
    touch_initialize();
    ck_assert(has_flag("sudo", CKF_PROTECTED_AUTHENTICATION_PATH));
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    authn_set_uv(key, AUTHN_UV_FAILS);
    ck_assert_int_eq(unlock(session), CKR_PIN_INCORRECT);
    ck_assert(!is_user(session));
}
END_TEST

/* ---- Instead of the PIN ---- */

START_TEST(it_stands_in_place_of_the_pin) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    remove_user_pin("sudo");
    touch_initialize();
    ck_assert(has_flag("sudo", CKF_USER_PIN_INITIALIZED));
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_PIN_INCORRECT);
    ck_assert_int_eq(unlock(session), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert(is_user(session));
    CK_UTF8CHAR pin[] = DEVICE_PIN, new_pin[] = "123456";
    ck_assert_int_eq(f->C_SetPIN(session, pin, 4, new_pin, 6), CKR_USER_PIN_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(f->C_InitPIN(session, new_pin, 6), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_USER, "123456"), CKR_OK);
}
END_TEST

START_TEST(a_touch_in_place_of_the_pin) {
    plug(0, NULL);
    enrol("sudo", 0, true);
    remove_user_pin("sudo");
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
}
END_TEST

/* ---- Which security key ---- */

START_TEST(another_one_opens_nothing) {
    plug(0, NULL);
    enrol("sudo", 0, true);
    authn_unplug(security_keys[0]);
    plug(1, NULL);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_DEVICE_REMOVED);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_DEVICE_REMOVED);
    ck_assert(!is_user(session));
    CK_SESSION_HANDLE plain = open_session("plain", true);
    ck_assert_int_eq(unlock(plain), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(login_named(plain, DEVICE_PIN), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(login_named(plain, NULL), CKR_ARGUMENTS_BAD);
}
END_TEST

/* It is found as soon as it is plugged in, and among others. */
/* What only says that it has the credential is told no PIN. */
START_TEST(a_fake_one_gets_no_pin) {
    authn *key = plug_with_pin(0);
    enrol("sudo", 0, false);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    int retries = authn_pin_retries(key);
    authn_misbehave(key, AUTHN_WRONG_KEY);
    ck_assert_int_eq(login_named(session, "9999"), CKR_DEVICE_REMOVED);
    ck_assert_int_eq(authn_pin_retries(key), retries);
    authn_misbehave(key, 0);
    ck_assert_int_eq(login_named(session, "9999"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
}
END_TEST

START_TEST(it_is_found_when_it_comes) {
    authn *key = plug(0, NULL);
    enrol("sudo", 0, true);
    authn_unplug(key);
    plug(1, NULL);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_DEVICE_REMOVED);
    ck_assert(authn_plug(key));
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    authn_unplug(key);
    authn_unplug(security_keys[1]);
    CK_ULONG count;
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
    ck_assert(!has_flag("sudo", CKF_PROTECTED_AUTHENTICATION_PATH));
    ck_assert_int_eq(unlock(session), CKR_DEVICE_REMOVED);
}
END_TEST

START_TEST(one_unlocks_two_tokens) {
    plug(0, NULL);
    enrol("sudo", 0, true);
    enrol("plain", 0, true);
    touch_initialize();
    CK_SESSION_HANDLE sudo = open_session("sudo", true), plain = open_session("plain", true);
    ck_assert_int_eq(unlock(plain), CKR_OK);
    ck_assert(is_user(plain) && !is_user(sudo));
    ck_assert_int_eq(unlock(sudo), CKR_OK);
    ck_assert(is_user(sudo));
}
END_TEST

START_TEST(two_unlock_one_token) {
    plug(0, NULL);
    plug_with_pin(1);
    enrol("sudo", 0, true);
    enrol("sudo", 1, false);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    authn_unplug(security_keys[0]);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
}
END_TEST

/* A PIN is not tried on a security key that it may not be of: each counts wrong ones. */
START_TEST(a_pin_of_one_of_two_is_tried_on_neither) {
    authn *key = plug_with_pin(0), *other = plug_with_pin(1);
    enrol("sudo", 0, false);
    enrol("sudo", 1, false);
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    int retries = authn_pin_retries(key), of_other = authn_pin_retries(other);
    ck_assert_int_eq(login_named(session, "9999"), CKR_ACTION_PROHIBITED);
    ck_assert_int_eq(authn_pin_retries(key), retries);
    ck_assert_int_eq(authn_pin_retries(other), of_other);
    authn_unplug(key);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
}
END_TEST

/* Somebody with the file makes a touch enough for what wants a verified user: its secret is another
 * one. */
START_TEST(an_edited_enrolment_opens_nothing) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    edit_tokens("UPDATE enrolment SET verified = 0");
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_PIN_INCORRECT);
    ck_assert(!is_user(session));
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
}
END_TEST

Suite *touch_suite(void) {
    Suite *suite = suite_create("security keys that unlock");
    TCase *touches = touch_case("touch");
    tcase_add_test(touches, a_touch_unlocks);
    tcase_add_test(touches, a_touch_is_enough_where_it_was_enrolled_so);
    tcase_add_test(touches, the_pin_goes_on);
    suite_add_tcase(suite, touches);
    TCase *verified = touch_case("verified");
    tcase_add_test(verified, its_pin_and_a_touch_unlock);
    tcase_add_test(verified, its_pin_is_not_kept);
    tcase_add_test(verified, who_is_logged_in_to_its_slot_is_verified);
    tcase_add_test(verified, a_finger_unlocks);
    tcase_add_test(verified, it_stands_in_place_of_the_pin);
    tcase_add_test(verified, a_touch_in_place_of_the_pin);
    suite_add_tcase(suite, verified);
    TCase *which = touch_case("which");
    tcase_add_test(which, another_one_opens_nothing);
    tcase_add_test(which, a_fake_one_gets_no_pin);
    tcase_add_test(which, it_is_found_when_it_comes);
    tcase_add_test(which, one_unlocks_two_tokens);
    tcase_add_test(which, two_unlock_one_token);
    tcase_add_test(which, a_pin_of_one_of_two_is_tried_on_neither);
    tcase_add_test(which, an_edited_enrolment_opens_nothing);
    suite_add_tcase(suite, which);
    add_touch_outcomes(suite);
    return suite;
}
