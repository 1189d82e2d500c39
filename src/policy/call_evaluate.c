/*
 * The call rule as its contract judges it: each call of an execution needs a permission, and must
 * keep its value limit and all its rules.
 */
#include "policy/call_slice.h"
#include "policy/call_text.h"
#include "policy/execute_read.h"

#include <inttypes.h>
#include <string.h>

#define SELECTOR_LEN 4
#define WORD 32
#define PARAM_ERROR "CallViolatesParamRule()"

/* One call under judgement. reason and revert are filled when it fails. */
typedef struct trial {
    const vk_call *call;
    const vk_evaluation *what;
    uint64_t chain_id;
    const vk_call_permission *permission;
    vk_buf *reason;
    const char *revert;
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

/* The error of each version's contract. The first one decodes nothing, which reverts. */
static const char *no_permission_error(vk_call_policy_version version) {
    return version == VK_CALL_POLICY_0_0_1  ? VK_REVERT_EMPTY
           : version < VK_CALL_POLICY_0_0_5 ? "InvalidCallData()"
                                            : "CallViolatesTargetRule()";
}

static bool find_permission(const vk_rule *rule, uint8_t call_type, trial *t) {
    static const uint8_t none[SELECTOR_LEN];
    vk_bytes data = t->call->data;
    if (data.len > 0 && data.len < SELECTOR_LEN) {
        vk_buf_printf(t->reason, "%zu bytes of data are too short for a function selector",
                      data.len);
        t->revert = VK_REVERT_EMPTY;
        return false;
    }
    t->permission = find(rule, call_type, &t->call->target, data.len == 0 ? none : data.data);
    if (t->permission == NULL) {
        put_no_permission(t->reason, call_type, t->call, t->chain_id);
        t->revert = no_permission_error(rule->u.call.version);
    }
    return t->permission != NULL;
}

/* ---- Value ---- */

static bool value_fits(trial *t) {
    if (vk_u256_cmp(&t->call->value, &t->permission->value_limit) <= 0) {
        return true;
    }
    t->revert = "CallViolatesValueRule()";
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

/* The word at that offset of the arguments; false when it is not all there. */
static bool word_at(vk_bytes data, uint64_t offset, vk_u256 *out) {
    size_t len = data.len > SELECTOR_LEN ? data.len - SELECTOR_LEN : 0;
    if (offset > len || len - offset < WORD) {
        return false;
    }
    *out = vk_u256_from_be(data.data + SELECTOR_LEN + offset, WORD);
    return true;
}

static bool slice_fits(trial *t, const vk_param_rule *rule) {
    bool inside;
    vk_slice_result result = vk_call_slice(rule, t->call->data, t->what->request->op, &inside);
    t->what->notes->slice_outside |= !inside;
    if (result == VK_SLICE_EQUAL) {
        return true;
    }
    vk_buf_printf(t->reason, "the slice that the rule at offset %" PRIu64 " is about is not %s",
                  rule->offset,
                  result == VK_SLICE_DIFFERENT ? "the required one" : "wholly in the call data");
    t->revert = result == VK_SLICE_DIFFERENT ? PARAM_ERROR : "ParamTooShort()";
    return false;
}

static bool rule_fits(trial *t, const vk_param_rule *rule) {
    vk_u256 value;
    if (!word_at(t->call->data, rule->offset, &value)) {
        vk_buf_printf(t->reason, "the call data ends before the argument word at offset %" PRIu64,
                      rule->offset);
        t->revert = VK_REVERT_EMPTY;
        return false;
    }
    if (rule->condition == VK_COND_SLICE_EQUAL) {
        return slice_fits(t, rule);
    }
    if (compare(rule, &value)) {
        return true;
    }
    put_failure(t, rule, &value);
    t->revert = PARAM_ERROR;
    return false;
}

static bool rules_fit(trial *t) {
    for (size_t i = 0; i < t->permission->rule_count; i++) {
        if (!rule_fits(t, &t->permission->rules[i])) {
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

static bool calls_fit(const vk_rule *rule, const vk_evaluation *what, const vk_execution *execution,
                      vk_rule_verdict *out) {
    uint8_t call_type =
        execution->call_type == VK_CALL_DELEGATE ? VK_CALL_DELEGATE : VK_CALL_SINGLE;
    vk_buf reason = {0};
    bool fits = true;
    for (size_t i = 0; fits && i < execution->call_count; i++) {
        trial t = {&execution->calls[i], what, what->request->chain_id, NULL, &reason, NULL};
        fits = call_fits(rule, call_type, &t);
        if (!fits) {
            deny_call(i, execution->call_count, &reason, out);
            out->revert = t.revert;
        }
    }
    vk_buf_clear(&reason);
    return fits;
}

static bool is_known_type(uint8_t call_type) {
    return call_type == VK_CALL_SINGLE || call_type == VK_CALL_BATCH ||
           call_type == VK_CALL_DELEGATE;
}

static void evaluate_calls(const vk_rule *rule, const vk_evaluation *what,
                           const vk_execution *execution, vk_rule_verdict *out) {
    if (calls_fit(rule, what, execution, out)) {
        vk_rule_allow(out, "%zu call%s allowed", execution->call_count,
                      execution->call_count == 1 ? " is" : "s are");
    }
}

/* The old contracts read a delegatecall as if it had a value; the token does not. */
static bool is_misread(const vk_rule *rule, const vk_evaluation *what) {
    return what->execution->call_type == VK_CALL_DELEGATE &&
           rule->u.call.version < VK_CALL_POLICY_0_0_3 &&
           what->request->kernel == VK_KERNEL_UNKNOWN;
}

void vk_call_evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                      vk_rule_verdict *out) {
    (void)state;
    const vk_execution *execution = what->execution;
    vk_call misread;
    if (execution == NULL) {
        vk_rule_revert(out, VK_REVERT_EMPTY,
                       "the call data is not an execute call whose calls could be checked");
    } else if (!is_known_type(execution->call_type)) {
        vk_rule_revert(out, "InvalidCallType()", "call type 0x%02x is unknown",
                       execution->call_type);
    } else if (!is_misread(rule, what)) {
        evaluate_calls(rule, what, execution, out);
    } else if (!vk_execute_old_delegate(what->execution_calldata, &misread)) {
        vk_rule_revert(out, VK_REVERT_EMPTY,
                       "the delegatecall is shorter than the target and the value that this "
                       "version of the call policy looks for");
    } else {
        vk_execution as_read = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = &misread};
        evaluate_calls(rule, what, &as_read, out);
    }
}

bool vk_call_names(const vk_rule *rule, uint8_t call_type, const vk_call *call) {
    static const uint8_t none[SELECTOR_LEN];
    bool short_data = call->data.len > 0 && call->data.len < SELECTOR_LEN;
    return !short_data && find_exact(rule, call_type, &call->target,
                                     call->data.len == 0 ? none : call->data.data) != NULL;
}
