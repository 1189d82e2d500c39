/*
 * What the account's contracts would say of a message that a session key signs (ERC-1271), and the
 * hardening rules on it. The contracts of most rules accept any message while they are installed.
 */
#include "policy/rule.h"
#include "policy/text.h"

#include <stdlib.h>

#define NO_RULE (-1)

static bool is_active(const vk_rule *rule) {
    return (rule->flag & VK_FLAG_NOT_FOR_SIGNATURE) == 0;
}

static void evaluate_rule(const vk_rule *rule, const vk_message_request *request,
                          vk_rule_verdict *out) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if (!is_active(rule)) {
        vk_rule_allow(out, "this rule is not for message signatures");
        out->result = VK_RESULT_SKIPPED;
    } else if (type == NULL) {
        vk_rule_deny(out, "this kind of rule is unknown");
    } else if (type->evaluate_message == NULL) {
        vk_rule_allow(out, "this rule is about user operations: its contract accepts any message");
    } else {
        type->evaluate_message(rule, request, out);
    }
}

static void evaluate_rules(const vk_policy *policy, const vk_message_request *request,
                           vk_verdict *out) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        evaluate_rule(rule, request, &out->rules[i]);
        if (out->rules[i].result == VK_RESULT_DENIED) {
            vk_verdict_deny(out, (int)i, vk_rule_name(rule->kind), out->rules[i].reason);
        }
    }
    if (request->now > VK_TIME_MAX) {
        vk_verdict_deny(out, NO_RULE, "time",
                        "the time is after the end of every window: it does not fit 48 bits");
    }
}

/* ---- Hardening ---- */

static bool is_on(const vk_message_request *request, vk_hardening hardening) {
    return (request->relaxed & vk_hardening_bit(hardening)) == 0;
}

static void deny(vk_verdict *out, vk_hardening hardening, int index, const char *rule,
                 const char *reason) {
    if (out->rule[0] == '\0') {
        out->hardening = vk_hardening_name(hardening);
        vk_verdict_deny(out, index, rule, reason);
    }
}

static bool speaks_of_signatures(const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == VK_RULE_SIGNATURE_CALLER && is_active(&policy->rules[i])) {
            return true;
        }
    }
    return false;
}

/* The contract of the timestamp rule looks at no clock when it is asked about a message. */
static void harden_window(const vk_policy *policy, const vk_message_request *request,
                          vk_verdict *out) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        if (rule->kind != VK_RULE_TIMESTAMP || !is_active(rule)) {
            continue;
        }
        vk_rule_verdict *verdict = &out->rules[i];
        verdict->valid_after = rule->u.timestamp.valid_after;
        verdict->valid_until = rule->u.timestamp.valid_until;
        if (vk_entry_point_in_window(VK_ENTRY_POINT_0_7, verdict->valid_after, verdict->valid_until,
                                     request->now, 0)) {
            continue;
        }
        vk_buf reason = {0};
        vk_rule_put_outside(rule, verdict, request->now < verdict->valid_after, request->now,
                            VK_ENTRY_POINT_0_7, &reason);
        vk_rule_deny_buf(verdict, &reason);
        deny(out, VK_HARDENING_SIGNATURE_WINDOW, (int)i, vk_rule_name(rule->kind), verdict->reason);
    }
}

void vk_harden_message(const vk_policy *policy, const vk_message_request *request,
                       vk_verdict *out) {
    if (is_on(request, VK_HARDENING_OPEN_SIGNATURE) && !speaks_of_signatures(policy)) {
        deny(out, VK_HARDENING_OPEN_SIGNATURE, NO_RULE, "signature",
             "the policy does not speak of message signatures, so the account would accept any "
             "message of this key, a token permit or an order included: give it a rule for "
             "signature callers");
    }
    if (is_on(request, VK_HARDENING_SIGNATURE_WINDOW)) {
        harden_window(policy, request, out);
    }
    if (is_on(request, VK_HARDENING_REPLAYABLE_SIGNATURE) && request->replayable) {
        deny(out, VK_HARDENING_REPLAYABLE_SIGNATURE, NO_RULE, "signature",
             "a replayable signature is good for this account on every chain, also on those that "
             "no grant names");
    }
}

vk_status vk_policy_evaluate_message(const vk_policy *policy, const vk_message_request *request,
                                     vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    if (policy->count > VK_POLICIES_MAX) {
        return VK_ERR_ARGUMENT;
    }
    out->rules = calloc(policy->count + 1, sizeof *out->rules);
    if (out->rules == NULL) {
        return VK_ERR_MEMORY;
    }
    out->count = policy->count;
    if ((policy->permission_flag & VK_FLAG_NOT_FOR_SIGNATURE) != 0) {
        vk_verdict_deny(out, NO_RULE, "permission", "the permission is not for message signatures");
    }
    if (policy->count == 0) {
        vk_verdict_deny(out, NO_RULE, "policy", "the policy has no rules, so it allows nothing");
    }
    evaluate_rules(policy, request, out);
    if (out->rule[0] == '\0') {
        vk_harden_message(policy, request, out);
    }
    out->allowed = out->rule[0] == '\0';
    return VK_OK;
}
