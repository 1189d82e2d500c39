/* What the call data of all Kernel versions is made of. */
#ifndef VK_KERNEL_EXECUTION_H
#define VK_KERNEL_EXECUTION_H

#include <valetkey/kernel.h>

#define VK_SELECTOR_LEN 4

/* ---- One file a family of versions ---- */

/* execution_v2.c: execute, executeBatch and executeDelegateCall of 0.2.x. The shape was checked. */
VK_MUST_USE vk_status vk_execution_encode_v2(const vk_execution *execution, vk_buf *out);
VK_MUST_USE vk_status vk_execution_decode_v2(vk_bytes call_data, vk_execution *out, vk_error *err);
/* execution_v1.c: execute of 0.0.2 and executeAndRevert of v1. The shape was checked. */
VK_MUST_USE vk_status vk_execution_encode_v1(vk_kernel_version version,
                                             const vk_execution *execution, vk_buf *out);
VK_MUST_USE vk_status vk_execution_decode_v1(vk_kernel_version version, vk_bytes call_data,
                                             vk_execution *out, vk_error *err);

/* ---- Pieces ---- */

/* Is there a known type with as many calls as it takes? */
VK_MUST_USE vk_status vk_execution_check_shape(const vk_execution *execution);
/* calls for that many; VK_ERR_SIZE if it is more than VK_CALLS_MAX. */
VK_MUST_USE vk_status vk_execution_new_calls(size_t count, vk_execution *out, vk_error *err);
/* abi((address target, uint256 value, bytes data)[]). */
void vk_execution_put_tuples(const vk_execution *execution, vk_buf *out);
VK_MUST_USE vk_status vk_execution_read_tuples(vk_bytes body, vk_execution *out, vk_error *err);

/* VK_ERR_FORMAT of "callData". */
vk_status vk_execution_malformed(vk_error *err, const char *what);
bool vk_execution_skip_selector(vk_bytes *data, const uint8_t selector[VK_SELECTOR_LEN]);
/* The offset at position has the one value that it has in the canonical layout. */
bool vk_execution_offset_is(vk_bytes body, size_t position, size_t value);
/* The `bytes` whose offset is at position and whose data is all that follows the head. */
bool vk_execution_last_bytes(vk_bytes body, size_t position, size_t head, vk_bytes *out);

#endif
