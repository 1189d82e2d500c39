#include <stdlib.h>

#include "token/store.h"

vk_status vk_token_key_get(vk_token *token, int64_t id, vk_key_record *out) {
    vk_key_row row;
    *out = (vk_key_record){0};
    vk_token_lock(token);
    vk_status status = vk_key_row_read(&token->db, id, &row);
    vk_token_unlock(token);
    if (status == VK_OK) {
        *out = row.record;
        row.record = (vk_key_record){0};
        vk_key_row_clear(&row);
    }
    return status;
}

/* ---- Finding ---- */

static vk_sql find_sql(const vk_key_filter *filter) {
    if (filter->address != NULL) {
        return VK_SQL_KEY_FIND_ADDRESS;
    }
    if (filter->account != NULL) {
        return VK_SQL_KEY_FIND_ACCOUNT;
    }
    if (filter->point65 != NULL) {
        return VK_SQL_KEY_FIND_POINT;
    }
    if (filter->label != NULL) {
        return filter->ckid != NULL ? VK_SQL_KEY_FIND_BOTH : VK_SQL_KEY_FIND_LABEL;
    }
    return filter->ckid != NULL ? VK_SQL_KEY_FIND_CKID : VK_SQL_KEY_FIND_ALL;
}

static void bind_optional(vk_query *query, const vk_bytes *value) {
    if (value != NULL) {
        vk_query_blob(query, *value);
    } else {
        vk_query_null(query);
    }
}

static void bind_filter(vk_query *query, const vk_key_filter *filter) {
    const vk_address *address = filter->address != NULL ? filter->address : filter->account;
    if (address != NULL) {
        vk_query_blob(query, (vk_bytes){address->b, sizeof address->b});
        return;
    }
    if (filter->label != NULL || filter->point65 != NULL) {
        bind_optional(query, filter->label);
    }
    if (filter->ckid != NULL || filter->point65 != NULL) {
        bind_optional(query, filter->ckid);
    }
    if (filter->point65 != NULL) {
        vk_query_blob(query, (vk_bytes){filter->point65, 65});
    }
}

vk_status vk_token_key_find(vk_token *token, const vk_key_filter *filter, int64_t **ids,
                            size_t *count) {
    vk_buf found = {0};
    *ids = NULL;
    *count = 0;
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, find_sql(filter));
    bind_filter(&query, filter);
    vk_status status = vk_query_ids(&query, &found, NULL);
    vk_query_end(&query);
    vk_token_unlock(token);
    if (status != VK_OK) {
        vk_buf_clear(&found);
        return status;
    }
    *count = found.len / sizeof **ids;
    *ids = (int64_t *)(void *)found.data;
    return VK_OK;
}

/* ---- Listing ---- */

static void outline(const vk_query *query, vk_key_outline *out) {
    *out = (vk_key_outline){.id = vk_column_int(query, 0),
                            .has_private = vk_column_int(query, 1) != 0,
                            .has_public = vk_column_int(query, 2) != 0,
                            .has_policy = vk_column_int(query, 3) != 0,
                            .has_grants = vk_column_int(query, 4) != 0,
                            .public_attrs = vk_column_blob(query, 5),
                            .is_remote = vk_column_int(query, 6) == VK_HOME_REMOTE,
                            .private_attrs = vk_column_blob(query, 7)};
}

vk_status vk_token_key_outlines(vk_token *token, int64_t *after, size_t max, vk_key_outline_fn each,
                                void *context) {
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_OUTLINES);
    vk_query_int(&query, *after);
    vk_query_int(&query, (int64_t)max);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, NULL)) {
        vk_key_outline key;
        outline(&query, &key);
        each(context, &key);
        *after = key.id;
    }
    vk_query_end(&query);
    vk_token_unlock(token);
    return status;
}

/* ---- Unsealing ---- */

static vk_status read_sealed(vk_token *token, const vk_key_record *record,
                             uint8_t sealed[VK_SEALED_LEN], vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_SEALED);
    vk_query_int(&query, record->id);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK && vk_column_int(&query, 0) != record->version) {
        status = VK_ERR_MISMATCH;
    }
    if (status == VK_OK && !record->has_private) {
        status = VK_ERR_NOT_FOUND;
    }
    if (status == VK_OK && !vk_column_fixed(&query, 1, sealed, VK_SEALED_LEN)) {
        status = VK_ERR_INTEGRITY;
    }
    vk_query_end(&query);
    if (status == VK_ERR_INTEGRITY) {
        return vk_row_broken(err);
    }
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

static vk_status unseal(vk_token *token, const vk_key_record *record, uint8_t secret32[32],
                        vk_buf *grant_ids, vk_error *err) {
    uint8_t sealed[VK_SEALED_LEN];
    vk_status status = read_sealed(token, record, sealed, err);
    if (status == VK_OK) {
        status = vk_key_open(token, record, sealed, secret32, grant_ids, err);
    }
    if (status == VK_OK && record->home != VK_HOME_TOKEN) {
        vk_wipe(secret32, 32);
    }
    return status;
}

/* The seal and the grants that it covers are read as they are at one moment. */
static vk_status unseal_at_once(vk_token *token, const vk_key_record *record, uint8_t secret32[32],
                                vk_buf *grant_ids, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_BEGIN_READ);
    vk_status status = vk_query_run(&query, err);
    if (status != VK_OK) {
        return status;
    }
    status = unseal(token, record, secret32, grant_ids, err);
    vk_status ended = vk_db_end(&token->db, VK_OK, err);
    return status == VK_OK ? ended : status;
}

vk_status vk_token_key_unseal(vk_token *token, const vk_key_record *record, uint8_t secret32[32],
                              vk_buf *grant_ids, vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = unseal_at_once(token, record, secret32, grant_ids, err);
    }
    vk_token_unlock(token);
    return status;
}

/* ---- For people ---- */

vk_status vk_token_key_set_denial(vk_token *token, int64_t id, const char *reason) {
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_DENIAL);
    vk_query_text(&query, reason);
    vk_query_int(&query, id);
    vk_status status = vk_query_run(&query, NULL);
    if (status == VK_OK && sqlite3_changes(token->db.handle) > 0) {
        vk_token_changed(token);
    }
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_key_vouch(vk_token *token, const vk_key_record *record, vk_error *err) {
    uint8_t secret32[32];
    vk_buf grant_ids = {0};
    vk_status status = vk_token_key_unseal(token, record, secret32, &grant_ids, err);
    vk_wipe(secret32, sizeof secret32);
    vk_buf_clear(&grant_ids);
    return status;
}
