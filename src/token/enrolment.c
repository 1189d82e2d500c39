#include "token/enrolment.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "token/store.h"

/* ---- What one may say ---- */

static bool is_name(const char *text) {
    const uint8_t *p = (const uint8_t *)text;
    size_t left = strlen(text), len = 1;
    for (; left > 0 && len > 0; left -= len, p += len) {
        len = vk_utf8_printable_len(p, left);
    }
    return left == 0;
}

static bool is_rp_id(const char *text) {
    size_t plain = 0;
    while (text[plain] > 0x20 && text[plain] < 0x7f) {
        plain++;
    }
    return plain > 0 && text[plain] == '\0';
}

static bool is_ended(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

bool vk_enrolment_is_sound(const vk_enrolment *enrolment) {
    return is_ended(enrolment->name, sizeof enrolment->name) &&
           is_ended(enrolment->rp_id, sizeof enrolment->rp_id) && is_name(enrolment->name) &&
           is_rp_id(enrolment->rp_id) && enrolment->credential_id_len > 0 &&
           enrolment->credential_id_len <= sizeof enrolment->credential_id;
}

static vk_bytes credential_of(const vk_enrolment *enrolment) {
    return (vk_bytes){enrolment->credential_id, enrolment->credential_id_len};
}

static vk_bytes salt_of(const vk_enrolment *enrolment) {
    return (vk_bytes){enrolment->salt32, sizeof enrolment->salt32};
}

static vk_bytes point_of(const vk_enrolment *enrolment) {
    return (vk_bytes){enrolment->point65, enrolment->has_point ? sizeof enrolment->point65 : 0};
}

/* ---- Wrapping ---- */

/* What is wrapped under this secret is for this row alone. Verification is not named: rows of
 * before version 12 have it without saying so. */
static vk_status prepare(const char *serial, const vk_enrolment *enrolment,
                         const uint8_t secret32[32], uint8_t kek32[32], vk_buf *aad) {
    vk_row_head(aad, "enrolment", serial);
    vk_canonical_u64(aad, (uint64_t)enrolment->id);
    vk_canonical_text(aad, enrolment->name);
    vk_canonical_text(aad, enrolment->rp_id);
    vk_canonical_bytes(aad, credential_of(enrolment));
    vk_canonical_bytes(aad, salt_of(enrolment));
    vk_canonical_bytes(aad, point_of(enrolment));
    if (!enrolment->verified) {
        vk_canonical_text(aad, "touch only");
    }
    vk_status status = vk_buf_status(aad);
    return status == VK_OK ? vk_crypt_subkey(secret32, "valetkey enrolment", kek32) : status;
}

static vk_status wrap(const char *serial, const vk_enrolment *enrolment, const uint8_t secret32[32],
                      const uint8_t token_key32[32], uint8_t wrapped[VK_SEALED_LEN]) {
    uint8_t kek[32];
    vk_buf aad = {0};
    vk_status status = prepare(serial, enrolment, secret32, kek, &aad);
    if (status == VK_OK) {
        status = vk_crypt_seal(kek, vk_buf_view(&aad), token_key32, wrapped);
    }
    vk_wipe(kek, sizeof kek);
    vk_buf_clear(&aad);
    return status;
}

static vk_status unwrap(const char *serial, const vk_enrolment *enrolment,
                        const uint8_t secret32[32], const uint8_t wrapped[VK_SEALED_LEN],
                        uint8_t token_key32[32]) {
    uint8_t kek[32];
    vk_buf aad = {0};
    vk_status status = prepare(serial, enrolment, secret32, kek, &aad);
    if (status == VK_OK) {
        status = vk_crypt_open(kek, vk_buf_view(&aad), wrapped, token_key32);
        status = status == VK_ERR_INTEGRITY ? VK_ERR_PIN_INCORRECT : status;
    }
    vk_wipe(kek, sizeof kek);
    vk_buf_clear(&aad);
    return status;
}

/* ---- Reading ---- */

static bool get_text(const vk_query *query, int column, char *out, size_t size) {
    vk_bytes text = vk_column_blob(query, column);
    if (text.len >= size || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)) {
        return false;
    }
    if (text.len > 0) {
        memcpy(out, text.data, text.len);
    }
    return true;
}

static bool get_credential(const vk_query *query, int column, vk_enrolment *out) {
    vk_bytes id = vk_column_blob(query, column);
    if (id.len == 0 || id.len > sizeof out->credential_id) {
        return false;
    }
    memcpy(out->credential_id, id.data, id.len);
    out->credential_id_len = id.len;
    return true;
}

static bool get_point(const vk_query *query, int column, vk_enrolment *out) {
    out->has_point = vk_column_blob(query, column).len > 0;
    return !out->has_point || vk_column_fixed(query, column, out->point65, sizeof out->point65);
}

static vk_status parse_row(const vk_query *query, vk_enrolment *out, uint8_t wrapped[VK_SEALED_LEN],
                           vk_error *err) {
    *out = (vk_enrolment){.id = vk_column_int(query, 0)};
    bool whole = get_text(query, 1, out->name, sizeof out->name) &&
                 get_text(query, 2, out->rp_id, sizeof out->rp_id) &&
                 get_credential(query, 3, out) &&
                 vk_column_fixed(query, 4, out->salt32, sizeof out->salt32) &&
                 get_point(query, 5, out) && vk_column_flag(query, 6, &out->verified) &&
                 vk_column_fixed(query, 7, wrapped, VK_SEALED_LEN) && vk_enrolment_is_sound(out);
    return whole ? VK_OK : vk_row_broken(err);
}

static vk_status read_row(vk_token *token, int64_t id, vk_enrolment *out,
                          uint8_t wrapped[VK_SEALED_LEN]) {
    vk_query query = vk_query_start(&token->db, VK_SQL_ENROLMENT_READ);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, NULL);
    if (status == VK_OK) {
        status = parse_row(&query, out, wrapped, NULL);
    }
    vk_query_end(&query);
    return status;
}

static vk_status read_all(vk_token *token, vk_enrolment *out, size_t *count, vk_error *err) {
    uint8_t wrapped[VK_SEALED_LEN];
    vk_status status = VK_OK;
    *count = 0;
    vk_query query = vk_query_start(&token->db, VK_SQL_ENROLMENT_LIST);
    while (vk_query_next(&query, &status, err)) {
        status = *count < VK_ENROLMENTS_MAX ? parse_row(&query, &out[(*count)++], wrapped, err)
                                            : vk_row_broken(err);
    }
    vk_query_end(&query);
    return status;
}

vk_status vk_token_enrolments(vk_token *token, vk_enrolment **out, size_t *count, vk_error *err) {
    *out = NULL;
    *count = 0;
    vk_enrolment *found = calloc(VK_ENROLMENTS_MAX, sizeof *found);
    if (found == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_token_lock(token);
    vk_status status = read_all(token, found, count, err);
    vk_token_unlock(token);
    if (status != VK_OK) {
        free(found);
        *count = 0;
        return vk_token_explain(err, status);
    }
    *out = found;
    return VK_OK;
}

void vk_enrolments_free(vk_enrolment *enrolments) {
    free(enrolments);
}

vk_status vk_enrolments_count(vk_token *token, size_t *out, size_t *touch_only, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_ENROLMENT_COUNT);
    vk_status status = vk_query_row(&query, err);
    *out = status == VK_OK ? (size_t)vk_column_int(&query, 0) : 0;
    *touch_only = status == VK_OK ? (size_t)vk_column_int(&query, 1) : 0;
    vk_query_end(&query);
    return status;
}

/* ---- Logging in ---- */

static vk_status log_in(vk_token *token, int64_t id, const uint8_t secret32[32]) {
    uint8_t wrapped[VK_SEALED_LEN];
    vk_enrolment enrolment;
    if (token->role != VK_ROLE_NONE) {
        return VK_ERR_EXISTS;
    }
    vk_status status = read_row(token, id, &enrolment, wrapped);
    if (status != VK_OK) {
        return status;
    }
    vk_token_keys *keys = vk_token_keys_new();
    if (keys == NULL) {
        return VK_ERR_MEMORY;
    }
    status = unwrap(token->serial, &enrolment, secret32, wrapped, keys->token);
    return vk_login_enter(token, VK_ROLE_USER, keys, status);
}

static vk_status check(vk_token *token, int64_t id, const uint8_t secret32[32]) {
    uint8_t wrapped[VK_SEALED_LEN], key[32];
    vk_enrolment enrolment;
    vk_status status = vk_token_needs(token, VK_ROLE_USER);
    if (status == VK_OK) {
        status = read_row(token, id, &enrolment, wrapped);
    }
    if (status == VK_OK) {
        status = unwrap(token->serial, &enrolment, secret32, wrapped, key);
    }
    if (status == VK_OK) {
        status = vk_login_check_key(token, key);
    }
    vk_wipe(key, sizeof key);
    return status;
}

vk_status vk_token_check_enrolled(vk_token *token, int64_t id, const uint8_t secret32[32]) {
    vk_token_lock(token);
    vk_status status = check(token, id, secret32);
    vk_token_unlock(token);
    return status;
}

vk_status vk_token_login_enrolled(vk_token *token, int64_t id, const uint8_t secret32[32]) {
    vk_token_lock(token);
    vk_status status = log_in(token, id, secret32);
    vk_token_unlock(token);
    return status;
}

/* ---- Adding ---- */

static vk_status insert(vk_db *db, vk_enrolment *new, vk_error *err) {
    vk_query query = vk_query_start(db, VK_SQL_ENROLMENT_INSERT);
    vk_query_text(&query, new->name);
    vk_query_text(&query, new->rp_id);
    vk_query_blob(&query, credential_of(new));
    vk_query_blob(&query, salt_of(new));
    vk_query_blob(&query, point_of(new));
    vk_query_int(&query, new->verified);
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        new->id = sqlite3_last_insert_rowid(db->handle);
    }
    return status;
}

vk_status vk_enrolment_write(vk_db *db, const char *serial, vk_enrolment *new,
                             const uint8_t secret32[32], const uint8_t token_key32[32],
                             vk_error *err) {
    uint8_t wrapped[VK_SEALED_LEN];
    vk_status status = insert(db, new, err);
    if (status == VK_OK) {
        status = wrap(serial, new, secret32, token_key32, wrapped);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(db, VK_SQL_ENROLMENT_WRAP);
    vk_query_blob(&query, (vk_bytes){wrapped, sizeof wrapped});
    vk_query_int(&query, new->id);
    return vk_query_run(&query, err);
}

static vk_status check_new(vk_token *token, const vk_enrolment *new, vk_error *err) {
    bool found;
    vk_query query = vk_query_start(&token->db, VK_SQL_ENROLMENT_SAME);
    vk_query_blob(&query, credential_of(new));
    vk_status status = vk_query_step(&query, &found, err);
    vk_query_end(&query);
    if (status == VK_OK && found) {
        return vk_fail(err, VK_ERR_EXISTS, NULL, "this security key unlocks the token already");
    }
    return status;
}

static vk_status check_room(vk_token *token, vk_error *err) {
    size_t count, ignored;
    vk_status status = vk_enrolments_count(token, &count, &ignored, err);
    if (status == VK_OK && count >= VK_ENROLMENTS_MAX) {
        return vk_fail(err, VK_ERR_STORE_FULL, NULL,
                       "%zu security keys unlock the token, which is as many as can: remove one",
                       count);
    }
    return status;
}

static vk_status enrol(vk_token *token, vk_enrolment *new, const uint8_t secret32[32],
                       vk_error *err) {
    vk_status status = vk_token_needs_login(token);
    if (status == VK_OK) {
        status = check_new(token, new, err);
    }
    if (status == VK_OK) {
        status = check_room(token, err);
    }
    return status == VK_OK ? vk_enrolment_write(&token->db, token->serial, new, secret32,
                                                token->keys->token, err)
                           : status;
}

vk_status vk_token_enrol(vk_token *token, vk_enrolment *new, const uint8_t secret32[32],
                         vk_error *err) {
    if (!vk_enrolment_is_sound(new) || (!new->verified &&vk_token_is_device_store(token))) {
        return VK_ERR_ARGUMENT;
    }
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end_logins(token, enrol(token, new, secret32, err), err);
}

/* ---- Removing ---- */

static vk_status has_pin(vk_token *token, bool *out) {
    bool has_so = false, has_user = false;
    unsigned tries;
    vk_status status = vk_pin_tries(token, VK_ROLE_SO, &has_so, &tries);
    if (status == VK_OK) {
        status = vk_pin_tries(token, VK_ROLE_USER, &has_user, &tries);
    }
    *out = has_so || has_user;
    return status;
}

static vk_status delete_row(vk_token *token, int64_t id, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_ENROLMENT_REMOVE);
    vk_query_int(&query, id);
    vk_status status = vk_query_run(&query, err);
    return status == VK_OK && sqlite3_changes(token->db.handle) == 0 ? VK_ERR_NOT_FOUND : status;
}

/* Nobody could open the token any more. */
static vk_status check_left(vk_token *token, vk_error *err) {
    size_t left, ignored;
    bool has_any = true;
    vk_status status = vk_enrolments_count(token, &left, &ignored, err);
    if (status == VK_OK && left == 0) {
        status = has_pin(token, &has_any);
    }
    if (status == VK_OK && !has_any) {
        return vk_fail(err, VK_ERR_PROHIBITED, NULL,
                       "it is the last security key that unlocks the token, and there is no PIN");
    }
    return status;
}

static vk_status remove_one(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_needs_login(token);
    if (status == VK_OK) {
        status = delete_row(token, id, err);
    }
    return status == VK_OK ? check_left(token, err) : status;
}

vk_status vk_token_enrolment_remove(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end_logins(token, remove_one(token, id, err), err);
}

/* ---- In place of the PIN ---- */

static vk_status check_replaced(vk_token *token, vk_error *err) {
    size_t count, ignored;
    vk_status status = vk_enrolments_count(token, &count, &ignored, err);
    if (status == VK_OK && count == 0) {
        return vk_fail(err, VK_ERR_PROHIBITED, NULL,
                       "no security key unlocks the token in place of the PIN");
    }
    return status;
}

static vk_status remove_user_pin(vk_token *token, vk_error *err) {
    bool is_set;
    unsigned tries;
    vk_status status = vk_token_needs(token, VK_ROLE_SO);
    if (status == VK_OK) {
        status = vk_pin_tries(token, VK_ROLE_USER, &is_set, &tries);
    }
    if (status == VK_OK && !is_set) {
        return VK_ERR_PIN_NOT_SET;
    }
    if (status == VK_OK) {
        status = check_replaced(token, err);
    }
    return status == VK_OK ? vk_pin_remove(&token->db, VK_ROLE_USER, err) : status;
}

vk_status vk_token_remove_user_pin(vk_token *token, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end_logins(token, remove_user_pin(token, err), err);
}
