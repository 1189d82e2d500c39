/*
 * Owners: the root validators of Kernel accounts, their data and their signatures of user
 * operations.
 *
 * Sources: zerodevapp/sdk plugins/ecdsa, plugins/multi-chain-ecdsa, plugins/passkey; zerodevapp/
 * kernel v2.4 and v3.1 validator/.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_VALIDATOR_H
#define VALETKEY_VALIDATOR_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_root_kind {
    VK_ROOT_UNKNOWN = 0,
    VK_ROOT_ECDSA,       /* also the account itself under EIP-7702 */
    VK_ROOT_MULTI_CHAIN, /* ECDSA, or a merkle approval over several chains */
    VK_ROOT_PASSKEY
} vk_root_kind;

typedef struct vk_root {
    vk_root_kind kind;
    vk_address validator;          /* contract; zero under EIP-7702 */
    vk_address owner;              /* ECDSA and multi-chain */
    uint8_t point65[65];           /* passkey: 0x04 || X || Y */
    vk_hash authenticator_id_hash; /* passkey: K(raw credential id); the contract only logs it */
} vk_root;

/* ---- Published contracts ---- */

/*
 * A contract that ZeroDev published, for a range of Kernel versions. The unpatched passkey
 * validators (0.0.1 and 0.0.2 for Kernel 0.3.x) take any signature of the key, whatever its
 * challenge, when the signature says that it is a dummy: nobody should own an account through one.
 */
typedef struct vk_validator {
    const char *name; /* "ecdsa", "multichain", "passkey", "passkey1", "passkey2" */
    vk_root_kind kind;
    bool unpatched;
    vk_kernel_version first, last;
    vk_address address;
} vk_validator;

/*
 * The one of that name for that Kernel version, NULL if there is none. "passkey" is the newest;
 * "passkey1" and "passkey2" are the unpatched ones.
 */
VK_API const vk_validator *vk_validator_named(const char *name, vk_kernel_version kernel);
/* The one at that address, patched or not; NULL if it is none of ZeroDev's. */
VK_API const vk_validator *vk_validator_at(const vk_address *address);
/*
 * The one at that address, for an account of that Kernel version. VK_ERR_UNSUPPORTED if it is none
 * of ZeroDev's, one of another Kernel version, or an unpatched one and allow_unpatched is false.
 */
VK_API VK_MUST_USE vk_status vk_validator_accept(const vk_address *address,
                                                 vk_kernel_version kernel, bool allow_unpatched,
                                                 const vk_validator **out, vk_error *err);

/* ---- Enable data ---- */

/* owner20, or abi((uint256 x, uint256 y), bytes32 authenticatorIdHash). */
#define VK_ROOT_DATA_MAX 96

/* Appends what the validator is installed with. VK_ERR_UNSUPPORTED for VK_ROOT_UNKNOWN. */
VK_API VK_MUST_USE vk_status vk_root_enable_data(const vk_root *root, vk_buf *out);
/*
 * Reads it into the owner's members of root, whose kind says what it is; nothing is read for
 * VK_ROOT_UNKNOWN. A passkey must be a point of P-256.
 */
VK_API VK_MUST_USE vk_status vk_root_read_enable_data(vk_bytes data, vk_root *root, vk_error *err);

/* ---- Signatures of user operations ---- */

/*
 * Signs a user operation with the private key of an ECDSA or multi-chain owner, or of an ECDSA
 * session key: over the EIP-191 hash of userOpHash. A passkey's signature is vk_webauthn_encode of
 * an assertion whose challenge is userOpHash. Kernel 0.2.x wants a mode in front of either
 * (vk_v2_signature).
 */
VK_API VK_MUST_USE vk_status vk_userop_sign(const uint8_t secret32[32], const vk_hash *userop_hash,
                                            uint8_t signature65[65]);

/* An ECDSA signature for gas estimation: as long and as expensive as a real one, valid for nobody.
 */
VK_API void vk_ecdsa_stub(uint8_t signature65[65]);
/* Appends that, or vk_webauthn_stub, for an owner of that kind. VK_ERR_UNSUPPORTED for
 * VK_ROOT_UNKNOWN. */
VK_API VK_MUST_USE vk_status vk_root_stub(vk_root_kind kind, vk_buf *out);

/* ---- The SDK's text for a passkey validator ---- */

/* What getSerializedData gives and deserializePasskeyValidator takes. */
typedef struct vk_passkey_text {
    vk_entry_point entry_point_version;
    vk_address entry_point;
    vk_root root;
    vk_buf credential_id; /* owned: vk_passkey_text_clear */
} vk_passkey_text;

/* The whole text is at most this many characters. */
#define VK_PASSKEY_TEXT_MAX 8192

/* Appends base64 of {entryPoint, validatorAddress, pubKeyX, pubKeyY, authenticatorId,
 * authenticatorIdHash}. */
VK_API VK_MUST_USE vk_status vk_passkey_text_write(const vk_passkey_text *from, vk_buf *out);
/*
 * Reads it. The members are exact; the point must be on P-256, the hash that of the id; the
 * validator is not looked at, but for its kind (vk_validator_accept does that).
 */
VK_API VK_MUST_USE vk_status vk_passkey_text_read(const char *text, size_t len,
                                                  vk_passkey_text *out, vk_error *err);
VK_API void vk_passkey_text_clear(vk_passkey_text *value);

#ifdef __cplusplus
}
#endif
#endif
