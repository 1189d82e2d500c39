/*
 * Checking the journal. Every record is checked against its own hash first; what links it to others
 * is looked at only if that is right, so that one edit is one finding.
 */
#include "token/journal.h"
#include "token/spend.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token/anchor.h"
#include "token/migrate.h"

#define POINT_LEN 65

typedef struct chain {
    uint8_t point65[POINT_LEN];
    size_t point_len;
    int64_t head_sequence;
    vk_hash head;
    bool is_head_edited;
    int64_t dropped; /* of the newest checkpoint */
    vk_hash last;    /* hash of the record that was seen last, or dropped last */
    int64_t seen;    /* its sequence number */
} chain;

typedef struct verification {
    vk_token *token;
    vk_finding_fn found;
    void *context;
    vk_journal_check *out;
    chain *chains; /* by point */
    size_t count;
    int64_t dropped; /* the number of the last record that was dropped */
    vk_hash last;    /* hash of the record before */
    int64_t seen;    /* its number */
    int64_t missing_by_number, missing_by_chain, first_gap;
    vk_anchor_found anchor_found;
    vk_state anchor;
    vk_error anchor_err;
} verification;

/* ---- Findings ---- */

__attribute__((format(printf, 4, 0))) static void report(verification *v,
                                                         vk_journal_finding *finding,
                                                         const char *what, const char *format,
                                                         va_list args) {
    finding->what = what;
    vsnprintf(finding->text, sizeof finding->text, format, args);
    v->out->findings++;
    if (v->found != NULL) {
        v->found(v->context, finding);
    }
}

__attribute__((format(printf, 6, 7))) static void find(verification *v, const chain *c,
                                                       int64_t sequence, int64_t number,
                                                       const char *what, const char *format, ...) {
    vk_journal_finding finding = {.sequence = sequence, .number = number};
    memcpy(finding.point65, c->point65, c->point_len);
    va_list args;
    va_start(args, format);
    report(v, &finding, what, format, args);
    va_end(args);
}

__attribute__((format(printf, 4, 5))) static void
find_of_token(verification *v, int64_t number, const char *what, const char *format, ...) {
    vk_journal_finding finding = {.of_token = true, .number = number};
    va_list args;
    va_start(args, format);
    report(v, &finding, what, format, args);
    va_end(args);
}

/* "record 7 is", "records 7 to 9 are" */
static void range_text(int64_t first, int64_t last, char text[64]) {
    if (first == last) {
        snprintf(text, 64, "record %" PRId64 " is", first);
    } else {
        snprintf(text, 64, "records %" PRId64 " to %" PRId64 " are", first, last);
    }
}

/* ---- Chains ---- */

static int compare_chains(const void *a, const void *b) {
    const chain *x = a, *y = b;
    if (x->point_len != y->point_len) {
        return x->point_len < y->point_len ? -1 : 1;
    }
    return memcmp(x->point65, y->point65, POINT_LEN);
}

static chain *chain_of(const verification *v, vk_bytes point) {
    chain key = {.point_len = point.len};
    if (point.len != 0 && point.len != POINT_LEN) {
        return NULL;
    }
    if (point.len > 0) {
        memcpy(key.point65, point.data, POINT_LEN);
    }
    return v->count > 0 ? bsearch(&key, v->chains, v->count, sizeof key, compare_chains) : NULL;
}

static bool is_authentic(const vk_token *token, const chain *c, vk_bytes mac) {
    uint8_t expected[32];
    vk_bytes point = {c->point65, c->point_len};
    return token->keys == NULL ||
           (vk_chain_mac(token, point, c->head_sequence, &c->head, expected) == VK_OK &&
            mac.len == sizeof expected && vk_equal_secret(mac.data, expected, sizeof expected));
}

static vk_status add_chain(verification *v, const vk_query *query) {
    vk_bytes point = vk_column_blob(query, 1);
    chain *grown = realloc(v->chains, (v->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return VK_ERR_MEMORY;
    }
    v->chains = grown;
    chain *c = &grown[v->count];
    *c = (chain){.point_len = point.len, .head_sequence = vk_column_int(query, 2)};
    if (point.len != 0 && point.len != POINT_LEN) {
        return VK_OK;
    }
    if (point.len > 0) {
        memcpy(c->point65, point.data, POINT_LEN);
    }
    c->is_head_edited = !vk_column_fixed(query, 3, c->head.b, sizeof c->head.b) ||
                        !is_authentic(v->token, c, vk_column_blob(query, 4));
    v->count++;
    return VK_OK;
}

static vk_status read_chains(verification *v, vk_error *err) {
    vk_query query = vk_query_start_any(&v->token->db, VK_SQL_CHAIN_ALL);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = add_chain(v, &query);
    }
    vk_query_end(&query);
    if (v->count > 0) {
        qsort(v->chains, v->count, sizeof *v->chains, compare_chains);
    }
    return status;
}

/* ---- Checkpoints ---- */

/* The newest checkpoint of a chain is where it begins. */
static vk_status note_checkpoint(void *context, const vk_journal_record *record) {
    verification *v = context;
    chain *c = chain_of(v, record->point);
    if (record->event != VK_EVENT_CHECKPOINT || c == NULL ||
        record->before.len != VK_CHECKPOINT_LEN || record->operation.len != 32) {
        return VK_OK;
    }
    c->dropped = c->seen = (int64_t)vk_canonical_get_u64(record->before.data);
    memcpy(c->last.b, record->operation.data, 32);
    v->dropped = v->seen = (int64_t)vk_canonical_get_u64(record->before.data + 8);
    memcpy(v->last.b, record->before.data + 16, 32);
    return VK_OK;
}

/* ---- Records ---- */

static bool same_hash(vk_bytes bytes, const vk_hash *hash) {
    return bytes.len == sizeof hash->b && memcmp(bytes.data, hash->b, bytes.len) == 0;
}

static bool is_whole(const verification *v, const vk_journal_record *record) {
    vk_hash hash;
    return vk_journal_hash(v->token, record, &hash) == VK_OK && same_hash(record->hash, &hash);
}

static bool is_ours(const verification *v, const vk_journal_record *record) {
    vk_hash hash;
    uint8_t mac[32];
    if (v->token->keys == NULL || record->hash.len != sizeof hash.b) {
        return v->token->keys == NULL;
    }
    memcpy(hash.b, record->hash.data, sizeof hash.b);
    return vk_journal_mac(v->token, &hash, mac) == VK_OK && record->mac.len == sizeof mac &&
           vk_equal_secret(record->mac.data, mac, sizeof mac);
}

static bool check_content(verification *v, const chain *c, const vk_journal_record *r) {
    if (!is_whole(v, r)) {
        find(v, c, r->sequence, r->number, "edited",
             "record %" PRId64 " was edited: it does not go with its hash", r->sequence);
        return false;
    }
    if (!is_ours(v, r)) {
        find(v, c, r->sequence, r->number, "mac",
             "record %" PRId64 " was replaced: its MAC is not the token's", r->sequence);
        return false;
    }
    return true;
}

/* Does it come next in its chain? */
static void check_sequence(verification *v, const chain *c, const vk_journal_record *r) {
    char range[64];
    if (r->sequence <= c->seen) {
        find(v, c, r->sequence, r->number, "reordered",
             "record %" PRId64 " comes after record %" PRId64, r->sequence, c->seen);
    } else if (r->sequence > c->seen + 1) {
        range_text(c->seen + 1, r->sequence - 1, range);
        v->missing_by_chain += r->sequence - 1 - c->seen;
        find(v, c, c->seen + 1, 0, "removed", "%s missing", range);
    }
}

static void check_links(verification *v, const chain *c, const vk_journal_record *r) {
    if (r->sequence == c->seen + 1 && !same_hash(r->previous, &c->last)) {
        find(v, c, r->sequence, r->number, "unlinked",
             "record %" PRId64 " does not follow record %" PRId64 ": one of both was replaced",
             r->sequence, c->seen);
    } else if (r->number == v->seen + 1 && !same_hash(r->last, &v->last)) {
        find(v, c, r->sequence, r->number, "unlinked",
             "record %" PRId64 " does not follow the token's record number %" PRId64
             ": one of both was replaced",
             r->sequence, v->seen);
    }
}

static void keep_hash(vk_bytes from, vk_hash *to) {
    *to = (vk_hash){{0}};
    if (from.len == sizeof to->b) {
        memcpy(to->b, from.data, from.len);
    }
}

static void count_gap(verification *v, int64_t number) {
    if (number > v->seen + 1) {
        v->first_gap = v->missing_by_number == 0 ? v->seen + 1 : v->first_gap;
        v->missing_by_number += number - 1 - v->seen;
    }
}

static void move_on(verification *v, chain *c, const vk_journal_record *r) {
    if (r->sequence > c->seen) {
        c->seen = r->sequence;
        keep_hash(r->hash, &c->last);
    }
    v->seen = r->number;
    keep_hash(r->hash, &v->last);
}

static vk_status check_record(void *context, const vk_journal_record *r) {
    verification *v = context;
    chain unknown = {0};
    chain *c = chain_of(v, r->point);
    v->out->first = v->out->records++ == 0 ? r->number : v->out->first;
    count_gap(v, r->number);
    if (c == NULL || r->is_orphan) {
        find_of_token(v, r->number, "edited", "record number %" PRId64 " belongs to no chain",
                      r->number);
        move_on(v, &unknown, r);
        return VK_OK;
    }
    bool whole = check_content(v, c, r);
    check_sequence(v, c, r);
    if (whole) {
        check_links(v, c, r);
    }
    move_on(v, c, r);
    return VK_OK;
}

/* ---- Ends ---- */

static void check_head(verification *v, const chain *c) {
    char range[64];
    if (c->is_head_edited) {
        find(v, c, 0, 0, "head", "what is kept of the chain's newest record was edited");
    }
    if (c->head_sequence > c->seen) {
        range_text(c->seen + 1, c->head_sequence, range);
        v->missing_by_chain += c->head_sequence - c->seen;
        find(v, c, c->seen + 1, 0, "truncated", "%s missing at the end", range);
    } else if (c->head_sequence < c->seen) {
        find(v, c, c->head_sequence + 1, 0, "head",
             "record %" PRId64 " is one more than the chain is known to have",
             c->head_sequence + 1);
    } else if (c->seen > 0 && memcmp(c->head.b, c->last.b, sizeof c->head.b) != 0) {
        find(v, c, c->seen, 0, "head", "record %" PRId64 ", the newest, was replaced", c->seen);
    }
}

/* What no chain owns up to. */
static void check_gaps(verification *v) {
    int64_t unexplained = v->missing_by_number - v->missing_by_chain;
    if (unexplained > 0) {
        find_of_token(v, v->first_gap, "removed",
                      "%" PRId64 " records are missing, the first of all that are missing is "
                      "number %" PRId64,
                      unexplained, v->first_gap);
    }
}

static void check_state(verification *v, const vk_state *state) {
    if (state->number > v->seen) {
        count_gap(v, state->number + 1);
    } else if (state->number < v->seen) {
        find_of_token(v, state->number + 1, "state",
                      "record number %" PRId64 " is one more than the token is known to have",
                      state->number + 1);
    } else if (memcmp(state->head.b, v->last.b, sizeof v->last.b) != 0) {
        find_of_token(v, v->seen, "state", "record number %" PRId64 ", the newest, was replaced",
                      v->seen);
    }
}

/* Before anything else is read: the anchor is written after the state, so the state may be newer.
 */
static void read_anchor(verification *v) {
    char *path = NULL;
    v->anchor_found = VK_ANCHOR_UNREADABLE;
    vk_status status = vk_anchor_path(v->token->serial, false, &path, &v->anchor_err);
    if (status == VK_OK) {
        status = vk_anchor_read(v->token, path, &v->anchor_found, &v->anchor, &v->anchor_err);
    }
    v->out->anchor_checked = status == VK_OK && v->anchor_found == VK_ANCHOR_WHOLE;
    vk_text_free(path);
}

static void check_anchor(verification *v, const vk_state *state) {
    static const char *const words[] = {[VK_ANCHOR_MISSING] = "the anchor is gone",
                                        [VK_ANCHOR_DAMAGED] =
                                            "the anchor is damaged, or another token's"};
    char text[VK_TRUST_TEXT];
    if (v->out->anchor_checked && !vk_trust_compare(v->token, &v->anchor, state, text)) {
        find_of_token(v, v->anchor.number, "restored", "%s", text);
    } else if (!v->out->anchor_checked && state->is_anchored) {
        bool unreadable = v->anchor_found == VK_ANCHOR_UNREADABLE;
        find_of_token(v, 0, "anchor", "%s",
                      unreadable ? v->anchor_err.message : words[v->anchor_found]);
    }
}

static void check_spend_rules(verification *v, const vk_state *state) {
    vk_spend_set set;
    if (vk_spends_read(v->token, &state->spend_rules, &set, NULL) == VK_ERR_INTEGRITY) {
        find_of_token(v, 0, "spend-rules", "the spend rules, or what they count, were edited");
    }
    vk_spend_set_clear(&set);
}

static void find_row(void *context, const char *what, const char *text) {
    find_of_token(context, 0, what, "%s", text);
}

static void check_token(verification *v) {
    vk_state state;
    vk_token_settings settings;
    if (vk_state_read(v->token, &state, NULL) != VK_OK) {
        find_of_token(v, 0, "state", "the token's state was edited");
        return;
    }
    check_state(v, &state);
    check_anchor(v, &state);
    if (vk_settings_read(v->token, &settings, NULL) != VK_OK) {
        find_of_token(v, 0, "settings", "the token's settings were edited");
    }
    check_spend_rules(v, &state);
}

/* ---- All of it ---- */

static vk_status verify(verification *v, vk_error *err) {
    vk_status status = read_chains(v, err);
    if (status == VK_OK) {
        status = vk_journal_walk(v->token, 0, note_checkpoint, v, err);
    }
    if (status == VK_OK) {
        status = vk_journal_walk(v->token, 0, check_record, v, err);
    }
    if (status != VK_OK) {
        return status;
    }
    v->out->last = v->seen;
    v->out->chains = (int64_t)v->count;
    v->out->dropped = v->dropped;
    v->out->macs_checked = v->token->keys != NULL;
    for (size_t i = 0; i < v->count; i++) {
        check_head(v, &v->chains[i]);
    }
    check_token(v);
    check_gaps(v);
    return v->out->macs_checked ? vk_rows_verify(v->token, find_row, v, err) : VK_OK;
}

/* All reads are of one moment. */
static vk_status verify_at_once(verification *v, vk_error *err) {
    vk_query query = vk_query_start(&v->token->db, VK_SQL_BEGIN_READ);
    vk_status status = vk_query_run(&query, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_schema_check(&v->token->db, err);
    if (status == VK_OK) {
        status = verify(v, err);
    }
    vk_status ended = vk_db_end(&v->token->db, VK_OK, err);
    return status == VK_OK ? ended : status;
}

vk_status vk_journal_verify(vk_token *token, vk_finding_fn found, void *context,
                            vk_journal_check *out, vk_error *err) {
    verification v = {.token = token, .found = found, .context = context, .out = out};
    *out = (vk_journal_check){0};
    vk_token_lock(token);
    read_anchor(&v);
    vk_status status = verify_at_once(&v, err);
    vk_token_unlock(token);
    free(v.chains);
    return vk_token_explain(err, status);
}
