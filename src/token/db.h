/* SQLite, as the store uses it: one connection, prepared statements, statuses. */
#ifndef VK_TOKEN_DB_H
#define VK_TOKEN_DB_H

#include <sqlite3.h>
#include <sys/types.h>
#include <valetkey/bytes.h>

/* Every statement there is; the texts are in sql.c. */
typedef enum vk_sql {
    VK_SQL_BEGIN = 0,
    VK_SQL_COMMIT,
    VK_SQL_ROLLBACK,
    VK_SQL_PART_BEGIN,
    VK_SQL_PART_KEEP,
    VK_SQL_PART_DROP,
    VK_SQL_DATA_VERSION,
    VK_SQL_SENTINEL,
    VK_SQL_BEGIN_READ,
    VK_SQL_STATE_READ,
    VK_SQL_STATE_WRITE,
    VK_SQL_STATE_CHANGES,
    VK_SQL_STATE_CHANGED,
    VK_SQL_TOKEN_INSERT,
    VK_SQL_TOKEN_READ,
    VK_SQL_TOKEN_LABEL,
    VK_SQL_TOKEN_BUDGETS,
    VK_SQL_TOKEN_RELAXED,
    VK_SQL_TOKEN_RELAX,
    VK_SQL_SETTINGS_READ,
    VK_SQL_SETTINGS_WRITE,
    VK_SQL_PIN_READ,
    VK_SQL_PIN_WRITE,
    VK_SQL_PIN_TRIES,
    VK_SQL_PIN_REMOVE,
    VK_SQL_ENROLMENT_READ,
    VK_SQL_ENROLMENT_LIST,
    VK_SQL_ENROLMENT_COUNT,
    VK_SQL_ENROLMENT_SAME,
    VK_SQL_ENROLMENT_INSERT,
    VK_SQL_ENROLMENT_WRAP,
    VK_SQL_ENROLMENT_REMOVE,
    VK_SQL_ENROLMENT_REMOVE_ALL,
    VK_SQL_KEY_READ,
    VK_SQL_KEY_OF_POINT,
    VK_SQL_KEY_INSERT,
    VK_SQL_KEY_UPDATE,
    VK_SQL_KEY_REMOVE,
    VK_SQL_KEY_REMOVE_ALL,
    VK_SQL_KEY_SEALED,
    VK_SQL_KEY_RESEAL,
    VK_SQL_KEY_DENIAL,
    VK_SQL_KEY_STATE,
    VK_SQL_KEY_FIND_ALL,
    VK_SQL_KEY_FIND_LABEL,
    VK_SQL_KEY_FIND_CKID,
    VK_SQL_KEY_FIND_BOTH,
    VK_SQL_KEY_FIND_POINT,
    VK_SQL_KEY_FIND_ADDRESS,
    VK_SQL_KEY_FIND_ACCOUNT,
    VK_SQL_KEY_OUTLINES,
    VK_SQL_GRANT_INSERT,
    VK_SQL_GRANT_MAC,
    VK_SQL_GRANT_SET_MAC,
    VK_SQL_GRANT_SAME,
    VK_SQL_GRANT_OF_KEY,
    VK_SQL_GRANT_COUNT,
    VK_SQL_GRANT_IDS,
    VK_SQL_GRANT_REMOVE,
    VK_SQL_GRANT_REMOVE_ALL,
    VK_SQL_BUDGET_COUNT,
    VK_SQL_BUDGET_READ,
    VK_SQL_BUDGET_LIST,
    VK_SQL_BUDGET_WRITE,
    VK_SQL_NONCE_READ,
    VK_SQL_NONCE_LIST,
    VK_SQL_NONCE_WRITE,
    VK_SQL_NONCE_REMOVE,
    VK_SQL_SPEND_LIST,
    VK_SQL_SPEND_WRITE,
    VK_SQL_SPEND_REMOVE,
    VK_SQL_SPEND_STATE_WRITE,
    VK_SQL_SPEND_STATE_REMOVE,
    VK_SQL_OBJECT_READ,
    VK_SQL_OBJECT_INSERT,
    VK_SQL_OBJECT_WRITE,
    VK_SQL_OBJECT_REMOVE,
    VK_SQL_OBJECT_REMOVE_ALL,
    VK_SQL_OBJECT_FIND_ALL,
    VK_SQL_OBJECT_FIND_LABEL,
    VK_SQL_OBJECT_FIND_CKID,
    VK_SQL_NODE_READ,
    VK_SQL_NODE_LIST,
    VK_SQL_NODE_WRITE,
    VK_SQL_NODE_REMOVE,
    VK_SQL_NODE_REMOVE_ALL,
    VK_SQL_PASSKEY_FIND,
    VK_SQL_PASSKEY_LIST,
    VK_SQL_PASSKEY_NUMBER,
    VK_SQL_PASSKEY_INSERT,
    VK_SQL_PASSKEY_COUNT,
    VK_SQL_PASSKEY_REMOVE,
    VK_SQL_PASSKEY_REMOVE_ALL,
    VK_SQL_PENDING_READ,
    VK_SQL_PENDING_FIND,
    VK_SQL_PENDING_LIST,
    VK_SQL_PENDING_COUNT,
    VK_SQL_PENDING_SIGN_COUNT,
    VK_SQL_PENDING_INSERT,
    VK_SQL_PENDING_SET_MAC,
    VK_SQL_PENDING_REMOVE,
    VK_SQL_PENDING_REMOVE_SAME,
    VK_SQL_PENDING_REMOVE_KEY,
    VK_SQL_PENDING_REMOVE_ALL,
    VK_SQL_PENDING_EXPIRE,
    VK_SQL_CHAIN_READ,
    VK_SQL_CHAIN_LAST,
    VK_SQL_CHAIN_WRITE,
    VK_SQL_CHAIN_ALL,
    VK_SQL_CHAIN_ENDS,
    VK_SQL_JOURNAL_INSERT,
    VK_SQL_JOURNAL_READ,
    VK_SQL_JOURNAL_SIGNED,
    VK_SQL_JOURNAL_RECEIPT,
    VK_SQL_JOURNAL_CHECKPOINT,
    VK_SQL_JOURNAL_HASH,
    VK_SQL_JOURNAL_ENDS,
    VK_SQL_JOURNAL_DROPPED,
    VK_SQL_JOURNAL_DROP,
    VK_SQL_STATEMENTS
} vk_sql;

extern const char *const vk_sql_texts[VK_SQL_STATEMENTS];

/* The schema sets it. */
#define VK_DB_APPLICATION_ID 5655296 /* 0x564B00 */
#define VK_DB_BUSY_MS 5000
/* No text or blob in a token is longer. */
#define VK_DB_VALUE_MAX (16 << 20)

/* A file as it was when it was last looked at. inode 0: there is none to look at. */
typedef struct vk_db_file {
    dev_t device;
    ino_t inode;
    off_t size;
} vk_db_file;

typedef struct vk_db {
    sqlite3 *handle;
    bool read_only;
    int64_t waits_since_ms; /* for the write lock */
    vk_db_file file, log;   /* the write-ahead log */
    bool is_settled;        /* their names are durable */
    bool has_schema;        /* the tables were looked at, when SQLite had */
    int64_t schema_times;   /* noticed so many changes of them */
    sqlite3_stmt *statements[VK_SQL_STATEMENTS];
} vk_db;

/* Makes the tables in an empty file that exists. */
VK_MUST_USE vk_status vk_db_make(vk_db *db, const char *path, vk_error *err);
/* A file that cannot be written, or stands in a directory that cannot, opens read-only. Tables of
 * an older version are brought up to date; VK_ERR_READ_ONLY where they cannot be. */
VK_MUST_USE vk_status vk_db_open(vk_db *db, const char *path, vk_error *err);
void vk_db_close(vk_db *db);

/* VK_ERR_STORE if the file or its write-ahead log lost its name, or was cut short, since it was
 * opened: what is committed then is lost. Two calls of stat. */
VK_MUST_USE vk_status vk_db_files_check(vk_db *db, vk_error *err);
/* The same of the file alone, and not of its length: safe beside a thread that uses db. */
VK_MUST_USE vk_status vk_db_check_present(const vk_db *db, vk_error *err);

/* Begins a transaction that writes. */
VK_MUST_USE vk_status vk_db_begin(vk_db *db, vk_error *err);
/* The same, but does not wait: VK_ERR_BUSY if somebody else writes. */
VK_MUST_USE vk_status vk_db_try_begin(vk_db *db);
/* Commits if status is VK_OK, else rolls back; returns status, or why the commit failed. */
VK_MUST_USE vk_status vk_db_end(vk_db *db, vk_status status, vk_error *err);

/* A moment in which another process that waits can begin. */
void vk_db_let_others(void);

/* VK_ERR_STORE if a failure has ended the transaction: what is written now would stand alone. */
VK_MUST_USE vk_status vk_db_needs_transaction(const vk_db *db, vk_error *err);
/* A part of a transaction that fails alone; ended like the whole. */
VK_MUST_USE vk_status vk_db_begin_part(vk_db *db, vk_error *err);
VK_MUST_USE vk_status vk_db_end_part(vk_db *db, vk_status status, vk_error *err);

/* ---- One execution of a statement ---- */

/* Values are bound in order and must live until the query ends; a failure is kept and reported by
 * the step. */
typedef struct vk_query {
    vk_db *db;
    sqlite3_stmt *statement;
    int bound;
    int rc;
    bool any_type;
} vk_query;

vk_query vk_query_start(vk_db *db, vk_sql sql);
/* For rows that are looked at, or removed, whatever is in them: values of other types than their
 * columns' are read as SQLite has it. */
vk_query vk_query_start_any(vk_db *db, vk_sql sql);
void vk_query_int(vk_query *query, int64_t value);
void vk_query_blob(vk_query *query, vk_bytes value);
void vk_query_text(vk_query *query, const char *value);    /* NULL: SQL NULL */
void vk_query_text_bytes(vk_query *query, vk_bytes value); /* UTF-8 */
void vk_query_null(vk_query *query);
/* *row: there is a row to read. VK_ERR_INTEGRITY: a value in it is not of its column's type. */
VK_MUST_USE vk_status vk_query_step(vk_query *query, bool *row, vk_error *err);
/* The same of the row that vk_query_start_any's query stands on. */
VK_MUST_USE vk_status vk_query_check_types(const vk_query *query, vk_error *err);
/* For loops over rows: true, with the next, as long as *status is VK_OK and there is one. Sets
 * *status where that cannot be told. */
bool vk_query_next(vk_query *query, vk_status *status, vk_error *err);
/* Appends the first column of every row that is left, an int64_t each. */
VK_MUST_USE vk_status vk_query_ids(vk_query *query, vk_buf *out, vk_error *err);
/* Like vk_query_step for a statement that must give a row: VK_ERR_NOT_FOUND if it does not. */
VK_MUST_USE vk_status vk_query_row(vk_query *query, vk_error *err);
void vk_query_end(vk_query *query);
/* Steps and ends a statement that gives no row. */
VK_MUST_USE vk_status vk_query_run(vk_query *query, vk_error *err);

/* ---- Columns of the current row. The false ones: not of that shape. ---- */

int64_t vk_column_int(const vk_query *query, int column);
bool vk_column_flag(const vk_query *query, int column, bool *out); /* 0 or 1 */
bool vk_column_null(const vk_query *query, int column);
vk_bytes vk_column_blob(const vk_query *query, int column); /* good until the next step */
bool vk_column_fixed(const vk_query *query, int column, uint8_t *out, size_t len);
/* A copy; NULL for SQL NULL. VK_ERR_INTEGRITY for a text with a NUL in it. */
VK_MUST_USE vk_status vk_column_text(const vk_query *query, int column, char **out);

#endif
