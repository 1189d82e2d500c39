/*
 * What a node says of an account, at its latest block. A node may lie: nothing that the token
 * relies on is taken from here.
 *
 * Thread safety: one thread at a time uses a vk_node.
 */
#ifndef VK_NET_CHAIN_STATE_H
#define VK_NET_CHAIN_STATE_H

#include "net/bundler.h"
#include "net/node.h"
#include <valetkey/manage.h>

/* eth_getCode: is there a contract? */
VK_MUST_USE vk_status vk_node_has_code(vk_node *node, const vk_address *address, bool *out,
                                       vk_error *err);
/* The same: appends it, nothing if there is none. */
VK_MUST_USE vk_status vk_node_code(vk_node *node, const vk_address *address, vk_buf *out,
                                   vk_error *err);
/* eth_getBalance, wei. */
VK_MUST_USE vk_status vk_node_balance(vk_node *node, const vk_address *address, vk_u256 *out,
                                      vk_error *err);
/* eth_call at the latest block. Appends what it returns: nothing if there is no contract.
 * VK_ERR_SERVER if it reverts. */
VK_MUST_USE vk_status vk_node_call_latest(vk_node *node, const vk_address *to, vk_bytes data,
                                          vk_buf *out, vk_error *err);
/* EntryPoint.getNonce(account, key): the next nonce of that lane, the key in its upper 192 bits. */
VK_MUST_USE vk_status vk_node_nonce(vk_node *node, const vk_address *entry_point,
                                    const vk_address *account, const uint8_t key24[24],
                                    vk_u256 *out, vk_error *err);
/* EntryPoint.balanceOf(account): its deposit, wei. */
VK_MUST_USE vk_status vk_node_deposit(vk_node *node, const vk_address *entry_point,
                                      const vk_address *account, vk_u256 *out, vk_error *err);
/* eth_feeHistory: twice the next base fee and the tip, which is the median of what the median
 * transactions of the last blocks gave. VK_ERR_SERVER for a sum beyond 128 bits. */
VK_MUST_USE vk_status vk_node_fees(vk_node *node, vk_fees *out, vk_error *err);

/* What a Kernel 0.3.x account knows of a permission. */
typedef enum vk_permission_state {
    VK_PERMISSION_ABSENT = 0, /* never installed, or the account is not deployed */
    VK_PERMISSION_INSTALLED,
    VK_PERMISSION_REVOKED /* it was, and cannot be again under this id; or its nonce was invalidated
                           */
} vk_permission_state;
typedef struct vk_account_state {
    bool is_deployed;
    vk_permission_state permission;
    uint32_t current_nonce, valid_nonce_from; /* of approvals; 1 and 0 where it is not deployed */
    vk_permission_config config;              /* what is installed under the id, or zeros */
} vk_account_state;
VK_MUST_USE vk_status vk_node_account_state(vk_node *node, const vk_address *account,
                                            const uint8_t permission_id4[4], vk_account_state *out,
                                            vk_error *err);

#endif
