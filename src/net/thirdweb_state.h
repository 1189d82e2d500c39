/*
 * What a node says of a thirdweb account, at its latest block. A node may lie: nothing that the
 * token relies on is taken from here.
 *
 * Thread safety: one thread at a time uses a vk_node.
 */
#ifndef VK_NET_THIRDWEB_STATE_H
#define VK_NET_THIRDWEB_STATE_H

#include "net/node.h"
#include <valetkey/thirdweb.h>

/* What the account knows of a signer. All is no and nothing where it is not deployed. */
typedef struct vk_thirdweb_state {
    bool is_deployed;
    bool is_admin;
    bool is_active;              /* the node's word: the window is open, and there is a target */
    vk_thirdweb_session session; /* owned */
} vk_thirdweb_state;
VK_MUST_USE vk_status vk_node_thirdweb_state(vk_node *node, const vk_address *account,
                                             const vk_address *signer, vk_thirdweb_state *out,
                                             vk_error *err);
void vk_thirdweb_state_clear(vk_thirdweb_state *state);

/* The rest is asked of accounts that are deployed. */
VK_MUST_USE vk_status vk_node_thirdweb_is_admin(vk_node *node, const vk_address *account,
                                                const vk_address *who, bool *out, vk_error *err);
/* How many admins it has. */
VK_MUST_USE vk_status vk_node_thirdweb_admins(vk_node *node, const vk_address *account, size_t *out,
                                              vk_error *err);

/* What the account would make of a signed request, its window aside. */
typedef enum vk_thirdweb_fate {
    VK_THIRDWEB_GOOD = 0,
    VK_THIRDWEB_USED,     /* it was carried out: it cannot be again */
    VK_THIRDWEB_NO_ADMIN, /* who signed it is no admin (any more) */
    VK_THIRDWEB_OLD       /* the account does not know such requests */
} vk_thirdweb_fate;
VK_MUST_USE vk_status vk_node_thirdweb_request(vk_node *node, const vk_address *account,
                                               const vk_thirdweb_request *request,
                                               const uint8_t signature65[65], vk_thirdweb_fate *out,
                                               vk_error *err);

#endif
