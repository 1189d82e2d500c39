/* The tables of functions, and what 3.0 added to Cryptoki. */
#include "support.h"

#include <dlfcn.h>
#include <string.h>

static CK_FUNCTION_LIST_3_0 *f3;
static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0}, ecdsa_sha256 = {CKM_ECDSA_SHA256, NULL, 0};
static CK_BYTE digest[32] = {0x11, 0x22}, text[] = "a message in two parts";

static void *function(const char *name) {
    void *address = dlsym(module, name);
    ck_assert_ptr_nonnull(address);
    return address;
}

static void load_3_0(void) {
    CK_C_GetInterface get;
    CK_INTERFACE *interface;
    *(void **)&get = function("C_GetInterface");
    ck_assert_int_eq(get(NULL, NULL, &interface, 0), CKR_OK);
    f3 = interface->pFunctionList;
}

/* ---- Tables ---- */

static void check_table(const void *table, size_t size, size_t expected) {
    const size_t first = offsetof(CK_FUNCTION_LIST, C_Initialize);
    const size_t count = (size - first) / sizeof(void *);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < count; i++) {
        void *entry;
        memcpy(&entry, (const char *)table + first + i * sizeof entry, sizeof entry);
        ck_assert_msg(entry != NULL, "function %zu is missing", i);
    }
}

START_TEST(tables_are_as_long_as_their_version) {
    load_3_0();
    ck_assert_int_eq(f->version.major, 2);
    ck_assert_int_eq(f->version.minor, 40);
    check_table(f, sizeof *f, 68);
    ck_assert_int_eq(f3->version.major, 3);
    ck_assert_int_eq(f3->version.minor, 0);
    check_table(f3, sizeof *f3, 92);
}
END_TEST

START_TEST(lists_two_interfaces) {
    CK_C_GetInterfaceList list;
    CK_INTERFACE all[3];
    CK_ULONG count = 0;
    *(void **)&list = function("C_GetInterfaceList");
    ck_assert_int_eq(list(NULL, NULL), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(list(NULL, &count), CKR_OK);
    ck_assert_uint_eq(count, 2);
    count = 1;
    ck_assert_int_eq(list(all, &count), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(count, 2);
    count = 3;
    ck_assert_int_eq(list(all, &count), CKR_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(((CK_VERSION *)all[0].pFunctionList)->major, 3);
    ck_assert_ptr_eq(all[1].pFunctionList, f);
    for (CK_ULONG i = 0; i < count; i++) {
        ck_assert_str_eq((char *)all[i].pInterfaceName, "PKCS 11");
        ck_assert_uint_eq(all[i].flags, 0);
    }
}
END_TEST

START_TEST(gives_the_interface_that_is_asked_for) {
    CK_C_GetInterface get;
    CK_INTERFACE *one;
    CK_VERSION v240 = {2, 40}, v300 = {3, 0}, v320 = {3, 2};
    CK_UTF8CHAR name[] = "PKCS 11", other[] = "Vendor";
    *(void **)&get = function("C_GetInterface");
    load_3_0();
    ck_assert_int_eq(get(name, NULL, &one, 0), CKR_OK);
    ck_assert_ptr_eq(one->pFunctionList, f3);
    ck_assert_int_eq(get(name, &v300, &one, 0), CKR_OK);
    ck_assert_ptr_eq(one->pFunctionList, f3);
    ck_assert_int_eq(get(NULL, &v240, &one, 0), CKR_OK);
    ck_assert_ptr_eq(one->pFunctionList, f);
    ck_assert_int_eq(get(name, &v320, &one, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(get(other, NULL, &one, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(get(name, NULL, &one, 1), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(get(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
}
END_TEST

/* What a caller of the older table would not know is said in the newer one only. */
START_TEST(each_table_speaks_its_version) {
    CK_MECHANISM_INFO old, new;
    CK_INFO info;
    load_3_0();
    ck_assert_int_eq(f->C_GetInfo(&info), CKR_OK);
    ck_assert_int_eq(info.cryptokiVersion.major, 2);
    ck_assert_int_eq(info.cryptokiVersion.minor, 40);
    ck_assert_int_eq(f3->C_GetInfo(&info), CKR_OK);
    ck_assert_int_eq(info.cryptokiVersion.major, 3);
    ck_assert_int_eq(info.cryptokiVersion.minor, 0);
    CK_SLOT_ID slot = slot_of("sudo");
    ck_assert_int_eq(f->C_GetMechanismInfo(slot, CKM_ECDSA, &old), CKR_OK);
    ck_assert_int_eq(f3->C_GetMechanismInfo(slot, CKM_ECDSA, &new), CKR_OK);
    ck_assert_uint_eq(new.flags ^ old.flags,
                      CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE);
}
END_TEST

/* ---- Messages ---- */

static CK_RV verify_text(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_BYTE *signature) {
    CK_RV rv = f->C_VerifyInit(session, &ecdsa_sha256, key);
    return rv != CKR_OK ? rv : f->C_Verify(session, text, sizeof text, signature, 64);
}

START_TEST(many_messages_one_after_the_other) {
    load_3_0();
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_BYTE first[64], second[64];
    CK_ULONG len = 0;
    ck_assert_int_eq(f3->C_MessageSignInit(session, &ecdsa_sha256, keys.private_key), CKR_OK);
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, text, sizeof text, NULL, &len), CKR_OK);
    ck_assert_uint_eq(len, 64);
    len = 63;
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, text, sizeof text, first, &len),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, text, sizeof text, first, &len), CKR_OK);
    ck_assert_int_eq(f3->C_SignMessageBegin(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f3->C_SignMessageNext(session, NULL, 0, text, 9, NULL, NULL), CKR_OK);
    ck_assert_int_eq(f3->C_SignMessageNext(session, NULL, 0, text + 9, sizeof text - 9, NULL, &len),
                     CKR_OK);
    ck_assert_int_eq(
        f3->C_SignMessageNext(session, NULL, 0, text + 9, sizeof text - 9, second, &len), CKR_OK);
    ck_assert_int_eq(f3->C_MessageSignFinal(session), CKR_OK);
    ck_assert_int_eq(verify_text(session, keys.public_key, first), CKR_OK);
    ck_assert_int_eq(verify_text(session, keys.public_key, second), CKR_OK);
}
END_TEST

START_TEST(messages_keep_to_their_order) {
    load_3_0();
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, digest, 32, signature, &len),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_MessageSignFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_MessageSignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f3->C_SignInit(session, &ecdsa, keys.private_key), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f3->C_Sign(session, digest, 32, signature, &len),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_SignMessageNext(session, NULL, 0, digest, 32, signature, &len),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_SignMessage(session, digest, 1, digest, 32, signature, &len),
                     CKR_MECHANISM_PARAM_INVALID);
    ck_assert_int_eq(f3->C_SignMessageBegin(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f3->C_SignMessageBegin(session, NULL, 0), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, digest, 32, signature, &len),
                     CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f3->C_SignMessageNext(session, NULL, 0, digest, 32, NULL, NULL), CKR_OK);
    /* An error ends the message, and the next one can begin. */
    ck_assert_int_eq(f3->C_SignMessageNext(session, NULL, 0, NULL, 32, NULL, NULL),
                     CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, digest, 32, signature, &len), CKR_OK);
    ck_assert_int_eq(f3->C_MessageSignFinal(session), CKR_OK);
}
END_TEST

START_TEST(messages_are_verified) {
    load_3_0();
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    const vk_bytes bytes = {text, sizeof text};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA_SHA256, bytes, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(f3->C_VerifyMessage(session, NULL, 0, text, sizeof text, signature, 64),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_MessageVerifyInit(session, &ecdsa_sha256, keys.public_key), CKR_OK);
    ck_assert_int_eq(f3->C_VerifyMessage(session, NULL, 0, text, sizeof text, signature, 64),
                     CKR_OK);
    ck_assert_int_eq(f3->C_VerifyMessage(session, NULL, 0, text, 3, signature, 64),
                     CKR_SIGNATURE_INVALID);
    ck_assert_int_eq(f3->C_VerifyMessageBegin(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f3->C_VerifyMessageBegin(session, NULL, 0), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f3->C_VerifyMessageNext(session, NULL, 0, text, 5, NULL, 0), CKR_OK);
    ck_assert_int_eq(
        f3->C_VerifyMessageNext(session, NULL, 0, text + 5, sizeof text - 5, signature, 64),
        CKR_OK);
    ck_assert_int_eq(f3->C_VerifyMessageNext(session, NULL, 0, text, 5, NULL, 0),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_MessageVerifyFinal(session), CKR_OK);
    ck_assert_int_eq(f3->C_MessageVerifyFinal(session), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

static CK_RV login_again(CK_SESSION_HANDLE session) {
    return try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN);
}

START_TEST(each_message_wants_the_pin_of_its_key) {
    load_3_0();
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_ATTRIBUTE always = ATTR(CKA_ALWAYS_AUTHENTICATE, yes);
    const pair_args args = {p256, sizeof p256, "k", &always, 1};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(f3->C_MessageSignInit(session, &ecdsa, keys.private_key), CKR_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, digest, 32, signature, &len),
                         CKR_USER_NOT_LOGGED_IN);
        ck_assert_int_eq(login_again(session), CKR_OK);
        ck_assert_int_eq(f3->C_SignMessage(session, NULL, 0, digest, 32, signature, &len), CKR_OK);
    }
}
END_TEST

/* ---- Cancelling, and logging in by name ---- */

START_TEST(cancels_what_is_named) {
    load_3_0();
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    CK_OBJECT_HANDLE found;
    ck_assert_int_eq(f3->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f3->C_VerifyInit(session, &ecdsa, keys.public_key), CKR_OK);
    ck_assert_int_eq(f3->C_DigestInit(session, &sha256), CKR_OK);
    ck_assert_int_eq(f3->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f3->C_SessionCancel(session, 0), CKR_OK);
    ck_assert_int_eq(f3->C_SessionCancel(session, CKF_MESSAGE_SIGN | CKF_ENCRYPT), CKR_OK);
    ck_assert_int_eq(f3->C_SessionCancel(session, CKF_SIGN | CKF_FIND_OBJECTS), CKR_OK);
    ck_assert_int_eq(f3->C_Sign(session, digest, 32, out, &len), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_FindObjects(session, &found, 1, &len), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_DigestUpdate(session, text, 3), CKR_OK);
    ck_assert_int_eq(f3->C_SessionCancel(session, CKF_DIGEST | CKF_VERIFY), CKR_OK);
    ck_assert_int_eq(f3->C_DigestUpdate(session, text, 3), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_Verify(session, digest, 32, out, 64), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_MessageSignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f3->C_SessionCancel(session, CKF_MESSAGE_SIGN), CKR_OK);
    ck_assert_int_eq(f3->C_MessageSignFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f3->C_SessionCancel(4711, CKF_SIGN), CKR_SESSION_HANDLE_INVALID);
}
END_TEST

START_TEST(without_a_mechanism_it_is_cancelled) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa, keys.public_key), CKR_OK);
    ck_assert_int_eq(f->C_VerifyInit(session, NULL, 0), CKR_OK);
    ck_assert_int_eq(f->C_VerifyInit(session, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_DigestInit(session, &sha256), CKR_OK);
    ck_assert_int_eq(f->C_DigestInit(session, NULL), CKR_OK);
    ck_assert_int_eq(f->C_DigestInit(session, NULL), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(users_have_no_names) {
    load_3_0();
    CK_SESSION_HANDLE session = open_session("sudo", true);
    CK_UTF8CHAR pin[] = USER_PIN, name[] = "alice";
    const CK_ULONG len = sizeof pin - 1;
    ck_assert_int_eq(f3->C_LoginUser(session, CKU_USER, pin, len, name, 5), CKR_USER_TYPE_INVALID);
    ck_assert_int_eq(f3->C_LoginUser(session, CKU_USER, pin, len, NULL, 5), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f3->C_LoginUser(session, CKU_USER, NULL, len, NULL, 0), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f3->C_LoginUser(session, CKU_USER, pin, len, NULL, 0), CKR_OK);
    ck_assert_int_eq(f3->C_LoginUser(session, CKU_USER, pin, len, name, 0),
                     CKR_USER_ALREADY_LOGGED_IN);
}
END_TEST

START_TEST(messages_are_not_encrypted) {
    load_3_0();
    CK_SESSION_HANDLE session = open_session("sudo", false);
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0};
    ck_assert_int_eq(f3->C_MessageEncryptInit(session, &gcm, 1), CKR_FUNCTION_NOT_SUPPORTED);
    ck_assert_int_eq(f3->C_MessageDecryptFinal(session), CKR_FUNCTION_NOT_SUPPORTED);
}
END_TEST

Suite *interface_suite(void) {
    Suite *suite = suite_create("interface");
    TCase *bare = tcase_create("bare");
    tcase_add_checked_fixture(bare, fresh_home, remove_home);
    tcase_add_test(bare, tables_are_as_long_as_their_version);
    tcase_add_test(bare, lists_two_interfaces);
    tcase_add_test(bare, gives_the_interface_that_is_asked_for);
    suite_add_tcase(suite, bare);
    TCase *started = started_case("started");
    tcase_add_test(started, each_table_speaks_its_version);
    tcase_add_test(started, many_messages_one_after_the_other);
    tcase_add_test(started, messages_keep_to_their_order);
    tcase_add_test(started, messages_are_verified);
    tcase_add_test(started, each_message_wants_the_pin_of_its_key);
    tcase_add_test(started, cancels_what_is_named);
    tcase_add_test(started, without_a_mechanism_it_is_cancelled);
    tcase_add_test(started, users_have_no_names);
    tcase_add_test(started, messages_are_not_encrypted);
    suite_add_tcase(suite, started);
    return suite;
}
