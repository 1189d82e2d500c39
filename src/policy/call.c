/* Call: which contracts and functions, with which value and arguments. */
#include "eth/abi.h"
#include "policy/rule.h"

#include <stdlib.h>

/* ---- Encoding: abi(Permission[]) ---- */

#define PERMISSION_HEAD (5 * VK_WORD)
#define RULE_HEAD (3 * VK_WORD)

/* A rule of 0.0.1 has one value in its place; later ones a list of values. */
static size_t rule_size(const vk_param_rule *rule) {
    return RULE_HEAD + VK_WORD + rule->param_count * VK_WORD;
}

static size_t rules_size(const vk_call_permission *permission, bool inline_rules) {
    size_t size = VK_WORD;
    for (size_t i = 0; i < permission->rule_count; i++) {
        size += inline_rules ? RULE_HEAD : VK_WORD + rule_size(&permission->rules[i]);
    }
    return size;
}

static void put_inline_rule(const vk_param_rule *rule, vk_buf *out) {
    static const vk_u256 none;
    vk_abi_put_u64(out, rule->condition);
    vk_abi_put_u64(out, rule->offset);
    vk_abi_put_u256(out, rule->param_count > 0 ? &rule->params[0] : &none);
}

static void put_rule(const vk_param_rule *rule, vk_buf *out) {
    vk_abi_put_u64(out, rule->condition);
    vk_abi_put_u64(out, rule->offset);
    vk_abi_put_u64(out, RULE_HEAD);
    vk_abi_put_u64(out, rule->param_count);
    for (size_t i = 0; i < rule->param_count; i++) {
        vk_abi_put_u256(out, &rule->params[i]);
    }
}

static void put_rules(const vk_call_permission *permission, vk_buf *out) {
    size_t offset = permission->rule_count * VK_WORD;
    for (size_t i = 0; i < permission->rule_count; i++) {
        vk_abi_put_u64(out, offset);
        offset += rule_size(&permission->rules[i]);
    }
    for (size_t i = 0; i < permission->rule_count; i++) {
        put_rule(&permission->rules[i], out);
    }
}

static void put_permission(const vk_call_permission *permission, bool inline_rules, vk_buf *out) {
    vk_abi_put_fixed(out, &permission->call_type, 1);
    vk_abi_put_address(out, &permission->target);
    vk_abi_put_fixed(out, permission->selector, sizeof permission->selector);
    vk_abi_put_u256(out, &permission->value_limit);
    vk_abi_put_u64(out, PERMISSION_HEAD);
    vk_abi_put_u64(out, permission->rule_count);
    if (!inline_rules) {
        put_rules(permission, out);
        return;
    }
    for (size_t i = 0; i < permission->rule_count; i++) {
        put_inline_rule(&permission->rules[i], out);
    }
}

static void encode(const vk_rule *rule, vk_buf *out) {
    bool inline_rules = rule->u.call.version == VK_CALL_POLICY_0_0_1;
    size_t count = rule->u.call.count, offset = count * VK_WORD;
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        vk_abi_put_u64(out, offset);
        offset += PERMISSION_HEAD + rules_size(&rule->u.call.permissions[i], inline_rules);
    }
    for (size_t i = 0; i < count; i++) {
        put_permission(&rule->u.call.permissions[i], inline_rules, out);
    }
}

/* ---- Memory ---- */

static void clear_permission(vk_call_permission *permission) {
    for (size_t i = 0; i < permission->rule_count; i++) {
        free(permission->rules[i].params);
    }
    free(permission->rules);
}

static void clear(vk_rule *rule) {
    for (size_t i = 0; i < rule->u.call.count; i++) {
        clear_permission(&rule->u.call.permissions[i]);
    }
    free(rule->u.call.permissions);
}

const vk_rule_type vk_rule_call = {.kind = VK_RULE_CALL,
                                   .name = "call",
                                   .parse = vk_call_parse,
                                   .parse_as_sdk = vk_call_parse_as_sdk,
                                   .check = vk_call_check,
                                   .encode = encode,
                                   .describe = vk_call_describe,
                                   .evaluate = vk_call_evaluate,
                                   .clear = clear};
