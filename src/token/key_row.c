#include "token/store.h"

#include <string.h>
#include <valetkey/eth.h>

void vk_key_record_clear(vk_key_record *record) {
    vk_buf_clear(&record->private_attrs);
    vk_buf_clear(&record->public_attrs);
    vk_buf_clear(&record->credential_id);
    vk_text_free(record->policy);
    vk_text_free(record->rp_id);
    vk_text_free(record->origin);
    vk_text_free(record->last_denial);
    *record = (vk_key_record){0};
}

void vk_key_row_clear(vk_key_row *row) {
    vk_key_record_clear(&row->record);
    for (size_t i = 0; i < 4; i++) {
        vk_buf_clear(&row->names[i]);
    }
    *row = (vk_key_row){0};
}

static void put_name(vk_buf *out, vk_bytes name) {
    vk_buf_clear(out);
    vk_buf_put(out, name.data, name.len);
}

void vk_key_row_name_private(vk_key_row *row, const vk_key_names *names) {
    put_name(&row->names[0], names->private_label);
    put_name(&row->names[1], names->private_ckid);
}

void vk_key_row_name_public(vk_key_row *row, const vk_key_names *names) {
    put_name(&row->names[2], names->public_label);
    put_name(&row->names[3], names->public_ckid);
}

/* ---- Reading ---- */

/* As VK_SQL_KEY_READ selects them. */
enum column {
    COL_ID,
    COL_VERSION,
    COL_CURVE,
    COL_POINT,
    COL_HAS_PRIVATE,
    COL_HAS_PUBLIC,
    COL_PRIVATE_ATTRS,
    COL_PUBLIC_ATTRS,
    COL_POLICY,
    COL_RP_ID,
    COL_ORIGIN,
    COL_CREDENTIAL_ID,
    COL_AUTHENTICATOR_ID_HASH,
    COL_USE_SIGN_COUNT,
    COL_SEALED,
    COL_LAST_DENIAL,
    COL_NAMES,
    COL_HOME = COL_NAMES + 5, /* behind the names and the address */
    COL_HAS_BLOB
};

/* What is elsewhere is a private half, and only that can have a blob. */
static bool parse_home(const vk_query *query, vk_key_record *record) {
    int64_t home = vk_column_int(query, COL_HOME);
    record->home = (vk_key_home)home;
    return home >= VK_HOME_TOKEN && home <= VK_HOME_REMOTE &&
           vk_column_flag(query, COL_HAS_BLOB, &record->has_blob) &&
           (home == VK_HOME_TOKEN ? !record->has_blob : record->has_private);
}

static bool parse_fixed(const vk_query *query, vk_key_row *out) {
    vk_key_record *record = &out->record;
    int64_t curve = vk_column_int(query, COL_CURVE);
    record->id = vk_column_int(query, COL_ID);
    record->version = vk_column_int(query, COL_VERSION);
    record->curve = (vk_curve)curve;
    out->is_sealed = !vk_column_null(query, COL_SEALED);
    return (curve == VK_CURVE_SECP256K1 || curve == VK_CURVE_P256) &&
           vk_column_fixed(query, COL_POINT, record->point65, sizeof record->point65) &&
           vk_column_flag(query, COL_HAS_PRIVATE, &record->has_private) &&
           vk_column_flag(query, COL_HAS_PUBLIC, &record->has_public) &&
           vk_column_fixed(query, COL_AUTHENTICATOR_ID_HASH, record->authenticator_id_hash.b, 32) &&
           vk_column_flag(query, COL_USE_SIGN_COUNT, &record->use_sign_count) &&
           record->has_private == out->is_sealed && parse_home(query, record) &&
           (!out->is_sealed || vk_column_fixed(query, COL_SEALED, out->sealed, sizeof out->sealed));
}

static vk_status copy_blob(const vk_query *query, int column, vk_buf *out) {
    vk_bytes value = vk_column_blob(query, column);
    vk_buf_put(out, value.data, value.len);
    return vk_buf_status(out);
}

static vk_status parse_texts(const vk_query *query, vk_key_record *record) {
    vk_status status = vk_column_text(query, COL_POLICY, &record->policy);
    if (status == VK_OK) {
        status = vk_column_text(query, COL_RP_ID, &record->rp_id);
    }
    if (status == VK_OK) {
        status = vk_column_text(query, COL_ORIGIN, &record->origin);
    }
    return status == VK_OK ? vk_column_text(query, COL_LAST_DENIAL, &record->last_denial) : status;
}

static vk_status parse_blobs(const vk_query *query, vk_key_row *out) {
    vk_status status = copy_blob(query, COL_PRIVATE_ATTRS, &out->record.private_attrs);
    if (status == VK_OK) {
        status = copy_blob(query, COL_PUBLIC_ATTRS, &out->record.public_attrs);
    }
    if (status == VK_OK) {
        status = copy_blob(query, COL_CREDENTIAL_ID, &out->record.credential_id);
    }
    for (int i = 0; i < 4 && status == VK_OK; i++) {
        status = copy_blob(query, COL_NAMES + i, &out->names[i]);
    }
    return status;
}

static vk_status parse_row(const vk_query *query, vk_key_row *out) {
    if (!parse_fixed(query, out)) {
        return VK_ERR_INTEGRITY;
    }
    vk_status status = parse_texts(query, &out->record);
    return status == VK_OK ? parse_blobs(query, out) : status;
}

vk_status vk_key_row_read(vk_db *db, int64_t id, vk_key_row *out) {
    *out = (vk_key_row){0};
    vk_query query = vk_query_start(db, VK_SQL_KEY_READ);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, NULL);
    if (status == VK_OK) {
        status = parse_row(&query, out);
    }
    vk_query_end(&query);
    if (status != VK_OK) {
        vk_key_row_clear(out);
    }
    return status;
}

/* ---- Writing ---- */

static void bind_name(vk_query *query, bool has_half, const vk_buf *name) {
    if (has_half) {
        vk_query_blob(query, vk_buf_view(name));
    } else {
        vk_query_null(query);
    }
}

static void bind_address(vk_query *query, const vk_key_record *record, vk_address *address) {
    if (record->curve == VK_CURVE_SECP256K1) {
        *address = vk_address_of_point(record->point65);
        vk_query_blob(query, (vk_bytes){address->b, sizeof address->b});
    } else {
        vk_query_null(query);
    }
}

/* address has to live until the query ends. */
static void bind_row(vk_query *query, const vk_key_row *row, vk_address *address) {
    const vk_key_record *record = &row->record;
    vk_query_int(query, record->version);
    vk_query_int(query, record->curve);
    vk_query_blob(query, (vk_bytes){record->point65, sizeof record->point65});
    vk_query_int(query, record->has_private);
    vk_query_int(query, record->has_public);
    vk_query_blob(query, vk_buf_view(&record->private_attrs));
    vk_query_blob(query, vk_buf_view(&record->public_attrs));
    vk_query_text(query, record->policy);
    vk_query_text(query, record->rp_id);
    vk_query_text(query, record->origin);
    vk_query_blob(query, vk_buf_view(&record->credential_id));
    vk_query_blob(query, (vk_bytes){record->authenticator_id_hash.b, 32});
    vk_query_int(query, record->use_sign_count);
    if (row->is_sealed) {
        vk_query_blob(query, (vk_bytes){row->sealed, sizeof row->sealed});
    } else {
        vk_query_null(query);
    }
    vk_query_text(query, record->last_denial);
    bind_name(query, record->has_private, &row->names[0]);
    bind_name(query, record->has_private, &row->names[1]);
    bind_name(query, record->has_public, &row->names[2]);
    bind_name(query, record->has_public, &row->names[3]);
    bind_address(query, record, address);
    vk_query_int(query, record->home);
    vk_query_int(query, record->has_blob);
}

static vk_status row_memory(const vk_key_row *row) {
    const vk_buf *buffers[] = {&row->record.private_attrs,
                               &row->record.public_attrs,
                               &row->record.credential_id,
                               &row->names[0],
                               &row->names[1],
                               &row->names[2],
                               &row->names[3]};
    vk_status status = VK_OK;
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0] && status == VK_OK; i++) {
        status = vk_buf_status(buffers[i]);
    }
    return status;
}

vk_status vk_key_row_write(vk_db *db, vk_key_row *row, vk_error *err) {
    vk_key_record *record = &row->record;
    vk_status status = row_memory(row);
    if (status != VK_OK) {
        return status;
    }
    bool is_new = record->id == 0;
    vk_address address;
    record->version++;
    vk_query query = vk_query_start(db, is_new ? VK_SQL_KEY_INSERT : VK_SQL_KEY_UPDATE);
    bind_row(&query, row, &address);
    if (!is_new) {
        vk_query_int(&query, record->id);
    }
    status = vk_query_run(&query, err);
    if (status == VK_OK && is_new) {
        record->id = sqlite3_last_insert_rowid(db->handle);
    }
    return status;
}

/* ---- Sealing ---- */

/* Everything that says what the key may do and how it shows itself. */
static void put_aad(vk_buf *out, const char *kind, const vk_token *token,
                    const vk_key_record *record) {
    vk_row_head(out, kind, token->serial);
    vk_canonical_u64(out, (uint64_t)record->id);
    vk_canonical_u64(out, record->curve);
    vk_canonical_bytes(out, (vk_bytes){record->point65, sizeof record->point65});
    vk_canonical_u64(out, record->has_private);
    vk_canonical_u64(out, record->has_public);
    vk_canonical_bytes(out, vk_buf_view(&record->private_attrs));
    vk_canonical_bytes(out, vk_buf_view(&record->public_attrs));
    vk_canonical_text(out, record->policy);
    vk_canonical_text(out, record->rp_id);
    vk_canonical_text(out, record->origin);
    vk_canonical_bytes(out, vk_buf_view(&record->credential_id));
    vk_canonical_bytes(out, (vk_bytes){record->authenticator_id_hash.b, 32});
    vk_canonical_u64(out, record->use_sign_count);
}

/* Which grants it has, as int64_t each. */
static vk_status read_grant_ids(vk_token *token, int64_t key_id, vk_buf *out, vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_GRANT_IDS);
    vk_query_int(&query, key_id);
    vk_status status = vk_query_ids(&query, out, err);
    vk_query_end(&query);
    return status;
}

/* The grants belong to it: one that is gone would be a limit that is gone, where a spend rule names
 * it. */
static void put_whole_aad(vk_buf *out, const vk_token *token, const vk_key_record *record,
                          const vk_buf *grant_ids) {
    if (record->home == VK_HOME_TOKEN) {
        put_aad(out, "key with grants", token, record);
    } else {
        put_aad(out, "key elsewhere", token, record);
        vk_canonical_u64(out, record->home);
        vk_canonical_u64(out, record->has_blob);
    }
    for (size_t at = 0; at < grant_ids->len; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, grant_ids->data + at, sizeof id);
        vk_canonical_u64(out, (uint64_t)id);
    }
}

static vk_status seal(const vk_token *token, const vk_key_record *record, const vk_buf *grant_ids,
                      const uint8_t secret32[32], uint8_t sealed[VK_SEALED_LEN]) {
    vk_buf aad = {0};
    put_whole_aad(&aad, token, record, grant_ids);
    vk_status status = vk_buf_status(&aad);
    if (status == VK_OK) {
        status = vk_crypt_seal(token->keys->seal, vk_buf_view(&aad), secret32, sealed);
    }
    vk_buf_clear(&aad);
    return status;
}

static vk_status write_sealed(vk_token *token, int64_t id, const uint8_t sealed[VK_SEALED_LEN],
                              vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_KEY_RESEAL);
    vk_query_blob(&query, (vk_bytes){sealed, VK_SEALED_LEN});
    vk_query_int(&query, id);
    return vk_query_run(&query, err);
}

vk_status vk_key_reseal(vk_token *token, const vk_key_record *record, const uint8_t secret32[32],
                        vk_error *err) {
    uint8_t sealed[VK_SEALED_LEN];
    vk_buf grant_ids = {0};
    vk_status status = read_grant_ids(token, record->id, &grant_ids, err);
    if (status == VK_OK) {
        status = seal(token, record, &grant_ids, secret32, sealed);
    }
    vk_buf_clear(&grant_ids);
    return status == VK_OK ? write_sealed(token, record->id, sealed, err) : status;
}

/* Uses the associated data up. */
static vk_status open_sealed(const vk_token *token, vk_buf *aad,
                             const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32]) {
    vk_status status = vk_buf_status(aad);
    if (status == VK_OK) {
        status = vk_crypt_open(token->keys->seal, vk_buf_view(aad), sealed, secret32);
    }
    vk_buf_clear(aad);
    return status;
}

static vk_status open_with(const vk_token *token, const vk_key_record *record,
                           const vk_buf *grant_ids, const uint8_t sealed[VK_SEALED_LEN],
                           uint8_t secret32[32]) {
    vk_buf aad = {0};
    put_whole_aad(&aad, token, record, grant_ids);
    return open_sealed(token, &aad, sealed, secret32);
}

/* Keys of before the grants were sealed in are sealed like this until they change. All are here. */
static vk_status open_older(const vk_token *token, const vk_key_record *record,
                            const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32]) {
    vk_buf aad = {0};
    put_aad(&aad, "key", token, record);
    return open_sealed(token, &aad, sealed, secret32);
}

vk_status vk_key_open(vk_token *token, const vk_key_record *record,
                      const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32], vk_buf *grant_ids,
                      vk_error *err) {
    vk_buf own = {0}, *ids = grant_ids != NULL ? grant_ids : &own;
    vk_status status = read_grant_ids(token, record->id, ids, err);
    if (status == VK_OK) {
        status = open_with(token, record, ids, sealed, secret32);
        if (status == VK_ERR_INTEGRITY && record->home == VK_HOME_TOKEN) {
            status = open_older(token, record, sealed, secret32);
        }
        status = status == VK_ERR_INTEGRITY ? vk_row_broken(err) : status;
    }
    vk_buf_clear(&own);
    return status;
}

vk_status vk_key_check(vk_token *token, int64_t id, vk_error *err) {
    uint8_t secret32[32];
    vk_key_row row;
    vk_status status = vk_key_row_read(&token->db, id, &row);
    if (status == VK_OK) {
        status = vk_key_open(token, &row.record, row.sealed, secret32, NULL, err);
        vk_wipe(secret32, sizeof secret32);
    }
    vk_key_row_clear(&row);
    return status;
}
