/*
 * A typed list of byte strings in one buffer: how the store keeps PKCS#11 attributes.
 *
 * Encoding, entries in ascending order of type: u64 type || u32 length || value, numbers
 * big-endian. One list has one encoding, so two equal lists are equal bytes. Values longer than
 * VK_ATTRS_VALUE_MAX are refused.
 */
#ifndef VK_TOKEN_ATTRS_H
#define VK_TOKEN_ATTRS_H

#include <valetkey/bytes.h>

#define VK_ATTRS_VALUE_MAX ((size_t)1 << 20)

/* Replaces or adds. VK_ERR_FORMAT if attrs is not such a list; it is then unchanged. value may
 * point into attrs. */
VK_MUST_USE vk_status vk_attrs_set(vk_buf *attrs, uint64_t type, vk_bytes value);
/* A view of the value, good until attrs changes. False if there is none, or the list is corrupt
 * before it. */
bool vk_attrs_get(const vk_buf *attrs, uint64_t type, vk_bytes *value);
/* The entry at *position, which starts as 0 and is moved on; false at the end, or at corrupt bytes
 * (*position is then less than attrs->len). */
bool vk_attrs_next(const vk_buf *attrs, size_t *position, uint64_t *type, vk_bytes *value);

#endif
