/* Keys of sessions, what ordinary keys do beside signing digests, and what their templates allow.
 */
#include "support.h"

#include <string.h>

static CK_MECHANISM generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, ecdsa = {CKM_ECDSA, NULL, 0};
static CK_BYTE digest[32] = {0x11, 0x22};
static CK_BYTE text[] = "some text";

static CK_RV verify(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
                    vk_bytes data, CK_BYTE *signature) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_RV rv = f->C_VerifyInit(session, &mechanism, key);
    return rv != CKR_OK
               ? rv
               : f->C_Verify(session, (CK_BYTE_PTR)(uintptr_t)data.data, data.len, signature, 64);
}

/* As SunPKCS11 asks for one: nothing but the curve. */
static pair generate_in_session(CK_SESSION_HANDLE session, CK_BYTE *curve, CK_ULONG curve_len) {
    CK_ATTRIBUTE templ = {CKA_EC_PARAMS, curve, curve_len};
    CK_ATTRIBUTE derive = ATTR(CKA_DERIVE, yes);
    pair keys;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, &templ, 1, &derive, 1,
                                          &keys.public_key, &keys.private_key),
                     CKR_OK);
    return keys;
}

/* ---- Keys of sessions ---- */

static void sign_and_verify(CK_SESSION_HANDLE session, pair keys) {
    const vk_bytes bytes = {digest, sizeof digest};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, CKM_ECDSA, bytes, signature), CKR_OK);
    ck_assert(!get_bool(session, keys.private_key, CKA_TOKEN));
    ck_assert(get_bool(session, keys.private_key, CKA_SENSITIVE));
    ck_assert(get_bool(session, keys.public_key, CKA_LOCAL));
    ck_assert_int_eq(get_rv(session, keys.private_key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    ck_assert_int_eq(get_rv(session, keys.private_key, CKA_VALETKEY_POLICY),
                     CKR_ATTRIBUTE_TYPE_INVALID);
}

START_TEST(pairs_of_a_session_sign) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = generate_in_session(session, p256, sizeof p256);
    sign_and_verify(session, keys);
    keys = generate_in_session(session, secp256k1, sizeof secp256k1);
    sign_and_verify(session, keys);
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    ck_assert_int_eq(f->C_SignInit(session, &userop, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_DestroyObject(session, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_KEY_HANDLE_INVALID);
}
END_TEST

/* In a read-only session as well; and what begins keeps the key until it ends. */
START_TEST(they_end_with_their_session) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER), ro = open_session("plain", false);
    pair keys = generate_in_session(ro, p256, sizeof p256);
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_CloseSession(ro), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_KEY_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, keys.public_key, CKA_CLASS), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(they_need_the_user) {
    CK_SESSION_HANDLE session = open_session("plain", true);
    CK_ATTRIBUTE templ = ATTR(CKA_EC_PARAMS, p256);
    CK_OBJECT_HANDLE a, b;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, &templ, 1, NULL, 0, &a, &b),
                     CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    pair keys = generate_in_session(session, p256, sizeof p256);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_KEY_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, keys.public_key, CKA_CLASS), CKR_OK);
}
END_TEST

START_TEST(what_they_cannot_have) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_ATTRIBUTE curve[] = {ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE policy = TEXT(CKA_VALETKEY_POLICY, "{}"), rp = TEXT(CKA_VALETKEY_RP_ID, "a.b");
    CK_OBJECT_HANDLE a, b;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, curve, 1, &policy, 1, &a, &b),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, curve, 1, &rp, 1, &a, &b),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, curve, 2, NULL, 0, &a, &b),
                     CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(imported_into_a_session) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_BYTE secret[32] = {[31] = 1}, zero[32] = {0}, point[67];
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec),
                            ATTR(CKA_EC_PARAMS, secp256k1), ATTR(CKA_VALUE, secret)};
    pair keys;
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &keys.private_key), CKR_OK);
    ck_assert(!get_bool(session, keys.private_key, CKA_LOCAL));
    ck_assert_uint_eq(get_value(session, keys.private_key, CKA_EC_POINT, point, sizeof point), 67);
    CK_ATTRIBUTE public_templ[] = {ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_ec),
                                   ATTR(CKA_EC_PARAMS, secp256k1), ATTR(CKA_EC_POINT, point)};
    ck_assert_int_eq(f->C_CreateObject(session, public_templ, 4, &keys.public_key), CKR_OK);
    const vk_bytes bytes = {digest, sizeof digest};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, CKM_ECDSA, bytes, signature), CKR_OK);
    templ[3] = ATTR(CKA_VALUE, zero);
    ck_assert_int_eq(f->C_CreateObject(session, templ, 4, &keys.private_key),
                     CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(public_keys_are_copied) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "copy"), on_token = ATTR(CKA_TOKEN, yes);
    CK_ATTRIBUTE curve = ATTR(CKA_EC_PARAMS, p256);
    const vk_bytes bytes = {digest, sizeof digest};
    CK_OBJECT_HANDLE copy, out;
    CK_BYTE signature[64], name[8];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(f->C_CopyObject(session, keys.public_key, &label, 1, &copy), CKR_OK);
    ck_assert(!get_bool(session, copy, CKA_TOKEN));
    ck_assert_uint_eq(get_value(session, copy, CKA_LABEL, name, sizeof name), 4);
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, copy, CKM_ECDSA, bytes, signature), CKR_OK);
    ck_assert_int_eq(f->C_CopyObject(session, copy, &on_token, 1, &out), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(f->C_CopyObject(session, copy, &curve, 1, &out), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(f->C_CopyObject(session, keys.private_key, NULL, 0, &out),
                     CKR_ACTION_PROHIBITED);
}
END_TEST

/* ---- Hashes ---- */

START_TEST(every_hash_of_the_family) {
    static const CK_MECHANISM_TYPE types[] = {CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
                                              CKM_ECDSA_SHA384, CKM_ECDSA_SHA512};
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    const vk_bytes bytes = {text, sizeof text}, shorter = {text, sizeof text - 1};
    for (size_t i = 0; i < COUNT(types); i++) {
        CK_BYTE signature[64];
        CK_ULONG len = sizeof signature;
        ck_assert_int_eq(sign_once(session, keys.private_key, types[i], bytes, signature, &len),
                         CKR_OK);
        ck_assert_int_eq(verify(session, keys.public_key, types[i], bytes, signature), CKR_OK);
        ck_assert_int_eq(verify(session, keys.public_key, types[i], shorter, signature),
                         CKR_SIGNATURE_INVALID);
        ck_assert_int_eq(verify(session, keys.public_key, types[(i + 1) % 5], bytes, signature),
                         CKR_SIGNATURE_INVALID);
    }
}
END_TEST

/* SHA-1 of "abc", with zeros before it, is what is signed. */
START_TEST(a_short_hash_is_a_number) {
    static CK_BYTE abc[] = "abc",
                   sha1[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                               0,    0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                               0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    const vk_bytes bytes = {abc, 3}, number = {sha1, 32};
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA_SHA1, bytes, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, CKM_ECDSA, number, signature), CKR_OK);
}
END_TEST

START_TEST(keys_under_a_policy_sign_no_other_hash) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_MECHANISM sha384 = {CKM_ECDSA_SHA384, NULL, 0};
    ck_assert_int_eq(f->C_SignInit(session, &sha384, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

/* ---- CKA_ALLOWED_MECHANISMS ---- */

START_TEST(only_the_mechanisms_of_the_template) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_MECHANISM_TYPE only[] = {CKM_ECDSA_SHA256, CKM_ECDSA_SHA512}, types[16];
    CK_ATTRIBUTE attribute = ATTR(CKA_ALLOWED_MECHANISMS, only);
    const pair_args args = {p256, sizeof p256, "k", &attribute, 1};
    const vk_bytes bytes = {text, sizeof text};
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_SignInit(session, &userop, keys.private_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA_SHA512, bytes, signature, &len),
                     CKR_OK);
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types),
        sizeof only);
    CK_ATTRIBUTE again = ATTR(CKA_ALLOWED_MECHANISMS, types);
    ck_assert_int_eq(f->C_SetAttributeValue(session, keys.private_key, &again, 1),
                     CKR_ATTRIBUTE_READ_ONLY);
}
END_TEST

START_TEST(a_session_key_keeps_to_its_template) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_MECHANISM_TYPE only[] = {CKM_ECDSA_SHA256};
    CK_ATTRIBUTE curve[] = {ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_ALLOWED_MECHANISMS, only)};
    CK_ATTRIBUTE no_sign = ATTR(CKA_SIGN, no);
    CK_OBJECT_HANDLE public_key, private_key;
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, curve, 2, curve + 1, 1, &public_key,
                                          &private_key),
                     CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, private_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa, public_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, curve, 1, &no_sign, 1, &public_key,
                                          &private_key),
                     CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, private_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

/* ---- Diffie-Hellman ---- */

static CK_RV derive_by(CK_MECHANISM_TYPE type, CK_SESSION_HANDLE session, pair mine,
                       CK_OBJECT_HANDLE theirs, CK_ATTRIBUTE *templ, CK_ULONG count,
                       CK_OBJECT_HANDLE *out) {
    CK_BYTE point[67];
    CK_ULONG len = get_value(session, theirs, CKA_EC_POINT, point, sizeof point);
    CK_ECDH1_DERIVE_PARAMS parameter = {CKD_NULL, 0, NULL, len, point};
    CK_MECHANISM mechanism = {type, &parameter, sizeof parameter};
    return f->C_DeriveKey(session, &mechanism, mine.private_key, templ, count, out);
}

static CK_RV derive(CK_SESSION_HANDLE session, pair mine, CK_OBJECT_HANDLE theirs,
                    CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) {
    return derive_by(CKM_ECDH1_DERIVE, session, mine, theirs, templ, count, out);
}

static void agree(CK_SESSION_HANDLE session, pair mine, pair theirs) {
    CK_OBJECT_HANDLE a, b;
    CK_BYTE first[32], second[32];
    ck_assert_int_eq(derive(session, mine, theirs.public_key, NULL, 0, &a), CKR_OK);
    ck_assert_int_eq(
        derive_by(CKM_ECDH1_COFACTOR_DERIVE, session, theirs, mine.public_key, NULL, 0, &b),
        CKR_OK);
    ck_assert_uint_eq(get_value(session, a, CKA_VALUE, first, sizeof first), 32);
    ck_assert_uint_eq(get_value(session, b, CKA_VALUE, second, sizeof second), 32);
    ck_assert_mem_eq(first, second, 32);
}

START_TEST(two_keys_agree) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    agree(session, GENERATE(session, p256, "a"), generate_in_session(session, p256, sizeof p256));
    agree(session, GENERATE(session, secp256k1, "b"),
          generate_in_session(session, secp256k1, sizeof secp256k1));
}
END_TEST

START_TEST(secrets_are_what_the_template_says) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "a");
    CK_ULONG sixteen = 16, long_len = 33;
    CK_KEY_TYPE aes = CKK_AES, type;
    CK_OBJECT_CLASS secret_key = CKO_SECRET_KEY;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, secret_key), ATTR(CKA_KEY_TYPE, aes),
                            ATTR(CKA_VALUE_LEN, sixteen), TEXT(CKA_LABEL, "shared")};
    CK_ATTRIBUTE hidden = ATTR(CKA_SENSITIVE, yes), on_token = ATTR(CKA_TOKEN, yes);
    CK_ATTRIBUTE too_long = ATTR(CKA_VALUE_LEN, long_len);
    CK_OBJECT_HANDLE whole, end, out;
    CK_BYTE first[32], second[32];
    ck_assert_int_eq(derive(session, keys, keys.public_key, NULL, 0, &whole), CKR_OK);
    ck_assert_int_eq(derive(session, keys, keys.public_key, templ, 4, &end), CKR_OK);
    get_value(session, whole, CKA_VALUE, first, sizeof first);
    ck_assert_uint_eq(get_value(session, end, CKA_VALUE, second, sizeof second), 16);
    ck_assert_mem_eq(first + 16, second, 16);
    get_value(session, end, CKA_KEY_TYPE, &type, sizeof type);
    ck_assert_uint_eq(type, CKK_AES);
    ck_assert_uint_eq(find_all(session, templ, 1, NULL), 2);
    ck_assert_int_eq(derive(session, keys, keys.public_key, &hidden, 1, &out), CKR_OK);
    ck_assert_int_eq(get_rv(session, out, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    ck_assert_int_eq(derive(session, keys, keys.public_key, &on_token, 1, &out),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(derive(session, keys, keys.public_key, &too_long, 1, &out),
                     CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(who_agrees_on_nothing) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, p256, "a");
    pair other = generate_in_session(session, secp256k1, sizeof secp256k1);
    pair loose = generate_in_session(session, p256, sizeof p256);
    CK_OBJECT_HANDLE out;
    CK_MECHANISM bare = {CKM_ECDH1_DERIVE, NULL, 0};
    CK_BYTE no_point[65] = {4, 1, 2};
    CK_ECDH1_DERIVE_PARAMS parameter = {CKD_NULL, 0, NULL, sizeof no_point, no_point};
    CK_MECHANISM wrong = {CKM_ECDH1_DERIVE, &parameter, sizeof parameter};
    /* No policy, no sudo. */
    ck_assert_int_eq(derive(session, keys, loose.public_key, NULL, 0, &out),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(derive(session, loose, other.public_key, NULL, 0, &out),
                     CKR_MECHANISM_PARAM_INVALID);
    ck_assert_int_eq(f->C_DeriveKey(session, &bare, loose.private_key, NULL, 0, &out),
                     CKR_MECHANISM_PARAM_INVALID);
    ck_assert_int_eq(f->C_DeriveKey(session, &wrong, loose.private_key, NULL, 0, &out),
                     CKR_MECHANISM_PARAM_INVALID);
    parameter.kdf = 2;
    ck_assert_int_eq(f->C_DeriveKey(session, &wrong, loose.private_key, NULL, 0, &out),
                     CKR_MECHANISM_PARAM_INVALID);
    ck_assert_int_eq(f->C_DeriveKey(session, &ecdsa, loose.private_key, NULL, 0, &out),
                     CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_DeriveKey(session, &wrong, loose.public_key, NULL, 0, &out),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_DeriveKey(session, &wrong, 4711, NULL, 0, &out), CKR_KEY_HANDLE_INVALID);
}
END_TEST

Suite *session_key_suite(void) {
    Suite *suite = suite_create("session keys");
    TCase *tests = started_case("session keys");
    tcase_add_test(tests, pairs_of_a_session_sign);
    tcase_add_test(tests, they_end_with_their_session);
    tcase_add_test(tests, they_need_the_user);
    tcase_add_test(tests, what_they_cannot_have);
    tcase_add_test(tests, imported_into_a_session);
    tcase_add_test(tests, public_keys_are_copied);
    tcase_add_test(tests, every_hash_of_the_family);
    tcase_add_test(tests, a_short_hash_is_a_number);
    tcase_add_test(tests, keys_under_a_policy_sign_no_other_hash);
    tcase_add_test(tests, only_the_mechanisms_of_the_template);
    tcase_add_test(tests, a_session_key_keeps_to_its_template);
    tcase_add_test(tests, two_keys_agree);
    tcase_add_test(tests, secrets_are_what_the_template_says);
    tcase_add_test(tests, who_agrees_on_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
