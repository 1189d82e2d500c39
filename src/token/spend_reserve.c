/* Spend rules at work: in decisions, and when it is known what became of an operation. */
#include "policy/spend_text.h"
#include "token/clock.h"
#include "token/spend.h"
#include "token/store.h"

#include <stdlib.h>
#include <string.h>

#define RULE "spend"

/* ---- In the scope ---- */

vk_status vk_scope_spends(vk_token *token, vk_spend_set **out, vk_error *err) {
    vk_scope *scope = &token->scope;
    vk_state *state;
    vk_status status = vk_scope_state(token, &state, err);
    if (status == VK_OK && scope->spends == NULL) {
        scope->spends = calloc(1, sizeof *scope->spends);
        status = scope->spends == NULL
                     ? VK_ERR_MEMORY
                     : vk_spends_read(token, &state->spend_rules, scope->spends, err);
    }
    if (status != VK_OK) {
        free(scope->spends);
        scope->spends = NULL;
    }
    *out = scope->spends;
    return status;
}

vk_status vk_scope_flush_spends(vk_token *token, vk_error *err) {
    vk_spend_set *set = token->scope.spends;
    vk_status status = VK_OK;
    for (size_t i = 0; set != NULL && i < set->count && status == VK_OK; i++) {
        if (set->rules[i].is_changed) {
            status = vk_spend_write_state(token, &set->rules[i], err);
            set->rules[i].is_changed = false;
        }
    }
    return status;
}

static vk_spend_rule *find(const vk_spend_set *set, int64_t id) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->rules[i].id == id) {
            return &set->rules[i];
        }
    }
    return NULL;
}

/* ---- In a decision ---- */

static vk_spend *in_row(vk_nonce_row *row, int64_t id) {
    for (size_t i = 0; i < row->spend_count; i++) {
        if (row->spends[i].rule_id == id) {
            return &row->spends[i];
        }
    }
    return NULL;
}

/* Rules that were removed since count nothing any more. */
static void drop_removed(vk_nonce_row *row, const vk_spend_set *set) {
    size_t kept = 0;
    for (size_t i = 0; i < row->spend_count; i++) {
        if (find(set, row->spends[i].rule_id) != NULL) {
            row->spends[kept++] = row->spends[i];
        }
    }
    row->spend_count = kept;
}

static vk_status check_fits(const vk_spend_rule *rule, const vk_u256 *more, vk_error *err) {
    vk_spend_standing standing = {.name = rule->name,
                                  .asset = rule->asset,
                                  .limit = rule->limit,
                                  .period = rule->period,
                                  .spent = vk_spend_spent(rule, vk_clock_now()),
                                  .more = *more};
    if (vk_spend_fits(&standing)) {
        return VK_OK;
    }
    vk_buf text = {0};
    vk_put_spend_standing(&text, &standing);
    char *words = vk_buf_take_text(&text);
    vk_status status = words == NULL ? VK_ERR_MEMORY : vk_fail(err, VK_DENIED, RULE, "%s", words);
    vk_text_free(words);
    return status;
}

/* What it takes more than was signed for the nonce before. */
static vk_status check_more(const vk_spend_rule *rule, const vk_nonce_row *row, const vk_u256 *more,
                            vk_error *err) {
    if (row->included_at != 0) {
        return vk_fail(
            err, VK_DENIED, RULE,
            "an operation with this nonce was included already, so this one, which takes "
            "more of the spend rule \"%s\", cannot be",
            rule->name);
    }
    return check_fits(rule, more, err);
}

static vk_status put_into_row(vk_nonce_row *row, const vk_spend *spend, vk_error *err) {
    vk_spend *known = in_row(row, spend->rule_id);
    if (known != NULL) {
        known->amount = spend->amount;
        return VK_OK;
    }
    if (row->spend_count >= VK_SPENDS_MAX) {
        return vk_fail(err, VK_DENIED, RULE, "more than %d spend rules count this nonce",
                       VK_SPENDS_MAX);
    }
    row->spends[row->spend_count++] = *spend;
    return VK_OK;
}

static vk_status reserve_one(vk_spend_rule *rule, const vk_spend *spend, vk_nonce_row *row,
                             vk_spend_change *out, vk_error *err) {
    const vk_spend *known = in_row(row, spend->rule_id);
    vk_u256 before = known != NULL ? known->amount : vk_u256_from_u64(0), more, open;
    if (vk_u256_cmp(&spend->amount, &before) <= 0) {
        return VK_OK;
    }
    bool fits = vk_u256_sub(&spend->amount, &before, &more);
    vk_status status = fits ? check_more(rule, row, &more, err) : VK_ERR_RANGE;
    if (status == VK_OK && !vk_u256_add(&rule->open, &more, &open)) {
        status = VK_ERR_RANGE;
    }
    if (status == VK_OK) {
        status = put_into_row(row, spend, err);
    }
    if (status == VK_OK) {
        out->rules[out->count].rule = rule;
        out->rules[out->count++].open = open;
    }
    return status;
}

static vk_status reserve_all(const vk_spend_set *set, const vk_decision *decision,
                             vk_nonce_row *row, vk_spend_change *out, vk_error *err) {
    vk_status status = decision->spend_count <= VK_SPENDS_MAX ? VK_OK : VK_ERR_ARGUMENT;
    drop_removed(row, set);
    for (size_t i = 0; i < decision->spend_count && status == VK_OK; i++) {
        vk_spend_rule *rule = find(set, decision->spends[i].rule_id);
        status =
            rule != NULL ? reserve_one(rule, &decision->spends[i], row, out, err) : VK_ERR_ARGUMENT;
    }
    return status;
}

vk_status vk_spends_reserve(vk_token *token, const vk_decision *decision, vk_nonce_row *row,
                            vk_spend_change *out, vk_error *err) {
    vk_state *state;
    vk_spend_set *set;
    out->count = 0;
    vk_status status = vk_scope_state(token, &state, err);
    if (status == VK_OK &&
        memcmp(state->spend_rules.b, decision->spend_rules.b, sizeof state->spend_rules.b) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, NULL, "the spend rules were changed in the meantime");
    }
    if (status != VK_OK || decision->spend_count == 0) {
        return status;
    }
    status = vk_scope_spends(token, &set, err);
    return status == VK_OK ? reserve_all(set, decision, row, out, err) : status;
}

void vk_spends_keep(const vk_spend_change *change) {
    for (size_t i = 0; i < change->count; i++) {
        change->rules[i].rule->open = change->rules[i].open;
        change->rules[i].rule->is_changed = true;
    }
}

/* ---- What became of it ---- */

static void settle_one(vk_spend_rule *rule, const vk_u256 *amount, uint64_t included_at) {
    if (!vk_u256_sub(&rule->open, amount, &rule->open)) {
        rule->open = vk_u256_from_u64(0);
    }
    if (included_at != 0) {
        vk_spend_include(rule, included_at, amount);
    }
    rule->is_changed = true;
}

vk_status vk_spends_settle(vk_token *token, const vk_nonce_row *row, uint64_t included_at,
                           vk_error *err) {
    vk_spend_set *set;
    if (row->spend_count == 0) {
        return VK_OK;
    }
    vk_status status = vk_scope_spends(token, &set, err);
    for (size_t i = 0; status == VK_OK && i < row->spend_count; i++) {
        vk_spend_rule *rule = find(set, row->spends[i].rule_id);
        if (rule != NULL) {
            settle_one(rule, &row->spends[i].amount, included_at);
        }
    }
    return status;
}
