/* Which node the SO set for a chain: sealed, since URLs and headers may be secrets. */
#include <stdlib.h>
#include <string.h>

#include "token/journal.h"
#include "token/reservation.h"
#include "token/store.h"

/* What the sealed bytes are of: they cannot be another chain's. */
static vk_status put_subject(vk_buf *out, const vk_token *token, uint64_t chain_id) {
    vk_row_head(out, "node", token->serial);
    vk_canonical_u64(out, chain_id);
    return vk_buf_status(out);
}

/* ---- Reading ---- */

static vk_status open_sealed(const vk_token *token, uint64_t chain_id, vk_bytes sealed,
                             char **json) {
    vk_buf subject = {0};
    if (sealed.len < VK_SEALED_EXTRA) {
        return VK_ERR_INTEGRITY;
    }
    char *text = calloc(1, sealed.len - VK_SEALED_EXTRA + 1);
    vk_status status = text != NULL ? put_subject(&subject, token, chain_id) : VK_ERR_MEMORY;
    if (status == VK_OK) {
        status =
            vk_crypt_open_bytes(token->keys->seal, vk_buf_view(&subject), sealed, (uint8_t *)text);
    }
    vk_buf_clear(&subject);
    if (status != VK_OK) {
        free(text);
        return status;
    }
    *json = text;
    return VK_OK;
}

static vk_status read_node(vk_token *token, uint64_t chain_id, char **json, vk_error *err) {
    vk_status status = vk_token_needs_login(token);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_NODE_READ);
    vk_query_int(&query, (int64_t)chain_id);
    status = vk_query_row(&query, err);
    if (status == VK_OK) {
        status = open_sealed(token, chain_id, vk_column_blob(&query, 0), json);
    }
    vk_query_end(&query);
    return status == VK_ERR_INTEGRITY ? vk_row_broken(err) : status;
}

vk_status vk_token_node(vk_token *token, uint64_t chain_id, char **json, vk_error *err) {
    *json = NULL;
    vk_token_lock(token);
    vk_status status = vk_token_explain(err, read_node(token, chain_id, json, err));
    vk_token_unlock(token);
    return status;
}

static vk_status list_nodes(vk_token *token, vk_buf *ids, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_NODE_LIST);
    /* Chain ids are stored as the signed numbers of the same bits. */
    vk_status status = vk_query_ids(&query, ids, err);
    vk_query_end(&query);
    return status;
}

vk_status vk_token_nodes(vk_token *token, uint64_t **chain_ids, size_t *count, vk_error *err) {
    vk_buf ids = {0};
    *chain_ids = NULL;
    *count = 0;
    vk_token_lock(token);
    vk_status status = vk_token_explain(err, list_nodes(token, &ids, err));
    vk_token_unlock(token);
    if (status == VK_OK) {
        *chain_ids = malloc(ids.len + 1);
        status = *chain_ids != NULL ? VK_OK : VK_ERR_MEMORY;
    }
    if (status == VK_OK && ids.len > 0) {
        memcpy(*chain_ids, ids.data, ids.len);
        *count = ids.len / sizeof **chain_ids;
    }
    vk_buf_clear(&ids);
    return status;
}

/* ---- Setting ---- */

static vk_status insert(vk_token *token, uint64_t chain_id, vk_bytes sealed, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_NODE_WRITE);
    vk_query_int(&query, (int64_t)chain_id);
    vk_query_blob(&query, sealed);
    return vk_query_run(&query, err);
}

static vk_status write_node(vk_token *token, uint64_t chain_id, const char *json, vk_error *err) {
    vk_bytes text = {(const uint8_t *)json, strlen(json)};
    vk_buf subject = {0}, sealed = {0};
    vk_buf_put_zeros(&sealed, text.len + VK_SEALED_EXTRA);
    vk_status status = vk_buf_status(&sealed);
    if (status == VK_OK) {
        status = put_subject(&subject, token, chain_id);
    }
    if (status == VK_OK) {
        status = vk_crypt_seal_bytes(token->keys->seal, vk_buf_view(&subject), text, sealed.data);
    }
    if (status == VK_OK) {
        status = insert(token, chain_id, vk_buf_view(&sealed), err);
    }
    vk_buf_clear(&subject);
    vk_buf_clear(&sealed);
    return status;
}

static vk_status remove_node(vk_token *token, uint64_t chain_id, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_NODE_REMOVE);
    vk_query_int(&query, (int64_t)chain_id);
    return vk_query_run(&query, err);
}

static vk_status set(vk_token *token, uint64_t chain_id, const char *json, vk_error *err) {
    vk_state *state;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_scope_open(token, &state, err);
    }
    if (status == VK_OK) {
        status = json != NULL ? write_node(token, chain_id, json, err)
                              : remove_node(token, chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_journal_note(token, VK_EVENT_SETTINGS, err, "%s for chain %llu",
                                 json != NULL ? "a node is set" : "no node is set any more",
                                 (unsigned long long)chain_id);
    }
    return status == VK_OK ? vk_scope_flush(token, err) : status;
}

vk_status vk_token_set_node(vk_token *token, uint64_t chain_id, const char *json, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, set(token, chain_id, json, err), err);
}
