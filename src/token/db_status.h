/* From SQLite's result codes to ours; for db.c and query.c. */
#ifndef VK_TOKEN_DB_STATUS_H
#define VK_TOKEN_DB_STATUS_H

#include "token/db.h"

/* The status of a result code that is a failure, with a sentence. */
VK_MUST_USE vk_status vk_db_fail(const vk_db *db, int rc, vk_error *err);

#endif
