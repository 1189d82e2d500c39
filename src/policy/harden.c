/*
 * The hardening rules: asked only of what the account's contracts would accept. doc/hardening.md
 * tells why each of them is there.
 */
#include "policy/execute_read.h"
#include "policy/rule.h"
#include "policy/text.h"

#include <stdio.h>

#define NO_RULE (-1)
#define BITS_GAS 128

/* An operation under judgement. reason is filled by the check that denies. */
typedef struct subject {
    const vk_policy *policy;
    const vk_evaluation *what;
    const char *encoding_fault;
    int rule_index;   /* the rule of the policy that it is about, or NO_RULE */
    const char *rule; /* what the verdict is to name when there is none */
    vk_buf reason;
} subject;

static bool is_active(const vk_rule *rule) {
    return (rule->flag & VK_FLAG_NOT_FOR_USER_OP) == 0;
}

/* ---- The checks: true denies ---- */

static bool odd_encoding(subject *s) {
    s->rule = "callData";
    vk_buf_put_text(&s->reason, s->encoding_fault == NULL ? "" : s->encoding_fault);
    return s->encoding_fault != NULL;
}

static bool odd_mode(subject *s) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&s->what->request->op->nonce);
    bool kernel_0_3 = s->what->request->op->entry_point != VK_ENTRY_POINT_0_6;
    s->rule = "nonce";
    vk_buf_printf(&s->reason,
                  "the nonce has mode %02x, but only 00 (default) and 01 (enable) are known",
                  nonce.mode);
    return kernel_0_3 && nonce.mode > VK_NONCE_ENABLE;
}

static bool gas_overflow(subject *s) {
    for (size_t i = 0; i < s->policy->count; i++) {
        const vk_rule *rule = &s->policy->rules[i];
        if (rule->kind == VK_RULE_GAS && is_active(rule) &&
            !vk_u256_fits(&s->what->cost, BITS_GAS)) {
            s->rule_index = (int)i;
            vk_buf_put_text(&s->reason, "gas may cost 2^128 wei or more, which the contract would "
                                        "cut to its low 128 bits");
            return true;
        }
    }
    return false;
}

static bool zero_paymaster(subject *s) {
    for (size_t i = 0; i < s->policy->count; i++) {
        const vk_rule *rule = &s->policy->rules[i];
        if (rule->kind == VK_RULE_GAS && is_active(rule) && rule->u.gas.enforce_paymaster &&
            vk_address_is_zero(&rule->u.gas.allowed_paymaster)) {
            s->rule_index = (int)i;
            vk_buf_put_text(&s->reason,
                            "the rule demands a paymaster but names the zero address, for which "
                            "the contract enforces nothing: name the paymaster, or demand none");
            return true;
        }
    }
    return false;
}

static bool is_delegatecall(const subject *s) {
    return s->what->execution != NULL && s->what->execution->call_type == VK_CALL_DELEGATE;
}

static bool old_delegatecall(subject *s) {
    for (size_t i = 0; is_delegatecall(s) && i < s->policy->count; i++) {
        const vk_rule *rule = &s->policy->rules[i];
        if (rule->kind == VK_RULE_CALL && is_active(rule) &&
            rule->u.call.version < VK_CALL_POLICY_0_0_3) {
            s->rule_index = (int)i;
            vk_buf_put_text(&s->reason, "this version of the call policy misreads delegatecalls, "
                                        "so none is allowed");
            return true;
        }
    }
    return false;
}

static bool slice_outside(subject *s) {
    s->rule = "call";
    vk_buf_put_text(&s->reason, "a slice that a rule is about is not wholly in the call data: the "
                                "contract compares what happens to stand behind it");
    return s->what->notes->slice_outside;
}

/* ---- Contracts that keep the limits ---- */

/* A delegatecall that no call rule has judged, where there is something to lift: its code could
 * call the account as itself. Those of keys with a budget have a rule of their own. */
static bool unjudged_delegatecall(const subject *s) {
    bool limits = false, judged = false;
    for (size_t i = 0; i < s->policy->count; i++) {
        const vk_rule *rule = &s->policy->rules[i];
        limits = limits || rule->kind != VK_RULE_SUDO;
        judged = judged || (rule->kind == VK_RULE_CALL && is_active(rule));
    }
    return is_delegatecall(s) && limits && !judged && !vk_policy_has_state(s->policy);
}

static const char *guard_name(const subject *s, const vk_address *target) {
    const vk_verdict_request *request = s->what->request;
    if (unjudged_delegatecall(s)) {
        return "code that runs as the account itself";
    }
    if (vk_address_equal(target, &request->op->sender)) {
        return "the account itself";
    }
    if (vk_entry_point_of_address(target) != VK_ENTRY_POINT_UNKNOWN) {
        return "the EntryPoint";
    }
    for (size_t i = 0; i < s->policy->count; i++) {
        if (vk_address_equal(target, &s->policy->rules[i].address)) {
            return "a policy contract of this session";
        }
    }
    for (size_t i = 0; i < request->guard_count; i++) {
        if (vk_address_equal(target, &request->guards[i])) {
            return "a signer or validator contract of this account";
        }
    }
    /* Which of them keeps the account is not always known, or only on the grant's word. */
    if (vk_validator_at(target) != NULL) {
        return "a validator contract";
    }
    return NULL;
}

static bool named_by_policy(const subject *s, uint8_t call_type, const vk_call *call) {
    for (size_t i = 0; i < s->policy->count; i++) {
        const vk_rule *rule = &s->policy->rules[i];
        if (rule->kind == VK_RULE_CALL && is_active(rule) && vk_call_names(rule, call_type, call)) {
            return true;
        }
    }
    return false;
}

static bool protected_target(subject *s) {
    const vk_execution *execution = s->what->execution;
    s->rule = "target";
    for (size_t i = 0; execution != NULL && i < execution->call_count; i++) {
        const vk_call *call = &execution->calls[i];
        const char *guard = guard_name(s, &call->target);
        uint8_t call_type = is_delegatecall(s) ? VK_CALL_DELEGATE : VK_CALL_SINGLE;
        if (guard != NULL && !named_by_policy(s, call_type, call)) {
            vk_buf_put_text(&s->reason, "the call to ");
            vk_put_address(&s->reason, &call->target);
            vk_buf_printf(&s->reason,
                          " is one to %s, which could lift this session's limits; no permission "
                          "names exactly this target and function",
                          guard);
            return true;
        }
    }
    return false;
}

static bool budget_delegatecall(subject *s) {
    s->rule = "delegatecall";
    vk_buf_put_text(&s->reason,
                    "a delegatecall runs foreign code as the account, which could reset "
                    "the budgets that this session is under");
    return is_delegatecall(s) && vk_policy_has_state(s->policy);
}

/* ---- All of them, in order ---- */

static const struct {
    vk_hardening hardening;
    bool (*denies)(subject *s);
} checks[] = {
    {VK_HARDENING_CALLDATA_ENCODING, odd_encoding},
    {VK_HARDENING_NONCE_MODE, odd_mode},
    {VK_HARDENING_GAS_OVERFLOW, gas_overflow},
    {VK_HARDENING_ZERO_PAYMASTER, zero_paymaster},
    {VK_HARDENING_OLD_DELEGATECALL, old_delegatecall},
    {VK_HARDENING_SLICE_BOUNDS, slice_outside},
    {VK_HARDENING_PROTECTED_TARGET, protected_target},
    {VK_HARDENING_BUDGET_DELEGATECALL, budget_delegatecall},
};

static void deny(subject *s, vk_hardening hardening, vk_verdict *out) {
    vk_rule_verdict denial = {0};
    vk_rule_deny_buf(&denial, &s->reason);
    const char *rule = s->rule;
    if (s->rule_index != NO_RULE) {
        rule = vk_rule_name(s->policy->rules[s->rule_index].kind);
        vk_rule_deny(&out->rules[s->rule_index], "%s", denial.reason);
    }
    vk_verdict_deny(out, s->rule_index, rule, denial.reason);
    out->hardening = vk_hardening_name(hardening);
}

void vk_harden_operation(const vk_policy *policy, const vk_evaluation *what,
                         const char *encoding_fault, vk_verdict *out) {
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && out->rule[0] == '\0'; i++) {
        if ((what->request->relaxed & vk_hardening_bit(checks[i].hardening)) != 0) {
            continue;
        }
        subject s = {.policy = policy,
                     .what = what,
                     .encoding_fault = encoding_fault,
                     .rule_index = NO_RULE};
        if (checks[i].denies(&s)) {
            deny(&s, checks[i].hardening, out);
        }
        vk_buf_clear(&s.reason);
    }
}
