/*
 * ZeroDev Kernel 0.3.1, 0.3.2, 0.3.3 on EntryPoint 0.7: accounts, nonces, calls, permissions,
 * approvals, serialized accounts. Sources: zerodevapp/kernel v3.1, zerodevapp/sdk 5.5.
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
    VK_KERNEL_0_3_1,
    VK_KERNEL_0_3_2,
    VK_KERNEL_0_3_3
} vk_kernel_version;

VK_API vk_kernel_version vk_kernel_read(const char *text);    /* "0.3.1"; UNKNOWN if none */
VK_API const char *vk_kernel_text(vk_kernel_version version); /* "0.3.1" */

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

/* ---- Calls ---- */

#define VK_CALL_SINGLE 0x00
#define VK_CALL_BATCH 0x01
#define VK_CALL_DELEGATE 0xff
#define VK_EXEC_REVERT 0x00
#define VK_EXEC_TRY 0x01

extern VK_API const uint8_t vk_kernel_execute_selector[4]; /* 0xe9ae5c53 */

typedef struct vk_call {
    vk_address target;
    vk_u256 value; /* wei; zero for a delegatecall */
    vk_bytes data;
} vk_call;

typedef struct vk_execution {
    uint8_t call_type; /* VK_CALL_SINGLE, VK_CALL_BATCH, VK_CALL_DELEGATE */
    uint8_t exec_type; /* VK_EXEC_REVERT, VK_EXEC_TRY */
    bool hooked;       /* wrapped in executeUserOp (0x8dd7712f) */
    size_t call_count;
    vk_call *calls; /* owned; data points into what was decoded */
} vk_execution;

/* A batch has at most this many calls; more is VK_ERR_SIZE. */
#define VK_CALLS_MAX 4096

/* Appends execute(bytes32,bytes). Only a batch may have other than one call. */
VK_API VK_MUST_USE vk_status vk_execution_encode(const vk_execution *execution, vk_buf *out);
/*
 * Reads execute calldata. Only the canonical encoding is read (what vk_execution_encode writes for
 * the result, byte for byte); anything else is VK_ERR_FORMAT, so no reader can see other calls in
 * it than the chain does. The views point into call_data.
 */
VK_API VK_MUST_USE vk_status vk_execution_decode(vk_bytes call_data, vk_execution *out,
                                                 vk_error *err);
VK_API void vk_execution_clear(vk_execution *execution);

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

/* Signers of the published contracts: ECDSA, WebAuthn 0.0.4 (the patched one). */
VK_API vk_signer vk_signer_ecdsa(const vk_address *address);
VK_API vk_signer vk_signer_webauthn(const uint8_t point65[65],
                                    const vk_hash *authenticator_id_hash);

#define VK_POLICIES_MAX 253
#define VK_FLAG_NOT_FOR_USER_OP 0x0001
#define VK_FLAG_NOT_FOR_SIGNATURE 0x0002

/* Policy entries: each flag2 || address20 || policyData, in order. */
typedef struct vk_policy_entries {
    size_t count;
    const vk_bytes *entries;
} vk_policy_entries;

/* Appends enableData = abi(bytes[] entries), one entry per policy and one for the signer. */
VK_API VK_MUST_USE vk_status vk_permission_enable_data(const vk_policy_entries *policies,
                                                       const vk_signer *signer,
                                                       uint16_t permission_flag, vk_buf *out);
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
} vk_enable;

VK_API void vk_enable_selector_data(const vk_enable *enable, uint8_t out[VK_SELECTOR_DATA_LEN]);
/* The EIP-712 digest that the root validator approves. */
VK_API VK_MUST_USE vk_status vk_enable_digest(const vk_enable *enable, vk_hash *out);
/* Appends the same as EIP-712 JSON (types, domain, primaryType, message), for wallets. */
VK_API VK_MUST_USE vk_status vk_enable_typed_data(const vk_enable *enable, vk_buf *out);

typedef enum vk_root_kind {
    VK_ROOT_UNKNOWN = 0,
    VK_ROOT_ECDSA,       /* also the account itself under EIP-7702 */
    VK_ROOT_MULTI_CHAIN, /* ECDSA, or a merkle approval over several chains */
    VK_ROOT_PASSKEY
} vk_root_kind;

typedef struct vk_root {
    vk_root_kind kind;
    vk_address validator; /* contract; zero under EIP-7702 */
    vk_address owner;     /* ECDSA and multi-chain */
    uint8_t point65[65];  /* passkey */
} vk_root;

/* Does the root validator accept this approval? VK_ERR_SIGNATURE if not. */
VK_API VK_MUST_USE vk_status vk_enable_verify(const vk_root *root, const vk_hash *digest,
                                              vk_bytes signature, vk_error *err);

/* ---- Signatures of a permission ---- */

/* Appends 0xff || signer part: the session key's part, and the whole signature in default mode. */
VK_API void vk_permission_signature(vk_bytes signer_part, vk_buf *out);
/* Appends hook20 || abi(validatorData, hookData, selectorData, enableSig, session part). */
VK_API VK_MUST_USE vk_status vk_enable_signature(const vk_enable *enable, vk_bytes approval,
                                                 vk_bytes session_part, vk_buf *out);
/* How many bytes vk_enable_signature appends. */
VK_API size_t vk_enable_signature_len(const vk_enable *enable, size_t approval_len,
                                      size_t session_part_len);

/* ---- Accounts ---- */

/* What deploys an account: factory data as the SDK keeps it (no factory address). */
typedef struct vk_account_init {
    vk_kernel_version kernel; /* by the factory in it; UNKNOWN if it names none */
    vk_root root;
    vk_address account; /* counterfactual; only if kernel is known */
} vk_account_init;

/*
 * Reads factory data (deployWithFactory 0xc5265d5d or createAccount 0xea6d13ac) and computes the
 * address. kernel_hint is used for createAccount, which names no factory. A validator that is not
 * one of ZeroDev's gives root.kind VK_ROOT_UNKNOWN.
 */
VK_API VK_MUST_USE vk_status vk_account_init_read(vk_bytes factory_data,
                                                  vk_kernel_version kernel_hint,
                                                  vk_account_init *out, vk_error *err);
/* Appends factory data (through the meta factory) for an ECDSA owner. */
VK_API VK_MUST_USE vk_status vk_account_init_write(vk_kernel_version kernel,
                                                   const vk_address *owner, const vk_u256 *index,
                                                   vk_buf *out);
/* The meta factory, the factory to put into a UserOperation. */
VK_API vk_address vk_kernel_meta_factory(void);

/* ---- Serialized accounts ---- */

/* Text of a serialized account is at most this long. */
#define VK_SERIALIZED_MAX ((size_t)1 << 20)

typedef struct vk_serialized_account {
    char *policies;           /* JSON array of policyParams objects, as written there */
    uint8_t permission_id[4]; /* as stored: not to be trusted */
    uint8_t selector[4];
    vk_address action_target;
    vk_buf factory_data; /* "initCode" of the SDK; empty under EIP-7702 */
    vk_address account;
    vk_buf enable_signature;
    bool pre_installed;
    bool has_private_key; /* the text carried one; it is not kept */
} vk_serialized_account;

/* Reads the SDK's text (base64 of JSON). Unknown members are errors with their path. */
VK_API VK_MUST_USE vk_status vk_serialized_read(const char *text, size_t text_len,
                                                vk_serialized_account *out, vk_error *err);
/* Appends the text. Member order as the SDK's. */
VK_API VK_MUST_USE vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out);
VK_API void vk_serialized_clear(vk_serialized_account *account);

#ifdef __cplusplus
}
#endif
#endif
