/*
 * Which hardening rules the SO turned off. They are kept by name, so that a rule that a later
 * version adds between two others changes the meaning of none; a name that this version does not
 * know is that of a rule that it does not turn off.
 */
#include "token/journal.h"
#include "token/store.h"

static void put_row(vk_buf *out, const vk_token *token, vk_bytes names) {
    vk_row_head(out, "relaxed", token->serial);
    vk_canonical_bytes(out, names);
}

/* ---- Reading ---- */

/* Nothing vouches for what a token was made with: every rule is on, which needs no vouching. */
static vk_status check_row(const vk_token *token, vk_bytes names, vk_bytes mac, vk_error *err) {
    vk_buf data = {0};
    if (names.len == 0 && mac.len == 0) {
        return VK_OK;
    }
    put_row(&data, token, names);
    return vk_row_check(token, &data, mac, err);
}

static vk_status read_row(vk_token *token, const vk_query *query, vk_hardening_set *out,
                          vk_error *err) {
    vk_bytes names = vk_column_blob(query, 0);
    vk_status status = check_row(token, names, vk_column_blob(query, 1), err);
    if (status == VK_OK) {
        *out = vk_hardening_read_names(names) & vk_hardening_switchable();
    }
    return status;
}

static vk_status read_relaxed(vk_token *token, vk_hardening_set *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_RELAXED);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        status = read_row(token, &query, out, err);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_token_relaxed(vk_token *token, vk_hardening_set *out, vk_error *err) {
    *out = VK_HARDENING_NONE;
    vk_token_lock(token);
    vk_status status = read_relaxed(token, out, err);
    vk_token_unlock(token);
    return status;
}

/* ---- Changing ---- */

static vk_status write_row(vk_token *token, const char *names, vk_bytes mac, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_RELAX);
    vk_query_text(&query, names);
    vk_query_blob(&query, mac);
    return vk_query_run(&query, err);
}

vk_status vk_relaxed_reset(vk_token *token, vk_error *err) {
    return write_row(token, "", (vk_bytes){NULL, 0}, err);
}

static vk_status write_relaxed(vk_token *token, vk_hardening_set set, vk_error *err) {
    uint8_t mac[32];
    vk_buf text = {0}, data = {0};
    vk_hardening_put_names(set, &text);
    size_t len = text.len;
    char *names = vk_buf_take_text(&text);
    if (names == NULL) {
        return VK_ERR_MEMORY;
    }
    put_row(&data, token, (vk_bytes){(const uint8_t *)names, len});
    vk_status status = vk_row_mac(token->keys, &data, mac);
    if (status == VK_OK) {
        status = write_row(token, names, (vk_bytes){mac, sizeof mac}, err);
    }
    vk_text_free(names);
    return status;
}

static vk_status check_change(vk_hardening_set relax, vk_hardening_set harden, vk_error *err) {
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        vk_hardening_set bit = vk_hardening_bit((vk_hardening)i);
        const char *name = vk_hardening_name((vk_hardening)i);
        if ((relax & ~vk_hardening_switchable() & bit) != 0) {
            return vk_fail(err, VK_ERR_PROHIBITED, name,
                           "the hardening rule \"%s\" cannot be turned off", name);
        }
        if ((relax & harden & bit) != 0) {
            return vk_fail(err, VK_ERR_ARGUMENT, name,
                           "the hardening rule \"%s\" is to be turned off and on", name);
        }
    }
    return VK_OK;
}

/* The journal says what is off from now on: who reads a signature in it sees by which rules. */
static vk_status note_change(vk_token *token, vk_hardening_set set, vk_error *err) {
    vk_buf text = {0};
    vk_hardening_put_names(set, &text);
    vk_status status = vk_buf_status(&text);
    if (status == VK_OK) {
        status = vk_journal_note(token, VK_EVENT_SETTINGS, err, "hardening rules turned off: %.*s",
                                 text.len > 0 ? (int)text.len : 4,
                                 text.len > 0 ? (const char *)text.data : "none");
    }
    vk_buf_clear(&text);
    return status;
}

static vk_status change_set(vk_token *token, vk_hardening_set set, vk_error *err) {
    vk_state *state;
    vk_status status = vk_scope_open(token, &state, err);
    if (status == VK_OK) {
        status = write_relaxed(token, set, err);
    }
    if (status == VK_OK) {
        status = note_change(token, set, err);
    }
    return status == VK_OK ? vk_scope_flush(token, err) : status;
}

static vk_status change(vk_token *token, vk_hardening_set relax, vk_hardening_set harden,
                        vk_error *err) {
    vk_hardening_set set;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = read_relaxed(token, &set, err);
    }
    return status == VK_OK ? change_set(token, (set | relax) & ~harden, err) : status;
}

vk_status vk_token_relax(vk_token *token, vk_hardening_set relax, vk_hardening_set harden,
                         vk_error *err) {
    vk_status status = check_change(relax, harden, err);
    if (status == VK_OK) {
        status = vk_token_begin(token, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = change(token, relax, harden, err);
    return vk_token_end(token, status, err);
}
