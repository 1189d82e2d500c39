#include "token/decide.h"

#include <string.h>

/* The state as a decision sees and changes it. */
typedef struct work {
    vk_budget budget;
    vk_rule_state rules[VK_POLICIES_MAX];
    vk_nonce_charge charge;
} work;

static void copy_state(const vk_scope_budget *from, work *to) {
    to->budget = from->now;
    to->budget.rules = to->rules;
    memcpy(to->rules, from->now.rules, from->now.count * sizeof to->rules[0]);
}

static void keep_state(const work *from, vk_scope_budget *to) {
    vk_rule_state *rules = to->now.rules;
    memcpy(rules, from->rules, to->now.count * sizeof rules[0]);
    to->now = from->budget;
    to->now.rules = rules;
}

static vk_status write_nonce(vk_token *token, const vk_decision *decision,
                             const vk_scope_budget *budget, const work *w, vk_error *err) {
    if (!w->charge.present) {
        return VK_OK;
    }
    return vk_store_nonce_write(token, budget->id, &budget->subject, &decision->nonce, &w->charge,
                                err);
}

/* All of a decision's rows or none of them: a failure must not touch the others in the group. */
static vk_status write_rows(vk_token *token, const vk_decision *decision,
                            const vk_scope_budget *budget, const work *w, vk_error *err) {
    vk_db *db = &token->db;
    vk_status status = vk_db_begin_part(db, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_db_end_part(db, write_nonce(token, decision, budget, w, err), err);
}

static vk_status decide(vk_token *token, const vk_decision *decision, vk_scope_budget *budget,
                        vk_error *err) {
    work w;
    copy_state(budget, &w);
    vk_status status =
        vk_store_nonce_read(token, budget->id, &budget->subject, &decision->nonce, &w.charge, err);
    if (status == VK_OK) {
        status = decision->decide(decision->context, &w.budget, &w.charge, err);
    }
    if (status == VK_OK && (w.budget.rules != w.rules || w.budget.count != budget->now.count)) {
        status = VK_ERR_ARGUMENT;
    }
    if (status != VK_OK || decision->is_trial) {
        return status;
    }
    status = write_rows(token, decision, budget, &w, err);
    if (status == VK_OK) {
        keep_state(&w, budget);
        vk_scope_note_change(token, budget);
    }
    return status;
}

vk_status vk_decide_in(vk_token *token, const vk_decision *decision, vk_error *err) {
    vk_hash subject;
    vk_scope_budget *budget;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = vk_scope_subject(token, decision->grant, decision->key_version, &subject, err);
    }
    if (status == VK_OK) {
        status = vk_scope_budget_of(token, &subject, decision->rule_count, &budget, err);
    }
    if (status == VK_OK) {
        status = decide(token, decision, budget, err);
    }
    return vk_token_explain(err, status);
}
