/*
 * Kernel 0.2.x: the mode in front of every signature, and enabling a plug-in with the first
 * operation that it signs.
 *
 * Sources: zerodevapp/kernel v2.4 Kernel.sol _approveValidator, zerodevapp/sdk plugins/ep0_6.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_ENABLE_V2_H
#define VALETKEY_ENABLE_V2_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_v2_mode {
    VK_V2_ROOT = 0,   /* the root validator signs */
    VK_V2_PLUGIN = 1, /* a validator that is enabled already, for the call's selector */
    VK_V2_ENABLE = 2  /* one that this operation enables */
} vk_v2_mode;

/* Appends the signature of mode VK_V2_ROOT or VK_V2_PLUGIN: mode4 || validator's signature. */
VK_API VK_MUST_USE vk_status vk_v2_signature(vk_v2_mode mode, vk_bytes validator_signature,
                                             vk_buf *out);

/* The plug-in, and what the owner allows it. */
typedef struct vk_enable_v2 {
    vk_kernel_version kernel; /* 0.2.2, 0.2.3, 0.2.4 */
    uint64_t chain_id;
    vk_address account;
    uint8_t selector[4];            /* of the operation's callData, which it may call */
    uint64_t valid_after;           /* seconds since 1970, 48 bits; 0: no bound */
    uint64_t valid_until;           /* likewise */
    vk_address validator, executor; /* executor zero: the account itself */
    vk_bytes enable_data;
    /* The SDK's order of the window: validUntil first, where the contract reads validAfter. The
     * same bytes when the two are equal; else a window that ends before it begins. */
    bool sdk;
} vk_enable_v2;

/*
 * The EIP-712 digest of ValidatorApproved(bytes4 sig, uint256 validatorData, address executor,
 * bytes enableData) that the root validator approves. VK_ERR_UNSUPPORTED for another Kernel
 * version, VK_ERR_RANGE for a time beyond 48 bits.
 */
VK_API VK_MUST_USE vk_status vk_enable_v2_digest(const vk_enable_v2 *enable, vk_hash *out,
                                                 vk_error *err);
/* Appends the same as EIP-712 JSON (types, domain, primaryType, message), for wallets. */
VK_API VK_MUST_USE vk_status vk_enable_v2_typed_data(const vk_enable_v2 *enable, vk_buf *out,
                                                     vk_error *err);
/* How many bytes vk_enable_v2_signature appends. */
VK_API size_t vk_enable_v2_signature_len(const vk_enable_v2 *enable, size_t approval_len,
                                         size_t validator_signature_len);
/*
 * Appends the signature of mode VK_V2_ENABLE: mode4 || u48 validAfter || u48 validUntil ||
 * validator20 || executor20 || u256 length || enableData || u256 length || approval ||
 * validator's signature.
 */
VK_API VK_MUST_USE vk_status vk_enable_v2_signature(const vk_enable_v2 *enable, vk_bytes approval,
                                                    vk_bytes validator_signature, vk_buf *out,
                                                    vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
