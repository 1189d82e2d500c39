/* Lint: rules beside each other. */
#include "policy/lint.h"

static const vk_rule *first_call_rule(const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == VK_RULE_CALL && vk_lint_for_operations(&policy->rules[i])) {
            return &policy->rules[i];
        }
    }
    return NULL;
}

static void look_at_flags(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        bool callers = rule->kind == VK_RULE_SIGNATURE_CALLER;
        vk_path path = vk_lint_rule_path(i);
        if (callers ? !vk_lint_for_signatures(rule) : !vk_lint_for_operations(rule)) {
            vk_lint_add(lint, VK_LINT_RULE_SKIPPED, &path, "policyFlag",
                        "the flag 0x%04x switches the %s rule off for %s, so it limits nothing "
                        "there; write 0x0000",
                        rule->flag, vk_rule_name(rule->kind),
                        callers ? "message signatures" : "operations");
        }
    }
    if ((policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) != 0) {
        vk_path root = {"permissionFlag"};
        vk_lint_add(lint, VK_LINT_OPERATIONS_OFF, &root, NULL,
                    "the flag 0x%04x makes the account refuse every operation of this key; write "
                    "0x0000, or 0x0002 to refuse message signatures only",
                    policy->permission_flag);
    }
}

static void look_at_calls(vk_lint *lint, const vk_policy *policy) {
    const vk_rule *call = first_call_rule(policy);
    vk_path list = vk_path_member(NULL, "policies");
    if (call == NULL && (policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) == 0) {
        vk_lint_add(lint, VK_LINT_NO_CALL_LIMIT, &list, NULL,
                    "no call rule limits what the key calls, so it can move all that the account "
                    "has, and change the account's owner and code; add a call rule with the "
                    "contracts and functions it needs");
    }
    for (size_t i = 0; i < policy->count && call != NULL; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i);
        if (rule->kind == VK_RULE_SUDO && vk_lint_for_operations(rule)) {
            vk_lint_add(lint, VK_LINT_SUDO_NO_EFFECT, &path, NULL,
                        "sudo does not lift the limits of the call rule beside it: every rule has "
                        "to allow an operation; leave sudo out");
        }
        if (rule->kind == VK_RULE_CALL && rule != call && vk_lint_for_operations(rule) &&
            !vk_address_equal(&rule->address, &call->address)) {
            vk_lint_add(lint, VK_LINT_CALL_RULES_INTERSECT, &path, NULL,
                        "a call has to be allowed by every call rule, so their permissions do not "
                        "add up; put all permissions into one call rule");
        }
    }
}

/* The sudo contract keeps nothing, so it alone takes a permission twice. */
static void look_at_contracts(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 1; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i);
        for (size_t k = 0; k < i && rule->kind != VK_RULE_SUDO; k++) {
            if (vk_address_equal(&policy->rules[k].address, &rule->address)) {
                vk_lint_add(lint, VK_LINT_SAME_CONTRACT_TWICE, &path, NULL,
                            "the contract of this %s rule is that of policy %zu, and refuses to be "
                            "installed twice: the permission can never be enabled; make one rule "
                            "of both",
                            vk_rule_name(rule->kind), k);
                break;
            }
        }
    }
}

void vk_lint_combination(vk_lint *lint, const vk_policy *policy) {
    look_at_flags(lint, policy);
    look_at_calls(lint, policy);
    look_at_contracts(lint, policy);
}
