/*
 * What is left of a permission's rules by the count of their contracts: a node says so, at its
 * latest block, and may lie.
 *
 * Thread safety: one thread at a time uses a vk_node.
 */
#ifndef VK_NET_CHAIN_RULES_H
#define VK_NET_CHAIN_RULES_H

#include "net/node.h"

/* Whose rule: the policy contract counts by the permission's id and the account. */
typedef struct vk_chain_rule {
    vk_address policy, account;
    uint8_t permission_id[4];
} vk_chain_rule;

/* gasPolicyConfig(bytes32,address): what is left of the budget, wei. *known is false if the
 * contract does not tell; the same below. */
VK_MUST_USE vk_status vk_node_gas_left(vk_node *node, const vk_chain_rule *rule, bool *known,
                                       vk_u256 *out, vk_error *err);

/* A rate limit without reset. */
typedef struct vk_rate_left {
    uint64_t interval, count; /* count: operations that are left */
    uint64_t next;            /* of which the next is good from here on, seconds since 1970 */
} vk_rate_left;
/* rateLimitConfigs(bytes32,address) */
VK_MUST_USE vk_status vk_node_rate_left(vk_node *node, const vk_chain_rule *rule, bool *known,
                                        vk_rate_left *out, vk_error *err);

/* A rate limit with reset. */
typedef struct vk_rate_window {
    uint64_t interval, count; /* count: operations that each window has */
    uint64_t left, end;       /* of the last window, which is over from its end on */
} vk_rate_window;
/* rateLimitConfigs(bytes32,address) and rateLimitState(bytes32,address) */
VK_MUST_USE vk_status vk_node_rate_window(vk_node *node, const vk_chain_rule *rule, bool *known,
                                          vk_rate_window *out, vk_error *err);

#endif
