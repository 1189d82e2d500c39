/* Ordinary tokens that security keys unlock. */
#include "touch_support.h"

#include <string.h>
#include <time.h>

static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};

/* And looks at what is plugged in, as every client does that lists the slots. */
static void initialize(void) {
    CK_ULONG count;
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
}

static CK_RV unlock(CK_SESSION_HANDLE session) {
    return f->C_Login(session, CKU_USER, NULL, 0);
}

static CK_RV login_named(CK_SESSION_HANDLE session, const char *pin) {
    CK_UTF8CHAR name[] = "fido2";
    return load_3_0()->C_LoginUser(session, CKU_USER, (CK_UTF8CHAR_PTR)pin,
                                   pin != NULL ? strlen(pin) : 0, name, sizeof name - 1);
}

static bool is_user(CK_SESSION_HANDLE session) {
    return state_of(session) == CKS_RW_USER_FUNCTIONS;
}

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
    initialize();
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
    initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(login_named(session, NULL), CKR_OK);
}
END_TEST

START_TEST(the_pin_goes_on) {
    plug(0, NULL);
    enrol("sudo", 0, true);
    initialize();
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
    initialize();
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
    initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(login_named(session, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(unlock(session), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(who_is_logged_in_to_its_slot_is_verified) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
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
    initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_PIN_INCORRECT);
    ck_assert(!is_user(session));
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
}
END_TEST

/* ---- What becomes of a touch ---- */

static CK_RV unlock_call(void *session) {
    return unlock(*(CK_SESSION_HANDLE *)session);
}

static CK_RV cancel_call(void *session) {
    return load_3_0()->C_SessionCancel(*(CK_SESSION_HANDLE *)session, CKF_SIGN);
}

/* Enrolled, and to be touched when the test says so. */
static CK_SESSION_HANDLE untouched(void) {
    authn *key = plug(0, NULL);
    enrol("sudo", 0, true);
    authn_set_touch(key, AUTHN_TOUCH_NEVER, 0);
    initialize();
    return open_session("sudo", true);
}

START_TEST(it_is_declined) {
    CK_SESSION_HANDLE session = untouched();
    authn_set_touch(security_keys[0], AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(unlock(session), CKR_FUNCTION_REJECTED);
    ck_assert(!is_user(session));
    authn_set_touch(security_keys[0], AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(unlock(session), CKR_OK);
}
END_TEST

START_TEST(it_does_not_come) {
    CK_SESSION_HANDLE session = untouched();
    ck_assert_int_eq(unlock(session), CKR_FUNCTION_CANCELED);
    ck_assert(!is_user(session));
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
}
END_TEST

START_TEST(it_comes_late) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    ck_assert(authn_touch(security_keys[0], 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_OK);
    ck_assert(is_user(session));
}
END_TEST

START_TEST(finalize_ends_the_wait) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    initialize();
    session = open_session("sudo", true);
    ck_assert(!is_user(session));
}
END_TEST

START_TEST(session_cancel_ends_the_wait) {
    CK_SESSION_HANDLE session = untouched(), other = open_session("sudo", true);
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    ck_assert_int_eq(load_3_0()->C_SessionCancel(other, CKF_SIGN), CKR_OK);
    ck_assert(!atomic_load(&w.is_over));
    ck_assert_int_eq(load_3_0()->C_SessionCancel(session, CKF_SIGN), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    ck_assert(!is_user(session));
}
END_TEST

/* Whose turn has not come ends nobody else's wait. */
START_TEST(only_its_own_wait_is_ended) {
    const struct timespec a_while = {.tv_nsec = 200000000L};
    authn *key = plug(0, NULL);
    enrol("sudo", 0, true);
    enrol("plain", 0, true);
    authn_set_touch(key, AUTHN_TOUCH_NEVER, 0);
    initialize();
    CK_SESSION_HANDLE first = open_session("sudo", true), second = open_session("plain", true);
    waiting_call one, other;
    begin_waiting(&one, unlock_call, &first, key);
    begin_waiting(&other, unlock_call, &second, key);
    nanosleep(&a_while, NULL);
    waiting_call cancel;
    begin_waiting(&cancel, cancel_call, &second, key);
    nanosleep(&a_while, NULL);
    ck_assert(!atomic_load(&one.is_over) && !atomic_load(&cancel.is_over));
    ck_assert(authn_touch(key, 1000));
    ck_assert_int_eq(end_waiting(&one), CKR_OK);
    time_t before = time(NULL);
    ck_assert_int_eq(end_waiting(&cancel), CKR_OK);
    ck_assert_int_eq(end_waiting(&other), CKR_FUNCTION_CANCELED);
    ck_assert_int_lt(time(NULL) - before, TOUCH_SECONDS - 1);
}
END_TEST

START_TEST(it_is_pulled_out) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    authn_unplug(security_keys[0]);
    ck_assert_int_eq(end_waiting(&w), CKR_DEVICE_REMOVED);
    ck_assert(!is_user(session));
}
END_TEST

START_TEST(others_go_on_meanwhile) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    CK_SESSION_HANDLE plain = login("plain", CKU_USER);
    pair keys = GENERATE(plain, secp256k1, "k");
    ck_assert_int_eq(f->C_SignInit(plain, &ecdsa, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE another;
    CK_SESSION_INFO of_session;
    ck_assert_int_eq(f->C_GetSessionInfo(session, &of_session), CKR_OK);
    ck_assert_int_eq(f->C_GetTokenInfo(of_session.slotID, &info), CKR_OK);
    ck_assert_int_eq(f->C_OpenSession(of_session.slotID, CKF_SERIAL_SESSION, NULL, NULL, &another),
                     CKR_OK);
    ck_assert_int_eq(f->C_CloseSession(another), CKR_OK);
    ck_assert(!atomic_load(&w.is_over));
    ck_assert(authn_touch(security_keys[0], 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_OK);
}
END_TEST

/* Somebody else was faster, with the PIN. */
START_TEST(another_login_comes_first) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE other;
    ck_assert_int_eq(f->C_GetSessionInfo(session, &info), CKR_OK);
    ck_assert_int_eq(f->C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &other), CKR_OK);
    ck_assert_int_eq(try_login(other, CKU_USER, USER_PIN), CKR_OK);
    ck_assert(authn_touch(security_keys[0], 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_USER_ALREADY_LOGGED_IN);
    ck_assert(is_user(session));
}
END_TEST

START_TEST(nobody_is_left_to_be_logged_in) {
    CK_SESSION_HANDLE session = untouched();
    waiting_call w;
    begin_waiting(&w, unlock_call, &session, security_keys[0]);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    ck_assert(authn_touch(security_keys[0], 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_SESSION_CLOSED);
    ck_assert(!is_user(open_session("sudo", true)));
}
END_TEST

/* ---- Logins for one operation ---- */

static pair always_key(CK_SESSION_HANDLE session) {
    const CK_ATTRIBUTE always = ATTR(CKA_ALWAYS_AUTHENTICATE, yes);
    const pair_args args = {secp256k1, sizeof secp256k1, "always", &always, 1};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    return keys;
}

static CK_RV sign_begun(CK_SESSION_HANDLE session) {
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    return f->C_Sign(session, digest, sizeof digest, signature, &len);
}

START_TEST(an_operation_asks_for_a_touch_again) {
    authn *key = plug(0, NULL);
    enrol("sudo", 0, true);
    initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(unlock(session), CKR_OK);
    pair keys = always_key(session);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    authn_set_touch(key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(sign_begun(session), CKR_USER_NOT_LOGGED_IN);
    authn_set_touch(key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0), CKR_OK);
    ck_assert_int_eq(sign_begun(session), CKR_OK);
    /* The PIN is as good. */
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, "wrong-pin"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN), CKR_OK);
    ck_assert_int_eq(sign_begun(session), CKR_OK);
}
END_TEST

START_TEST(an_operation_asks_for_its_pin_where_there_is_no_other) {
    plug_with_pin(0);
    enrol("sudo", 0, false);
    remove_user_pin("sudo");
    initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    pair keys = always_key(session);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(sign_begun(session), CKR_OK);
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
    TCase *outcomes = touch_case("outcomes");
    tcase_add_test(outcomes, it_is_declined);
    tcase_add_test(outcomes, it_does_not_come);
    tcase_add_test(outcomes, it_comes_late);
    tcase_add_test(outcomes, finalize_ends_the_wait);
    tcase_add_test(outcomes, session_cancel_ends_the_wait);
    tcase_add_test(outcomes, only_its_own_wait_is_ended);
    tcase_add_test(outcomes, it_is_pulled_out);
    tcase_add_test(outcomes, others_go_on_meanwhile);
    tcase_add_test(outcomes, another_login_comes_first);
    tcase_add_test(outcomes, nobody_is_left_to_be_logged_in);
    tcase_add_test(outcomes, an_operation_asks_for_a_touch_again);
    tcase_add_test(outcomes, an_operation_asks_for_its_pin_where_there_is_no_other);
    suite_add_tcase(suite, outcomes);
    return suite;
}
