/* Security keys in the hands of clients that misuse them, and of several at once. */
#include "device_support.h"
#include "keys/fido2.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <valetkey/pkcs11.h>

#define SIGNATURE_MAX 4096

static CK_RV make(CK_SESSION_HANDLE session, const char *label, const CK_ATTRIBUTE *extra,
                  CK_ULONG count, pair *out) {
    const pair_args args = {.curve = p256,
                            .curve_len = sizeof p256,
                            .label = label,
                            .extra = extra,
                            .extra_count = count};
    return try_generate(session, &args, out);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Handles ---- */

/* A number that is nobody's handle means nothing, whatever kind of object has such numbers. */
START_TEST(invented_handles_are_none) {
    CK_SESSION_HANDLE session = device_login();
    for (CK_OBJECT_HANDLE low = 0; low < 4; low++) {
        const CK_OBJECT_HANDLE handles[] = {low, 0x80000000UL + low, 0x80000010UL + low,
                                            0x100080000000UL + low, ~0UL - low};
        for (size_t i = 0; i < COUNT(handles); i++) {
            ck_assert_int_eq(get_rv(session, handles[i], CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
            ck_assert_int_eq(f->C_DestroyObject(session, handles[i]), CKR_OBJECT_HANDLE_INVALID);
        }
    }
}
END_TEST

static void wipe(void) {
    CK_UTF8CHAR label[32], none[] = "", pin[] = DEVICE_PIN;
    memset(label, ' ', sizeof label);
    f->C_CloseAllSessions(device_slot());
    ck_assert_int_eq(f->C_InitToken(device_slot(), pin, sizeof pin - 1, label), CKR_OK);
    ck_assert_int_eq(f->C_SetPIN(device_session(), none, 0, pin, sizeof pin - 1), CKR_OK);
}

/* Another store numbers its keys from 1 again. */
START_TEST(handles_of_a_wiped_key_are_none) {
    CK_SESSION_HANDLE session = device_login();
    configure("fido2-reset = on");
    pair old = device_key(session, "old"), new;
    wipe();
    session = device_session();
    ck_assert_int_eq(get_rv(session, old.public_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    ck_assert_int_eq(get_rv(session, old.private_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    new = device_key(session, "new");
    ck_assert_int_eq(get_rv(session, old.public_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, new.public_key, CKA_LABEL), CKR_OK);
}
END_TEST

/* ---- Logins ---- */

START_TEST(a_context_login_without_pin_is_none) {
    const CK_ATTRIBUTE always[] = {ATTR(CKA_ALWAYS_AUTHENTICATE, yes),
                                   {CKA_VALETKEY_POLICY, sudo_policy, strlen(sudo_policy)}};
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_SESSION_HANDLE session = device_login();
    pair made;
    ck_assert_int_eq(make(session, "careful", always, COUNT(always), &made), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key), CKR_OK);
    int tries = authn_pin_retries(device);
    ck_assert_int_eq(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 4), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(authn_pin_retries(device), tries);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, "4321"), CKR_PIN_INCORRECT);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, DEVICE_PIN), CKR_OK);
}
END_TEST

/* The PIN was changed by another program: this one must not use the tries up with the old one. */
START_TEST(a_pin_that_is_wrong_by_now_is_tried_once) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    const authn_options options = {.pin = "other-pin"};
    replace_device(&options);
    CK_BYTE signature[SIGNATURE_MAX];
    for (unsigned i = 0; i < 3; i++) {
        CK_ULONG len = sizeof signature;
        ck_assert_int_ne(device_sign(session, made.private_key, i, signature, &len), CKR_OK);
    }
    ck_assert_int_eq(authn_pin_retries(device), 7);
}
END_TEST

/* Built-in verification stands for it, where every operation asks for that. */
START_TEST(a_context_login_is_built_in_verification) {
    const CK_ATTRIBUTE always[] = {ATTR(CKA_ALWAYS_AUTHENTICATE, yes),
                                   {CKA_VALETKEY_POLICY, sudo_policy, strlen(sudo_policy)}};
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
    pair made;
    ck_assert_int_eq(make(session, "finger", always, COUNT(always), &made), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, made.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, signature, 1, signature, &len), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0), CKR_OK);
    /* It is asked for what it was given, which is no operation. */
    ck_assert_int_eq(f->C_Sign(session, signature, 1, signature, &len), CKR_DATA_INVALID);
}
END_TEST

/* So does the deletion of what is stored there. */
START_TEST(a_credential_is_deleted_without_pin) {
    const CK_ATTRIBUTE discoverable = ATTR(CKA_VALETKEY_DISCOVERABLE, yes);
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
    pair made;
    ck_assert_int_eq(make(session, "finger", &discoverable, 1, &made), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, made.private_key), CKR_OK);
    ck_assert_uint_eq(authn_credential_count(device), 0);
}
END_TEST

/* The same PIN, but another security key in its place, which nobody has noticed yet. */
START_TEST(another_device_in_its_place_is_none) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    const authn_options options = {.pin = DEVICE_PIN};
    replace_device(&options);
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len),
                     CKR_DEVICE_REMOVED);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_DEVICE_REMOVED);
    /* Now somebody has: it is a slot of its own. */
    CK_SLOT_ID slots[8];
    CK_ULONG count = COUNT(slots);
    ck_assert_uint_eq(device_slots(true), 1);
    ck_assert_uint_eq(device_slots(false), 2);
    ck_assert_int_eq(f->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
    ck_assert_int_eq(f->C_OpenSession(slots[count - 2], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                      NULL, &session),
                     CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    device_key_under(session, "its own", sudo_policy);
}
END_TEST

/* ---- Several at once ---- */

typedef struct signer {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    unsigned first, rounds;
    CK_RV rv;
} signer;

static void *sign_some(void *context) {
    signer *s = context;
    for (unsigned i = 0; i < s->rounds && s->rv == CKR_OK; i++) {
        CK_BYTE signature[SIGNATURE_MAX];
        CK_ULONG len = sizeof signature;
        s->rv = device_sign(s->session, s->key, s->first + i, signature, &len);
    }
    return NULL;
}

#define SIGNERS 4

/* The counts of their assertions arrive in the order in which they were made. */
START_TEST(sessions_that_sign_at_once_are_no_copies) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    signer signers[SIGNERS];
    pthread_t threads[SIGNERS];
    for (unsigned i = 0; i < SIGNERS; i++) {
        signers[i] = (signer){
            .session = device_session(), .key = made.private_key, .first = i * 1000, .rounds = 25};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_some, &signers[i]), 0);
    }
    for (unsigned i = 0; i < SIGNERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (unsigned i = 0; i < SIGNERS; i++) {
        ck_assert_msg(signers[i].rv == CKR_OK, "0x%lx: %s", signers[i].rv,
                      last_denial(session, made.private_key));
    }
}
END_TEST

/* A logout ends the wait of whoever waits for a touch, and of who waits for his turn. */
START_TEST(a_logout_waits_for_nobody) {
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key(session, "bot");
    signer signers[SIGNERS];
    pthread_t threads[SIGNERS];
    authn_set_touch(device, AUTHN_TOUCH_NEVER, 0);
    for (unsigned i = 0; i < SIGNERS; i++) {
        signers[i] =
            (signer){.session = device_session(), .key = made.private_key, .first = i, .rounds = 1};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_some, &signers[i]), 0);
    }
    ck_assert(authn_wait_for_touch(device, 5000));
    usleep(200000);
    int64_t before = now_ms();
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_lt(now_ms() - before, 5000);
    for (unsigned i = 0; i < SIGNERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_ne(signers[i].rv, CKR_OK);
    }
    ck_assert_int_lt(now_ms() - before, 5000);
}
END_TEST

/* The record that it was allowed is followed by why there is no signature. */
START_TEST(what_was_not_signed_is_in_the_journal) {
    static char always[] = "[{\"type\":\"timestamp\",\"policyAddress\":"
                           "\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\",\"policyFlag\":"
                           "\"0x0000\",\"validAfter\":1,\"validUntil\":0}]";
    CK_SESSION_HANDLE session = device_login();
    pair made = device_key_under(session, "bot", always);
    CK_BYTE signature[SIGNATURE_MAX];
    CK_ULONG len = sizeof signature;
    authn_misbehave(device, AUTHN_WRONG_KEY);
    ck_assert_int_eq(device_sign(session, made.private_key, 0, signature, &len), CKR_DEVICE_ERROR);
    ck_assert_ptr_nonnull(strstr(last_denial(session, made.private_key), "device: the answer of "));
    authn_misbehave(device, AUTHN_UNPLUG);
    ck_assert_int_eq(device_sign(session, made.private_key, 1, signature, &len),
                     CKR_DEVICE_REMOVED);
    ck_assert_str_eq(last_denial(session, made.private_key), "device: the security key is gone");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal WHERE rule = 'device'"), 2);
}
END_TEST

/* ---- Everything at once ---- */

static atomic_bool is_over;

/* Whatever a call answers: nothing hangs, or uses what is gone. */
static void use_a_session(CK_SLOT_ID slot, unsigned round) {
    CK_SESSION_HANDLE session;
    CK_ATTRIBUTE wanted[] = {ATTR(CKA_CLASS, class_private)};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0, len = SIGNATURE_MAX;
    CK_BYTE signature[SIGNATURE_MAX];
    CK_TOKEN_INFO token;
    if (f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) !=
        CKR_OK) {
        usleep(1000);
        return;
    }
    (void)try_login(session, CKU_USER, DEVICE_PIN);
    (void)f->C_GetTokenInfo(slot, &token);
    if (f->C_FindObjectsInit(session, wanted, 1) == CKR_OK) {
        (void)f->C_FindObjects(session, &key, 1, &count);
        (void)f->C_FindObjectsFinal(session);
    }
    (void)device_sign(session, key, round, signature, &len);
    if (round % 3 == 0) {
        (void)f->C_Logout(session);
    }
    (void)f->C_CloseSession(session);
}

static void *use_sessions(void *slot) {
    for (unsigned round = 0; !atomic_load(&is_over); round++) {
        use_a_session(*(const CK_SLOT_ID *)slot, round);
    }
    return NULL;
}

static void *look_for_it(void *ignored) {
    CK_SLOT_ID slot;
    while (!atomic_load(&is_over)) {
        (void)f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
    }
    return ignored;
}

START_TEST(everything_at_once) {
    pthread_t threads[SIGNERS + 1];
    device_key(device_login(), "bot");
    CK_SLOT_ID slot = device_slot();
    f->C_CloseAllSessions(slot);
    atomic_store(&is_over, false);
    for (int i = 0; i < SIGNERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_sessions, &slot), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[SIGNERS], NULL, look_for_it, NULL), 0);
    for (int i = 0; i < 8; i++) {
        usleep(150000);
        authn_unplug(device);
        usleep(i * 10000);
        ck_assert(authn_plug(device));
    }
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    usleep(200000);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    atomic_store(&is_over, true);
    for (int i = 0; i <= SIGNERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    find_object(device_login(), CKO_PRIVATE_KEY, "bot");
}
END_TEST

/* ---- Making ---- */

START_TEST(a_credential_that_is_refused_is_not_left_behind) {
    static const uint32_t mistakes[] = {AUTHN_WRONG_RP_ID, AUTHN_NO_UV, AUTHN_BAD_ATTESTATION};
    CK_SESSION_HANDLE session = device_login();
    const CK_ATTRIBUTE discoverable = ATTR(CKA_VALETKEY_DISCOVERABLE, yes);
    pair made;
    ck_assert_int_eq(make(session, "sound", &discoverable, 1, &made), CKR_OK);
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        authn_misbehave(device, mistakes[i]);
        ck_assert_int_eq(make(session, "wrong", &discoverable, 1, &made), CKR_DEVICE_ERROR);
        ck_assert_msg(authn_credential_count(device) == 1, "mistake %zu", i);
    }
}
END_TEST

/* An attribute says nothing of the credential that is not so. */
START_TEST(a_protection_that_it_lacks_is_refused) {
    CK_BYTE level = 3;
    const CK_ATTRIBUTE protect = ATTR(CKA_VALETKEY_CRED_PROTECT, level);
    const authn_options options = {.pin = DEVICE_PIN, .without = AUTHN_CRED_PROTECT};
    replace_device(&options);
    CK_SESSION_HANDLE session = device_login();
    pair made;
    ck_assert_int_eq(make(session, "key", &protect, 1, &made), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(make(session, "key", NULL, 0, &made), CKR_OK);
    ck_assert_int_eq(get_rv(session, made.private_key, CKA_VALETKEY_CRED_PROTECT),
                     CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

/* Its name on the device is a part of it that is text, too. */
START_TEST(a_label_need_be_no_text) {
    CK_SESSION_HANDLE session = device_login();
    char label[70];
    memset(label, 'x', 63);
    strcpy(label + 63, "\xc3\xa9!");
    pair made;
    ck_assert_int_eq(make(session, label, NULL, 0, &made), CKR_OK);
    ck_assert_int_eq(make(session, "\xff\xfe", NULL, 0, &made), CKR_OK);
}
END_TEST

/* ---- Without it ---- */

START_TEST(an_empty_slot_has_no_mechanisms) {
    CK_ULONG count = 0;
    CK_MECHANISM_INFO info;
    CK_SLOT_ID slot = device_slot();
    ck_assert_int_eq(f->C_GetMechanismList(slot, NULL, &count), CKR_OK);
    authn_unplug(device);
    ck_assert_uint_eq(device_slots(true), 0);
    ck_assert_int_eq(f->C_GetMechanismList(slot, NULL, &count), CKR_TOKEN_NOT_PRESENT);
    ck_assert_int_eq(f->C_GetMechanismInfo(slot, CKM_ECDSA, &info), CKR_TOKEN_NOT_PRESENT);
}
END_TEST

/* No key, so no journal, whoever is logged in. */
START_TEST(a_device_without_keys_takes_no_receipt) {
    static char application[] = VK_APPLICATION_RECEIPT, label[] = "k", json[] = "{}";
    CK_SESSION_HANDLE session = device_login();
    CK_OBJECT_HANDLE object;
    for (int i = 0; i <= 1; i++) {
        CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_APPLICATION, application),
                                TEXT(CKA_LABEL, label), TEXT(CKA_VALUE, json),
                                i == 0 ? ATTR(CKA_TOKEN, no) : ATTR(CKA_TOKEN, yes)};
        ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &object),
                         CKR_TOKEN_WRITE_PROTECTED);
    }
}
END_TEST

/* ---- Which credential is on it ---- */

static void make_credential(vk_fido2 *fido2, vk_fido2_made *out) {
    vk_error err = {0};
    const vk_fido2_wish wish = {.rp_id = "many.example",
                                .origin = "https://many.example",
                                .user_id = {(const uint8_t *)"u", 1},
                                .user_name = "u"};
    ck_assert_int_eq(vk_fido2_log_in(fido2, (const uint8_t *)DEVICE_PIN, 4, &err), VK_OK);
    ck_assert_msg(vk_fido2_make(fido2, &wish, out, &err) == VK_OK, "%s", err.message);
}

/* More than an authenticator takes in one list. */
START_TEST(one_of_many_credentials_is_found) {
    char place[128];
    vk_fido2 *fido2;
    vk_fido2_made made;
    vk_bytes ids[16];
    static uint8_t others[16][1023];
    size_t index;
    vk_error err = {0};
    snprintf(place, sizeof place, "unix:%s/key", getenv("VALETKEY_HOME"));
    ck_assert_int_eq(vk_fido2_new(place, 5, &fido2), VK_OK);
    make_credential(fido2, &made);
    for (size_t i = 0; i < COUNT(ids); i++) {
        memset(others[i], (int)i + 1, sizeof others[i]);
        ids[i] = (vk_bytes){others[i], sizeof others[i]};
    }
    ck_assert_int_eq(vk_fido2_which(fido2, "many.example", ids, 16, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 16);
    ids[14] = vk_buf_view(&made.credential_id);
    ck_assert_int_eq(vk_fido2_which(fido2, "many.example", ids, 16, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 14);
    ck_assert_int_eq(vk_fido2_which(fido2, "other.example", ids, 16, &index, &err), VK_OK);
    ck_assert_uint_eq(index, 16);
    vk_fido2_made_clear(&made);
    vk_fido2_free(fido2);
}
END_TEST

/* ---- Places ---- */

/* A program that listens and never takes a connection. */
static int listen_deaf(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(a_deaf_device_stops_nobody) {
    char path[96], line[128];
    snprintf(path, sizeof path, "%s/deaf", getenv("VALETKEY_HOME"));
    snprintf(line, sizeof line, "fido2-device = unix:%s", path);
    configure(line);
    int fd = listen_deaf(path);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(device_slots(true), 1);
    }
    close(fd);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("security keys, misused");
    TCase *tcase = tcase_create("plugged in");
    tcase_add_checked_fixture(tcase, start_device, stop_device);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, invented_handles_are_none);
    tcase_add_test(tcase, handles_of_a_wiped_key_are_none);
    tcase_add_test(tcase, a_context_login_without_pin_is_none);
    tcase_add_test(tcase, a_pin_that_is_wrong_by_now_is_tried_once);
    tcase_add_test(tcase, a_context_login_is_built_in_verification);
    tcase_add_test(tcase, a_credential_is_deleted_without_pin);
    tcase_add_test(tcase, another_device_in_its_place_is_none);
    tcase_add_test(tcase, sessions_that_sign_at_once_are_no_copies);
    tcase_add_test(tcase, a_logout_waits_for_nobody);
    tcase_add_test(tcase, what_was_not_signed_is_in_the_journal);
    tcase_add_test(tcase, everything_at_once);
    tcase_add_test(tcase, a_credential_that_is_refused_is_not_left_behind);
    tcase_add_test(tcase, a_protection_that_it_lacks_is_refused);
    tcase_add_test(tcase, a_label_need_be_no_text);
    tcase_add_test(tcase, an_empty_slot_has_no_mechanisms);
    tcase_add_test(tcase, a_device_without_keys_takes_no_receipt);
    tcase_add_test(tcase, one_of_many_credentials_is_found);
    tcase_add_test(tcase, a_deaf_device_stops_nobody);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
