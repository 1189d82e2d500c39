/* Does the token's file go with its anchor? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* How a state stands to one that was seen before. */
typedef enum relation {
    GOES_ON,
    IS_OLDER,
    IS_OTHER,  /* it has another record of that number */
    IS_UNKNOWN /* it no longer has it, or it cannot be read */
} relation;

static bool same_record(const vk_state *a, const vk_state *b) {
    return a->number == b->number && memcmp(a->head.b, b->head.b, sizeof a->head.b) == 0;
}

static vk_status hash_of(vk_query *query, bool *found, vk_hash *out) {
    vk_status status = vk_query_step(query, found, NULL);
    if (status == VK_OK && *found && !vk_column_fixed(query, 0, out->b, sizeof out->b)) {
        status = VK_ERR_INTEGRITY;
    }
    vk_query_end(query);
    return status;
}

static vk_status kept_hash(vk_token *token, int64_t number, bool *found, vk_hash *out) {
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_HASH);
    vk_query_int(&query, number);
    return hash_of(&query, found, out);
}

/* A checkpoint knows the last record that its chain lost, and the last that was dropped with it. Of
 * those before them nothing is left to compare with. */
static vk_status dropped_hash(vk_token *token, const vk_state *before, bool *found, vk_hash *out) {
    vk_buf number = {0};
    vk_canonical_u64(&number, (uint64_t)before->number);
    vk_status status = vk_buf_status(&number);
    if (status == VK_OK) {
        vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_CHECKPOINT);
        vk_query_int(&query, VK_EVENT_CHECKPOINT);
        vk_query_blob(&query, vk_buf_view(&number));
        vk_query_blob(&query, (vk_bytes){before->head.b, sizeof before->head.b});
        status = hash_of(&query, found, out);
    }
    vk_buf_clear(&number);
    return status;
}

static relation find_record(vk_token *token, const vk_state *before) {
    bool found = false;
    vk_hash hash = {{0}};
    if (before->number == 0) {
        return GOES_ON;
    }
    vk_status status = kept_hash(token, before->number, &found, &hash);
    if (status == VK_OK && !found) {
        status = dropped_hash(token, before, &found, &hash);
    }
    if (status != VK_OK || !found) {
        return status == VK_ERR_INTEGRITY ? IS_OTHER : IS_UNKNOWN;
    }
    return memcmp(hash.b, before->head.b, sizeof hash.b) == 0 ? GOES_ON : IS_OTHER;
}

static relation relate(vk_token *token, const vk_state *before, const vk_state *state) {
    if (before->counter > state->counter || before->number > state->number) {
        return IS_OLDER;
    }
    if (before->counter == state->counter) {
        return same_record(before, state) ? GOES_ON : IS_OTHER;
    }
    return find_record(token, before);
}

static void explain(relation is, const vk_state *before, const vk_state *state,
                    char text[VK_TRUST_TEXT]) {
    if (is == IS_OLDER) {
        snprintf(
            text, VK_TRUST_TEXT,
            "the token's file is older than its anchor, so it was put back from a copy: it was "
            "written %" PRId64 " times and has %" PRId64 " records, the anchor says %" PRId64
            " times and %" PRId64 " records",
            state->counter, state->number, before->counter, before->number);
    } else if (is == IS_OTHER) {
        snprintf(text, VK_TRUST_TEXT,
                 "the token's file and its anchor have different records number %" PRId64
                 ", so the file was put back from a copy and used since",
                 before->number);
    } else {
        snprintf(text, VK_TRUST_TEXT,
                 "the token's file no longer has record number %" PRId64
                 ", the last that its anchor knows, so nothing shows that it is not a copy that "
                 "was put back",
                 before->number);
    }
}

bool vk_trust_compare(vk_token *token, const vk_state *anchor, const vk_state *state,
                      char text[VK_TRUST_TEXT]) {
    relation is = relate(token, anchor, state);
    if (is != GOES_ON) {
        explain(is, anchor, state, text);
    }
    return is == GOES_ON;
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

/* Once: the state says then that nothing goes with it. */
static void note_unwritable(vk_token *token, const vk_state *state) {
    if (token->db.read_only || access(token->trust.anchor_path, W_OK) == 0) {
        return;
    }
    token->trust.has_anchor = false;
    if (state->is_anchored) {
        note(token, "the anchor file cannot be written, so it stays as old as it is");
    }
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
    token->trust.has_anchor = found == VK_ANCHOR_WHOLE;
    /* Nothing was compared: an older one that comes in its place must not pass for it. */
    if (vk_state_read(token, &state, NULL) != VK_OK) {
        token->trust.newest = anchor;
        distrust(token, "the token's state was edited or could not be read at login, so nothing "
                        "shows that the file is as new as its anchor");
        return;
    }
    token->trust.newest = state;
    if (found == VK_ANCHOR_WHOLE) {
        if (!vk_trust_compare(token, &anchor, &state, text)) {
            /* An anchor older than this one is no news, whatever goes with it. */
            token->trust.newest = anchor.counter > state.counter ? anchor : state;
            distrust(token, text);
            return;
        }
        note_unwritable(token, &state);
    } else if (state.is_anchored) {
        note_missing(token, found, &err);
    }
}

void vk_trust_accept(vk_token *token) {
    vk_trust *trust = &token->trust;
    trust->is_restored = false;
    if (trust->anchor_path != NULL && vk_anchor_write(token, &trust->newest, true) == VK_OK) {
        trust->has_anchor = true;
        vk_anchor_sync(&trust->anchor_file);
    }
}

void vk_trust_end(vk_token *token) {
    reset(&token->trust);
}

/* ---- In transactions ---- */

/* An anchor that is older than what is known already vouches for nothing: it may have been put back
 * with the file. */
static bool is_news(const vk_state *anchor, const vk_state *known) {
    return anchor->counter > known->counter ||
           (anchor->counter == known->counter && same_record(anchor, known));
}

void vk_trust_look_again(vk_token *token) {
    vk_error err = {0};
    vk_state anchor = {0}, state;
    vk_trust *trust = &token->trust;
    if (!trust->is_restored || find_anchor(token, &anchor, &err) != VK_ANCHOR_WHOLE ||
        !is_news(&anchor, &trust->newest) || vk_state_read(token, &state, NULL) != VK_OK) {
        return;
    }
    trust->is_restored = !vk_trust_compare(token, &anchor, &state, trust->text);
    if (!trust->is_restored) {
        trust->has_anchor = true;
        trust->newest = anchor;
    }
}

static bool read_news(vk_token *token, vk_state *anchor) {
    vk_anchor_found found;
    return vk_anchor_read(token, token->trust.anchor_path, &found, anchor, NULL) == VK_OK &&
           found == VK_ANCHOR_WHOLE && is_news(anchor, &token->trust.newest);
}

/* Others have written meanwhile, so much that what this process remembers was dropped. Their anchor
 * is the witness then; where none can be kept, there is nothing that says otherwise. */
static bool is_vouched_for(vk_token *token, const vk_state *state) {
    vk_trust *trust = &token->trust;
    vk_state known = *state;
    if (trust->anchor_path != NULL &&
        (!read_news(token, &known) || relate(token, &known, state) != GOES_ON)) {
        return false;
    }
    trust->newest = known;
    return true;
}

/* The file was put back while it was open. */
void vk_trust_check_state(vk_token *token, const vk_state *state) {
    char text[VK_TRUST_TEXT];
    vk_trust *trust = &token->trust;
    if (trust->is_restored) {
        return;
    }
    relation is = relate(token, &trust->newest, state);
    if (is != GOES_ON && (is != IS_UNKNOWN || !is_vouched_for(token, state))) {
        explain(is, &trust->newest, state, text);
        distrust(token, text);
    }
}

/* A machine that loses power then must not find an anchor that names one of them. What cannot be
 * synced is no reason to let the journal grow. */
void vk_trust_before_drop(vk_token *token) {
    vk_trust *trust = &token->trust;
    if (trust->anchor_path != NULL && !trust->is_restored && !trust->is_accepting &&
        vk_anchor_write(token, &token->scope.stored, false) == VK_OK) {
        vk_anchor_sync(&trust->anchor_file);
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
