/* Signing, verifying and digesting with the standard mechanisms. */
#include "support.h"

#include <openssl/evp.h>
#include <string.h>

static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0}, ecdsa_sha256 = {CKM_ECDSA_SHA256, NULL, 0};
static CK_BYTE digest[32] = {0x11, 0x22, 0x33};
static CK_BYTE message[] = "a message";

/* SHA-256 of the message. */
static void hash_message(CK_SESSION_HANDLE session, CK_BYTE out[32]) {
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_ULONG len = 32;
    ck_assert_int_eq(f->C_DigestInit(session, &sha256), CKR_OK);
    ck_assert_int_eq(f->C_Digest(session, message, sizeof message, out, &len), CKR_OK);
}

static CK_RV verify(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                    vk_bytes data, CK_BYTE *signature, CK_ULONG len) {
    CK_RV rv = f->C_VerifyInit(session, mechanism, key);
    return rv != CKR_OK ? rv
                        : f->C_Verify(session, (CK_BYTE_PTR)data.data, data.len, signature, len);
}

static void sign_and_verify(CK_SESSION_HANDLE session, pair keys) {
    CK_BYTE signature[64], hash[32];
    CK_ULONG len = sizeof signature;
    const vk_bytes bytes = {digest, sizeof digest}, text = {message, sizeof message};
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_OK);
    ck_assert_uint_eq(len, 64);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, bytes, signature, 64), CKR_OK);
    signature[40] ^= 1;
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, bytes, signature, 64),
                     CKR_SIGNATURE_INVALID);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, bytes, signature, 63),
                     CKR_SIGNATURE_LEN_RANGE);
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA_SHA256, text, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa_sha256, text, signature, 64), CKR_OK);
    hash_message(session, hash);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, (vk_bytes){hash, 32}, signature, 64),
                     CKR_OK);
}

START_TEST(both_curves_sign_and_verify) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    sign_and_verify(session, GENERATE(session, secp256k1, "a"));
    sign_and_verify(session, GENERATE(session, p256, "b"));
}
END_TEST

START_TEST(a_key_without_a_policy_signs_nothing) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_SignInit(session, &userop, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

START_TEST(who_may_sign_with_what) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_OBJECT_HANDLE policy = find_object(session, CKO_DATA, "k");
    CK_MECHANISM parameter = {CKM_ECDSA, digest, 4}, rsa = {CKM_RSA_PKCS, NULL, 0};
    CK_MECHANISM keccak = {CKM_VALETKEY_KECCAK256, NULL, 0};
    ck_assert_int_eq(f->C_SignInit(session, NULL, keys.private_key), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(f->C_SignInit(session, &rsa, keys.private_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_SignInit(session, &keccak, keys.private_key), CKR_MECHANISM_INVALID);
    ck_assert_int_eq(f->C_SignInit(session, &parameter, keys.private_key),
                     CKR_MECHANISM_PARAM_INVALID);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.public_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, policy), CKR_KEY_HANDLE_INVALID);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, 4711), CKR_KEY_HANDLE_INVALID);
    ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
    CK_ATTRIBUTE no_sign = ATTR(CKA_UNWRAP, no);
    const pair_args args = {secp256k1, sizeof secp256k1, "x", &no_sign, 1};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

START_TEST(lengths_of_digests) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_BYTE signature[64], long_digest[48] = {0};
    CK_ULONG len = sizeof signature;
    const vk_bytes shorter = {digest, 20}, longer = {long_digest, sizeof long_digest};
    const vk_bytes none = {digest, 0}, leftmost = {long_digest, 32};
    CK_BYTE padded[32] = {0};
    memcpy(padded + 12, digest, 20);
    /* ECDSA takes the leftmost 256 bits as a number, or all of them if there are fewer. */
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, shorter, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, shorter, signature, 64), CKR_OK);
    ck_assert_int_eq(
        verify(session, keys.public_key, &ecdsa, (vk_bytes){padded, 32}, signature, 64), CKR_OK);
    memset(long_digest, 7, sizeof long_digest);
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, longer, signature, &len),
                     CKR_OK);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, leftmost, signature, 64), CKR_OK);
    ck_assert_int_eq(sign_once(session, keys.private_key, CKM_ECDSA, none, signature, &len),
                     CKR_DATA_LEN_RANGE);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len),
                     CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(verify(session, keys.public_key, &ecdsa, none, signature, 64),
                     CKR_DATA_LEN_RANGE);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, NULL, 32, signature, &len), CKR_ARGUMENTS_BAD);
}
END_TEST

START_TEST(a_question_for_the_length_keeps_the_operation) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_BYTE signature[64];
    CK_ULONG len = 0;
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, NULL, &len), CKR_OK);
    ck_assert_uint_eq(len, 64);
    len = 63;
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, 64);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len),
                     CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

static void sign_in_parts(CK_SESSION_HANDLE session, pair keys, CK_MECHANISM *mechanism,
                          CK_BYTE *data, CK_ULONG data_len) {
    CK_BYTE signature[64];
    CK_ULONG len = 10;
    ck_assert_int_eq(f->C_SignInit(session, mechanism, keys.private_key), CKR_OK);
    for (CK_ULONG i = 0; i < data_len; i++) {
        ck_assert_int_eq(f->C_SignUpdate(session, data + i, 1), CKR_OK);
    }
    ck_assert_int_eq(f->C_SignFinal(session, signature, &len), CKR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(f->C_SignFinal(session, NULL, &len), CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(session, signature, &len), CKR_OK);
    ck_assert_int_eq(f->C_VerifyInit(session, mechanism, keys.public_key), CKR_OK);
    ck_assert_int_eq(f->C_VerifyUpdate(session, data, 4), CKR_OK);
    ck_assert_int_eq(f->C_VerifyUpdate(session, data + 4, data_len - 4), CKR_OK);
    ck_assert_int_eq(f->C_VerifyFinal(session, signature, len), CKR_OK);
    ck_assert_int_eq(f->C_VerifyFinal(session, signature, len), CKR_OPERATION_NOT_INITIALIZED);
}

START_TEST(signing_in_parts) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    sign_in_parts(session, keys, &ecdsa, digest, sizeof digest);
    sign_in_parts(session, keys, &ecdsa_sha256, message, sizeof message);
}
END_TEST

/* C_Sign, C_Verify and C_Digest end what is going on, whatever they answer but a length. */
START_TEST(a_whole_ends_what_began_in_parts) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, secp256k1, "k");
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE out[64];
    CK_ULONG len = sizeof out;
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(session, digest, 32), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, out, &len), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_SignFinal(session, out, &len), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa, keys.public_key), CKR_OK);
    ck_assert_int_eq(f->C_VerifyUpdate(session, digest, 32), CKR_OK);
    ck_assert_int_eq(f->C_Verify(session, digest, 32, out, 64), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_VerifyFinal(session, out, 64), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_DigestInit(session, &sha256), CKR_OK);
    ck_assert_int_eq(f->C_DigestUpdate(session, digest, 32), CKR_OK);
    ck_assert_int_eq(f->C_Digest(session, digest, 32, out, &len), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_DigestFinal(session, out, &len), CKR_OPERATION_NOT_INITIALIZED);
}
END_TEST

START_TEST(logout_ends_operations_of_every_session) {
    CK_SESSION_HANDLE a = login("sudo", CKU_USER), b = open_session("sudo", false);
    pair keys = GENERATE(a, secp256k1, "k");
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(f->C_SignInit(b, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Logout(a), CKR_OK);
    ck_assert_int_eq(f->C_Sign(b, digest, 32, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(try_login(a, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(f->C_Sign(b, digest, 32, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    CK_OBJECT_HANDLE again = find_object(b, CKO_PRIVATE_KEY, "k");
    ck_assert_int_eq(f->C_SignInit(b, &ecdsa, again), CKR_OK);
    ck_assert_int_eq(f->C_Sign(b, digest, 32, signature, &len), CKR_OK);
}
END_TEST

/* The standard has it so even when the user comes back. */
START_TEST(handles_of_private_objects_end_with_the_login) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_ATTRIBUTE secret[] = {ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, yes),
                             ATTR(CKA_PRIVATE, yes), TEXT(CKA_LABEL, "note")};
    CK_OBJECT_HANDLE note;
    pair keys = GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_CreateObject(session, secret, COUNT(secret), &note), CKR_OK);
    ck_assert_uint_eq(find_object(session, CKO_DATA, "note"), note);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(get_rv(session, note, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, keys.private_key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(get_rv(session, keys.public_key, CKA_LABEL), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_KEY_HANDLE_INVALID);
    ck_assert_uint_ne(find_object(session, CKO_PRIVATE_KEY, "k"), keys.private_key);
    ck_assert_uint_eq(find_object(session, CKO_PUBLIC_KEY, "k"), keys.public_key);
    ck_assert_int_eq(get_rv(session, find_object(session, CKO_DATA, "note"), CKA_LABEL), CKR_OK);
}
END_TEST

START_TEST(a_login_for_every_signature) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_ATTRIBUTE always = ATTR(CKA_ALWAYS_AUTHENTICATE, yes);
    const pair_args args = {secp256k1, sizeof secp256k1, "k", &always, 1};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN),
                     CKR_OPERATION_NOT_INITIALIZED);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
        ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_USER_NOT_LOGGED_IN);
        ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, "wrong-pin"), CKR_PIN_INCORRECT);
        ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_USER_NOT_LOGGED_IN);
        ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN), CKR_OK);
        ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
    }
}
END_TEST

/* More than the module keeps at hand, so that it looks at the first of them again. */
#define MANY_KEYS 256
#define ALWAYS "x'00000000000002020000000101'" /* as it is stored: type, length, true */

/* An attribute of the row is worth nothing while its seal says otherwise. */
START_TEST(an_edit_frees_no_key_of_its_login) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_ATTRIBUTE always = ATTR(CKA_ALWAYS_AUTHENTICATE, yes);
    const pair_args args = {secp256k1, sizeof secp256k1, "k", &always, 1};
    CK_BYTE signature[64], label[16];
    CK_ULONG len = sizeof signature;
    pair keys, other = {0};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    for (int i = 0; i < MANY_KEYS; i++) {
        other = GENERATE(session, secp256k1, "other");
    }
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, digest, 32, signature, &len), CKR_OK);
    edit_tokens("UPDATE key SET private_attrs = CAST(substr(private_attrs, 1,"
                " instr(private_attrs, " ALWAYS ") + 11) || x'00'"
                " || substr(private_attrs, instr(private_attrs, " ALWAYS ") + 13) AS BLOB)"
                " WHERE instr(private_attrs, " ALWAYS ") > 0");
    get_value(session, other.private_key, CKA_LABEL, label, sizeof label);
    ck_assert(!get_bool(session, keys.private_key, CKA_ALWAYS_AUTHENTICATE));
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, keys.private_key), CKR_DEVICE_ERROR);
}
END_TEST

/* ---- Digests ---- */

static const CK_BYTE keccak_of_nothing[32] = {
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70};
static const CK_BYTE sha256_of_abc[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
static const CK_BYTE keccak_of_abc[32] = {
    0x4e, 0x03, 0x65, 0x7a, 0xea, 0x45, 0xa9, 0x4f, 0xc7, 0xd4, 0x7b, 0xa8, 0x26, 0xc8, 0xd6, 0x67,
    0xc0, 0xd1, 0xe6, 0xe3, 0x3a, 0x64, 0xa0, 0x36, 0xec, 0x44, 0xf5, 0x8f, 0xa1, 0x2d, 0x6c, 0x45};

static void check_digest(CK_MECHANISM_TYPE type, const char *text, const CK_BYTE *expected,
                         CK_ULONG expected_len) {
    CK_SESSION_HANDLE session = open_session("plain", false);
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_BYTE out[64], *data = (CK_BYTE_PTR)text;
    CK_ULONG len = expected_len - 1;
    ck_assert_int_eq(f->C_DigestInit(session, &mechanism), CKR_OK);
    ck_assert_int_eq(f->C_DigestInit(session, &mechanism), CKR_OPERATION_ACTIVE);
    ck_assert_int_eq(f->C_Digest(session, data, strlen(text), NULL, &len), CKR_OK);
    len = expected_len - 1;
    ck_assert_int_eq(f->C_Digest(session, data, strlen(text), out, &len), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, expected_len);
    ck_assert_int_eq(f->C_Digest(session, data, strlen(text), out, &len), CKR_OK);
    ck_assert_mem_eq(out, expected, expected_len);
    ck_assert_int_eq(f->C_DigestUpdate(session, data, 1), CKR_OPERATION_NOT_INITIALIZED);
    memset(out, 0, sizeof out);
    ck_assert_int_eq(f->C_DigestInit(session, &mechanism), CKR_OK);
    for (size_t i = 0; i < strlen(text); i++) {
        ck_assert_int_eq(f->C_DigestUpdate(session, data + i, 1), CKR_OK);
    }
    ck_assert_int_eq(f->C_DigestFinal(session, out, &len), CKR_OK);
    ck_assert_mem_eq(out, expected, expected_len);
    ck_assert_int_eq(f->C_DigestFinal(session, out, &len), CKR_OPERATION_NOT_INITIALIZED);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
}

START_TEST(digests) {
    check_digest(CKM_SHA256, "abc", sha256_of_abc, 32);
    check_digest(CKM_VALETKEY_KECCAK256, "abc", keccak_of_abc, 32);
    check_digest(CKM_VALETKEY_KECCAK256, "", keccak_of_nothing, 32);
}
END_TEST

START_TEST(other_digests) {
    static const struct {
        CK_MECHANISM_TYPE type;
        const EVP_MD *(*md)(void);
    } others[] = {{CKM_SHA_1, EVP_sha1},
                  {CKM_SHA224, EVP_sha224},
                  {CKM_SHA384, EVP_sha384},
                  {CKM_SHA512, EVP_sha512}};
    for (size_t i = 0; i < COUNT(others); i++) {
        CK_BYTE expected[EVP_MAX_MD_SIZE];
        unsigned len;
        ck_assert_int_eq(EVP_Digest("abc", 3, expected, &len, others[i].md(), NULL), 1);
        check_digest(others[i].type, "abc", expected, len);
    }
}
END_TEST

/* The address is never read: no data is as long. */
START_TEST(lengths_that_cannot_be) {
    static const CK_ULONG lengths[] = {(CK_ULONG)1 << 63, ((CK_ULONG)1 << 63) - 1, (CK_ULONG)-1};
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    pair keys = GENERATE(session, p256, "k");
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE data[32] = {0}, out[64];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        CK_ULONG len = sizeof out;
        ck_assert_int_eq(f->C_DigestInit(session, &sha256), CKR_OK);
        ck_assert_int_eq(f->C_Digest(session, data, lengths[i], out, &len), CKR_DATA_LEN_RANGE);
        ck_assert_int_eq(f->C_DigestInit(session, &sha256), CKR_OK);
        ck_assert_int_eq(f->C_DigestUpdate(session, data, lengths[i]), CKR_DATA_LEN_RANGE);
        ck_assert_int_eq(f->C_SignInit(session, &ecdsa_sha256, keys.private_key), CKR_OK);
        ck_assert_int_eq(f->C_Sign(session, data, lengths[i], out, &len), CKR_DATA_LEN_RANGE);
        ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa_sha256, keys.public_key), CKR_OK);
        ck_assert_int_eq(f->C_VerifyUpdate(session, data, lengths[i]), CKR_DATA_LEN_RANGE);
    }
}
END_TEST

Suite *signing_suite(void) {
    Suite *suite = suite_create("signing");
    TCase *tcase = started_case("signing");
    tcase_add_test(tcase, both_curves_sign_and_verify);
    tcase_add_test(tcase, a_key_without_a_policy_signs_nothing);
    tcase_add_test(tcase, who_may_sign_with_what);
    tcase_add_test(tcase, lengths_of_digests);
    tcase_add_test(tcase, a_question_for_the_length_keeps_the_operation);
    tcase_add_test(tcase, signing_in_parts);
    tcase_add_test(tcase, a_whole_ends_what_began_in_parts);
    tcase_add_test(tcase, logout_ends_operations_of_every_session);
    tcase_add_test(tcase, handles_of_private_objects_end_with_the_login);
    tcase_add_test(tcase, a_login_for_every_signature);
    tcase_add_test(tcase, an_edit_frees_no_key_of_its_login);
    tcase_add_test(tcase, digests);
    tcase_add_test(tcase, other_digests);
    tcase_add_test(tcase, lengths_that_cannot_be);
    suite_add_tcase(suite, tcase);
    return suite;
}
