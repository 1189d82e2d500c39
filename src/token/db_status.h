/* SQLite below the statements of sql.c, and its files; for db.c, db_files.c, migrate.c and query.c.
 */
#ifndef VK_TOKEN_DB_STATUS_H
#define VK_TOKEN_DB_STATUS_H

#include "token/db.h"

/* The status of a result code that is a failure, with a sentence. */
VK_MUST_USE vk_status vk_db_fail(const vk_db *db, int rc, vk_error *err);
/* Runs statements that give no rows. */
VK_MUST_USE vk_status vk_db_run_text(vk_db *db, const char *sql, vk_error *err);
VK_MUST_USE vk_status vk_db_pragma_int(vk_db *db, const char *sql, int64_t *out, vk_error *err);
/* What vk_db_files_check compares with, once the files are open. */
void vk_db_files_note(vk_db *db);
/* Makes the names of the files durable, once: SQLite does it as well, but goes on when it fails. */
VK_MUST_USE vk_status vk_db_files_settle(vk_db *db, vk_error *err);

#endif
