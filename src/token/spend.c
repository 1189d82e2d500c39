/* Spend rules: their rows, and what vouches for them. */
#include "token/spend.h"
#include "token/store.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#define ENTRY_LEN 40 /* time 8 || amount 32 */

void vk_spend_set_clear(vk_spend_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        free(set->rules[i].grants);
    }
    free(set->rules);
    *set = (vk_spend_set){.count = 0};
}

vk_spend_rule *vk_spend_find(const vk_spend_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->rules[i].name, name) == 0) {
            return &set->rules[i];
        }
    }
    return NULL;
}

bool vk_spend_names(const vk_spend_rule *rule, const vk_hash *subject) {
    for (size_t i = 0; i < rule->grant_count; i++) {
        if (memcmp(rule->grants[i].b, subject->b, sizeof subject->b) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- What vouches for them ---- */

static vk_bytes grants_of(const vk_spend_rule *rule) {
    return (vk_bytes){(const uint8_t *)rule->grants, rule->grant_count * sizeof *rule->grants};
}

static void put_rule(vk_buf *out, const vk_spend_rule *rule) {
    vk_canonical_u64(out, (uint64_t)rule->id);
    vk_canonical_text(out, rule->name);
    vk_canonical_u64(out, rule->asset.native);
    vk_canonical_u64(out, rule->asset.chain_id);
    vk_canonical_bytes(out, (vk_bytes){rule->asset.token.b, 20});
    vk_canonical_bytes(out, (vk_bytes){rule->limit.be, 32});
    vk_canonical_u64(out, rule->period);
    vk_canonical_bytes(out, grants_of(rule));
}

vk_status vk_spends_digest(const vk_token *token, const vk_spend_set *set, vk_hash *out) {
    vk_buf data = {0};
    *out = (vk_hash){{0}};
    if (set->count == 0) {
        return VK_OK;
    }
    vk_row_head(&data, "spend rules", token->serial);
    for (size_t i = 0; i < set->count; i++) {
        put_rule(&data, &set->rules[i]);
    }
    vk_status status = vk_buf_status(&data);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

static void put_entries(vk_buf *out, const vk_spend_rule *rule) {
    for (size_t i = 0; i < rule->entry_count; i++) {
        vk_canonical_u64(out, rule->entries[i].time);
        vk_buf_put(out, rule->entries[i].amount.be, 32);
    }
}

static void put_state(vk_buf *out, const vk_token *token, const vk_spend_rule *rule,
                      vk_bytes entries) {
    vk_row_head(out, "spend state", token->serial);
    vk_canonical_u64(out, (uint64_t)rule->id);
    vk_canonical_bytes(out, (vk_bytes){rule->open.be, 32});
    vk_canonical_bytes(out, entries);
}

/* ---- Reading ---- */

static bool get_name(const vk_query *query, vk_spend_rule *out) {
    vk_bytes name = vk_column_blob(query, 1);
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < ' ' || name.data[i] > '~') {
            return false;
        }
    }
    if (name.len == 0 || name.len > VK_SPEND_NAME_MAX) {
        return false;
    }
    memcpy(out->name, name.data, name.len);
    return true;
}

static vk_status get_grants(vk_bytes data, vk_spend_rule *out) {
    size_t count = data.len / sizeof *out->grants;
    if (data.len % sizeof *out->grants != 0 || count > VK_SPEND_GRANTS_MAX) {
        return VK_ERR_INTEGRITY;
    }
    out->grants = malloc(data.len + 1);
    if (out->grants == NULL) {
        return VK_ERR_MEMORY;
    }
    if (count > 0) {
        memcpy(out->grants, data.data, data.len);
    }
    out->grant_count = count;
    return VK_OK;
}

static vk_status get_rule(const vk_query *query, vk_spend_rule *out) {
    int64_t period = vk_column_int(query, 6);
    out->id = vk_column_int(query, 0);
    out->asset.chain_id = (uint64_t)vk_column_int(query, 3);
    out->period = (uint64_t)period;
    bool whole = get_name(query, out) && vk_column_flag(query, 2, &out->asset.native) &&
                 vk_column_fixed(query, 4, out->asset.token.b, 20) &&
                 vk_column_fixed(query, 5, out->limit.be, 32) && period > 0 &&
                 out->period <= VK_SPEND_PERIOD_MAX;
    return whole ? get_grants(vk_column_blob(query, 7), out) : VK_ERR_INTEGRITY;
}

static bool get_entries(vk_bytes data, vk_spend_rule *out) {
    out->entry_count = data.len / ENTRY_LEN;
    if (data.len % ENTRY_LEN != 0 || out->entry_count > VK_SPEND_ENTRIES_MAX) {
        out->entry_count = 0;
        return false;
    }
    for (size_t i = 0; i < out->entry_count; i++) {
        out->entries[i].time = vk_canonical_get_u64(data.data + i * ENTRY_LEN);
        memcpy(out->entries[i].amount.be, data.data + i * ENTRY_LEN + 8, 32);
    }
    return true;
}

static vk_status get_state(const vk_token *token, const vk_query *query, vk_spend_rule *out) {
    vk_bytes entries = vk_column_blob(query, 9);
    vk_buf data = {0};
    if (!vk_column_fixed(query, 8, out->open.be, 32) || !get_entries(entries, out)) {
        return VK_ERR_INTEGRITY;
    }
    put_state(&data, token, out, entries);
    return vk_row_check(token, &data, vk_column_blob(query, 10), NULL);
}

/* What a reading found that was not as it should be. */
typedef struct faults {
    bool is_any;
    vk_buf ids; /* of rules that cannot be read: int64_t each */
} faults;

static vk_spend_rule *grow(vk_spend_set *set) {
    if (set->count >= VK_SPEND_RULES_MAX) {
        return NULL;
    }
    vk_spend_rule *grown = realloc(set->rules, (set->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    set->rules = grown;
    grown[set->count] = (vk_spend_rule){.id = 0};
    return &grown[set->count++];
}

static void give_up(vk_spend_set *set, faults *found) {
    vk_spend_rule *last = &set->rules[--set->count];
    found->is_any = true;
    vk_buf_put(&found->ids, &last->id, sizeof last->id);
    free(last->grants);
}

static vk_status read_one(const vk_token *token, const vk_query *query, vk_spend_set *set,
                          faults *found) {
    vk_spend_rule *rule = grow(set);
    if (rule == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = get_rule(query, rule);
    if (status == VK_ERR_INTEGRITY) {
        give_up(set, found);
        return VK_OK;
    }
    if (status == VK_OK && get_state(token, query, rule) != VK_OK) {
        found->is_any = true;
    }
    return status;
}

static vk_status read_all(vk_token *token, vk_spend_set *set, faults *found, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_SPEND_LIST);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = read_one(token, &query, set, found);
    }
    vk_query_end(&query);
    return status == VK_OK ? vk_spends_digest(token, set, &set->digest) : status;
}

static bool is_zero(const vk_hash *hash) {
    static const vk_hash zero;
    return memcmp(hash->b, zero.b, sizeof zero.b) == 0;
}

static vk_status edited(vk_error *err) {
    return vk_fail(err, VK_ERR_INTEGRITY, NULL,
                   "the spend rules, or what they count, were changed outside the token");
}

/* Where the state says that there are none, what stands in the table is nobody's. */
vk_status vk_spends_read(vk_token *token, const vk_hash *digest, vk_spend_set *out, vk_error *err) {
    faults found = {.is_any = false};
    *out = (vk_spend_set){.count = 0};
    if (is_zero(digest)) {
        return VK_OK;
    }
    vk_status status = read_all(token, out, &found, err);
    vk_buf_clear(&found.ids);
    bool same = memcmp(out->digest.b, digest->b, sizeof digest->b) == 0;
    if (status == VK_OK && (found.is_any || !same)) {
        status = edited(err);
    }
    if (status != VK_OK) {
        vk_spend_set_clear(out);
    }
    return status;
}

static vk_status read_state_and_rules(vk_token *token, vk_spend_set *out, vk_error *err) {
    vk_state state;
    vk_status status = vk_state_read(token, &state, err);
    return status == VK_OK ? vk_spends_read(token, &state.spend_rules, out, err) : status;
}

/* State and rules are of one moment. */
vk_status vk_token_spends(vk_token *token, vk_spend_set *out, vk_error *err) {
    *out = (vk_spend_set){.count = 0};
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, VK_SQL_BEGIN_READ);
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        status = read_state_and_rules(token, out, err);
        vk_status ended = vk_db_end(&token->db, VK_OK, err);
        status = status == VK_OK ? ended : status;
    }
    vk_token_unlock(token);
    return vk_token_explain(err, status);
}

/* ---- Writing ---- */

vk_status vk_spend_write(vk_token *token, const vk_spend_rule *rule, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_SPEND_WRITE);
    vk_query_int(&query, rule->id);
    vk_query_text(&query, rule->name);
    vk_query_int(&query, rule->asset.native);
    vk_query_int(&query, (int64_t)rule->asset.chain_id);
    vk_query_blob(&query, (vk_bytes){rule->asset.token.b, 20});
    vk_query_blob(&query, (vk_bytes){rule->limit.be, 32});
    vk_query_int(&query, (int64_t)rule->period);
    vk_query_blob(&query, grants_of(rule));
    return vk_query_run(&query, err);
}

static vk_status insert_state(vk_token *token, const vk_spend_rule *rule, vk_bytes entries,
                              vk_error *err) {
    uint8_t mac[32];
    vk_buf data = {0};
    put_state(&data, token, rule, entries);
    vk_status status = vk_row_mac(token->keys, &data, mac);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_SPEND_STATE_WRITE);
    vk_query_int(&query, rule->id);
    vk_query_blob(&query, (vk_bytes){rule->open.be, 32});
    vk_query_blob(&query, entries);
    vk_query_blob(&query, (vk_bytes){mac, sizeof mac});
    return vk_query_run(&query, err);
}

vk_status vk_spend_write_state(vk_token *token, const vk_spend_rule *rule, vk_error *err) {
    vk_buf entries = {0};
    put_entries(&entries, rule);
    vk_status status = vk_buf_status(&entries);
    if (status == VK_OK) {
        status = insert_state(token, rule, vk_buf_view(&entries), err);
    }
    vk_buf_clear(&entries);
    return status;
}

static vk_status run_with_id(vk_token *token, vk_sql sql, int64_t id, vk_error *err) {
    vk_query query = vk_query_start(&token->db, sql);
    vk_query_int(&query, id);
    return vk_query_run(&query, err);
}

vk_status vk_spend_remove(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = run_with_id(token, VK_SQL_SPEND_REMOVE, id, err);
    return status == VK_OK ? run_with_id(token, VK_SQL_SPEND_STATE_REMOVE, id, err) : status;
}

/* ---- Accepting what is there ---- */

static vk_status remove_unread(vk_token *token, const faults *found, vk_error *err) {
    vk_status status = vk_buf_status(&found->ids);
    for (size_t i = 0; i < found->ids.len && status == VK_OK; i += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, found->ids.data + i, sizeof id);
        status = vk_spend_remove(token, id, err);
    }
    return status;
}

static vk_status rewrite_states(vk_token *token, const vk_spend_set *set, vk_error *err) {
    vk_status status = VK_OK;
    for (size_t i = 0; i < set->count && status == VK_OK; i++) {
        status = vk_spend_write_state(token, &set->rules[i], err);
    }
    return status;
}

vk_status vk_spends_accept(vk_token *token, vk_hash *digest, bool *were_edited, vk_error *err) {
    vk_spend_set set = {.count = 0};
    faults found = {.is_any = false};
    vk_status status = read_all(token, &set, &found, err);
    *were_edited = found.is_any || memcmp(set.digest.b, digest->b, sizeof digest->b) != 0;
    *digest = set.digest;
    if (status == VK_OK) {
        status = remove_unread(token, &found, err);
    }
    if (status == VK_OK) {
        status = rewrite_states(token, &set, err);
    }
    vk_buf_clear(&found.ids);
    vk_spend_set_clear(&set);
    return status;
}
