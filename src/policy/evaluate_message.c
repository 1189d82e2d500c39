/*
 * What the account's contracts would say of a message that a session key signs (ERC-1271). The
 * contracts of most rules accept any message while they are installed.
 */
#include "policy/rule.h"

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
