/* Reading and setting attributes. */
#include "support.h"

#include <openssl/x509.h>
#include <string.h>
#include <valetkey/eth.h>

START_TEST(standard_attributes_of_a_private_key) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_OBJECT_HANDLE key = keys.private_key;
    static const CK_ATTRIBUTE_TYPE are_true[] = {
        CKA_TOKEN, CKA_PRIVATE, CKA_MODIFIABLE,       CKA_DESTROYABLE,       CKA_SENSITIVE,
        CKA_SIGN,  CKA_LOCAL,   CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_DERIVE};
    static const CK_ATTRIBUTE_TYPE are_false[] = {
        CKA_COPYABLE, CKA_EXTRACTABLE,       CKA_SIGN_RECOVER,       CKA_DECRYPT,
        CKA_UNWRAP,   CKA_WRAP_WITH_TRUSTED, CKA_ALWAYS_AUTHENTICATE};
    for (size_t i = 0; i < COUNT(are_true); i++) {
        ck_assert_msg(get_bool(session, key, are_true[i]), "0x%lx", are_true[i]);
    }
    for (size_t i = 0; i < COUNT(are_false); i++) {
        ck_assert_msg(!get_bool(session, key, are_false[i]), "0x%lx", are_false[i]);
    }
    CK_ULONG number = 0;
    CK_BYTE bytes[128];
    ck_assert_uint_eq(get_value(session, key, CKA_CLASS, &number, sizeof number), sizeof number);
    ck_assert_uint_eq(number, CKO_PRIVATE_KEY);
    get_value(session, key, CKA_KEY_TYPE, &number, sizeof number);
    ck_assert_uint_eq(number, CKK_EC);
    get_value(session, key, CKA_KEY_GEN_MECHANISM, &number, sizeof number);
    ck_assert_uint_eq(number, CKM_EC_KEY_PAIR_GEN);
    ck_assert_uint_eq(get_value(session, key, CKA_EC_PARAMS, bytes, sizeof bytes), 7);
    ck_assert_mem_eq(bytes, secp256k1, 7);
    ck_assert_uint_eq(get_value(session, key, CKA_EC_POINT, bytes, sizeof bytes), 67);
    ck_assert_uint_eq(get_value(session, key, CKA_ID, bytes, sizeof bytes), 0);
    ck_assert_uint_eq(get_value(session, key, CKA_START_DATE, bytes, sizeof bytes), 0);
    ck_assert_uint_eq(get_value(session, key, CKA_SUBJECT, bytes, sizeof bytes), 0);
    ck_assert_int_eq(get_rv(session, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    ck_assert_int_eq(get_rv(session, key, CKA_MODULUS), CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert(get_bool(session, keys.public_key, CKA_VERIFY));
    ck_assert(!get_bool(session, keys.public_key, CKA_PRIVATE));
    ck_assert_int_eq(get_rv(session, keys.public_key, CKA_VALUE), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

/* OpenSSL reads the SubjectPublicKeyInfo and gives the same one back. */
static void check_spki(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ULONG expected) {
    CK_BYTE der[128];
    CK_ULONG len = get_value(session, key, CKA_PUBLIC_KEY_INFO, der, sizeof der);
    ck_assert_uint_eq(len, expected);
    const unsigned char *position = der;
    EVP_PKEY *read = d2i_PUBKEY(NULL, &position, (long)len);
    ck_assert_ptr_nonnull(read);
    unsigned char *written = NULL;
    ck_assert_int_eq(i2d_PUBKEY(read, &written), (int)len);
    ck_assert_mem_eq(written, der, len);
    OPENSSL_free(written);
    EVP_PKEY_free(read);
}

START_TEST(public_key_info_is_spki) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair a = GENERATE(session, secp256k1, "a"), b = GENERATE(session, p256, "b");
    check_spki(session, a.public_key, 88);
    check_spki(session, a.private_key, 88);
    check_spki(session, b.public_key, 91);
}
END_TEST

START_TEST(allowed_mechanisms_follow_the_policy) {
    CK_MECHANISM_TYPE types[16];
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types),
        10 * sizeof types[0]);
    ck_assert_uint_eq(types[0], CKM_VALETKEY_USEROP);
    ck_assert_uint_eq(types[2], CKM_ECDSA);
    session = login("plain", CKU_USER);
    keys = GENERATE(session, secp256k1, "k");
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types), 0);
}
END_TEST

START_TEST(one_bad_attribute_leaves_the_others) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "label");
    CK_BYTE label[8], small[2], secret[32], modulus[8];
    CK_ULONG class;
    CK_ATTRIBUTE templ[] = {{CKA_VALUE, secret, sizeof secret},
                            {CKA_LABEL, label, sizeof label},
                            {CKA_MODULUS, modulus, 8},
                            {CKA_EC_PARAMS, small, 2},
                            {CKA_EC_POINT, NULL, 0},
                            {CKA_CLASS, &class, sizeof class}};
    ck_assert_int_eq(f->C_GetAttributeValue(session, keys.private_key, templ, COUNT(templ)),
                     CKR_ATTRIBUTE_SENSITIVE);
    ck_assert_uint_eq(templ[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(templ[1].ulValueLen, 5);
    ck_assert_mem_eq(label, "label", 5);
    ck_assert_uint_eq(templ[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(templ[3].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(templ[4].ulValueLen, 67);
    ck_assert_uint_eq(class, CKO_PRIVATE_KEY);
    CK_ATTRIBUTE too_small = {CKA_LABEL, small, 2};
    ck_assert_int_eq(f->C_GetAttributeValue(session, keys.private_key, &too_small, 1),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(f->C_GetAttributeValue(session, keys.private_key, NULL, 1), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_GetAttributeValue(session, keys.private_key, templ, (CK_ULONG)-1),
                     CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_GetAttributeValue(session, 4711, templ, 1), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

static CK_RV set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE attribute) {
    return f->C_SetAttributeValue(session, object, &attribute, 1);
}

START_TEST(names_can_be_set) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER), ro = open_session("sudo", false);
    pair keys = GENERATE(session, secp256k1, "old");
    CK_OBJECT_HANDLE key = keys.private_key;
    CK_BYTE id[] = {7, 8, 9}, read[8];
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(set(ro, key, TEXT(CKA_LABEL, "new")), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(set(session, key, TEXT(CKA_LABEL, "new")), CKR_OK);
    ck_assert_int_eq(set(session, key, ATTR(CKA_ID, id)), CKR_OK);
    ck_assert_uint_eq(find_object(session, CKO_PRIVATE_KEY, "new"), key);
    ck_assert_uint_eq(find_object(session, CKO_PUBLIC_KEY, "old"), keys.public_key);
    ck_assert_int_eq(set(session, keys.public_key, TEXT(CKA_LABEL, "new")), CKR_OK);
    ck_assert_uint_eq(get_value(session, key, CKA_ID, read, sizeof read), 3);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
}
END_TEST

START_TEST(everything_else_is_read_only) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_OBJECT_HANDLE key = keys.private_key, policy = find_object(session, CKO_DATA, "k");
    CK_BYTE bytes[4] = {0}, date[] = "20300101";
    static CK_BYTE long_name[1025];
    ck_assert_int_eq(set(session, key, ATTR(CKA_EXTRACTABLE, yes)), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(set(session, key, ATTR(CKA_SENSITIVE, no)), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(set(session, key, TEXT(CKA_END_DATE, date)), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(set(session, key, TEXT(CKA_VALETKEY_POLICY, "[]")), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(set(session, key, ATTR(CKA_VALETKEY_SIGN_COUNT, bytes)),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(set(session, key, ATTR(CKA_MODULUS, bytes)), CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(set(session, key, ATTR(CKA_LABEL, long_name)), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(set(session, policy, TEXT(CKA_VALUE, "[]")), CKR_ACTION_PROHIBITED);
    CK_ATTRIBUTE fixed = ATTR(CKA_MODIFIABLE, no);
    const pair_args args = {p256, sizeof p256, "fixed", &fixed, 1};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(set(session, keys.private_key, TEXT(CKA_LABEL, "x")), CKR_ACTION_PROHIBITED);
}
END_TEST

START_TEST(what_a_passkey_tells) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_BYTE credential[] = {1, 2, 3}, bytes[64];
    CK_ATTRIBUTE extra[] = {TEXT(CKA_VALETKEY_RP_ID, "example.org"),
                            ATTR(CKA_VALETKEY_CREDENTIAL_ID, credential),
                            ATTR(CKA_VALETKEY_USE_SIGN_COUNT, yes)};
    const pair_args args = {p256, sizeof p256, "k", extra, COUNT(extra)};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    CK_OBJECT_HANDLE key = keys.private_key;
    ck_assert_uint_eq(get_value(session, key, CKA_VALETKEY_RP_ID, bytes, sizeof bytes), 11);
    ck_assert_uint_eq(get_value(session, key, CKA_VALETKEY_ORIGIN, bytes, sizeof bytes), 19);
    ck_assert_mem_eq(bytes, "https://example.org", 19);
    ck_assert_uint_eq(get_value(session, key, CKA_VALETKEY_CREDENTIAL_ID, bytes, 64), 3);
    ck_assert_uint_eq(get_value(session, key, CKA_VALETKEY_AUTHENTICATOR_ID_HASH, bytes, 64), 32);
    vk_hash hash = vk_keccak256((vk_bytes){credential, sizeof credential});
    ck_assert_mem_eq(bytes, hash.b, 32);
    ck_assert(get_bool(session, key, CKA_VALETKEY_USE_SIGN_COUNT));
    ck_assert_uint_eq(get_value(session, key, CKA_VALETKEY_SIGN_COUNT, bytes, 64), 4);
    ck_assert_mem_eq(bytes, "\0\0\0\0", 4);
    ck_assert_int_eq(get_rv(session, key, CKA_VALETKEY_ADDRESS), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

Suite *attribute_suite(void) {
    Suite *suite = suite_create("attribute");
    TCase *tcase = started_case("attributes");
    tcase_add_test(tcase, standard_attributes_of_a_private_key);
    tcase_add_test(tcase, public_key_info_is_spki);
    tcase_add_test(tcase, allowed_mechanisms_follow_the_policy);
    tcase_add_test(tcase, one_bad_attribute_leaves_the_others);
    tcase_add_test(tcase, names_can_be_set);
    tcase_add_test(tcase, everything_else_is_read_only);
    tcase_add_test(tcase, what_a_passkey_tells);
    suite_add_tcase(suite, tcase);
    return suite;
}
