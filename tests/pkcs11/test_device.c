/* Security keys as slots: they come and go, what they say of themselves, their PIN. */
#include "device_support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Coming and going ---- */

START_TEST(it_is_a_removable_slot) {
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_int_eq(f->C_GetSlotInfo(device_slot(), &slot), CKR_OK);
    ck_assert_uint_eq(slot.flags, CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT);
    ck_assert_int_eq(f->C_GetTokenInfo(device_slot(), &token), CKR_OK);
    ck_assert_int_eq(memcmp(token.label, DEVICE_LABEL "  ", sizeof DEVICE_LABEL + 1), 0);
    ck_assert_uint_eq(token.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED),
                      CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED);
    ck_assert_uint_eq(token.flags & (CKF_USER_PIN_COUNT_LOW | CKF_PROTECTED_AUTHENTICATION_PATH),
                      0);
    ck_assert_uint_eq(token.ulMinPinLen, 4);
    ck_assert_uint_eq(token.ulMaxPinLen, 63);
}
END_TEST

/* GnuTLS asks for the list without asking for its length. */
START_TEST(it_is_found_without_a_count) {
    CK_SLOT_ID slots[16];
    CK_ULONG count = COUNT(slots), found = 0;
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_SLOT_INFO info;
        ck_assert_int_eq(f->C_GetSlotInfo(slots[i], &info), CKR_OK);
        found += (info.flags & CKF_HW_SLOT) != 0;
    }
    ck_assert_uint_eq(found, 1);
}
END_TEST

/* What is plugged in at the first look is no event; what comes and goes afterwards is one each. */
START_TEST(its_events_are_told_once) {
    CK_SLOT_ID slot = 999, expected = device_slot();
    ck_assert_int_eq(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    authn_unplug(device);
    ck_assert_int_eq(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    ck_assert_uint_eq(slot, expected);
    ck_assert_int_eq(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    ck_assert_uint_eq(device_slots(true), 0);
    ck_assert_uint_eq(device_slots(false), 1);
    ck_assert(authn_plug(device));
    ck_assert_int_eq(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    ck_assert_uint_eq(slot, expected);
    ck_assert_uint_eq(device_slots(true), 1);
}
END_TEST

static void *plug_later(void *ignored) {
    usleep(300000);
    return authn_plug(device) ? ignored : NULL;
}

START_TEST(an_event_can_be_waited_for) {
    CK_SLOT_ID slot, expected = device_slot();
    pthread_t thread;
    void *plugged;
    authn_unplug(device);
    ck_assert_int_eq(f->C_WaitForSlotEvent(0, &slot, NULL), CKR_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, plug_later, device), 0);
    ck_assert_int_eq(f->C_WaitForSlotEvent(0, &slot, NULL), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, &plugged), 0);
    ck_assert_ptr_nonnull(plugged);
    ck_assert_uint_eq(slot, expected);
}
END_TEST

static void *wait_for_event(void *result) {
    CK_SLOT_ID slot;
    *(CK_RV *)result = f->C_WaitForSlotEvent(0, &slot, NULL);
    return NULL;
}

START_TEST(finalize_ends_the_wait) {
    CK_RV rv = CKR_OK;
    pthread_t thread;
    (void)device_slot();
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_event, &rv), 0);
    usleep(100000);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}
END_TEST

START_TEST(what_was_open_is_gone_with_it) {
    CK_SESSION_INFO info;
    CK_TOKEN_INFO token;
    CK_SLOT_ID slot = device_slot();
    CK_SESSION_HANDLE other, session = device_login();
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    ck_assert_int_eq(f->C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
    ck_assert_int_eq(f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT);
    ck_assert_int_eq(f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &other),
                     CKR_TOKEN_NOT_PRESENT);
    ck_assert(authn_plug(device));
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_int_eq(try_login(device_session(), CKU_USER, DEVICE_PIN), CKR_OK);
}
END_TEST

/* Unplugged and not looked for since: the call itself finds out. */
START_TEST(a_call_finds_it_gone) {
    CK_SESSION_HANDLE session = device_session();
    authn_unplug(device);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_DEVICE_REMOVED);
}
END_TEST

/* The slot is that of the store, wherever the security key is plugged in. */
START_TEST(it_is_known_by_its_store) {
    CK_SLOT_ID slot = device_slot();
    device_key(device_login(), "first");
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    CK_TOKEN_INFO token;
    slot = device_slot();
    ck_assert_int_eq(f->C_GetTokenInfo(slot, &token), CKR_OK);
    ck_assert(token.serialNumber[0] != ' ');
    find_object(device_login(), CKO_PRIVATE_KEY, "first");
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    /* Another one in its place is another slot, and has nothing of the first. */
    const authn_options options = {.pin = DEVICE_PIN};
    replace_device(&options);
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_uint_eq(device_slots(false), 2);
    ck_assert_int_eq(f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT);
}
END_TEST

START_TEST(what_does_not_answer_is_no_slot) {
    authn_misbehave(device, AUTHN_GARBAGE | AUTHN_EVERYWHERE);
    ck_assert_uint_eq(device_slots(false), 0);
    authn_misbehave(device, 0);
    /* It is not asked again and again while it is plugged in. */
    ck_assert_uint_eq(device_slots(false), 0);
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(false), 0);
    ck_assert(authn_plug(device));
    ck_assert_uint_eq(device_slots(false), 1);
}
END_TEST

START_TEST(none_is_looked_for_if_so_configured) {
    configure("fido2 = off");
    ck_assert_int_eq(setenv("VALETKEY_FIDO2", "off", 1), 0);
    ck_assert_uint_eq(device_slots(false), 0);
    CK_SLOT_ID slot;
    ck_assert_int_eq(f->C_WaitForSlotEvent(0, &slot, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}
END_TEST

/* ---- The PIN ---- */

START_TEST(wrong_pins_count_down) {
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(try_login(session, CKU_USER, "4321"), CKR_PIN_INCORRECT);
    ck_assert_uint_eq(device_flags() & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY),
                      CKF_USER_PIN_COUNT_LOW);
    ck_assert_int_eq(authn_pin_retries(device), 7);
    /* Too short for a PIN: nobody is asked, and nothing is counted. */
    ck_assert_int_eq(try_login(session, CKU_USER, "123"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(authn_pin_retries(device), 7);
    ck_assert_int_eq(try_login(session, CKU_USER, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_USER, "4321"), CKR_PIN_LOCKED);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_PIN_LOCKED);
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    ck_assert(authn_plug(device));
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_int_eq(try_login(device_session(), CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(authn_pin_retries(device), 8);
}
END_TEST

static void replug(void) {
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    ck_assert(authn_plug(device));
    ck_assert_uint_eq(device_slots(true), 1);
}

START_TEST(eight_wrong_pins_lock_it) {
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            replug();
        }
        CK_RV rv = try_login(device_session(), CKU_USER, "4321");
        ck_assert_int_eq(rv, i == 7 ? CKR_PIN_LOCKED : CKR_PIN_INCORRECT);
        if (i == 6) {
            ck_assert_uint_ne(device_flags() & CKF_USER_PIN_FINAL_TRY, 0);
        }
    }
    replug();
    ck_assert_uint_ne(device_flags() & CKF_USER_PIN_LOCKED, 0);
    ck_assert_int_eq(try_login(device_session(), CKU_USER, DEVICE_PIN), CKR_PIN_LOCKED);
}
END_TEST

static CK_RV set_pin(CK_SESSION_HANDLE session, char *from, char *to) {
    return f->C_SetPIN(session, (CK_UTF8CHAR_PTR)from, strlen(from), (CK_UTF8CHAR_PTR)to,
                       strlen(to));
}

START_TEST(its_pin_is_changed) {
    char old_pin[] = DEVICE_PIN, wrong[] = "0000", new_pin[] = "longer-pin", short_pin[] = "123",
         none[] = "";
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(set_pin(session, wrong, new_pin), CKR_PIN_INCORRECT);
    ck_assert_int_eq(set_pin(session, old_pin, short_pin), CKR_PIN_LEN_RANGE);
    ck_assert_int_eq(set_pin(session, none, new_pin), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(set_pin(session, old_pin, new_pin), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_USER, new_pin), CKR_OK);
}
END_TEST

START_TEST(its_first_pin_is_set) {
    char none[] = "", new_pin[] = "5678";
    const authn_options options = {.pin = NULL};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_session();
    ck_assert_uint_eq(device_flags() & CKF_USER_PIN_INITIALIZED, 0);
    ck_assert_int_eq(try_login(session, CKU_USER, new_pin), CKR_USER_PIN_NOT_INITIALIZED);
    ck_assert_int_eq(set_pin(session, none, new_pin), CKR_OK);
    ck_assert_uint_ne(device_flags() & CKF_USER_PIN_INITIALIZED, 0);
    ck_assert_int_eq(try_login(session, CKU_USER, new_pin), CKR_OK);
}
END_TEST

/* Built-in verification in place of a PIN. */
START_TEST(it_verifies_the_user_itself) {
    CK_SESSION_HANDLE session;
    ck_assert_int_eq(f->C_Login(device_session(), CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
    f->C_CloseAllSessions(device_slot());
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    replace_device(&options);
    session = device_session();
    ck_assert_uint_ne(device_flags() & CKF_PROTECTED_AUTHENTICATION_PATH, 0);
    ck_assert_int_eq(f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
    pair made = device_key(session, "finger");
    CK_BYTE signature[2048];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_OK);
    authn_set_uv(device, AUTHN_UV_FAILS);
    len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len), CKR_PIN_INCORRECT);
}
END_TEST

START_TEST(there_is_no_so) {
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_USER_PIN_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_InitPIN(session, (CK_UTF8CHAR_PTR) "1111", 4), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

/* ---- Wiping it ---- */

START_TEST(it_is_wiped_only_if_so_configured) {
    CK_UTF8CHAR label[32], pin[] = SO_PIN;
    memset(label, ' ', sizeof label);
    device_key(device_login(), "doomed");
    f->C_CloseAllSessions(device_slot());
    ck_assert_int_eq(f->C_InitToken(device_slot(), pin, strlen(SO_PIN), label),
                     CKR_ACTION_PROHIBITED);
    configure("fido2-reset = on");
    CK_SESSION_HANDLE session = device_login();
    find_object(session, CKO_PRIVATE_KEY, "doomed");
    ck_assert_int_eq(f->C_InitToken(device_slot(), pin, strlen(SO_PIN), label), CKR_SESSION_EXISTS);
    f->C_CloseAllSessions(device_slot());
    ck_assert_int_eq(f->C_InitToken(device_slot(), pin, strlen(SO_PIN), label), CKR_OK);
    ck_assert_uint_eq(device_flags() & CKF_USER_PIN_INITIALIZED, 0);
    char none[] = "", new_pin[] = DEVICE_PIN;
    session = device_session();
    ck_assert_int_eq(set_pin(session, none, new_pin), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    CK_ATTRIBUTE all[] = {ATTR(CKA_CLASS, class_private)};
    ck_assert_uint_eq(find_all(session, all, 1, NULL), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("security keys as slots");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, it_is_a_removable_slot);
    tcase_add_test(tcase, it_is_found_without_a_count);
    tcase_add_test(tcase, its_events_are_told_once);
    tcase_add_test(tcase, an_event_can_be_waited_for);
    tcase_add_test(tcase, finalize_ends_the_wait);
    tcase_add_test(tcase, what_was_open_is_gone_with_it);
    tcase_add_test(tcase, a_call_finds_it_gone);
    tcase_add_test(tcase, it_is_known_by_its_store);
    tcase_add_test(tcase, what_does_not_answer_is_no_slot);
    tcase_add_test(tcase, none_is_looked_for_if_so_configured);
    tcase_add_test(tcase, wrong_pins_count_down);
    tcase_add_test(tcase, eight_wrong_pins_lock_it);
    tcase_add_test(tcase, its_pin_is_changed);
    tcase_add_test(tcase, its_first_pin_is_set);
    tcase_add_test(tcase, it_verifies_the_user_itself);
    tcase_add_test(tcase, there_is_no_so);
    tcase_add_test(tcase, it_is_wiped_only_if_so_configured);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
