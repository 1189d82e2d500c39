/* The chains of the journal and the token's state, as a transaction knows them. */
#include <stdlib.h>
#include <string.h>

#include "token/store.h"

/* ---- The state ---- */

vk_status vk_scope_state(vk_token *token, vk_state **out, vk_error *err) {
    vk_scope *scope = &token->scope;
    *out = &scope->state;
    if (scope->has_state) {
        return VK_OK;
    }
    vk_status status = vk_state_begin(token, &scope->state, err);
    if (status == VK_OK) {
        scope->has_state = true;
        scope->stored = scope->state;
        vk_trust_check_state(token, &scope->state);
    }
    return status;
}

vk_status vk_scope_flush_state(vk_token *token, vk_error *err) {
    vk_state *state = &token->scope.state;
    state->counter++;
    state->is_anchored = token->trust.has_anchor;
    token->trust.pending = *state;
    token->scope.has_changed = true;
    return vk_state_write(token, state, err);
}

/* ---- Reading a chain ---- */

static vk_scope_chain **chains_of(vk_scope *scope, vk_bytes point) {
    unsigned hash = 0;
    for (size_t i = 1; i < 9 && i < point.len; i++) {
        hash = hash * 31 + point.data[i];
    }
    return &scope->chains[hash % VK_SCOPE_BUCKETS];
}

vk_status vk_chain_mac(const vk_token *token, vk_bytes point, int64_t sequence, const vk_hash *head,
                       uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "journal key", token->serial);
    vk_canonical_bytes(&data, point);
    vk_canonical_u64(&data, (uint64_t)sequence);
    vk_canonical_bytes(&data, (vk_bytes){head->b, 32});
    return vk_row_mac(token->keys, &data, mac32);
}

static vk_status parse(const vk_token *token, const vk_query *query, vk_bytes point,
                       vk_scope_chain *out, vk_error *err) {
    uint8_t mac[32];
    vk_bytes stored = vk_column_blob(query, 3);
    out->id = vk_column_int(query, 0);
    out->sequence = vk_column_int(query, 1);
    if (out->sequence < 0 || !vk_column_fixed(query, 2, out->head.b, 32)) {
        return vk_row_broken(err);
    }
    vk_status status = vk_chain_mac(token, point, out->sequence, &out->head, mac);
    if (status != VK_OK) {
        return status;
    }
    bool same = stored.len == sizeof mac && vk_equal_secret(stored.data, mac, sizeof mac);
    return same ? VK_OK : vk_row_broken(err);
}

static vk_status read_row(vk_token *token, vk_bytes point, vk_scope_chain *out, bool *found,
                          vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_CHAIN_READ);
    vk_query_blob(&query, point);
    vk_status status = vk_query_step(&query, found, err);
    if (status == VK_OK && *found) {
        status = parse(token, &query, point, out, err);
    }
    vk_query_end(&query);
    return status;
}

/* The row is written with the others at the end: until then the number is only reserved. */
static vk_status next_id(vk_token *token, int64_t *out, vk_error *err) {
    vk_scope *scope = &token->scope;
    vk_status status = VK_OK;
    if (scope->last_chain_id == 0) {
        vk_query query = vk_query_start(&token->db, VK_SQL_CHAIN_LAST);
        status = vk_query_row(&query, err);
        scope->last_chain_id = status == VK_OK ? vk_column_int(&query, 0) : 0;
        vk_query_end(&query);
    }
    *out = ++scope->last_chain_id;
    return status;
}

static vk_status read_chain(vk_token *token, vk_bytes point, vk_scope_chain *out, vk_error *err) {
    bool found;
    out->point_len = point.len;
    if (point.len > 0) {
        memcpy(out->point65, point.data, point.len);
    }
    vk_status status = read_row(token, point, out, &found, err);
    return status == VK_OK && !found ? next_id(token, &out->id, err) : status;
}

vk_status vk_scope_chain_of(vk_token *token, vk_bytes point, vk_scope_chain **out, vk_error *err) {
    vk_scope_chain **bucket = chains_of(&token->scope, point);
    for (vk_scope_chain *known = *bucket; known != NULL; known = known->next) {
        if (vk_bytes_equal(point, (vk_bytes){known->point65, known->point_len})) {
            *out = known;
            return VK_OK;
        }
    }
    if (point.len != 0 && point.len != sizeof(*out)->point65) {
        return VK_ERR_ARGUMENT;
    }
    vk_scope_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = read_chain(token, point, chain, err);
    if (status != VK_OK) {
        free(chain);
        return status;
    }
    chain->next = *bucket;
    *bucket = *out = chain;
    token->scope.count++;
    return VK_OK;
}

/* ---- Writing ---- */

void vk_scope_note_record(vk_token *token, vk_scope_chain *chain, int64_t sequence,
                          const vk_hash *hash) {
    vk_scope *scope = &token->scope;
    chain->sequence = sequence;
    chain->head = *hash;
    scope->state.number++;
    scope->state.head = *hash;
    if (!chain->is_changed) {
        chain->is_changed = true;
        chain->next_changed = scope->changed_chains;
        scope->changed_chains = chain;
    }
}

static vk_status write_chain(vk_token *token, const vk_scope_chain *chain, vk_error *err) {
    uint8_t mac[32];
    vk_bytes point = {chain->point65, chain->point_len};
    vk_status status = vk_chain_mac(token, point, chain->sequence, &chain->head, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_CHAIN_WRITE);
    vk_query_int(&query, chain->id);
    vk_query_blob(&query, point);
    vk_query_int(&query, chain->sequence);
    vk_query_blob(&query, (vk_bytes){chain->head.b, 32});
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

vk_status vk_scope_flush_chains(vk_token *token, vk_error *err) {
    vk_status status = VK_OK;
    while (token->scope.changed_chains != NULL && status == VK_OK) {
        vk_scope_chain *chain = token->scope.changed_chains;
        status = write_chain(token, chain, err);
        token->scope.changed_chains = chain->next_changed;
        chain->is_changed = false;
    }
    return status;
}

void vk_scope_clear_chains(vk_scope_chain *chain) {
    while (chain != NULL) {
        vk_scope_chain *next = chain->next;
        free(chain);
        chain = next;
    }
}
