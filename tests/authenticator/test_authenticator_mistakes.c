/* Each thing that the authenticator can be told to do wrong is seen to be wrong, and that alone. */
#include "client.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <string.h>

static client c;

static void begin(int transport) {
    client_begin(&c, transport, &(authn_options){.pin = PIN});
}

static int get(const fido_cred_t *cred, fido_assert_t **assert, int extensions) {
    *assert = client_assert(cred);
    ck_assert_int_eq(fido_assert_set_extensions(*assert, extensions), FIDO_OK);
    return fido_dev_get_assert(c.dev, *assert, PIN);
}

/* ---- Authenticator data ---- */

static uint32_t next_count(const fido_cred_t *cred) {
    fido_assert_t *assert;
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
    uint32_t count = fido_assert_sigcount(assert, 0);
    fido_assert_free(&assert);
    return count;
}

START_TEST(test_counter) {
    begin(_i);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    uint32_t first = next_count(cred);
    authn_misbehave(c.device, AUTHN_COUNTER_STAYS);
    ck_assert_uint_eq(next_count(cred), first);
    authn_misbehave(c.device, AUTHN_COUNTER_BACK);
    ck_assert_uint_eq(next_count(cred), first - 1);
    ck_assert_uint_eq(next_count(cred), first - 2);
    authn_misbehave(c.device, 0);
    ck_assert_uint_eq(next_count(cred), first - 1);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_rp_id) {
    fido_assert_t *assert;
    begin(_i);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    authn_misbehave(c.device, AUTHN_WRONG_RP_ID);
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_ERR_INVALID_PARAM);
    fido_assert_free(&assert);
    fido_cred_t *other = client_cred("u", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, other, PIN), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify_self(other), FIDO_ERR_INVALID_PARAM);
    fido_cred_free(&other);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* libfido2 looks at the two flags only if it is told to. */
static void check_flags(uint32_t mistakes, int expected, int verified) {
    fido_assert_t *assert;
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    authn_misbehave(c.device, mistakes);
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_int_eq(fido_assert_flags(assert, 0), expected);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
    ck_assert_int_eq(fido_assert_set_up(assert, FIDO_OPT_TRUE), FIDO_OK);
    ck_assert_int_eq(fido_assert_set_uv(assert, FIDO_OPT_TRUE), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), verified);
    fido_assert_free(&assert);
    authn_misbehave(c.device, 0);
    fido_cred_free(&cred);
}

START_TEST(test_flags) {
    begin(_i);
    check_flags(0, 0x05, FIDO_OK);
    check_flags(AUTHN_NO_UP, 0x04, FIDO_ERR_INVALID_PARAM);
    check_flags(AUTHN_NO_UV, 0x01, FIDO_ERR_INVALID_PARAM);
    check_flags(AUTHN_NO_UP | AUTHN_NO_UV, 0, FIDO_ERR_INVALID_PARAM);
    check_flags(AUTHN_BS_WITHOUT_BE, 0x15, FIDO_OK); /* at those it does not look */
    client_end(&c);
}
END_TEST

START_TEST(test_blob) {
    static const uint8_t blob[32] = {1, 2, 3}, flipped[32] = {0, 2, 3};
    fido_assert_t *assert;
    begin(_i);
    fido_cred_t *cred = client_cred("u", true, FIDO_EXT_CRED_BLOB);
    fido_cred_set_blob(cred, blob, sizeof blob);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    authn_misbehave(c.device, AUTHN_WRONG_BLOB);
    ck_assert_int_eq(get(cred, &assert, FIDO_EXT_CRED_BLOB), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, FIDO_EXT_CRED_BLOB), FIDO_OK);
    ck_assert_uint_eq(fido_assert_blob_len(assert, 0), 32);
    ck_assert_mem_eq(fido_assert_blob_ptr(assert, 0), flipped, 32);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* ---- Keys and signatures ---- */

START_TEST(test_off_curve) {
    begin(_i);
    authn_misbehave(c.device, AUTHN_OFF_CURVE);
    fido_cred_t *cred = client_cred("u", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    ck_assert_int_ne(fido_cred_verify_self(cred), FIDO_OK);
    es256_pk_t *key = es256_pk_new();
    ck_assert_int_ne(es256_pk_from_ptr(key, fido_cred_pubkey_ptr(cred), 64), FIDO_OK);
    es256_pk_free(&key);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

static bool is_high(const uint8_t *der, size_t len) {
    BIGNUM *half = NULL;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
    ck_assert_ptr_nonnull(signature);
    BN_hex2bn(&half, "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8");
    bool high = BN_cmp(ECDSA_SIG_get0_s(signature), half) > 0;
    BN_free(half);
    ECDSA_SIG_free(signature);
    return high;
}

START_TEST(test_high_s) {
    fido_assert_t *assert;
    begin(_i);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    authn_misbehave(c.device, AUTHN_HIGH_S);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
        ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
        ck_assert(is_high(fido_assert_sig_ptr(assert, 0), fido_assert_sig_len(assert, 0)));
        fido_assert_free(&assert);
    }
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_wrong_key) {
    fido_assert_t *assert;
    begin(_i);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    authn_misbehave(c.device, AUTHN_WRONG_KEY);
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_ERR_INVALID_SIG);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_bad_attestation) {
    begin(_i);
    authn_misbehave(c.device, AUTHN_BAD_ATTESTATION);
    fido_cred_t *cred = client_cred("u", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, PIN), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify_self(cred), FIDO_ERR_INVALID_SIG);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_wrong_id) {
    fido_assert_t *assert;
    begin(_i);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    authn_misbehave(c.device, AUTHN_WRONG_ID);
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_uint_eq(fido_assert_id_len(assert, 0), fido_cred_id_len(cred));
    ck_assert_mem_ne(fido_assert_id_ptr(assert, 0), fido_cred_id_ptr(cred), fido_cred_id_len(cred));
    fido_assert_free(&assert);
    fido_cred_t *other = client_cred("v", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, other, PIN), FIDO_OK);
    authn_misbehave(c.device, 0);
    ck_assert_int_eq(get(other, &assert, 0), FIDO_ERR_NO_CREDENTIALS);
    fido_assert_free(&assert);
    fido_cred_free(&other);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* ---- Replies ---- */

static const struct {
    uint32_t mistake;
    int expected; /* 1000: anything but success */
} replies[] = {
    {AUTHN_GARBAGE, 1000},     {AUTHN_TRUNCATED, 1000}, {AUTHN_INDEFINITE, 1000},
    {AUTHN_LONG_REPLY, 1000},  {AUTHN_UNPLUG, 1000},    {AUTHN_STALL, FIDO_ERR_RX},
    {AUTHN_WRONG_ERROR, 0xe7},
};
#define REPLIES ((int)(sizeof replies / sizeof replies[0]))

static void check_result(int result, int expected) {
    if (expected == 1000) {
        ck_assert_int_ne(result, FIDO_OK);
    } else {
        ck_assert_int_eq(result, expected);
    }
}

/* The connection after it is of no use, for some; a new one is. */
static void recover(void) {
    authn_misbehave(c.device, 0);
    client_close(&c.dev);
    ck_assert(authn_plug(c.device));
    c.dev = client_open(&c);
}

START_TEST(test_replies) {
    fido_assert_t *assert;
    begin(_i / REPLIES);
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    uint32_t mistake = replies[_i % REPLIES].mistake;
    authn_misbehave(c.device, mistake);
    ck_assert_int_eq(fido_dev_set_timeout(c.dev, mistake == AUTHN_STALL ? 200 : 60000), FIDO_OK);
    check_result(get(cred, &assert, 0), replies[_i % REPLIES].expected);
    fido_assert_free(&assert);
    recover();
    authn_misbehave(c.device, mistake);
    ck_assert_int_eq(fido_dev_set_timeout(c.dev, mistake == AUTHN_STALL ? 200 : 60000), FIDO_OK);
    fido_cred_t *other = client_cred("v", false, 0);
    check_result(fido_dev_make_cred(c.dev, other, PIN), replies[_i % REPLIES].expected);
    fido_cred_free(&other);
    recover();
    ck_assert_int_eq(get(cred, &assert, 0), FIDO_OK);
    ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
    fido_assert_free(&assert);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* Not even getInfo is answered as it should be. */
START_TEST(test_everywhere) {
    fido_dev_t *dev;
    begin(_i);
    authn_misbehave(c.device, AUTHN_GARBAGE | AUTHN_EVERYWHERE);
    ck_assert_int_ne(client_try_open(&c, &dev), FIDO_OK);
    fido_dev_free(&dev);
    authn_misbehave(c.device, AUTHN_GARBAGE);
    dev = client_open(&c);
    client_close(&dev);
    client_end(&c);
}
END_TEST

START_TEST(test_names) {
    ck_assert_uint_eq(authn_mistake_named("wrong-rp-id,x", 11), AUTHN_WRONG_RP_ID);
    ck_assert_uint_eq(authn_mistake_named("wrong", 5), 0);
    ck_assert_uint_eq(authn_feature_named("credBlob", 8), AUTHN_CRED_BLOB);
    ck_assert_uint_eq(authn_feature_named("", 0), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("authenticator_mistakes");
    TCase *tests = tcase_create("mistakes");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, test_counter, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_rp_id, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_flags, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_blob, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_off_curve, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_high_s, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_wrong_key, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_bad_attestation, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_wrong_id, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_replies, 0, CLIENT_TRANSPORTS * REPLIES);
    tcase_add_loop_test(tests, test_everywhere, 0, CLIENT_TRANSPORTS);
    tcase_add_test(tests, test_names);
    suite_add_tcase(suite, tests);
    return client_run(suite);
}
