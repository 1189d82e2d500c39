/* The call rule in sentences, one a permission. */
#include "policy/call_text.h"
#include "policy/rule.h"

static const char *const operators[] = {
    [VK_COND_EQUAL] = " = ",          [VK_COND_GREATER] = " > ",
    [VK_COND_LESS] = " < ",           [VK_COND_GREATER_OR_EQUAL] = " >= ",
    [VK_COND_LESS_OR_EQUAL] = " <= ", [VK_COND_NOT_EQUAL] = " other than ",
};

static void put_one_of(const vk_param_rule *rule, const vk_word_text *word, vk_buf *out) {
    vk_buf_put_text(out, rule->param_count == 0 ? " out of an empty list, so never" : " one of ");
    for (size_t i = 0; i < rule->param_count; i++) {
        vk_buf_put_text(out, i == 0 ? "" : " / ");
        vk_put_word_amount(out, word, &rule->params[i]);
    }
}

static void put_slice(const vk_param_rule *rule, vk_buf *out) {
    char start[79], length[79];
    vk_u256_decimal(&rule->params[0], start);
    vk_u256_decimal(&rule->params[1], length);
    vk_buf_printf(out, " whose %s bytes from byte %s have the hash ", length, start);
    vk_hex_put(out, (vk_bytes){rule->params[2].be, sizeof rule->params[2].be});
}

static void put_rule(const vk_param_rule *rule, const vk_word_text *word, vk_buf *out) {
    vk_put_word_name(out, word);
    if (rule->condition == VK_COND_ONE_OF) {
        put_one_of(rule, word, out);
    } else if (rule->condition == VK_COND_SLICE_EQUAL) {
        put_slice(rule, out);
    } else {
        vk_buf_put_text(out, operators[rule->condition]);
        vk_put_word_amount(out, word, &rule->params[0]);
    }
}

static void put_target(const vk_call_permission *permission, vk_call_policy_version version,
                       vk_buf *out) {
    if (vk_address_is_zero(&permission->target) && version >= VK_CALL_POLICY_0_0_2) {
        vk_buf_put_text(out, "any address");
        return;
    }
    vk_put_contract(out, VK_ANY_CHAIN, &permission->target);
}

static bool has_selector(const vk_call_permission *permission) {
    static const uint8_t none[4];
    return !vk_bytes_equal((vk_bytes){permission->selector, 4}, (vk_bytes){none, 4});
}

static void put_what(const vk_call_permission *permission, vk_call_policy_version version,
                     vk_buf *out) {
    vk_buf_put_text(out,
                    permission->call_type == VK_CALL_DELEGATE ? "May delegatecall " : "May call ");
    if (has_selector(permission)) {
        vk_put_function(out, permission->selector);
        vk_buf_put_text(out, " on ");
    }
    put_target(permission, version, out);
    vk_buf_put_text(out, has_selector(permission) ? "" : " without data");
}

static void put_rules(const vk_call_permission *permission, vk_buf *out) {
    for (size_t i = 0; i < permission->rule_count; i++) {
        const vk_param_rule *rule = &permission->rules[i];
        vk_word_text word =
            vk_word_text_of(permission, VK_ANY_CHAIN, &permission->target, rule->offset);
        vk_buf_put_text(out, i == 0 ? " with " : ", ");
        put_rule(rule, &word, out);
    }
}

static void put_value(const vk_call_permission *permission, vk_buf *out) {
    if (permission->call_type == VK_CALL_DELEGATE) {
        return;
    }
    if (vk_u256_is_zero(&permission->value_limit)) {
        vk_buf_put_text(out, ", without native value");
        return;
    }
    vk_buf_put_text(out, ", with at most ");
    vk_put_ether(out, &permission->value_limit);
    vk_buf_put_text(out, " a call");
}

static void put_permission(const vk_call_permission *permission, vk_call_policy_version version,
                           vk_buf *out) {
    put_what(permission, version, out);
    put_rules(permission, out);
    put_value(permission, out);
    bool misread = permission->call_type == VK_CALL_DELEGATE && version < VK_CALL_POLICY_0_0_3;
    bool batch = permission->call_type == VK_CALL_BATCH;
    vk_buf_put_text(out, misread ? "; never allowed here, since this version of the contract "
                                   "misreads delegatecalls."
                         : batch ? "; never matches, since the contract looks up each call of a "
                                   "batch as callType 0x00."
                                 : ".");
}

void vk_call_describe(const vk_rule *rule, vk_buf *out) {
    if (rule->u.call.count == 0) {
        vk_buf_put_text(out, "May call nothing.");
    }
    for (size_t i = 0; i < rule->u.call.count; i++) {
        if (i > 0) {
            vk_buf_put_byte(out, '\n');
            vk_rule_put_scope(rule, out);
        }
        put_permission(&rule->u.call.permissions[i], rule->u.call.version, out);
    }
}
