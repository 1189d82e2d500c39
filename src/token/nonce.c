/* What was signed for the nonces of a budget. */
#include <string.h>
#include <valetkey/eth.h>

#include "token/store.h"

#define SPEND_LEN 40 /* rule id 8 || amount 32 */

/* ---- As bytes ---- */

static void put_operations(vk_buf *out, const vk_nonce_row *row) {
    for (size_t i = 0; i < row->operation_count; i++) {
        vk_buf_put(out, row->operations[i].b, sizeof row->operations[i].b);
    }
}

static void put_spends(vk_buf *out, const vk_nonce_row *row) {
    for (size_t i = 0; i < row->spend_count; i++) {
        vk_canonical_u64(out, (uint64_t)row->spends[i].rule_id);
        vk_buf_put(out, row->spends[i].amount.be, 32);
    }
}

static bool get_operations(vk_bytes data, vk_nonce_row *out) {
    out->operation_count = data.len / sizeof out->operations[0].b;
    if (data.len % sizeof out->operations[0].b != 0 || out->operation_count > VK_OPERATIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < out->operation_count; i++) {
        memcpy(out->operations[i].b, data.data + i * 32, 32);
    }
    return true;
}

static bool get_spends(vk_bytes data, vk_nonce_row *out) {
    out->spend_count = data.len / SPEND_LEN;
    if (data.len % SPEND_LEN != 0 || out->spend_count > VK_SPENDS_MAX) {
        return false;
    }
    for (size_t i = 0; i < out->spend_count; i++) {
        const uint8_t *from = data.data + i * SPEND_LEN;
        out->spends[i].rule_id = (int64_t)vk_canonical_get_u64(from);
        memcpy(out->spends[i].amount.be, from + 8, 32);
    }
    return true;
}

/* Rows of before version 6 have none of what follows the charge. */
static void put_row(vk_buf *out, const vk_token *token, const vk_hash *subject,
                    const vk_u256 *nonce, const vk_nonce_row *row) {
    vk_row_head(out, "nonce", token->serial);
    vk_canonical_bytes(out, (vk_bytes){subject->b, 32});
    vk_canonical_bytes(out, (vk_bytes){nonce->be, 32});
    vk_canonical_bytes(out, (vk_bytes){row->charge.gas.be, 32});
    vk_canonical_u64(out, row->charge.window);
    if (row->signed_count == 0) {
        return;
    }
    vk_canonical_u64(out, row->signed_at);
    vk_canonical_u64(out, row->included_at);
    vk_canonical_u64(out, row->signed_count);
    vk_canonical_u64(out, row->operation_count);
    put_operations(out, row);
    vk_canonical_u64(out, row->spend_count);
    put_spends(out, row);
}

/* ---- Reading ---- */

static bool get_row(const vk_query *query, vk_nonce_row *out) {
    int64_t signed_at = vk_column_int(query, 3), included_at = vk_column_int(query, 4);
    int64_t signed_count = vk_column_int(query, 5);
    out->charge.present = true;
    out->charge.window = (uint64_t)vk_column_int(query, 1);
    out->signed_at = (uint64_t)signed_at;
    out->included_at = (uint64_t)included_at;
    out->signed_count = (uint64_t)signed_count;
    bool whole = vk_column_fixed(query, 0, out->charge.gas.be, 32) && signed_at >= 0 &&
                 included_at >= 0 && signed_count >= 0 &&
                 get_operations(vk_column_blob(query, 6), out) &&
                 get_spends(vk_column_blob(query, 7), out);
    bool is_old =
        signed_at == 0 && included_at == 0 && out->operation_count == 0 && out->spend_count == 0;
    return whole && (signed_count > 0 || is_old);
}

static vk_status parse(const vk_token *token, const vk_query *query, const vk_hash *subject,
                       const vk_u256 *nonce, vk_nonce_row *out, vk_error *err) {
    if (!get_row(query, out)) {
        return vk_row_broken(err);
    }
    vk_buf data = {0};
    put_row(&data, token, subject, nonce, out);
    return vk_row_check(token, &data, vk_column_blob(query, 2), err);
}

vk_status vk_nonce_read(vk_token *token, int64_t budget_id, const vk_hash *subject,
                        const vk_u256 *nonce, vk_nonce_row *out, vk_error *err) {
    bool row;
    *out = (vk_nonce_row){.signed_at = 0};
    vk_query query = vk_query_start(&token->db, VK_SQL_NONCE_READ);
    vk_query_int(&query, budget_id);
    vk_query_blob(&query, (vk_bytes){nonce->be, 32});
    vk_status status = vk_query_step(&query, &row, err);
    if (status == VK_OK && row) {
        status = parse(token, &query, subject, nonce, out, err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status each_row(vk_token *token, const vk_query *query, const vk_hash *subject,
                          vk_nonce_fn each, void *context, vk_error *err) {
    vk_nonce_row row = {.signed_at = 0};
    vk_u256 nonce;
    if (!vk_column_fixed(query, 8, nonce.be, sizeof nonce.be)) {
        return vk_row_broken(err);
    }
    vk_status status = parse(token, query, subject, &nonce, &row, err);
    return status == VK_OK ? each(context, &nonce, &row) : status;
}

vk_status vk_nonce_each(vk_token *token, int64_t budget_id, const vk_hash *subject,
                        vk_nonce_fn each, void *context, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_NONCE_LIST);
    vk_query_int(&query, budget_id);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = each_row(token, &query, subject, each, context, err);
    }
    vk_query_end(&query);
    return status;
}

/* ---- Writing ---- */

static void bind_row(vk_query *query, int64_t budget_id, const vk_u256 *nonce,
                     const vk_nonce_row *row, const uint8_t mac32[32]) {
    vk_query_int(query, budget_id);
    vk_query_blob(query, (vk_bytes){nonce->be, 32});
    vk_query_blob(query, (vk_bytes){row->charge.gas.be, 32});
    vk_query_int(query, (int64_t)row->charge.window);
    vk_query_blob(query, (vk_bytes){mac32, 32});
    vk_query_int(query, (int64_t)row->signed_at);
    vk_query_int(query, (int64_t)row->included_at);
    vk_query_int(query, (int64_t)row->signed_count);
}

static vk_status insert(vk_token *token, int64_t budget_id, const vk_u256 *nonce,
                        const vk_nonce_row *row, const uint8_t mac32[32], vk_error *err) {
    vk_buf operations = {0}, spends = {0};
    put_operations(&operations, row);
    put_spends(&spends, row);
    vk_status status = vk_buf_status(&operations);
    if (status == VK_OK) {
        status = vk_buf_status(&spends);
    }
    if (status == VK_OK) {
        vk_query query = vk_query_start(&token->db, VK_SQL_NONCE_WRITE);
        bind_row(&query, budget_id, nonce, row, mac32);
        vk_query_blob(&query, vk_buf_view(&operations));
        vk_query_blob(&query, vk_buf_view(&spends));
        status = vk_query_run(&query, err);
    }
    vk_buf_clear(&operations);
    vk_buf_clear(&spends);
    return status;
}

vk_status vk_nonce_write(vk_token *token, int64_t budget_id, const vk_hash *subject,
                         const vk_u256 *nonce, const vk_nonce_row *row, vk_error *err) {
    uint8_t mac[32];
    vk_buf data = {0};
    put_row(&data, token, subject, nonce, row);
    vk_status status = vk_row_mac(token->keys, &data, mac);
    return status == VK_OK ? insert(token, budget_id, nonce, row, mac, err) : status;
}

vk_status vk_nonce_remove(vk_token *token, int64_t budget_id, const vk_u256 *nonce, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_NONCE_REMOVE);
    vk_query_int(&query, budget_id);
    vk_query_blob(&query, (vk_bytes){nonce->be, 32});
    return vk_query_run(&query, err);
}

/* ---- Operations ---- */

static bool has_operation(const vk_nonce_row *row, const vk_hash *operation) {
    for (size_t i = 0; i < row->operation_count; i++) {
        if (memcmp(row->operations[i].b, operation->b, sizeof operation->b) == 0) {
            return true;
        }
    }
    return false;
}

/* A row of before version 6 stands for one operation at least, that nobody knows. */
void vk_nonce_add_operation(vk_nonce_row *row, const vk_hash *operation, uint64_t now) {
    if (has_operation(row, operation)) {
        return;
    }
    bool is_first = !row->charge.present;
    if (is_first) {
        row->signed_at = now;
    } else if (row->signed_count == 0) {
        row->signed_count = 1;
    }
    row->signed_count++;
    if (row->operation_count < VK_OPERATIONS_MAX) {
        row->operations[row->operation_count++] = *operation;
    }
}
