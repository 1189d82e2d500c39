/* Does the token's file go with its anchor? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "token/anchor.h"
#include "token/journal.h"

static void distrust(vk_token *token, const char *what) {
    vk_trust *trust = &token->trust;
    trust->is_restored = true;
    snprintf(trust->text, sizeof trust->text, "%s", what);
}

vk_status vk_trust_needed(const vk_token *token, vk_error *err) {
    const vk_trust *trust = &token->trust;
    if (!trust->is_restored) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_INTEGRITY, "anchor",
                   "%s; nothing is counted or written down until the SO accepts that: valetkey "
                   "audit accept",
                   trust->text);
}

/* ---- Comparing ---- */

static vk_status record_hash(vk_token *token, int64_t number, bool *found, vk_hash *out) {
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_HASH);
    vk_query_int(&query, number);
    vk_status status = vk_query_step(&query, found, NULL);
    if (status == VK_OK && *found && !vk_column_fixed(&query, 0, out->b, 32)) {
        status = VK_ERR_INTEGRITY;
    }
    vk_query_end(&query);
    return status;
}

/* The last record that was ever dropped: the newest checkpoint knows its number and hash. */
static vk_status dropped_hash(vk_token *token, int64_t number, bool *found, vk_hash *out) {
    bool row;
    uint8_t kept[VK_CHECKPOINT_LEN];
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_CHECKPOINT);
    vk_query_int(&query, VK_EVENT_CHECKPOINT);
    vk_status status = vk_query_step(&query, &row, NULL);
    if (status == VK_OK && row && !vk_column_fixed(&query, 0, kept, sizeof kept)) {
        status = VK_ERR_INTEGRITY;
    }
    vk_query_end(&query);
    *found = false;
    if (status == VK_OK && row) {
        *found = vk_canonical_get_u64(kept + 8) == (uint64_t)number;
        memcpy(out->b, kept + 16, sizeof out->b);
    }
    return status;
}

/* Is the anchor's newest record still the one of that number? One that was dropped long ago cannot
 * be compared, and an anchor is not that old: so it is another's. */
static bool is_same_history(vk_token *token, const vk_state *anchor) {
    bool found = anchor->number == 0;
    vk_hash hash = {{0}};
    vk_status status = VK_OK;
    if (!found) {
        status = record_hash(token, anchor->number, &found, &hash);
    }
    if (status == VK_OK && !found) {
        status = dropped_hash(token, anchor->number, &found, &hash);
    }
    return status == VK_OK && found && memcmp(hash.b, anchor->head.b, sizeof hash.b) == 0;
}

bool vk_trust_compare(vk_token *token, const vk_state *anchor, const vk_state *state,
                      char text[VK_TRUST_TEXT]) {
    if (anchor->counter > state->counter || anchor->number > state->number) {
        snprintf(
            text, VK_TRUST_TEXT,
            "the token's file is older than its anchor, so it was put back from a copy: it was "
            "written %" PRId64 " times and has %" PRId64 " records, the anchor says %" PRId64
            " times and %" PRId64 " records",
            state->counter, state->number, anchor->counter, anchor->number);
        return false;
    }
    bool same = anchor->counter == state->counter
                    ? anchor->number == state->number &&
                          memcmp(anchor->head.b, state->head.b, sizeof state->head.b) == 0
                    : is_same_history(token, anchor);
    if (!same) {
        snprintf(text, VK_TRUST_TEXT,
                 "the token's file and its anchor have different records number %" PRId64
                 ", so the file was put back from a copy and used since",
                 anchor->number);
    }
    return same;
}

/* ---- At login ---- */

/* One transaction for a record about the token itself; what it could not say is not said. */
static void note(vk_token *token, const char *text) {
    if (token->db.read_only || vk_db_begin(&token->db, NULL) != VK_OK) {
        return;
    }
    vk_status status = vk_scope_begin(token, NULL, NULL);
    if (status == VK_OK) {
        status = vk_journal_note(token, VK_EVENT_ANCHOR, NULL, "%s", text);
    }
    if (status == VK_OK) {
        status = vk_scope_flush(token, NULL);
    }
    status = vk_token_finish_decisions(token, status, NULL);
    (void)status;
}

static void note_missing(vk_token *token, vk_anchor_found found, const vk_error *err) {
    char text[VK_ERROR_MESSAGE_MAX];
    static const char *const words[] = {
        [VK_ANCHOR_MISSING] = "the anchor file is gone; a new one is kept from now on",
        [VK_ANCHOR_DAMAGED] = "the anchor file is damaged, or another token's; a new one is kept "
                              "from now on"};
    if (found == VK_ANCHOR_UNREADABLE) {
        snprintf(text, sizeof text, "no anchor file can be kept here: %.200s", err->message);
    } else {
        snprintf(text, sizeof text, "%s", words[found]);
    }
    note(token, text);
}

static void reset(vk_trust *trust) {
    vk_anchor_close(&trust->anchor_file);
    vk_text_free(trust->anchor_path);
    *trust = (vk_trust){0};
}

static vk_anchor_found find_anchor(vk_token *token, vk_state *anchor, vk_error *err) {
    vk_trust *trust = &token->trust;
    vk_anchor_found found = VK_ANCHOR_UNREADABLE;
    vk_anchor_close(&trust->anchor_file);
    vk_text_free(trust->anchor_path);
    vk_status status = vk_anchor_path(token->serial, true, &trust->anchor_path, err);
    if (status == VK_OK) {
        status = vk_anchor_read(token, trust->anchor_path, &found, anchor, err);
    }
    if (status != VK_OK) {
        vk_text_free(trust->anchor_path);
        trust->anchor_path = NULL;
    }
    return found;
}

/* The anchor is read first: it is written after the state, so the state may be newer, not older. */
void vk_trust_begin(vk_token *token) {
    vk_error err = {0};
    vk_state anchor = {0}, state;
    char text[VK_TRUST_TEXT];
    reset(&token->trust);
    vk_anchor_found found = find_anchor(token, &anchor, &err);
    /* A state that is not whole speaks for itself when it is needed. */
    if (vk_state_read(token, &state, NULL) != VK_OK) {
        return;
    }
    token->trust.newest = state;
    token->trust.has_anchor = found == VK_ANCHOR_WHOLE;
    if (found == VK_ANCHOR_WHOLE) {
        if (!vk_trust_compare(token, &anchor, &state, text)) {
            distrust(token, text);
        }
    } else if (state.is_anchored) {
        note_missing(token, found, &err);
    }
}

void vk_trust_look_again(vk_token *token) {
    vk_error err = {0};
    vk_state anchor = {0}, state;
    char text[VK_TRUST_TEXT];
    vk_anchor_found found = find_anchor(token, &anchor, &err);
    if (found == VK_ANCHOR_WHOLE && vk_state_read(token, &state, NULL) == VK_OK &&
        vk_trust_compare(token, &anchor, &state, text)) {
        token->trust.is_restored = false;
        token->trust.newest = state;
    }
}

void vk_trust_accept(vk_token *token) {
    vk_trust *trust = &token->trust;
    trust->is_restored = false;
    if (trust->anchor_path != NULL) {
        trust->has_anchor |= vk_anchor_write(token, &trust->newest, true) == VK_OK;
    }
}

void vk_trust_end(vk_token *token) {
    reset(&token->trust);
}

/* ---- In transactions ---- */

/* The file was put back while it was open. */
void vk_trust_check_state(vk_token *token, const vk_state *state) {
    char text[VK_TRUST_TEXT];
    if (!token->trust.is_restored && !vk_trust_compare(token, &token->trust.newest, state, text)) {
        distrust(token, text);
    }
}

void vk_trust_committed(vk_token *token) {
    vk_trust *trust = &token->trust;
    trust->newest = trust->pending;
    if (trust->anchor_path != NULL && !trust->is_restored) {
        /* What cannot be written now is written after the next change. */
        trust->has_anchor |= vk_anchor_write(token, &trust->newest, false) == VK_OK;
    }
}
