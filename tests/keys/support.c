#include "keys/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <valetkey/eth.h>

/* ---- The authenticator ---- */

void begin(fixture *f, const authn_options *options, unsigned timeout) {
    *f = (fixture){.folder = "/tmp/fido2-XXXXXX", .device = authn_new(options)};
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    snprintf(f->place, sizeof f->place, "unix:%s/key", f->folder);
    ck_assert(authn_serve(f->device, f->place + strlen(VK_FIDO2_UNIX)));
    ck_assert_int_eq(vk_fido2_new(f->place, timeout, &f->fido2), VK_OK);
}

vk_status try_pin(const fixture *f, const char *pin, vk_error *err) {
    *err = (vk_error){0};
    return vk_fido2_log_in(f->fido2, (const uint8_t *)pin, strlen(pin), err);
}

void log_in(const fixture *f, const char *pin) {
    vk_error err;
    ck_assert_msg(try_pin(f, pin, &err) == VK_OK, "log_in: %s", err.message);
}

void begin_logged_in(fixture *f, const authn_options *options) {
    authn_options with_pin = options != NULL ? *options : (authn_options){0};
    with_pin.pin = PIN;
    begin(f, &with_pin, TOUCH_SECONDS);
    log_in(f, PIN);
}

void end(fixture *f) {
    vk_fido2_free(f->fido2);
    authn_free(f->device);
    ck_assert_int_eq(rmdir(f->folder), 0);
}

/* ---- Credentials ---- */

static const uint8_t user_id[] = {'u', 's', 'e', 'r'};

vk_fido2_wish usual_wish(void) {
    return (vk_fido2_wish){
        .rp_id = RP, .origin = ORIGIN, .user_id = {user_id, sizeof user_id}, .user_name = "A user"};
}

void make(const fixture *f, const vk_fido2_wish *wish, vk_fido2_made *out) {
    vk_error err = {0};
    ck_assert_msg(vk_fido2_make(f->fido2, wish, out, &err) == VK_OK, "make: %s", err.message);
}

void ask_begin(asked *a, const vk_fido2_made *made) {
    *a = (asked){.challenge = {{9, 9, 9}}};
    ck_assert_int_eq(vk_webauthn_client_data(&a->challenge, ORIGIN, &a->client_data), VK_OK);
    a->question = (vk_fido2_question){.rp_id = RP,
                                      .origin = ORIGIN,
                                      .credential_id = vk_buf_view(&made->credential_id),
                                      .point65 = made->point65,
                                      .challenge = {a->challenge.b, sizeof a->challenge.b},
                                      .client_data = vk_buf_view(&a->client_data)};
}

void ask_end(asked *a) {
    vk_buf_clear(&a->client_data);
}

vk_status ask(const fixture *f, const vk_fido2_made *made, vk_fido2_answer *out, vk_error *err) {
    asked a;
    ask_begin(&a, made);
    *err = (vk_error){0};
    vk_status status = vk_fido2_assert(f->fido2, &a.question, out, err);
    if (status == VK_OK) {
        check_answer(&a, made, out);
    }
    ask_end(&a);
    return status;
}

void check_answer(const asked *a, const vk_fido2_made *made, const vk_fido2_answer *answer) {
    vk_buf encoded = {0};
    vk_webauthn_assertion assertion = {.auth_data = {answer->auth_data, answer->auth_data_len},
                                       .client_data = vk_buf_view(&a->client_data)};
    memcpy(assertion.r, answer->signature64, 32);
    memcpy(assertion.s, answer->signature64 + 32, 32);
    ck_assert_int_eq(vk_webauthn_encode(&assertion, &encoded), VK_OK);
    ck_assert_int_eq(vk_webauthn_verify(vk_buf_view(&encoded), &a->challenge, made->point65, NULL),
                     VK_OK);
    vk_buf_clear(&encoded);
}

void check_failure(vk_status status, const vk_error *err, vk_status expected,
                   const char *sentence) {
    ck_assert_str_eq(vk_status_text(status), vk_status_text(expected));
    ck_assert_int_eq(status, expected);
    ck_assert_int_eq(err->status, expected);
    ck_assert_str_eq(err->message, sentence);
}

/* ---- In another thread ---- */

static void *run(void *context) {
    call *c = context;
    vk_fido2_answer answer;
    c->status = ask(c->f, c->made, &answer, &c->err);
    return NULL;
}

void call_begin(call *c, const fixture *f, const vk_fido2_made *made) {
    *c = (call){.f = f, .made = made};
    ck_assert_int_eq(pthread_create(&c->thread, NULL, run, c), 0);
}

vk_status call_end(call *c) {
    ck_assert_int_eq(pthread_join(c->thread, NULL), 0);
    return c->status;
}

int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
