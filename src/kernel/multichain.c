#include "eth/abi.h"

#include <valetkey/eth.h>
#include <valetkey/multichain.h>
#include <valetkey/validator.h>

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LEN 65
#define HEAD_LEN (SIGNATURE_LEN + 32) /* signature and root */

/* ---- Signing ---- */

vk_status vk_merkle_sign(const uint8_t secret32[32], const vk_merkle *tree,
                         uint8_t signature65[SIGNATURE_LEN]) {
    vk_hash digest = vk_eip191_hash(&tree->root);
    return vk_ecdsa_sign(secret32, &digest, signature65);
}

/* The words of bytes32[] behind its offset. */
static void put_hashes(vk_buf *out, const vk_merkle_proof *proof) {
    vk_abi_put_u64(out, proof->count);
    vk_buf_put(out, proof->siblings, proof->count * sizeof proof->siblings[0]);
}

vk_status vk_multichain_signature(const uint8_t signature65[SIGNATURE_LEN], const vk_merkle *tree,
                                  size_t leaf, vk_buf *out) {
    vk_merkle_proof proof;
    vk_status status = vk_merkle_prove(tree, leaf, &proof);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put(out, signature65, SIGNATURE_LEN);
    vk_buf_put(out, tree->root.b, sizeof tree->root.b);
    vk_abi_put_u64(out, VK_WORD);
    put_hashes(out, &proof);
    return vk_buf_status(out);
}

static void put_stub(const vk_merkle *tree, const vk_merkle_proof *proof, vk_buf *out) {
    uint8_t signature65[SIGNATURE_LEN];
    vk_ecdsa_stub(signature65);
    vk_buf_put(out, signature65, sizeof signature65);
    vk_buf_put(out, tree->root.b, sizeof tree->root.b);
    vk_buf_put(out, tree->nodes[0].b, sizeof tree->nodes[0].b);
    vk_abi_put_u64(out, 2 * VK_WORD);
    put_hashes(out, proof);
}

vk_status vk_multichain_stub(const vk_hash *hash, size_t count, vk_buf *out) {
    if (count == 0 || count > VK_MERKLE_LEAVES_MAX) {
        return VK_ERR_SIZE;
    }
    vk_hash *leaves = calloc(count, sizeof *leaves);
    if (leaves == NULL) {
        return VK_ERR_MEMORY;
    }
    memset(leaves, 0xaa, count * sizeof *leaves);
    leaves[0] = *hash;
    vk_merkle tree = {0};
    vk_merkle_proof proof;
    vk_status status = vk_merkle_build(leaves, count, &tree);
    free(leaves);
    if (status == VK_OK) {
        status = vk_merkle_prove(&tree, 0, &proof);
    }
    if (status == VK_OK) {
        put_stub(&tree, &proof, out);
        status = vk_buf_status(out);
    }
    vk_merkle_clear(&tree);
    return status;
}

/* ---- Verifying ---- */

static bool signed_by(const vk_address *owner, const vk_hash *digest,
                      const uint8_t signature65[SIGNATURE_LEN]) {
    vk_address signer;
    return vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
           vk_address_equal(&signer, owner);
}

/* The contracts take a signature over the digest and one over its EIP-191 hash. */
static vk_status verify_plain(const vk_address *owner, const vk_hash *digest,
                              const uint8_t signature65[SIGNATURE_LEN], vk_error *err) {
    vk_hash personal = vk_eip191_hash(digest);
    if (signed_by(owner, digest, signature65) || signed_by(owner, &personal, signature65)) {
        return VK_OK;
    }
    char text[43];
    vk_address_text(owner, text);
    vk_buf hex = {0};
    vk_hex_put(&hex, (vk_bytes){digest->b, sizeof digest->b});
    vk_status status = vk_fail(err, VK_ERR_SIGNATURE, NULL,
                               "this is not a signature by the owner %s over the digest %.*s", text,
                               (int)hex.len, (const char *)hex.data);
    vk_buf_clear(&hex);
    return status;
}

/* encoded: abi(bytes32[]) */
static vk_status read_proof(vk_bytes encoded, vk_merkle_proof *out) {
    size_t offset, count;
    vk_status status = vk_abi_size(encoded, 0, VK_WORD, &offset);
    if (status == VK_OK) {
        status = vk_abi_size(encoded, VK_WORD, VK_MERKLE_PROOF_MAX, &count);
    }
    if (status != VK_OK || offset != VK_WORD || encoded.len != (2 + count) * VK_WORD) {
        return VK_ERR_FORMAT;
    }
    out->count = count;
    memcpy(out->siblings, encoded.data + 2 * VK_WORD, count * sizeof out->siblings[0]);
    return VK_OK;
}

static vk_status verify_merkle(const vk_address *owner, const vk_hash *digest, vk_bytes signature,
                               vk_error *err) {
    vk_merkle_proof proof;
    if (signature.len < HEAD_LEN ||
        read_proof((vk_bytes){signature.data + HEAD_LEN, signature.len - HEAD_LEN}, &proof) !=
            VK_OK) {
        return vk_fail(err, VK_ERR_SIGNATURE, NULL,
                       "these %zu bytes are neither a signature nor one over a merkle root",
                       signature.len);
    }
    vk_hash root = vk_merkle_walk(digest, &proof);
    if (memcmp(signature.data + SIGNATURE_LEN, root.b, sizeof root.b) != 0) {
        return vk_fail(err, VK_ERR_SIGNATURE, NULL,
                       "the merkle proof does not lead from the digest to the signed root");
    }
    vk_hash personal = vk_eip191_hash(&root);
    return signed_by(owner, &personal, signature.data)
               ? VK_OK
               : vk_fail(err, VK_ERR_SIGNATURE, NULL, "the merkle root is not signed by the owner");
}

vk_status vk_multichain_verify(const vk_address *owner, const vk_hash *digest, vk_bytes signature,
                               vk_error *err) {
    return signature.len == SIGNATURE_LEN ? verify_plain(owner, digest, signature.data, err)
                                          : verify_merkle(owner, digest, signature, err);
}
