/* From SQLite's result codes to ours, and its files; for db.c, db_files.c and query.c. */
#ifndef VK_TOKEN_DB_STATUS_H
#define VK_TOKEN_DB_STATUS_H

#include "token/db.h"

/* The status of a result code that is a failure, with a sentence. */
VK_MUST_USE vk_status vk_db_fail(const vk_db *db, int rc, vk_error *err);
/* What vk_db_files_check compares with, once the files are open. */
void vk_db_files_note(vk_db *db);
/* Makes the names of the files durable, once: SQLite does it as well, but goes on when it fails. */
VK_MUST_USE vk_status vk_db_files_settle(vk_db *db, vk_error *err);

#endif
