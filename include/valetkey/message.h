/*
 * Messages signed by Kernel accounts: ERC-1271 signatures, and the ERC-6492 form for accounts that
 * are not deployed yet.
 *
 * Sources: zerodevapp/sdk accounts/kernel/createKernelAccount.ts, utils/common/eip712WrapHash.ts;
 * zerodevapp/kernel v2.2, v2.4, v3.1 isValidSignature; ERC-6492.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_MESSAGE_H
#define VALETKEY_MESSAGE_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A message, and the account that signs it. */
typedef struct vk_message {
    vk_kernel_version kernel; /* of the account, where it is deployed: what eip712Domain() says */
    uint64_t chain_id;
    vk_address account;
    vk_hash hash;    /* EIP-191 hash of a text or of bytes, or the digest of EIP-712 typed data */
    bool typed_data; /* which of the two; only Kernel 0.0.2 makes a difference */
    /*
     * Good on every chain. Kernel knows such signatures from 0.3.2 on, and 0.0.2 and 0.2.2 bind no
     * signature to a chain; for the versions between it is VK_ERR_UNSUPPORTED.
     */
    bool replayable;
    /* The SDK's bytes even so: signed for chain 0 but not marked, which no contract accepts. */
    bool sdk;
} vk_message;

/* Which of the account's plug-ins signs. */
typedef enum vk_message_plugin {
    VK_MESSAGE_VALIDATOR = 1, /* by its address */
    VK_MESSAGE_PERMISSION,    /* a session key; from 0.3.0 */
    VK_MESSAGE_ROOT           /* the root validator, unnamed: EIP-7702 accounts; from 0.3.0 */
} vk_message_plugin;

typedef struct vk_message_signer {
    vk_message_plugin plugin;
    vk_address validator;     /* VK_MESSAGE_VALIDATOR */
    uint8_t permission_id[4]; /* VK_MESSAGE_PERMISSION */
} vk_message_signer;

/*
 * What the plug-in's contract verifies, and so the challenge of a passkey. VK_ERR_UNSUPPORTED for
 * Kernel v1 and for what replayable says.
 */
VK_API VK_MUST_USE vk_status vk_message_digest(const vk_message *message, vk_hash *out,
                                               vk_error *err);
/* What an ECDSA key signs for it: the EIP-191 hash of that before Kernel 0.3.0, the same from there
 * on. */
VK_API VK_MUST_USE vk_status vk_message_ecdsa_digest(const vk_message *message, vk_hash *out,
                                                     vk_error *err);

/*
 * Appends the account's signature around that of the key (65 bytes, or an encoded assertion).
 * VK_ERR_UNSUPPORTED for a plug-in that the version does not know.
 */
VK_API VK_MUST_USE vk_status vk_message_signature(const vk_message *message,
                                                  const vk_message_signer *signer,
                                                  vk_bytes key_signature, vk_buf *out,
                                                  vk_error *err);

/* ---- ERC-6492 ---- */

/* A signature, and how to deploy the account that can verify it. */
typedef struct vk_erc6492 {
    vk_address factory;
    vk_bytes factory_data;
    vk_bytes signature;
} vk_erc6492;

/* Appends abi(address, bytes, bytes) || 0x6492...6492. */
VK_API VK_MUST_USE vk_status vk_erc6492_wrap(const vk_erc6492 *from, vk_buf *out);
/* Does it end in the magic bytes? */
VK_API bool vk_erc6492_is_wrapped(vk_bytes signature);
/*
 * Reads what vk_erc6492_wrap writes; any other encoding of it is VK_ERR_FORMAT. The views point
 * into wrapped.
 */
VK_API VK_MUST_USE vk_status vk_erc6492_unwrap(vk_bytes wrapped, vk_erc6492 *out, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
