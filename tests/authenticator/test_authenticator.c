/* The authenticator through libfido2: what it says of itself, credentials, assertions. */
#include "client.h"

#include <openssl/x509.h>
#include <string.h>

static client c;

static void begin(int transport, const authn_options *options) {
    client_begin(&c, transport, options);
}

static bool has_option(const fido_cbor_info_t *info, const char *name, bool value) {
    char **names = fido_cbor_info_options_name_ptr(info);
    for (size_t i = 0; i < fido_cbor_info_options_len(info); i++) {
        if (strcmp(names[i], name) == 0) {
            return fido_cbor_info_options_value_ptr(info)[i] == value;
        }
    }
    return false;
}

START_TEST(test_info) {
    uint8_t aaguid16[16] = "sixteen-letters";
    begin(_i, &(authn_options){.pin = PIN, .aaguid16 = aaguid16, .min_pin_length = 6});
    ck_assert(fido_dev_is_fido2(c.dev));
    ck_assert(fido_dev_has_pin(c.dev));
    ck_assert(!fido_dev_has_uv(c.dev));
    ck_assert(fido_dev_supports_credman(c.dev));
    ck_assert(fido_dev_supports_cred_prot(c.dev));
    ck_assert(fido_dev_supports_permissions(c.dev));
    fido_cbor_info_t *info = fido_cbor_info_new();
    ck_assert_int_eq(fido_dev_get_cbor_info(c.dev, info), FIDO_OK);
    ck_assert_uint_eq(fido_cbor_info_versions_len(info), 2);
    ck_assert_uint_eq(fido_cbor_info_extensions_len(info), 5);
    ck_assert_mem_eq(fido_cbor_info_aaguid_ptr(info), aaguid16, 16);
    ck_assert(has_option(info, "rk", true) && has_option(info, "clientPin", true));
    ck_assert(has_option(info, "makeCredUvNotRqd", true) && has_option(info, "largeBlobs", true));
    ck_assert_uint_eq(fido_cbor_info_maxmsgsiz(info), 1200);
    ck_assert_uint_eq(fido_cbor_info_protocols_len(info), 2);
    ck_assert_uint_eq(fido_cbor_info_maxcredbloblen(info), 32);
    ck_assert_uint_eq(fido_cbor_info_maxlargeblob(info), 1024);
    ck_assert_uint_eq(fido_cbor_info_minpinlen(info), 6);
    ck_assert_int_eq(fido_cbor_info_rk_remaining(info), 25);
    fido_cbor_info_free(&info);
    client_end(&c);
}
END_TEST

START_TEST(test_features_off) {
    begin(_i,
          &(authn_options){.without = AUTHN_CLIENT_PIN | AUTHN_RESIDENT_KEYS | AUTHN_CRED_MGMT |
                                      AUTHN_PERMISSIONS | AUTHN_CRED_PROTECT | AUTHN_HMAC_SECRET});
    ck_assert(!fido_dev_supports_pin(c.dev));
    ck_assert(!fido_dev_supports_credman(c.dev));
    ck_assert(!fido_dev_supports_permissions(c.dev));
    ck_assert_int_ne(fido_dev_set_pin(c.dev, PIN, NULL), FIDO_OK);
    fido_cred_t *cred = client_cred("u", true, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, NULL), FIDO_ERR_UNSUPPORTED_OPTION);
    fido_cred_free(&cred);
    cred = client_make(&c, "u", false, 0, NULL);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_make_and_get) {
    begin(_i, NULL);
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    ck_assert_str_eq(fido_cred_fmt(cred), "packed");
    ck_assert_int_eq(fido_cred_flags(cred), 0x41);
    uint32_t counter = fido_cred_sigcount(cred);
    for (uint32_t i = 1; i <= 3; i++) {
        fido_assert_t *assert = client_assert(cred);
        ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, NULL), FIDO_OK);
        ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
        ck_assert_uint_eq(fido_assert_count(assert), 1);
        ck_assert_uint_eq(fido_assert_sigcount(assert, 0), counter + i);
        ck_assert_uint_eq(fido_assert_user_id_len(assert, 0), 0);
        fido_assert_free(&assert);
    }
    ck_assert_uint_eq(authn_counter(c.device), counter + 3);
    ck_assert_uint_eq(authn_credential_count(c.device), 0);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* A look whether a credential is there: neither touch nor flag. */
START_TEST(test_pre_flight) {
    begin(_i, &(authn_options){.touch = AUTHN_TOUCH_NOW});
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    authn_set_touch(c.device, AUTHN_TOUCH_DENIED, 0);
    fido_assert_t *assert = client_assert(cred);
    fido_assert_set_up(assert, FIDO_OPT_FALSE);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, NULL), FIDO_OK);
    ck_assert_int_eq(fido_assert_flags(assert, 0), 0);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_x5c) {
    begin(_i, &(authn_options){.with = AUTHN_X5C});
    fido_cred_t *cred = client_cred("u", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, NULL), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify(cred), FIDO_OK);
    const unsigned char *leaf = fido_cred_x5c_ptr(cred);
    size_t root_len;
    const unsigned char *root = authn_attestation_root(c.device, &root_len);
    X509 *certificate = d2i_X509(NULL, &leaf, (long)fido_cred_x5c_len(cred));
    X509 *issuer = d2i_X509(NULL, &root, (long)root_len);
    ck_assert(certificate != NULL && issuer != NULL);
    ck_assert_int_eq(X509_verify(certificate, X509_get0_pubkey(issuer)), 1);
    X509_free(certificate);
    X509_free(issuer);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_synced) {
    begin(_i, &(authn_options){.with = AUTHN_SYNCED});
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    ck_assert_int_eq(fido_cred_flags(cred), 0x59);
    ck_assert_uint_eq(fido_cred_sigcount(cred), 0);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_unknown_credentials) {
    begin(_i, NULL);
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    fido_assert_t *assert = client_assert(NULL);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, NULL), FIDO_ERR_NO_CREDENTIALS);
    fido_assert_free(&assert);
    assert = client_assert(cred);
    fido_assert_set_rp(assert, "other.test");
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, NULL), FIDO_ERR_NO_CREDENTIALS);
    fido_assert_free(&assert);
    fido_cred_t *again = client_cred("u", false, 0);
    fido_cred_exclude(again, fido_cred_id_ptr(cred), fido_cred_id_len(cred));
    ck_assert_int_eq(fido_dev_make_cred(c.dev, again, NULL), FIDO_ERR_CREDENTIAL_EXCLUDED);
    fido_cred_free(&again);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* The newest comes first; names only for who is verified. */
static void check_all(fido_cred_t *const creds[3], const char *pin) {
    static const char *const users[] = {"a", "b", "c"};
    fido_assert_t *assert = client_assert(NULL);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, pin), FIDO_OK);
    ck_assert_uint_eq(fido_assert_count(assert), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(client_verify(creds[2 - i], assert, i, 0), FIDO_OK);
        ck_assert_uint_eq(fido_assert_user_id_len(assert, i), 1);
        ck_assert_mem_eq(fido_assert_user_id_ptr(assert, i), users[2 - i], 1);
        const char *name = fido_assert_user_name(assert, i);
        ck_assert(pin == NULL ? name == NULL : strcmp(name, users[2 - i]) == 0);
        ck_assert_int_eq(fido_assert_flags(assert, i), pin == NULL ? 0x01 : 0x05);
    }
    fido_assert_free(&assert);
}

START_TEST(test_discoverable) {
    begin(_i, &(authn_options){.max_credentials = 3});
    fido_cred_t *creds[] = {client_make(&c, "a", true, 0, NULL),
                            client_make(&c, "b", true, 0, NULL),
                            client_make(&c, "c", true, 0, NULL)};
    check_all(creds, NULL);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, PIN, NULL), FIDO_OK);
    check_all(creds, PIN);
    fido_cred_t *more = client_cred("d", true, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, more, PIN), FIDO_ERR_KEY_STORE_FULL);
    fido_cred_free(&more);
    more = client_make(&c, "b", true, 0, PIN); /* takes the place of the old one */
    ck_assert_uint_eq(authn_credential_count(c.device), 3);
    fido_cred_free(&more);
    for (size_t i = 0; i < 3; i++) {
        fido_cred_free(&creds[i]);
    }
    client_end(&c);
}
END_TEST

START_TEST(test_reset) {
    begin(_i, &(authn_options){.pin = PIN});
    fido_cred_t *stored = client_make(&c, "a", true, 0, PIN);
    fido_cred_t *wrapped = client_make(&c, "a", false, 0, PIN);
    ck_assert_int_eq(fido_dev_reset(c.dev), FIDO_OK);
    ck_assert_uint_eq(authn_credential_count(c.device), 0);
    fido_assert_t *assert = client_assert(wrapped);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, NULL), FIDO_ERR_NO_CREDENTIALS);
    fido_assert_free(&assert);
    client_reopen(&c, false);
    ck_assert(!fido_dev_has_pin(c.dev));
    fido_cred_free(&wrapped);
    fido_cred_free(&stored);
    client_end(&c);
}
END_TEST

START_TEST(test_reset_window) {
    begin(_i, &(authn_options){.reset_window_ms = 1});
    authn_set_touch(c.device, AUTHN_TOUCH_AFTER, 20);
    fido_cred_t *cred = client_make(&c, "u", true, 0, NULL);
    ck_assert_int_eq(fido_dev_reset(c.dev), FIDO_ERR_NOT_ALLOWED);
    ck_assert_uint_eq(authn_credential_count(c.device), 1);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("authenticator");
    TCase *tc = tcase_create("authenticator");
    tcase_add_loop_test(tc, test_info, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_features_off, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_make_and_get, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_pre_flight, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_x5c, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_synced, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_unknown_credentials, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_discoverable, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_reset, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tc, test_reset_window, 0, CLIENT_TRANSPORTS);
    suite_add_tcase(s, tc);
    return s;
}

int main(void) {
    return client_run(suite());
}
