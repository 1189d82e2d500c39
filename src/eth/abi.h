/*
 * Solidity ABI: writing words, and reading them back with bounds.
 *
 * The head of a tuple holds one word a member; a dynamic member's word is the offset of its data
 * from the start of the tuple.
 */
#ifndef VK_ETH_ABI_H
#define VK_ETH_ABI_H

#include <valetkey/bytes.h>

#define VK_WORD 32

static inline size_t vk_abi_padded(size_t len) {
    return (len + VK_WORD - 1) / VK_WORD * VK_WORD;
}
/* Words of `bytes`: the length and the padded data. */
static inline size_t vk_abi_bytes_size(size_t len) {
    return VK_WORD + vk_abi_padded(len);
}

void vk_abi_put_u64(vk_buf *out, uint64_t value);
void vk_abi_put_u256(vk_buf *out, const vk_u256 *value);
void vk_abi_put_address(vk_buf *out, const vk_address *address);
/* bytesN: left-aligned, len <= 32. */
void vk_abi_put_fixed(vk_buf *out, const void *data, size_t len);
/* length || data || padding. */
void vk_abi_put_bytes(vk_buf *out, vk_bytes data);
/* bytes[] as a member of a tuple: length, offsets, elements. */
void vk_abi_put_bytes_list(vk_buf *out, const vk_bytes *items, size_t count);
/* abi(bytes[]), with the leading 0x20. */
void vk_abi_put_bytes_array(vk_buf *out, const vk_bytes *items, size_t count);

/* Readers: body is the tuple; position is a byte offset in it. VK_ERR_FORMAT when out of bounds or
 * when the value is not in its canonical form (upper bits or padding set). */
VK_MUST_USE vk_status vk_abi_word(vk_bytes body, size_t position, const uint8_t **out);
VK_MUST_USE vk_status vk_abi_u256(vk_bytes body, size_t position, vk_u256 *out);
VK_MUST_USE vk_status vk_abi_address(vk_bytes body, size_t position, vk_address *out);
/* A number that fits size_t and is not greater than max. */
VK_MUST_USE vk_status vk_abi_size(vk_bytes body, size_t position, size_t max, size_t *out);
/* The `bytes` whose offset is at position. */
VK_MUST_USE vk_status vk_abi_bytes(vk_bytes body, size_t position, vk_bytes *out);
/* The part of body from the offset at position to the end: the body of a dynamic tuple or array. */
VK_MUST_USE vk_status vk_abi_tail(vk_bytes body, size_t position, vk_bytes *out);

#endif
