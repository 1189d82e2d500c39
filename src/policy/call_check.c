/* What the call contract refuses at its installation, or can never act on. */
#include "policy/rule.h"

#include <string.h>

#define SLICE_PARAMS 3

/* By vk_call_policy_version, from 1. */
const char *const vk_call_published[VK_CALL_VERSIONS] = {
    "0xe4Fec84B7B002273ecC86baa65a831ddB92d30a8", "0x67Fa43ca2D689beA4d10b9F2C96828828A2Ab275",
    "0xB3CB5f502250360335614df1421f2AAbE98CE503", "0x9a52283276A0ec8740DF50bF01B28A80D880eaf2",
    "0x85770b902D1e503D5f5141d9eaC16d0d08eEaDd2"};

vk_status vk_call_check_address(const vk_rule *rule, const vk_path *path, vk_error *err) {
    return vk_rule_check_address(rule, vk_call_published[rule->u.call.version - 1], path, err);
}

/* ---- Rules on arguments ---- */

static vk_status check_condition(const vk_param_rule *rule, vk_call_policy_version version,
                                 const vk_path *path, vk_error *err) {
    vk_path at = vk_path_member(path, "condition");
    if (rule->condition == VK_COND_ONE_OF && version < VK_CALL_POLICY_0_0_2) {
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "condition 6 (one of) needs call policy 0.0.2 or later");
    }
    if (rule->condition == VK_COND_SLICE_EQUAL && version < VK_CALL_POLICY_0_0_5) {
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "condition 7 (slice equal) needs call policy 0.0.5");
    }
    return rule->condition <= VK_COND_SLICE_EQUAL
               ? VK_OK
               : vk_fail(err, VK_ERR_POLICY, at.text, "condition %u is unknown", rule->condition);
}

static vk_status check_param_count(const vk_param_rule *rule, const vk_path *path, vk_error *err) {
    if (rule->condition == VK_COND_ONE_OF) {
        return VK_OK;
    }
    size_t expected = rule->condition == VK_COND_SLICE_EQUAL ? SLICE_PARAMS : 1;
    if (rule->param_count == expected) {
        return VK_OK;
    }
    vk_path at = vk_path_member(path, "params");
    return vk_fail(err, VK_ERR_POLICY, at.text,
                   "condition %u takes exactly %zu value%s, here are %zu", rule->condition,
                   expected, expected == 1 ? "" : "s", rule->param_count);
}

static vk_status check_rules(const vk_call_permission *permission, vk_call_policy_version version,
                             const vk_path *path, vk_error *err) {
    vk_path list = vk_path_member(path, "rules");
    vk_status status = VK_OK;
    for (size_t i = 0; i < permission->rule_count && status == VK_OK; i++) {
        vk_path at = vk_path_index(&list, i);
        status = check_condition(&permission->rules[i], version, &at, err);
        if (status == VK_OK) {
            status = check_param_count(&permission->rules[i], &at, err);
        }
    }
    return status;
}

/* ---- Permissions ---- */

/* The SDK takes 0x01 too, though it never matches: the contract looks up each call of a batch as
 * callType 0x00. */
static vk_status check_call_type(uint8_t call_type, const vk_path *path, vk_error *err) {
    if (call_type == VK_CALL_SINGLE || call_type == VK_CALL_BATCH ||
        call_type == VK_CALL_DELEGATE) {
        return VK_OK;
    }
    vk_path at = vk_path_member(path, "callType");
    return vk_fail(err, VK_ERR_POLICY, at.text,
                   "callType is 0x%02x, but must be 0x00 (call), 0x01 (batch) or 0xff "
                   "(delegatecall)",
                   call_type);
}

static vk_status check_new(const vk_rule *rule, size_t index, const vk_path *path, vk_error *err) {
    const vk_call_permission *all = rule->u.call.permissions, *added = &all[index];
    for (size_t i = 0; i < index; i++) {
        if (all[i].call_type == added->call_type &&
            vk_address_equal(&all[i].target, &added->target) &&
            memcmp(all[i].selector, added->selector, sizeof added->selector) == 0) {
            return vk_fail(err, VK_ERR_POLICY, path->text,
                           "this permission has the callType, target and selector of permission "
                           "%zu, which the contract refuses",
                           i);
        }
    }
    return VK_OK;
}

static vk_status check_permission(const vk_rule *rule, size_t index, const vk_path *path,
                                  vk_error *err) {
    const vk_call_permission *permission = &rule->u.call.permissions[index];
    vk_status status = check_call_type(permission->call_type, path, err);
    if (status == VK_OK) {
        status = check_rules(permission, rule->u.call.version, path, err);
    }
    return status == VK_OK ? check_new(rule, index, path, err) : status;
}

vk_status vk_call_check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    vk_call_policy_version version = rule->u.call.version;
    if (version < VK_CALL_POLICY_0_0_1 || version > VK_CALL_POLICY_0_0_5) {
        return vk_fail(err, VK_ERR_ARGUMENT, path->text, "the call policy has no version");
    }
    vk_status status = vk_call_check_address(rule, path, err);
    vk_path list = vk_path_member(path, "permissions");
    for (size_t i = 0; i < rule->u.call.count && status == VK_OK; i++) {
        vk_path at = vk_path_index(&list, i);
        status = check_permission(rule, i, &at, err);
    }
    return status;
}
