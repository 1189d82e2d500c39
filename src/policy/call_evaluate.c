/*
 * The call rule as its contract judges it: each call of an execution needs a permission, and must
 * keep its value limit and all its rules. Where the contract reads beyond the call data, or reads
 * it wrongly, this denies.
 */
#include "policy/call_text.h"
#include "policy/rule.h"

#include <inttypes.h>
#include <string.h>
#include <valetkey/eth.h>

#define SELECTOR_LEN 4
#define WORD 32

/* One call under judgement. reason is filled when it fails. */
typedef struct trial {
    const vk_call *call;
    uint64_t chain_id;
    const vk_call_permission *permission;
    vk_buf *reason;
} trial;

/* ---- Which permission ---- */

static const vk_call_permission *find_exact(const vk_rule *rule, uint8_t call_type,
                                            const vk_address *target,
                                            const uint8_t selector[SELECTOR_LEN]) {
    for (size_t i = 0; i < rule->u.call.count; i++) {
        const vk_call_permission *permission = &rule->u.call.permissions[i];
        if (permission->call_type == call_type && vk_address_equal(&permission->target, target) &&
            memcmp(permission->selector, selector, SELECTOR_LEN) == 0) {
            return permission;
        }
    }
    return NULL;
}

/* An exact permission shadows one for any target, even if it then fails. */
static const vk_call_permission *find(const vk_rule *rule, uint8_t call_type,
                                      const vk_address *target,
                                      const uint8_t selector[SELECTOR_LEN]) {
    static const vk_address any;
    const vk_call_permission *exact = find_exact(rule, call_type, target, selector);
    if (exact != NULL || rule->u.call.version < VK_CALL_POLICY_0_0_2) {
        return exact;
    }
    return find_exact(rule, call_type, &any, selector);
}

static void put_no_permission(vk_buf *reason, uint8_t call_type, const vk_call *call,
                              uint64_t chain_id) {
    bool delegate = call_type == VK_CALL_DELEGATE;
    vk_buf_put_text(reason, "no permission allows ");
    if (call->data.len == 0) {
        vk_buf_put_text(reason,
                        delegate ? "a delegatecall without data to " : "a call without data to ");
    } else {
        vk_buf_put_text(reason, delegate ? "a delegatecall of " : "");
        vk_put_function(reason, call->data.data);
        vk_buf_put_text(reason, " on ");
    }
    vk_put_contract(reason, chain_id, &call->target);
}

static bool find_permission(const vk_rule *rule, uint8_t call_type, trial *t) {
    static const uint8_t none[SELECTOR_LEN];
    vk_bytes data = t->call->data;
    if (data.len > 0 && data.len < SELECTOR_LEN) {
        vk_buf_printf(t->reason, "%zu bytes of data are too short for a function selector",
                      data.len);
        return false;
    }
    t->permission = find(rule, call_type, &t->call->target, data.len == 0 ? none : data.data);
    if (t->permission == NULL) {
        put_no_permission(t->reason, call_type, t->call, t->chain_id);
    }
    return t->permission != NULL;
}

/* ---- Value ---- */

static bool value_fits(const trial *t) {
    if (vk_u256_cmp(&t->call->value, &t->permission->value_limit) <= 0) {
        return true;
    }
    vk_put_ether(t->reason, &t->call->value);
    if (vk_u256_is_zero(&t->permission->value_limit)) {
        vk_buf_put_text(t->reason, " of native value is sent, but none is allowed");
        return false;
    }
    vk_buf_put_text(t->reason, " of native value is over the limit of ");
    vk_put_ether(t->reason, &t->permission->value_limit);
    return false;
}

/* ---- Rules on arguments ---- */

static bool is_one_of(const vk_param_rule *rule, const vk_u256 *word) {
    for (size_t i = 0; i < rule->param_count; i++) {
        if (vk_u256_cmp(word, &rule->params[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool compare(const vk_param_rule *rule, const vk_u256 *word) {
    if (rule->param_count == 0) {
        return false;
    }
    int order = vk_u256_cmp(word, &rule->params[0]);
    switch ((vk_condition)rule->condition) {
    case VK_COND_EQUAL:
        return order == 0;
    case VK_COND_GREATER:
        return order > 0;
    case VK_COND_LESS:
        return order < 0;
    case VK_COND_GREATER_OR_EQUAL:
        return order >= 0;
    case VK_COND_LESS_OR_EQUAL:
        return order <= 0;
    case VK_COND_NOT_EQUAL:
        return order != 0;
    case VK_COND_ONE_OF:
        return is_one_of(rule, word);
    case VK_COND_SLICE_EQUAL:
        break;
    }
    return false;
}

static const char *failure_text(const vk_param_rule *rule) {
    static const char *const texts[] = {
        [VK_COND_EQUAL] = " is not the required ",
        [VK_COND_GREATER] = " is not above ",
        [VK_COND_LESS] = " is not below ",
        [VK_COND_GREATER_OR_EQUAL] = " is under the minimum of ",
        [VK_COND_LESS_OR_EQUAL] = " is over the limit of ",
        [VK_COND_NOT_EQUAL] = " is the excluded ",
    };
    return rule->condition < sizeof texts / sizeof texts[0] ? texts[rule->condition] : " is not ";
}

/* "100.000001 USDC", "recipient 0x...", "argument word at offset 64 (7)". */
static void put_subject(const vk_word_text *word, const vk_u256 *value, vk_buf *reason) {
    if (word->asset != NULL) {
        vk_put_word_amount(reason, word, value);
        return;
    }
    vk_put_word_name(reason, word);
    vk_buf_put_text(reason, word->argument == NULL ? " (" : " ");
    vk_put_word_value(reason, word, value);
    vk_buf_put_text(reason, word->argument == NULL ? ")" : "");
}

static void put_failure(const trial *t, const vk_param_rule *rule, const vk_u256 *value) {
    vk_word_text word = vk_word_text_of(t->permission, t->chain_id, &t->call->target, rule->offset);
    bool is_address = word.argument != NULL && word.argument->kind == VK_ARGUMENT_ADDRESS;
    put_subject(&word, value, t->reason);
    if (rule->condition == VK_COND_ONE_OF || rule->param_count == 0) {
        vk_buf_printf(t->reason, " is not one of the %zu allowed", rule->param_count);
        return;
    }
    bool wrong_address = is_address && rule->condition == VK_COND_EQUAL;
    vk_buf_put_text(t->reason, wrong_address ? " is not the allowed " : failure_text(rule));
    vk_put_word_value(t->reason, &word, &rule->params[0]);
}

/* A view of len bytes at offset at; false when they are not all there. */
static bool bytes_at(vk_bytes data, uint64_t at, uint64_t len, vk_bytes *out) {
    if (at > data.len || len > data.len - at) {
        return false;
    }
    *out = (vk_bytes){data.data + at, (size_t)len};
    return true;
}

static bool number_at(vk_bytes data, uint64_t at, uint64_t *out) {
    vk_bytes word;
    if (!bytes_at(data, at, WORD, &word)) {
        return false;
    }
    vk_u256 value = vk_u256_from_be(word.data, word.len);
    *out = vk_u256_low64(&value);
    return vk_u256_fits(&value, 64);
}

/* The slice of a bytes or string argument that a rule is about: params = start, length, hash. */
static bool find_slice(vk_bytes arguments, const vk_param_rule *rule, vk_bytes *out) {
    uint64_t offset, argument_len;
    vk_bytes argument;
    if (!vk_u256_fits(&rule->params[0], 64) || !vk_u256_fits(&rule->params[1], 64)) {
        return false;
    }
    return number_at(arguments, rule->offset, &offset) &&
           number_at(arguments, offset, &argument_len) &&
           bytes_at(arguments, offset + WORD, argument_len, &argument) &&
           bytes_at(argument, vk_u256_low64(&rule->params[0]), vk_u256_low64(&rule->params[1]),
                    out);
}

static bool slice_fits(const trial *t, vk_bytes arguments, const vk_param_rule *rule) {
    vk_bytes slice;
    if (rule->param_count != 3 || !find_slice(arguments, rule, &slice)) {
        vk_buf_printf(t->reason,
                      "the slice that the rule at offset %" PRIu64
                      " is about is not wholly in the call data",
                      rule->offset);
        return false;
    }
    vk_hash hash = vk_keccak256(slice);
    if (memcmp(hash.b, rule->params[2].be, sizeof hash.b) == 0) {
        return true;
    }
    vk_buf_printf(t->reason,
                  "the slice that the rule at offset %" PRIu64 " is about is not the required one",
                  rule->offset);
    return false;
}

static bool rule_fits(const trial *t, vk_bytes arguments, const vk_param_rule *rule) {
    vk_bytes word;
    if (!bytes_at(arguments, rule->offset, WORD, &word)) {
        vk_buf_printf(t->reason, "the call data ends before the argument word at offset %" PRIu64,
                      rule->offset);
        return false;
    }
    if (rule->condition == VK_COND_SLICE_EQUAL) {
        return slice_fits(t, arguments, rule);
    }
    vk_u256 value = vk_u256_from_be(word.data, word.len);
    if (compare(rule, &value)) {
        return true;
    }
    put_failure(t, rule, &value);
    return false;
}

static bool rules_fit(const trial *t) {
    vk_bytes data = t->call->data, arguments = {0};
    if (data.len > SELECTOR_LEN) {
        arguments = (vk_bytes){data.data + SELECTOR_LEN, data.len - SELECTOR_LEN};
    }
    for (size_t i = 0; i < t->permission->rule_count; i++) {
        if (!rule_fits(t, arguments, &t->permission->rules[i])) {
            return false;
        }
    }
    return true;
}

/* ---- All calls ---- */

static bool call_fits(const vk_rule *rule, uint8_t call_type, trial *t) {
    return find_permission(rule, call_type, t) && value_fits(t) && rules_fit(t);
}

static void deny_call(size_t index, size_t count, vk_buf *reason, vk_rule_verdict *out) {
    if (count == 1) {
        vk_rule_deny_buf(out, reason);
        return;
    }
    vk_buf whole = {0};
    vk_buf_printf(&whole, "call %zu of %zu: ", index + 1, count);
    vk_buf_put(&whole, reason->data, reason->len);
    vk_rule_deny_buf(out, &whole);
}

static bool calls_fit(const vk_rule *rule, const vk_evaluation *what, vk_rule_verdict *out) {
    const vk_execution *execution = what->execution;
    uint8_t call_type =
        execution->call_type == VK_CALL_DELEGATE ? VK_CALL_DELEGATE : VK_CALL_SINGLE;
    vk_buf reason = {0};
    bool fits = true;
    for (size_t i = 0; fits && i < execution->call_count; i++) {
        trial t = {&execution->calls[i], what->request->chain_id, NULL, &reason};
        fits = call_fits(rule, call_type, &t);
        if (!fits) {
            deny_call(i, execution->call_count, &reason, out);
        }
    }
    vk_buf_clear(&reason);
    return fits;
}

void vk_call_evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                      vk_rule_verdict *out) {
    (void)state;
    const vk_execution *execution = what->execution;
    if (execution == NULL) {
        vk_rule_deny(out, "the call data is not an execute call whose calls could be checked");
        return;
    }
    if (execution->call_type == VK_CALL_DELEGATE && rule->u.call.version < VK_CALL_POLICY_0_0_3) {
        vk_rule_deny(out, "this version of the call policy misreads delegatecalls, so none is "
                          "allowed");
        return;
    }
    if (calls_fit(rule, what, out)) {
        vk_rule_allow(out, "%zu call%s allowed", execution->call_count,
                      execution->call_count == 1 ? " is" : "s are");
    }
}
