/* Reads the call rule: permissions, and in them the rules on arguments. */
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

#define VERSIONS 5
#define BITS_OFFSET 64
#define SLICE_PARAMS 3

/* By vk_call_policy_version, from 1. */
static const char *const version_texts[VERSIONS] = {"0.0.1", "0.0.2", "0.0.3", "0.0.4", "0.0.5"};
static const char *const published[VERSIONS] = {
    "0xe4Fec84B7B002273ecC86baa65a831ddB92d30a8", "0x67Fa43ca2D689beA4d10b9F2C96828828A2Ab275",
    "0xB3CB5f502250360335614df1421f2AAbE98CE503", "0x9a52283276A0ec8740DF50bF01B28A80D880eaf2",
    "0x85770b902D1e503D5f5141d9eaC16d0d08eEaDd2"};

static vk_status out_of_memory(const vk_path *path, vk_error *err) {
    return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
}

/* ---- Version and address ---- */

static vk_status version_by_address(const cJSON *json, const vk_path *path, vk_rule *out,
                                    vk_error *err) {
    if (vk_json_get(json, "policyAddress") == NULL) {
        vk_path at = vk_path_member(path, "policyVersion");
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "member \"policyVersion\" is missing, and no \"policyAddress\" tells it");
    }
    size_t index;
    vk_status status = vk_rule_address(json, path, published, VERSIONS, &index, &out->address, err);
    if (status == VK_OK) {
        out->u.call.version = (vk_call_policy_version)(index + 1);
    }
    return status;
}

static vk_status read_version(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    if (vk_json_get(json, "policyVersion") == NULL) {
        return version_by_address(json, path, out, err);
    }
    const char *text;
    size_t ignored;
    vk_status status = vk_json_text(json, "policyVersion", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < VERSIONS; i++) {
        if (strcmp(text, version_texts[i]) == 0) {
            out->u.call.version = (vk_call_policy_version)(i + 1);
            return vk_rule_address(json, path, &published[i], 1, &ignored, &out->address, err);
        }
    }
    vk_path at = vk_path_member(path, "policyVersion");
    return vk_fail(err, VK_ERR_POLICY, at.text, "\"policyVersion\" must be \"0.0.1\" to \"0.0.5\"");
}

/* ---- Rules on arguments ---- */

static vk_status read_condition(const cJSON *json, vk_call_policy_version version,
                                const vk_path *path, vk_param_rule *out, vk_error *err) {
    uint64_t condition;
    vk_status status = vk_json_u64(json, "condition", path, VK_COND_SLICE_EQUAL, &condition, err);
    if (status != VK_OK) {
        return status;
    }
    vk_path at = vk_path_member(path, "condition");
    if (condition == VK_COND_ONE_OF && version < VK_CALL_POLICY_0_0_2) {
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "condition 6 (one of) needs call policy 0.0.2 or later");
    }
    if (condition == VK_COND_SLICE_EQUAL && version < VK_CALL_POLICY_0_0_5) {
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "condition 7 (slice equal) needs call policy 0.0.5");
    }
    out->condition = (uint8_t)condition;
    return VK_OK;
}

static vk_status check_param_count(uint8_t condition, size_t count, const vk_path *path,
                                   vk_error *err) {
    if (condition == VK_COND_ONE_OF) {
        return VK_OK;
    }
    size_t expected = condition == VK_COND_SLICE_EQUAL ? SLICE_PARAMS : 1;
    if (count == expected) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_POLICY, path->text,
                   "condition %u takes exactly %zu value%s, here are %zu", condition, expected,
                   expected == 1 ? "" : "s", count);
}

static vk_status read_word(const cJSON *item, const vk_path *path, vk_u256 *out, vk_error *err) {
    if (!cJSON_IsString(item) || vk_hex_read_fixed(item->valuestring, strlen(item->valuestring),
                                                   out->be, sizeof out->be) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "a value must be \"0x\" and 64 hex digits");
    }
    return VK_OK;
}

static vk_status read_words(const cJSON *list, const vk_path *path, vk_param_rule *out,
                            vk_error *err) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(path, i);
        vk_status status = read_word(item, &at, &out->params[i++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static vk_status read_params(const cJSON *json, vk_call_policy_version version, const vk_path *path,
                             vk_param_rule *out, vk_error *err) {
    const cJSON *list = vk_json_get(json, "params");
    vk_path at = vk_path_member(path, "params");
    bool single = version == VK_CALL_POLICY_0_0_1 && cJSON_IsString(list);
    size_t count = 1;
    vk_status status =
        single ? VK_OK : vk_rule_list(json, "params", path, VK_PARAMS_MAX, &list, &count, err);
    if (status == VK_OK) {
        status = check_param_count(out->condition, count, &at, err);
    }
    if (status != VK_OK || count == 0) {
        return status;
    }
    out->params = calloc(count, sizeof *out->params);
    if (out->params == NULL) {
        return out_of_memory(&at, err);
    }
    out->param_count = count;
    return single ? read_word(list, &at, &out->params[0], err) : read_words(list, &at, out, err);
}

static vk_status read_rule(const cJSON *json, vk_call_policy_version version, const vk_path *path,
                           vk_param_rule *out, vk_error *err) {
    static const char *const names[] = {"params", "offset", "condition", NULL};
    vk_u256 offset;
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = vk_json_bigint(json, "offset", path, BITS_OFFSET, &offset, err);
    }
    if (status == VK_OK) {
        out->offset = vk_u256_low64(&offset);
        status = read_condition(json, version, path, out, err);
    }
    return status == VK_OK ? read_params(json, version, path, out, err) : status;
}

static vk_status read_rules(const cJSON *json, vk_call_policy_version version, const vk_path *path,
                            vk_call_permission *out, vk_error *err) {
    const cJSON *list, *item;
    size_t count, i = 0;
    if (vk_json_get(json, "rules") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_rule_list(json, "rules", path, VK_PARAM_RULES_MAX, &list, &count, err);
    if (status != VK_OK || count == 0) {
        return status;
    }
    vk_path at = vk_path_member(path, "rules");
    out->rules = calloc(count, sizeof *out->rules);
    if (out->rules == NULL) {
        return out_of_memory(&at, err);
    }
    out->rule_count = count;
    cJSON_ArrayForEach(item, list) {
        vk_path element = vk_path_index(&at, i);
        status = read_rule(item, version, &element, &out->rules[i++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

/* ---- Permissions ---- */

/* What the SDK's caller gave is kept in the text beside what the SDK made of it; alone it says
 * nothing that could be enforced. */
static vk_status check_resolved(const cJSON *json, const vk_path *path, vk_error *err) {
    static const char *const abi_names[] = {"abi", "functionName", "args"};
    bool resolved = vk_json_get(json, "selector") != NULL && vk_json_get(json, "rules") != NULL;
    for (size_t i = 0; !resolved && i < sizeof abi_names / sizeof abi_names[0]; i++) {
        if (vk_json_get(json, abi_names[i]) != NULL) {
            vk_path at = vk_path_member(path, abi_names[i]);
            return vk_fail(err, VK_ERR_POLICY, at.text,
                           "the permission is in ABI form: it must first be resolved to "
                           "\"selector\" and \"rules\", as the SDK does");
        }
    }
    return VK_OK;
}

/* The SDK takes 0x01 too, though it never matches: the contract looks up each call of a batch as
 * callType 0x00. */
static vk_status read_call_type(const cJSON *json, const vk_path *path, uint8_t *out,
                                vk_error *err) {
    *out = VK_CALL_SINGLE;
    if (vk_json_get(json, "callType") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_fixed(json, "callType", path, out, 1, err);
    bool known = *out == VK_CALL_SINGLE || *out == VK_CALL_BATCH || *out == VK_CALL_DELEGATE;
    if (status != VK_OK || known) {
        return status;
    }
    vk_path at = vk_path_member(path, "callType");
    return vk_fail(err, VK_ERR_POLICY, at.text,
                   "callType is 0x%02x, but must be 0x00 (call), 0x01 (batch) or 0xff "
                   "(delegatecall)",
                   *out);
}

static vk_status read_members(const cJSON *json, const vk_path *path, vk_call_permission *out,
                              vk_error *err) {
    vk_status status = read_call_type(json, path, &out->call_type, err);
    if (status == VK_OK) {
        status = vk_json_address(json, "target", path, &out->target, err);
    }
    if (status == VK_OK && vk_json_get(json, "selector") != NULL) {
        status = vk_json_fixed(json, "selector", path, out->selector, sizeof out->selector, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number(json, "valueLimit", path, 256, &out->value_limit, err);
    }
    return status;
}

static vk_status read_permission(const cJSON *json, vk_call_policy_version version,
                                 const vk_path *path, vk_call_permission *out, vk_error *err) {
    static const char *const names[] = {"target", "callType",     "selector", "valueLimit", "rules",
                                        "abi",    "functionName", "args",     NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = check_resolved(json, path, err);
    }
    if (status == VK_OK) {
        status = read_members(json, path, out, err);
    }
    return status == VK_OK ? read_rules(json, version, path, out, err) : status;
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

static vk_status read_permissions(const cJSON *json, const vk_path *path, vk_rule *out,
                                  vk_error *err) {
    const cJSON *list, *item;
    size_t count, i = 0;
    vk_status status =
        vk_rule_list(json, "permissions", path, VK_CALL_PERMISSIONS_MAX, &list, &count, err);
    if (status != VK_OK || count == 0) {
        return status;
    }
    vk_path at = vk_path_member(path, "permissions");
    out->u.call.permissions = calloc(count, sizeof *out->u.call.permissions);
    if (out->u.call.permissions == NULL) {
        return out_of_memory(&at, err);
    }
    out->u.call.count = count;
    cJSON_ArrayForEach(item, list) {
        vk_path element = vk_path_index(&at, i);
        status =
            read_permission(item, out->u.call.version, &element, &out->u.call.permissions[i], err);
        if (status == VK_OK) {
            status = check_new(out, i++, &element, err);
        }
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

vk_status vk_call_parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",       "policyVersion", "policyAddress",
                                        "policyFlag", "permissions",   NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = read_version(json, path, out, err);
    }
    return status == VK_OK ? read_permissions(json, path, out, err) : status;
}
