/*
 * A Kernel account as the chain keeps it, with one session: for the kind verdict, which plays the
 * steps of a case on it. Kernel 0.3.1 to 0.3.3.
 */
#ifndef VK_BATCH_VERDICT_ACCOUNT_H
#define VK_BATCH_VERDICT_ACCOUNT_H

#include "batch/verdict_entry_point.h"

typedef struct vk_verdict_account {
    vk_kernel_version kernel;
    vk_entry_point entry_point_version;
    vk_address entry_point;
    uint64_t chain_id;
    vk_address account;
    vk_root root; /* VK_ROOT_UNKNOWN: the case does not tell the owner */
    /* The session. */
    const vk_policy *policy;
    vk_signer signer;
    vk_bytes enable_data;
    uint8_t permission_id[4];
    /* What the steps change. */
    bool installed;
    uint8_t selector[4]; /* granted, when installed */
    vk_rule_state *states;
    vk_verdict_lanes lanes;
    vk_hardening_set relaxed;
} vk_verdict_account;

/* When and how a step happens. */
typedef struct vk_verdict_moment {
    uint64_t time;
    bool has_block;
    uint64_t block;
} vk_verdict_moment;

/* Judges an operation; what the chain accepts has then happened, whatever hardening says of it.
 * VK_ERR_MEMORY. */
VK_MUST_USE vk_status vk_verdict_operation(vk_verdict_account *account, const vk_userop *op,
                                           const vk_verdict_moment *when,
                                           vk_verdict_answer *answer);

/* isValidSignature(hash, signature), called by caller. */
typedef struct vk_verdict_message {
    vk_address caller;
    vk_hash hash;
    vk_bytes signature;
} vk_verdict_message;
VK_MUST_USE vk_status vk_verdict_signature(const vk_verdict_account *account,
                                           const vk_verdict_message *message,
                                           const vk_verdict_moment *when,
                                           vk_verdict_answer *answer);

#endif
