/* Kind policy_data: what the contract of one policy is installed with. */
#include "batch/in_policy.h"
#include "batch/kinds.h"

/* A rule of 0.0.1 has one value in its place; later ones a list of values. */
static void put_params(const vk_param_rule *rule, vk_call_policy_version version, vk_reply *reply) {
    if (version == VK_CALL_POLICY_0_0_1 && rule->param_count == 1) {
        vk_reply_fixed(reply, "params", rule->params[0].be, sizeof rule->params[0].be);
        return;
    }
    vk_reply_array(reply, "params");
    for (size_t i = 0; i < rule->param_count; i++) {
        vk_reply_fixed(reply, NULL, rule->params[i].be, sizeof rule->params[i].be);
    }
    vk_reply_array_end(reply);
}

static void put_rule(const vk_param_rule *rule, vk_call_policy_version version, vk_reply *reply) {
    vk_reply_object(reply, NULL);
    put_params(rule, version, reply);
    vk_reply_number(reply, "offset", rule->offset);
    vk_reply_number(reply, "condition", rule->condition);
    vk_reply_object_end(reply);
}

static void put_permission(const vk_call_permission *permission, vk_call_policy_version version,
                           vk_reply *reply) {
    vk_reply_object(reply, NULL);
    vk_reply_fixed(reply, "callType", &permission->call_type, 1);
    vk_reply_address(reply, "target", &permission->target);
    vk_reply_fixed(reply, "selector", permission->selector, sizeof permission->selector);
    vk_reply_decimal(reply, "valueLimit", &permission->value_limit);
    vk_reply_array(reply, "rules");
    for (size_t i = 0; i < permission->rule_count; i++) {
        put_rule(&permission->rules[i], version, reply);
    }
    vk_reply_array_end(reply);
    vk_reply_object_end(reply);
}

/* What the ABI form is resolved to. */
static void put_permissions(const vk_rule *rule, vk_reply *reply) {
    vk_reply_array(reply, "permissions");
    for (size_t i = 0; i < rule->u.call.count; i++) {
        put_permission(&rule->u.call.permissions[i], rule->u.call.version, reply);
    }
    vk_reply_array_end(reply);
}

vk_status vk_batch_policy_data(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    const vk_rule *rule = vk_in_rule(in, sdk);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_buf info = {0}, data = {0};
    if (vk_in_has(in, "abiPermission")) {
        put_permissions(rule, reply);
    }
    vk_rule_put_info(rule, &info);
    vk_in_check(in, NULL, vk_rule_encode(rule, &data));
    vk_in_check(in, NULL, vk_buf_status(&info));
    vk_reply_hex(reply, "policyInfo", vk_buf_view(&info));
    vk_reply_hex(reply, "policyData", vk_buf_view(&data));
    vk_buf_clear(&info);
    vk_buf_clear(&data);
    return vk_in_status(in);
}
