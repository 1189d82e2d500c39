/* Dropping old records: each chain that loses some gets a checkpoint, from which it can be checked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "token/journal.h"
#include "token/store.h"

/* How many more than needed are dropped at once, so that it does not happen with every record. */
#define STEP_PART 8
#define STEP_MAX 2048

typedef struct dropping {
    vk_scope_chain *chains;
    int64_t through;
    vk_hash last_hash; /* of the last of all */
} dropping;

vk_status vk_journal_ends(vk_token *token, int64_t *first, int64_t *last, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_ENDS);
    vk_status status = vk_query_row(&query, err);
    *first = status == VK_OK ? vk_column_int(&query, 0) : 0;
    *last = status == VK_OK ? vk_column_int(&query, 1) : 0;
    vk_query_end(&query);
    return status;
}

/* ---- Which chains lose what ---- */

static void note_dropped(dropping *d, vk_scope_chain *chain, int64_t sequence,
                         const vk_hash *hash) {
    if (!chain->is_dropping) {
        chain->is_dropping = true;
        chain->next_dropped = d->chains;
        d->chains = chain;
    }
    chain->dropped = sequence;
    chain->dropped_hash = *hash;
}

/* A chain whose head was edited gets no checkpoint: it stays what it is, broken. */
static vk_status note_row(vk_token *token, const vk_query *query, dropping *d, vk_error *err) {
    vk_scope_chain *chain;
    vk_hash hash;
    if (!vk_column_fixed(query, 2, hash.b, sizeof hash.b)) {
        return VK_OK;
    }
    d->last_hash = hash;
    vk_status status = vk_scope_chain_of(token, vk_column_blob(query, 0), &chain, err);
    if (status == VK_ERR_INTEGRITY || status == VK_ERR_ARGUMENT) {
        return VK_OK;
    }
    if (status == VK_OK) {
        note_dropped(d, chain, vk_column_int(query, 1), &hash);
    }
    return status;
}

static vk_status note_rows(vk_token *token, dropping *d, vk_error *err) {
    vk_query query = vk_query_start_any(&token->db, VK_SQL_JOURNAL_DROPPED);
    vk_query_int(&query, d->through);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = note_row(token, &query, d, err);
    }
    vk_query_end(&query);
    return status;
}

/* ---- Dropping ---- */

static vk_status delete_rows(vk_token *token, int64_t through, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_DROP);
    vk_query_int(&query, through);
    return vk_query_run(&query, err);
}

static vk_status put_checkpoint(vk_token *token, const dropping *d, vk_scope_chain *chain,
                                vk_error *err) {
    char reason[128];
    vk_buf numbers = {0};
    vk_journal_added added;
    snprintf(reason, sizeof reason, "the records 1 to %" PRId64 " of this chain were dropped",
             chain->dropped);
    vk_canonical_u64(&numbers, (uint64_t)chain->dropped);
    vk_canonical_u64(&numbers, (uint64_t)d->through);
    vk_buf_put(&numbers, d->last_hash.b, sizeof d->last_hash.b);
    vk_journal_record record = {.event = VK_EVENT_CHECKPOINT,
                                .point = {chain->point65, chain->point_len},
                                .operation = {chain->dropped_hash.b, 32},
                                .reason = {(const uint8_t *)reason, strlen(reason)},
                                .before = vk_buf_view(&numbers)};
    vk_status status = vk_buf_status(&numbers);
    if (status == VK_OK) {
        status = vk_journal_put(token, &record, &added, err);
    }
    vk_buf_clear(&numbers);
    if (status == VK_OK) {
        vk_journal_added_stands(token, &added);
    }
    return status;
}

/* After a failure there are none: SQLite may have broken the transaction off, and what is written
 * then stands alone. */
static vk_status put_checkpoints(vk_token *token, dropping *d, vk_status status, vk_error *err) {
    while (d->chains != NULL) {
        vk_scope_chain *chain = d->chains;
        if (status == VK_OK) {
            status = put_checkpoint(token, d, chain, err);
        }
        d->chains = chain->next_dropped;
        chain->is_dropping = false;
    }
    return status;
}

vk_status vk_journal_drop(vk_token *token, int64_t through, vk_error *err) {
    dropping d = {.through = through};
    vk_state *state;
    vk_status status = vk_scope_state(token, &state, err);
    if (status == VK_OK) {
        vk_trust_before_drop(token);
        status = note_rows(token, &d, err);
    }
    if (status == VK_OK) {
        status = delete_rows(token, through, err);
    }
    return put_checkpoints(token, &d, status, err);
}

/* ---- When there are too many ---- */

static vk_status read_max(vk_token *token, int64_t *out, vk_error *err) {
    vk_token_settings settings;
    if (token->scope.journal_max == 0) {
        vk_status status = vk_settings_read(token, &settings, err);
        if (status != VK_OK) {
            return status;
        }
        token->scope.journal_max = settings.journal_max;
    }
    *out = token->scope.journal_max;
    return VK_OK;
}

vk_status vk_journal_keep_bounded(vk_token *token, vk_error *err) {
    int64_t first, last, max;
    if (token->scope.state.number < token->scope.next_rotation) {
        return VK_OK;
    }
    vk_status status = read_max(token, &max, err);
    if (status == VK_OK) {
        status = vk_journal_ends(token, &first, &last, err);
    }
    if (status != VK_OK) {
        return status;
    }
    if (last - first < max) {
        token->scope.next_rotation = first + max;
        return VK_OK;
    }
    int64_t step = max / STEP_PART < STEP_MAX ? max / STEP_PART : STEP_MAX;
    int64_t through = last - max + step, stored = token->scope.stored.number;
    /* Not what is added just now: until that is committed, the anchor knows of nothing newer than
     * what was stored before, which must be there, or be the last that was dropped. */
    return vk_journal_drop(token, through < stored ? through : stored, err);
}

/* ---- By hand ---- */

typedef struct export {
    int64_t through;
    vk_journal_fn each;
    void *context;
}
export;

static vk_status export_one(void *context, const vk_journal_record *record) {
    const export *e = context;
    return record->number <= e->through && e->each != NULL ? e->each(e->context, record) : VK_OK;
}

/* The last call says that there are no more. */
static vk_status export_all(vk_token *token, int64_t through, vk_journal_fn each, void *context,
                            vk_error *err) {
    export e = {through, each, context};
    vk_status status = vk_journal_walk(token, 0, export_one, &e, err);
    return status == VK_OK && each != NULL ? each(context, NULL) : status;
}

static vk_status rotate(vk_token *token, int64_t keep, vk_journal_fn each, void *context,
                        int64_t *dropped, vk_error *err) {
    int64_t first, last;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_journal_ends(token, &first, &last, err);
    }
    if (status != VK_OK || last == 0 || last - first < keep) {
        return status;
    }
    status = vk_scope_begin(token, NULL, err);
    if (status == VK_OK) {
        status = export_all(token, last - keep, each, context, err);
    }
    if (status == VK_OK) {
        status = vk_journal_drop(token, last - keep, err);
    }
    if (status == VK_OK) {
        status = vk_scope_flush(token, err);
    }
    *dropped = status == VK_OK ? last - keep - first + 1 : 0;
    return status;
}

vk_status vk_journal_rotate(vk_token *token, int64_t keep, vk_journal_fn each, void *context,
                            int64_t *dropped, vk_error *err) {
    *dropped = 0;
    if (keep < 0) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = rotate(token, keep, each, context, dropped, err);
    return vk_token_end_decisions(token, status, err);
}
