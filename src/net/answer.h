/*
 * What a chain's node answers: blocks, and the events of an EntryPoint. Every field that decides
 * something is checked against what was asked for; others are not looked at. Replies are those of
 * reply.h.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_ANSWER_H
#define VK_NET_ANSWER_H

#include "net/reply.h"

typedef struct vk_block {
    uint64_t number;
    vk_hash hash;
    uint64_t timestamp; /* seconds since 1970 */
} vk_block;

/* VK_ERR_NOT_FOUND if the node knows no such block (null). *out is untouched on failure. */
VK_MUST_USE vk_status vk_block_read(const cJSON *reply, vk_block *out, vk_error *err);

/* UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed
 * paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed): the same
 * in every EntryPoint. */
extern const vk_hash vk_operation_event_topic;

typedef struct vk_operation_filter {
    vk_address entry_point, sender;
    uint64_t from, to; /* blocks, inclusive */
} vk_operation_filter;

typedef struct vk_operation_event {
    vk_hash operation; /* userOpHash */
    vk_u256 nonce;
    bool success; /* of its calls; it is included and paid for in any case */
    uint64_t block;
    vk_hash block_hash;
} vk_operation_event;

/*
 * Looks for the event of the sender's operation with that nonce. Each log in the reply must be one
 * that the filter asks for, not removed: VK_ERR_FORMAT or VK_ERR_MISMATCH if one is not, wherever
 * it stands. *found says whether *out was filled in.
 */
VK_MUST_USE vk_status vk_operation_event_find(const cJSON *reply, const vk_operation_filter *filter,
                                              const vk_u256 *nonce, bool *found,
                                              vk_operation_event *out, vk_error *err);

#endif
