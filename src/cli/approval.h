/* What an account's owner (or a thirdweb account's admin) approves, and the grant that comes of it.
 */
#ifndef VK_CLI_APPROVAL_H
#define VK_CLI_APPROVAL_H

#include "cli/grants.h"

typedef struct vk_approval {
    vk_key_info key;
    vk_grant_kind kind;
    vk_owner owner; /* thirdweb: the admin */
    bool has_owner;
    vk_kernel_version kernel;   /* UNKNOWN: thirdweb */
    vk_entry_point entry_point; /* UNKNOWN: the Kernel version's */
    uint64_t chain_id;
    uint64_t enable_nonce;             /* permission */
    uint64_t installed_at;             /* permission; 0: not said */
    vk_grant_start start;              /* permission; at 0: not said */
    uint64_t valid_after, valid_until; /* plug-in */
    vk_serialized_account account;     /* owned; see vk_grant for what is in it */
    vk_thirdweb_request request;       /* thirdweb; its targets are the policy's or targets */
    vk_address *targets;               /* owned; of a request from a file */
    vk_grant grant;                    /* owned; all but the signature */
    vk_hash digest;                    /* what is signed; of an owner's own key: nothing */
    vk_buf typed_data;                 /* the same as JSON */
} vk_approval;

/* From the options and the key on the token; the session is open. */
VK_MUST_USE vk_exit vk_approval_read(vk_cli *cli, vk_approval *out);
void vk_approval_clear(vk_approval *approval);

/* Puts the signature in, and appends the grant's JSON, which is checked. */
VK_MUST_USE vk_exit vk_approval_finish(vk_cli *cli, vk_approval *approval, vk_bytes signature,
                                       vk_buf *json);

/* ---- Its parts ---- */

/* approval_options.c: kind, numbers and account from the options; the key is known. */
VK_MUST_USE vk_exit vk_approval_options(vk_cli *cli, vk_approval *a);
/* approval_draft.c: the grant without a signature, and what is signed. */
VK_MUST_USE vk_exit vk_approval_draft(vk_cli *cli, vk_approval *a);
/* approval_request.c: the request of --request, or a new one for the key's session. */
VK_MUST_USE vk_exit vk_approval_request(vk_cli *cli, vk_approval *a);

#endif
