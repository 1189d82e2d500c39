/* PINs, tokens and built-in user verification, with each PIN protocol. */
#include "client.h"

static client c;

static int retries(void) {
    int count = -1;
    ck_assert_int_eq(fido_dev_get_retry_count(c.dev, &count), FIDO_OK);
    ck_assert_int_eq(count, authn_pin_retries(c.device));
    return count;
}

/* What an assertion with that PIN gives; *flags unless it fails. */
static int get(const fido_cred_t *cred, const char *pin, int *flags) {
    fido_assert_t *assert = client_assert(cred);
    int result = fido_dev_get_assert(c.dev, assert, pin);
    if (result == FIDO_OK) {
        ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
        *flags = fido_assert_flags(assert, 0);
    }
    fido_assert_free(&assert);
    return result;
}

START_TEST(test_set_and_change) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){0});
    ck_assert(!fido_dev_has_pin(c.dev));
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_ERR_PIN_NOT_SET);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, "123", NULL), FIDO_ERR_PIN_POLICY_VIOLATION);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, PIN, NULL), FIDO_OK);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, PIN, NULL), FIDO_ERR_PIN_AUTH_INVALID);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_OK);
    ck_assert_int_eq(flags, 0x05);
    ck_assert_int_eq(get(cred, NULL, &flags), FIDO_OK);
    ck_assert_int_eq(flags, 0x01);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, "\xc3\xa9t\xc3\xa9s", PIN), FIDO_OK);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(get(cred, "\xc3\xa9t\xc3\xa9s", &flags), FIDO_OK);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, "12\xc3\xa9", "\xc3\xa9t\xc3\xa9s"),
                     FIDO_ERR_PIN_POLICY_VIOLATION);
    client_reopen(&c, true);
    ck_assert(fido_dev_has_pin(c.dev));
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_wrong_pins) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    ck_assert_int_eq(retries(), 8);
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_OK);
    ck_assert_int_eq(retries(), 8);
    /* Three in a row: not even the right one is taken before a power cycle. */
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_AUTH_BLOCKED);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_ERR_PIN_AUTH_BLOCKED);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, "other", PIN), FIDO_ERR_PIN_AUTH_BLOCKED);
    ck_assert_int_eq(retries(), 5);
    client_reopen(&c, false);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_ERR_PIN_AUTH_BLOCKED);
    client_reopen(&c, true);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_OK);
    ck_assert_int_eq(retries(), 8);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_hard_lock) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN});
    fido_cred_t *cred = client_make(&c, "u", false, 0, PIN);
    for (int left = 7; left >= 0; left--) {
        if (left % 2 == 1) {
            client_reopen(&c, true);
        }
        ck_assert_int_eq(get(cred, "wrong", &flags),
                         left == 0 ? FIDO_ERR_PIN_BLOCKED : FIDO_ERR_PIN_INVALID);
        ck_assert_int_eq(retries(), left);
    }
    client_reopen(&c, true);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_ERR_PIN_BLOCKED);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, "other", PIN), FIDO_ERR_PIN_BLOCKED);
    ck_assert_int_eq(get(cred, NULL, &flags), FIDO_OK); /* a touch is still good */
    ck_assert_int_eq(fido_dev_reset(c.dev), FIDO_OK);
    ck_assert_int_eq(retries(), 8);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* Which credentials can be made without the PIN that is set. */
static void check_unverified(int variant, authn_options options, bool discoverable, int expected) {
    client_begin_variant(&c, variant, &options);
    fido_cred_t *cred = client_cred("u", discoverable, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, NULL), expected);
    fido_cred_free(&cred);
    cred = client_make(&c, "u", discoverable, 0, PIN);
    ck_assert_int_eq(fido_cred_flags(cred), 0x45);
    fido_cred_free(&cred);
    client_end(&c);
}

START_TEST(test_unverified) {
    authn_options options = {.pin = PIN};
    check_unverified(_i, options, true, FIDO_ERR_PIN_REQUIRED);
    check_unverified(_i, options, false, FIDO_OK);
    options.without = AUTHN_MAKE_CRED_UV_NOT_RQD;
    check_unverified(_i, options, false, FIDO_ERR_PIN_REQUIRED);
}
END_TEST

START_TEST(test_always_uv) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){.with = AUTHN_ALWAYS_UV});
    fido_cred_t *cred = client_cred("u", false, 0);
    ck_assert_int_eq(fido_dev_make_cred(c.dev, cred, NULL), FIDO_ERR_PIN_REQUIRED);
    fido_cred_free(&cred);
    ck_assert_int_eq(fido_dev_set_pin(c.dev, PIN, NULL), FIDO_OK);
    cred = client_make(&c, "u", false, 0, PIN);
    ck_assert_int_eq(get(cred, NULL, &flags), FIDO_ERR_PIN_REQUIRED);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_OK);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* Tokens of CTAP 2.0 permit everything, for any relying party. */
START_TEST(test_old_tokens) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){.pin = PIN, .without = AUTHN_PERMISSIONS});
    ck_assert(!fido_dev_supports_permissions(c.dev));
    fido_cred_t *cred = client_make(&c, "u", true, 0, PIN);
    ck_assert_int_eq(get(cred, PIN, &flags), FIDO_OK);
    ck_assert_int_eq(flags, 0x05);
    ck_assert_int_eq(get(cred, "wrong", &flags), FIDO_ERR_PIN_INVALID);
    ck_assert_int_eq(
        fido_credman_del_dev_rk(c.dev, fido_cred_id_ptr(cred), fido_cred_id_len(cred), PIN),
        FIDO_OK);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

/* ---- Built-in user verification ---- */

static int get_uv(const fido_cred_t *cred, int *flags) {
    fido_assert_t *assert = client_assert(cred);
    ck_assert_int_eq(fido_assert_set_uv(assert, FIDO_OPT_TRUE), FIDO_OK);
    int result = fido_dev_get_assert(c.dev, assert, NULL);
    if (result == FIDO_OK) {
        ck_assert_int_eq(client_verify(cred, assert, 0, 0), FIDO_OK);
        *flags = fido_assert_flags(assert, 0);
    }
    fido_assert_free(&assert);
    return result;
}

START_TEST(test_built_in) {
    int flags, left;
    client_begin_variant(&c, _i, &(authn_options){.uv = AUTHN_UV_SUCCEEDS});
    ck_assert(fido_dev_has_uv(c.dev));
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    ck_assert_int_eq(get_uv(cred, &flags), FIDO_OK);
    ck_assert_int_eq(flags, 0x05);
    authn_set_uv(c.device, AUTHN_UV_FAILS);
    for (int i = 2; i >= 0; i--) {
        ck_assert_int_ne(get_uv(cred, &flags), FIDO_OK);
        ck_assert_int_eq(fido_dev_get_uv_retry_count(c.dev, &left), FIDO_OK);
        ck_assert_int_eq(left, i);
    }
    authn_set_uv(c.device, AUTHN_UV_SUCCEEDS);
    ck_assert_int_eq(get_uv(cred, &flags), FIDO_ERR_UV_BLOCKED);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

START_TEST(test_no_built_in) {
    int flags;
    client_begin_variant(&c, _i, &(authn_options){0});
    fido_cred_t *cred = client_make(&c, "u", false, 0, NULL);
    ck_assert_int_ne(get_uv(cred, &flags), FIDO_OK);
    fido_cred_free(&cred);
    client_end(&c);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("authenticator_pin");
    TCase *tc = tcase_create("pin");
    tcase_add_loop_test(tc, test_set_and_change, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_wrong_pins, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_hard_lock, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_unverified, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_always_uv, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_old_tokens, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_built_in, 0, CLIENT_VARIANTS);
    tcase_add_loop_test(tc, test_no_built_in, 0, CLIENT_VARIANTS);
    suite_add_tcase(s, tc);
    return s;
}

int main(void) {
    return client_run(suite());
}
