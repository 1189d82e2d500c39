/* Policies as a whole: the table of rule types, reading, and what the chain installs. */
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

static const vk_rule_type *const types[] = {
    &vk_rule_sudo,
    &vk_rule_call,
    &vk_rule_gas,
    &vk_rule_rate_limit,
    &vk_rule_rate_limit_reset,
    &vk_rule_signature_caller,
    &vk_rule_timestamp,
    &vk_rule_thirdweb,
};
#define TYPES (sizeof types / sizeof types[0])

const vk_rule_type *vk_rule_type_of(vk_rule_kind kind) {
    for (size_t i = 0; i < TYPES; i++) {
        if (types[i]->kind == kind) {
            return types[i];
        }
    }
    return NULL;
}

static const vk_rule_type *type_by_name(const char *name) {
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

const char *vk_rule_name(vk_rule_kind kind) {
    const vk_rule_type *type = vk_rule_type_of(kind);
    return type == NULL ? "unknown" : type->name;
}

/* ---- Reading ---- */

static const char where[] = "policies";

static vk_status check_rule(const vk_rule *rule, const vk_path *path, vk_error *err) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if (type == NULL) {
        return vk_fail(err, VK_ERR_ARGUMENT, path->text, "rule kind %d is unknown",
                       (int)rule->kind);
    }
    vk_status status = vk_rule_check_flag(rule->flag, "policyFlag", path, err);
    return status == VK_OK ? type->check(rule, path, err) : status;
}

static vk_status parse_rule(const vk_rule_type *type, const cJSON *json, const vk_path *path,
                            bool sdk, vk_rule *out, vk_error *err) {
    out->kind = type->kind;
    vk_status status = vk_rule_flag(json, "policyFlag", path, &out->flag, err);
    if (status != VK_OK) {
        return status;
    }
    return sdk && type->parse_as_sdk != NULL ? type->parse_as_sdk(json, path, out, err)
                                             : type->parse(json, path, out, err);
}

vk_status vk_rule_read(const cJSON *json, const vk_path *path, const vk_policy_reading *how,
                       vk_rule *out, vk_error *err) {
    *out = (vk_rule){0};
    if (!cJSON_IsObject(json)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "a policy must be a JSON object");
    }
    const char *name;
    vk_status status = vk_json_text(json, "type", path, &name, err);
    if (status != VK_OK) {
        return status;
    }
    const vk_rule_type *type = type_by_name(name);
    if (type == NULL) {
        vk_path at = vk_path_member(path, "type");
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "the type is none of \"sudo\", \"call\", \"gas\", \"rate-limit\", "
                       "\"signature-caller\", \"timestamp\" and \"thirdweb\"");
    }
    status = parse_rule(type, json, path, how->sdk, out, err);
    return status == VK_OK && how->check ? check_rule(out, path, err) : status;
}

/* A policy bare, or wrapped as the SDK's serialized accounts do. */
static vk_status read_element(const cJSON *json, const vk_path *path, const vk_policy_reading *how,
                              vk_rule *out, vk_error *err) {
    static const char *const names[] = {"policyParams", NULL};
    const cJSON *params = vk_json_get(json, "policyParams");
    if (params == NULL) {
        return vk_rule_read(json, path, how, out, err);
    }
    vk_status status = vk_json_only(json, names, path, err);
    if (status != VK_OK) {
        return status;
    }
    vk_path at = vk_path_member(path, "policyParams");
    return vk_rule_read(params, &at, how, out, err);
}

static vk_status check_count(size_t count, bool none_too, vk_error *err) {
    if (count == 0 && !none_too) {
        return vk_fail(err, VK_ERR_POLICY, where, "a permission needs at least one policy");
    }
    return count <= VK_POLICIES_MAX
               ? VK_OK
               : vk_fail(err, VK_ERR_SIZE, where, "%zu policies are more than the %d that fit",
                         count, VK_POLICIES_MAX);
}

/* Kernel has no such sessions, and thirdweb's accounts have no other rules. */
static vk_status check_together(const vk_policy *policy, vk_error *err) {
    bool whole = policy->count == 1 && policy->permission_flag == 0;
    vk_path list = vk_path_member(NULL, where);
    for (size_t i = 0; !whole && i < policy->count; i++) {
        if (policy->rules[i].kind == VK_RULE_THIRDWEB) {
            vk_path at = vk_path_index(&list, i);
            return vk_fail(err, VK_ERR_POLICY, at.text,
                           "a thirdweb session is a whole policy: it goes with no other rule, and "
                           "with no permission flag");
        }
    }
    return VK_OK;
}

static vk_status read_list(const cJSON *list, const vk_policy_reading *how, vk_policy *out,
                           vk_error *err) {
    size_t size = (size_t)cJSON_GetArraySize(list);
    vk_status status = check_count(size, !how->check, err);
    if (status != VK_OK || size == 0) {
        return status;
    }
    out->rules = calloc(size, sizeof *out->rules);
    if (out->rules == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, where, "out of memory");
    }
    out->count = size;
    vk_path path = vk_path_member(NULL, where);
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(&path, i);
        status = read_element(item, &at, how, &out->rules[i++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    return how->check ? check_together(out, err) : VK_OK;
}

static vk_status read_object(const cJSON *json, const vk_policy_reading *how, vk_policy *out,
                             vk_error *err) {
    static const char *const names[] = {"policies", "permissionFlag", NULL};
    vk_path root = {""};
    const cJSON *list;
    size_t count;
    vk_status status = vk_json_only(json, names, &root, err);
    if (status == VK_OK) {
        status = vk_rule_flag(json, "permissionFlag", &root, &out->permission_flag, err);
    }
    if (status == VK_OK && how->check) {
        status = vk_rule_check_flag(out->permission_flag, "permissionFlag", &root, err);
    }
    if (status == VK_OK) {
        status = vk_rule_list(json, "policies", &root, VK_POLICIES_MAX, &list, &count, err);
    }
    return status == VK_OK ? read_list(list, how, out, err) : status;
}

static vk_status read_text(const char *json, size_t json_len, const vk_policy_reading *how,
                           vk_policy *out, vk_error *err) {
    *out = (vk_policy){0};
    cJSON *root = NULL;
    vk_bytes text = {(const uint8_t *)json, json_len};
    vk_status status = vk_json_parse(text, VK_POLICY_JSON_MAX, &root, err);
    if (status != VK_OK) {
        return status;
    }
    status =
        cJSON_IsArray(root) ? read_list(root, how, out, err) : read_object(root, how, out, err);
    cJSON_Delete(root);
    if (status != VK_OK) {
        vk_policy_clear(out);
    }
    return status;
}

vk_status vk_policy_read(const char *json, size_t json_len, vk_policy *out, vk_error *err) {
    static const vk_policy_reading strict = {.check = true};
    return read_text(json, json_len, &strict, out, err);
}

vk_status vk_policy_parse(const char *json, size_t json_len, bool sdk, vk_policy *out,
                          vk_error *err) {
    vk_policy_reading how = {.sdk = sdk};
    return read_text(json, json_len, &how, out, err);
}

vk_status vk_policy_check(const vk_policy *policy, vk_error *err) {
    vk_path root = {""}, list = vk_path_member(NULL, where);
    vk_status status = vk_rule_check_flag(policy->permission_flag, "permissionFlag", &root, err);
    if (status == VK_OK) {
        status = check_count(policy->count, false, err);
    }
    for (size_t i = 0; i < policy->count && status == VK_OK; i++) {
        vk_path at = vk_path_index(&list, i);
        status = check_rule(&policy->rules[i], &at, err);
    }
    return status == VK_OK ? check_together(policy, err) : status;
}

void vk_rule_clear(vk_rule *rule) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if (type != NULL && type->clear != NULL) {
        type->clear(rule);
    }
    *rule = (vk_rule){0};
}

void vk_policy_clear(vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        vk_rule_clear(&policy->rules[i]);
    }
    free(policy->rules);
    *policy = (vk_policy){0};
}

/* ---- One rule ---- */

vk_status vk_rule_encode(const vk_rule *rule, vk_buf *out) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if (type == NULL) {
        return VK_ERR_ARGUMENT;
    }
    if (type->encode == NULL) {
        return VK_ERR_UNSUPPORTED;
    }
    type->encode(rule, out);
    return vk_buf_status(out);
}

void vk_rule_put_info(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_byte(out, (uint8_t)(rule->flag >> 8));
    vk_buf_put_byte(out, (uint8_t)rule->flag);
    vk_buf_put(out, rule->address.b, sizeof rule->address.b);
}

void vk_rule_put_scope(const vk_rule *rule, vk_buf *out) {
    static const char *const scopes[] = {
        "", "For message signatures only: ", "For user operations only: ", "Switched off: "};
    vk_buf_put_text(out,
                    scopes[rule->flag & (VK_FLAG_NOT_FOR_USER_OP | VK_FLAG_NOT_FOR_SIGNATURE)]);
}

void vk_rule_describe(const vk_rule *rule, vk_buf *out) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if (type == NULL) {
        return;
    }
    vk_rule_put_scope(rule, out);
    type->describe(rule, out);
}

/* ---- What the chain installs ---- */

/* Entries and the one buffer that they are views of. */
typedef struct installation {
    vk_buf bytes;
    vk_bytes *entries;
    size_t count;
} installation;

/* flag2 || address20 || policyData */
static vk_status put_entry(const vk_rule *rule, vk_buf *out) {
    vk_rule_put_info(rule, out);
    return vk_rule_encode(rule, out);
}

static vk_status put_entries(const vk_policy *policy, installation *out) {
    for (size_t i = 0; i < policy->count; i++) {
        size_t start = out->bytes.len;
        vk_status status = put_entry(&policy->rules[i], &out->bytes);
        if (status != VK_OK) {
            return status;
        }
        out->entries[i].len = out->bytes.len - start;
    }
    const uint8_t *at = out->bytes.data;
    for (size_t i = 0; i < policy->count; i++) {
        out->entries[i].data = at;
        at += out->entries[i].len;
    }
    return VK_OK;
}

static void installation_clear(installation *install) {
    vk_buf_clear(&install->bytes);
    free(install->entries);
    *install = (installation){0};
}

static vk_status installation_of(const vk_policy *policy, installation *out) {
    *out = (installation){.count = policy->count};
    if (policy->count > VK_POLICIES_MAX) {
        return VK_ERR_SIZE;
    }
    out->entries = calloc(policy->count + 1, sizeof *out->entries);
    vk_status status = out->entries == NULL ? VK_ERR_MEMORY : put_entries(policy, out);
    if (status != VK_OK) {
        installation_clear(out);
    }
    return status;
}

vk_status vk_policy_enable_data(const vk_policy *policy, const vk_signer *signer, vk_buf *out) {
    installation install;
    vk_status status = installation_of(policy, &install);
    if (status != VK_OK) {
        return status;
    }
    vk_policy_entries entries = {install.count, install.entries};
    status = vk_permission_enable_data(&entries, signer, policy->permission_flag, out);
    installation_clear(&install);
    return status;
}

vk_status vk_policy_id(const vk_policy *policy, vk_buf *out) {
    installation install;
    vk_status status = installation_of(policy, &install);
    if (status != VK_OK) {
        return status;
    }
    vk_policy_entries entries = {install.count, install.entries};
    status = vk_permission_policy_id(&entries, out);
    installation_clear(&install);
    return status;
}

vk_status vk_policy_permission_id(const vk_policy *policy, const vk_signer *signer,
                                  uint8_t id4[4]) {
    installation install;
    vk_status status = installation_of(policy, &install);
    if (status != VK_OK) {
        return status;
    }
    vk_policy_entries entries = {install.count, install.entries};
    status = vk_permission_id(&entries, signer, policy->permission_flag, id4);
    installation_clear(&install);
    return status;
}

/* ---- Questions ---- */

bool vk_policy_is_sudo(const vk_policy *policy) {
    bool sudo = false;
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        bool plain = rule->kind == VK_RULE_SUDO || rule->kind == VK_RULE_TIMESTAMP ||
                     rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_RATE_LIMIT_RESET;
        if (!plain || rule->flag != 0) {
            return false;
        }
        sudo = sudo || rule->kind == VK_RULE_SUDO;
    }
    return sudo && policy->permission_flag == 0;
}

bool vk_policy_has_state(const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule_type *type = vk_rule_type_of(policy->rules[i].kind);
        bool skipped = (policy->rules[i].flag & VK_FLAG_NOT_FOR_USER_OP) != 0;
        if (type != NULL && type->stateful && !skipped) {
            return true;
        }
    }
    return false;
}
