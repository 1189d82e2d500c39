/*
 * Reading a permission and what its approval is about, in every kind that approves, manages or
 * serializes one.
 */
#ifndef VK_BATCH_IN_SESSION_H
#define VK_BATCH_IN_SESSION_H

#include "batch/in_owner.h"
#include "batch/in_policy.h"

/* A permission of "signer", "policies" and "flag". */
typedef struct vk_session {
    const vk_policy *policy;
    vk_signer signer;
    const uint8_t *secret32; /* of the session key; NULL: the request gives none */
    vk_bytes enable_data;    /* the line keeps it */
    uint8_t permission_id[4];
} vk_session;

vk_session vk_in_session(const vk_in *in, bool sdk);
/* The same of a policy and a signer that were read already; without a private key. */
vk_session vk_session_of(const vk_in *in, const vk_policy *policy, const vk_signer *signer);

/* "kernelVersion", one that has permissions. */
vk_kernel_version vk_in_kernel_with_permissions(const vk_in *in);

/*
 * "action": {selector[, address][, hook]}; absent: execute of the account itself. The SDK drops
 * the caller's hook (an address, or {address}); so does this, see vk_enable_action_hook.
 */
typedef struct vk_in_action_data {
    uint8_t selector[4];
    vk_address target;
} vk_in_action_data;
vk_in_action_data vk_in_action(const vk_in *in);

/*
 * What the owner of account approves: the permission with "action", "hook" and
 * "accountCurrentNonce" (absent, null or 0: 1, that of an account not deployed), on that chain.
 */
vk_enable vk_in_enable(const vk_in *in, const vk_session *session, vk_kernel_version kernel,
                       const vk_address *account, uint64_t chain_id);

/* The names of the owner's members: "sudo", "sudoValidator", "ownerPrivateKey", "ownerAddress",
 * "ownerPasskey"; and of the answer of a passkey, "ownerAssertion". */
extern const vk_owner_names vk_session_owner;

/* Does the request give what vk_in_approval needs? */
bool vk_in_has_approval(const vk_in *in, const vk_owner *owner);
/*
 * The owner's approval of digest, which the line keeps: "enableSignature" as it is, or made of the
 * private key or "ownerAssertion". A fault unless the root validator accepts it; sdk: what is made
 * of an assertion is not looked at, as in the SDK.
 */
vk_bytes vk_in_approval(const vk_in *in, const vk_owner *owner, const vk_hash *digest,
                        uint64_t chain_id, bool sdk);

#endif
