/*
 * A chain's node. Every call may be made again after an error of the network. Failures are
 * VK_ERR_SERVER, with the node's name and what it was asked for, if not said otherwise.
 *
 * Thread safety: one thread at a time uses a vk_node.
 */
#ifndef VK_NET_NODE_H
#define VK_NET_NODE_H

#include "net/answer.h"
#include "net/node_config.h"

typedef struct vk_node vk_node;

/* Nothing is sent yet, and config is not needed any more. */
VK_MUST_USE vk_status vk_node_open(const vk_node_config *config, vk_node **out, vk_error *err);
void vk_node_close(vk_node *node); /* NULL allowed */
/* "https://host" */
const char *vk_node_name(const vk_node *node);
/* How many blocks one call for logs may span. */
uint64_t vk_node_max_blocks(const vk_node *node);

VK_MUST_USE vk_status vk_node_chain_id(vk_node *node, uint64_t *out, vk_error *err);
/* The newest block that the chain will not give up any more. */
VK_MUST_USE vk_status vk_node_finalized(vk_node *node, vk_block *out, vk_error *err);
/* VK_ERR_NOT_FOUND if the node has no such block. */
VK_MUST_USE vk_status vk_node_block(vk_node *node, uint64_t number, vk_block *out, vk_error *err);

/* What an answer to vk_node_call may have. */
#define VK_NODE_ANSWER_MAX ((size_t)64 << 10)
#define VK_NODE_LATEST UINT64_MAX /* the newest block, final or not */
/* eth_call of a contract in the state after that block (or VK_NODE_LATEST). Appends what it
 * returns: nothing if there is no contract. */
VK_MUST_USE vk_status vk_node_call(vk_node *node, const vk_address *to, vk_bytes data,
                                   uint64_t block, vk_buf *out, vk_error *err);

/* Looks for the event of the operation with that nonce, see answer.h. The range is at most
 * vk_node_max_blocks. */
VK_MUST_USE vk_status vk_node_operation_event(vk_node *node, const vk_operation_filter *filter,
                                              const vk_u256 *nonce, bool *found,
                                              vk_operation_event *out, vk_error *err);

#endif
