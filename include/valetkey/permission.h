/*
 * Permissions of Kernel 0.3.x: signers, enable data, permissionId, the owner's approval,
 * signatures. Sources: zerodevapp/sdk plugins/permission, zerodevapp/kernel v3.1
 * core/ValidationManager.sol.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_PERMISSION_H
#define VALETKEY_PERMISSION_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>
#include <valetkey/validator.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Permissions ---- */

typedef enum vk_signer_kind { VK_SIGNER_ECDSA = 1, VK_SIGNER_WEBAUTHN = 2 } vk_signer_kind;

/* The session key as the permission stores it. */
typedef struct vk_signer {
    vk_signer_kind kind;
    vk_address contract;
    vk_address address;            /* ECDSA */
    uint8_t x[32], y[32];          /* WebAuthn */
    vk_hash authenticator_id_hash; /* WebAuthn: K(raw credential id) */
} vk_signer;

/* The WebAuthn signer that checks every challenge. */
#define VK_WEBAUTHN_SIGNER_PATCHED "0.0.4"

/* Signers of the published contracts: ECDSA, WebAuthn 0.0.4 (the patched one). */
VK_API vk_signer vk_signer_ecdsa(const vk_address *address);
VK_API vk_signer vk_signer_webauthn(const uint8_t point65[65],
                                    const vk_hash *authenticator_id_hash);
/*
 * The WebAuthn signer of the contract of that name, "0.0.1" to "0.0.4"; VK_ERR_UNSUPPORTED for any
 * other. Naming one is the only way to those before 0.0.4, which are unpatched (see
 * vk_webauthn_signer_contract).
 */
VK_API VK_MUST_USE vk_status vk_signer_webauthn_of(const char *version, const uint8_t point65[65],
                                                   const vk_hash *authenticator_id_hash,
                                                   vk_signer *out);
/* Appends signerData, what the contract gets at its installation: address20, or x32 || y32 ||
 * authenticatorIdHash32. */
VK_API VK_MUST_USE vk_status vk_signer_data(const vk_signer *signer, vk_buf *out);

#define VK_POLICIES_MAX 253
#define VK_FLAG_NOT_FOR_USER_OP 0x0001
#define VK_FLAG_NOT_FOR_SIGNATURE 0x0002

/* Policy entries: each flag2 || address20 || policyData, in order. At most VK_POLICIES_MAX; none is
 * well formed, though a token does not accept it. */
typedef struct vk_policy_entries {
    size_t count;
    const vk_bytes *entries;
} vk_policy_entries;

/* Appends enableData = abi(bytes[] entries), one entry per policy and one for the signer. */
VK_API VK_MUST_USE vk_status vk_permission_enable_data(const vk_policy_entries *policies,
                                                       const vk_signer *signer,
                                                       uint16_t permission_flag, vk_buf *out);
/* Appends policyId = abi(bytes[] entries), without the signer's. */
VK_API VK_MUST_USE vk_status vk_permission_policy_id(const vk_policy_entries *policies,
                                                     vk_buf *out);
/* Appends signerId = abi(bytes), of contract20 || signerData. */
VK_API VK_MUST_USE vk_status vk_permission_signer_id(const vk_signer *signer, vk_buf *out);
/* First 4 bytes of K(abi(bytes[] [policyId, permissionFlag2, signerId])). */
VK_API VK_MUST_USE vk_status vk_permission_id(const vk_policy_entries *policies,
                                              const vk_signer *signer, uint16_t permission_flag,
                                              uint8_t id4[4]);

/* ---- Approval by the account's owner ---- */

/* selectorData = selector4 || actionTarget20 || actionHook20 || abi(bytes 0xff, bytes 0x0000). */
#define VK_SELECTOR_DATA_LEN 236

typedef struct vk_enable {
    vk_kernel_version kernel;
    uint64_t chain_id;
    vk_address account;
    uint8_t permission_id[4];
    uint32_t nonce; /* the account's currentNonce(), 1 when it is not deployed */
    vk_address hook;
    vk_bytes enable_data;
    vk_bytes hook_data;
    uint8_t selector[4];
    vk_address action_target;
    vk_address action_hook; /* see vk_enable_action_hook */
} vk_enable;

/* 0x02 || permissionId4 || 16 zero bytes: the permission's ValidationId. */
VK_API void vk_permission_validation_id(const uint8_t id4[4], uint8_t out21[21]);
/* The hook that the SDK puts on an action: none, but on Kernel 0.3.0 the OnlyEntryPoint hook unless
 * the action is execute of the account itself. A hook of the caller's never gets there. */
VK_API vk_address vk_enable_action_hook(vk_kernel_version kernel, const uint8_t selector[4],
                                        const vk_address *action_target);

VK_API void vk_enable_selector_data(const vk_enable *enable, uint8_t out[VK_SELECTOR_DATA_LEN]);

/* The EIP-712 digest that the root validator approves, and what it is made of. */
typedef struct vk_enable_hashes {
    vk_hash domain_separator;
    vk_hash struct_hash;
    vk_hash digest;
} vk_enable_hashes;
/* VK_ERR_UNSUPPORTED for a Kernel without permissions. */
VK_API VK_MUST_USE vk_status vk_enable_hash(const vk_enable *enable, vk_enable_hashes *out);
VK_API VK_MUST_USE vk_status vk_enable_digest(const vk_enable *enable, vk_hash *out);
/* Appends the same as EIP-712 JSON (types, domain, primaryType, message), for wallets. */
VK_API VK_MUST_USE vk_status vk_enable_typed_data(const vk_enable *enable, vk_buf *out);

/* Does the root validator accept this approval? VK_ERR_SIGNATURE if not. */
VK_API VK_MUST_USE vk_status vk_enable_verify(const vk_root *root, const vk_hash *digest,
                                              vk_bytes signature, vk_error *err);

/* ---- Signatures of a permission ---- */

/* Appends the session key's part of a stub, for gas estimation: 0xff and a signature of the right
 * shape that nobody made. */
VK_API VK_MUST_USE vk_status vk_permission_stub(vk_signer_kind kind, vk_buf *out);

/* Appends 0xff || signer part: the session key's part, and the whole signature in default mode. */
VK_API void vk_permission_signature(vk_bytes signer_part, vk_buf *out);
/* Appends hook20 || abi(validatorData, hookData, selectorData, enableSig, session part). */
VK_API VK_MUST_USE vk_status vk_enable_signature(const vk_enable *enable, vk_bytes approval,
                                                 vk_bytes session_part, vk_buf *out);
/* The parts of a signature in enable mode; the views point into it. */
typedef struct vk_enable_parts {
    vk_address hook;
    vk_bytes enable_data;
    vk_bytes hook_data;
    uint8_t selector[4];
    vk_address action_target;
    vk_address action_hook;
    vk_bytes approval;
    vk_bytes session_part;
} vk_enable_parts;
/* Reads what vk_enable_signature writes; any other encoding of the same is VK_ERR_FORMAT. */
VK_API VK_MUST_USE vk_status vk_enable_signature_read(vk_bytes signature, vk_enable_parts *out,
                                                      vk_error *err);
/* How many bytes vk_enable_signature appends. */
VK_API size_t vk_enable_signature_len(const vk_enable *enable, size_t approval_len,
                                      size_t session_part_len);

#ifdef __cplusplus
}
#endif
#endif
