/* Counts of assertions that a security key or a browser made: they come with the answer. */
#include <string.h>

#include "token/store.h"

typedef struct counted {
    vk_scope_budget *budget; /* the grant's */
    uint32_t highest;        /* of all the key's grants */
} counted;

/* The seal says which grants the key has, so that none of them hides its count. */
static vk_status check_key(vk_token *token, int64_t key_id, const uint8_t point65[65],
                           int64_t *version, vk_error *err) {
    uint8_t stored65[65];
    vk_status status = vk_store_key_point(token, key_id, version, stored65, err);
    if (status == VK_OK && memcmp(stored65, point65, sizeof stored65) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, NULL, "the assertion is another key's");
    }
    return status == VK_OK ? vk_key_check(token, key_id, err) : status;
}

static vk_status read_budget(vk_token *token, const vk_hash *subject, counted *out, vk_error *err) {
    vk_status status = vk_scope_budget_of(token, subject, VK_RULES_AS_STORED, &out->budget, err);
    if (status == VK_OK && out->budget->now.sign_count > out->highest) {
        out->highest = out->budget->now.sign_count;
    }
    return status;
}

static vk_status read_others(vk_token *token, int64_t key_id, const uint8_t point65[65],
                             counted *out, vk_error *err) {
    vk_grant_record *grants;
    size_t count;
    vk_hash subject;
    vk_status status = vk_grants_read(token, key_id, &grants, &count, err);
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = vk_budget_subject(point65, &grants[i], &subject);
        if (status == VK_OK) {
            status = read_budget(token, &subject, out, err);
        }
    }
    vk_grant_records_free(grants, count);
    return status;
}

/* The grant's own comes last, and stays in *out. */
static vk_status read_counts(vk_token *token, const vk_grant_record *grant,
                             const uint8_t point65[65], counted *out, vk_error *err) {
    int64_t version;
    vk_hash subject;
    vk_status status = check_key(token, grant->key_id, point65, &version, err);
    if (status == VK_OK) {
        status = vk_scope_subject(token, grant, version, &subject, err);
    }
    if (status == VK_OK) {
        status = read_others(token, grant->key_id, point65, out, err);
    }
    return status == VK_OK ? read_budget(token, &subject, out, err) : status;
}

/* One that counts nothing says 0 each time [WebAuthn 6.1.1]. */
static vk_status keep_count(vk_token *token, const counted *seen, uint32_t sign_count,
                            vk_error *err) {
    if (sign_count == 0 && seen->highest == 0) {
        return VK_OK;
    }
    if (sign_count <= seen->highest) {
        return vk_fail(
            err, VK_DENIED, "signCount",
            "the authenticator's counter is %u, but %u was seen before: it may be a copy",
            sign_count, seen->highest);
    }
    seen->budget->now.sign_count = sign_count;
    vk_scope_note_change(token, seen->budget);
    return vk_scope_flush(token, err);
}

static vk_status count(vk_token *token, const vk_grant_record *grant, const uint8_t point65[65],
                       uint32_t sign_count, vk_error *err) {
    counted seen = {0};
    vk_status status = vk_scope_open_user(token, err);
    if (status == VK_OK) {
        status = read_counts(token, grant, point65, &seen, err);
    }
    return status == VK_OK ? keep_count(token, &seen, sign_count, err) : status;
}

vk_status vk_token_count_assertion(vk_token *token, const vk_grant_record *grant,
                                   const uint8_t point65[65], uint32_t sign_count, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = count(token, grant, point65, sign_count, err);
    status = vk_token_finish_decisions(token, status, err);
    /* Budgets were read without their policy, which says how many rules a fresh one has. */
    vk_scope_clear(&token->scope);
    vk_token_unlock(token);
    return status;
}
