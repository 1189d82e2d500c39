#include "token/object.h"

#include <stdlib.h>
#include <string.h>

#include "token/store.h"

void vk_object_record_clear(vk_object_record *record) {
    vk_buf_clear(&record->attrs);
    *record = (vk_object_record){0};
}

/* ---- Sealing ---- */

/* What the sealed bytes are of: they cannot be another object's. */
static vk_status put_subject(vk_buf *out, const vk_token *token, const vk_object_record *record) {
    vk_row_head(out, "object", token->serial);
    vk_canonical_u64(out, (uint64_t)record->id);
    vk_canonical_u64(out, record->class);
    return vk_buf_status(out);
}

static vk_status seal(const vk_token *token, const vk_object_record *record, vk_buf *out) {
    vk_buf subject = {0};
    if (record->attrs.len > VK_SEALED_MAX) {
        return VK_ERR_SIZE;
    }
    vk_buf_put_zeros(out, record->attrs.len + VK_SEALED_EXTRA);
    vk_status status = vk_buf_status(out);
    if (status == VK_OK) {
        status = put_subject(&subject, token, record);
    }
    if (status == VK_OK) {
        status = vk_crypt_seal_bytes(token->keys->seal, vk_buf_view(&subject),
                                     vk_buf_view(&record->attrs), out->data);
    }
    vk_buf_clear(&subject);
    return status;
}

static vk_status open_sealed(const vk_token *token, vk_bytes sealed, vk_object_record *out) {
    vk_buf subject = {0};
    if (sealed.len < VK_SEALED_EXTRA) {
        return VK_ERR_INTEGRITY;
    }
    vk_buf_put_zeros(&out->attrs, sealed.len - VK_SEALED_EXTRA);
    vk_status status = vk_buf_status(&out->attrs);
    if (status == VK_OK) {
        status = put_subject(&subject, token, out);
    }
    if (status == VK_OK) {
        status =
            vk_crypt_open_bytes(token->keys->seal, vk_buf_view(&subject), sealed, out->attrs.data);
    }
    vk_buf_clear(&subject);
    return status;
}

/* ---- Writing ---- */

static vk_status may_write(const vk_token *token, bool is_private) {
    return is_private ? vk_token_needs(token, VK_ROLE_USER) : VK_OK;
}

static void bind_name(vk_query *query, bool is_private, vk_bytes name) {
    if (is_private) {
        vk_query_null(query);
    } else {
        vk_query_blob(query, name);
    }
}

static vk_status insert(vk_token *token, vk_object_record *record, const vk_object_names *names,
                        vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_OBJECT_INSERT);
    vk_query_int(&query, (int64_t)record->class);
    vk_query_int(&query, record->is_private);
    bind_name(&query, record->is_private, names->label);
    bind_name(&query, record->is_private, names->ckid);
    vk_status status = vk_query_run(&query, err);
    if (status == VK_OK) {
        record->id = sqlite3_last_insert_rowid(token->db.handle);
        record->version = 1;
    }
    return status;
}

static vk_status write_attrs(vk_token *token, const vk_object_record *record,
                             const vk_object_names *names, vk_error *err) {
    vk_buf sealed = {0};
    vk_status status = record->is_private ? seal(token, record, &sealed) : VK_OK;
    if (status == VK_OK) {
        const vk_buf *attrs = record->is_private ? &sealed : &record->attrs;
        vk_query query = vk_query_start(&token->db, VK_SQL_OBJECT_WRITE);
        vk_query_int(&query, record->version);
        vk_query_blob(&query, vk_buf_view(attrs));
        bind_name(&query, record->is_private, names->label);
        bind_name(&query, record->is_private, names->ckid);
        vk_query_int(&query, record->id);
        status = vk_query_run(&query, err);
    }
    vk_buf_clear(&sealed);
    return status;
}

static vk_status add(vk_token *token, vk_object_record *record, const vk_object_names *names,
                     vk_error *err) {
    vk_status status = may_write(token, record->is_private);
    if (status == VK_OK) {
        status = insert(token, record, names, err);
    }
    return status == VK_OK ? write_attrs(token, record, names, err) : status;
}

vk_status vk_token_object_add(vk_token *token, vk_object_record *record,
                              const vk_object_names *names, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, add(token, record, names, err), err);
}

static vk_status read_head(vk_token *token, int64_t id, int64_t *version, bool *is_private,
                           vk_error *err) {
    vk_query query = vk_query_start(&token->db, VK_SQL_OBJECT_READ);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        *version = vk_column_int(&query, 0);
        status = vk_column_flag(&query, 2, is_private) ? VK_OK : vk_row_broken(err);
    }
    vk_query_end(&query);
    return status;
}

static vk_status update(vk_token *token, vk_object_record *record, const vk_object_names *names,
                        vk_error *err) {
    int64_t version;
    bool is_private;
    vk_status status = read_head(token, record->id, &version, &is_private, err);
    if (status == VK_OK && (version != record->version || is_private != record->is_private)) {
        status = VK_ERR_MISMATCH;
    }
    if (status == VK_OK) {
        status = may_write(token, is_private);
    }
    record->version += status == VK_OK;
    return status == VK_OK ? write_attrs(token, record, names, err) : status;
}

vk_status vk_token_object_update(vk_token *token, vk_object_record *record,
                                 const vk_object_names *names, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, update(token, record, names, err), err);
}

static vk_status remove_one(vk_token *token, int64_t id, vk_error *err) {
    int64_t version;
    bool is_private;
    vk_status status = read_head(token, id, &version, &is_private, err);
    if (status == VK_OK) {
        status = may_write(token, is_private);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_query query = vk_query_start(&token->db, VK_SQL_OBJECT_REMOVE);
    vk_query_int(&query, id);
    return vk_query_run(&query, err);
}

vk_status vk_token_object_remove(vk_token *token, int64_t id, vk_error *err) {
    vk_status status = vk_token_begin(token, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_token_end(token, remove_one(token, id, err), err);
}

/* ---- Reading ---- */

static vk_status parse(const vk_token *token, const vk_query *query, vk_object_record *out,
                       vk_error *err) {
    vk_bytes attrs = vk_column_blob(query, 3);
    out->version = vk_column_int(query, 0);
    out->class = (uint64_t)vk_column_int(query, 1);
    if (!vk_column_flag(query, 2, &out->is_private)) {
        return vk_row_broken(err);
    }
    if (!out->is_private) {
        vk_buf_put(&out->attrs, attrs.data, attrs.len);
        return vk_buf_status(&out->attrs);
    }
    if (token->role != VK_ROLE_USER) {
        return VK_ERR_NOT_FOUND;
    }
    vk_status status = open_sealed(token, attrs, out);
    return status == VK_ERR_INTEGRITY ? vk_row_broken(err) : status;
}

vk_status vk_token_object_get(vk_token *token, int64_t id, vk_object_record *out, vk_error *err) {
    *out = (vk_object_record){.id = id};
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, VK_SQL_OBJECT_READ);
    vk_query_int(&query, id);
    vk_status status = vk_query_row(&query, err);
    if (status == VK_OK) {
        status = parse(token, &query, out, err);
    }
    vk_query_end(&query);
    vk_token_unlock(token);
    if (status != VK_OK) {
        vk_object_record_clear(out);
    }
    return status;
}

/* ---- Finding ---- */

static vk_sql find_sql(const vk_object_filter *filter) {
    if (filter->label != NULL) {
        return VK_SQL_OBJECT_FIND_LABEL;
    }
    return filter->ckid != NULL ? VK_SQL_OBJECT_FIND_CKID : VK_SQL_OBJECT_FIND_ALL;
}

static void bind_filter(vk_query *query, const vk_object_filter *filter, bool is_user) {
    vk_query_int(query, is_user);
    if (filter->class != NULL) {
        vk_query_int(query, (int64_t)*filter->class);
    } else {
        vk_query_null(query);
    }
    if (filter->label != NULL) {
        vk_query_blob(query, *filter->label);
    } else if (filter->ckid != NULL) {
        vk_query_blob(query, *filter->ckid);
    }
}

vk_status vk_token_object_find(vk_token *token, const vk_object_filter *filter, int64_t **ids,
                               size_t *count, vk_error *err) {
    vk_buf found = {0};
    *ids = NULL;
    *count = 0;
    vk_token_lock(token);
    vk_query query = vk_query_start(&token->db, find_sql(filter));
    bind_filter(&query, filter, token->role == VK_ROLE_USER);
    vk_status status = vk_query_ids(&query, &found, err);
    vk_query_end(&query);
    vk_token_unlock(token);
    if (status != VK_OK) {
        vk_buf_clear(&found);
        return status;
    }
    *count = found.len / sizeof **ids;
    *ids = (int64_t *)(void *)found.data;
    return VK_OK;
}
