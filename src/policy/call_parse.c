/* Reads the call rule: permissions, and in them the rules on arguments. */
#include "policy/abi_form.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

#define BITS_OFFSET 64

/* By vk_call_policy_version, from 1. */
static const char *const version_texts[VK_CALL_VERSIONS] = {"0.0.1", "0.0.2", "0.0.3", "0.0.4",
                                                            "0.0.5"};

static vk_status out_of_memory(const vk_path *path, vk_error *err) {
    return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
}

/* ---- Version and address ---- */

static vk_status read_version_text(const cJSON *json, const vk_path *path, vk_rule *out,
                                   vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(json, "policyVersion", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < VK_CALL_VERSIONS; i++) {
        if (strcmp(text, version_texts[i]) == 0) {
            out->u.call.version = (vk_call_policy_version)(i + 1);
            return vk_rule_address(json, path, vk_call_published[i], &out->address, err);
        }
    }
    vk_path at = vk_path_member(path, "policyVersion");
    return vk_fail(err, VK_ERR_POLICY, at.text, "\"policyVersion\" must be \"0.0.1\" to \"0.0.5\"");
}

/* Without a version, a published address tells it. */
static vk_status read_version(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    size_t index;
    if (vk_json_get(json, "policyVersion") != NULL) {
        return read_version_text(json, path, out, err);
    }
    if (vk_json_get(json, "policyAddress") == NULL) {
        vk_path at = vk_path_member(path, "policyVersion");
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "member \"policyVersion\" is missing, and no \"policyAddress\" tells it");
    }
    vk_status status = vk_rule_address(json, path, "", &out->address, err);
    if (status != VK_OK) {
        return status;
    }
    if (!vk_rule_find_address(&out->address, vk_call_published, VK_CALL_VERSIONS, &index)) {
        return vk_rule_not_published(&out->address, vk_call_published, VK_CALL_VERSIONS, path, err);
    }
    out->u.call.version = (vk_call_policy_version)(index + 1);
    return VK_OK;
}

/* A contract that nobody knows may be of the given version; a published one is of its own. */
static vk_status check_published(const vk_rule *rule, const vk_path *path, vk_error *err) {
    size_t index;
    bool known = vk_rule_find_address(&rule->address, vk_call_published, VK_CALL_VERSIONS, &index);
    return known && index + 1 != rule->u.call.version ? vk_call_check_address(rule, path, err)
                                                      : VK_OK;
}

/* The SDK tells the layout of 0.0.1 by the address alone. */
static void version_as_sdk(vk_rule *rule) {
    size_t index;
    if (vk_rule_find_address(&rule->address, vk_call_published, VK_CALL_VERSIONS, &index)) {
        rule->u.call.version = (vk_call_policy_version)(index + 1);
    } else if (rule->u.call.version == VK_CALL_POLICY_0_0_1) {
        rule->u.call.version = VK_CALL_POLICY_0_0_2;
    }
}

/* ---- Rules on arguments ---- */

static vk_status read_condition(const cJSON *json, const vk_path *path, vk_param_rule *out,
                                vk_error *err) {
    uint64_t condition;
    vk_status status = vk_json_u64(json, "condition", path, VK_COND_SLICE_EQUAL, &condition, err);
    if (status == VK_OK) {
        out->condition = (uint8_t)condition;
    }
    return status;
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
    if (status == VK_OK && version == VK_CALL_POLICY_0_0_1 && count != 1) {
        status = vk_fail(err, VK_ERR_POLICY, at.text,
                         "a rule of call policy 0.0.1 has exactly 1 value, here are %zu", count);
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
        status = read_condition(json, path, out, err);
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

static vk_status read_call_type(const cJSON *json, const vk_path *path, uint8_t *out,
                                vk_error *err) {
    *out = VK_CALL_SINGLE;
    return vk_json_get(json, "callType") == NULL
               ? VK_OK
               : vk_json_fixed(json, "callType", path, out, 1, err);
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

/* Rules that are given win over the ABI form, which the SDK keeps in the text beside them. */
static vk_status resolve(const cJSON *json, const vk_abi_form *form, const vk_path *path,
                         vk_call_permission *out, vk_error *err) {
    bool rules = vk_json_get(json, "rules") == NULL;
    bool needed = rules || vk_json_get(json, "selector") == NULL;
    return needed && vk_abi_form_present(json)
               ? vk_abi_form_resolve(json, path, form, rules, out, err)
               : VK_OK;
}

static vk_status read_permission(const cJSON *json, const vk_abi_form *form, const vk_path *path,
                                 vk_call_permission *out, vk_error *err) {
    static const char *const names[] = {"target", "callType",     "selector", "valueLimit", "rules",
                                        "abi",    "functionName", "args",     NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = read_members(json, path, out, err);
    }
    if (status == VK_OK) {
        status = resolve(json, form, path, out, err);
    }
    return status == VK_OK ? read_rules(json, form->version, path, out, err) : status;
}

static vk_status read_permissions(const cJSON *json, const vk_path *path, bool sdk, vk_rule *out,
                                  vk_error *err) {
    vk_abi_form form = {.version = out->u.call.version, .sdk = sdk};
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
        status = read_permission(item, &form, &element, &out->u.call.permissions[i++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static vk_status read_head(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",       "policyVersion", "policyAddress",
                                        "policyFlag", "permissions",   NULL};
    vk_status status = vk_json_only(json, names, path, err);
    return status == VK_OK ? read_version(json, path, out, err) : status;
}

vk_status vk_call_parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    vk_status status = read_head(json, path, out, err);
    if (status == VK_OK) {
        status = check_published(out, path, err);
    }
    return status == VK_OK ? read_permissions(json, path, false, out, err) : status;
}

vk_status vk_call_parse_as_sdk(const cJSON *json, const vk_path *path, vk_rule *out,
                               vk_error *err) {
    vk_status status = read_head(json, path, out, err);
    if (status != VK_OK) {
        return status;
    }
    version_as_sdk(out);
    return read_permissions(json, path, true, out, err);
}
