/* The settings in the token's own row. */
#include "token/store.h"

vk_status vk_settings_mac(const vk_token_keys *keys, const char *serial,
                          const vk_token_settings *settings, uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "settings", serial);
    vk_canonical_u64(&data, settings->default_sudo);
    vk_canonical_u64(&data, settings->journal);
    vk_canonical_u64(&data, (uint64_t)settings->journal_max);
    return vk_row_mac(keys, &data, mac32);
}

/* As in version 1 of the schema, which knew the first of them only. */
static vk_status old_mac(const vk_token_keys *keys, const char *serial,
                         const vk_token_settings *settings, uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "default", serial);
    vk_canonical_u64(&data, settings->default_sudo);
    return vk_row_mac(keys, &data, mac32);
}

void vk_settings_default(vk_token_settings *out) {
    *out = (vk_token_settings){.journal = VK_JOURNAL_ON, .journal_max = VK_JOURNAL_MAX_DEFAULT};
}

static bool are_default(const vk_token_settings *settings) {
    return settings->journal == VK_JOURNAL_ON && settings->journal_max == VK_JOURNAL_MAX_DEFAULT;
}

static bool parse(const vk_query *query, vk_token_settings *out) {
    int64_t journal = vk_column_int(query, 2);
    out->journal = (vk_journal_mode)journal;
    out->journal_max = vk_column_int(query, 3);
    return vk_column_flag(query, 0, &out->default_sudo) && journal >= VK_JOURNAL_OFF &&
           journal <= VK_JOURNAL_ALL && out->journal_max >= VK_JOURNAL_MAX_LEAST &&
           out->journal_max <= VK_JOURNAL_MAX_MOST;
}

static vk_status check(const vk_token *token, const vk_query *query, bool is_adopted,
                       const vk_token_settings *settings, vk_error *err) {
    uint8_t mac[32];
    vk_bytes stored = vk_column_blob(query, 1);
    if (token->keys == NULL) {
        return VK_OK;
    }
    vk_status status = is_adopted ? vk_settings_mac(token->keys, token->serial, settings, mac)
                                  : old_mac(token->keys, token->serial, settings, mac);
    if (status != VK_OK) {
        return status;
    }
    bool same = stored.len == sizeof mac && vk_equal_secret(stored.data, mac, sizeof mac) &&
                (is_adopted || are_default(settings));
    return same ? VK_OK : vk_row_broken(err);
}

vk_status vk_settings_read(vk_token *token, vk_token_settings *out, vk_error *err) {
    *out = (vk_token_settings){0};
    vk_query query = vk_query_start(&token->db, VK_SQL_SETTINGS_READ);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK && !parse(&query, out)) {
        status = vk_row_broken(err);
    }
    if (status == VK_OK) {
        status = check(token, &query, vk_column_int(&query, 4) != 0, out, err);
    }
    vk_query_end(&query);
    return status == VK_ERR_NOT_FOUND ? vk_row_broken(err) : status;
}

vk_status vk_settings_write(vk_token *token, const vk_token_settings *settings, vk_error *err) {
    uint8_t mac[32];
    vk_status status = vk_settings_mac(token->keys, token->serial, settings, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_SETTINGS_WRITE);
    vk_query_int(&query, settings->default_sudo);
    vk_query_int(&query, settings->journal);
    vk_query_int(&query, settings->journal_max);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

vk_status vk_token_get_settings(vk_token *token, vk_token_settings *out, vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_settings_read(token, out, err);
    vk_token_unlock(token);
    return vk_token_explain(err, status);
}
