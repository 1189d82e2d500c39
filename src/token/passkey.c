#include "token/passkey.h"

#include <string.h>
#include <valetkey/webauthn.h>

#include "token/store.h"

static vk_bytes credential_of(const vk_passkey_user *user) {
    return (vk_bytes){user->credential_id, user->credential_id_len};
}

static vk_status mac_data(const vk_token *token, const vk_passkey_user *user, vk_buf *out) {
    vk_row_head(out, "passkey user", token->serial);
    vk_canonical_u64(out, (uint64_t)user->id);
    vk_canonical_text(out, user->user_id);
    vk_canonical_text(out, user->name);
    vk_canonical_text(out, user->rp_id);
    vk_canonical_bytes(out, credential_of(user));
    vk_canonical_bytes(out, (vk_bytes){user->point65, sizeof user->point65});
    vk_canonical_u64(out, user->sign_count);
    vk_canonical_text(out, user->transports);
    vk_canonical_u64(out, user->created_at);
    return vk_buf_status(out);
}

/* ---- Reading ---- */

static bool take_text(const vk_query *query, int column, char *out, size_t size) {
    vk_bytes text = vk_column_blob(query, column);
    if (text.len >= size || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)) {
        return false;
    }
    if (text.len > 0) {
        memcpy(out, text.data, text.len);
    }
    out[text.len] = '\0';
    return true;
}

static bool take_credential(const vk_query *query, int column, vk_passkey_user *out) {
    vk_bytes id = vk_column_blob(query, column);
    if (id.len == 0 || id.len > sizeof out->credential_id) {
        return false;
    }
    out->credential_id_len = id.len;
    memcpy(out->credential_id, id.data, id.len);
    return true;
}

/* As PASSKEY_COLUMNS has them. Of a row that was edited, whatever of it can be read. */
static vk_status parse(const vk_token *token, const vk_query *query, vk_passkey_user *out,
                       vk_error *err) {
    vk_buf data = {0};
    int64_t count = vk_column_int(query, 6), created = vk_column_int(query, 8);
    *out = (vk_passkey_user){.id = vk_column_int(query, 0)};
    bool whole = count >= 0 && count <= UINT32_MAX && created >= 0;
    whole &= take_text(query, 1, out->user_id, sizeof out->user_id);
    whole &= take_text(query, 2, out->name, sizeof out->name);
    whole &= take_text(query, 3, out->rp_id, sizeof out->rp_id);
    whole &= take_credential(query, 4, out);
    whole &= vk_column_fixed(query, 5, out->point65, sizeof out->point65);
    whole &= take_text(query, 7, out->transports, sizeof out->transports);
    if (!whole) {
        return vk_row_broken(err);
    }
    out->sign_count = (uint32_t)count;
    out->created_at = (uint64_t)created;
    vk_status status = mac_data(token, out, &data);
    if (status != VK_OK) {
        vk_buf_clear(&data);
        return status;
    }
    return vk_row_check(token, &data, vk_column_blob(query, 9), err);
}

static vk_status find(vk_token *token, vk_bytes credential_id, vk_passkey_user *out,
                      vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_FIND);
    vk_query_blob(&query, credential_id);
    status = vk_query_row(&query, err);
    if (status == VK_OK) {
        status = parse(token, &query, out, err);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_token_passkey_find(vk_token *token, vk_bytes credential_id, vk_passkey_user *out,
                                vk_error *err) {
    *out = (vk_passkey_user){0};
    vk_token_lock(token);
    vk_status status = vk_token_explain(err, find(token, credential_id, out, err));
    vk_token_unlock(token);
    return status;
}

vk_status vk_passkeys_check(vk_token *token, vk_error *err) {
    vk_passkey_user user;
    vk_status status = VK_OK;
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_LIST);
    while (vk_query_next(&query, &status, err)) {
        status = parse(token, &query, &user, err);
    }
    vk_query_end(&query);
    return status;
}

/* The row that somebody edited is one of those that a person wants to see. */
static vk_status show(const vk_token *token, const vk_query *query, vk_passkey_user_fn each,
                      void *context, vk_error *err) {
    vk_passkey_user user;
    vk_status status = parse(token, query, &user, err);
    if (status == VK_OK) {
        status = vk_query_check_types(query, err);
    }
    return status == VK_OK || status == VK_ERR_INTEGRITY ? each(context, &user, status == VK_OK)
                                                         : status;
}

static vk_status each_user(vk_token *token, vk_passkey_user_fn each, void *context, vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start_any(&token->db, VK_SQL_PASSKEY_LIST);
    while (vk_query_next(&query, &status, err)) {
        status = show(token, &query, each, context, err);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_token_passkey_each(vk_token *token, vk_passkey_user_fn each, void *context,
                                vk_error *err) {
    vk_token_lock(token);
    vk_status status = vk_token_explain(err, each_user(token, each, context, err));
    vk_token_unlock(token);
    return status;
}

/* ---- Adding ---- */

static bool is_sound(const vk_passkey_user *user) {
    return user->user_id[0] != '\0' && user->name[0] != '\0' && user->rp_id[0] != '\0' &&
           user->credential_id_len > 0 && user->credential_id_len <= sizeof user->credential_id &&
           user->created_at <= INT64_MAX && vk_p256_check_point(user->point65) == VK_OK;
}

static vk_status check_new(vk_token *token, const vk_passkey_user *user, vk_error *err) {
    bool found;
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_FIND);
    vk_query_blob(&query, credential_of(user));
    vk_status status = vk_query_step(&query, &found, err);
    vk_query_end(&query);
    if (status == VK_OK && found) {
        return vk_fail(err, VK_ERR_EXISTS, NULL, "this passkey is registered already");
    }
    return status;
}

static vk_status check_room(vk_token *token, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_NUMBER);
    vk_status status = vk_query_row(&query, err);
    int64_t count = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    if (status == VK_OK && count >= VK_PASSKEY_USERS_MAX) {
        return vk_fail(err, VK_ERR_STORE_FULL, NULL, "there are %d passkeys already",
                       VK_PASSKEY_USERS_MAX);
    }
    return status;
}

static vk_status insert(vk_token *token, vk_passkey_user *user, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_INSERT);
    vk_query_text(&query, user->user_id);
    vk_query_text(&query, user->name);
    vk_query_text(&query, user->rp_id);
    vk_query_blob(&query, credential_of(user));
    vk_query_blob(&query, (vk_bytes){user->point65, sizeof user->point65});
    vk_query_text(&query, user->transports);
    vk_query_int(&query, (int64_t)user->created_at);
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        user->id = sqlite3_last_insert_rowid(token->db.handle);
    }
    return status;
}

/* The count and the MAC: what is said of the id, too. */
static vk_status write_count(vk_token *token, const vk_passkey_user *user, vk_error *err) {
    uint8_t mac32[32];
    vk_buf data = {0};
    vk_status status = mac_data(token, user, &data);
    if (status == VK_OK) {
        status = vk_row_mac(token->keys, &data, mac32);
    }
    if (status != VK_OK) {
        vk_buf_clear(&data);
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_COUNT);
    vk_query_int(&query, user->sign_count);
    vk_query_blob(&query, (vk_bytes){mac32, sizeof mac32});
    vk_query_int(&query, user->id);
    return vk_query_run(&query, err);
}

static vk_status add(vk_token *token, vk_passkey_user *user, vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = check_new(token, user, err);
    }
    if (status == VK_OK) {
        status = check_room(token, err);
    }
    if (status == VK_OK) {
        status = insert(token, user, err);
    }
    return status == VK_OK ? write_count(token, user, err) : status;
}

vk_status vk_token_passkey_add(vk_token *token, vk_passkey_user *user, vk_error *err) {
    if (!is_sound(user)) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_token_begin(token, err);
    return status == VK_OK ? vk_token_end_logins(token, add(token, user, err), err) : status;
}

/* ---- Counting ---- */

static vk_status count(vk_token *token, const vk_passkey_user *user, uint32_t sign_count,
                       vk_error *err) {
    vk_passkey_user now;
    vk_status status = find(token, credential_of(user), &now, err);
    if (status == VK_OK && (now.id != user->id || now.sign_count != user->sign_count)) {
        status = vk_fail(err, VK_ERR_MISMATCH, NULL, "the passkey logged in elsewhere meanwhile");
    }
    now.sign_count = sign_count;
    return status == VK_OK ? write_count(token, &now, err) : status;
}

vk_status vk_token_passkey_count(vk_token *token, const vk_passkey_user *user, uint32_t sign_count,
                                 vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    return status == VK_OK ? vk_token_end_logins(token, count(token, user, sign_count, err), err)
                           : status;
}

/* ---- Removing ---- */

static vk_status remove_user(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_PASSKEY_REMOVE);
    vk_query_int(&query, id);
    status = vk_query_run(&query, err);
    return status == VK_OK && sqlite3_changes(token->db.handle) == 0 ? VK_ERR_NOT_FOUND : status;
}

vk_status vk_token_passkey_remove(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    return status == VK_OK ? vk_token_end_logins(token, remove_user(token, id, err), err) : status;
}
