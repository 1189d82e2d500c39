/* Where the reason of a refusal is found: on standard error with VALETKEY_DEBUG, and in the key. */
#include "support.h"
#include "support/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/pkcs11.h>

#define THREADS 8
#define ROUNDS 25
#define NO_POLICY "policy: the key has no policy, so it signs nothing"

static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};

static void start_debugging(void) {
    fresh_home();
    ck_assert_int_eq(setenv("VALETKEY_DEBUG", "1", 1), 0);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

static void stop_debugging(void) {
    stop();
    unsetenv("VALETKEY_DEBUG");
}

/* ---- Lines ---- */

START_TEST(a_refusal_is_one_line) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "payroll");
    catch_errors();
    CK_RV rv = f->C_SignInit(session, &ecdsa, keys.private_key);
    ck_assert_str_eq(errors(), "valetkey-pkcs11: the key \"payroll\" refuses: " NO_POLICY "\n");
    ck_assert_int_eq(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

START_TEST(labels_cannot_make_lines) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "a\nvaletkey: all is well\033[2J\xc2\x9b");
    catch_errors();
    ck_assert_int_ne(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_str_eq(errors(), "valetkey-pkcs11: the key \"a?valetkey: all is well?[2J??\" "
                               "refuses: " NO_POLICY "\n");
}
END_TEST

START_TEST(keys_that_may_not_sign) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE secret[32] = {1};
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_private),
                            ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_TOKEN, yes),
                            ATTR(CKA_EC_PARAMS, secp256k1),
                            ATTR(CKA_VALUE, secret),
                            TEXT(CKA_LABEL, "mute"),
                            ATTR(CKA_SIGN, no)};
    CK_OBJECT_HANDLE key;
    ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &key), CKR_OK);
    catch_errors();
    ck_assert_int_ne(f->C_SignInit(session, &ecdsa, key), CKR_OK);
    ck_assert_str_eq(errors(),
                     "valetkey-pkcs11: the key \"mute\" refuses: its CKA_SIGN is false\n");
}
END_TEST

static const char *sign_payload(CK_MECHANISM_TYPE type, const char *payload) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_BYTE signature[4096];
    CK_ULONG len = sizeof signature;
    catch_errors();
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key), CKR_OK);
    CK_RV rv = f->C_Sign(session, (CK_BYTE *)payload, strlen(payload), signature, &len);
    const char *text = errors();
    ck_assert_int_eq(rv, CKR_DATA_INVALID);
    return text;
}

/* What a client handed over by mistake may be a secret. */
START_TEST(payloads_are_not_logged) {
    ck_assert_str_eq(sign_payload(CKM_VALETKEY_USEROP, "{\"0xsecret\":\"0xsecret\"}"),
                     "valetkey-pkcs11: the key \"k\" does not sign: the input is malformed: a "
                     "member is unknown, or given twice\n");
}
END_TEST

/* Typed data have names of their own. */
START_TEST(typed_data_are_not_logged) {
    ck_assert_str_eq(sign_payload(CKM_VALETKEY_TYPED_DATA,
                                  "{\"types\":{\"0xsecret\":1},\"primaryType\":"
                                  "\"0xsecret\",\"domain\":{},\"message\":{}}"),
                     "valetkey-pkcs11: the key \"k\" does not sign: the input is malformed\n");
}
END_TEST

START_TEST(wrong_members_are_named) {
    ck_assert_str_eq(sign_payload(CKM_VALETKEY_USEROP, "{\"sender\":\"0xsecret\"}"),
                     "valetkey-pkcs11: the key \"k\" does not sign: the input is malformed: "
                     "sender: \"sender\" must be an address: \"0x\" and 40 hex digits, with the "
                     "right checksum if in mixed case\n");
}
END_TEST

/* Neither is the question for a length a refusal, nor what is allowed. */
START_TEST(nothing_is_said_of_what_is_allowed) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = 0, small = 1;
    catch_errors();
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, NULL, &len), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &small), CKR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
    ck_assert_str_eq(errors(), "");
}
END_TEST

START_TEST(nothing_is_said_unless_asked) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    catch_errors();
    ck_assert_int_ne(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_str_eq(errors(), "");
}
END_TEST

/* ---- Several threads ---- */

static CK_OBJECT_HANDLE shared_key;

static void *be_refused(void *slot) {
    CK_SESSION_HANDLE session;
    if (f->C_OpenSession(*(CK_SLOT_ID *)slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK) {
        return NULL;
    }
    for (int i = 0; i < ROUNDS; i++) {
        f->C_SignInit(session, &ecdsa, shared_key);
    }
    return NULL;
}

START_TEST(threads_write_whole_lines) {
    static const char line[] = "valetkey-pkcs11: the key \"k\" refuses: " NO_POLICY "\n";
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_SLOT_ID slot = slot_of("plain");
    pthread_t threads[THREADS];
    shared_key = GENERATE(session, secp256k1, "k").private_key;
    catch_errors();
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, be_refused, &slot), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    const char *text = errors();
    int count = 0;
    while (strncmp(text, line, sizeof line - 1) == 0) {
        text += sizeof line - 1;
        count++;
    }
    ck_assert_int_eq(count, THREADS * ROUNDS);
    ck_assert_str_eq(text, "");
}
END_TEST

/* ---- A reason that the token cannot keep ---- */

static int kept_denials(void) {
    return count_rows("SELECT count(*) FROM key WHERE last_denial IS NOT NULL");
}

static void expect_denial(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *expected) {
    char text[1024] = "";
    CK_ULONG len = get_value(session, key, CKA_VALETKEY_LAST_DENIAL, text, sizeof text - 1);
    text[len] = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(the_reason_is_there_all_the_same) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    expect_denial(session, keys.private_key, "");
    limit_files(8192);
    ck_assert_int_ne(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    expect_denial(session, keys.private_key, NO_POLICY);
    expect_denial(session, keys.public_key, NO_POLICY);
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(kept_denials(), 0);
    ck_assert_int_ne(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    expect_denial(session, keys.private_key, NO_POLICY);
    ck_assert_int_eq(kept_denials(), 1);
}
END_TEST

Suite *refusal_suite(void) {
    Suite *suite = suite_create("refusal");
    TCase *debug = tcase_create("debug");
    tcase_add_checked_fixture(debug, start_debugging, stop_debugging);
    tcase_set_timeout(debug, 120);
    tcase_add_test(debug, a_refusal_is_one_line);
    tcase_add_test(debug, labels_cannot_make_lines);
    tcase_add_test(debug, keys_that_may_not_sign);
    tcase_add_test(debug, payloads_are_not_logged);
    tcase_add_test(debug, typed_data_are_not_logged);
    tcase_add_test(debug, wrong_members_are_named);
    tcase_add_test(debug, nothing_is_said_of_what_is_allowed);
    tcase_add_test(debug, threads_write_whole_lines);
    suite_add_tcase(suite, debug);
    TCase *quiet = started_case("quiet");
    tcase_add_test(quiet, nothing_is_said_unless_asked);
    tcase_add_test(quiet, the_reason_is_there_all_the_same);
    suite_add_tcase(suite, quiet);
    return suite;
}
