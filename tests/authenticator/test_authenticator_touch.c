/* The user's touch, what ends the wait for it, and what others may do meanwhile. */
#include "client.h"

#include <string.h>

#define SOON_MS 10000 /* and no later */

static client c;
static fido_cred_t *cred;

static void begin(int transport) {
    client_begin(&c, transport, NULL);
    cred = client_make(&c, "u", false, 0, NULL);
}

static void end(void) {
    fido_cred_free(&cred);
    client_end(&c);
}

static int get(fido_dev_t *dev) {
    fido_assert_t *assert = client_assert(cred);
    int result = fido_dev_get_assert(dev, assert, NULL);
    fido_assert_free(&assert);
    return result;
}

START_TEST(test_later) {
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_AFTER, 350); /* keep-alives come in between */
    ck_assert_int_eq(get(c.dev), FIDO_OK);
    end();
}
END_TEST

START_TEST(test_denied) {
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(get(c.dev), FIDO_ERR_OPERATION_DENIED);
    end();
}
END_TEST

START_TEST(test_timeout) {
    client_begin(&c, _i, &(authn_options){.touch_timeout_ms = 150});
    cred = client_make(&c, "u", false, 0, NULL);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(get(c.dev), FIDO_ERR_USER_ACTION_TIMEOUT);
    end();
}
END_TEST

START_TEST(test_by_hand) {
    client_call call;
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    ck_assert(!authn_wait_for_touch(c.device, 0));
    ck_assert(!authn_touch(c.device, 0));
    for (int i = 0; i < 3; i++) {
        client_call_begin(&call, &c, cred);
        ck_assert(authn_touch(c.device, SOON_MS));
        ck_assert_int_eq(client_call_end(&call), FIDO_OK);
    }
    end();
}
END_TEST

/* Another thread changes the user's mind. */
START_TEST(test_mode_changes) {
    client_call call;
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    client_call_begin(&call, &c, cred);
    ck_assert(authn_wait_for_touch(c.device, SOON_MS));
    authn_set_touch(c.device, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(client_call_end(&call), FIDO_ERR_OPERATION_DENIED);
    end();
}
END_TEST

START_TEST(test_cancel) {
    client_call call;
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    client_call_begin(&call, &c, cred);
    ck_assert(authn_wait_for_touch(c.device, SOON_MS));
    ck_assert_int_eq(fido_dev_cancel(c.dev), FIDO_OK);
    ck_assert_int_eq(client_call_end(&call), FIDO_ERR_KEEPALIVE_CANCEL);
    authn_set_touch(c.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(get(c.dev), FIDO_OK);
    end();
}
END_TEST

START_TEST(test_unplugged) {
    client_call call;
    fido_dev_t *dev;
    begin(_i);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    client_call_begin(&call, &c, cred);
    ck_assert(authn_wait_for_touch(c.device, SOON_MS));
    authn_unplug(c.device);
    ck_assert_int_eq(client_call_end(&call), FIDO_ERR_RX);
    ck_assert_int_eq(get(c.dev), FIDO_ERR_TX);
    ck_assert_int_ne(client_try_open(&c, &dev), FIDO_OK);
    fido_dev_free(&dev);
    ck_assert(authn_plug(c.device));
    authn_set_touch(c.device, AUTHN_TOUCH_NOW, 0);
    client_reopen(&c, false);
    ck_assert_int_eq(get(c.dev), FIDO_OK);
    end();
}
END_TEST

/* Who comes second can open the device, but gets nothing done. */
START_TEST(test_two_connections) {
    client_call call;
    begin(_i);
    fido_dev_t *second = client_open(&c);
    ck_assert_int_eq(get(second), FIDO_OK);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    client_call_begin(&call, &c, cred);
    ck_assert(authn_wait_for_touch(c.device, SOON_MS));
    ck_assert_int_ne(get(second), FIDO_OK);
    ck_assert(authn_touch(c.device, SOON_MS));
    ck_assert_int_eq(client_call_end(&call), FIDO_OK);
    authn_set_touch(c.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(get(second), FIDO_OK);
    client_close(&second);
    end();
}
END_TEST

/* A client that gave up and went away: the device is free for the next. */
START_TEST(test_closed) {
    begin(_i);
    fido_dev_t *second = client_open(&c);
    authn_set_touch(c.device, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(fido_dev_set_timeout(second, 50), FIDO_OK);
    ck_assert_int_eq(get(second), FIDO_ERR_RX);
    client_close(&second);
    second = client_open(&c);
    authn_set_touch(c.device, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(get(second), FIDO_OK);
    client_close(&second);
    end();
}
END_TEST

START_TEST(test_plug_again) {
    begin(_i);
    for (int i = 0; i < 20; i++) {
        client_reopen(&c, true);
        ck_assert_int_eq(get(c.dev), FIDO_OK);
    }
    ck_assert(authn_plug(c.device)); /* it is */
    authn_unplug(c.device);
    authn_unplug(c.device);
    ck_assert(authn_plug(c.device));
    end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("authenticator_touch");
    TCase *tests = tcase_create("touch");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, test_later, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_denied, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_timeout, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_by_hand, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_mode_changes, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_cancel, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_unplugged, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_two_connections, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_closed, 0, CLIENT_TRANSPORTS);
    tcase_add_loop_test(tests, test_plug_again, 0, CLIENT_TRANSPORTS);
    suite_add_tcase(suite, tests);
    return client_run(suite);
}
