#include "base/secret.h"
#include "token/store.h"

typedef struct pin_row {
    bool present;
    unsigned tries;
    vk_scrypt scrypt;
    uint8_t wrapped[VK_SEALED_LEN];
} pin_row;

vk_status vk_pin_check_length(size_t len) {
    return len >= VK_PIN_MIN && len <= VK_PIN_MAX ? VK_OK : VK_ERR_PIN_LENGTH;
}

static unsigned clamp_tries(int64_t tries) {
    return tries < 0 ? 0 : tries > VK_PIN_TRIES ? VK_PIN_TRIES : (unsigned)tries;
}

static vk_status parse_row(const vk_query *query, pin_row *out) {
    out->present = true;
    out->tries = clamp_tries(vk_column_int(query, 0));
    out->scrypt.n = (uint64_t)vk_column_int(query, 1);
    out->scrypt.r = (uint64_t)vk_column_int(query, 2);
    out->scrypt.p = (uint64_t)vk_column_int(query, 3);
    bool whole = vk_column_fixed(query, 4, out->scrypt.salt, sizeof out->scrypt.salt) &&
                 vk_column_fixed(query, 5, out->wrapped, sizeof out->wrapped);
    return whole ? VK_OK : VK_ERR_INTEGRITY;
}

static vk_status read_row(vk_token *token, vk_role role, pin_row *out) {
    bool row;
    *out = (pin_row){0};
    vk_query query = vk_query_start(&token->db, VK_SQL_PIN_READ);
    vk_query_int(&query, role);
    vk_status status = vk_query_step(&query, &row, NULL);
    if (status == VK_OK && row) {
        status = parse_row(&query, out);
    }
    vk_query_end(&query);
    unsigned unsaved = token->unsaved_failures[role];
    out->tries -= unsaved < out->tries ? unsaved : out->tries;
    return status;
}

/* A row that a PIN may be tried on. */
static vk_status read_usable(vk_token *token, vk_role role, pin_row *out) {
    vk_status status = read_row(token, role, out);
    if (status == VK_OK && !out->present) {
        return VK_ERR_PIN_NOT_SET;
    }
    return status == VK_OK && out->tries == 0 ? VK_ERR_PIN_LOCKED : status;
}

vk_status vk_pin_tries(vk_token *token, vk_role role, bool *present, unsigned *tries) {
    pin_row row;
    vk_status status = read_row(token, role, &row);
    *present = row.present;
    *tries = row.present ? row.tries : VK_PIN_TRIES;
    return status;
}

/* ---- Wrapping ---- */

static void put_wrap_aad(vk_buf *out, const char *serial, vk_role role) {
    vk_row_head(out, "wrap", serial);
    vk_canonical_u64(out, role);
}

static vk_status wrap(const vk_scrypt *scrypt, const char *serial, vk_role role, const uint8_t *pin,
                      size_t len, const uint8_t token_key32[32], uint8_t wrapped[VK_SEALED_LEN]) {
    uint8_t kek[32];
    vk_buf aad = {0};
    put_wrap_aad(&aad, serial, role);
    vk_status status = vk_buf_status(&aad);
    if (status == VK_OK) {
        status = vk_scrypt_key(scrypt, pin, len, kek);
    }
    if (status == VK_OK) {
        status = vk_crypt_seal(kek, vk_buf_view(&aad), token_key32, wrapped);
    }
    vk_wipe(kek, sizeof kek);
    vk_buf_clear(&aad);
    return status;
}

static vk_status unwrap(const vk_token *token, vk_role role, const pin_row *row, const uint8_t *pin,
                        size_t len, uint8_t token_key32[32]) {
    uint8_t kek[32];
    vk_buf aad = {0};
    put_wrap_aad(&aad, token->serial, role);
    vk_status status = vk_buf_status(&aad);
    if (status == VK_OK) {
        status = vk_scrypt_key(&row->scrypt, pin, len, kek);
    }
    if (status == VK_OK) {
        status = vk_crypt_open(kek, vk_buf_view(&aad), row->wrapped, token_key32);
        status = status == VK_ERR_INTEGRITY ? VK_ERR_PIN_INCORRECT : status;
    }
    vk_wipe(kek, sizeof kek);
    vk_buf_clear(&aad);
    return status;
}

vk_status vk_pin_write(vk_db *db, const char *serial, vk_role role, const uint8_t *pin, size_t len,
                       const uint8_t token_key32[32]) {
    vk_scrypt scrypt;
    uint8_t wrapped[VK_SEALED_LEN];
    vk_status status = vk_scrypt_new(&scrypt);
    if (status == VK_OK) {
        status = wrap(&scrypt, serial, role, pin, len, token_key32, wrapped);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(db, VK_SQL_PIN_WRITE);
    vk_query_int(&query, role);
    vk_query_int(&query, VK_PIN_TRIES);
    vk_query_int(&query, (int64_t)scrypt.n);
    vk_query_int(&query, (int64_t)scrypt.r);
    vk_query_int(&query, (int64_t)scrypt.p);
    vk_query_blob(&query, (vk_bytes){scrypt.salt, sizeof scrypt.salt});
    vk_query_blob(&query, (vk_bytes){wrapped, sizeof wrapped});
    return vk_query_run(&query, NULL);
}

vk_status vk_pin_remove(vk_db *db, vk_role role, vk_error *err) {
    vk_query query = vk_query_start(db, VK_SQL_PIN_REMOVE);
    vk_query_int(&query, role);
    return vk_query_run(&query, err);
}

/* ---- Counting ---- */

static vk_status write_tries(vk_token *token, vk_role role, unsigned tries) {
    vk_query query = vk_query_start(&token->db, VK_SQL_PIN_TRIES);
    vk_query_int(&query, tries);
    vk_query_int(&query, role);
    return vk_query_run(&query, NULL);
}

static vk_status write_failure(vk_token *token, vk_role role) {
    pin_row row;
    vk_status status = vk_db_begin(&token->db, NULL);
    if (status != VK_OK) {
        return status;
    }
    status = read_usable(token, role, &row);
    if (status == VK_OK) {
        status = write_tries(token, role, row.tries - 1);
    }
    return vk_db_end(&token->db, status, NULL);
}

/*
 * A failure that cannot be written is remembered as long as the token is open, so that a full disk
 * gives no free tries. A token that nobody can write to still says what was wrong.
 */
static vk_status count_failure(vk_token *token, vk_role role) {
    vk_status status = write_failure(token, role);
    if (status == VK_OK) {
        token->unsaved_failures[role] = 0;
        vk_token_changed(token);
        return VK_ERR_PIN_INCORRECT;
    }
    if (status != VK_ERR_PIN_LOCKED && status != VK_ERR_PIN_NOT_SET) {
        token->unsaved_failures[role]++;
    }
    return status == VK_ERR_READ_ONLY ? VK_ERR_PIN_INCORRECT : status;
}

/*
 * The tries are read again: others may have used up the last ones while this PIN was computed. A
 * counter that cannot be reset is no reason to refuse the right PIN.
 */
static vk_status count_success(vk_token *token, vk_role role) {
    pin_row row;
    vk_status status = read_usable(token, role, &row);
    if (status != VK_OK || row.tries == VK_PIN_TRIES) {
        return status;
    }
    if (write_tries(token, role, VK_PIN_TRIES) == VK_OK) {
        token->unsaved_failures[role] = 0;
        vk_token_changed(token);
    }
    return VK_OK;
}

vk_status vk_pin_unwrap(vk_token *token, vk_role role, const uint8_t *pin, size_t len,
                        uint8_t token_key32[32]) {
    pin_row row;
    vk_status status = read_usable(token, role, &row);
    if (status == VK_OK) {
        /* No PIN has such a length, so this one is as wrong as any other. */
        status = vk_pin_check_length(len) == VK_OK
                     ? unwrap(token, role, &row, pin, len, token_key32)
                     : VK_ERR_PIN_INCORRECT;
    }
    if (status == VK_ERR_PIN_INCORRECT) {
        return count_failure(token, role);
    }
    if (status == VK_OK) {
        status = count_success(token, role);
    }
    if (status != VK_OK) {
        vk_wipe(token_key32, 32);
    }
    return status;
}

/* ---- The token's keys ---- */

vk_token_keys *vk_token_keys_new(void) {
    return vk_secret_alloc(sizeof(vk_token_keys));
}

void vk_token_keys_free(vk_token_keys *keys) {
    if (keys != NULL) {
        vk_mac_free(keys->mac_of);
        vk_secret_free(keys, sizeof *keys);
    }
}

vk_status vk_token_keys_derive(vk_token_keys *keys) {
    vk_status status = vk_crypt_subkey(keys->token, "valetkey seal", keys->seal);
    if (status == VK_OK) {
        status = vk_crypt_subkey(keys->token, "valetkey mac", keys->mac);
    }
    return status == VK_OK ? vk_mac_new(&keys->mac_of) : status;
}
