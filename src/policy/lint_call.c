/* Lint: the permissions of call rules. */
#include "policy/lint.h"

#include <string.h>

static bool has_selector(const vk_call_permission *permission) {
    static const uint8_t none[4];
    return memcmp(permission->selector, none, sizeof none) != 0;
}

/* ---- Targets ---- */

static void look_at_target(vk_lint *lint, const vk_rule *rule, const vk_call_permission *permission,
                           const vk_path *path) {
    const char *privileged = vk_lint_privileged(lint->context, &permission->target);
    bool zero = vk_address_is_zero(&permission->target);
    if (zero && rule->u.call.version == VK_CALL_POLICY_0_0_1) {
        vk_lint_add(lint, VK_LINT_ZERO_TARGET, path, "target",
                    "for call policy 0.0.1 the zero address is no wildcard: only calls to that "
                    "address itself pass; write the contract's address");
    } else if (zero) {
        vk_lint_add(lint, VK_LINT_ANY_TARGET, path, "target",
                    "the zero address stands for any target: every contract is open to this call, "
                    "also every token, the account itself and the EntryPoint; write a permission "
                    "for each contract that the key needs");
    } else if (privileged != NULL) {
        vk_lint_add(lint, VK_LINT_PRIVILEGED_TARGET, path, "target",
                    "the target is %s: a call there can lift limits of this session, or of others; "
                    "leave the permission out, or do such calls with the owner's key",
                    privileged);
    }
}

/* ---- Selectors ---- */

static void look_at_selector(vk_lint *lint, const vk_call_permission *permission,
                             const vk_path *path) {
    if (has_selector(permission)) {
        return;
    }
    if (permission->rule_count > 0) {
        vk_lint_add(lint, VK_LINT_ZERO_SELECTOR, path, "selector",
                    "the selector is 0x00000000, which stands for calls without data, and those "
                    "never pass a rule on arguments; write the selector of the function");
    } else if (vk_u256_is_zero(&permission->value_limit)) {
        vk_lint_add(lint, VK_LINT_ZERO_SELECTOR, path, "selector",
                    "the selector is 0x00000000, which stands for calls without data, not for any "
                    "function, and with valueLimit 0 they carry nothing; write the selector of the "
                    "function, or a valueLimit for plain transfers");
    } else {
        vk_lint_add(lint, VK_LINT_ZERO_SELECTOR, path, "selector",
                    "the selector is 0x00000000: plain transfers of up to %s are allowed, and no "
                    "function of the target; if a function is meant, write its selector",
                    vk_lint_ether(&permission->value_limit).text);
    }
}

/* ---- Call types ---- */

static void look_at_call_type(vk_lint *lint, const vk_rule *rule,
                              const vk_call_permission *permission, const vk_path *path) {
    if (permission->call_type == VK_CALL_SINGLE) {
        return;
    }
    if (permission->call_type != VK_CALL_DELEGATE) {
        vk_lint_add(lint, VK_LINT_NEVER_MATCHES, path, "callType",
                    "a permission with callType 0x%02x never matches, since the contract looks up "
                    "each call of a batch as callType 0x00; write 0x00, which allows both",
                    permission->call_type);
    } else if (rule->u.call.version < VK_CALL_POLICY_0_0_3) {
        vk_lint_add(lint, VK_LINT_DELEGATECALL_MISREAD, path, "callType",
                    "call policies 0.0.1 and 0.0.2 read a delegatecall wrongly: what they check is "
                    "not what is run; leave the permission out, or write \"policyVersion\":"
                    "\"0.0.4\"");
    } else {
        vk_lint_add(
            lint, VK_LINT_DELEGATECALL, path, "callType",
            "by delegatecall the target's code runs as the account, so it can do everything "
            "that the account can, whatever the limits here; write 0x00 (call) unless the "
            "target's code is known and cannot change");
    }
}

/* ---- Limits ---- */

static void look_at_value(vk_lint *lint, const vk_call_permission *permission,
                          const vk_path *path) {
    const vk_u256 *limit = &permission->value_limit;
    if (permission->call_type != VK_CALL_SINGLE || vk_u256_is_zero(limit)) {
        return;
    }
    if (vk_lint_is_no_limit(limit)) {
        vk_lint_add(lint, VK_LINT_UNLIMITED_VALUE, path, "valueLimit",
                    "the limit is more than there is of any coin, so one call can carry all that "
                    "the account has; write the most wei that a call may carry");
    } else {
        vk_lint_add(lint, VK_LINT_BATCH_MULTIPLIES, path, "valueLimit",
                    "each call may carry %s, and an operation any number of calls, so the sum has "
                    "no limit; write a limit that may be lost many times, or keep little in the "
                    "account",
                    vk_lint_ether(limit).text);
    }
}

/* Does the rule look like a limit on an amount? */
static bool limits_amount(const vk_call_permission *permission, const vk_param_rule *rule) {
    const vk_lint_function *function = vk_lint_function_of(permission->selector);
    bool less = rule->condition == VK_COND_LESS || rule->condition == VK_COND_LESS_OR_EQUAL;
    bool listed = rule->condition == VK_COND_EQUAL || rule->condition == VK_COND_ONE_OF;
    if (rule->param_count == 0 || vk_lint_is_no_amount(&rule->params[0])) {
        return false;
    }
    return function == NULL ? less : (less || listed) && vk_lint_is_amount(function, rule->offset);
}

static void look_at_amounts(vk_lint *lint, const vk_call_permission *permission,
                            const vk_path *path) {
    vk_path list = vk_path_member(path, "rules");
    for (size_t i = 0; i < permission->rule_count && permission->call_type == VK_CALL_SINGLE; i++) {
        vk_path at = vk_path_index(&list, i);
        if (limits_amount(permission, &permission->rules[i])) {
            vk_lint_add(lint, VK_LINT_BATCH_MULTIPLIES, &at, NULL,
                        "the limit holds for each call of %s, and an operation may have any number "
                        "of them, so the sum has no limit; write a limit that may be lost many "
                        "times, or keep little in the account",
                        vk_lint_function_name(permission->selector).text);
            return;
        }
    }
}

/* ---- Permissions beside each other ---- */

static bool same_call(const vk_call_permission *a, const vk_call_permission *b) {
    return a->call_type == b->call_type &&
           memcmp(a->selector, b->selector, sizeof a->selector) == 0;
}

static void look_at_shadow(vk_lint *lint, const vk_rule *rule, size_t index, const vk_path *path) {
    const vk_call_permission *all = rule->u.call.permissions, *exact = &all[index];
    if (vk_address_is_zero(&exact->target) || rule->u.call.version == VK_CALL_POLICY_0_0_1) {
        return;
    }
    for (size_t i = 0; i < rule->u.call.count; i++) {
        if (vk_address_is_zero(&all[i].target) && same_call(&all[i], exact)) {
            vk_lint_add(lint, VK_LINT_SHADOWED_PERMISSION, path, NULL,
                        "for this target permission %zu (any target, the same function) is never "
                        "asked, also where this one refuses: only the limits here count; leave one "
                        "of them out, or write all the limits here",
                        i);
            return;
        }
    }
}

static void look_at_permission(vk_lint *lint, const vk_rule *rule, size_t index,
                               const vk_path *path) {
    const vk_call_permission *permission = &rule->u.call.permissions[index];
    look_at_call_type(lint, rule, permission, path);
    look_at_target(lint, rule, permission, path);
    look_at_selector(lint, permission, path);
    look_at_value(lint, permission, path);
    look_at_amounts(lint, permission, path);
    look_at_shadow(lint, rule, index, path);
    vk_lint_open_ends(lint, permission, path);
    vk_lint_arguments(lint, permission, path);
}

void vk_lint_calls(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i), list = vk_path_member(&path, "permissions");
        if (rule->kind != VK_RULE_CALL) {
            continue;
        }
        if (rule->u.call.count == 0) {
            vk_lint_add(lint, VK_LINT_NO_PERMISSIONS, &list, NULL,
                        "the list is empty, so no call is allowed; write a permission for each "
                        "function that the key needs");
        }
        for (size_t k = 0; k < rule->u.call.count; k++) {
            vk_path at = vk_path_index(&list, k);
            look_at_permission(lint, rule, k, &at);
        }
    }
}
