/* What the program around the module does to what they share: OpenSSL, the environment. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "waiting.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <valetkey/pkcs11.h>

/* ---- OpenSSL ---- */

/* As openssl -engine pkcs11 does with libp11's methods: they are then the first choice for EC. */
static void add_ec_methods(void) {
    EVP_PKEY_METHOD *methods = EVP_PKEY_meth_new(EVP_PKEY_EC, 0);
    ck_assert_ptr_nonnull(methods);
    EVP_PKEY_meth_copy(methods, EVP_PKEY_meth_find(EVP_PKEY_EC));
    ck_assert_int_eq(EVP_PKEY_meth_add0(methods), 1);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ck_assert_ptr_nonnull(context);
    ck_assert_int_ne(EVP_PKEY_fromdata_init(context), 1);
    EVP_PKEY_CTX_free(context);
}

START_TEST(ec_methods_of_the_program_do_no_harm) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[32] = {7}, signature[64];
    CK_ULONG len = sizeof signature;
    add_ec_methods();
    pair keys = GENERATE(session, p256, "k");
    ck_assert_int_eq(
        sign_once(session, keys.private_key, CKM_ECDSA, (vk_bytes){digest, 32}, signature, &len),
        CKR_OK);
    ck_assert_int_eq(f->C_VerifyInit(session, &ecdsa, keys.public_key), CKR_OK);
    ck_assert_int_eq(f->C_Verify(session, digest, 32, signature, len), CKR_OK);
}
END_TEST

START_TEST(ec_methods_of_the_program_do_not_stop_derivation) {
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    CK_MECHANISM generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE curve = ATTR(CKA_EC_PARAMS, p256), use = ATTR(CKA_DERIVE, yes);
    CK_BYTE point[67];
    CK_OBJECT_HANDLE secret;
    pair keys;
    add_ec_methods();
    ck_assert_int_eq(f->C_GenerateKeyPair(session, &generation, &curve, 1, &use, 1,
                                          &keys.public_key, &keys.private_key),
                     CKR_OK);
    get_value(session, keys.public_key, CKA_EC_POINT, point, sizeof point);
    CK_ECDH1_DERIVE_PARAMS parameter = {CKD_NULL, 0, NULL, sizeof point, point};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &parameter, sizeof parameter};
    ck_assert_int_eq(f->C_DeriveKey(session, &mechanism, keys.private_key, NULL, 0, &secret),
                     CKR_OK);
}
END_TEST

/* ---- VALETKEY_HIDE ---- */

static void restart(const char *hidden) {
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(
        hidden != NULL ? setenv("VALETKEY_HIDE", hidden, 1) : unsetenv("VALETKEY_HIDE"), 0);
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

static void show_all(void) {
    unsetenv("VALETKEY_HIDE");
}

/* On "plain": a secp256k1 key with policy, grant and an operation that waits, and a P-256 key. */
static CK_OBJECT_HANDLE make_keys(void) {
    CK_OBJECT_HANDLE waits;
    sdk_key sdk = sdk_ecdsa();
    char *text = sdk_userop(&sdk, 0);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &waits), CKR_OK);
    free(text);
    GENERATE(sdk.session, p256, "p");
    done(&sdk);
    return waits;
}

START_TEST(keys_of_a_hidden_curve_are_not_there) {
    CK_OBJECT_HANDLE waits = make_keys();
    restart("secp256k1");
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "sdk"), keys[] = {ATTR(CKA_KEY_TYPE, type_ec)};
    ck_assert_uint_eq(find_all(session, &label, 1, NULL), 0);
    ck_assert_uint_eq(find_all(session, keys, 1, NULL), 2);
    ck_assert_uint_eq(find_all(session, NULL, 0, NULL), 2);
    ck_assert_int_eq(get_rv(session, waits, CKA_VALUE), CKR_OBJECT_HANDLE_INVALID);
    ck_assert_int_eq(f->C_DestroyObject(session, waits), CKR_OBJECT_HANDLE_INVALID);
    restart(NULL);
    session = login("plain", CKU_USER);
    ck_assert_uint_eq(find_all(session, keys, 1, NULL), 4);
    ck_assert_int_eq(get_rv(session, waits, CKA_VALUE), CKR_OK);
}
END_TEST

START_TEST(nothing_is_made_of_a_hidden_curve) {
    CK_OBJECT_HANDLE userop;
    pair keys;
    sdk_key sdk = sdk_ecdsa();
    char *text = sdk_userop(&sdk, 0);
    restart("secp256k1");
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    const pair_args args = {secp256k1, sizeof secp256k1, "k", NULL, 0};
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_CURVE_NOT_SUPPORTED);
    ck_assert_int_eq(write_userop(session, "sdk", text, &userop), CKR_TEMPLATE_INCONSISTENT);
    GENERATE(session, p256, "p");
    free(text);
    done(&sdk);
}
END_TEST

START_TEST(either_curve_can_be_hidden) {
    make_keys();
    restart("P-256");
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "p");
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    ck_assert_uint_eq(find_all(session, &label, 1, NULL), 0);
    find_object(session, CKO_PRIVATE_KEY, "sdk");
    restart("p256");
    session = login("plain", CKU_USER);
    ck_assert_uint_eq(find_all(session, &label, 1, NULL), 0);
}
END_TEST

START_TEST(an_unknown_curve_hides_nothing) {
    make_keys();
    ck_assert_int_eq(setenv("VALETKEY_DEBUG", "1", 1), 0);
    catch_errors();
    restart("ed25519");
    ck_assert_str_eq(errors(), "valetkey-pkcs11: VALETKEY_HIDE hides nothing: \"ed25519\" is "
                               "neither \"secp256k1\" nor \"P-256\"\n");
    unsetenv("VALETKEY_DEBUG");
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    find_object(session, CKO_PRIVATE_KEY, "sdk");
    find_object(session, CKO_PRIVATE_KEY, "p");
}
END_TEST

Suite *host_suite(void) {
    Suite *suite = suite_create("host");
    TCase *openssl = started_case("openssl");
    tcase_add_test(openssl, ec_methods_of_the_program_do_no_harm);
    tcase_add_test(openssl, ec_methods_of_the_program_do_not_stop_derivation);
    suite_add_tcase(suite, openssl);
    TCase *hide = started_case("hide");
    tcase_add_checked_fixture(hide, NULL, show_all);
    tcase_add_test(hide, keys_of_a_hidden_curve_are_not_there);
    tcase_add_test(hide, nothing_is_made_of_a_hidden_curve);
    tcase_add_test(hide, either_curve_can_be_hidden);
    tcase_add_test(hide, an_unknown_curve_hides_nothing);
    suite_add_tcase(suite, hide);
    return suite;
}
