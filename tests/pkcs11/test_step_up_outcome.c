/* What becomes of an operation that is touched for, or is not. */
#include "step_up_support.h"
#include "token/journal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SUDO_ALONE "[{\"type\":\"sudo\"}]"

static uint64_t left(const stepped *k) {
    const sdk_key as_sdk = {.session = k->session, .key = k->keys.private_key};
    return gas_left(&as_sdk);
}

/* ---- What becomes of it ---- */

START_TEST(nothing_is_spent_without_it) {
    stepped k = stepped_new();
    uint64_t before = left(&k);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_FUNCTION_REJECTED);
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_FUNCTION_CANCELED);
    authn_unplug(k.key);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_DEVICE_REMOVED);
    ck_assert_uint_eq(left(&k), before);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
    ck_assert(authn_plug(k.key));
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    ck_assert_uint_lt(left(&k), before);
}
END_TEST

START_TEST(the_verdict_comes_first) {
    stepped k = stepped_new();
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    char *text = operation_with(&k, 1, "0x12345678");
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    assert_denied_for(&k, "selector: ");
    vk_text_free(text);
}
END_TEST

START_TEST(a_length_needs_no_touch) {
    stepped k = stepped_new();
    const vk_call call = call_to("0x" BOB, 101);
    CK_ULONG len = 0;
    CK_BYTE one;
    char *text = paying(&k, 1, &call, 1);
    const vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    authn_unplug(k.key);
    ck_assert_int_eq(
        sign_once(k.session, k.keys.private_key, CKM_VALETKEY_USEROP, bytes, NULL, &len), CKR_OK);
    ck_assert_uint_gt(len, 65);
    CK_ULONG few = 1;
    ck_assert_int_eq(f->C_Sign(k.session, (CK_BYTE *)(uintptr_t)text, bytes.len, &one, &few),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(few, len);
    vk_text_free(text);
}
END_TEST

START_TEST(another_security_key_is_not_asked) {
    stepped k = stepped_new();
    authn_unplug(k.key);
    authn *other = plug(1, NULL);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_DEVICE_REMOVED);
    ck_assert(authn_plug(k.key));
    uint32_t before = authn_counter(other);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    ck_assert_uint_eq(authn_counter(other), before);
}
END_TEST

/* It may be the one, which another program uses. */
START_TEST(one_that_cannot_be_asked_is_not_said_to_be_away) {
    stepped k = stepped_new();
    authn_misbehave(k.key, AUTHN_LONG_REPLY | AUTHN_EVERYWHERE);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_FUNCTION_FAILED);
    authn_misbehave(k.key, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
}
END_TEST

START_TEST(a_wrong_answer_is_no_touch) {
    static const uint32_t mistakes[] = {AUTHN_WRONG_KEY, AUTHN_WRONG_RP_ID, AUTHN_NO_UP,
                                        AUTHN_GARBAGE};
    stepped k = stepped_new();
    uint64_t before = left(&k);
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        authn_misbehave(k.key, mistakes[i]);
        CK_RV rv = pay(&k, 1, "0x" BOB, 101);
        ck_assert_msg(rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED, "mistake %zu: 0x%lx", i,
                      rv);
        authn_misbehave(k.key, 0);
    }
    ck_assert_uint_eq(left(&k), before);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
}
END_TEST

/* A finger, where the security key has a reader. */
START_TEST(a_verified_touch_is_one_of_its_user) {
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    stepped k = stepped_with(&options, "100", NULL);
    ck_assert_ptr_nonnull(strstr(k.rule, "\"verified\":true"));
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    authn_set_uv(k.key, AUTHN_UV_FAILS);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 101), CKR_PIN_INCORRECT);
}
END_TEST

/* ---- Waiting ---- */

static CK_RV pay_call(void *context) {
    return pay(context, 1, "0x" BOB, 101);
}

START_TEST(session_cancel_ends_the_wait) {
    stepped k = stepped_new();
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(load_3_0()->C_SessionCancel(k.session, CKF_SIGN), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

typedef struct two_calls {
    stepped k;
    atomic_int first; /* what the first gave; -1: nothing yet */
} two_calls;

static CK_RV pay_twice(void *context) {
    two_calls *calls = context;
    CK_RV first = pay(&calls->k, 1, "0x" BOB, 101);
    atomic_store(&calls->first, (int)first);
    return pay(&calls->k, 2, "0x" BOB, 101);
}

static CK_RV cancel_call(void *context) {
    const two_calls *calls = context;
    return load_3_0()->C_SessionCancel(calls->k.session, CKF_SIGN);
}

/* Who asks again at once does not wait in vain. */
START_TEST(session_cancel_ends_one_wait) {
    two_calls calls = {.k = stepped_new()};
    waiting_call w, cancel;
    atomic_init(&calls.first, -1);
    authn_set_touch(calls.k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_twice, &calls, calls.k.key);
    begin_waiting(&cancel, cancel_call, &calls, calls.k.key);
    while (atomic_load(&calls.first) == -1) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000L}, NULL);
    }
    ck_assert_int_eq(atomic_load(&calls.first), CKR_FUNCTION_CANCELED);
    nanosleep(&(struct timespec){.tv_nsec = 500000000L}, NULL);
    ck_assert(authn_touch(calls.k.key, 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_OK);
    ck_assert_int_eq(end_waiting(&cancel), CKR_OK);
}
END_TEST

START_TEST(finalize_ends_the_wait) {
    stepped k = stepped_new();
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

/* A logout ends what it was for. */
START_TEST(a_logout_in_the_meantime) {
    stepped k = stepped_new();
    CK_SESSION_HANDLE other = open_session("plain", true);
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(f->C_Logout(other), CKR_OK);
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_ne(end_waiting(&w), CKR_OK);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

/* Of sudo keys nothing else is looked up in the token, and where the journal is off nothing is
 * written either. */
static stepped unwritten(void) {
    stepped k = {.key = plug(0, NULL)};
    vk_token *token = open_token("plain", VK_ROLE_SO);
    ck_assert_int_eq(vk_token_set_journal(token, VK_JOURNAL_OFF, VK_JOURNAL_MAX_DEFAULT, NULL),
                     VK_OK);
    vk_token_close(token);
    write_rule(&k, "100", NULL);
    touch_initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(stepped_key(&k, SUDO_ALONE), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    return k;
}

START_TEST(a_logout_in_the_meantime_where_nothing_is_written) {
    stepped k = unwritten();
    CK_SESSION_HANDLE other = open_session("plain", true);
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(f->C_Logout(other), CKR_OK);
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

/* The SO's, who is in another process: the touch was for the rule of before. */
static void set_rule_elsewhere(const char *rule) {
    vk_error err = {0};
    vk_gate *gate;
    vk_token *token = open_token("plain", VK_ROLE_SO);
    ck_assert_int_eq(vk_gate_new(token, &gate), VK_OK);
    vk_status status = vk_gate_set_step_up(gate, 1, rule, strlen(rule), &err);
    ck_assert_msg(status == VK_OK, "%s: %s", vk_status_text(status), err.message);
    vk_gate_free(gate);
    vk_token_close(token);
}

START_TEST(another_rule_in_the_meantime) {
    stepped k = unwritten(), other = k;
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    authn *new_key = plug(1, NULL);
    write_rule_of(&other, 1, "100", NULL);
    set_rule_elsewhere(other.rule);
    authn_set_touch(new_key, AUTHN_TOUCH_DENIED, 0);
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_REJECTED);
    assert_denied_for(&k, "touch: ");
}
END_TEST

START_TEST(others_sign_meanwhile) {
    stepped k = stepped_new();
    stepped other = k;
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    other.session = open_session("plain", true);
    ck_assert_int_eq(pay(&other, 7, "0x" BOB, 100), CKR_OK);
    CK_SESSION_HANDLE sudo = login("sudo", CKU_USER);
    GENERATE(sudo, secp256k1, "of another token");
    ck_assert(!atomic_load(&w.is_over));
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_OK);
}
END_TEST

/* ---- Operations that wait to be signed as digests ---- */

START_TEST(what_waits_is_touched_for_when_it_is_signed) {
    stepped k = stepped_new();
    const vk_call call = call_to("0x" BOB, 101);
    CK_BYTE digest[32], signature[64];
    CK_OBJECT_HANDLE userop;
    const sdk_key as_sdk = {.session = k.session, .key = k.keys.private_key};
    char *text = paying(&k, 1, &call, 1);
    uint32_t before = authn_counter(k.key);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(write_userop(k.session, "k", text, &userop), CKR_OK);
    digest_of(k.session, userop, digest);
    ck_assert_int_eq(sign_digest(&as_sdk, digest, signature), CKR_FUNCTION_REJECTED);
    assert_denied_for(&k, "touch: ");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(sign_digest(&as_sdk, digest, signature), CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
    ck_assert_uint_eq(waiting(k.session), 0);
    vk_text_free(text);
}
END_TEST

/* ---- The record ---- */

typedef struct seen {
    int touched, others;
    char reason[256];
} seen;

static vk_status look_at(void *context, const vk_journal_record *record) {
    seen *s = context;
    if (record->event != VK_EVENT_SIGNED) {
        return VK_OK;
    }
    bool is_touched = record->rule.len == 5 && memcmp(record->rule.data, "touch", 5) == 0;
    s->touched += is_touched;
    s->others += !is_touched;
    if (is_touched) {
        snprintf(s->reason, sizeof s->reason, "%.*s", (int)record->reason.len,
                 (const char *)record->reason.data);
    }
    return VK_OK;
}

static void assert_told_in_journal(const stepped *k) {
    seen s = {0};
    vk_journal_check check;
    ck_assert_int_eq(pay(k, 1, "0x" BOB, 100), CKR_OK);
    ck_assert_int_eq(pay(k, 2, "0x" BOB, 101), CKR_OK);
    vk_token *token = open_token("plain", VK_ROLE_USER);
    ck_assert_int_eq(vk_journal_each(token, 0, look_at, &s, NULL), VK_OK);
    ck_assert_int_eq(s.touched, 1);
    ck_assert_int_eq(s.others, 1);
    ck_assert_msg(strstr(s.reason, "the security key \"blue key\" was touched: ") == s.reason, "%s",
                  s.reason);
    ck_assert_int_eq(vk_journal_verify(token, NULL, NULL, &check, NULL), VK_OK);
    ck_assert_int_eq(check.findings, 0);
    vk_token_close(token);
}

START_TEST(the_journal_says_that_it_was_touched_for) {
    stepped k = stepped_new();
    assert_told_in_journal(&k);
}
END_TEST

/* Keys under sudo that want no touch are not written down; see VK_JOURNAL_ALL. */
START_TEST(the_journal_says_it_of_a_key_under_sudo) {
    stepped k = stepped_new();
    ck_assert_int_eq(f->C_DestroyObject(k.session, k.keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_DestroyObject(k.session, k.keys.public_key), CKR_OK);
    ck_assert_int_eq(stepped_key(&k, SUDO_ALONE), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    assert_told_in_journal(&k);
}
END_TEST

void add_outcomes(Suite *suite) {
    TCase *outcomes = touch_case("outcomes");
    tcase_add_test(outcomes, nothing_is_spent_without_it);
    tcase_add_test(outcomes, the_verdict_comes_first);
    tcase_add_test(outcomes, a_length_needs_no_touch);
    tcase_add_test(outcomes, another_security_key_is_not_asked);
    tcase_add_test(outcomes, one_that_cannot_be_asked_is_not_said_to_be_away);
    tcase_add_test(outcomes, a_wrong_answer_is_no_touch);
    tcase_add_test(outcomes, a_verified_touch_is_one_of_its_user);
    tcase_add_test(outcomes, session_cancel_ends_the_wait);
    tcase_add_test(outcomes, session_cancel_ends_one_wait);
    tcase_add_test(outcomes, finalize_ends_the_wait);
    tcase_add_test(outcomes, a_logout_in_the_meantime);
    tcase_add_test(outcomes, a_logout_in_the_meantime_where_nothing_is_written);
    tcase_add_test(outcomes, another_rule_in_the_meantime);
    tcase_add_test(outcomes, others_sign_meanwhile);
    tcase_add_test(outcomes, what_waits_is_touched_for_when_it_is_signed);
    tcase_add_test(outcomes, the_journal_says_that_it_was_touched_for);
    tcase_add_test(outcomes, the_journal_says_it_of_a_key_under_sudo);
    suite_add_tcase(suite, outcomes);
}
