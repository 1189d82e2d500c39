/* Adding records to the journal, within a transaction of decisions. */
#include "token/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <valetkey/eth.h>

#include "token/clock.h"
#include "token/store.h"

const char *vk_journal_event_name(int64_t event) {
    static const char *const names[] = {
        [VK_EVENT_SIGNED] = "signed",           [VK_EVENT_DENIED] = "denied",
        [VK_EVENT_CHECKPOINT] = "checkpoint",   [VK_EVENT_SETTINGS] = "settings",
        [VK_EVENT_INITIALIZED] = "initialized", [VK_EVENT_ANCHOR] = "anchor",
        [VK_EVENT_ACCEPTED] = "accepted",       [VK_EVENT_INCLUDED] = "included",
        [VK_EVENT_GIVEN_BACK] = "given-back",   [VK_EVENT_RECEIPT] = "receipt"};
    bool known = event >= VK_EVENT_SIGNED && event <= VK_EVENT_RECEIPT;
    return known ? names[event] : "unknown";
}

bool vk_journal_rule_state(vk_bytes states, size_t index, vk_rule_state *out) {
    if (states.len / VK_RULE_STATE_LEN <= index) {
        return false;
    }
    vk_budget_get_rule(states.data + index * VK_RULE_STATE_LEN, out);
    return true;
}

/* ---- Hash and MAC ---- */

static void put_content(vk_buf *out, const vk_token *token, const vk_journal_record *r) {
    const vk_bytes *bytes[] = {&r->form,      &r->policy, &r->account,  &r->permission_id,
                               &r->operation, &r->rule,   &r->reason,   &r->hardening,
                               &r->before,    &r->after,  &r->previous, &r->last};
    vk_row_head(out, "journal", token->serial);
    vk_canonical_u64(out, (uint64_t)r->number);
    vk_canonical_bytes(out, r->point);
    vk_canonical_u64(out, (uint64_t)r->sequence);
    vk_canonical_u64(out, r->time);
    vk_canonical_u64(out, (uint64_t)r->event);
    vk_canonical_u64(out, r->chain_id);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        vk_canonical_bytes(out, *bytes[i]);
    }
}

vk_status vk_journal_hash(const vk_token *token, const vk_journal_record *record, vk_hash *out) {
    vk_buf data = {0};
    put_content(&data, token, record);
    vk_status status = vk_buf_status(&data);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

vk_status vk_journal_mac(const vk_token *token, const vk_hash *hash, uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "journal record", token->serial);
    vk_canonical_bytes(&data, (vk_bytes){hash->b, 32});
    return vk_row_mac(token->keys, &data, mac32);
}

/* ---- Adding ---- */

static vk_status insert(vk_token *token, int64_t chain_id, const vk_journal_record *r,
                        vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_JOURNAL_INSERT);
    vk_query_int(&query, r->number);
    vk_query_int(&query, chain_id);
    vk_query_int(&query, r->sequence);
    vk_query_int(&query, (int64_t)r->time);
    vk_query_int(&query, r->event);
    vk_query_text_bytes(&query, r->form);
    vk_query_blob(&query, r->policy);
    vk_query_int(&query, (int64_t)r->chain_id);
    vk_query_blob(&query, r->account);
    vk_query_blob(&query, r->permission_id);
    vk_query_blob(&query, r->operation);
    vk_query_text_bytes(&query, r->rule);
    vk_query_text_bytes(&query, r->reason);
    vk_query_text_bytes(&query, r->hardening);
    vk_query_blob(&query, r->before);
    vk_query_blob(&query, r->after);
    vk_query_blob(&query, r->previous);
    vk_query_blob(&query, r->last);
    vk_query_blob(&query, r->hash);
    vk_query_blob(&query, r->mac);
    return vk_query_run(&query, err);
}

static vk_status authenticate(const vk_token *token, vk_journal_record *record, vk_hash *hash,
                              uint8_t mac32[32]) {
    vk_status status = vk_journal_hash(token, record, hash);
    if (status == VK_OK) {
        status = vk_journal_mac(token, hash, mac32);
    }
    record->hash = (vk_bytes){hash->b, 32};
    record->mac = (vk_bytes){mac32, 32};
    return status;
}

/* Nothing moves on in a state that is not trusted: it could catch up with its anchor. */
static vk_status check_trust(const vk_token *token, vk_error *err) {
    return token->trust.is_accepting ? VK_OK : vk_trust_needed(token, err);
}

vk_status vk_journal_put(vk_token *token, vk_journal_record *record, vk_journal_added *out,
                         vk_error *err) {
    uint8_t mac[32];
    vk_state *state;
    vk_status status = vk_db_needs_transaction(&token->db, err);
    if (status == VK_OK) {
        status = vk_scope_state(token, &state, err);
    }
    if (status == VK_OK) {
        status = check_trust(token, err);
    }
    if (status == VK_OK) {
        status = vk_scope_chain_of(token, record->point, &out->chain, err);
    }
    if (status != VK_OK) {
        return status;
    }
    record->number = state->number + 1;
    record->sequence = out->sequence = out->chain->sequence + 1;
    record->time = vk_clock_now();
    record->previous = (vk_bytes){out->chain->head.b, 32};
    record->last = (vk_bytes){state->head.b, 32};
    status = authenticate(token, record, &out->hash, mac);
    return status == VK_OK ? insert(token, out->chain->id, record, err) : status;
}

void vk_journal_added_stands(vk_token *token, const vk_journal_added *added) {
    vk_scope_note_record(token, added->chain, added->sequence, &added->hash);
}

vk_status vk_journal_note(vk_token *token, int event, vk_error *err, const char *format, ...) {
    char text[VK_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    vk_journal_added added;
    vk_journal_record record = {.event = event, .reason = {(const uint8_t *)text, strlen(text)}};
    vk_status status = vk_journal_put(token, &record, &added, err);
    if (status == VK_OK) {
        vk_journal_added_stands(token, &added);
    }
    return status;
}

/* ---- Reading ---- */

void vk_journal_parse(const vk_query *query, vk_journal_record *out) {
    *out = (vk_journal_record){.number = vk_column_int(query, 0),
                               .point = vk_column_blob(query, 1),
                               .sequence = vk_column_int(query, 2),
                               .time = (uint64_t)vk_column_int(query, 3),
                               .event = vk_column_int(query, 4),
                               .form = vk_column_blob(query, 5),
                               .policy = vk_column_blob(query, 6),
                               .chain_id = (uint64_t)vk_column_int(query, 7),
                               .account = vk_column_blob(query, 8),
                               .permission_id = vk_column_blob(query, 9),
                               .operation = vk_column_blob(query, 10),
                               .rule = vk_column_blob(query, 11),
                               .reason = vk_column_blob(query, 12),
                               .hardening = vk_column_blob(query, 13),
                               .before = vk_column_blob(query, 14),
                               .after = vk_column_blob(query, 15),
                               .previous = vk_column_blob(query, 16),
                               .last = vk_column_blob(query, 17),
                               .hash = vk_column_blob(query, 18),
                               .mac = vk_column_blob(query, 19),
                               .is_orphan = vk_column_int(query, 20) != 0};
}

vk_status vk_journal_walk(vk_token *token, int64_t from, vk_journal_fn each, void *context,
                          vk_error *err) {
    vk_query query = vk_query_start_any(&token->db, VK_SQL_JOURNAL_READ);
    vk_query_int(&query, from);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        vk_journal_record record;
        vk_journal_parse(&query, &record);
        status = each(context, &record);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_journal_each(vk_token *token, int64_t from, vk_journal_fn each, void *context,
                          vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_journal_walk(token, from, each, context, err);
    vk_token_unlock(token);
    return vk_token_explain(err, status);
}
