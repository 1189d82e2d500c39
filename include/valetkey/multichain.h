/*
 * One signature for many chains: an ECDSA owner signs the root of a merkle tree, and each chain
 * gets the signature with the proof of its own leaf. Leaves are userOpHashes, or the digests of
 * approvals (vk_enable_digest), as they are.
 *
 * parent = K(min || max) of two neighbours; a last node without a neighbour moves up unchanged.
 *
 * Sources: zerodevapp/kernel v3.1 validator/MultiChainValidator.sol, zerodevapp/sdk
 * plugins/multi-chain-ecdsa.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_MULTICHAIN_H
#define VALETKEY_MULTICHAIN_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VK_MERKLE_LEAVES_MAX 4096
/* The longest proof that is read; that of VK_MERKLE_LEAVES_MAX leaves has 12 hashes. */
#define VK_MERKLE_PROOF_MAX 32

typedef struct vk_merkle {
    size_t leaf_count;
    vk_hash *nodes; /* owned; level by level from the leaves up, the root last */
    vk_hash root;
} vk_merkle;

typedef struct vk_merkle_proof {
    size_t count;
    vk_hash siblings[VK_MERKLE_PROOF_MAX]; /* from the leaf up */
} vk_merkle_proof;

/*
 * Builds the tree of 1 to VK_MERKLE_LEAVES_MAX leaves, in their order, in about 64 bytes a
 * leaf; VK_ERR_SIZE for another number. Free with vk_merkle_clear.
 */
VK_API VK_MUST_USE vk_status vk_merkle_build(const vk_hash *leaves, size_t count, vk_merkle *out);
VK_API void vk_merkle_clear(vk_merkle *tree);
/*
 * The proof of a leaf. Of several equal leaves, that of the last one (each of them proves the
 * same). VK_ERR_ARGUMENT if there is no such leaf.
 */
VK_API VK_MUST_USE vk_status vk_merkle_prove(const vk_merkle *tree, size_t leaf,
                                             vk_merkle_proof *out);
/* The root to which the proof leads from leaf. */
VK_API vk_hash vk_merkle_walk(const vk_hash *leaf, const vk_merkle_proof *proof);

/* Signs the root: over its EIP-191 hash, once for all leaves. */
VK_API VK_MUST_USE vk_status vk_merkle_sign(const uint8_t secret32[32], const vk_merkle *tree,
                                            uint8_t signature65[65]);
/* Appends a leaf's signature: signature65 || root32 || abi(bytes32[] proof). */
VK_API VK_MUST_USE vk_status vk_multichain_signature(const uint8_t signature65[65],
                                                     const vk_merkle *tree, size_t leaf,
                                                     vk_buf *out);
/*
 * Does the multi-chain validator of that owner accept signature for digest? 65 bytes are a
 * signature of the digest or of its EIP-191 hash; any other length is the form above, in canonical
 * encoding and with a proof of at most VK_MERKLE_PROOF_MAX hashes. VK_ERR_SIGNATURE if not, with
 * the reason in err.
 */
VK_API VK_MUST_USE vk_status vk_multichain_verify(const vk_address *owner, const vk_hash *digest,
                                                  vk_bytes signature, vk_error *err);
/*
 * Appends the SDK's stub of such a signature, for gas estimation of one operation out of count:
 * stub65 || root32 || abi(bytes32 hash, bytes32[] proof) for the leaves hash, 0xaaaa...aa, ....
 * hash is that of the operation with callGasLimit, verificationGasLimit and preVerificationGas
 * zero.
 */
VK_API VK_MUST_USE vk_status vk_multichain_stub(const vk_hash *hash, size_t count, vk_buf *out);

#ifdef __cplusplus
}
#endif
#endif
