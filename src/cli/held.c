#include "cli/held.h"

#include "cli/input.h"

#include <stdlib.h>
#include <string.h>

/* ---- Which ---- */

typedef struct wanted {
    vk_bytes label;
    vk_buf id;
    bool has_account;
    uint64_t chain_id; /* 0: any */
    vk_address account;
} wanted;

static vk_exit read_wanted(vk_cli *cli, wanted *out) {
    vk_exit exit = VK_EXIT_OK;
    *out = (wanted){.has_account = vk_opt_flag(cli, VK_OPT_ACCOUNT)};
    const char *label = vk_opt(cli, VK_OPT_LABEL);
    if (label != NULL) {
        out->label = (vk_bytes){(const uint8_t *)label, strlen(label)};
    }
    if (vk_opt_flag(cli, VK_OPT_ID)) {
        exit = vk_read_hex(cli, VK_OPT_ID, 255, &out->id);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_CHAIN_ID)) {
        exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &out->chain_id);
    }
    if (exit == VK_EXIT_OK && out->has_account) {
        exit = vk_read_address(cli, VK_OPT_ACCOUNT, &out->account);
    }
    return exit;
}

static bool is_wanted(const wanted *w, const vk_grant_record *grant) {
    return (w->chain_id == 0 || w->chain_id == grant->chain_id) &&
           (!w->has_account || vk_address_equal(&w->account, &grant->account));
}

/* ---- One key ---- */

static void clear_key(vk_held_key *key) {
    vk_key_record_clear(&key->record);
    vk_text_free(key->label);
    vk_policy_clear(&key->policy);
    vk_grant_records_free(key->grants, key->grant_count);
}

static void keep_wanted(const wanted *w, vk_held_key *key) {
    size_t kept = 0;
    for (size_t i = 0; i < key->grant_count; i++) {
        if (is_wanted(w, &key->grants[i])) {
            vk_grant_record record = key->grants[i];
            key->grants[i] = key->grants[kept];
            key->grants[kept++] = record;
        }
    }
    for (size_t i = kept; i < key->grant_count; i++) {
        vk_grant_record_clear(&key->grants[i]);
    }
    key->grant_count = kept;
}

/* A key without a policy has no grants. */
static vk_status read_key(vk_token *token, int64_t id, const wanted *w, vk_held_key *key,
                          vk_error *err) {
    vk_status status = vk_token_key_get(token, id, &key->record);
    if (status == VK_OK) {
        key->label = vk_key_record_label(&key->record);
        status = key->label != NULL ? VK_OK : VK_ERR_MEMORY;
    }
    const char *policy = key->record.policy;
    if (status != VK_OK || policy == NULL) {
        return status;
    }
    status = vk_policy_read(policy, strlen(policy), &key->policy, err);
    if (status == VK_OK) {
        status = vk_token_grants(token, id, &key->grants, &key->grant_count, err);
    }
    keep_wanted(w, key);
    return status;
}

/* ---- All ---- */

static vk_status read_keys(vk_token *token, const wanted *w, const int64_t *ids, size_t count,
                           vk_held_keys *out, vk_error *err) {
    out->list = calloc(count + 1, sizeof *out->list);
    vk_status status = out->list != NULL ? VK_OK : VK_ERR_MEMORY;
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = read_key(token, ids[i], w, &out->list[out->count++], err);
    }
    return status;
}

static vk_exit load(vk_cli *cli, vk_token *token, const wanted *w, vk_held_keys *out) {
    vk_error err = {0};
    int64_t *ids = NULL;
    size_t count = 0;
    vk_bytes id = vk_buf_view(&w->id);
    vk_key_filter filter = {.label = w->label.data != NULL ? &w->label : NULL,
                            .ckid = id.len > 0 ? &id : NULL};
    vk_status status = vk_token_key_find(token, &filter, &ids, &count);
    if (status == VK_OK) {
        status = read_keys(token, w, ids, count, out, &err);
    }
    free(ids);
    if (status != VK_OK) {
        return vk_cli_fail_with(cli, "cannot read the keys", status, &err);
    }
    if (count == 0 && (filter.label != NULL || filter.ckid != NULL)) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no such key on the token \"%s\"",
                           cli->token_label);
    }
    return VK_EXIT_OK;
}

vk_exit vk_held_keys_load(vk_cli *cli, vk_token *token, vk_held_keys *out) {
    wanted w;
    *out = (vk_held_keys){0};
    vk_exit exit = read_wanted(cli, &w);
    if (exit == VK_EXIT_OK) {
        exit = load(cli, token, &w, out);
    }
    vk_buf_clear(&w.id);
    if (exit != VK_EXIT_OK) {
        vk_held_keys_clear(out);
    }
    return exit;
}

void vk_held_keys_clear(vk_held_keys *keys) {
    for (size_t i = 0; i < keys->count; i++) {
        clear_key(&keys->list[i]);
    }
    free(keys->list);
    *keys = (vk_held_keys){0};
}

/* ---- Grants ---- */

size_t vk_held_grants_count(const vk_held_keys *keys, uint64_t chain_id, vk_held_grant *last) {
    size_t count = 0;
    *last = (vk_held_grant){0};
    for (size_t i = 0; i < keys->count; i++) {
        const vk_held_key *key = &keys->list[i];
        for (size_t j = 0; j < key->grant_count; j++) {
            if (chain_id == 0 || key->grants[j].chain_id == chain_id) {
                *last = (vk_held_grant){key, &key->grants[j]};
                count++;
            }
        }
    }
    return count;
}

void vk_held_grant_open(vk_out *out, const vk_held_grant *grant) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", grant->key->label);
    vk_out_u64(out, "chainId", grant->grant->chain_id);
    vk_out_address(out, "account", &grant->grant->account);
    vk_out_address(out, "entryPoint", &grant->grant->entry_point);
    vk_out_bytes(out, "permissionId", (vk_bytes){grant->grant->permission_id, 4});
}
