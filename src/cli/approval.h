/* What an account's owner approves, and the grant that comes of it. */
#ifndef VK_CLI_APPROVAL_H
#define VK_CLI_APPROVAL_H

#include "cli/grants.h"

typedef struct vk_approval {
    vk_key_info key;
    vk_serialized_account account; /* owned; no signature yet */
    vk_owner owner;
    bool has_owner;
    vk_kernel_version kernel;
    uint64_t chain_id;
    uint64_t enable_nonce;
    vk_buf enable_data;
    vk_hash digest;
    vk_buf typed_data; /* JSON */
} vk_approval;

/* From the options and the key on the token; the session is open. */
VK_MUST_USE vk_exit vk_approval_read(vk_cli *cli, vk_approval *out);
void vk_approval_clear(vk_approval *approval);

/* The serialized account with the signature in it, and the grant's JSON, which is checked. */
VK_MUST_USE vk_exit vk_approval_finish(vk_cli *cli, vk_approval *approval, vk_bytes signature,
                                       vk_buf *serialized, vk_buf *grant);

#endif
