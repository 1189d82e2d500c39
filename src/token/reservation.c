#include <stdlib.h>

#include "token/store.h"

struct vk_reservation {
    vk_token *token;
    vk_hash subject;
    int64_t budget_id;
    vk_u256 nonce;
    size_t rule_count;
};

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

/* No grant vouches for the key's own budget: its seal says that the point, which names the budget,
 * is the key's. */
static vk_status check_key(vk_token *token, int64_t key_id, vk_error *err) {
    uint8_t secret32[32];
    vk_key_row row;
    vk_status status = vk_key_row_read(&token->db, key_id, &row);
    if (status == VK_OK) {
        status = vk_key_open(token, &row.record, row.sealed, secret32, err);
        vk_wipe(secret32, sizeof secret32);
    }
    vk_key_row_clear(&row);
    return status;
}

/* Whose budget is asked for, once key and grant are what they should be. */
static vk_status find_subject(vk_token *token, const vk_grant_record *grant, int64_t key_version,
                              vk_hash *subject, vk_error *err) {
    int64_t version;
    uint8_t point65[65];
    vk_status status = vk_store_key_point(token, grant->key_id, &version, point65, err);
    if (status == VK_OK && version != key_version) {
        status = vk_fail(err, VK_ERR_MISMATCH, NULL, "the key was changed in the meantime");
    }
    if (status == VK_OK) {
        status = grant->id != 0 ? check_grant(token, grant, point65, err)
                                : check_key(token, grant->key_id, err);
    }
    return status == VK_OK ? vk_budget_subject(point65, grant, subject) : status;
}

static vk_status load(vk_reservation *reservation, vk_budget *budget, vk_nonce_charge *charge,
                      vk_error *err) {
    vk_token *token = reservation->token;
    vk_status status = vk_budget_read(token, &reservation->subject, reservation->rule_count,
                                      &reservation->budget_id, budget, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_store_nonce_read(token, reservation->budget_id, &reservation->subject,
                                 &reservation->nonce, charge, err);
    if (status != VK_OK) {
        vk_budget_clear(budget);
    }
    return status;
}

static vk_status begin(vk_reservation *reservation, const vk_grant_record *grant,
                       int64_t key_version, vk_budget *budget, vk_nonce_charge *charge,
                       vk_error *err) {
    vk_token *token = reservation->token;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = find_subject(token, grant, key_version, &reservation->subject, err);
    }
    if (status == VK_OK && grant->id == 0) {
        status = vk_budget_ensure(token, &reservation->subject, err);
    }
    return status == VK_OK ? load(reservation, budget, charge, err) : status;
}

vk_status vk_reservation_begin(vk_token *token, const vk_grant_record *grant, int64_t key_version,
                               size_t rule_count, const vk_u256 *nonce, vk_reservation **out,
                               vk_budget *budget, vk_nonce_charge *charge, vk_error *err) {
    *out = NULL;
    *budget = (vk_budget){0};
    *charge = (vk_nonce_charge){0};
    vk_reservation *reservation = malloc(sizeof *reservation);
    if (reservation == NULL) {
        return VK_ERR_MEMORY;
    }
    *reservation = (vk_reservation){.token = token, .nonce = *nonce, .rule_count = rule_count};
    vk_status status = vk_token_begin(token, err);
    if (status == VK_OK) {
        status = begin(reservation, grant, key_version, budget, charge, err);
        if (status != VK_OK) {
            status = vk_token_end(token, status, err);
        }
    }
    if (status != VK_OK) {
        free(reservation);
        return status;
    }
    *out = reservation;
    return VK_OK;
}

static vk_status write_state(const vk_reservation *reservation, const vk_budget *budget,
                             const vk_nonce_charge *charge, vk_error *err) {
    if (budget->count != reservation->rule_count) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_budget_write(reservation->token, &reservation->subject, budget, err);
    if (status == VK_OK && charge->present) {
        status = vk_store_nonce_write(reservation->token, reservation->budget_id,
                                      &reservation->subject, &reservation->nonce, charge, err);
    }
    return status;
}

vk_status vk_reservation_commit(vk_reservation *reservation, const vk_budget *budget,
                                const vk_nonce_charge *charge, vk_error *err) {
    vk_token *token = reservation->token;
    vk_status status = write_state(reservation, budget, charge, err);
    status = vk_db_end(&token->db, status, err);
    vk_token_unlock(token);
    free(reservation);
    return status;
}

void vk_reservation_rollback(vk_reservation *reservation) {
    vk_token *token = reservation->token;
    vk_status ended = vk_db_end(&token->db, VK_DENIED, NULL);
    (void)ended;
    vk_token_unlock(token);
    free(reservation);
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
