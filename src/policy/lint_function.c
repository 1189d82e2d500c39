/* Lint: the functions that give tokens, or the right to them, away. */
#include "policy/lint.h"

#include "eth/abi.h"

#include <string.h>

const vk_lint_function vk_lint_functions[VK_LINT_FUNCTIONS] = {
    {{0x09, 0x5e, 0xa7, 0xb3}, "approve(address,uint256)", VK_LINT_APPROVES, 0, 1, true},
    {{0x39, 0x50, 0x93, 0x51}, "increaseAllowance(address,uint256)", VK_LINT_APPROVES, 0, 1, true},
    {{0xd7, 0x3d, 0xd6, 0x23}, "increaseApproval(address,uint256)", VK_LINT_APPROVES, 0, 1, true},
    {{0xa2, 0x2c, 0xb4, 0x65},
     "setApprovalForAll(address,bool)",
     VK_LINT_APPROVES,
     0,
     VK_LINT_NO_ARGUMENT,
     false},
    /* Permit2 */
    {{0x87, 0x51, 0x7c, 0x45},
     "approve(address,address,uint160,uint48)",
     VK_LINT_APPROVES,
     1,
     2,
     true},
    {{0xa9, 0x05, 0x9c, 0xbb}, "transfer(address,uint256)", VK_LINT_TRANSFERS, 0, 1, true},
    {{0x23, 0xb8, 0x72, 0xdd},
     "transferFrom(address,address,uint256)",
     VK_LINT_TRANSFERS,
     1,
     2,
     true},
    {{0x42, 0x84, 0x2e, 0x0e},
     "safeTransferFrom(address,address,uint256)",
     VK_LINT_TRANSFERS,
     1,
     2,
     false},
    {{0xb8, 0x8d, 0x4f, 0xde},
     "safeTransferFrom(address,address,uint256,bytes)",
     VK_LINT_TRANSFERS,
     1,
     2,
     false},
    {{0xf2, 0x42, 0x43, 0x2a},
     "safeTransferFrom(address,address,uint256,uint256,bytes)",
     VK_LINT_TRANSFERS,
     1,
     3,
     true},
    {{0x2e, 0xb2, 0xc2, 0xd6},
     "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
     VK_LINT_TRANSFERS,
     1,
     VK_LINT_NO_ARGUMENT,
     false},
};

const vk_lint_function *vk_lint_function_of(const uint8_t selector[4]) {
    for (size_t i = 0; i < VK_LINT_FUNCTIONS; i++) {
        if (memcmp(vk_lint_functions[i].selector, selector, 4) == 0) {
            return &vk_lint_functions[i];
        }
    }
    return NULL;
}

/* The type of an argument; NULL behind the last one. */
static const char *type_at(const vk_lint_function *function, size_t index, size_t *len) {
    const char *type = strchr(function->signature, '(') + 1;
    for (; index > 0 && type != NULL; index--) {
        const char *comma = strchr(type, ',');
        type = comma == NULL ? NULL : comma + 1;
    }
    *len = type == NULL ? 0 : strcspn(type, ",)");
    return type;
}

const char *vk_lint_argument_type(const vk_lint_function *function, uint64_t offset, size_t *len) {
    if (function == NULL || offset % VK_WORD != 0 ||
        offset / VK_WORD > strlen(function->signature)) {
        return NULL;
    }
    return type_at(function, offset / VK_WORD, len);
}

static bool is_dynamic(const char *type, size_t len) {
    return type[len - 1] == ']' || (len == 5 && memcmp(type, "bytes", 5) == 0);
}

size_t vk_lint_argument_words(const vk_lint_function *function) {
    size_t count = 0, len;
    const char *type;
    for (; (type = type_at(function, count, &len)) != NULL; count++) {
        if (is_dynamic(type, len)) {
            return 0;
        }
    }
    return count;
}

bool vk_lint_is_address(const vk_lint_function *function, uint64_t offset) {
    size_t len;
    const char *type = vk_lint_argument_type(function, offset, &len);
    return type != NULL && len == 7 && memcmp(type, "address", 7) == 0;
}

bool vk_lint_is_amount(const vk_lint_function *function, uint64_t offset) {
    return function != NULL && function->countable && offset == function->amount * VK_WORD;
}

/* ---- What a permission leaves open ---- */

static bool bounds_amount(const vk_param_rule *rule) {
    for (size_t i = 0; i < rule->param_count; i++) {
        if (vk_lint_is_no_amount(&rule->params[i])) {
            return false;
        }
    }
    return rule->condition == VK_COND_EQUAL || rule->condition == VK_COND_LESS ||
           rule->condition == VK_COND_LESS_OR_EQUAL || rule->condition == VK_COND_ONE_OF;
}

static bool names_values(const vk_param_rule *rule) {
    return rule->condition == VK_COND_EQUAL || rule->condition == VK_COND_ONE_OF;
}

static bool is_ruled(const vk_call_permission *permission, size_t argument,
                     bool (*suffices)(const vk_param_rule *)) {
    for (size_t i = 0; i < permission->rule_count && argument != VK_LINT_NO_ARGUMENT; i++) {
        const vk_param_rule *rule = &permission->rules[i];
        if (rule->offset == argument * VK_WORD && suffices(rule)) {
            return true;
        }
    }
    return false;
}

/* setApprovalForAll(..., false) takes rights away. */
static bool only_revokes(const vk_lint_function *function, const vk_call_permission *permission) {
    for (size_t i = 0; i < permission->rule_count; i++) {
        const vk_param_rule *rule = &permission->rules[i];
        size_t len;
        const char *type = vk_lint_argument_type(function, rule->offset, &len);
        if (type != NULL && len == 4 && memcmp(type, "bool", 4) == 0 &&
            rule->condition == VK_COND_EQUAL && rule->param_count == 1 &&
            vk_u256_is_zero(&rule->params[0])) {
            return true;
        }
    }
    return false;
}

static void open_approval(vk_lint *lint, const vk_lint_function *function, bool who, bool amount,
                          const vk_path *path) {
    size_t who_at = function->who * VK_WORD, amount_at = who_at + VK_WORD;
    if (who) {
        vk_lint_add(lint, VK_LINT_OPEN_APPROVAL, path, NULL,
                    "no rule limits the amount of %s, so who is approved can take all the "
                    "account's tokens of this kind, by calls that this policy never sees; add a "
                    "rule at offset %zu",
                    function->signature, amount_at);
    } else if (amount) {
        vk_lint_add(lint, VK_LINT_OPEN_APPROVAL, path, NULL,
                    "no rule says whom %s may approve, so anybody can be let take the account's "
                    "tokens of this kind; add a rule at offset %zu: condition 0 (equal) or 6 (one "
                    "of)",
                    function->signature, who_at);
    } else {
        vk_lint_add(lint, VK_LINT_OPEN_APPROVAL, path, NULL,
                    "no rule says whom %s may approve, and for how much, so anybody can be let "
                    "take all the account's tokens of this kind; add rules at offsets %zu and %zu",
                    function->signature, who_at, amount_at);
    }
}

void vk_lint_open_ends(vk_lint *lint, const vk_call_permission *permission, const vk_path *path) {
    const vk_lint_function *function = vk_lint_function_of(permission->selector);
    if (function == NULL || permission->call_type != VK_CALL_SINGLE) {
        return;
    }
    bool has_amount = function->amount != VK_LINT_NO_ARGUMENT;
    bool who = is_ruled(permission, function->who, names_values);
    bool amount = is_ruled(permission, function->amount, bounds_amount);
    if (function->effect == VK_LINT_TRANSFERS && !who && !amount) {
        vk_lint_add(lint, VK_LINT_OPEN_TRANSFER, path, NULL,
                    "no rule says to whom or how much %s may move, so the key can take all the "
                    "account's tokens of this kind; add a rule on the recipient at offset %zu%s",
                    function->signature, function->who * VK_WORD,
                    has_amount ? ", or on the amount" : "");
    } else if (function->effect == VK_LINT_APPROVES && !(who && (amount || !has_amount)) &&
               !only_revokes(function, permission)) {
        open_approval(lint, function, who, amount || !has_amount, path);
    }
}
