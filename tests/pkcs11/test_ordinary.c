/* What any PKCS#11 token has: certificates, data, objects of sessions, copies. */
#include "support.h"

#include <malloc.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static CK_BYTE certificate[1024];
static CK_ULONG certificate_len;
static CK_ULONG x509_type = CKC_X_509;

/* A self-signed certificate of its own for every test. */
static void make_certificate_on(const char *curve) {
    EVP_PKEY *key = EVP_EC_gen(curve);
    X509 *x509 = X509_new();
    unsigned char *position = certificate;
    ck_assert(key != NULL && x509 != NULL);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 4711);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)"bot", -1, -1, 0);
    ck_assert_int_eq(X509_set_issuer_name(x509, X509_get_subject_name(x509)), 1);
    ck_assert_int_eq(X509_set_pubkey(x509, key), 1);
    ck_assert_int_gt(X509_sign(x509, key, EVP_sha256()), 0);
    ck_assert_int_le(i2d_X509(x509, NULL), (int)sizeof certificate);
    certificate_len = (CK_ULONG)i2d_X509(x509, &position);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static void make_certificate(void) {
    make_certificate_on("P-256");
}

static CK_RV store_certificate(CK_SESSION_HANDLE session, const char *label,
                               CK_OBJECT_HANDLE *out) {
    CK_BYTE id[] = {1, 2, 3};
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_certificate),
                            ATTR(CKA_CERTIFICATE_TYPE, x509_type),
                            ATTR(CKA_TOKEN, yes),
                            ATTR(CKA_ID, id),
                            {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
                            {CKA_VALUE, certificate, certificate_len}};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

static CK_RV store_data(CK_SESSION_HANDLE session, CK_BBOOL on_token, CK_BBOOL is_private,
                        CK_OBJECT_HANDLE *out) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),   ATTR(CKA_TOKEN, on_token),
                            ATTR(CKA_PRIVATE, is_private), TEXT(CKA_APPLICATION, "payroll"),
                            TEXT(CKA_LABEL, "note"),       TEXT(CKA_VALUE, "pay the bots")};
    return f->C_CreateObject(session, templ, COUNT(templ), out);
}

static CK_ULONG count_labelled(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                               const char *label) {
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class),
                            {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    return find_all(session, templ, COUNT(templ), NULL);
}

static CK_RV set_text(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      const char *text) {
    CK_ATTRIBUTE attribute = {type, (void *)(uintptr_t)text, strlen(text)};
    return f->C_SetAttributeValue(session, object, &attribute, 1);
}

static void start_over(void) {
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

/* ---- Certificates ---- */

START_TEST(a_certificate_tells_what_is_in_it) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE object;
    CK_BYTE bytes[1024];
    CK_ULONG number = 7;
    make_certificate();
    ck_assert_int_eq(store_certificate(session, "tls", &object), CKR_OK);
    ck_assert_uint_eq(get_value(session, object, CKA_VALUE, bytes, sizeof bytes), certificate_len);
    ck_assert_mem_eq(bytes, certificate, certificate_len);
    ck_assert_uint_eq(get_value(session, object, CKA_SERIAL_NUMBER, bytes, sizeof bytes), 4);
    ck_assert_mem_eq(bytes, "\x02\x02\x12\x67", 4);
    CK_ULONG len = get_value(session, object, CKA_SUBJECT, bytes, sizeof bytes);
    ck_assert_uint_eq(len, 16);
    ck_assert_mem_eq(bytes + len - 3, "bot", 3);
    ck_assert_uint_eq(get_value(session, object, CKA_ISSUER, bytes, sizeof bytes), len);
    ck_assert_uint_eq(get_value(session, object, CKA_START_DATE, bytes, sizeof bytes), 8);
    ck_assert_mem_eq(bytes, "20", 2);
    ck_assert_uint_eq(get_value(session, object, CKA_CHECK_VALUE, bytes, sizeof bytes), 3);
    ck_assert_uint_eq(get_value(session, object, CKA_PUBLIC_KEY_INFO, bytes, sizeof bytes), 91);
    get_value(session, object, CKA_CERTIFICATE_CATEGORY, &number, sizeof number);
    ck_assert_uint_eq(number, 0);
    ck_assert(!get_bool(session, object, CKA_TRUSTED));
    ck_assert(get_bool(session, object, CKA_TOKEN));
}
END_TEST

START_TEST(certificates_stay_and_are_found) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_BYTE id[] = {1, 2, 3};
    CK_ATTRIBUTE by_id[] = {ATTR(CKA_CLASS, class_certificate), ATTR(CKA_ID, id)};
    CK_OBJECT_HANDLE object;
    make_certificate();
    ck_assert_int_eq(store_certificate(session, "tls", &object), CKR_OK);
    ck_assert_int_eq(store_certificate(session, "other", &object), CKR_OK);
    start_over();
    session = open_session("plain", true);
    ck_assert_uint_eq(find_all(session, by_id, 2, NULL), 2);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "tls"), 1);
    object = find_object(session, CKO_CERTIFICATE, "other");
    ck_assert_int_eq(set_text(session, object, CKA_LABEL, "renamed"), CKR_OK);
    ck_assert_int_eq(set_text(session, object, CKA_VALUE, "x"), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "other"), 0);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "renamed"), 1);
    ck_assert_int_eq(f->C_DestroyObject(session, object), CKR_OK);
    ck_assert_uint_eq(find_all(session, by_id, 2, NULL), 1);
    ck_assert_int_eq(get_rv(session, object, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

/* VALETKEY_HIDE: ssh-agent reads the keys of certificates as well. */
START_TEST(certificates_of_a_hidden_curve_are_not_there) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE object;
    make_certificate_on("secp256k1");
    ck_assert_int_eq(store_certificate(session, "coin", &object), CKR_OK);
    make_certificate();
    ck_assert_int_eq(store_certificate(session, "tls", &object), CKR_OK);
    ck_assert_int_eq(setenv("VALETKEY_HIDE", "secp256k1", 1), 0);
    start_over();
    session = login("plain", CKU_USER);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "coin"), 0);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "tls"), 1);
    unsetenv("VALETKEY_HIDE");
    start_over();
    session = login("plain", CKU_USER);
    ck_assert_uint_eq(count_labelled(session, CKO_CERTIFICATE, "coin"), 1);
}
END_TEST

START_TEST(certificates_that_are_none) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_ULONG wtls = 2;
    CK_OBJECT_HANDLE out;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_certificate),
                            ATTR(CKA_CERTIFICATE_TYPE, x509_type), TEXT(CKA_VALUE, "junk"),
                            TEXT(CKA_SUBJECT, "subject")};
    ck_assert_int_eq(f->C_CreateObject(session, templ, 3, &out), CKR_TEMPLATE_INCOMPLETE);
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &out), CKR_OK);
    templ[1] = ATTR(CKA_CERTIFICATE_TYPE, wtls);
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &out), CKR_ATTRIBUTE_VALUE_INVALID);
    templ[1] = ATTR(CKA_TRUSTED, yes);
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &out), CKR_ATTRIBUTE_VALUE_INVALID);
    templ[1] = ATTR(CKA_TRUSTED, no);
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &out), CKR_TEMPLATE_INCOMPLETE);
}
END_TEST

/* ---- Data ---- */

START_TEST(private_data_are_the_users) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE secret, open_note;
    CK_BYTE value[32];
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_TRUE, &secret), CKR_OK);
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_FALSE, &open_note), CKR_OK);
    start_over();
    session = open_session("plain", true);
    ck_assert_uint_eq(count_labelled(session, CKO_DATA, "note"), 1);
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_TRUE, &secret), CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_PRIVATE, yes)};
    ck_assert_uint_eq(find_all(session, templ, 2, &secret), 1);
    ck_assert_uint_eq(count_labelled(session, CKO_DATA, "note"), 2);
    ck_assert_uint_eq(get_value(session, secret, CKA_VALUE, value, sizeof value), 12);
    ck_assert_mem_eq(value, "pay the bots", 12);
    ck_assert_int_eq(set_text(session, secret, CKA_VALUE, "later"), CKR_OK);
    ck_assert_uint_eq(get_value(session, secret, CKA_VALUE, value, sizeof value), 5);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(get_rv(session, secret, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_uint_eq(count_labelled(session, CKO_DATA, "note"), 1);
}
END_TEST

START_TEST(a_private_object_that_was_edited) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE secret;
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_TRUE, &secret), CKR_OK);
    edit_tokens("UPDATE object SET attrs = zeroblob(length(attrs))");
    ck_assert_int_eq(get_rv(session, secret, CKA_VALUE), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(read_only_sessions_change_no_token_object) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE note, out;
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_FALSE, &note), CKR_OK);
    CK_SESSION_HANDLE ro = open_session("plain", false);
    ck_assert_int_eq(store_data(ro, CK_TRUE, CK_FALSE, &out), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(store_data(ro, CK_FALSE, CK_FALSE, &out), CKR_OK);
    ck_assert_int_eq(set_text(ro, note, CKA_LABEL, "x"), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_DestroyObject(ro, note), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(f->C_CopyObject(ro, note, NULL, 0, &out), CKR_SESSION_READ_ONLY);
}
END_TEST

START_TEST(what_may_not_be_done) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    static const CK_ATTRIBUTE_TYPE flags[] = {CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE};
    CK_OBJECT_HANDLE object, out;
    for (size_t i = 0; i < COUNT(flags); i++) {
        CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, yes),
                                ATTR(flags[i], no)};
        ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &object), CKR_OK);
        ck_assert_int_eq(set_text(session, object, CKA_LABEL, "x"),
                         i == 0 ? CKR_ACTION_PROHIBITED : CKR_OK);
        ck_assert_int_eq(f->C_CopyObject(session, object, NULL, 0, &out),
                         i == 1 ? CKR_ACTION_PROHIBITED : CKR_OK);
        ck_assert_int_eq(f->C_DestroyObject(session, object),
                         i == 2 ? CKR_ACTION_PROHIBITED : CKR_OK);
    }
}
END_TEST

/* ---- Copies ---- */

START_TEST(copies_go_both_ways) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE note, copy;
    CK_ATTRIBUTE to_token[] = {ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, yes)};
    CK_ATTRIBUTE to_session[] = {ATTR(CKA_TOKEN, no), TEXT(CKA_LABEL, "copy")};
    CK_ATTRIBUTE application = TEXT(CKA_CLASS, "x");
    ck_assert_int_eq(store_data(session, CK_FALSE, CK_FALSE, &note), CKR_OK);
    ck_assert_int_eq(f->C_CopyObject(session, note, to_token, 2, &copy), CKR_OK);
    ck_assert(get_bool(session, copy, CKA_TOKEN));
    ck_assert(get_bool(session, copy, CKA_PRIVATE));
    ck_assert_int_eq(f->C_CopyObject(session, copy, to_session, 2, &note), CKR_OK);
    ck_assert(!get_bool(session, note, CKA_TOKEN));
    ck_assert(get_bool(session, note, CKA_PRIVATE));
    ck_assert_uint_eq(count_labelled(session, CKO_DATA, "copy"), 1);
    ck_assert_int_eq(f->C_CopyObject(session, note, &application, 1, &copy),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(f->C_CopyObject(session, note, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(certificates_are_copied) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_OBJECT_HANDLE object, copy;
    CK_ATTRIBUTE to_session = ATTR(CKA_TOKEN, no), value = TEXT(CKA_VALUE, "x");
    CK_BYTE bytes[1024];
    make_certificate();
    ck_assert_int_eq(store_certificate(session, "tls", &object), CKR_OK);
    ck_assert_int_eq(f->C_CopyObject(session, object, &to_session, 1, &copy), CKR_OK);
    ck_assert_uint_eq(get_value(session, copy, CKA_VALUE, bytes, sizeof bytes), certificate_len);
    ck_assert_int_eq(f->C_CopyObject(session, object, &value, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
}
END_TEST

/* ---- What the module says of itself ---- */

START_TEST(profiles_and_mechanisms) {
    CK_SESSION_HANDLE session = open_session("plain", false);
    CK_OBJECT_CLASS profile = CKO_PROFILE, mechanism = CKO_MECHANISM;
    CK_MECHANISM_TYPE ecdsa = CKM_ECDSA, type;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, profile), ATTR(CKA_CLASS, mechanism),
                            ATTR(CKA_MECHANISM_TYPE, ecdsa)};
    CK_OBJECT_HANDLE object;
    CK_ULONG id = 0, count = 0;
    ck_assert_uint_eq(find_all(session, templ, 1, &object), 2);
    get_value(session, object, CKA_PROFILE_ID, &id, sizeof id);
    ck_assert_uint_eq(id, CKP_BASELINE_PROVIDER);
    ck_assert_int_eq(f->C_GetMechanismList(slot_of("plain"), NULL, &count), CKR_OK);
    ck_assert_uint_eq(find_all(session, templ + 1, 1, NULL), count);
    ck_assert_uint_eq(find_all(session, templ + 1, 2, &object), 1);
    get_value(session, object, CKA_MECHANISM_TYPE, &type, sizeof type);
    ck_assert_uint_eq(type, CKM_ECDSA);
    ck_assert_uint_eq(find_all(session, NULL, 0, NULL), 0);
    session = login("plain", CKU_USER);
    ck_assert_int_eq(f->C_DestroyObject(session, object), CKR_ACTION_PROHIBITED);
    ck_assert_int_eq(set_text(session, object, CKA_LABEL, "x"), CKR_ACTION_PROHIBITED);
    ck_assert_int_eq(f->C_CopyObject(session, object, NULL, 0, &object), CKR_ACTION_PROHIBITED);
}
END_TEST

START_TEST(unique_ids) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_OBJECT_HANDLE objects[3];
    CK_BYTE ids[3][64] = {{0}};
    make_certificate();
    ck_assert_int_eq(store_certificate(session, "tls", &objects[0]), CKR_OK);
    ck_assert_int_eq(store_data(session, CK_TRUE, CK_FALSE, &objects[1]), CKR_OK);
    ck_assert_int_eq(store_data(session, CK_FALSE, CK_FALSE, &objects[2]), CKR_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_gt(get_value(session, objects[i], CKA_UNIQUE_ID, ids[i], 64), 0);
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne((char *)ids[i], (char *)ids[k]);
        }
    }
}
END_TEST

static size_t memory_used(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Programs that run for years make and remove objects of their sessions. */
START_TEST(what_is_gone_takes_no_memory) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_LABEL, "x")};
    CK_OBJECT_HANDLE first = 0, last = 0;
    size_t before = 0;
    for (int i = 0; i < 20000; i++) {
        CK_OBJECT_HANDLE object;
        ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &object), CKR_OK);
        ck_assert_uint_gt(object, last);
        last = object;
        ck_assert_int_eq(f->C_DestroyObject(session, object), CKR_OK);
        if (i == 100) {
            first = object;
            before = memory_used();
        }
    }
    ck_assert_uint_lt(memory_used(), before + 65536);
    ck_assert_int_eq(f->C_DestroyObject(session, first), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

Suite *ordinary_suite(void) {
    Suite *suite = suite_create("ordinary objects");
    TCase *tests = started_case("ordinary objects");
    tcase_add_test(tests, what_is_gone_takes_no_memory);
    tcase_add_test(tests, a_certificate_tells_what_is_in_it);
    tcase_add_test(tests, certificates_stay_and_are_found);
    tcase_add_test(tests, certificates_of_a_hidden_curve_are_not_there);
    tcase_add_test(tests, certificates_that_are_none);
    tcase_add_test(tests, private_data_are_the_users);
    tcase_add_test(tests, a_private_object_that_was_edited);
    tcase_add_test(tests, read_only_sessions_change_no_token_object);
    tcase_add_test(tests, what_may_not_be_done);
    tcase_add_test(tests, copies_go_both_ways);
    tcase_add_test(tests, certificates_are_copied);
    tcase_add_test(tests, profiles_and_mechanisms);
    tcase_add_test(tests, unique_ids);
    suite_add_tcase(suite, tests);
    return suite;
}
