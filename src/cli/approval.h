/* What an account's owner (or a thirdweb account's admin) approves, and the grant that comes of it.
 */
#ifndef VK_CLI_APPROVAL_H
#define VK_CLI_APPROVAL_H

#include "cli/grants.h"
#include <valetkey/smart_account.h>

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

/* A session key's approval for an account that the token keeps. */
typedef struct vk_approval_subject {
    CK_OBJECT_HANDLE key; /* its public half */
    const vk_smart_account *account;
    uint64_t chain_id;
    uint64_t enable_nonce;
    bool multi_chain; /* one of several, in the SDK's form for these */
} vk_approval_subject;
VK_MUST_USE vk_exit vk_approval_of(vk_cli *cli, const vk_approval_subject *subject,
                                   vk_approval *out);
void vk_approval_clear(vk_approval *approval);

/* Who signs it, as far as that is known: the root validator's owner, or thirdweb's admin. */
vk_root vk_approval_root(const vk_approval *approval);
/* A signature as a wallet gives it, in hex: some write the recovery id as 0 or 1. Appends. */
VK_MUST_USE vk_exit vk_approval_signature(vk_cli *cli, const char *hex, vk_buf *out);

/* Puts the signature in, and appends the grant's JSON, which is checked. */
VK_MUST_USE vk_exit vk_approval_finish(vk_cli *cli, vk_approval *approval, vk_bytes signature,
                                       vk_buf *json);
/* What comes of the signature for others than the token: the SDK's text of a permission, or the
 * call that sets thirdweb's. Empty: nothing. Appends, with a final NUL that len does not count. */
VK_MUST_USE vk_status vk_approval_product(const vk_approval *approval, vk_buf *out);

/* ---- Its parts ---- */

/* approval.c: what follows from the key, which has been read. */
VK_MUST_USE vk_exit vk_approval_take_key(vk_cli *cli, vk_approval *a);
/* approval_options.c: kind, numbers and account from the options; the key is known. */
VK_MUST_USE vk_exit vk_approval_options(vk_cli *cli, vk_approval *a);
/* approval_draft.c: the grant without a signature, and what is signed. */
VK_MUST_USE vk_exit vk_approval_draft(vk_cli *cli, vk_approval *a);
/* approval_request.c: the request of --request, or a new one for the key's session. */
VK_MUST_USE vk_exit vk_approval_request(vk_cli *cli, vk_approval *a);

#endif
