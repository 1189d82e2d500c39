/* What a Kernel 0.3.x account has recorded of a permission. */
#ifndef VK_NET_PERMISSION_RECORD_H
#define VK_NET_PERMISSION_RECORD_H

#include "net/node.h"
#include <valetkey/manage.h>

/* Nonces of installation only grow, and the last one stays when the permission is revoked. */
typedef struct vk_permission_record {
    vk_validation_config config;
    uint32_t valid_from; /* installations with a lower nonce were invalidated */
    vk_permission_config permission;
} vk_permission_record;

/* Asks the account, at a block or VK_NODE_LATEST. An account without code answers nothing, and has
 * nothing: then all is zero. VK_ERR_SERVER also for answers that no Kernel gives. */
VK_MUST_USE vk_status vk_permission_record_get(vk_node *node, const vk_address *account,
                                               const uint8_t id4[4], uint64_t block,
                                               vk_permission_record *out, vk_error *err);
/* Is it installed, valid or not? */
bool vk_permission_record_is_there(const vk_permission_record *record);
/* Was it installed, and is it not any more, or not valid? */
bool vk_permission_record_is_revoked(const vk_permission_record *record);

/* Asks the account for a uint32, the call being in *call, which is cleared. *is_there is false, and
 * *out untouched, if it answers nothing. */
VK_MUST_USE vk_status vk_account_ask_u32(vk_node *node, const vk_address *account, vk_buf *call,
                                         uint64_t block, bool *is_there, uint32_t *out,
                                         vk_error *err);

#endif
