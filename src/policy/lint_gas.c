/* Lint: the gas budget and its paymaster. */
#include "policy/lint.h"

static void look_at_budget(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    if (vk_u256_is_zero(&rule->u.gas.allowed)) {
        vk_lint_add(lint, VK_LINT_ZERO_GAS, path, "allowed",
                    "the budget is 0, so every operation that pays a fee is refused, with a "
                    "paymaster too; write the wei that all operations together may cost");
    } else if (vk_lint_is_no_limit(&rule->u.gas.allowed)) {
        vk_lint_add(lint, VK_LINT_UNLIMITED_GAS, path, "allowed",
                    "the budget is %s, more than there is of any coin, so fees can take all that "
                    "the account or its paymaster has; write the wei that all operations together "
                    "may cost",
                    vk_lint_ether(&rule->u.gas.allowed).text);
    }
}

static void look_at_paymaster(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    bool named = !vk_address_is_zero(&rule->u.gas.allowed_paymaster);
    if (rule->u.gas.enforce_paymaster && !named) {
        vk_lint_add(lint, VK_LINT_PAYMASTER_NOT_ENFORCED, path, "allowedPaymaster",
                    "enforcePaymaster is true, but for the zero address the contract enforces "
                    "nothing: any paymaster passes, and none; write the paymaster's address");
    } else if (named && !rule->u.gas.enforce_paymaster) {
        vk_lint_add(lint, VK_LINT_PAYMASTER_NOT_ENFORCED, path, "enforcePaymaster",
                    "a paymaster is named, but enforcePaymaster is false: any other passes, and "
                    "none; write true, or leave allowedPaymaster out");
    }
}

void vk_lint_gas(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        vk_path path = vk_lint_rule_path(i);
        if (policy->rules[i].kind == VK_RULE_GAS) {
            look_at_budget(lint, &policy->rules[i], &path);
            look_at_paymaster(lint, &policy->rules[i], &path);
        }
    }
    bool operations = (policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) == 0;
    if (operations && !vk_lint_has_rule(policy, VK_RULE_GAS)) {
        vk_path path = vk_path_member(NULL, "policies");
        vk_lint_add(
            lint, VK_LINT_NO_GAS_LIMIT, &path, NULL,
            "no gas rule limits the fees, so one operation can burn all that the account or "
            "its paymaster has; add {\"type\":\"gas\",\"allowed\":\"WEI\"}");
    }
}
