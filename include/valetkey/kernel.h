/*
 * ZeroDev Kernel: versions and deployments, nonces, calls.
 * Sources: zerodevapp/kernel v2.4, v3.1; zerodevapp/sdk 5.5 constants.ts.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_KERNEL_H
#define VALETKEY_KERNEL_H

#include <valetkey/bytes.h>
#include <valetkey/userop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_kernel_version {
    VK_KERNEL_UNKNOWN = 0,
    VK_KERNEL_V1,
    VK_KERNEL_0_0_2,
    VK_KERNEL_0_2_2,
    VK_KERNEL_0_2_3,
    VK_KERNEL_0_2_4,
    VK_KERNEL_0_3_0,
    VK_KERNEL_0_3_1,
    VK_KERNEL_0_3_2,
    VK_KERNEL_0_3_3
} vk_kernel_version;

/* "v1", "0.0.2", ... "0.3.3"; UNKNOWN if none. */
VK_API vk_kernel_version vk_kernel_read(const char *text);
VK_API const char *vk_kernel_text(vk_kernel_version version); /* "0.3.1"; "unknown" */
/* The version in EIP-712 domains: "0.3.0-beta" for 0.3.0, else the text above. */
VK_API const char *vk_kernel_domain_version(vk_kernel_version version);
/* The EntryPoint that it is published for: 0.6, or 0.7 for 0.3.0 on. */
VK_API vk_entry_point vk_kernel_entry_point(vk_kernel_version version);
/* Published deployments; zero where there is none (v1, 0.0.2: no known implementation). */
VK_API vk_address vk_kernel_implementation(vk_kernel_version version);
VK_API vk_address vk_kernel_factory(vk_kernel_version version);
/* The meta factory of all 0.3.x, the factory to put into a UserOperation. */
VK_API vk_address vk_kernel_meta_factory(void);
/*
 * May they go together? v1 to 0.2.4 with EntryPoint 0.6, 0.3.x with 0.7. No deployment of 0.3.x for
 * EntryPoint 0.8 or 0.9 is published: own_deployment says that the caller brings its own (factory
 * and implementation, or the account's address). VK_ERR_UNSUPPORTED, and why, for any other pair.
 */
VK_API VK_MUST_USE vk_status vk_kernel_check_entry_point(vk_kernel_version version,
                                                         vk_entry_point entry_point,
                                                         bool own_deployment, vk_error *err);
/* What a delegation of an EOA (EIP-7702) names: the implementation of 0.3.3. */
VK_API vk_address vk_kernel_delegate(void);
/* Does the version know permissions (validation type 0x02)? 0.3.0 on. */
VK_API bool vk_kernel_has_permissions(vk_kernel_version version);

/* ---- Nonces ---- */

typedef enum vk_nonce_mode { VK_NONCE_DEFAULT = 0, VK_NONCE_ENABLE = 1 } vk_nonce_mode;
typedef enum vk_nonce_type {
    VK_NONCE_ROOT = 0,
    VK_NONCE_VALIDATOR = 1,
    VK_NONCE_PERMISSION = 2
} vk_nonce_type;

/* nonce = mode1 || type1 || identifier20 || custom2 || sequence8. */
typedef struct vk_kernel_nonce {
    uint8_t mode; /* vk_nonce_mode, or what else is there */
    uint8_t type; /* vk_nonce_type, or what else is there */
    uint8_t identifier[20];
    uint8_t permission_id[4]; /* the first four bytes of identifier */
    uint16_t custom;
    uint64_t sequence;
} vk_kernel_nonce;

VK_API vk_kernel_nonce vk_kernel_nonce_decode(const vk_u256 *nonce);
VK_API vk_u256 vk_kernel_nonce_encode(const vk_kernel_nonce *nonce);

/*
 * The 192-bit key of EntryPoint.getNonce(address,uint192), for the lane that custom names. 0.3.x:
 * mode, type and identifier of nonce and a custom key of 16 bits; before: the custom key alone.
 * VK_ERR_RANGE if custom does not fit.
 */
VK_API VK_MUST_USE vk_status vk_kernel_nonce_key(vk_kernel_version version,
                                                 const vk_kernel_nonce *nonce,
                                                 const vk_u256 *custom, uint8_t key24[24]);
/* The custom key that a text stands for: the first 24 bytes (EntryPoint 0.6) or 2 bytes (later) of
 * its Keccak hash. */
VK_API vk_u256 vk_kernel_custom_key(vk_entry_point version, vk_bytes text);

/* ---- Calls ---- */

#define VK_CALL_SINGLE 0x00
#define VK_CALL_BATCH 0x01
#define VK_CALL_DELEGATE 0xff
#define VK_EXEC_REVERT 0x00
#define VK_EXEC_TRY 0x01

extern VK_API const uint8_t vk_kernel_execute_selector[4]; /* 0xe9ae5c53 */

typedef struct vk_call {
    vk_address target;
    vk_u256 value; /* wei; zero for a delegatecall (v1 has a place for it, and ignores it) */
    vk_bytes data;
} vk_call;

typedef struct vk_execution {
    uint8_t call_type; /* VK_CALL_SINGLE, VK_CALL_BATCH, VK_CALL_DELEGATE */
    uint8_t exec_type; /* VK_EXEC_REVERT; 0.3.0 on also VK_EXEC_TRY */
    bool hooked;       /* 0.3.0 on: wrapped in executeUserOp (0x8dd7712f) */
    size_t call_count;
    vk_call *calls; /* owned; data points into what was decoded */
} vk_execution;

/* A batch has at most this many calls; more is VK_ERR_SIZE. */
#define VK_CALLS_MAX 4096

/* Kernel 0.3.x: appends execute(bytes32,bytes). Only a batch may have other than one call. */
VK_API VK_MUST_USE vk_status vk_execution_encode(const vk_execution *execution, vk_buf *out);
/*
 * Reads execute calldata. Only the canonical encoding is read (what vk_execution_encode writes for
 * the result, byte for byte); anything else is VK_ERR_FORMAT, so no reader can see other calls in
 * it than the chain does. The views point into call_data.
 */
VK_API VK_MUST_USE vk_status vk_execution_decode(vk_bytes call_data, vk_execution *out,
                                                 vk_error *err);
VK_API void vk_execution_clear(vk_execution *execution);

/*
 * The same for all versions. VK_ERR_UNSUPPORTED, and why, for what the version cannot do: before
 * 0.3.0 there is no try mode and no hook. v1 and 0.0.2 make a batch by a delegatecall to the
 * MultiSend contract.
 *
 * account (may be NULL) is whose call data it is: one call of it to itself is that call's data as
 * it is, as the SDK does (the value, the try mode and the hook are then without meaning).
 */
VK_API VK_MUST_USE vk_status vk_execution_encode_for(vk_kernel_version version,
                                                     const vk_address *account,
                                                     const vk_execution *execution, vk_buf *out,
                                                     vk_error *err);
/*
 * Only the canonical encoding is read, as above. For v1 and 0.0.2 a delegatecall to the MultiSend
 * contract must be a batch. A call of the account to itself has no form of its own: it is read
 * only if it happens to be execute calldata.
 */
VK_API VK_MUST_USE vk_status vk_execution_decode_for(vk_kernel_version version, vk_bytes call_data,
                                                     vk_execution *out, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
