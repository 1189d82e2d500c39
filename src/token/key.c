#include <string.h>

#include "token/attrs.h"
#include "token/journal.h"
#include "token/store.h"

/* ---- Putting rows together ---- */

static vk_status copy_buf(vk_buf *to, const vk_buf *from) {
    vk_buf_clear(to);
    vk_buf_put(to, from->data, from->len);
    return vk_buf_status(to);
}

static vk_status copy_text(char **to, const char *from) {
    vk_text_free(*to);
    *to = NULL;
    if (from == NULL) {
        return VK_OK;
    }
    vk_buf text = {0};
    vk_buf_put_text(&text, from);
    *to = vk_buf_take_text(&text);
    return *to != NULL ? VK_OK : VK_ERR_MEMORY;
}

static vk_status take_public(vk_key_row *row, const vk_key_record *from,
                             const vk_key_names *names) {
    row->record.has_public = true;
    vk_key_row_name_public(row, names);
    return copy_buf(&row->record.public_attrs, &from->public_attrs);
}

static vk_status take_private(vk_key_row *row, const vk_key_record *from,
                              const vk_key_names *names) {
    vk_key_record *to = &row->record;
    to->has_private = row->is_sealed = true;
    to->authenticator_id_hash = from->authenticator_id_hash;
    to->use_sign_count = from->use_sign_count;
    to->home = from->home;
    to->has_blob = from->has_blob;
    vk_key_row_name_private(row, names);
    vk_status status = copy_buf(&to->private_attrs, &from->private_attrs);
    if (status == VK_OK) {
        status = copy_buf(&to->credential_id, &from->credential_id);
    }
    if (status == VK_OK) {
        status = copy_text(&to->policy, from->policy);
    }
    if (status == VK_OK) {
        status = copy_text(&to->rp_id, from->rp_id);
    }
    return status == VK_OK ? copy_text(&to->origin, from->origin) : status;
}

/* What is left of a row when the private half goes: the public half. */
static void drop_private(vk_key_row *row) {
    vk_key_record *record = &row->record;
    vk_key_record left = {.id = record->id,
                          .version = record->version,
                          .curve = record->curve,
                          .has_public = record->has_public,
                          .public_attrs = record->public_attrs};
    memcpy(left.point65, record->point65, sizeof left.point65);
    record->public_attrs = (vk_buf){0};
    vk_key_record_clear(record);
    *record = left;
    row->is_sealed = false;
}

/* Writes a row; with a secret, seals it again: the seal covers the row, its new id included. */
static vk_status store(vk_token *token, vk_key_row *row, const uint8_t *secret32, vk_error *err) {
    vk_status status = vk_key_row_write(&token->db, row, err);
    if (status != VK_OK || secret32 == NULL) {
        return status;
    }
    return vk_key_reseal(token, &row->record, secret32, err);
}

/* The secret of a row that is about to change; none, and no login needed, without private half. */
static vk_status open_row(vk_token *token, vk_role role, const vk_key_row *row,
                          uint8_t secret32[32], const uint8_t **out, vk_error *err) {
    *out = NULL;
    if (!row->is_sealed) {
        return VK_OK;
    }
    vk_status status = vk_token_needs(token, role);
    if (status == VK_OK) {
        status = vk_key_open(token, &row->record, row->sealed, secret32, NULL, err);
    }
    *out = status == VK_OK ? secret32 : NULL;
    return status;
}

/* ---- Adding ---- */

/* The row of this point, or a new one. */
static vk_status find_row(vk_token *token, const vk_key_record *record, vk_key_row *out,
                          vk_error *err) {
    bool found;
    *out = (vk_key_row){.record.curve = record->curve};
    memcpy(out->record.point65, record->point65, sizeof out->record.point65);
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_OF_POINT);
    vk_query_blob(&query, (vk_bytes){record->point65, sizeof record->point65});
    vk_status status = vk_query_step(&query, &found, err);
    int64_t id = status == VK_OK && found ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return id != 0 ? vk_key_row_read(&token->db, id, out) : status;
}

static vk_status exists(vk_error *err, const char *half) {
    return vk_fail(err, VK_ERR_EXISTS, NULL, "the token has the %s half of this key already", half);
}

/* Nobody has the secret of a key that is elsewhere: something stands for it in the seal. */
static vk_status store_elsewhere(vk_token *token, vk_key_row *row, vk_error *err) {
    uint8_t nobodys32[32];
    vk_status status = vk_crypt_random(nobodys32, sizeof nobodys32);
    return status == VK_OK ? store(token, row, nobodys32, err) : status;
}

static vk_status add_pair(vk_token *token, const vk_key_record *record, const vk_key_names *names,
                          const uint8_t *secret32, vk_key_row *row, vk_error *err) {
    if (token->role == VK_ROLE_NONE) {
        return VK_ERR_NOT_LOGGED_IN;
    }
    if (row->record.has_private) {
        return exists(err, "private");
    }
    vk_status status = take_private(row, record, names);
    if (status == VK_OK && record->has_public) {
        status = take_public(row, record, names);
    }
    if (status != VK_OK) {
        return status;
    }
    return record->home == VK_HOME_TOKEN ? store(token, row, secret32, err)
                                         : store_elsewhere(token, row, err);
}

static vk_status add_public(vk_token *token, const vk_key_record *record, const vk_key_names *names,
                            vk_key_row *row, vk_error *err) {
    uint8_t buffer[32];
    const uint8_t *secret32;
    if (row->record.has_public) {
        return exists(err, "public");
    }
    vk_status status = open_row(token, VK_ROLE_USER, row, buffer, &secret32, err);
    if (status == VK_OK) {
        status = take_public(row, record, names);
    }
    if (status == VK_OK) {
        status = store(token, row, secret32, err);
    }
    vk_wipe(buffer, sizeof buffer);
    return status;
}

static bool is_pair(const vk_key_record *record, const uint8_t *secret32) {
    return secret32 != NULL || record->home != VK_HOME_TOKEN;
}

/* Security keys and browsers have P-256 alone. */
static bool is_sound(const vk_key_record *record) {
    switch (record->home) {
    case VK_HOME_TOKEN:
        return (record->curve == VK_CURVE_SECP256K1 || record->curve == VK_CURVE_P256) &&
               !record->has_blob;
    case VK_HOME_FIDO2:
        return record->curve == VK_CURVE_P256 && record->credential_id.len > 0;
    case VK_HOME_REMOTE:
        return record->curve == VK_CURVE_P256;
    }
    return false;
}

static vk_status add(vk_token *token, vk_key_record *record, const vk_key_names *names,
                     const uint8_t *secret32, vk_error *err) {
    vk_key_row row;
    if (!is_sound(record) || (!is_pair(record, secret32) && !record->has_public)) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = find_row(token, record, &row, err);
    if (status == VK_OK && row.record.curve != record->curve) {
        status = vk_row_broken(err);
    }
    if (status == VK_OK) {
        status = is_pair(record, secret32) ? add_pair(token, record, names, secret32, &row, err)
                                           : add_public(token, record, names, &row, err);
    }
    if (status == VK_OK) {
        record->id = row.record.id;
        record->version = row.record.version;
    }
    vk_key_row_clear(&row);
    return status;
}

vk_status vk_token_key_add(vk_token *token, vk_key_record *record, const vk_key_names *names,
                           const uint8_t *secret32, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_token_end(token, add(token, record, names, secret32, err), err);
    if (status == VK_OK) {
        record->has_private = is_pair(record, secret32);
        vk_text_free(record->last_denial);
        record->last_denial = NULL;
    }
    return status;
}

static vk_status add_next(vk_token *token, size_t index, vk_key_next_fn next, void *context,
                          vk_error *err) {
    uint8_t secret32[32];
    vk_key_record *record;
    vk_key_names names;
    vk_status status = next(context, index, &record, &names, secret32, err);
    if (status == VK_OK) {
        status = add(token, record, &names, secret32, err);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

vk_status vk_token_keys_add(vk_token *token, size_t count, vk_key_next_fn next, void *context,
                            vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = add_next(token, i, next, context, err);
    }
    return vk_token_end(token, status, err);
}

/* ---- Changing ---- */

static vk_status rewrite(vk_key_row *row, const vk_key_record *record, const vk_key_names *names) {
    vk_status status = VK_OK;
    if (row->record.has_private) {
        vk_key_row_name_private(row, names);
        status = copy_buf(&row->record.private_attrs, &record->private_attrs);
    }
    if (status == VK_OK && record->has_public) {
        return take_public(row, record, names);
    }
    row->record.has_public = false;
    vk_buf_clear(&row->record.public_attrs);
    return status == VK_OK && !row->record.has_private ? VK_ERR_ARGUMENT : status;
}

static vk_status update(vk_token *token, const vk_key_record *record, const vk_key_names *names,
                        vk_error *err) {
    uint8_t buffer[32];
    const uint8_t *secret32 = NULL;
    vk_key_row row;
    vk_status status = vk_key_row_read(&token->db, record->id, &row);
    if (status == VK_OK && row.record.version != record->version) {
        status = VK_ERR_MISMATCH;
    }
    if (status == VK_OK) {
        status = open_row(token, VK_ROLE_USER, &row, buffer, &secret32, err);
    }
    if (status == VK_OK) {
        status = rewrite(&row, record, names);
    }
    if (status == VK_OK) {
        status = store(token, &row, secret32, err);
    }
    vk_wipe(buffer, sizeof buffer);
    vk_key_row_clear(&row);
    return status;
}

vk_status vk_token_key_update(vk_token *token, const vk_key_record *record,
                              const vk_key_names *names, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, update(token, record, names, err), err);
}

/* Its credential has the digest of the policy, or of none, for good. */
static vk_status check_home(const vk_key_record *record, vk_error *err) {
    return record->home != VK_HOME_FIDO2
               ? VK_OK
               : vk_fail(err, VK_ERR_PROHIBITED, NULL,
                         "the policy of a key on a security key was given when it was made, and "
                         "cannot change");
}

static vk_status check_no_grant(vk_token *token, int64_t id, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_COUNT);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, err);
    int64_t count = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    if (status == VK_OK && count > 0) {
        return vk_fail(err, VK_ERR_PROHIBITED, NULL,
                       "the policy cannot change any more: the key has %lld grants",
                       (long long)count);
    }
    return status;
}

/* What the SO changes of a key. */
typedef struct so_change {
    const char *policy; /* NULL: the attribute is meant */
    uint64_t type;
    vk_bytes value;
    const char *words; /* for the journal; NULL: nothing */
} so_change;

static vk_status make_change(vk_token *token, vk_key_record *record, const so_change *change,
                             vk_error *err) {
    if (change->policy == NULL) {
        return vk_attrs_set(&record->private_attrs, change->type, change->value);
    }
    vk_status status = check_home(record, err);
    if (status == VK_OK) {
        status = check_no_grant(token, record->id, err);
    }
    return status == VK_OK ? copy_text(&record->policy, change->policy) : status;
}

/* In the key's chain: who reads there what the key did sees who allowed it. */
static vk_status note_change(vk_token *token, const vk_key_record *record, const char *words,
                             vk_error *err) {
    vk_state *state;
    vk_journal_added added;
    vk_journal_record noted = {.event = VK_EVENT_SETTINGS,
                               .point = {record->point65, sizeof record->point65},
                               .reason = {(const uint8_t *)words, strlen(words)}};
    vk_status status = vk_scope_open(token, &state, err);
    if (status == VK_OK) {
        status = vk_journal_put(token, &noted, &added, err);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_journal_added_stands(token, &added);
    return vk_scope_flush(token, err);
}

static vk_status change_as_so(vk_token *token, int64_t id, const so_change *change, vk_error *err) {
    uint8_t buffer[32];
    const uint8_t *secret32 = NULL;
    vk_key_row row;
    vk_status status = vk_key_row_read(&token->db, id, &row);
    if (status == VK_OK && !row.record.has_private) {
        status = VK_ERR_NOT_FOUND;
    }
    if (status == VK_OK) {
        status = open_row(token, VK_ROLE_SO, &row, buffer, &secret32, err);
    }
    if (status == VK_OK) {
        status = make_change(token, &row.record, change, err);
    }
    if (status == VK_OK) {
        status = store(token, &row, secret32, err);
    }
    if (status == VK_OK && change->words != NULL) {
        status = note_change(token, &row.record, change->words, err);
    }
    vk_wipe(buffer, sizeof buffer);
    vk_key_row_clear(&row);
    return status;
}

vk_status vk_token_key_set_policy(vk_token *token, int64_t id, const char *policy, vk_error *err) {
    if (policy == NULL) {
        return VK_ERR_ARGUMENT;
    }
    const so_change change = {.policy = policy};
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, change_as_so(token, id, &change, err), err);
}

vk_status vk_token_key_set_attr(vk_token *token, int64_t id, uint64_t type, vk_bytes value,
                                const char *words, vk_error *err) {
    const so_change change = {.type = type, .value = value, .words = words};
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, change_as_so(token, id, &change, err), err);
}

/* ---- Removing ---- */

static vk_status run_for_key(vk_token *token, vk_sql sql, int64_t id) {
    vk_query query = vk_query_start(&token->db, sql);
    vk_query_int(&query, id);
    return vk_query_run(&query, NULL);
}

/* What needs the private half. */
static vk_status remove_uses(vk_token *token, int64_t id) {
    vk_status status = run_for_key(token, VK_SQL_GRANT_REMOVE, id);
    return status == VK_OK ? run_for_key(token, VK_SQL_PENDING_REMOVE_KEY, id) : status;
}

static vk_status remove_row(vk_token *token, int64_t id) {
    vk_status status = remove_uses(token, id);
    return status == VK_OK ? run_for_key(token, VK_SQL_KEY_REMOVE, id) : status;
}

static vk_status keep_public(vk_token *token, vk_key_row *row) {
    drop_private(row);
    vk_status status = remove_uses(token, row->record.id);
    return status == VK_OK ? store(token, row, NULL, NULL) : status;
}

static vk_status keep_private(vk_token *token, vk_key_row *row) {
    uint8_t buffer[32];
    const uint8_t *secret32;
    vk_status status = open_row(token, VK_ROLE_USER, row, buffer, &secret32, NULL);
    if (status == VK_OK) {
        row->record.has_public = false;
        vk_buf_clear(&row->record.public_attrs);
        status = store(token, row, secret32, NULL);
    }
    vk_wipe(buffer, sizeof buffer);
    return status;
}

/* What is there of the key, which need not be sound to be removed. */
static vk_status read_halves(vk_token *token, int64_t id, bool *has_private, bool *has_public) {
    vk_query query = vk_query_start_any(&token->db, VK_SQL_KEY_STATE);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, NULL);
    *has_private = status == VK_OK && vk_column_int(&query, 1) != 0;
    *has_public = status == VK_OK && vk_column_int(&query, 3) != 0;
    vk_query_end(&query);
    return status;
}

static vk_status keep_one(vk_token *token, int64_t id, bool is_private_removed) {
    vk_key_row row;
    vk_status status = vk_key_row_read(&token->db, id, &row);
    if (status == VK_OK) {
        status = is_private_removed ? keep_public(token, &row) : keep_private(token, &row);
    }
    vk_key_row_clear(&row);
    return status;
}

static vk_status remove_halves(vk_token *token, int64_t id, bool private_half, bool public_half) {
    bool has_private, has_public;
    vk_status status = read_halves(token, id, &has_private, &has_public);
    if (status != VK_OK) {
        return status;
    }
    bool drops_private = private_half && has_private, drops_public = public_half && has_public;
    if (!drops_private && !drops_public) {
        return VK_ERR_NOT_FOUND;
    }
    if (drops_private && token->role != VK_ROLE_USER) {
        return VK_ERR_NOT_LOGGED_IN;
    }
    if (drops_private == has_private && drops_public == has_public) {
        return remove_row(token, id);
    }
    return keep_one(token, id, drops_private);
}

vk_status vk_token_key_remove(vk_token *token, int64_t id, bool private_half, bool public_half) {
    vk_status status = vk_token_begin(token, NULL);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, remove_halves(token, id, private_half, public_half), NULL);
}
