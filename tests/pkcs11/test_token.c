/* Slots, tokens, PINs, sessions. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Slots ---- */

static CK_ULONG list_slots(CK_SLOT_ID *slots, CK_ULONG max) {
    CK_ULONG count = 0;
    ck_assert_int_eq(f->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
    ck_assert_uint_le(count, max);
    ck_assert_int_eq(f->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
    return count;
}

START_TEST(one_slot_a_token_and_a_blank_one) {
    CK_SLOT_ID slots[8];
    CK_TOKEN_INFO token;
    CK_SLOT_INFO info;
    ck_assert_int_eq(list_slots(slots, COUNT(slots)), 3);
    for (CK_ULONG i = 0; i < 3; i++) {
        ck_assert_uint_eq(slots[i], i);
        ck_assert_int_eq(f->C_GetSlotInfo(slots[i], &info), CKR_OK);
        ck_assert_uint_eq(info.flags, CKF_TOKEN_PRESENT);
        ck_assert_int_eq(f->C_GetTokenInfo(slots[i], &token), CKR_OK);
        ck_assert_int_eq((token.flags & CKF_TOKEN_INITIALIZED) != 0, i < 2);
    }
    CK_ULONG count = 2;
    ck_assert_int_eq(f->C_GetSlotList(CK_FALSE, slots, &count), CKR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(f->C_GetTokenInfo(3, &token), CKR_SLOT_ID_INVALID);
    ck_assert_int_eq(f->C_GetSlotInfo(0, NULL), CKR_ARGUMENTS_BAD);
    ck_assert_uint_eq(token_flags("plain"), CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED |
                                                CKF_USER_PIN_INITIALIZED);
}
END_TEST

static CK_RV init_token(CK_SLOT_ID slot, const char *pin, const char *label) {
    CK_UTF8CHAR padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    return f->C_InitToken(slot, (CK_UTF8CHAR_PTR)pin, strlen(pin), padded);
}

START_TEST(the_blank_slot_becomes_a_token) {
    CK_SLOT_ID slots[8];
    CK_SESSION_HANDLE session;
    ck_assert_int_eq(f->C_OpenSession(2, CKF_SERIAL_SESSION, NULL, NULL, &session),
                     CKR_TOKEN_NOT_RECOGNIZED);
    ck_assert_int_eq(init_token(2, "1", "new"), CKR_PIN_LEN_RANGE);
    ck_assert_int_eq(init_token(2, SO_PIN, "new"), CKR_OK);
    ck_assert_uint_eq(slot_of("new"), 2);
    ck_assert_uint_eq(token_flags("new") & CKF_USER_PIN_INITIALIZED, 0);
    ck_assert_int_eq(list_slots(slots, COUNT(slots)), 4);
    ck_assert_uint_eq(slots[3], 3);
    session = open_session("new", true);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_InitPIN(session, (CK_UTF8CHAR_PTR)USER_PIN, strlen(USER_PIN)),
                     CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(f->C_InitPIN(session, (CK_UTF8CHAR_PTR) "1", 1), CKR_PIN_LEN_RANGE);
    ck_assert_int_eq(f->C_InitPIN(session, (CK_UTF8CHAR_PTR)USER_PIN, strlen(USER_PIN)), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
}
END_TEST

START_TEST(reinitializing_removes_everything) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    GENERATE(session, secp256k1, "k");
    CK_SLOT_ID slot = slot_of("sudo");
    ck_assert_int_eq(init_token(slot, SO_PIN, "again"), CKR_SESSION_EXISTS);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    ck_assert_int_eq(init_token(slot, "wrong-pin", "again"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(init_token(slot, SO_PIN, "again"), CKR_OK);
    ck_assert_uint_eq(slot_of("again"), slot);
    session = open_session("again", true);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 0);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
}
END_TEST

START_TEST(a_new_token_of_another_process_appears) {
    CK_SLOT_ID slots[8];
    char command[512];
    const char *home = getenv("VALETKEY_HOME");
    snprintf(command, sizeof command, "cd %s && cp -p $(ls *.db | head -1) 00112233445566ff.db",
             home);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(list_slots(slots, COUNT(slots)), 4);
    ck_assert_uint_eq(slots[2], 3);
    ck_assert_uint_eq(slots[3], 2);
}
END_TEST

START_TEST(an_unsafe_home_has_no_tokens) {
    CK_SLOT_ID slots[8];
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(chmod(getenv("VALETKEY_HOME"), 0777), 0);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(list_slots(slots, COUNT(slots)), 1);
    ck_assert_int_eq(init_token(slots[0], SO_PIN, "new"), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(no_home_is_no_error) {
    CK_SLOT_ID slots[8];
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(setenv("VALETKEY_HOME", "/tmp/vk-pkcs11-does-not-exist/x", 1), 0);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(list_slots(slots, COUNT(slots)), 1);
}
END_TEST

/* ---- PINs ---- */

START_TEST(wrong_pins_are_counted_and_lock) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    const CK_FLAGS low = CKF_USER_PIN_COUNT_LOW;
    for (int i = 1; i <= 10; i++) {
        CK_FLAGS state =
            token_flags("plain") & (low | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
        ck_assert_uint_eq(state, i == 1 ? 0 : i == 10 ? low | CKF_USER_PIN_FINAL_TRY : low);
        CK_RV rv = try_login(session, CKU_USER, "wrong-pin");
        ck_assert_msg(rv == CKR_PIN_INCORRECT || (i == 10 && rv == CKR_PIN_LOCKED), "try %d: %lx",
                      i, rv);
    }
    ck_assert_uint_ne(token_flags("plain") & CKF_USER_PIN_LOCKED, 0);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_PIN_LOCKED);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(f->C_InitPIN(session, (CK_UTF8CHAR_PTR)USER_PIN, strlen(USER_PIN)), CKR_OK);
    ck_assert_uint_eq(token_flags("plain") & (CKF_USER_PIN_LOCKED | low), 0);
}
END_TEST

START_TEST(the_right_pin_clears_the_count) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    ck_assert_int_eq(try_login(session, CKU_SO, "wrong-pin"), CKR_PIN_INCORRECT);
    ck_assert_uint_ne(token_flags("plain") & CKF_SO_PIN_COUNT_LOW, 0);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_uint_eq(token_flags("plain") & CKF_SO_PIN_COUNT_LOW, 0);
}
END_TEST

static CK_RV set_pin(CK_SESSION_HANDLE session, const char *from, const char *to) {
    return f->C_SetPIN(session, (CK_UTF8CHAR_PTR)from, strlen(from), (CK_UTF8CHAR_PTR)to,
                       strlen(to));
}

START_TEST(pins_change) {
    CK_SESSION_HANDLE ro = open_session("plain", false);
    ck_assert_int_eq(set_pin(ro, USER_PIN, "another-pin"), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_CloseSession(ro), CKR_OK);
    CK_SESSION_HANDLE session = open_session("plain", true);
    ck_assert_int_eq(set_pin(session, "wrong-pin", "another-pin"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(set_pin(session, USER_PIN, "1"), CKR_PIN_LEN_RANGE);
    ck_assert_int_eq(set_pin(session, USER_PIN, "another-pin"), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_USER, "another-pin"), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(set_pin(session, SO_PIN, "another-so"), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, "another-so"), CKR_OK);
}
END_TEST

/* A PIN that no token would take is a wrong one, wherever it is asked for as proof. */
START_TEST(pins_of_impossible_length_are_wrong) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    char endless[300];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    ck_assert_int_eq(try_login(session, CKU_USER, "1"), CKR_PIN_INCORRECT);
    ck_assert_uint_ne(token_flags("plain") & CKF_USER_PIN_COUNT_LOW, 0);
    ck_assert_int_eq(try_login(session, CKU_SO, endless), CKR_PIN_INCORRECT);
    ck_assert_int_eq(set_pin(session, "1", "another-pin"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    ck_assert_int_eq(init_token(slot_of("plain"), "1", "again"), CKR_PIN_INCORRECT);
}
END_TEST

/* ---- Sessions ---- */

static CK_STATE state_of(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info;
    ck_assert_int_eq(f->C_GetSessionInfo(session, &info), CKR_OK);
    return info.state;
}

START_TEST(login_states) {
    CK_SESSION_HANDLE ro = open_session("plain", false), rw = open_session("plain", true);
    ck_assert_uint_eq(state_of(ro), CKS_RO_PUBLIC_SESSION);
    ck_assert_uint_eq(state_of(rw), CKS_RW_PUBLIC_SESSION);
    ck_assert_int_eq(try_login(rw, CKU_SO, SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
    ck_assert_int_eq(try_login(rw, 7, USER_PIN), CKR_USER_TYPE_INVALID);
    ck_assert_int_eq(f->C_Login(rw, CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(try_login(rw, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_uint_eq(state_of(ro), CKS_RO_USER_FUNCTIONS);
    ck_assert_uint_eq(state_of(rw), CKS_RW_USER_FUNCTIONS);
    ck_assert_int_eq(try_login(ro, CKU_USER, USER_PIN), CKR_USER_ALREADY_LOGGED_IN);
    ck_assert_int_eq(try_login(rw, CKU_SO, SO_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    ck_assert_int_eq(f->C_Logout(ro), CKR_OK);
    ck_assert_int_eq(f->C_Logout(ro), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(f->C_CloseSession(ro), CKR_OK);
    ck_assert_int_eq(try_login(rw, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_uint_eq(state_of(rw), CKS_RW_SO_FUNCTIONS);
    ck_assert_int_eq(f->C_OpenSession(slot_of("plain"), CKF_SERIAL_SESSION, NULL, NULL, &ro),
                     CKR_SESSION_READ_WRITE_SO_EXISTS);
}
END_TEST

START_TEST(the_last_session_takes_the_login_along) {
    CK_SESSION_HANDLE a = login("plain", CKU_USER), b = open_session("plain", false);
    ck_assert_int_eq(f->C_CloseSession(a), CKR_OK);
    ck_assert_uint_eq(state_of(b), CKS_RO_USER_FUNCTIONS);
    ck_assert_int_eq(f->C_CloseSession(b), CKR_OK);
    b = open_session("plain", false);
    ck_assert_uint_eq(state_of(b), CKS_RO_PUBLIC_SESSION);
    ck_assert_int_eq(try_login(b, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(f->C_CloseAllSessions(slot_of("plain")), CKR_OK);
    ck_assert_int_eq(f->C_CloseSession(b), CKR_SESSION_HANDLE_INVALID);
    b = open_session("plain", false);
    ck_assert_uint_eq(state_of(b), CKS_RO_PUBLIC_SESSION);
}
END_TEST

START_TEST(session_handles_do_not_come_back) {
    CK_SESSION_HANDLE a = open_session("plain", false);
    ck_assert_int_eq(f->C_CloseSession(a), CKR_OK);
    for (int i = 0; i < 100; i++) {
        CK_SESSION_HANDLE b = open_session("plain", false);
        ck_assert_uint_ne(a, b);
        ck_assert_int_eq(f->C_CloseSession(b), CKR_OK);
    }
    CK_SESSION_HANDLE session;
    ck_assert_int_eq(f->C_OpenSession(0, 0, NULL, NULL, &session),
                     CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    ck_assert_int_eq(f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_OpenSession(77, CKF_SERIAL_SESSION, NULL, NULL, &session),
                     CKR_SLOT_ID_INVALID);
}
END_TEST

START_TEST(mechanisms) {
    CK_MECHANISM_TYPE types[32];
    CK_ULONG count = 0;
    CK_MECHANISM_INFO info;
    ck_assert_int_eq(f->C_GetMechanismList(0, NULL, &count), CKR_OK);
    ck_assert_int_eq(count, 21);
    count = 14;
    ck_assert_int_eq(f->C_GetMechanismList(0, types, &count), CKR_BUFFER_TOO_SMALL);
    count = COUNT(types);
    ck_assert_int_eq(f->C_GetMechanismList(0, types, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        ck_assert_int_eq(f->C_GetMechanismInfo(0, types[i], &info), CKR_OK);
    }
    ck_assert_int_eq(f->C_GetMechanismInfo(0, CKM_ECDSA, &info), CKR_OK);
    ck_assert_uint_eq(info.flags,
                      CKF_SIGN | CKF_VERIFY | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS);
    ck_assert_uint_eq(info.ulMinKeySize, 256);
    ck_assert_int_eq(f->C_GetMechanismInfo(0, CKM_RSA_PKCS, &info), CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(random_bytes) {
    CK_SESSION_HANDLE session = open_session("plain", false);
    CK_BYTE a[32] = {0}, b[32] = {0};
    ck_assert_int_eq(f->C_GenerateRandom(session, a, sizeof a), CKR_OK);
    ck_assert_int_eq(f->C_GenerateRandom(session, b, sizeof b), CKR_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    ck_assert_int_eq(f->C_GenerateRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_SeedRandom(session, a, sizeof a), CKR_OK);
    ck_assert_int_eq(f->C_SeedRandom(session, NULL, 1), CKR_ARGUMENTS_BAD);
}
END_TEST

Suite *token_suite(void) {
    Suite *suite = suite_create("token");
    TCase *slots = started_case("slots");
    tcase_add_test(slots, one_slot_a_token_and_a_blank_one);
    tcase_add_test(slots, the_blank_slot_becomes_a_token);
    tcase_add_test(slots, reinitializing_removes_everything);
    tcase_add_test(slots, a_new_token_of_another_process_appears);
    tcase_add_test(slots, an_unsafe_home_has_no_tokens);
    tcase_add_test(slots, no_home_is_no_error);
    tcase_add_test(slots, mechanisms);
    tcase_add_test(slots, random_bytes);
    suite_add_tcase(suite, slots);
    TCase *pins = started_case("pins");
    tcase_add_test(pins, wrong_pins_are_counted_and_lock);
    tcase_add_test(pins, the_right_pin_clears_the_count);
    tcase_add_test(pins, pins_change);
    tcase_add_test(pins, pins_of_impossible_length_are_wrong);
    suite_add_tcase(suite, pins);
    TCase *sessions = started_case("sessions");
    tcase_add_test(sessions, login_states);
    tcase_add_test(sessions, the_last_session_takes_the_login_along);
    tcase_add_test(sessions, session_handles_do_not_come_back);
    suite_add_tcase(suite, sessions);
    return suite;
}
