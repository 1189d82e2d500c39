/* The state of the token as a whole: what was written in all, authenticated in one row. */
#include <string.h>

#include "token/store.h"

static const vk_hash none;

static bool has_spend_rules(const vk_state *state) {
    return memcmp(state->spend_rules.b, none.b, sizeof none.b) != 0;
}

vk_status vk_state_mac(const vk_token_keys *keys, const char *serial, const vk_state *state,
                       uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "state", serial);
    vk_canonical_u64(&data, (uint64_t)state->counter);
    vk_canonical_u64(&data, (uint64_t)state->number);
    vk_canonical_bytes(&data, (vk_bytes){state->head.b, 32});
    vk_canonical_u64(&data, state->is_anchored);
    if (has_spend_rules(state)) {
        vk_canonical_bytes(&data, (vk_bytes){state->spend_rules.b, 32});
    }
    return vk_row_mac(keys, &data, mac32);
}

static bool is_initial(const vk_state *state) {
    return state->counter == 0 && state->number == 0 && !state->is_anchored &&
           !has_spend_rules(state) && memcmp(state->head.b, none.b, sizeof none.b) == 0;
}

static vk_status check(const vk_token *token, const vk_query *query, const vk_state *state,
                       vk_error *err) {
    uint8_t mac[32];
    vk_bytes stored = vk_column_blob(query, 4);
    if (token->keys == NULL) {
        return VK_OK;
    }
    if (!state->is_adopted) {
        return is_initial(state) ? VK_OK : vk_row_broken(err);
    }
    vk_status status = vk_state_mac(token->keys, token->serial, state, mac);
    if (status != VK_OK) {
        return status;
    }
    bool same = stored.len == sizeof mac && vk_equal_secret(stored.data, mac, sizeof mac);
    return same ? VK_OK : vk_row_broken(err);
}

/* Without rules the column is empty, as in a file of before version 7. */
static bool get_spend_rules(vk_bytes stored, vk_hash *out) {
    if (stored.len == sizeof out->b) {
        memcpy(out->b, stored.data, sizeof out->b);
    }
    return stored.len == 0 || stored.len == sizeof out->b;
}

vk_status vk_state_read(vk_token *token, vk_state *out, vk_error *err) {
    *out = (vk_state){0};
    vk_query query = vk_query_start(&token->db, VK_SQL_STATE_READ);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        out->counter = vk_column_int(&query, 0);
        out->number = vk_column_int(&query, 1);
        out->is_adopted = vk_column_blob(&query, 4).len > 0;
        bool whole = out->counter >= 0 && out->number >= 0 &&
                     vk_column_fixed(&query, 2, out->head.b, 32) &&
                     vk_column_flag(&query, 3, &out->is_anchored) &&
                     get_spend_rules(vk_column_blob(&query, 5), &out->spend_rules);
        status = whole ? check(token, &query, out, err) : vk_row_broken(err);
    }
    vk_query_end(&query);
    return status == VK_ERR_NOT_FOUND ? vk_row_broken(err) : status;
}

vk_status vk_state_write(vk_token *token, const vk_state *state, vk_error *err) {
    uint8_t mac[32];
    vk_status status = vk_state_mac(token->keys, token->serial, state, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_STATE_WRITE);
    vk_query_int(&query, state->counter);
    vk_query_int(&query, state->number);
    vk_query_blob(&query, (vk_bytes){state->head.b, 32});
    vk_query_int(&query, state->is_anchored);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    vk_query_blob(&query, (vk_bytes){state->spend_rules.b, has_spend_rules(state) ? 32 : 0});
    return vk_query_run(&query, err);
}

/* From now on the old form of the settings' MAC is worth nothing: a state that is put back to its
 * beginning does not go with the new one. */
static vk_status adopt(vk_token *token, vk_state *state, vk_error *err) {
    vk_token_settings settings;
    vk_status status = vk_db_needs_transaction(&token->db, err);
    if (status == VK_OK) {
        status = vk_settings_read(token, &settings, err);
    }
    if (status == VK_OK) {
        status = vk_settings_write(token, &settings, err);
    }
    if (status == VK_OK) {
        status = vk_state_write(token, state, err);
    }
    state->is_adopted = status == VK_OK;
    return status;
}

vk_status vk_state_begin(vk_token *token, vk_state *out, vk_error *err) {
    vk_status status = vk_state_read(token, out, err);
    return status == VK_OK && !out->is_adopted ? adopt(token, out, err) : status;
}

/* ---- Changes of the records ---- */

static vk_status begin_trusted(vk_token *token, vk_state *out, vk_error *err) {
    vk_status status = vk_trust_needed(token, err);
    if (status == VK_OK) {
        status = vk_state_begin(token, out, err);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_trust_check_state(token, out);
    return vk_trust_needed(token, err);
}

/* Nothing moves on in a state that is not trusted: it could catch up with its anchor. */
vk_status vk_state_bump(vk_token *token, bool *moved, vk_error *err) {
    vk_state state;
    *moved = false;
    if (token->keys == NULL) {
        return VK_OK;
    }
    vk_status status = begin_trusted(token, &state, err);
    if (status == VK_ERR_INTEGRITY && token->trust.is_starting_over) {
        return VK_OK;
    }
    if (status != VK_OK) {
        return status;
    }
    state.counter++;
    state.is_anchored = token->trust.has_anchor;
    token->trust.pending = state;
    *moved = true;
    return vk_state_write(token, &state, err);
}
