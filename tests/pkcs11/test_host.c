/* What the program around the module does to what they share: OpenSSL, the environment. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "support.h"

#include <openssl/evp.h>

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

Suite *host_suite(void) {
    Suite *suite = suite_create("host");
    TCase *tcase = started_case("openssl");
    tcase_add_test(tcase, ec_methods_of_the_program_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}
