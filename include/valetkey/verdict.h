/*
 * Verdicts: what the account's contracts would say of an operation or a message of a session key,
 * with the rule and the reason; and where valetkey is stricter than they are
 * (valetkey/hardening.h). Sources: zerodevapp/kernel v3.1 core/ValidationManager.sol,
 * zerodevapp/kernel-7579-plugins policies, eth-infinitism/account-abstraction core/EntryPoint.sol.
 *
 * Times are seconds since 1970; amounts are wei.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_VERDICT_H
#define VALETKEY_VERDICT_H

#include <valetkey/hardening.h>
#include <valetkey/policy.h>
#include <valetkey/typed_data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a rule remembers, as its contract does. All zero is the state before the first use. */
typedef struct vk_rule_state {
    vk_u256 spent;   /* gas: wei spent */
    uint64_t used;   /* rate limits: operations used (of the current window, when resetting) */
    uint64_t window; /* resetting rate limit: the time at which the window ends */
} vk_rule_state;

/* What was already signed for the nonce of an operation. Only one operation with that nonce can be
 * included, so a second one is charged the difference. */
typedef struct vk_nonce_charge {
    bool present;
    vk_u256 gas;     /* wei: the most that was signed for */
    uint64_t window; /* the latest time at which it was counted */
} vk_nonce_charge;

/* What a verdict is asked about. */
typedef struct vk_verdict_request {
    const vk_userop *op;
    uint64_t chain_id;
    uint64_t now;
    bool has_block; /* block is the number of the block; else none is known */
    uint64_t block;
    const uint8_t *selector; /* the granted selector, 4 bytes; may be NULL with kernel: any */
    /*
     * Where the account has no permission plug-in, its Kernel version: this policy is then kept by
     * the token alone, on the calls that this Kernel reads in the one canonical encoding; nothing
     * else is allowed. VK_KERNEL_UNKNOWN: the account keeps it, as a permission of Kernel 0.3.x.
     */
    vk_kernel_version kernel;
    /* The window of the owner's approval, seconds since 1970; valid_until 0: no end. */
    uint64_t valid_after, valid_until;
    vk_nonce_charge charge;
    /* Contracts that keep the session within its limits, besides those of the policy, the account
     * and the published EntryPoint: signer, root validator, ... */
    const vk_address *guards;
    size_t guard_count;
    vk_hardening_set relaxed; /* hardening rules that are off */
} vk_verdict_request;

typedef enum vk_rule_result {
    VK_RESULT_ALLOWED,
    VK_RESULT_DENIED,
    VK_RESULT_SKIPPED
} vk_rule_result;

#define VK_REASON_MAX 384
#define VK_VERDICT_RULE_MAX 32

typedef struct vk_rule_verdict {
    vk_rule_result result;
    uint64_t valid_after;       /* the window that the rule reports to the EntryPoint; 48 bits */
    uint64_t valid_until;       /* 0: no end */
    char reason[VK_REASON_MAX]; /* a sentence, for allowed ones too */
    /* The error that the contract reverts with when it denies: "RateLimited()". NULL: it has none,
     * or the denial is not the contract's. */
    const char *revert;
} vk_rule_verdict;

#define VK_CHAIN_ERROR_MAX 64

typedef struct vk_verdict {
    bool allowed;
    int rule_index;                 /* the first rule that denied; -1: none of them, see rule */
    char rule[VK_VERDICT_RULE_MAX]; /* its name, or "account", "selector", "permission", ... */
    char reason[VK_REASON_MAX];     /* of the denial; empty when allowed */
    const char *hardening;          /* the hardening rule that denied; NULL: the chain denies too */
    /* What a bundler would have reported of an operation, given a good signature: "AA23 reverted:
     * PolicyFailed(1)". The contracts ask in another order than reason is chosen by. Empty where
     * they would accept (an account without the permission plug-in asks no rule), and for digests
     * and messages. */
    char chain_error[VK_CHAIN_ERROR_MAX];
    size_t count;
    vk_rule_verdict *rules; /* owned, one a rule of the policy */
    vk_nonce_charge charge; /* what to remember for the nonce, when allowed */
} vk_verdict;

/*
 * The verdict on an operation. states (one a rule) is changed only when the operation is allowed.
 * The grant (account, chain, nonce) is the caller's to check. A denial is VK_OK with allowed false.
 */
VK_API VK_MUST_USE vk_status vk_policy_evaluate(const vk_policy *policy,
                                                const vk_verdict_request *request,
                                                vk_rule_state *states, vk_verdict *out);
/* The same for a digest under a policy that vk_policy_is_sudo: windows and counts. charge is what
 * was signed for the same digest before. */
VK_API VK_MUST_USE vk_status vk_policy_evaluate_digest(const vk_policy *policy, uint64_t now,
                                                       const vk_nonce_charge *charge,
                                                       vk_rule_state *states, vk_verdict *out);

/* Takes back from states (one a rule) what operations with one nonce moved, for which charge was
 * remembered: none of them will ever be included. */
VK_API void vk_policy_give_back(const vk_policy *policy, const vk_nonce_charge *charge,
                                vk_rule_state *states);

/* What a verdict on a message (ERC-1271) is asked about. */
typedef struct vk_message_request {
    uint64_t now;
    bool has_caller;
    vk_address caller; /* the contract that will ask the account; unknown without has_caller */
    bool replayable;   /* the signature is to be good on every chain */
    vk_hardening_set relaxed;
    /* Of typed data, with the account that signs it and where that is; NULL: a text, or not known.
     */
    const vk_typed_domain *domain;
    uint64_t chain_id;
    vk_address account, entry_point;
} vk_message_request;

/*
 * The verdict on a message. The contracts keep no state of messages. A rule about callers allows a
 * message whose caller is unknown, as one of them may ask: without hardening that is the verdict.
 */
VK_API VK_MUST_USE vk_status vk_policy_evaluate_message(const vk_policy *policy,
                                                        const vk_message_request *request,
                                                        vk_verdict *out);

/* Can there be a message at all that this verdict allows? */
VK_API bool vk_policy_allows_messages(const vk_policy *policy, vk_hardening_set relaxed);

VK_API void vk_verdict_clear(vk_verdict *verdict);

#ifdef __cplusplus
}
#endif
#endif
