/* The schema and its versions; for db.c and token.c. */
#ifndef VK_TOKEN_MIGRATE_H
#define VK_TOKEN_MIGRATE_H

#include "token/db.h"

/* The version that this program reads and writes. */
int64_t vk_schema_version(void);
VK_MUST_USE vk_status vk_schema_read_version(vk_db *db, int64_t *out, vk_error *err);
/* Makes the tables in an empty database, in a transaction; or in whatever is going on. */
VK_MUST_USE vk_status vk_schema_make(vk_db *db, vk_error *err);
VK_MUST_USE vk_status vk_schema_make_tables(vk_db *db, vk_error *err);
/* Brings the tables of an older version up to date, all of them or, on failure, none. */
VK_MUST_USE vk_status vk_schema_migrate(vk_db *db, vk_error *err);
/* VK_ERR_INTEGRITY if the tables, or their indexes, are others. Costs little where they were looked
 * at before and nobody has changed them. */
VK_MUST_USE vk_status vk_schema_check(vk_db *db, vk_error *err);

#endif
