/*
 * What a paymaster's web service answers (ERC-7677). Replies are those of reply.h.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_PAYMASTER_READ_H
#define VK_NET_PAYMASTER_READ_H

#include "net/paymaster.h"
#include "net/reply.h"

#define VK_PAYMASTER_DATA_MAX ((size_t)16 << 10)

/* Of an operation for that EntryPoint. VK_ERR_FORMAT, VK_ERR_RANGE or VK_ERR_SIZE; *out is then
 * empty. */
VK_MUST_USE vk_status vk_sponsoring_read(const cJSON *reply, vk_entry_point version,
                                         vk_sponsoring *out, vk_error *err);
/* Does it leave alone what is the account's: fees and the account's own gas limits? A service that
 * has them otherwise than the operation has signed another one. VK_ERR_FORMAT if not. */
VK_MUST_USE vk_status vk_sponsoring_check(const cJSON *reply, const vk_userop *op, vk_error *err);

#endif
