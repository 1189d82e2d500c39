#include <stdlib.h>

#include "token/store.h"

void vk_grant_record_clear(vk_grant_record *record) {
    vk_text_free(record->json);
    *record = (vk_grant_record){0};
}

void vk_grant_records_free(vk_grant_record *records, size_t count) {
    for (size_t i = 0; records != NULL && i < count; i++) {
        vk_grant_record_clear(&records[i]);
    }
    free(records);
}

static void put_grant(vk_buf *out, const vk_token *token, const vk_grant_record *grant,
                      const uint8_t point65[65]) {
    vk_row_head(out, "grant", token->serial);
    vk_canonical_u64(out, (uint64_t)grant->id);
    vk_canonical_u64(out, (uint64_t)grant->key_id);
    vk_canonical_bytes(out, (vk_bytes){point65, 65});
    vk_canonical_text(out, grant->json);
    vk_canonical_u64(out, grant->chain_id);
    vk_canonical_bytes(out, (vk_bytes){grant->entry_point.b, 20});
    vk_canonical_bytes(out, (vk_bytes){grant->account.b, 20});
    vk_canonical_bytes(out, (vk_bytes){grant->permission_id, 4});
}

vk_status vk_store_check_grant(const vk_token *token, const vk_grant_record *grant,
                               const uint8_t point65[65], vk_bytes mac, vk_error *err) {
    vk_buf data = {0};
    put_grant(&data, token, grant, point65);
    return vk_row_check(token, &data, mac, err);
}

vk_status vk_store_key_point(vk_token *token, int64_t key_id, int64_t *version, uint8_t point65[65],
                             vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_STATE);
    vk_query_int(&query, key_id);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK && vk_column_int(&query, 1) == 0) {
        status = VK_ERR_NOT_FOUND;
    }
    if (status == VK_OK && !vk_column_fixed(&query, 2, point65, 65)) {
        status = vk_row_broken(err);
    }
    *version = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return status;
}

/* ---- Adding ---- */

static vk_status check_new(vk_token *token, const vk_grant_record *grant, vk_error *err) {
    bool found;
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_SAME);
    vk_query_int(&query, grant->key_id);
    vk_query_int(&query, (int64_t)grant->chain_id);
    vk_query_blob(&query, (vk_bytes){grant->account.b, 20});
    vk_query_blob(&query, (vk_bytes){grant->permission_id, 4});
    vk_status status = vk_query_step(&query, &found, err);
    vk_query_end(&query);
    if (status == VK_OK && found) {
        return vk_fail(err, VK_ERR_EXISTS, NULL,
                       "the key has a grant for this account on chain %llu already",
                       (unsigned long long)grant->chain_id);
    }
    return status;
}

static vk_status insert(vk_token *token, vk_grant_record *grant, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_INSERT);
    vk_query_int(&query, grant->key_id);
    vk_query_text(&query, grant->json);
    vk_query_int(&query, (int64_t)grant->chain_id);
    vk_query_blob(&query, (vk_bytes){grant->entry_point.b, 20});
    vk_query_blob(&query, (vk_bytes){grant->account.b, 20});
    vk_query_blob(&query, (vk_bytes){grant->permission_id, 4});
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        grant->id = sqlite3_last_insert_rowid(token->db.handle);
    }
    return status;
}

static vk_status authenticate(vk_token *token, const vk_grant_record *grant,
                              const uint8_t point65[65], vk_error *err) {
    uint8_t mac[32];
    vk_buf data = {0};
    put_grant(&data, token, grant, point65);
    vk_status status = vk_row_mac(token->keys, &data, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_SET_MAC);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    vk_query_int(&query, grant->id);
    return vk_query_run(&query, err);
}

static vk_status add_row(vk_token *token, vk_grant_record *grant, const uint8_t point65[65],
                         vk_error *err) {
    vk_status status = check_new(token, grant, err);
    if (status == VK_OK) {
        status = insert(token, grant, err);
    }
    return status == VK_OK ? authenticate(token, grant, point65, err) : status;
}

/* The seal covers the grants: it is opened before there is one more, and closed afterwards. */
static vk_status add_to_key(vk_token *token, const vk_key_row *key, vk_grant_record *grant,
                            vk_error *err) {
    uint8_t secret32[32];
    vk_status status = vk_key_open(token, &key->record, key->sealed, secret32, NULL, err);
    if (status == VK_OK) {
        status = add_row(token, grant, key->record.point65, err);
    }
    if (status == VK_OK) {
        status = vk_key_reseal(token, &key->record, secret32, err);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

static vk_status add_with_budget(vk_token *token, const vk_key_row *key, vk_grant_record *grant,
                                 vk_error *err) {
    vk_hash subject;
    vk_status status =
        key->record.has_private ? add_to_key(token, key, grant, err) : VK_ERR_NOT_FOUND;
    if (status == VK_OK) {
        status = vk_budget_subject(key->record.point65, grant, &subject);
    }
    return status == VK_OK ? vk_budget_ensure(token, &subject, err) : status;
}

static vk_status add(vk_token *token, vk_grant_record *grant, vk_error *err) {
    vk_key_row key;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    status = vk_key_row_read(&token->db, grant->key_id, &key);
    if (status == VK_OK) {
        status = add_with_budget(token, &key, grant, err);
    }
    vk_key_row_clear(&key);
    return status;
}

vk_status vk_token_grant_add(vk_token *token, vk_grant_record *record, vk_error *err) {
    if (record->json == NULL) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, add(token, record, err), err);
}

/* ---- Reading ---- */

static vk_status parse_grant(const vk_token *token, const vk_query *query, vk_grant_record *out,
                             vk_error *err) {
    uint8_t point65[65];
    out->id = vk_column_int(query, 0);
    out->key_id = vk_column_int(query, 1);
    out->chain_id = (uint64_t)vk_column_int(query, 3);
    bool whole = vk_column_fixed(query, 4, out->entry_point.b, 20) &&
                 vk_column_fixed(query, 5, out->account.b, 20) &&
                 vk_column_fixed(query, 6, out->permission_id, 4) &&
                 vk_column_fixed(query, 8, point65, sizeof point65) && !vk_column_null(query, 2);
    if (!whole) {
        return vk_row_broken(err);
    }
    vk_status status = vk_column_text(query, 2, &out->json);
    if (status != VK_OK) {
        return status == VK_ERR_INTEGRITY ? vk_row_broken(err) : status;
    }
    return vk_store_check_grant(token, out, point65, vk_column_blob(query, 7), err);
}

static vk_status grow(vk_grant_record **records, size_t count) {
    vk_grant_record *grown = realloc(*records, (count + 1) * sizeof *grown);
    if (grown == NULL) {
        return VK_ERR_MEMORY;
    }
    *records = grown;
    grown[count] = (vk_grant_record){0};
    return VK_OK;
}

static vk_status collect(const vk_token *token, vk_query *query, vk_grant_record **out,
                         size_t *count, vk_error *err) {
    vk_status status = VK_OK;
    while (vk_query_next(query, &status, err)) {
        status = grow(out, *count);
        if (status == VK_OK) {
            status = parse_grant(token, query, &(*out)[(*count)++], err);
        }
    }
    return status;
}

vk_status vk_grants_read(vk_token *token, int64_t key_id, vk_grant_record **out, size_t *count,
                         vk_error *err) {
    vk_grant_record *records = NULL;
    size_t found = 0;
    *out = NULL;
    *count = 0;
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_OF_KEY);
    vk_query_int(&query, key_id);
    vk_status status = collect(token, &query, &records, &found, err);
    vk_query_end(&query);
    if (status != VK_OK) {
        vk_grant_records_free(records, found);
        return status;
    }
    *out = records;
    *count = found;
    return VK_OK;
}

vk_status vk_token_grants(vk_token *token, int64_t key_id, vk_grant_record **out, size_t *count,
                          vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_grants_read(token, key_id, out, count, err);
    vk_token_unlock(token);
    return status;
}
