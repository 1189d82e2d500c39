#include "token/receipt.h"

#include <inttypes.h>
#include <string.h>

#include "token/store.h"

/* ---- The record ---- */

static void put_facts(vk_buf *out, const vk_receipt *receipt) {
    vk_buf_put(out, receipt->nonce.be, 32);
    vk_buf_put(out, receipt->transaction.b, 32);
    vk_canonical_u64(out, receipt->block);
    vk_buf_put(out, receipt->actual_gas_cost.be, 32);
    vk_buf_put_byte(out, receipt->success);
}

static bool copy_text(vk_bytes from, char *to, size_t size) {
    if (from.len >= size) {
        return false;
    }
    memcpy(to, from.len > 0 ? (const char *)from.data : "", from.len);
    to[from.len] = '\0';
    return true;
}

bool vk_journal_receipt(const vk_journal_record *record, vk_receipt *out) {
    const uint8_t *facts = record->before.data;
    *out = (vk_receipt){.chain_id = record->chain_id};
    if (record->event != VK_EVENT_RECEIPT || record->before.len != VK_RECEIPT_FACTS_LEN ||
        record->operation.len != sizeof out->operation.b ||
        record->account.len != sizeof out->account.b || facts[104] > 1 ||
        !copy_text(record->rule, out->bundler, sizeof out->bundler) ||
        !copy_text(record->reason, out->reason, sizeof out->reason)) {
        return false;
    }
    memcpy(out->operation.b, record->operation.data, sizeof out->operation.b);
    memcpy(out->account.b, record->account.data, sizeof out->account.b);
    memcpy(out->nonce.be, facts, 32);
    memcpy(out->transaction.b, facts + 32, 32);
    out->block = vk_canonical_get_u64(facts + 64);
    memcpy(out->actual_gas_cost.be, facts + 72, 32);
    out->success = facts[104] == 1;
    return true;
}

/* ---- What the journal has of the operation ---- */

/* Which record is looked for, and where. */
typedef struct search {
    vk_sql sql;
    int64_t chain_id; /* of the key, in the file */
    const vk_hash *operation;
} search;

/* One that was edited is none. */
static vk_status authenticate(const vk_token *token, const vk_journal_record *record,
                              vk_error *err) {
    vk_hash hash;
    uint8_t mac[32];
    vk_status status = vk_journal_hash(token, record, &hash);
    if (status == VK_OK) {
        status = vk_journal_mac(token, &hash, mac);
    }
    if (status != VK_OK) {
        return status;
    }
    return record->mac.len == sizeof mac && vk_equal_secret(record->mac.data, mac, sizeof mac)
               ? VK_OK
               : vk_fail(err, VK_ERR_INTEGRITY, NULL,
                         "the journal's record of the operation was edited");
}

/* Calls found with the newest such record; VK_ERR_NOT_FOUND if there is none. */
static vk_status find(vk_token *token, const search *wanted, vk_journal_walk_fn found,
                      void *context, vk_error *err) {
    vk_query query = vk_query_start(&token->db, wanted->sql);
    vk_query_int(&query, wanted->chain_id);
    vk_query_blob(&query, (vk_bytes){wanted->operation->b, 32});
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        vk_journal_record record;
        vk_journal_parse(&query, &record);
        status = authenticate(token, &record, err);
        status = status == VK_OK ? found(context, &record) : status;
    }
    vk_query_end(&query);
    return status;
}

/* ---- Adding ---- */

typedef struct adding {
    const vk_receipt *receipt;
    vk_bytes point;
    bool is_another; /* the journal has another one of the operation */
    /* Of the signature's record. */
    uint64_t chain_id;
    uint8_t account[20], permission_id[4];
    bool has_account;
} adding;

static vk_status compare(void *context, const vk_journal_record *record) {
    adding *a = context;
    vk_buf facts = {0};
    put_facts(&facts, a->receipt);
    a->is_another = !vk_bytes_equal(record->before, vk_buf_view(&facts));
    vk_status status = vk_buf_status(&facts);
    vk_buf_clear(&facts);
    return status;
}

static vk_status take_signed(void *context, const vk_journal_record *record) {
    adding *a = context;
    a->chain_id = record->chain_id;
    a->has_account = record->account.len == sizeof a->account &&
                     record->permission_id.len == sizeof a->permission_id;
    if (a->has_account) {
        memcpy(a->account, record->account.data, sizeof a->account);
        memcpy(a->permission_id, record->permission_id.data, sizeof a->permission_id);
    }
    return VK_OK;
}

/* *is_there: the same receipt. */
static vk_status check_new(vk_token *token, adding *a, const vk_scope_chain *chain, bool *is_there,
                           vk_error *err) {
    const search receipts = {VK_SQL_JOURNAL_RECEIPT, chain->id, &a->receipt->operation};
    vk_status status = find(token, &receipts, compare, a, err);
    *is_there = status == VK_OK;
    if (status == VK_ERR_NOT_FOUND) {
        return VK_OK;
    }
    return status == VK_OK && a->is_another
               ? vk_fail(err, VK_ERR_PROHIBITED, "userOpHash",
                         "the journal has another receipt of this operation")
               : status;
}

/* A digest that was signed as such has no account. */
static vk_status check_signed(vk_token *token, adding *a, const vk_scope_chain *chain,
                              vk_error *err) {
    const search signatures = {VK_SQL_JOURNAL_SIGNED, chain->id, &a->receipt->operation};
    vk_status status = find(token, &signatures, take_signed, a, err);
    if (status == VK_ERR_NOT_FOUND || (status == VK_OK && !a->has_account)) {
        return vk_fail(err, VK_ERR_NOT_FOUND, "userOpHash",
                       "the journal has no record that this key signed the operation");
    }
    bool same = status == VK_OK && a->chain_id == a->receipt->chain_id &&
                memcmp(a->account, a->receipt->account.b, sizeof a->account) == 0;
    return status == VK_OK && !same
               ? vk_fail(err, VK_ERR_MISMATCH, "account",
                         "the operation was signed for another account, or another chain")
               : status;
}

static vk_status write_record(vk_token *token, const adding *a, vk_error *err) {
    const vk_receipt *receipt = a->receipt;
    vk_journal_added added;
    vk_buf facts = {0};
    put_facts(&facts, receipt);
    vk_journal_record record = {
        .event = VK_EVENT_RECEIPT,
        .point = a->point,
        .chain_id = a->chain_id,
        .account = {a->account, sizeof a->account},
        .permission_id = {a->permission_id, sizeof a->permission_id},
        .operation = {receipt->operation.b, sizeof receipt->operation.b},
        .rule = {(const uint8_t *)receipt->bundler, strlen(receipt->bundler)},
        .reason = {(const uint8_t *)receipt->reason, strlen(receipt->reason)},
        .before = vk_buf_view(&facts)};
    vk_status status = vk_buf_status(&facts);
    if (status == VK_OK) {
        status = vk_journal_put(token, &record, &added, err);
    }
    vk_buf_clear(&facts);
    if (status == VK_OK) {
        vk_journal_added_stands(token, &added);
        status = vk_scope_flush(token, err);
    }
    return status;
}

static vk_status add(vk_token *token, adding *a, vk_error *err) {
    vk_scope_chain *chain;
    bool is_there = false;
    vk_status status = vk_scope_open_user(token, err);
    if (status == VK_OK) {
        status = vk_scope_chain_of(token, a->point, &chain, err);
    }
    if (status == VK_OK) {
        status = check_new(token, a, chain, &is_there, err);
    }
    if (status != VK_OK || is_there) {
        return status;
    }
    status = check_signed(token, a, chain, err);
    return status == VK_OK ? write_record(token, a, err) : status;
}

vk_status vk_token_add_receipt(vk_token *token, const uint8_t point65[65],
                               const vk_receipt *receipt, vk_error *err) {
    adding a = {.receipt = receipt, .point = {point65, 65}};
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_token_end_decisions(token, add(token, &a, err), err);
    return vk_token_explain(err, status);
}
