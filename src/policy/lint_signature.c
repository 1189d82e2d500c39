/* Lint: message signatures, which other contracts ask the account for (ERC-1271). */
#include "policy/lint.h"

#include "policy/text.h"

#include <string.h>

/* 0x000000000022D473030F116dDEE9F6B43aC78BA3: takes permits for every token approved to it. */
static const vk_address permit2 = {{0x00, 0x00, 0x00, 0x00, 0x00, 0x22, 0xd4, 0x73, 0x03, 0x0f,
                                    0x11, 0x6d, 0xde, 0xe9, 0xf6, 0xb4, 0x3a, 0xc7, 0x8b, 0xa3}};

static bool is_caller_rule(const vk_rule *rule) {
    return rule->kind == VK_RULE_SIGNATURE_CALLER && vk_lint_for_signatures(rule);
}

/* Of the well-known tokens only USDC checks permits by ERC-1271. */
static const char *takes_permits(const vk_address *caller) {
    const vk_asset *asset = vk_asset_find(VK_ANY_CHAIN, caller);
    if (vk_address_equal(caller, &permit2)) {
        return "Permit2";
    }
    return asset != NULL && strcmp(asset->symbol, "USDC") == 0 ? asset->symbol : NULL;
}

static void look_at_callers(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    vk_path list = vk_path_member(path, "allowedCallers");
    for (size_t i = 0; i < rule->u.signature_caller.count; i++) {
        const char *name = takes_permits(&rule->u.signature_caller.callers[i]);
        vk_path at = vk_path_index(&list, i);
        if (name != NULL) {
            vk_lint_add(lint, VK_LINT_CALLER_TAKES_PERMITS, &at, NULL,
                        "%s takes permits, so the key can sign away an allowance of any amount to "
                        "anybody, whatever the call rule says; list only contracts whose messages "
                        "cannot move what the key may not",
                        name);
        }
    }
}

static bool has_end(const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        if (rule->kind == VK_RULE_TIMESTAMP && rule->u.timestamp.valid_until != 0) {
            return true;
        }
    }
    return false;
}

void vk_lint_signatures(vk_lint *lint, const vk_policy *policy) {
    bool ruled = false, somebody = true;
    if ((policy->permission_flag & VK_FLAG_NOT_FOR_SIGNATURE) != 0) {
        return;
    }
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i);
        if (is_caller_rule(rule)) {
            ruled = true;
            somebody = somebody && rule->u.signature_caller.count > 0;
            look_at_callers(lint, rule, &path);
        }
    }
    vk_path root = {"permissionFlag"};
    if (!ruled) {
        vk_lint_add(
            lint, VK_LINT_SIGNATURES_OPEN, &root, NULL,
            "the key can sign every ERC-1271 message for the account, such as a token permit "
            "or an order, whatever it may call; write \"permissionFlag\":\"0x0002\", or add "
            "{\"type\":\"signature-caller\",\"allowedCallers\":[]}");
    } else if (somebody && has_end(policy)) {
        vk_lint_add(
            lint, VK_LINT_SIGNATURES_OUTLIVE_EXPIRY, &root, NULL,
            "the timestamp rule does not limit message signatures: the allowed callers take "
            "them after its end too, until the permission is revoked; write "
            "\"permissionFlag\":\"0x0002\" if the key need not sign messages");
    }
}
