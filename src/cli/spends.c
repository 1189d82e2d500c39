#include "cli/spends.h"

#include "base/json.h"
#include <string.h>
#include <valetkey/pkcs11.h>

#define SPENDS_MAX ((size_t)16 << 20)

static vk_status read_name(const cJSON *item, const vk_path *path, vk_grant_spend *out,
                           vk_error *err) {
    const char *name = NULL;
    vk_buf clean = {0};
    vk_status status = vk_json_text(item, "name", path, &name, err);
    if (status != VK_OK) {
        return status;
    }
    vk_put_clean(&clean, (vk_bytes){(const uint8_t *)name, strlen(name)});
    snprintf(out->name, sizeof out->name, "%.*s", (int)clean.len, (const char *)clean.data);
    vk_buf_clear(&clean);
    return VK_OK;
}

static vk_status read_asset(const cJSON *item, const vk_path *path, vk_grant_spend *out,
                            vk_error *err) {
    out->asset.native = vk_json_get(item, "token") == NULL;
    return out->asset.native ? VK_OK : vk_json_address(item, "token", path, &out->asset.token, err);
}

static vk_status read_numbers(const cJSON *item, const vk_path *path, vk_grant_spend *out,
                              vk_error *err) {
    vk_status status = vk_json_bigint(item, "limit", path, 256, &out->limit, err);
    if (status == VK_OK) {
        status = vk_json_u64(item, "period", path, UINT64_MAX, &out->period, err);
    }
    if (status == VK_OK) {
        status = vk_json_bigint(item, "open", path, 256, &out->open, err);
    }
    return status == VK_OK ? vk_json_bigint(item, "included", path, 256, &out->included, err)
                           : status;
}

static vk_status read_rule(const cJSON *item, const vk_path *path, uint64_t chain_id,
                           vk_grant_spend *out, vk_error *err) {
    *out = (vk_grant_spend){.asset = {.chain_id = chain_id}};
    vk_status status = read_name(item, path, out, err);
    if (status == VK_OK) {
        status = read_asset(item, path, out, err);
    }
    return status == VK_OK ? read_numbers(item, path, out, err) : status;
}

static vk_status read_rules(const cJSON *item, const vk_path *path, const vk_grant *grant,
                            vk_grant_spends *out, vk_error *err) {
    const cJSON *rules = vk_json_get(item, "rules"), *rule;
    vk_path rules_path = vk_path_member(path, "rules");
    if (!cJSON_IsArray(rules) || cJSON_GetArraySize(rules) > VK_GRANT_SPENDS_MAX) {
        return vk_fail(err, VK_ERR_FORMAT, rules_path.text, "must have at most %d members",
                       VK_GRANT_SPENDS_MAX);
    }
    vk_status status = VK_OK;
    cJSON_ArrayForEach(rule, rules) {
        vk_path rule_path = vk_path_index(&rules_path, out->count);
        if (status == VK_OK) {
            status = read_rule(rule, &rule_path, grant->chain_id, &out->list[out->count], err);
            out->count++;
        }
    }
    return status;
}

static vk_status read_spends(const cJSON *json, const vk_grant *grant, vk_grant_spends *out,
                             vk_error *err) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, json) {
        bool found = false;
        vk_path path = vk_path_index(NULL, i++);
        vk_status status = vk_grant_is_of(item, &path, grant, &found, err);
        if (status != VK_OK || found) {
            return status == VK_OK ? read_rules(item, &path, grant, out, err) : status;
        }
    }
    return VK_OK;
}

static vk_status parse(vk_bytes text, const vk_grant *grant, vk_grant_spends *out, vk_error *err) {
    cJSON *json = NULL;
    vk_status status = vk_json_parse(text, SPENDS_MAX, &json, err);
    if (status == VK_OK) {
        status = read_spends(json, grant, out, err);
    }
    cJSON_Delete(json);
    return status;
}

vk_exit vk_grant_spends_read(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                             vk_grant_spends *out) {
    vk_buf text = {0};
    vk_error err = {0};
    bool present = false;
    *out = (vk_grant_spends){.count = 0};
    if (grant == NULL) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_object_get(cli, key->object, CKA_VALETKEY_SPENDS, &text, &present);
    if (exit == VK_EXIT_OK && text.len > 0 &&
        parse(vk_buf_view(&text), grant, out, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "the token's spend rules cannot be read", &err);
    }
    vk_buf_clear(&text);
    return exit;
}

vk_spend_standing vk_grant_spend_standing(const vk_grant_spend *rule, const vk_u256 *amount) {
    vk_spend_standing standing = {.name = rule->name,
                                  .asset = rule->asset,
                                  .limit = rule->limit,
                                  .period = rule->period,
                                  .more = *amount};
    if (!vk_u256_add(&rule->open, &rule->included, &standing.spent)) {
        memset(standing.spent.be, 0xff, sizeof standing.spent.be);
    }
    return standing;
}

vk_u256 vk_spend_left(const vk_u256 *limit, const vk_u256 *spent) {
    vk_u256 left;
    return vk_u256_sub(limit, spent, &left) ? left : vk_u256_from_u64(0);
}
