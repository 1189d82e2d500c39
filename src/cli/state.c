/* CKA_VALETKEY_STATE: what the token remembers of each grant. */
#include "cli/grants.h"

#include "base/json.h"
#include <stdlib.h>
#include <valetkey/pkcs11.h>

#define STATE_MAX ((size_t)16 << 20)

static vk_status read_rule(const cJSON *item, const vk_path *path, vk_rule_state *out,
                           vk_error *err) {
    vk_status status = vk_json_bigint(item, "spent", path, 256, &out->spent, err);
    if (status == VK_OK) {
        status = vk_json_u64(item, "used", path, UINT64_MAX, &out->used, err);
    }
    return status == VK_OK ? vk_json_u64(item, "window", path, UINT64_MAX, &out->window, err)
                           : status;
}

static vk_status read_rules(const cJSON *item, const vk_path *path, size_t count,
                            vk_rule_state *out, vk_error *err) {
    const cJSON *rules = vk_json_get(item, "rules");
    vk_path rules_path = vk_path_member(path, "rules");
    if (!cJSON_IsArray(rules) || (size_t)cJSON_GetArraySize(rules) != count) {
        return vk_fail(err, VK_ERR_FORMAT, rules_path.text, "must have %zu members", count);
    }
    const cJSON *rule;
    size_t i = 0;
    vk_status status = VK_OK;
    cJSON_ArrayForEach(rule, rules) {
        vk_path rule_path = vk_path_index(&rules_path, i);
        status = status == VK_OK ? read_rule(rule, &rule_path, &out[i], err) : status;
        i++;
    }
    return status;
}

static vk_status read_entry(const cJSON *item, const vk_path *path, size_t count,
                            vk_grant_state *out, vk_error *err) {
    vk_status status = vk_json_bool(item, "enabled", path, &out->install.enabled, err);
    if (status == VK_OK) {
        status = vk_json_quantity(item, "enableNonce", path, 256, &out->install.enable_nonce, err);
    }
    return status == VK_OK ? read_rules(item, path, count, out->rules, err) : status;
}

vk_status vk_grant_is_of(const cJSON *item, const vk_path *path, const vk_grant *grant, bool *out,
                         vk_error *err) {
    uint64_t chain_id = 0;
    vk_address account, entry_point;
    vk_status status = vk_json_u64(item, "chainId", path, UINT64_MAX, &chain_id, err);
    if (status == VK_OK) {
        status = vk_json_address(item, "account", path, &account, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(item, "entryPoint", path, &entry_point, err);
    }
    *out = status == VK_OK && chain_id == grant->chain_id &&
           vk_address_equal(&account, &grant->account.account) &&
           vk_address_equal(&entry_point, &grant->entry_point);
    return status;
}

static vk_status read_state(const cJSON *state, const vk_grant *grant, size_t count,
                            vk_grant_state *out, vk_error *err) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, state) {
        bool found = false;
        vk_path path = vk_path_index(NULL, i++);
        vk_status status = vk_grant_is_of(item, &path, grant, &found, err);
        if (status != VK_OK || found) {
            return status == VK_OK ? read_entry(item, &path, count, out, err) : status;
        }
    }
    return VK_OK;
}

vk_exit vk_grant_state_read(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                            vk_grant_state *out) {
    vk_buf text = {0};
    vk_error err = {0};
    cJSON *json = NULL;
    bool present = false;
    *out = (vk_grant_state){.rules = calloc(key->policy.count, sizeof *out->rules)};
    if (out->rules == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = VK_EXIT_OK;
    if (grant != NULL) {
        exit = vk_object_get(cli, key->object, CKA_VALETKEY_STATE, &text, &present);
    }
    if (exit == VK_EXIT_OK && text.len > 0) {
        vk_status status = vk_json_parse(vk_buf_view(&text), STATE_MAX, &json, &err);
        if (status == VK_OK) {
            status = read_state(json, grant, key->policy.count, out, &err);
        }
        exit = status == VK_OK ? VK_EXIT_OK
                               : vk_cli_fail_error(cli, "the token's state cannot be read", &err);
    }
    cJSON_Delete(json);
    vk_buf_clear(&text);
    if (exit != VK_EXIT_OK) {
        free(out->rules);
        out->rules = NULL;
    }
    return exit;
}
