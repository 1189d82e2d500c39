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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_made;
static vk_hash expected;

static vk_status make_expected(void) {
    vk_db db = {0};
    vk_status status =
        sqlite3_open_v2(":memory:", &db.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) ==
                SQLITE_OK
            ? vk_schema_make_tables(&db, NULL)
            : VK_ERR_MEMORY;
    if (status == VK_OK) {
        status = digest(&db, &expected, NULL);
    }
    sqlite3_close_v2(db.handle);
    return status;
}

static vk_status get_expected(vk_hash *out) {
    pthread_mutex_lock(&lock);
    vk_status status = is_made ? VK_OK : make_expected();
    is_made = status == VK_OK;
    *out = expected;
    pthread_mutex_unlock(&lock);
    return status;
}

static vk_status compare(vk_db *db, vk_error *err) {
    vk_hash found, wanted;
    vk_status status = get_expected(&wanted);
    if (status == VK_OK) {
        status = digest(db, &found, err);
    }
    if (status == VK_OK && memcmp(found.b, wanted.b, sizeof found.b) != 0) {
        return vk_fail(err, VK_ERR_INTEGRITY, sqlite3_db_filename(db->handle, "main"),
                       "somebody changed the tables of the token");
    }
    return status;
}

/* ---- Looking ---- */

/* How often SQLite found that a statement was made for other tables than it knows now. The number
 * that the file has for its tables would not do: it can be put back. */
static vk_status read_times(vk_db *db, int64_t *out, vk_error *err) {
    bool row;
    vk_query query = vk_query_start(db, VK_SQL_SENTINEL);
    vk_status status = vk_query_step(&query, &row, err);
    vk_query_end(&query);
    *out = status == VK_OK ? sqlite3_stmt_status(db->statements[VK_SQL_SENTINEL],
                                                 SQLITE_STMTSTATUS_REPREPARE, 0)
                           : 0;
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

/* What SQLite read into its memory may be older than what the file says under the same number, so
 * it reads that anew, in the transaction in which it is looked at. */
static vk_status look_anew(vk_db *db, int64_t *times, vk_error *err) {
    bool is_alone = sqlite3_get_autocommit(db->handle) != 0;
    vk_status status = is_alone ? vk_db_run_text(db, "BEGIN", err) : VK_OK;
    if (status != VK_OK) {
        return status;
    }
    status = vk_db_run_text(db, "PRAGMA writable_schema = RESET", err);
    if (status == VK_OK) {
        status = look(db, err);
    }
    if (status == VK_OK) {
        status = read_times(db, times, err);
    }
    return is_alone ? vk_db_end(db, status, err) : status;
}

vk_status vk_schema_check(vk_db *db, vk_error *err) {
    int64_t times;
    vk_status status = read_times(db, &times, err);
    if (status == VK_OK && db->has_schema && times == db->schema_times) {
        return VK_OK;
    }
    /* Tables that the statement cannot even be made for are looked at all the same. */
    status = look_anew(db, &times, err);
    db->has_schema = status == VK_OK;
    db->schema_times = times;
    return status;
}
