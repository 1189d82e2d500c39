/*
 * The kinds of grants: one file a kind, each a table entry: read, derive, check, write, and what an
 * operation's nonce and signature look like. And what the kinds of Kernel accounts share.
 */
#ifndef VK_POLICY_GRANT_FORM_H
#define VK_POLICY_GRANT_FORM_H

#include "base/json.h"
#include <valetkey/grant.h>

typedef struct vk_grant_form {
    const char *name;
    const char *const *members; /* of the JSON, ends with NULL */
    /* kind, chainId and entryPoint (or none) are read already. */
    vk_status (*read)(const cJSON *object, vk_grant *out, vk_error *err);
    /* What follows from policy and signer, which go with the kind. */
    vk_status (*derive)(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err);
    /* Everything that a text from outside could get wrong, but the approval. */
    vk_status (*check)(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                       vk_error *err);
    /* Its signature, unless the grant is pre-installed; NULL: there never is one. */
    vk_status (*check_approval)(const vk_grant *grant, vk_error *err);
    /* Appends members, each behind a comma. */
    vk_status (*write)(const vk_grant *grant, vk_buf *out);
    /* VK_DENIED with the reason; NULL: the account takes any nonce. */
    vk_status (*match_nonce)(const vk_grant *grant, const vk_kernel_nonce *nonce,
                             char reason[VK_REASON_MAX]);
    vk_status (*attach)(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                        vk_buf *out);
    size_t (*attached_len)(const vk_grant *grant, const vk_userop *op, size_t session_part_len);
} vk_grant_form;

extern const vk_grant_form vk_grant_form_permission;
extern const vk_grant_form vk_grant_form_plugin;
extern const vk_grant_form vk_grant_form_owner;
extern const vk_grant_form vk_grant_form_thirdweb;

const vk_grant_form *vk_grant_form_of(vk_grant_kind kind);

/* ---- Kernel accounts (grant_account.c) ---- */

/* "kernelVersion"; absent: UNKNOWN. */
VK_MUST_USE vk_status vk_grant_read_kernel(const cJSON *object, vk_grant *out, vk_error *err);
/* The key as the only one of a validator; the validator itself is zero. */
vk_root vk_grant_root_of(const vk_signer *signer);
/* "account" and "factoryData". */
VK_MUST_USE vk_status vk_grant_read_account(const cJSON *object, vk_grant *out, vk_error *err);
/* "preInstalled"; absent: false. */
VK_MUST_USE vk_status vk_grant_read_pre_installed(const cJSON *object, vk_grant *out,
                                                  vk_error *err);
/* "owner" and "rootValidator"; absent: VK_ROOT_UNKNOWN. */
VK_MUST_USE vk_status vk_grant_read_owner(const cJSON *object, vk_grant *out, vk_error *err);
/*
 * Takes what the factory data tell, which must not contradict what is there already. Afterwards the
 * Kernel version is known, goes with the EntryPoint, and a root that is known has its validator.
 */
VK_MUST_USE vk_status vk_grant_settle(vk_grant *grant, vk_error *err);
/* Is the root's validator one of ZeroDev's for the Kernel version, and patched? v1 has none. */
VK_MUST_USE vk_status vk_grant_check_validator(const vk_grant *grant, const char *path,
                                               vk_error *err);
/* Does the owner's signature of the digest verify? */
VK_MUST_USE vk_status vk_grant_check_approval(const vk_grant *grant, const vk_hash *digest,
                                              vk_error *err);
/* The permissionId of the policy and the key, which accounts without permissions do not know. */
VK_MUST_USE vk_status vk_grant_derive_id(vk_grant *grant, const vk_policy *policy,
                                         const vk_signer *signer, vk_error *err);

/* Append members, each behind a comma. */
void vk_grant_put_account(const vk_grant *grant, vk_buf *out);
void vk_grant_put_owner(const vk_root *root, vk_buf *out);
void vk_grant_put_bytes(const char *name, vk_bytes bytes, vk_buf *out);
void vk_grant_put_address(const char *name, const vk_address *address, vk_buf *out);

/* ---- Signatures ---- */

/* The mode that Kernel 0.0.2 and 0.2.x want in front of the validator's signature. */
VK_MUST_USE bool vk_grant_wants_mode(vk_kernel_version kernel);

#endif
