#include "token/decide.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <valetkey/eth.h>

#include "token/clock.h"
#include "token/journal.h"

/* The state as a decision sees and changes it. */
typedef struct work {
    vk_scope_budget *from; /* NULL: no budget is needed */
    vk_budget budget;
    vk_rule_state rules[VK_POLICIES_MAX];
    vk_nonce_row row;
    vk_spend_change spends;
} work;

static void copy_state(vk_scope_budget *from, work *to) {
    to->from = from;
    to->budget = from->now;
    to->budget.rules = to->rules;
    memcpy(to->rules, from->now.rules, from->now.count * sizeof to->rules[0]);
}

static void keep_state(vk_token *token, const work *w) {
    vk_scope_budget *to = w->from;
    vk_rule_state *rules = to->now.rules;
    memcpy(rules, w->rules, to->now.count * sizeof rules[0]);
    to->now = w->budget;
    to->now.rules = rules;
    vk_scope_note_change(token, to);
    vk_spends_keep(&w->spends);
}

/* ---- The journal ---- */

static vk_bytes text_of(const char *text) {
    return text != NULL ? (vk_bytes){(const uint8_t *)text, strlen(text)} : (vk_bytes){0};
}

static void describe(const vk_decision *decision, vk_journal_record *out) {
    const vk_journal_entry *entry = decision->entry;
    out->point = (vk_bytes){decision->point65, sizeof decision->point65};
    out->form = text_of(entry->form);
    out->policy = (vk_bytes){entry->policy.b, sizeof entry->policy.b};
    out->hardening = text_of(entry->hardening);
    if (entry->has_operation) {
        out->operation = (vk_bytes){entry->operation.b, sizeof entry->operation.b};
    }
    if (entry->grant != NULL) {
        out->chain_id = entry->grant->chain_id;
        out->account = (vk_bytes){entry->grant->account.b, sizeof entry->grant->account.b};
        out->permission_id = (vk_bytes){entry->grant->permission_id, 4};
    }
}

/* Before and after, as long as there is a budget that rules may change. */
static vk_status put_record(vk_token *token, const vk_decision *decision, const work *w,
                            vk_journal_record *record, vk_journal_added *added, vk_error *err) {
    vk_buf before = {0}, after = {0};
    describe(decision, record);
    if (w->from != NULL) {
        vk_budget_put_rules(&before, w->from->now.rules, w->from->now.count);
    }
    if (w->from != NULL && record->event == VK_EVENT_SIGNED) {
        vk_budget_put_rules(&after, w->rules, w->from->now.count);
    }
    record->before = vk_buf_view(&before);
    record->after = vk_buf_view(&after);
    vk_status status = vk_buf_status(&before);
    if (status == VK_OK) {
        status = vk_buf_status(&after);
    }
    if (status == VK_OK) {
        status = vk_journal_put(token, record, added, err);
    }
    vk_buf_clear(&before);
    vk_buf_clear(&after);
    return status;
}

/* ---- What is allowed ---- */

static vk_status write_nonce(vk_token *token, const vk_decision *decision, const work *w,
                             vk_error *err) {
    if (w->from == NULL || !w->row.charge.present) {
        return VK_OK;
    }
    return vk_nonce_write(token, w->from->id, &w->from->subject, &decision->nonce, &w->row, err);
}

/* A touch stands where a denial has its rule. */
static vk_status write_signed(vk_token *token, const vk_decision *decision, const work *w,
                              vk_journal_added *added, vk_error *err) {
    const char *touched = decision->entry != NULL ? decision->entry->touched : NULL;
    vk_journal_record record = {.event = VK_EVENT_SIGNED,
                                .rule = text_of(touched != NULL ? "touch" : NULL),
                                .reason = text_of(touched)};
    vk_status status = write_nonce(token, decision, w, err);
    if (status != VK_OK || decision->entry == NULL) {
        return status;
    }
    return put_record(token, decision, w, &record, added, err);
}

/* The state is read, and if need be adopted, for the whole transaction. */
static vk_status begin_part(vk_token *token, const vk_decision *decision, vk_error *err) {
    vk_state *state;
    vk_status status = decision->entry != NULL ? vk_scope_state(token, &state, err) : VK_OK;
    return status == VK_OK ? vk_db_begin_part(&token->db, err) : status;
}

/* All of a decision's rows or none of them: a failure must not touch the others in the group. */
static vk_status keep(vk_token *token, const vk_decision *decision, const work *w, vk_error *err) {
    vk_journal_added added = {0};
    vk_status status = begin_part(token, decision, err);
    if (status != VK_OK) {
        return status;
    }
    status = write_signed(token, decision, w, &added, err);
    status = vk_db_end_part(&token->db, status, err);
    if (status == VK_OK && decision->entry != NULL) {
        vk_journal_added_stands(token, &added);
    }
    if (status == VK_OK && w->from != NULL) {
        keep_state(token, w);
    }
    return status;
}

/* ---- What is denied ---- */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static vk_status identify(const vk_decision *decision, const vk_error *why, vk_hash *out) {
    vk_buf data = {0};
    vk_canonical_bytes(&data, (vk_bytes){decision->point65, sizeof decision->point65});
    vk_canonical_text(&data, decision->entry->form);
    vk_canonical_bytes(&data, decision->entry->payload);
    vk_canonical_text(&data, why->path);
    vk_canonical_text(&data, why->message);
    vk_status status = vk_buf_status(&data);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

/* pkcs11-tool tries again what was refused, in parts. */
static bool is_repeated(const vk_token *token, const vk_hash *identity) {
    int64_t now = now_ms();
    for (size_t i = 0; i < VK_RECENT_DENIALS; i++) {
        const vk_recent_denial *recent = &token->recent[i];
        if (recent->at_ms != 0 && now - recent->at_ms < VK_DENIAL_REPEATS_MS &&
            memcmp(recent->identity.b, identity->b, sizeof identity->b) == 0) {
            return true;
        }
    }
    return false;
}

static void remember(vk_token *token, const vk_hash *identity) {
    token->recent[token->recent_next++ % VK_RECENT_DENIALS] =
        (vk_recent_denial){*identity, now_ms()};
}

static vk_status write_last_denial(vk_token *token, const vk_decision *decision,
                                   const vk_error *why) {
    char text[VK_ERROR_PATH_MAX + VK_ERROR_MESSAGE_MAX + 2];
    snprintf(text, sizeof text, "%s: %s", why->path, why->message);
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_DENIAL);
    vk_query_text(&query, text);
    vk_query_int(&query, decision->key_id);
    return vk_query_run(&query, NULL);
}

/* A token that was put back from a copy writes nothing down. */
static bool is_recorded(const vk_token *token, const vk_decision *decision) {
    return decision->entry != NULL && !token->trust.is_restored;
}

static vk_status write_denied(vk_token *token, const vk_decision *decision, const work *w,
                              const vk_error *why, vk_journal_added *added) {
    vk_journal_record record = {
        .event = VK_EVENT_DENIED, .rule = text_of(why->path), .reason = text_of(why->message)};
    vk_status status = write_last_denial(token, decision, why);
    if (status != VK_OK || !is_recorded(token, decision)) {
        return status;
    }
    return put_record(token, decision, w, &record, added, NULL);
}

/* The answer stands whether or not it can be written. */
static void note_denial(vk_token *token, const vk_decision *decision, const work *w,
                        const vk_error *why) {
    vk_journal_added added = {0};
    vk_hash identity;
    if (decision->entry != NULL &&
        (identify(decision, why, &identity) != VK_OK || is_repeated(token, &identity))) {
        return;
    }
    if (begin_part(token, decision, NULL) != VK_OK) {
        return;
    }
    vk_status status = write_denied(token, decision, w, why, &added);
    status = vk_db_end_part(&token->db, status, NULL);
    if (status == VK_OK && is_recorded(token, decision)) {
        vk_journal_added_stands(token, &added);
        remember(token, &identity);
    }
}

/* ---- Deciding ---- */

static vk_status ask(const vk_decision *decision, work *w, vk_error *err) {
    if (w->from == NULL) {
        return decision->decide(decision->context, NULL, NULL, err);
    }
    vk_nonce_charge charge = w->row.charge;
    vk_status status = decision->decide(decision->context, &w->budget, &charge, err);
    charge.present = charge.present || decision->spend_count > 0;
    if (status == VK_OK && charge.present) {
        vk_nonce_add_operation(&w->row, &decision->operation, vk_clock_now());
    }
    w->row.charge = charge;
    bool kept = w->budget.rules == w->rules && w->budget.count == w->from->now.count;
    return status == VK_OK && !kept ? VK_ERR_ARGUMENT : status;
}

static vk_status read_budget(vk_token *token, const vk_decision *decision, work *w, vk_error *err) {
    vk_hash subject;
    vk_scope_budget *budget;
    vk_state *state;
    vk_status status = vk_scope_state(token, &state, err);
    if (status == VK_OK) {
        status = vk_trust_needed(token, err);
    }
    if (status == VK_OK) {
        status = vk_scope_subject(token, decision->grant, decision->key_version, &subject, err);
    }
    if (status == VK_OK) {
        status = vk_scope_budget_of(token, &subject, decision->rule_count, &budget, err);
    }
    if (status != VK_OK) {
        return status;
    }
    copy_state(budget, w);
    return vk_nonce_read(token, budget->id, &budget->subject, &decision->nonce, &w->row, err);
}

static vk_status decide(vk_token *token, const vk_decision *decision, work *w, vk_error *err) {
    vk_status status = VK_OK;
    if (decision->grant != NULL) {
        status = read_budget(token, decision, w, err);
    }
    if (status == VK_OK) {
        status = ask(decision, w, err);
    }
    if (status == VK_OK) {
        status = vk_spends_reserve(token, decision, &w->row, &w->spends, err);
    }
    if (status == VK_OK && decision->grant == NULL) {
        status = vk_scope_key(token, decision->key_id, decision->key_version, err);
    }
    bool changes = status == VK_OK && !decision->is_trial;
    return changes ? keep(token, decision, w, err) : status;
}

vk_status vk_decide_in(vk_token *token, const vk_decision *decision, vk_error *err) {
    vk_error local = {0};
    vk_error *why = err != NULL ? err : &local;
    work w;
    w.from = NULL;
    w.spends.count = 0;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = decide(token, decision, &w, why);
    }
    status = vk_token_explain(why, status);
    if (status == VK_ERR_INTEGRITY && why->path[0] == '\0') {
        snprintf(why->path, sizeof why->path, "integrity");
    }
    if (status == VK_DENIED || status == VK_ERR_INTEGRITY) {
        note_denial(token, decision, &w, why);
    }
    return status;
}
