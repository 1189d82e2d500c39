/* Memory for secrets: locked where the system allows it, wiped when freed. */
#ifndef VK_BASE_SECRET_H
#define VK_BASE_SECRET_H

#include <valetkey/bytes.h>

/* Zeroed memory, not swapped (best effort), not in core dumps, zeroed in a forked child. NULL if
 * there is none. */
void *vk_secret_alloc(size_t len);
void vk_secret_free(void *data, size_t len); /* NULL allowed */

#endif
