#include "token/db.h"

#include <errno.h>
#include <string.h>

#include "token/db_status.h"

vk_query vk_query_start(vk_db *db, vk_sql sql) {
    vk_query query = {.db = db, .rc = SQLITE_OK};
    if (db->statements[sql] == NULL) {
        query.rc = sqlite3_prepare_v3(db->handle, vk_sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT,
                                      &db->statements[sql], NULL);
    }
    query.statement = db->statements[sql];
    return query;
}

vk_query vk_query_start_any(vk_db *db, vk_sql sql) {
    vk_query query = vk_query_start(db, sql);
    query.any_type = true;
    return query;
}

static void bound(vk_query *query, int rc) {
    if (query->rc == SQLITE_OK) {
        query->rc = rc;
    }
}

void vk_query_int(vk_query *query, int64_t value) {
    bound(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void vk_query_blob(vk_query *query, vk_bytes value) {
    const void *data = value.len > 0 ? (const void *)value.data : "";
    bound(query,
          sqlite3_bind_blob64(query->statement, ++query->bound, data, value.len, SQLITE_STATIC));
}

void vk_query_text(vk_query *query, const char *value) {
    if (value == NULL) {
        vk_query_null(query);
        return;
    }
    bound(query, sqlite3_bind_text64(query->statement, ++query->bound, value, strlen(value),
                                     SQLITE_STATIC, SQLITE_UTF8));
}

void vk_query_text_bytes(vk_query *query, vk_bytes value) {
    const char *data = value.len > 0 ? (const char *)value.data : "";
    bound(query, sqlite3_bind_text64(query->statement, ++query->bound, data, value.len,
                                     SQLITE_STATIC, SQLITE_UTF8));
}

void vk_query_null(vk_query *query) {
    bound(query, sqlite3_bind_null(query->statement, ++query->bound));
}

/* SQLite keeps whatever is written into a column, and compares values of different types as
 * different ones, also where they are read as the same. */
static bool is_as_declared(sqlite3_stmt *statement, int column) {
    const char *declared = sqlite3_column_decltype(statement, column);
    if (declared == NULL) {
        return true; /* an expression's */
    }
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return strcmp(declared, "INTEGER") == 0;
    case SQLITE_TEXT:
        return strcmp(declared, "TEXT") == 0;
    case SQLITE_BLOB:
        return strcmp(declared, "BLOB") == 0;
    default:
        return sqlite3_column_type(statement, column) == SQLITE_NULL;
    }
}

vk_status vk_query_check_types(const vk_query *query, vk_error *err) {
    int count = sqlite3_column_count(query->statement);
    for (int i = 0; i < count; i++) {
        if (!is_as_declared(query->statement, i)) {
            return vk_fail(err, VK_ERR_INTEGRITY, NULL, "%s: %s", vk_status_text(VK_ERR_INTEGRITY),
                           sqlite3_column_name(query->statement, i));
        }
    }
    return VK_OK;
}

vk_status vk_query_step(vk_query *query, bool *row, vk_error *err) {
    *row = false;
    if (query->rc == SQLITE_OK) {
        errno = 0;
        query->rc = sqlite3_step(query->statement);
    }
    if (query->rc == SQLITE_ROW) {
        query->rc = SQLITE_OK;
        vk_status status = query->any_type ? VK_OK : vk_query_check_types(query, err);
        *row = status == VK_OK;
        return status;
    }
    if (query->rc == SQLITE_DONE) {
        return VK_OK;
    }
    return vk_db_fail(query->db, query->rc, err);
}

bool vk_query_next(vk_query *query, vk_status *status, vk_error *err) {
    bool row = false;
    if (*status == VK_OK) {
        *status = vk_query_step(query, &row, err);
    }
    return *status == VK_OK && row;
}

vk_status vk_query_ids(vk_query *query, vk_buf *out, vk_error *err) {
    vk_status status = VK_OK;
    while (vk_query_next(query, &status, err)) {
        int64_t id = vk_column_int(query, 0);
        vk_buf_put(out, (const uint8_t *)&id, sizeof id);
        status = vk_buf_status(out);
    }
    return status;
}

vk_status vk_query_row(vk_query *query, vk_error *err) {
    bool row;
    vk_status status = vk_query_step(query, &row, err);
    return status == VK_OK && !row ? VK_ERR_NOT_FOUND : status;
}

void vk_query_end(vk_query *query) {
    if (query->statement != NULL) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    query->statement = NULL;
}

vk_status vk_query_run(vk_query *query, vk_error *err) {
    bool row;
    vk_status status = vk_query_step(query, &row, err);
    vk_query_end(query);
    return status;
}

int64_t vk_column_int(const vk_query *query, int column) {
    return sqlite3_column_int64(query->statement, column);
}

bool vk_column_flag(const vk_query *query, int column, bool *out) {
    int64_t value = vk_column_int(query, column);
    *out = value == 1;
    return value == 0 || value == 1;
}

bool vk_column_null(const vk_query *query, int column) {
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

vk_bytes vk_column_blob(const vk_query *query, int column) {
    const void *data = sqlite3_column_blob(query->statement, column);
    int len = sqlite3_column_bytes(query->statement, column);
    return (vk_bytes){data, data != NULL && len > 0 ? (size_t)len : 0};
}

bool vk_column_fixed(const vk_query *query, int column, uint8_t *out, size_t len) {
    vk_bytes value = vk_column_blob(query, column);
    if (value.len != len) {
        return false;
    }
    memcpy(out, value.data, len);
    return true;
}

vk_status vk_column_text(const vk_query *query, int column, char **out) {
    *out = NULL;
    if (vk_column_null(query, column)) {
        return VK_OK;
    }
    vk_bytes value = vk_column_blob(query, column);
    if (value.len > 0 && memchr(value.data, 0, value.len) != NULL) {
        return VK_ERR_INTEGRITY;
    }
    vk_buf text = {0};
    vk_buf_put(&text, value.data, value.len);
    *out = vk_buf_take_text(&text);
    return *out != NULL ? VK_OK : VK_ERR_MEMORY;
}
