/* Extensions, large blobs and the management of stored credentials. */
#include "client.h"

#include <string.h>

static client c;

/* ---- credBlob ---- */

static void check_blob(bool discoverable) {
    static const uint8_t blob[32] = "the digest of a policy, 32 bytes";
    fido_cred_t *cred = client_cred("u", discoverable, FIDO_EXT_CRED_BLOB);
    ck_assert_int_eq(fido_cred_set_blob(cred, blob, sizeof blob), FIDO_OK);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify_self(cred), FIDO_OK);
    fido_assert_t *assert = client_assert(cred);
    fido_assert_set_extensions(assert, FIDO_EXT_CRED_BLOB);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, PIN), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, FIDO_EXT_CRED_BLOB), FIDO_OK);
    ck_assert_uint_eq(fido_assert_blob_len(assert, 0), sizeof blob);
    ck_assert_mem_eq(fido_assert_blob_ptr(assert, 0), blob, sizeof blob);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
}

START_TEST(test_blob) {
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
    check_blob(true);
    check_blob(false);
    client_end(&c);
}
END_TEST

/* ---- credProtect ---- */

/* Is the credential there for an assertion by its id, or by its relying party? */
static bool is_there(const fido_cred_t *cred, bool by_id, const char *pin) {
    fido_assert_t *assert = client_assert(by_id ? cred : NULL);
    int result = fido_dev_get_assert(c.dev, assert, pin);
    ck_assert(result == FIDO_OK || result == FIDO_ERR_NO_CREDENTIALS);
    fido_assert_free(&assert);
    return result == FIDO_OK;
}

START_TEST(test_protect) {
    for (int level = 1; level <= 3; level++) {
        client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
        fido_cred_t *cred = client_cred("u", true, FIDO_EXT_CRED_PROTECT);
        ck_assert_int_eq(fido_cred_set_prot(cred, level), FIDO_OK);
        ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
        ck_assert_int_eq(fido_cred_verify_self(cred), FIDO_OK);
        ck_assert_int_eq(fido_cred_prot(cred), level);
        ck_assert(is_there(cred, true, NULL) == (level < 3));
        ck_assert(is_there(cred, false, NULL) == (level < 2));
        ck_assert(is_there(cred, true, PIN) && is_there(cred, false, PIN));
        fido_cred_free(&cred);
        client_end(&c);
    }
}
END_TEST

/* ---- hmac-secret ---- */

static void get_secret(const fido_cred_t *cred, const uint8_t *salt, size_t salt_len,
                       const char *pin, uint8_t out[64]) {
    fido_assert_t *assert = client_assert(cred);
    fido_assert_set_extensions(assert, FIDO_EXT_HMAC_SECRET);
    ck_assert_int_eq(fido_assert_set_hmac_salt(assert, salt, salt_len), FIDO_OK);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, pin), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, FIDO_EXT_HMAC_SECRET), FIDO_OK);
    ck_assert_uint_eq(fido_assert_hmac_secret_len(assert, 0), salt_len);
    memcpy(out, fido_assert_hmac_secret_ptr(assert, 0), salt_len);
    fido_assert_free(&assert);
}

static void check_secrets(bool discoverable) {
    uint8_t salts[64] = {1}, two[64], one[64], other[64];
    salts[32] = 2;
    fido_cred_t *cred = client_make(&c, "u", discoverable, FIDO_EXT_HMAC_SECRET, PIN);
    fido_cred_t *second = client_make(&c, "v", discoverable, FIDO_EXT_HMAC_SECRET, PIN);
    get_secret(cred, salts, 64, PIN, two);
    ck_assert_mem_ne(two, two + 32, 32);
    get_secret(cred, salts, 32, PIN, one);
    ck_assert_mem_eq(one, two, 32);
    get_secret(cred, salts + 32, 32, PIN, one);
    ck_assert_mem_eq(one, two + 32, 32);
    get_secret(cred, salts, 64, NULL, other);
    ck_assert_mem_ne(other, two, 32);
    get_secret(second, salts, 64, PIN, other);
    ck_assert_mem_ne(other, two, 32);
    client_reopen(&c, true);
    get_secret(cred, salts, 64, PIN, other);
    ck_assert_mem_eq(other, two, 64);
    fido_cred_free(&second);
    fido_cred_free(&cred);
}

START_TEST(test_hmac_secret) {
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
    check_secrets(true);
    check_secrets(false);
    client_end(&c);
}
END_TEST

START_TEST(test_min_pin_length) {
    client_begin_variant(&c, _i,
                         &(authn_options){.pin = PIN, .min_pin_length = 5, .min_pin_rp = RP});
    fido_cred_t *cred = client_cred("u", false, FIDO_EXT_MINPINLEN);
    ck_assert_int_eq(fido_cred_set_pin_minlen(cred, 5), FIDO_OK);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify_self(cred), FIDO_OK);
    ck_assert_uint_eq(fido_cred_pin_minlen(cred), 5);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* ---- Large blobs ---- */

START_TEST(test_large_blob) {
    static uint8_t text[3000];
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN, .max_large_blobs = 5000});
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * i >> 7 ^ i * 31); /* that does not compress to one fragment */
    }
    fido_cred_t *cred = client_make(&c, "u", true, FIDO_EXT_LARGEBLOB_KEY, PIN);
    const unsigned char *key = fido_cred_largeblob_key_ptr(cred);
    ck_assert_uint_eq(fido_cred_largeblob_key_len(cred), 32);
    fido_assert_t *assert = client_assert(cred);
    fido_assert_set_extensions(assert, FIDO_EXT_LARGEBLOB_KEY);
    ck_assert_int_eq(fido_dev_get_assert(c.dev, assert, PIN), FIDO_OK);
    ck_assert_uint_eq(fido_assert_largeblob_key_len(assert, 0), 32);
    ck_assert_mem_eq(fido_assert_largeblob_key_ptr(assert, 0), key, 32);

    unsigned char *got = NULL;
    size_t got_len = 0;
    ck_assert_int_eq(fido_dev_largeblob_get(c.dev, key, 32, &got, &got_len), FIDO_ERR_NOTFOUND);
    ck_assert_int_ne(fido_dev_largeblob_set(c.dev, key, 32, text, sizeof text, NULL), FIDO_OK);
    ck_assert_int_eq(fido_dev_largeblob_set(c.dev, key, 32, text, sizeof text, PIN), FIDO_OK);
    client_reopen(&c, true);
    ck_assert_int_eq(fido_dev_largeblob_get(c.dev, key, 32, &got, &got_len), FIDO_OK);
    ck_assert_uint_eq(got_len, sizeof text);
    ck_assert_mem_eq(got, text, sizeof text);
    free(got);
    ck_assert_int_eq(fido_dev_largeblob_remove(c.dev, key, 32, PIN), FIDO_OK);
    ck_assert_int_eq(fido_dev_largeblob_get(c.dev, key, 32, &got, &got_len), FIDO_ERR_NOTFOUND);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* ---- Credential management ---- */

static void check_counts(uint64_t existing, uint64_t remaining) {
    fido_credman_metadata_t *metadata = fido_credman_metadata_new();
    ck_assert_int_eq(fido_credman_get_dev_metadata(c.dev, metadata, PIN), FIDO_OK);
    ck_assert_uint_eq(fido_credman_rk_existing(metadata), existing);
    ck_assert_uint_eq(fido_credman_rk_remaining(metadata), remaining);
    fido_credman_metadata_free(&metadata);
}

static void check_rps(size_t count) {
    fido_credman_rp_t *rps = fido_credman_rp_new();
    ck_assert_int_eq(fido_credman_get_dev_rp(c.dev, rps, PIN),
                     count == 0 ? FIDO_ERR_NO_CREDENTIALS : FIDO_OK);
    ck_assert_uint_eq(fido_credman_rp_count(rps), count);
    if (count > 0) {
        ck_assert_str_eq(fido_credman_rp_id(rps, 0), RP);
        ck_assert_str_eq(fido_credman_rp_name(rps, 0), "Valetkey");
    }
    fido_credman_rp_free(&rps);
}

/* made: what is stored of RP, in the order in which it was made. */
static void check_rks(fido_cred_t *const *made, size_t count, const char *first_user) {
    fido_credman_rk_t *rks = fido_credman_rk_new();
    ck_assert_int_eq(fido_credman_get_dev_rk(c.dev, RP, rks, PIN), FIDO_OK);
    ck_assert_uint_eq(fido_credman_rk_count(rks), count);
    for (size_t i = 0; i < count; i++) {
        const fido_cred_t *cred = fido_credman_rk(rks, i);
        ck_assert_uint_eq(fido_cred_id_len(cred), fido_cred_id_len(made[i]));
        ck_assert_mem_eq(fido_cred_id_ptr(cred), fido_cred_id_ptr(made[i]), fido_cred_id_len(cred));
        ck_assert_mem_eq(fido_cred_pubkey_ptr(cred), fido_cred_pubkey_ptr(made[i]), 64);
        ck_assert_int_eq(fido_cred_prot(cred), FIDO_CRED_PROT_UV_OPTIONAL);
    }
    if (count > 0) {
        ck_assert_str_eq(fido_cred_user_name(fido_credman_rk(rks, 0)), first_user);
    }
    fido_credman_rk_free(&rks);
}

static fido_cred_t *make_elsewhere(void) {
    fido_cred_t *cred = fido_cred_new();
    uint8_t hash32[32] = {0};
    fido_cred_set_type(cred, COSE_ES256);
    fido_cred_set_clientdata_hash(cred, hash32, 32);
    fido_cred_set_rp(cred, "other.test", NULL);
    fido_cred_set_user(cred, hash32, 1, "u", NULL, NULL);
    fido_cred_set_rk(cred, FIDO_OPT_TRUE);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    return cred;
}

START_TEST(test_management) {
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
    check_counts(0, 25);
    check_rps(0);
    fido_cred_t *made[] = {client_make(&c, "a", true, 0, PIN), client_make(&c, "b", true, 0, PIN),
                           make_elsewhere()};
    check_counts(3, 22);
    check_rps(2);
    check_rks(made, 2, "a");
    fido_cred_t *update = fido_cred_new();
    fido_cred_set_id(update, fido_cred_id_ptr(made[0]), fido_cred_id_len(made[0]));
    fido_cred_set_user(update, (const unsigned char *)"a", 1, "renamed", "Renamed", NULL);
    ck_assert_int_eq(fido_credman_set_dev_rk(c.dev, update, PIN), FIDO_OK);
    fido_cred_free(&update);
    check_rks(made, 2, "renamed");
    const unsigned char *id = fido_cred_id_ptr(made[0]);
    size_t id_len = fido_cred_id_len(made[0]);
    ck_assert_int_eq(fido_credman_del_dev_rk(c.dev, id, id_len, "wrong"), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(fido_credman_del_dev_rk(c.dev, id, id_len, PIN), FIDO_OK);
    ck_assert_int_eq(fido_credman_del_dev_rk(c.dev, id, id_len, PIN), FIDO_ERR_NO_CREDENTIALS);
    check_counts(2, 23);
    check_rks(made + 1, 1, "b");
    for (size_t i = 0; i < 3; i++) {
        fido_cred_free(&made[i]);
    }
    client_end(&c);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("authenticator_extensions");
    TCase *tc = tcase_create("extensions");
    tcase_add_loop_test(tc, test_blob, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_protect, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_hmac_secret, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_min_pin_length, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_large_blob, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_management, 0, CLIENT_VARIANTS);
    suite_add_tcase(s, tc);
    return s;
}

int main(void) {
    return client_run(suite());
}
