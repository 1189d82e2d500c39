/* What becomes of a touch that is to unlock a token. */
#include "touch_support.h"

#include <string.h>
#include <time.h>

static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};

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
    touch_initialize();
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
    touch_initialize();
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
    touch_initialize();
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
    touch_initialize();
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
    touch_initialize();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    pair keys = always_key(session);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(sign_begun(session), CKR_OK);
}
END_TEST

void add_touch_outcomes(Suite *suite) {
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
}
