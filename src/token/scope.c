#include "token/store.h"

#include <stdlib.h>
#include <string.h>

#include "token/spend.h"

/* ---- Grants ---- */

/* Checks the caller's copy: it may have been read when nobody was logged in. */
static vk_status check_grant(vk_token *token, const vk_grant_record *grant,
                             const uint8_t point65[65], vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_MAC);
    vk_query_int(&query, grant->id);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        status = vk_store_check_grant(token, grant, point65, vk_column_blob(&query, 0), err);
    }
    vk_query_end(&query);
    return status;
}

/* A grant's id that stands for none. */
#define NO_GRANT (-1)

static vk_status check(vk_token *token, const vk_grant_record *grant, int64_t key_version,
                       vk_hash *subject, vk_error *err) {
    int64_t version;
    uint8_t point65[65];
    vk_status status = vk_store_key_point(token, grant->key_id, &version, point65, err);
    if (status == VK_OK && version != key_version) {
        status = vk_fail(err, VK_ERR_MISMATCH, NULL, "the key was changed in the meantime");
    }
    if (status == VK_OK && grant->id == 0) {
        /* No grant vouches for the key's own budget: its seal says that the point, which names the
         * budget, is the key's. */
        status = vk_key_check(token, grant->key_id, err);
    } else if (status == VK_OK && grant->id != NO_GRANT) {
        status = check_grant(token, grant, point65, err);
    }
    return status == VK_OK ? vk_budget_subject(point65, grant, subject) : status;
}

static vk_status copy_record(const vk_grant_record *from, vk_grant_record *to) {
    *to = *from;
    to->json = NULL;
    if (from->json == NULL) {
        return VK_OK;
    }
    to->json = strdup(from->json);
    return to->json != NULL ? VK_OK : VK_ERR_MEMORY;
}

static bool same_text(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_record(const vk_grant_record *a, const vk_grant_record *b) {
    return a->id == b->id && a->key_id == b->key_id && a->chain_id == b->chain_id &&
           vk_address_equal(&a->entry_point, &b->entry_point) &&
           vk_address_equal(&a->account, &b->account) &&
           memcmp(a->permission_id, b->permission_id, sizeof a->permission_id) == 0 &&
           same_text(a->json, b->json);
}

static vk_scope_grant **grants_of(vk_scope *scope, const vk_grant_record *grant) {
    return &scope->grants[(uint64_t)(grant->key_id * 31 + grant->id) % VK_SCOPE_BUCKETS];
}

static vk_status remember_grant(vk_scope *scope, const vk_grant_record *grant, int64_t key_version,
                                const vk_hash *subject) {
    vk_scope_grant **bucket = grants_of(scope, grant);
    vk_scope_grant *known = malloc(sizeof *known);
    if (known == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = copy_record(grant, &known->record);
    if (status != VK_OK) {
        free(known);
        return status;
    }
    known->key_version = key_version;
    known->subject = *subject;
    known->next = *bucket;
    *bucket = known;
    scope->count++;
    return VK_OK;
}

/* The budget and the count of all of them, or neither. */
static vk_status ensure_budget(vk_token *token, const vk_hash *subject, vk_error *err) {
    vk_status status = vk_db_begin_part(&token->db, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_db_end_part(&token->db, vk_budget_ensure(token, subject, err), err);
}

vk_status vk_scope_subject(vk_token *token, const vk_grant_record *grant, int64_t key_version,
                           vk_hash *out, vk_error *err) {
    const vk_scope_grant *known = *grants_of(&token->scope, grant);
    for (; known != NULL; known = known->next) {
        if (known->key_version == key_version && same_record(&known->record, grant)) {
            *out = known->subject;
            return VK_OK;
        }
    }
    vk_status status = check(token, grant, key_version, out, err);
    if (status == VK_OK && grant->id == 0) {
        status = ensure_budget(token, out, err);
    }
    return status == VK_OK ? remember_grant(&token->scope, grant, key_version, out) : status;
}

vk_status vk_scope_key(vk_token *token, int64_t key_id, int64_t key_version, vk_error *err) {
    vk_hash ignored;
    vk_grant_record none = {.id = NO_GRANT, .key_id = key_id};
    return vk_scope_subject(token, &none, key_version, &ignored, err);
}

/* ---- Budgets ---- */

static vk_scope_budget **budgets_of(vk_scope *scope, const vk_hash *subject) {
    return &scope->budgets[subject->b[0] % VK_SCOPE_BUCKETS];
}

static vk_status read_budget(vk_token *token, const vk_hash *subject, size_t rule_count,
                             vk_scope_budget **out, vk_error *err) {
    vk_scope_budget **bucket = budgets_of(&token->scope, subject);
    vk_scope_budget *budget = calloc(1, sizeof *budget);
    if (budget == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_budget_read(token, subject, rule_count, &budget->id, &budget->now, err);
    if (status != VK_OK) {
        free(budget);
        return status;
    }
    budget->subject = *subject;
    budget->next = *bucket;
    *bucket = *out = budget;
    token->scope.count++;
    return VK_OK;
}

vk_status vk_scope_budget_of(vk_token *token, const vk_hash *subject, size_t rule_count,
                             vk_scope_budget **out, vk_error *err) {
    vk_scope_budget *known = *budgets_of(&token->scope, subject);
    for (; known != NULL; known = known->next) {
        if (memcmp(known->subject.b, subject->b, sizeof subject->b) == 0) {
            *out = known;
            return rule_count == VK_RULES_AS_STORED || known->now.count == rule_count
                       ? VK_OK
                       : vk_row_broken(err);
        }
    }
    return read_budget(token, subject, rule_count, out, err);
}

void vk_scope_note_change(vk_token *token, vk_scope_budget *budget) {
    if (!budget->is_changed) {
        budget->is_changed = true;
        budget->next_changed = token->scope.changed;
        token->scope.changed = budget;
    }
}

static vk_status flush_budgets(vk_token *token, vk_error *err) {
    vk_status status = VK_OK;
    while (token->scope.changed != NULL && status == VK_OK) {
        vk_scope_budget *budget = token->scope.changed;
        status = vk_budget_write(token, &budget->subject, &budget->now, err);
        token->scope.changed = budget->next_changed;
        budget->is_changed = false;
    }
    return status;
}

vk_status vk_scope_flush(vk_token *token, vk_error *err) {
    vk_scope *scope = &token->scope;
    if (scope->changed == NULL && scope->changed_chains == NULL) {
        return VK_OK;
    }
    vk_state *state;
    /* One member's failure may have taken the others' rows with it. */
    vk_status status = vk_db_needs_transaction(&token->db, err);
    if (status == VK_OK) {
        status = vk_scope_state(token, &state, err);
    }
    /* Rotation looks for the chains of what it drops in the file, and adds to them. */
    if (status == VK_OK) {
        status = vk_scope_flush_chains(token, err);
    }
    if (status == VK_OK) {
        status = vk_journal_keep_bounded(token, err);
    }
    if (status == VK_OK) {
        status = flush_budgets(token, err);
    }
    if (status == VK_OK) {
        status = vk_scope_flush_spends(token, err);
    }
    if (status == VK_OK) {
        status = vk_scope_flush_chains(token, err);
    }
    return status == VK_OK ? vk_scope_flush_state(token, err) : status;
}

/* ---- From one transaction to the next ---- */

static void clear_grants(vk_scope_grant *grant) {
    while (grant != NULL) {
        vk_scope_grant *next = grant->next;
        vk_text_free(grant->record.json);
        free(grant);
        grant = next;
    }
}

static void clear_budgets(vk_scope_budget *budget) {
    while (budget != NULL) {
        vk_scope_budget *next = budget->next;
        vk_budget_clear(&budget->now);
        free(budget);
        budget = next;
    }
}

void vk_scope_clear(vk_scope *scope) {
    for (size_t i = 0; scope->count > 0 && i < VK_SCOPE_BUCKETS; i++) {
        clear_grants(scope->grants[i]);
        clear_budgets(scope->budgets[i]);
        vk_scope_clear_chains(scope->chains[i]);
    }
    if (scope->spends != NULL) {
        vk_spend_set_clear(scope->spends);
        free(scope->spends);
    }
    *scope = (vk_scope){0};
}

/* Others may have looked for changes since the last transaction, so what counts is the version that
 * it saw itself. */
static bool enter(vk_token *token) {
    vk_scope *scope = &token->scope;
    uint64_t generation = atomic_load(&token->generation);
    bool by_others = scope->data_version != token->data_version;
    if (by_others || scope->generation != generation || scope->count > VK_SCOPE_MAX) {
        vk_scope_clear(scope);
    }
    scope->generation = generation;
    scope->data_version = token->data_version;
    scope->stored = scope->state;
    scope->has_changed = false;
    return by_others;
}

vk_status vk_scope_begin(vk_token *token, bool *by_others, vk_error *err) {
    vk_status status = vk_token_look_up(token, err);
    bool wrote = status == VK_OK && enter(token);
    if (by_others != NULL) {
        *by_others = wrote;
    }
    return status;
}

vk_status vk_scope_open(vk_token *token, vk_state **state, vk_error *err) {
    vk_status status = vk_scope_begin(token, NULL, err);
    return status == VK_OK ? vk_scope_state(token, state, err) : status;
}

vk_status vk_scope_open_user(vk_token *token, vk_error *err) {
    vk_state *state;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = vk_scope_open(token, &state, err);
    }
    return status == VK_OK ? vk_trust_needed(token, err) : status;
}
