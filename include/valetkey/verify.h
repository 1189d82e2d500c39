/*
 * Signatures of session keys as the account's contracts take them apart and verify them: also in
 * forms that no ordinary signer makes.
 * Sources: zerodevapp/kernel v3.1 core/ValidationManager.sol, utils/ValidationTypeLib.sol;
 * zerodevapp/kernel-7579-plugins signers; vectorized/solady ECDSA.sol.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_VERIFY_H
#define VALETKEY_VERIFY_H

#include <valetkey/message.h>
#include <valetkey/permission.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is unusual about a signature that the contracts accept; a set of bits. */
#define VK_UNUSUAL_COMPACT 0x01u     /* ECDSA: the 64 bytes of EIP-2098 */
#define VK_UNUSUAL_HIGH_S 0x02u      /* ECDSA: s above half the order */
#define VK_UNUSUAL_BARE 0x04u        /* ECDSA: over the hash itself, not its EIP-191 hash */
#define VK_UNUSUAL_ENCODING 0x08u    /* WebAuthn: an encoding that no ordinary encoder makes */
#define VK_UNUSUAL_POLICY_PART 0x10u /* bytes for a policy, which none of them reads */
#define VK_UNUSUAL_DUMMY 0x20u       /* WebAuthn, unpatched: the challenge is not looked at */

/* Appends what the bits say, in words: "a high s, over the bare hash". */
VK_API void vk_unusual_describe(unsigned unusual, vk_buf *out);

/*
 * Does the owner or session key of that address accept an ECDSA signature over hash (or its EIP-191
 * hash)? 65 bytes, any s, or 64 (EIP-2098). VK_ERR_SIGNATURE if not, with the reason.
 */
VK_API VK_MUST_USE vk_status vk_ecdsa_accepts(const vk_address *address, const vk_hash *hash,
                                              vk_bytes signature, unsigned *unusual, vk_error *err);

/* Does the signer's contract accept it for an operation or message of that hash? */
VK_API VK_MUST_USE vk_status vk_signer_accepts(const vk_signer *signer, const vk_hash *hash,
                                               vk_bytes signature, unsigned *unusual,
                                               vk_error *err);
/* Is it a WebAuthn signer from before 0.0.4? */
VK_API bool vk_signer_is_unpatched(const vk_signer *signer);

/*
 * Takes the session's part of a signature apart: bytes for policies (index, length, bytes;
 * ascending) and, behind 0xff, what the signer gets. *signer_part points into part.
 * VK_ERR_SIGNATURE, with the reason, where the account reverts.
 */
VK_API VK_MUST_USE vk_status vk_permission_signature_read(vk_bytes part, size_t policy_count,
                                                          vk_bytes *signer_part, unsigned *unusual,
                                                          vk_error *err);

/* An ERC-1271 signature, taken apart: who is to verify it, and his part. */
typedef struct vk_message_parts {
    vk_message_signer signer;
    bool replayable; /* marked as good on every chain */
    vk_bytes part;   /* points into the signature */
} vk_message_parts;

/* Kernel 0.3.0 on. VK_ERR_SIGNATURE where the account reverts. */
VK_API VK_MUST_USE vk_status vk_message_signature_read(vk_kernel_version kernel, vk_bytes signature,
                                                       vk_message_parts *out, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
