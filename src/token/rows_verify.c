/*
 * Checking the rows that signatures rest on: keys with their grants, budgets, what was signed for
 * nonces; and those that logins to the passkey server rest on. One that was edited is refused when
 * it is used; here all are looked at.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "token/store.h"

typedef struct check {
    vk_token *token;
    vk_rows_fn found;
    void *context;
} check;

__attribute__((format(printf, 3, 4))) static void find(const check *c, const char *what,
                                                       const char *format, ...) {
    char text[VK_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->found(c->context, what, text);
}

/* Edited is a finding; what could not be read at all is a failure. */
static vk_status note(const check *c, vk_status status, const char *what, int64_t key_id,
                      const char *text) {
    if (status == VK_ERR_INTEGRITY) {
        find(c, what, "%s of the key with the number %" PRId64, text, key_id);
        return VK_OK;
    }
    return status;
}

static vk_status check_grants(const check *c, int64_t key_id, vk_error *err) {
    vk_grant_record *records;
    size_t count;
    vk_status status = vk_grants_read(c->token, key_id, &records, &count, err);
    if (status == VK_OK) {
        vk_grant_records_free(records, count);
    }
    return note(c, status, "grants", key_id, "somebody edited a grant");
}

static vk_status check_key(const check *c, int64_t key_id, vk_error *err) {
    int64_t version;
    uint8_t point65[65];
    vk_status status = vk_store_key_point(c->token, key_id, &version, point65, err);
    if (status == VK_ERR_NOT_FOUND) {
        return VK_OK; /* a public half alone, which nothing vouches for */
    }
    if (status == VK_OK) {
        status = vk_key_check(c->token, key_id, err);
    }
    status = note(c, status, "key", key_id, "somebody edited the row, or the list of grants,");
    return status == VK_OK ? check_grants(c, key_id, err) : status;
}

static vk_status check_keys(const check *c, vk_error *err) {
    vk_query query = vk_query_start(&c->token->db, VK_SQL_KEY_FIND_ALL);
    vk_status status = VK_OK;
    while (vk_query_next(&query, &status, err)) {
        status = check_key(c, vk_column_int(&query, 0), err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status pass(void *context, const vk_u256 *nonce, const vk_nonce_row *row) {
    (void)context;
    (void)nonce;
    (void)row;
    return VK_OK;
}

static vk_status check_nonces(const check *c, const vk_query *budget, vk_error *err) {
    vk_hash subject;
    if (!vk_column_fixed(budget, 6, subject.b, sizeof subject.b)) {
        return VK_OK; /* the budget is a finding already */
    }
    vk_status status = vk_nonce_each(c->token, vk_column_int(budget, 0), &subject, pass, NULL, err);
    if (status == VK_ERR_INTEGRITY) {
        find(c, "nonces", "somebody edited what was signed for a nonce");
        return VK_OK;
    }
    return status;
}

static vk_status check_budgets(const check *c, vk_error *err) {
    vk_status status = vk_budgets_check(c->token, err);
    if (status == VK_ERR_INTEGRITY) {
        find(c, "budgets", "somebody edited a budget, or removed one");
        status = VK_OK;
    }
    vk_query query = vk_query_start_any(&c->token->db, VK_SQL_BUDGET_LIST);
    while (vk_query_next(&query, &status, err)) {
        status = check_nonces(c, &query, err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status check_passkeys(const check *c, vk_error *err) {
    vk_status status = vk_passkeys_check(c->token, err);
    if (status == VK_ERR_INTEGRITY) {
        find(c, "passkeys", "somebody edited who registered with the passkey server");
        return VK_OK;
    }
    return status;
}

vk_status vk_rows_verify(vk_token *token, vk_rows_fn found, void *context, vk_error *err) {
    const check c = {token, found, context};
    vk_status status = check_keys(&c, err);
    if (status == VK_OK) {
        status = check_budgets(&c, err);
    }
    return status == VK_OK ? check_passkeys(&c, err) : status;
}
