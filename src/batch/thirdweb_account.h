/*
 * A thirdweb account as the chain keeps it: its admins and sessions, which requests change; for the
 * kind thirdweb_verdict, which plays the steps of a case on it.
 */
#ifndef VK_BATCH_THIRDWEB_ACCOUNT_H
#define VK_BATCH_THIRDWEB_ACCOUNT_H

#include "batch/verdict_entry_point.h"

/* What the account knows of an address. */
typedef struct vk_thirdweb_signer {
    vk_address address;
    vk_thirdweb_permission permission;
} vk_thirdweb_signer;

typedef struct vk_thirdweb_account {
    vk_entry_point entry_point_version;
    vk_address entry_point;
    uint64_t chain_id;
    vk_address account;
    size_t signer_count;
    vk_thirdweb_signer *signers; /* of the line, room for the admin and one a request */
    size_t uid_count;
    vk_hash *uids; /* used; of the line, room for one a request */
    vk_verdict_lanes lanes;
    vk_hardening_set relaxed;
} vk_thirdweb_account;

/* Makes the address an admin. */
void vk_thirdweb_account_admin(vk_thirdweb_account *account, const vk_address *admin);
/* setPermissionsForSigner(request, signature) at that time: applies it, if the account takes it.
 * The targets are kept as they are, not copied. VK_ERR_MEMORY and the like. */
VK_MUST_USE vk_status vk_thirdweb_account_request(vk_thirdweb_account *account,
                                                  const vk_thirdweb_request *request,
                                                  vk_bytes signature, uint64_t now);
/* Judges an operation; what the chain accepts has then happened. */
VK_MUST_USE vk_status vk_thirdweb_account_operation(vk_thirdweb_account *account,
                                                    const vk_userop *op, uint64_t now,
                                                    vk_verdict_answer *answer);
/* isValidSignature(hash, signature), called by caller. */
VK_MUST_USE vk_status vk_thirdweb_account_message(const vk_thirdweb_account *account,
                                                  const vk_address *caller, const vk_hash *hash,
                                                  vk_bytes signature, uint64_t now,
                                                  vk_verdict_answer *answer);

#endif
