/*
 * Hardening rules: where valetkey refuses what the account's contracts would accept. Everywhere
 * else the verdict is the chain's. doc/hardening.md tells of each the attack that it stops.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_HARDENING_H
#define VALETKEY_HARDENING_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the order in which they are asked; the first that denies is the one that is named. */
typedef enum vk_hardening {
    VK_HARDENING_CALLDATA_ENCODING = 0, /* call data that no ordinary encoder makes */
    VK_HARDENING_NONCE_MODE,            /* a mode in the nonce that has no meaning */
    VK_HARDENING_BLOCK_WINDOW,          /* a window of block numbers, where none is known */
    VK_HARDENING_GAS_OVERFLOW,          /* a gas cost that the contract cuts to 128 bits */
    VK_HARDENING_ZERO_PAYMASTER,        /* a required paymaster that is the zero address */
    VK_HARDENING_OLD_DELEGATECALL,      /* delegatecalls under call policy 0.0.1 and 0.0.2 */
    VK_HARDENING_SLICE_BOUNDS,          /* a compared slice that is not all in the call data */
    VK_HARDENING_PROTECTED_TARGET,      /* calls to the contracts that keep the limits */
    VK_HARDENING_BUDGET_DELEGATECALL,   /* delegatecalls by keys with a budget */
    VK_HARDENING_SIGNATURE_ENCODING,    /* signatures in another form than the usual one */
    VK_HARDENING_UNPATCHED_SIGNER,      /* WebAuthn signers before 0.0.4 */
    VK_HARDENING_OWN_DOMAIN,            /* typed data for the account itself, or an EntryPoint */
    VK_HARDENING_FOREIGN_CHAIN,         /* typed data for another chain than the account's */
    VK_HARDENING_OPEN_SIGNATURE,        /* messages of keys whose policy does not speak of any */
    VK_HARDENING_UNKNOWN_CALLER,        /* messages of which nobody knows who will check them */
    VK_HARDENING_SIGNATURE_WINDOW,      /* messages outside the window for operations */
    VK_HARDENING_REPLAYABLE_SIGNATURE,  /* messages that are good on every chain */
    VK_HARDENING_ANY_TARGET,            /* thirdweb: the wildcard for targets */
    VK_HARDENING_ANY_AMOUNT,            /* thirdweb: an unlimited amount of native value */
    VK_HARDENING_RULES
} vk_hardening;

/* A set: bit n is the rule n. */
typedef uint32_t vk_hardening_set;
#define VK_HARDENING_NONE UINT32_C(0)
#define VK_HARDENING_ALL ((UINT32_C(1) << VK_HARDENING_RULES) - 1)

VK_API vk_hardening_set vk_hardening_bit(vk_hardening rule);
/* "calldata-encoding", ...; NULL if there is no such rule. */
VK_API const char *vk_hardening_name(vk_hardening rule);
/* VK_ERR_NOT_FOUND if no rule has the name. */
VK_API VK_MUST_USE vk_status vk_hardening_find(const char *name, vk_hardening *out);
/* Names separated by commas, in the order above; nothing for an empty set. Appends. */
VK_API void vk_hardening_put_names(vk_hardening_set set, vk_buf *out);
/* Reads such names (or none); names that no rule has are left out. */
VK_API vk_hardening_set vk_hardening_read_names(vk_bytes names);
/* Those that a token lets its SO turn off. The others guard against what nobody can want. */
VK_API vk_hardening_set vk_hardening_switchable(void);

#ifdef __cplusplus
}
#endif
#endif
