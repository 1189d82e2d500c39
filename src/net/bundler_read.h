/*
 * What a bundler answers. Replies are those of reply.h. Numbers may be "0x" text, decimal text or
 * JSON integers, as bundlers differ; null is as good as a member that is missing.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_BUNDLER_READ_H
#define VK_NET_BUNDLER_READ_H

#include "net/bundler.h"
#include "net/reply.h"

#define VK_ENTRY_POINTS_MAX 64

/* *out is untouched on failure; VK_ERR_FORMAT, VK_ERR_RANGE and VK_ERR_SIZE if not said otherwise.
 */
VK_MUST_USE vk_status vk_bundler_read_supports(const cJSON *reply, const vk_address *entry_point,
                                               bool *out, vk_error *err);
VK_MUST_USE vk_status vk_bundler_read_estimate(const cJSON *reply, vk_gas_estimate *out,
                                               vk_error *err);
/* Of "slow", "standard" and "fast" the second. */
VK_MUST_USE vk_status vk_bundler_read_fees(const cJSON *reply, vk_fees *out, vk_error *err);
VK_MUST_USE vk_status vk_bundler_read_hash(const cJSON *reply, vk_hash *out, vk_error *err);
/* Is there an operation (an object), or none (null)? */
VK_MUST_USE vk_status vk_bundler_read_known(const cJSON *reply, bool *out, vk_error *err);
/* Of pimlico_getUserOperationStatus: is the operation waiting, on its way, or included? Not so if
 * it was dropped, or the transaction that had it failed. */
VK_MUST_USE vk_status vk_bundler_read_status(const cJSON *reply, bool *out, vk_error *err);
/* VK_ERR_MISMATCH if it is the receipt of another operation or another sender. *out is untouched
 * also if nothing is found. */
VK_MUST_USE vk_status vk_bundler_read_receipt(const cJSON *reply, const vk_hash *operation,
                                              const vk_address *sender, bool *found,
                                              vk_operation_receipt *out, vk_error *err);

#endif
