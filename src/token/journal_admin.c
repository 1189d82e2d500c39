/* What the SO decides about the journal: its settings, and whether a state is to be believed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "token/anchor.h"
#include "token/journal.h"

static const char *mode_name(vk_journal_mode mode) {
    return mode == VK_JOURNAL_OFF ? "off" : mode == VK_JOURNAL_ON ? "on" : "all";
}

/* ---- Settings ---- */

static vk_status set(vk_token *token, vk_journal_mode mode, int64_t max, vk_error *err) {
    vk_state *state;
    vk_token_settings settings;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_scope_open(token, &state, err);
    }
    if (status == VK_OK) {
        status = vk_settings_read(token, &settings, err);
    }
    if (status == VK_OK) {
        status = vk_journal_note(token, VK_EVENT_SETTINGS, err,
                                 "journal %s, at most %" PRId64 " records; it was %s, %" PRId64,
                                 mode_name(mode), max, mode_name(settings.journal),
                                 settings.journal_max);
    }
    if (status == VK_OK) {
        settings.journal = mode;
        settings.journal_max = max;
        status = vk_settings_write(token, &settings, err);
    }
    return status == VK_OK ? vk_scope_flush(token, err) : status;
}

vk_status vk_token_set_journal(vk_token *token, vk_journal_mode mode, int64_t max, vk_error *err) {
    if (mode < VK_JOURNAL_OFF || mode > VK_JOURNAL_ALL) {
        return VK_ERR_ARGUMENT;
    }
    if (max < VK_JOURNAL_MAX_LEAST || max > VK_JOURNAL_MAX_MOST) {
        return vk_fail(err, VK_ERR_RANGE, "journal-max",
                       "%" PRId64 " records are not from %d to %d", max, VK_JOURNAL_MAX_LEAST,
                       VK_JOURNAL_MAX_MOST);
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, set(token, mode, max, err), err);
}

/* ---- Accepting what is there ---- */

/* The heads as the records have them; a chain without records keeps its own. */
static vk_status rewrite_chain(vk_token *token, const vk_query *row, vk_error *err) {
    vk_scope_chain chain = {.id = vk_column_int(row, 0), .sequence = vk_column_int(row, 2)};
    uint8_t mac[32];
    vk_bytes point = vk_column_blob(row, 1);
    if (!vk_column_fixed(row, 3, chain.head.b, sizeof chain.head.b) || chain.sequence < 0) {
        return VK_OK;
    }
    vk_status status = vk_chain_mac(token, point, chain.sequence, &chain.head, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_CHAIN_WRITE);
    vk_query_int(&query, chain.id);
    vk_query_blob(&query, point);
    vk_query_int(&query, chain.sequence);
    vk_query_blob(&query, (vk_bytes){chain.head.b, sizeof chain.head.b});
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

static vk_status rewrite_chains(vk_token *token, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_CHAIN_ENDS);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = rewrite_chain(token, &query, err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status newest_hash(vk_token *token, int64_t number, vk_hash *out, vk_error *err) {
    bool row;
    *out = (vk_hash){{0}};
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_HASH);
    vk_query_int(&query, number);
    vk_status status = vk_query_step(&query, &row, err);
    if (status == VK_OK && row && !vk_column_fixed(&query, 0, out->b, sizeof out->b)) {
        *out = (vk_hash){{0}};
    }
    vk_query_end(&query);
    return status;
}

/* Settings that were edited start over as well. */
static vk_status rewrite_settings(vk_token *token, bool *were_edited, vk_error *err) {
    vk_token_settings settings;
    vk_status status = vk_settings_read(token, &settings, NULL);
    *were_edited = status == VK_ERR_INTEGRITY;
    if (*were_edited) {
        vk_settings_default(&settings);
        status = VK_OK;
    }
    return status == VK_OK ? vk_settings_write(token, &settings, err) : status;
}

/* What the anchor says, if there is one; it may be no less than what comes next. */
static int64_t anchored_counter(vk_token *token) {
    vk_anchor_found found = VK_ANCHOR_MISSING;
    vk_state anchor = {0};
    if (token->trust.anchor_path == NULL ||
        vk_anchor_read(token, token->trust.anchor_path, &found, &anchor, NULL) != VK_OK ||
        found != VK_ANCHOR_WHOLE) {
        return 0;
    }
    return anchor.counter;
}

static vk_status rewrite_state(vk_token *token, vk_state *state, vk_error *err) {
    int64_t first, counter = anchored_counter(token);
    vk_status status = vk_journal_ends(token, &first, &state->number, err);
    if (status == VK_OK) {
        status = newest_hash(token, state->number, &state->head, err);
    }
    state->counter = state->counter > counter ? state->counter : counter;
    state->is_adopted = true;
    return status == VK_OK ? vk_state_write(token, state, err) : status;
}

static vk_status accept_it(vk_token *token, vk_error *err) {
    vk_state state;
    bool were_edited, rules_were_edited = false;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status != VK_OK) {
        return status;
    }
    /* Whatever is wrong with it: what it says is the start of what is accepted. */
    vk_status found = vk_state_read(token, &state, NULL);
    int64_t counter = state.counter, number = state.number;
    status = rewrite_settings(token, &were_edited, err);
    if (status == VK_OK) {
        status = rewrite_chains(token, err);
    }
    if (status == VK_OK) {
        status = vk_spends_accept(token, &state.spend_rules, &rules_were_edited, err);
    }
    if (status == VK_OK) {
        status = rewrite_state(token, &state, err);
    }
    /* What was read before is not what stands there now. */
    vk_scope_clear(&token->scope);
    if (status == VK_OK) {
        status = vk_scope_begin(token, NULL, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = vk_journal_note(token, VK_EVENT_ACCEPTED, err,
                             "the SO accepted the token as it was: written %" PRId64
                             " times, with %" PRId64 " records%s%s%s%s%s",
                             counter, number, found == VK_OK ? "" : "; its state was edited",
                             were_edited ? "; its settings were edited and start over" : "",
                             rules_were_edited ? "; its spend rules were edited" : "",
                             token->trust.is_restored ? ": " : "",
                             token->trust.is_restored ? token->trust.text : "");
    return status == VK_OK ? vk_scope_flush(token, err) : status;
}

/* The new state is compared with nothing: it is what the next ones are compared with. */
static vk_status accept_and_commit(vk_token *token, vk_error *err) {
    vk_state before = token->trust.newest;
    token->trust.newest = (vk_state){0};
    token->trust.is_accepting = true;
    vk_status status = accept_it(token, err);
    token->trust.is_accepting = false;
    if (status == VK_OK) {
        status = vk_token_mark_changed(token, err);
    }
    status = vk_token_finish_decisions(token, status, err);
    if (status != VK_OK) {
        token->trust.newest = before;
    }
    return status;
}

vk_status vk_journal_accept(vk_token *token, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = accept_and_commit(token, err);
    if (status == VK_OK) {
        vk_token_changed(token);
        vk_trust_accept(token);
    }
    vk_token_unlock(token);
    return status;
}
