/* Writing into a buffer in place. */
#ifndef VK_BASE_BUF_H
#define VK_BASE_BUF_H

#include <valetkey/bytes.h>

/* Appends len bytes, at least one, for the caller to fill in; NULL with the failure noted in buf.
 * The pointer is good until the next thing is put. */
uint8_t *vk_buf_reserve(vk_buf *buf, size_t len);

#endif
