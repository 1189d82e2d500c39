/* SQLite below the statements of sql.c; for db.c, migrate.c and query.c. */
#ifndef VK_TOKEN_DB_STATUS_H
#define VK_TOKEN_DB_STATUS_H

#include "token/db.h"

/* The status of a result code that is a failure, with a sentence. */
VK_MUST_USE vk_status vk_db_fail(const vk_db *db, int rc, vk_error *err);
/* Runs statements that give no rows. */
VK_MUST_USE vk_status vk_db_run_text(vk_db *db, const char *sql, vk_error *err);
VK_MUST_USE vk_status vk_db_pragma_int(vk_db *db, const char *sql, int64_t *out, vk_error *err);

#endif
