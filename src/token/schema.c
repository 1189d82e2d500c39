/* Is the schema in the file the one that this program makes? An index or a table of somebody else's
 * would change what statements find, and a column of another type what they compare. */
#include <pthread.h>
#include <string.h>
#include <valetkey/eth.h>

#include "token/crypt.h"
#include "token/db_status.h"
#include "token/migrate.h"

static const char listing[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2";

static void put_row(vk_buf *out, sqlite3_stmt *statement) {
    for (int i = 0; i < 4; i++) {
        const uint8_t *text = sqlite3_column_text(statement, i);
        vk_canonical_bytes(out, (vk_bytes){text, (size_t)sqlite3_column_bytes(statement, i)});
    }
}

static vk_status digest(vk_db *db, vk_hash *out, vk_error *err) {
    sqlite3_stmt *statement;
    vk_buf data = {0};
    int rc = sqlite3_prepare_v2(db->handle, listing, -1, &statement, NULL);
    if (rc != SQLITE_OK) {
        return vk_db_fail(db, rc, err);
    }
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        put_row(&data, statement);
    }
    sqlite3_finalize(statement);
    vk_status status = rc == SQLITE_DONE ? vk_buf_status(&data) : vk_db_fail(db, rc, err);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&data), out);
    }
    vk_buf_clear(&data);
    return status;
}

/* ---- What it has to be ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static vk_status made;
static vk_hash expected;

static void make_expected(void) {
    vk_db db = {0};
    made = sqlite3_open_v2(":memory:", &db.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
                           NULL) == SQLITE_OK
               ? vk_schema_make_tables(&db, NULL)
               : VK_ERR_MEMORY;
    if (made == VK_OK) {
        made = digest(&db, &expected, NULL);
    }
    sqlite3_close_v2(db.handle);
}

static vk_status compare(vk_db *db, vk_error *err) {
    vk_hash found;
    pthread_once(&once, make_expected);
    vk_status status = made == VK_OK ? digest(db, &found, err) : made;
    if (status == VK_OK && memcmp(found.b, expected.b, sizeof found.b) != 0) {
        return vk_fail(err, VK_ERR_INTEGRITY, sqlite3_db_filename(db->handle, "main"),
                       "somebody changed the tables of the token");
    }
    return status;
}

/* ---- Looking ---- */

static vk_status read_cookie(vk_db *db, int64_t *out, vk_error *err) {
    vk_query query = vk_query_start(db, VK_SQL_SCHEMA_VERSION);
    vk_status status = vk_query_row(&query, err);
    *out = status == VK_OK ? vk_column_int(&query, 0) : 0;
    vk_query_end(&query);
    return status;
}

/* A newer program may have brought the tables up to its own version. */
static vk_status look(vk_db *db, vk_error *err) {
    int64_t version;
    vk_status status = vk_schema_read_version(db, &version, err);
    if (status == VK_OK && version != vk_schema_version()) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, sqlite3_db_filename(db->handle, "main"),
                       "the token has schema version %lld now, this program knows version %lld",
                       (long long)version, (long long)vk_schema_version());
    }
    return status == VK_OK ? compare(db, err) : status;
}

vk_status vk_schema_check(vk_db *db, vk_error *err) {
    int64_t cookie;
    vk_status status = read_cookie(db, &cookie, err);
    if (status != VK_OK || (db->has_schema && cookie == db->schema_cookie)) {
        return status;
    }
    status = look(db, err);
    db->has_schema = status == VK_OK;
    db->schema_cookie = cookie;
    return status;
}
