/* The PIN of an authenticator, built-in user verification, touches, resets: the table of what goes
 * wrong with them, and what is said of it. */
#include "keys/support.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/eth.h>

static fixture f;

#define WRONG "the PIN of the security key is wrong"
#define REPLUG                                                                                     \
    "after three wrong PINs in a row the security key wants to be unplugged and plugged in again"
#define LOCKED "the PIN of the security key is locked: only a reset, which wipes it, helps"
#define NOT_SET "the security key has no PIN: set one first (C_SetPIN with an empty old one)"
#define WANTED "the security key wants its PIN"
#define LENGTH "the PIN of a security key has 4 to 63 bytes"
#define UNTOUCHED "the security key was not touched in time"
#define CANCELLED "the touch was cancelled"
#define GONE "the security key is gone"

static vk_status set_pin(const char *from, const char *to, vk_error *err) {
    *err = (vk_error){0};
    return vk_fido2_set_pin(f.fido2, (const uint8_t *)from, strlen(from), (const uint8_t *)to,
                            strlen(to), err);
}

static void replug(void) {
    authn_unplug(f.device);
    ck_assert(authn_plug(f.device));
}

static unsigned tries_left(void) {
    vk_fido2_info info;
    ck_assert_int_eq(vk_fido2_get_info(f.fido2, &info, NULL), VK_OK);
    return info.pin_tries;
}

static vk_status make_usual(vk_error *err) {
    vk_fido2_made made;
    vk_fido2_wish wish = usual_wish();
    vk_status status = vk_fido2_make(f.fido2, &wish, &made, err);
    vk_fido2_made_clear(&made);
    return status;
}

/* ---- Wrong PINs ---- */

START_TEST(test_wrong) {
    vk_error err;
    begin(&f, &(authn_options){.pin = PIN}, TOUCH_SECONDS);
    check_failure(make_usual(&err), &err, VK_ERR_NOT_LOGGED_IN, WANTED);
    check_failure(try_pin(&f, "0000", &err), &err, VK_ERR_PIN_INCORRECT, WRONG);
    ck_assert_uint_eq(tries_left(), 7);
    check_failure(try_pin(&f, "0000", &err), &err, VK_ERR_PIN_INCORRECT, WRONG);
    log_in(&f, PIN);
    ck_assert_uint_eq(tries_left(), 8);
    ck_assert_int_eq(make_usual(&err), VK_OK);
    vk_fido2_log_out(f.fido2);
    check_failure(make_usual(&err), &err, VK_ERR_NOT_LOGGED_IN, WANTED);
    end(&f);
}
END_TEST

START_TEST(test_locked) {
    vk_error err;
    unsigned left = 8;
    begin(&f, &(authn_options){.pin = PIN}, TOUCH_SECONDS);
    while (left > 0) {
        for (int i = 0; i < 3 && left > 0; i++) {
            vk_status status = try_pin(&f, "0000", &err);
            left--;
            if (left == 0) {
                check_failure(status, &err, VK_ERR_PIN_LOCKED, LOCKED);
            } else if (i == 2) {
                check_failure(status, &err, VK_ERR_PIN_LOCKED, REPLUG);
            } else {
                check_failure(status, &err, VK_ERR_PIN_INCORRECT, WRONG);
            }
            ck_assert_uint_eq(tries_left(), left);
        }
        if (left > 0) {
            check_failure(try_pin(&f, PIN, &err), &err, VK_ERR_PIN_LOCKED, REPLUG);
            ck_assert_uint_eq(tries_left(), left);
            replug();
        }
    }
    replug();
    check_failure(try_pin(&f, PIN, &err), &err, VK_ERR_PIN_LOCKED, LOCKED);
    check_failure(set_pin(PIN, "2468", &err), &err, VK_ERR_PIN_LOCKED, LOCKED);
    end(&f);
}
END_TEST

/* Such a PIN is no try. */
START_TEST(test_no_pin_at_all) {
    static const uint8_t with_nul[] = {'1', '2', '\0', '4'};
    char endless[65] = {0};
    vk_error err;
    memset(endless, '1', 64);
    begin(&f, &(authn_options){.pin = PIN}, TOUCH_SECONDS);
    check_failure(try_pin(&f, "", &err), &err, VK_ERR_PIN_INCORRECT, LENGTH);
    check_failure(try_pin(&f, "123", &err), &err, VK_ERR_PIN_INCORRECT, LENGTH);
    check_failure(try_pin(&f, endless, &err), &err, VK_ERR_PIN_INCORRECT, LENGTH);
    check_failure(vk_fido2_log_in(f.fido2, with_nul, sizeof with_nul, &err), &err,
                  VK_ERR_PIN_INCORRECT, LENGTH);
    ck_assert_uint_eq(tries_left(), 8);
    end(&f);
}
END_TEST

START_TEST(test_check) {
    vk_error err = {0};
    begin(&f, &(authn_options){.pin = PIN}, TOUCH_SECONDS);
    ck_assert_int_eq(vk_fido2_check_pin(f.fido2, (const uint8_t *)PIN, strlen(PIN), &err), VK_OK);
    check_failure(make_usual(&err), &err, VK_ERR_NOT_LOGGED_IN, WANTED);
    log_in(&f, PIN);
    check_failure(vk_fido2_check_pin(f.fido2, (const uint8_t *)"0000", 4, &err), &err,
                  VK_ERR_PIN_INCORRECT, WRONG);
    ck_assert_int_eq(make_usual(&err), VK_OK); /* and is logged in as before */
    end(&f);
}
END_TEST

/* Another program changed it: one try is spent on the old one, not one for each operation. */
START_TEST(test_changed_elsewhere) {
    vk_error err = {0};
    vk_fido2 *other;
    begin_logged_in(&f, NULL);
    ck_assert_int_eq(vk_fido2_new(f.place, TOUCH_SECONDS, &other), VK_OK);
    ck_assert_int_eq(vk_fido2_set_pin(other, (const uint8_t *)PIN, strlen(PIN),
                                      (const uint8_t *)"2468", 4, NULL),
                     VK_OK);
    vk_fido2_free(other);
    check_failure(make_usual(&err), &err, VK_ERR_PIN_INCORRECT, WRONG);
    check_failure(make_usual(&err), &err, VK_ERR_NOT_LOGGED_IN, WANTED);
    ck_assert_uint_eq(tries_left(), 7);
    log_in(&f, "2468");
    ck_assert_int_eq(make_usual(&err), VK_OK);
    end(&f);
}
END_TEST

/* ---- Setting it ---- */

START_TEST(test_first) {
    vk_error err;
    begin(&f, NULL, TOUCH_SECONDS);
    check_failure(try_pin(&f, PIN, &err), &err, VK_ERR_PIN_NOT_SET, NOT_SET);
    check_failure(make_usual(&err), &err, VK_ERR_PIN_NOT_SET, NOT_SET);
    ck_assert_int_eq(set_pin("", PIN, &err), VK_OK);
    check_failure(set_pin("", "2468", &err), &err, VK_ERR_NOT_LOGGED_IN, WANTED);
    log_in(&f, PIN);
    ck_assert_int_eq(make_usual(&err), VK_OK);
    end(&f);
    begin(&f, &(authn_options){.without = AUTHN_CLIENT_PIN}, TOUCH_SECONDS);
    check_failure(set_pin("", PIN, &err), &err, VK_ERR_UNSUPPORTED,
                  "the security key cannot do this");
    end(&f);
}
END_TEST

START_TEST(test_change) {
    char longest[64] = {0};
    vk_error err;
    memset(longest, '7', 63);
    begin_logged_in(&f, NULL);
    check_failure(set_pin("0000", "2468", &err), &err, VK_ERR_PIN_INCORRECT, WRONG);
    ck_assert_int_eq(make_usual(&err), VK_OK); /* still logged in */
    ck_assert_int_eq(set_pin(PIN, longest, &err), VK_OK);
    ck_assert_int_eq(make_usual(&err), VK_OK); /* with the new one */
    vk_fido2_log_out(f.fido2);
    check_failure(try_pin(&f, PIN, &err), &err, VK_ERR_PIN_INCORRECT, WRONG);
    log_in(&f, longest);
    ck_assert_int_eq(set_pin(longest, "2468", &err), VK_OK);
    ck_assert_int_eq(make_usual(&err), VK_OK);
    end(&f);
}
END_TEST

START_TEST(test_policy) {
    char endless[65] = {0};
    vk_error err;
    memset(endless, '7', 64);
    begin(&f, &(authn_options){.pin = "123456", .min_pin_length = 6}, TOUCH_SECONDS);
    check_failure(set_pin("123456", "12345", &err), &err, VK_ERR_PIN_LENGTH,
                  "the security key does not take such a PIN: it is too short, or too common");
    /* Characters count, not bytes. */
    check_failure(set_pin("123456", "\xc3\xa4\xc3\xb6\xc3\xbc", &err), &err, VK_ERR_PIN_LENGTH,
                  "the security key does not take such a PIN: it is too short, or too common");
    check_failure(set_pin("123456", "123", &err), &err, VK_ERR_PIN_LENGTH, LENGTH);
    check_failure(set_pin("123456", endless, &err), &err, VK_ERR_PIN_LENGTH, LENGTH);
    check_failure(set_pin("123", "654321", &err), &err, VK_ERR_PIN_INCORRECT, LENGTH);
    ck_assert_uint_eq(tries_left(), 8);
    log_in(&f, "123456");
    end(&f);
}
END_TEST

/* ---- Built-in user verification ---- */

START_TEST(test_uv_fails) {
    vk_error err;
    begin(&f, &(authn_options){.uv = AUTHN_UV_FAILS}, TOUCH_SECONDS);
    vk_status status = make_usual(&err);
    check_failure(status, &err, VK_ERR_PIN_INCORRECT,
                  "the built-in verification of the security key did not recognise the user");
    for (int i = 0; i < 8; i++) {
        status = make_usual(&err);
    }
    check_failure(status, &err, VK_ERR_PIN_LOCKED,
                  "the built-in verification of the security key is locked: use its PIN");
    end(&f);
}
END_TEST

/* ---- Touches ---- */

START_TEST(test_declined) {
    vk_error err;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_DENIED, 0);
    check_failure(ask(&f, &made, &answer, &err), &err, VK_DENIED,
                  "it was declined on the security key");
    ck_assert_str_eq(err.path, "touch");
    check_failure(make_usual(&err), &err, VK_DENIED, "it was declined on the security key");
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* It gives up, or this side does; then the next touch is not taken for this one's. */
START_TEST(test_not_in_time) {
    vk_error err;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin(&f, &(authn_options){.pin = PIN, .touch_timeout_ms = _i == 0 ? 300 : 0},
          _i == 0 ? TOUCH_SECONDS : 1);
    log_in(&f, PIN);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    int64_t before = clock_ms();
    check_failure(ask(&f, &made, &answer, &err), &err, VK_ERR_CANCELED, UNTOUCHED);
    ck_assert_int_lt(clock_ms() - before, 10000);
    for (int i = 0; i < 250 && authn_wait_for_touch(f.device, 0); i++) {
        usleep(20000); /* until it has heard of it */
    }
    ck_assert(!authn_touch(f.device, 100));
    authn_set_touch(f.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_late_touch) {
    vk_error err;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_AFTER, 700);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_cancel) {
    call c;
    vk_error err;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    vk_fido2_cancel(f.fido2); /* nothing: the next one is not meant */
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    call_begin(&c, &f, &made);
    ck_assert(authn_wait_for_touch(f.device, 5000));
    vk_fido2_cancel(f.fido2);
    check_failure(call_end(&c), &c.err, VK_ERR_CANCELED, CANCELLED);
    authn_set_touch(f.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* Whenever it comes, once the operation has begun, the touch is not waited for. */
START_TEST(test_cancel_early) {
    call c;
    vk_fido2_made made;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    for (int us = 0; us < 6000; us += 150) {
        int64_t before = clock_ms();
        call_begin(&c, &f, &made);
        usleep((unsigned)us);
        do { /* until it had begun */
            vk_fido2_cancel(f.fido2);
        } while (!authn_wait_for_touch(f.device, 0) && clock_ms() - before < 20);
        vk_fido2_cancel(f.fido2);
        check_failure(call_end(&c), &c.err, VK_ERR_CANCELED, CANCELLED);
        ck_assert_int_lt(clock_ms() - before, 5000);
    }
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* Others wait for their turn, and a cancel is for who has it. */
START_TEST(test_turns) {
    call first, second;
    vk_fido2_made made;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    call_begin(&first, &f, &made);
    ck_assert(authn_wait_for_touch(f.device, 5000));
    call_begin(&second, &f, &made);
    usleep(100000);
    vk_fido2_cancel(f.fido2);
    check_failure(call_end(&first), &first.err, VK_ERR_CANCELED, CANCELLED);
    ck_assert(authn_touch(f.device, 5000));
    ck_assert_int_eq(call_end(&second), VK_OK);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* ---- Going, and being busy ---- */

START_TEST(test_unplugged) {
    call c;
    vk_error err = {0};
    vk_fido2_info info;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    call_begin(&c, &f, &made);
    ck_assert(authn_wait_for_touch(f.device, 5000));
    authn_unplug(f.device);
    check_failure(call_end(&c), &c.err, VK_ERR_REMOVED, GONE);
    check_failure(vk_fido2_get_info(f.fido2, &info, &err), &err, VK_ERR_REMOVED, GONE);
    check_failure(try_pin(&f, PIN, &err), &err, VK_ERR_REMOVED, GONE);
    ck_assert(authn_plug(f.device));
    authn_set_touch(f.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* Another program waits for a touch: that is said soon, and is over when the other is. */
START_TEST(test_busy) {
    call c;
    vk_error err = {0};
    vk_fido2 *other;
    vk_fido2_info info;
    vk_fido2_made made;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    ck_assert_int_eq(vk_fido2_new(f.place, TOUCH_SECONDS, &other), VK_OK);
    authn_set_touch(f.device, AUTHN_TOUCH_NEVER, 0);
    call_begin(&c, &f, &made);
    ck_assert(authn_wait_for_touch(f.device, 5000));
    int64_t before = clock_ms();
    check_failure(vk_fido2_get_info(other, &info, &err), &err, VK_ERR_BUSY,
                  "the security key does not answer as it should: another program may be using it");
    ck_assert_int_lt(clock_ms() - before, 5000);
    authn_set_touch(f.device, AUTHN_TOUCH_AFTER, 500); /* it is waited for a little */
    err = (vk_error){0};
    ck_assert_int_eq(vk_fido2_get_info(other, &info, &err), VK_OK);
    ck_assert_str_eq(err.message, "");
    ck_assert_int_eq(call_end(&c), VK_OK);
    vk_fido2_free(other);
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

/* ---- No such credential; resets ---- */

START_TEST(test_reset) {
    vk_error err;
    vk_fido2_made made;
    vk_fido2_answer answer;
    vk_fido2_wish wish = usual_wish();
    begin_logged_in(&f, NULL);
    make(&f, &wish, &made);
    authn_set_touch(f.device, AUTHN_TOUCH_DENIED, 0);
    check_failure(vk_fido2_reset(f.fido2, &err), &err, VK_DENIED,
                  "it was declined on the security key");
    authn_set_touch(f.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(ask(&f, &made, &answer, &err), VK_OK);
    ck_assert_int_eq(vk_fido2_reset(f.fido2, &err), VK_OK);
    check_failure(ask(&f, &made, &answer, &err), &err, VK_ERR_PIN_NOT_SET, NOT_SET);
    ck_assert_int_eq(set_pin("", "2468", &err), VK_OK);
    log_in(&f, "2468");
    check_failure(ask(&f, &made, &answer, &err), &err, VK_ERR_NOT_FOUND,
                  "the credential is not on this security key: it is another one, or was reset");
    vk_fido2_made_clear(&made);
    end(&f);
}
END_TEST

START_TEST(test_reset_too_late) {
    vk_error err;
    begin(&f, &(authn_options){.reset_window_ms = 1}, TOUCH_SECONDS);
    usleep(20000);
    check_failure(vk_fido2_reset(f.fido2, &err), &err, VK_ERR_PROHIBITED,
                  "the security key does not allow this now: for a reset it has to be just "
                  "plugged in");
    end(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fido2_pin");
    TCase *tests = tcase_create("user");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_wrong);
    tcase_add_test(tests, test_locked);
    tcase_add_test(tests, test_no_pin_at_all);
    tcase_add_test(tests, test_check);
    tcase_add_test(tests, test_changed_elsewhere);
    tcase_add_test(tests, test_first);
    tcase_add_test(tests, test_change);
    tcase_add_test(tests, test_policy);
    tcase_add_test(tests, test_uv_fails);
    tcase_add_test(tests, test_declined);
    tcase_add_loop_test(tests, test_not_in_time, 0, 2);
    tcase_add_test(tests, test_late_touch);
    tcase_add_test(tests, test_cancel);
    tcase_add_test(tests, test_cancel_early);
    tcase_add_test(tests, test_turns);
    tcase_add_test(tests, test_unplugged);
    tcase_add_test(tests, test_busy);
    tcase_add_test(tests, test_reset);
    tcase_add_test(tests, test_reset_too_late);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
