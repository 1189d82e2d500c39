#include "token/db.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "token/db_status.h"
#include "token/migrate.h"

/* SQLite has a code for a full disk only, none for a quota or a limit on files; callers clear errno
 * before they call it. */
static bool is_out_of_space(int rc) {
    return (rc & 0xff) == SQLITE_IOERR && (errno == EFBIG || errno == EDQUOT || errno == ENOSPC);
}

/* A file system that was mounted anew, or that the system protects after an error. */
static bool is_write_protected(int rc) {
    return (rc & 0xff) == SQLITE_IOERR && errno == EROFS;
}

static vk_status status_of(int rc) {
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return VK_ERR_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return VK_ERR_BUSY;
    case SQLITE_FULL:
        return VK_ERR_STORE_FULL;
    case SQLITE_READONLY:
        return VK_ERR_READ_ONLY;
    case SQLITE_TOOBIG:
        return VK_ERR_SIZE;
    default:
        return is_out_of_space(rc)      ? VK_ERR_STORE_FULL
               : is_write_protected(rc) ? VK_ERR_READ_ONLY
                                        : VK_ERR_STORE;
    }
}

vk_status vk_db_fail(const vk_db *db, int rc, vk_error *err) {
    vk_status status = status_of(rc);
    const char *path = db->handle != NULL ? sqlite3_db_filename(db->handle, "main") : NULL;
    return vk_fail(err, status, path, "%s: %s", vk_status_text(status), sqlite3_errstr(rc));
}

vk_status vk_db_run_text(vk_db *db, const char *sql, vk_error *err) {
    errno = 0;
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? VK_OK : vk_db_fail(db, rc, err);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Between half a unit and one and a half; threads that are no longer in step come to their turns.
 */
static void nap(long unit_us) {
    static _Thread_local unsigned noise;
    if (noise == 0) {
        noise = (unsigned)getpid() ^ (unsigned)(uintptr_t)&noise;
    }
    noise = noise * 1103515245 + 12345;
    long us = unit_us / 2 + (long)(noise >> 16) % unit_us;
    struct timespec time = {.tv_sec = 0, .tv_nsec = us * 1000};
    nanosleep(&time, NULL);
}

/* The lock is free for moments only while other processes sign, and nobody queues for it: looking
 * often, at odd times, is what gives each its turn. */
static int wait_for_lock(void *arg, int tries) {
    vk_db *db = arg;
    if (tries == 0) {
        db->waits_since_ms = now_ms();
    }
    if (now_ms() - db->waits_since_ms >= VK_DB_BUSY_MS) {
        return 0;
    }
    nap(tries < 200 ? 200 : 2000);
    return 1;
}

void vk_db_let_others(void) {
    nap(250);
}

/* An edited schema must not run anything of its own: no triggers, no views. */
static int configure(vk_db *db) {
    sqlite3 *handle = db->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VK_DB_VALUE_MAX);
    int rc = sqlite3_busy_handler(handle, wait_for_lock, db);
    if (rc == SQLITE_OK) {
        rc = sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(handle,
                          "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;"
                          "PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;"
                          /* A group of decisions writes some dozens of pages. */
                          "PRAGMA wal_autocheckpoint = 4000;",
                          NULL, NULL, NULL);
    }
    return rc;
}

/* Opens and reads a first page, so that a file that opens can be read. */
static int open_handle(vk_db *db, const char *name, int flags) {
    errno = 0;
    int rc = sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        rc = configure(db);
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(db->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    db->read_only = rc == SQLITE_OK && sqlite3_db_readonly(db->handle, "main") == 1;
    return rc;
}

static void put_uri(vk_buf *out, const char *path) {
    vk_buf_put_text(out, "file:");
    for (const unsigned char *c = (const unsigned char *)path; *c != '\0'; c++) {
        if (isalnum(*c) || *c == '/' || *c == '.' || *c == '-' || *c == '_') {
            vk_buf_put_byte(out, *c);
        } else {
            vk_buf_printf(out, "%%%02X", *c);
        }
    }
    vk_buf_put_text(out, "?immutable=1");
}

static vk_status has_log(const char *path, bool *out, vk_error *err) {
    struct stat info;
    vk_buf name = {0};
    vk_buf_put_text(&name, path);
    vk_buf_put_text(&name, "-wal");
    char *log = vk_buf_take_text(&name);
    if (log == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, path, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    *out = stat(log, &info) == 0 && info.st_size > 0;
    vk_text_free(log);
    return VK_OK;
}

/* An immutable file is read without its log: what stands in the log would be missed. */
static vk_status refuse_left_log(const char *path, vk_error *err) {
    bool is_left = false;
    vk_status status = has_log(path, &is_left, err);
    if (status == VK_OK && is_left) {
        return vk_fail(err, VK_ERR_STORE, path,
                       "the token was not closed cleanly and its write-ahead log cannot be "
                       "replayed here: open the token once where it can be written");
    }
    return status;
}

/* For a file that cannot be written, or a directory in which SQLite cannot make its files. */
static vk_status open_immutable(vk_db *db, const char *path, vk_error *err) {
    vk_status status = refuse_left_log(path, err);
    if (status != VK_OK) {
        return status;
    }
    vk_buf uri = {0};
    put_uri(&uri, path);
    char *name = vk_buf_take_text(&uri);
    if (name == NULL) {
        return VK_ERR_MEMORY;
    }
    int rc = open_handle(db, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    vk_text_free(name);
    return rc == SQLITE_OK ? VK_OK : vk_db_fail(db, rc, err);
}

static bool is_unwritable(int rc) {
    return (rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY;
}

/* Beside a file that it may only read, SQLite leaves files that it may only read: the token could
 * not be written again when its own permissions are back. */
static bool is_only_readable(const char *path) {
    bool is_left;
    return access(path, W_OK) != 0 && errno == EACCES && has_log(path, &is_left, NULL) == VK_OK &&
           !is_left;
}

static vk_status open_any(vk_db *db, const char *path, vk_error *err) {
    if (is_only_readable(path)) {
        return open_immutable(db, path, err);
    }
    int rc = open_handle(db, path, SQLITE_OPEN_READWRITE);
    if (rc == SQLITE_OK) {
        return VK_OK;
    }
    if (!is_unwritable(rc)) {
        return vk_db_fail(db, rc, err);
    }
    vk_db_close(db);
    return open_immutable(db, path, err);
}

vk_status vk_db_pragma_int(vk_db *db, const char *sql, int64_t *out, vk_error *err) {
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
        *out = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    return rc == SQLITE_ROW ? VK_OK : vk_db_fail(db, rc, err);
}

static vk_status check_application(vk_db *db, const char *path, vk_error *err) {
    int64_t application = 0;
    vk_status status = vk_db_pragma_int(db, "PRAGMA application_id", &application, err);
    if (status == VK_OK && application != VK_DB_APPLICATION_ID) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, path, "the file is not a valetkey token");
    }
    return status;
}

static vk_status update_schema(vk_db *db, const char *path, int64_t version, vk_error *err) {
    long long from = version, to = vk_schema_version();
    if (from < 1 || from > to) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, path,
                       "the token has schema version %lld, this program reads versions 1 to %lld",
                       from, to);
    }
    if (db->read_only) {
        return vk_fail(err, VK_ERR_READ_ONLY, path,
                       "the token has schema version %lld and must be brought to version %lld: "
                       "open it once where it can be written",
                       from, to);
    }
    return vk_schema_migrate(db, err);
}

static vk_status check_version(vk_db *db, const char *path, vk_error *err) {
    int64_t version = 0;
    vk_status status = check_application(db, path, err);
    if (status == VK_OK) {
        status = vk_schema_read_version(db, &version, err);
    }
    if (status != VK_OK || version == vk_schema_version()) {
        return status;
    }
    return update_schema(db, path, version, err);
}

vk_status vk_db_open(vk_db *db, const char *path, vk_error *err) {
    *db = (vk_db){0};
    vk_status status = open_any(db, path, err);
    if (status == VK_OK) {
        vk_db_files_note(db);
        status = check_version(db, path, err);
    }
    if (status == VK_OK) {
        status = vk_schema_check(db, err);
    }
    if (status != VK_OK) {
        vk_db_close(db);
    }
    return status;
}

static vk_status make_tables(vk_db *db, vk_error *err) {
    vk_status status = vk_db_run_text(db, "PRAGMA journal_mode = WAL", err);
    return status == VK_OK ? vk_schema_make(db, err) : status;
}

vk_status vk_db_make(vk_db *db, const char *path, vk_error *err) {
    *db = (vk_db){0};
    int rc = open_handle(db, path, SQLITE_OPEN_READWRITE);
    vk_status status = rc == SQLITE_OK ? VK_OK : vk_db_fail(db, rc, err);
    if (status == VK_OK) {
        status = make_tables(db, err);
    }
    if (status != VK_OK) {
        vk_db_close(db);
    }
    return status;
}

void vk_db_close(vk_db *db) {
    for (size_t i = 0; i < VK_SQL_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close_v2(db->handle);
    *db = (vk_db){0};
}

static vk_status run(vk_db *db, vk_sql sql, vk_error *err) {
    vk_query query = vk_query_start(db, sql);
    return vk_query_run(&query, err);
}

vk_status vk_db_begin(vk_db *db, vk_error *err) {
    if (db->read_only) {
        return vk_fail(err, VK_ERR_READ_ONLY, sqlite3_db_filename(db->handle, "main"), "%s",
                       vk_status_text(VK_ERR_READ_ONLY));
    }
    vk_status status = vk_db_files_check(db, err);
    if (status == VK_OK) {
        status = vk_db_files_settle(db, err);
    }
    return status == VK_OK ? run(db, VK_SQL_BEGIN, err) : status;
}

vk_status vk_db_try_begin(vk_db *db) {
    sqlite3_busy_timeout(db->handle, 0);
    vk_status status = vk_db_begin(db, NULL);
    sqlite3_busy_handler(db->handle, wait_for_lock, db);
    return status;
}

/* Some failures have ended the transaction already. */
static bool is_over(const vk_db *db) {
    return sqlite3_get_autocommit(db->handle) != 0;
}

static void undo(vk_db *db, vk_sql sql) {
    vk_status ignored = is_over(db) ? VK_OK : run(db, sql, NULL);
    (void)ignored;
}

vk_status vk_db_end(vk_db *db, vk_status status, vk_error *err) {
    if (status == VK_OK) {
        status = run(db, VK_SQL_COMMIT, err);
    }
    if (status != VK_OK) {
        undo(db, VK_SQL_ROLLBACK);
        return status;
    }
    return vk_db_files_check(db, err);
}

vk_status vk_db_needs_transaction(const vk_db *db, vk_error *err) {
    if (is_over(db)) {
        return vk_fail(err, VK_ERR_STORE, sqlite3_db_filename(db->handle, "main"),
                       "the transaction was broken off");
    }
    return VK_OK;
}

vk_status vk_db_begin_part(vk_db *db, vk_error *err) {
    vk_status status = vk_db_needs_transaction(db, err);
    return status == VK_OK ? run(db, VK_SQL_PART_BEGIN, err) : status;
}

vk_status vk_db_end_part(vk_db *db, vk_status status, vk_error *err) {
    if (status != VK_OK) {
        undo(db, VK_SQL_PART_DROP);
        undo(db, VK_SQL_PART_KEEP);
        return status;
    }
    return run(db, VK_SQL_PART_KEEP, err);
}
