#include "token/reservation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token/journal.h"
#include "token/store.h"

/* ---- The list ---- */

typedef struct listing {
    vk_reservation *list;
    size_t count;
} listing;

void vk_reservations_free(vk_reservation *list, size_t count) {
    for (size_t i = 0; list != NULL && i < count; i++) {
        free(list[i].operations);
    }
    free(list);
}

/* A row of an older program stands for operations that nobody knows. */
static bool is_complete(const vk_nonce_row *row) {
    return row->signed_count > 0 && row->signed_count == row->operation_count;
}

static vk_status copy_row(const vk_u256 *nonce, const vk_nonce_row *row, vk_reservation *out) {
    *out = (vk_reservation){.nonce = *nonce,
                            .charge = row->charge,
                            .signed_at = row->signed_at,
                            .included_at = row->included_at,
                            .signed_count = row->signed_count,
                            .operation_count = row->operation_count,
                            .is_complete = is_complete(row)};
    out->operations = calloc(row->operation_count + 1, sizeof *out->operations);
    if (out->operations == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(out->operations, row->operations, row->operation_count * sizeof *out->operations);
    return VK_OK;
}

static vk_status add_row(void *context, const vk_u256 *nonce, const vk_nonce_row *row) {
    listing *l = context;
    vk_reservation *grown = realloc(l->list, (l->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return VK_ERR_MEMORY;
    }
    l->list = grown;
    vk_status status = copy_row(nonce, row, &l->list[l->count]);
    l->count += status == VK_OK;
    return status;
}

static vk_status subject_of(vk_token *token, const vk_grant_record *grant, int64_t *version,
                            uint8_t point65[65], vk_hash *out, vk_error *err) {
    vk_status status = vk_store_key_point(token, grant->key_id, version, point65, err);
    return status == VK_OK ? vk_budget_subject(point65, grant, out) : status;
}

static vk_status list_rows(vk_token *token, const vk_grant_record *grant, listing *l,
                           vk_error *err) {
    int64_t version, id;
    uint8_t point65[65];
    vk_hash subject;
    vk_status status = vk_token_needs_login(token);
    if (status == VK_OK) {
        status = subject_of(token, grant, &version, point65, &subject, err);
    }
    if (status == VK_OK) {
        status = vk_budget_find(token, &subject, &id, err);
    }
    return status == VK_OK ? vk_nonce_each(token, id, &subject, add_row, l, err) : status;
}

vk_status vk_token_reservations(vk_token *token, const vk_grant_record *grant, vk_reservation **out,
                                size_t *count, vk_error *err) {
    listing l = {0};
    *out = NULL;
    *count = 0;
    vk_token_lock(token);
    vk_status status = vk_token_explain(err, list_rows(token, grant, &l, err));
    vk_token_unlock(token);
    if (status != VK_OK) {
        vk_reservations_free(l.list, l.count);
        return status;
    }
    *out = l.list;
    *count = l.count;
    return VK_OK;
}

/* ---- What became of one ---- */

typedef struct settling {
    const vk_settlement *what;
    uint8_t point65[65];
    vk_scope_budget *budget;
    vk_nonce_row row;
    vk_grant_start start; /* of the grant */
    bool gives_approval;  /* which the gate of every process remembers as used */
    vk_buf before, after; /* the rules' states */
} settling;

static vk_status find(vk_token *token, settling *s, vk_error *err) {
    const vk_settlement *what = s->what;
    int64_t version;
    vk_hash subject;
    vk_status status = vk_trust_needed(token, err);
    if (status == VK_OK) {
        status = subject_of(token, what->grant, &version, s->point65, &subject, err);
    }
    if (status == VK_OK) {
        status = vk_scope_subject(token, what->grant, version, &subject, err);
    }
    const char *json = what->grant->json;
    if (status == VK_OK && json != NULL) {
        status = vk_grant_read_start(json, strlen(json), &s->start, err);
    }
    if (status == VK_OK) {
        status = vk_scope_budget_of(token, &subject, what->policy->count, &s->budget, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = vk_nonce_read(token, s->budget->id, &subject, &what->nonce, &s->row, err);
    if (status == VK_OK && !s->row.charge.present) {
        return vk_fail(err, VK_ERR_NOT_FOUND, "nonce", "nothing is reserved for this nonce");
    }
    return status;
}

static vk_status check_open(const settling *s, vk_error *err) {
    if (s->row.included_at == 0) {
        return VK_OK;
    }
    bool gone = s->what->outcome == VK_OUTCOME_GONE;
    return vk_fail(err, gone ? VK_ERR_PROHIBITED : VK_ERR_EXISTS, "nonce",
                   "an operation with this nonce is known to be included");
}

/* An operation that was signed since nobody has asked about: it may be the one that used the nonce.
 */
static vk_status check_judged(const settling *s, vk_error *err) {
    const vk_reservation *judged = s->what->judged;
    const vk_nonce_row *row = &s->row;
    bool same = judged == NULL ||
                (judged->signed_at == row->signed_at && judged->signed_count == row->signed_count &&
                 judged->operation_count == row->operation_count &&
                 memcmp(judged->operations, row->operations,
                        row->operation_count * sizeof row->operations[0]) == 0);
    return same ? VK_OK
                : vk_fail(err, VK_ERR_MISMATCH, "nonce",
                          "another operation was signed for the nonce meanwhile");
}

/* A row of an older program gets the members that say when it was included. */
static vk_status keep(vk_token *token, settling *s, vk_error *err) {
    s->row.included_at = s->what->included_at;
    s->row.signed_count += s->row.signed_count == 0;
    return vk_nonce_write(token, s->budget->id, &s->budget->subject, &s->what->nonce, &s->row, err);
}

static void give_back_approval(settling *s, vk_budget *budget) {
    const vk_settlement *what = s->what;
    bool used = budget->enabled && vk_u256_cmp(&budget->enable_nonce, &what->nonce) == 0;
    s->gives_approval = used && !what->is_installed;
    if (s->gives_approval) {
        budget->enabled = false;
        budget->enable_nonce = vk_u256_from_u64(0);
    }
}

/* What was signed before the grant's start is in what the start says, for all that is known: the
 * larger of the two was kept, so it cannot be taken from the sum any more. */
static bool is_in_start(const settling *s) {
    return s->start.at != 0 && s->row.signed_at <= s->start.at;
}

static vk_status give_back(vk_token *token, settling *s, vk_error *err) {
    vk_budget *budget = &s->budget->now;
    if (!is_in_start(s)) {
        vk_policy_give_back(s->what->policy, &s->row.charge, budget->rules);
    }
    give_back_approval(s, budget);
    vk_scope_note_change(token, s->budget);
    vk_budget_put_rules(&s->after, budget->rules, budget->count);
    return vk_nonce_remove(token, s->budget->id, &s->what->nonce, err);
}

/* With the operation, if there was only one. */
static vk_status write_record(vk_token *token, const settling *s, vk_error *err) {
    const vk_settlement *what = s->what;
    const vk_grant_record *grant = what->grant;
    vk_journal_added added;
    vk_buf reason = {0};
    vk_buf_put_text(&reason, "nonce ");
    vk_hex_put(&reason, (vk_bytes){what->nonce.be, sizeof what->nonce.be});
    vk_buf_printf(&reason, ": %s", what->why);
    vk_journal_record record = {
        .event = what->outcome == VK_OUTCOME_GONE ? VK_EVENT_GIVEN_BACK : VK_EVENT_INCLUDED,
        .point = {s->point65, sizeof s->point65},
        .chain_id = grant->chain_id,
        .account = {grant->account.b, sizeof grant->account.b},
        .permission_id = {grant->permission_id, sizeof grant->permission_id},
        .reason = vk_buf_view(&reason),
        .before = vk_buf_view(&s->before),
        .after = vk_buf_view(&s->after)};
    if (s->row.signed_count == 1 && s->row.operation_count == 1) {
        record.operation = (vk_bytes){s->row.operations[0].b, sizeof s->row.operations[0].b};
    }
    vk_status status = vk_buf_status(&reason);
    if (status == VK_OK) {
        status = vk_journal_put(token, &record, &added, err);
    }
    if (status == VK_OK) {
        vk_journal_added_stands(token, &added);
    }
    vk_buf_clear(&reason);
    return status;
}

static vk_status change(vk_token *token, settling *s, vk_error *err) {
    vk_status status = find(token, s, err);
    if (status == VK_OK) {
        status = check_open(s, err);
    }
    if (status == VK_OK && s->what->outcome == VK_OUTCOME_GONE) {
        status = check_judged(s, err);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_budget_put_rules(&s->before, s->budget->now.rules, s->budget->now.count);
    bool gone = s->what->outcome == VK_OUTCOME_GONE;
    status = gone ? give_back(token, s, err) : keep(token, s, err);
    if (status == VK_OK) {
        status = vk_spends_settle(token, &s->row, gone ? 0 : s->what->included_at, err);
    }
    if (status == VK_OK) {
        status = vk_buf_status(gone ? &s->after : &s->before);
    }
    if (status == VK_OK) {
        status = write_record(token, s, err);
    }
    return status == VK_OK ? vk_scope_flush(token, err) : status;
}

static vk_status settle(vk_token *token, settling *s, vk_error *err) {
    vk_state *state;
    vk_status status = vk_token_needs_login(token);
    if (status == VK_OK) {
        status = vk_scope_open(token, &state, err);
    }
    return status == VK_OK ? change(token, s, err) : status;
}

vk_status vk_token_settle(vk_token *token, const vk_settlement *settlement, vk_error *err) {
    settling s = {.what = settlement};
    if (settlement->outcome == VK_OUTCOME_INCLUDED && settlement->included_at == 0) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = settle(token, &s, err);
    status = s.gives_approval ? vk_token_end(token, status, err)
                              : vk_token_end_decisions(token, status, err);
    vk_buf_clear(&s.before);
    vk_buf_clear(&s.after);
    return vk_token_explain(err, status);
}
