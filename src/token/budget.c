#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#include "token/journal.h"
#include "token/store.h"

void vk_budget_clear(vk_budget *budget) {
    free(budget->rules);
    *budget = (vk_budget){0};
}

vk_status vk_budget_subject(const uint8_t point65[65], const vk_grant_record *grant, vk_hash *out) {
    vk_buf data = {0};
    vk_buf_put(&data, point65, 65);
    vk_canonical_u64(&data, grant->chain_id);
    vk_buf_put(&data, grant->entry_point.b, 20);
    vk_buf_put(&data, grant->account.b, 20);
    vk_buf_put(&data, grant->permission_id, 4);
    vk_status status = vk_buf_status(&data);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

/* ---- The rules' states as bytes ---- */

static void put_rule(vk_buf *out, const vk_rule_state *state) {
    vk_buf_put(out, state->spent.be, 32);
    vk_canonical_u64(out, state->used);
    vk_canonical_u64(out, state->window);
}

void vk_budget_put_rules(vk_buf *out, const vk_rule_state *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        put_rule(out, &rules[i]);
    }
}

void vk_budget_get_rule(const uint8_t *bytes, vk_rule_state *out) {
    memcpy(out->spent.be, bytes, 32);
    out->used = vk_canonical_get_u64(bytes + 32);
    out->window = vk_canonical_get_u64(bytes + 40);
}

/* No bytes are the state of a budget that was never used. */
static vk_status read_rules(vk_bytes data, size_t rule_count, vk_budget *out, vk_error *err) {
    if (rule_count == VK_RULES_AS_STORED) {
        rule_count = data.len / VK_RULE_STATE_LEN;
    }
    if (data.len != 0 && data.len != rule_count * VK_RULE_STATE_LEN) {
        return vk_row_broken(err);
    }
    out->rules = calloc(rule_count + 1, sizeof *out->rules);
    if (out->rules == NULL) {
        return VK_ERR_MEMORY;
    }
    out->count = rule_count;
    for (size_t i = 0; i < data.len / VK_RULE_STATE_LEN; i++) {
        vk_budget_get_rule(data.data + i * VK_RULE_STATE_LEN, &out->rules[i]);
    }
    return VK_OK;
}

/* ---- Budgets ---- */

static void put_budget(vk_buf *out, const vk_token *token, const vk_hash *subject,
                       const vk_budget *budget, vk_bytes rules) {
    vk_row_head(out, "budget", token->serial);
    vk_canonical_bytes(out, (vk_bytes){subject->b, 32});
    vk_canonical_u64(out, budget->enabled);
    vk_canonical_bytes(out, (vk_bytes){budget->enable_nonce.be, 32});
    vk_canonical_u64(out, budget->sign_count);
    vk_canonical_bytes(out, rules);
}

/* All but the rules' states, which only their policy can read. */
static vk_status parse_row(const vk_token *token, const vk_query *query, const vk_hash *subject,
                           vk_budget *out, vk_error *err) {
    int64_t sign_count = vk_column_int(query, 3);
    vk_bytes rules = vk_column_blob(query, 4);
    bool whole = vk_column_flag(query, 1, &out->enabled) &&
                 vk_column_fixed(query, 2, out->enable_nonce.be, 32) && sign_count >= 0 &&
                 sign_count <= UINT32_MAX;
    if (!whole) {
        return vk_row_broken(err);
    }
    out->sign_count = (uint32_t)sign_count;
    vk_buf data = {0};
    put_budget(&data, token, subject, out, rules);
    return vk_row_check(token, &data, vk_column_blob(query, 5), err);
}

static vk_status parse_budget(const vk_token *token, const vk_query *query, const vk_hash *subject,
                              size_t rule_count, vk_budget *out, vk_error *err) {
    vk_status status = parse_row(token, query, subject, out, err);
    return status == VK_OK ? read_rules(vk_column_blob(query, 4), rule_count, out, err) : status;
}

vk_status vk_budget_read(vk_token *token, const vk_hash *subject, size_t rule_count, int64_t *id,
                         vk_budget *out, vk_error *err) {
    *out = (vk_budget){0};
    if (rule_count > VK_POLICIES_MAX && rule_count != VK_RULES_AS_STORED) {
        return VK_ERR_ARGUMENT;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_READ);
    vk_query_blob(&query, (vk_bytes){subject->b, 32});
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        *id = vk_column_int(&query, 0);
        status = parse_budget(token, &query, subject, rule_count, out, err);
    }
    vk_query_end(&query);
    if (status != VK_OK) {
        vk_budget_clear(out);
    }
    return status == VK_ERR_NOT_FOUND ? vk_row_broken(err) : status;
}

vk_status vk_budget_find(vk_token *token, const vk_hash *subject, int64_t *id, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_READ);
    vk_query_blob(&query, (vk_bytes){subject->b, 32});
    vk_status status = vk_query_row(&query, err);
    *id = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return status;
}

static void bind_budget(vk_query *query, const vk_hash *subject, const vk_budget *budget,
                        const vk_buf *rules, const uint8_t mac32[32]) {
    vk_query_blob(query, (vk_bytes){subject->b, 32});
    vk_query_int(query, budget->enabled);
    vk_query_blob(query, (vk_bytes){budget->enable_nonce.be, 32});
    vk_query_int(query, budget->sign_count);
    vk_query_blob(query, vk_buf_view(rules));
    vk_query_blob(query, (vk_bytes){mac32, 32});
}

vk_status vk_budget_write(vk_token *token, const vk_hash *subject, const vk_budget *budget,
                          vk_error *err) {
    uint8_t mac[32];
    vk_buf rules = {0}, data = {0};
    vk_budget_put_rules(&rules, budget->rules, budget->count);
    put_budget(&data, token, subject, budget, vk_buf_view(&rules));
    vk_status status = vk_row_mac(token->keys, &data, mac);
    if (status == VK_OK) {
        status = vk_buf_status(&rules);
    }
    if (status == VK_OK) {
        vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_WRITE);
        bind_budget(&query, subject, budget, &rules, mac);
        status = vk_query_run(&query, err);
    }
    vk_buf_clear(&rules);
    return status;
}

/* ---- How many there are, so that a deleted one is missed ---- */

static vk_status count_budgets(vk_token *token, int64_t *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_COUNT);
    vk_status status = vk_query_row(&query, err);
    *out = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return status;
}

static vk_status check_count(vk_token *token, int64_t count, vk_error *err) {
    uint8_t mac[32];
    vk_status status = vk_row_budgets_mac(token->keys, token->serial, count, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_READ);
    status = vk_query_row(&query, err);
    if (status == VK_OK) {
        vk_bytes stored = vk_column_blob(&query, 5);
        bool same = vk_column_int(&query, 4) == count && stored.len == sizeof mac &&
                    vk_equal_secret(stored.data, mac, sizeof mac);
        status = same ? VK_OK : vk_row_broken(err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status write_count(vk_token *token, int64_t count, vk_error *err) {
    uint8_t mac[32];
    vk_status status = vk_row_budgets_mac(token->keys, token->serial, count, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_TOKEN_BUDGETS);
    vk_query_int(&query, count);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

/* The rows that were seen, in the order of their subjects. */
typedef struct listing {
    const vk_hash *wanted; /* is none of them; NULL: whatever they are */
    int64_t count;
    vk_hash last;
} listing;

/* SQLite takes the same bytes as a text for something else, and sorts texts before: so each subject
 * has to be greater than the one before to be another one. */
static vk_status check_listed(const vk_token *token, const vk_query *query, listing *seen,
                              vk_error *err) {
    vk_hash subject;
    vk_budget budget = {0};
    bool is_next =
        vk_column_fixed(query, 6, subject.b, sizeof subject.b) &&
        (seen->count == 0 || memcmp(subject.b, seen->last.b, sizeof subject.b) > 0) &&
        (seen->wanted == NULL || memcmp(subject.b, seen->wanted->b, sizeof subject.b) != 0);
    if (!is_next) {
        return vk_row_broken(err);
    }
    seen->last = subject;
    seen->count++;
    return parse_row(token, query, &subject, &budget, err);
}

/* Their number alone does not tell that all are there: one could have been given another subject,
 * or another row's place. */
static vk_status check_each(vk_token *token, const vk_hash *wanted, int64_t count, vk_error *err) {
    listing seen = {.wanted = wanted};
    vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_LIST);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = check_listed(token, &query, &seen, err);
    }
    vk_query_end(&query);
    return status == VK_OK && seen.count != count ? vk_row_broken(err) : status;
}

/* No need to look again at what nobody else has written to. */
static vk_status check_all(vk_token *token, const vk_hash *wanted, int64_t count, vk_error *err) {
    int64_t version;
    vk_status status = vk_token_data_version(token, &version, err);
    if (status != VK_OK || token->budgets_checked == version) {
        return status;
    }
    status = check_each(token, wanted, count, err);
    if (status == VK_OK) {
        token->budgets_checked = version;
    }
    return status;
}

static vk_status has_budget(vk_token *token, const vk_hash *subject, bool *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_BUDGET_READ);
    vk_query_blob(&query, (vk_bytes){subject->b, 32});
    vk_status status = vk_query_step(&query, out, err);
    vk_query_end(&query);
    return status;
}

/* How many there are, and have to be. */
static vk_status read_count(vk_token *token, int64_t *out, vk_error *err) {
    vk_status status = count_budgets(token, out, err);
    return status == VK_OK ? check_count(token, *out, err) : status;
}

vk_status vk_budget_ensure(vk_token *token, const vk_hash *subject, vk_error *err) {
    int64_t count;
    bool exists;
    vk_status status = has_budget(token, subject, &exists, err);
    if (status != VK_OK || exists) {
        return status;
    }
    status = read_count(token, &count, err);
    if (status == VK_OK) {
        status = check_all(token, subject, count, err);
    }
    if (status == VK_OK) {
        status = vk_budget_write(token, subject, &(vk_budget){0}, err);
    }
    return status == VK_OK ? write_count(token, count + 1, err) : status;
}

vk_status vk_budgets_check(vk_token *token, vk_error *err) {
    int64_t count;
    vk_status status = read_count(token, &count, err);
    return status == VK_OK ? check_each(token, NULL, count, err) : status;
}

/* ---- For display ---- */

static vk_status read_budget(vk_token *token, const vk_grant_record *grant, size_t rule_count,
                             vk_budget *out, vk_error *err) {
    int64_t version, id;
    uint8_t point65[65];
    vk_hash subject;
    vk_status status = vk_store_key_point(token, grant->key_id, &version, point65, err);
    if (status == VK_OK) {
        status = vk_budget_subject(point65, grant, &subject);
    }
    return status == VK_OK ? vk_budget_read(token, &subject, rule_count, &id, out, err) : status;
}

vk_status vk_token_budget_get(vk_token *token, const vk_grant_record *grant, size_t rule_count,
                              vk_budget *out, vk_error *err) {
    *out = (vk_budget){0};
    vk_token_lock(token);
    vk_status status = read_budget(token, grant, rule_count, out, err);
    vk_token_unlock(token);
    return status;
}
