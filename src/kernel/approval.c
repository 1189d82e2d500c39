/* Does the account's root validator accept the owner's approval? */
#include "eth/abi.h"

#include <valetkey/eth.h>
#include <valetkey/permission.h>
#include <valetkey/webauthn.h>

#include <string.h>

#define SIGNATURE_LEN 65

static bool signed_by(const vk_address *owner, const vk_hash *digest,
                      const uint8_t signature65[SIGNATURE_LEN]) {
    vk_address signer;
    return vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
           vk_address_equal(&signer, owner);
}

/* The contracts take a signature over the digest and one over its EIP-191 hash. */
static vk_status verify_ecdsa(const vk_address *owner, const vk_hash *digest, vk_bytes signature,
                              vk_error *err) {
    char text[43];
    vk_address_text(owner, text);
    if (signature.len != SIGNATURE_LEN) {
        return vk_fail(err, VK_ERR_SIGNATURE, "enableSignature",
                       "the approval has %zu bytes, not the 65 of a signature by %s", signature.len,
                       text);
    }
    vk_hash personal = vk_eip191_hash(digest);
    if (signed_by(owner, digest, signature.data) || signed_by(owner, &personal, signature.data)) {
        return VK_OK;
    }
    vk_buf hex = {0};
    vk_hex_put(&hex, (vk_bytes){digest->b, sizeof digest->b});
    vk_status status = vk_fail(err, VK_ERR_SIGNATURE, "enableSignature",
                               "the approval is not a signature by the owner %s over the digest "
                               "%.*s",
                               text, (int)hex.len, (const char *)hex.data);
    vk_buf_clear(&hex);
    return status;
}

static vk_hash parent(const vk_hash *a, const vk_hash *b) {
    bool ordered = memcmp(a->b, b->b, sizeof a->b) <= 0;
    uint8_t pair[64];
    memcpy(pair, ordered ? a->b : b->b, 32);
    memcpy(pair + 32, ordered ? b->b : a->b, 32);
    return vk_keccak256((vk_bytes){pair, sizeof pair});
}

/* proof: abi(bytes32[]), the siblings from the leaf up. */
static vk_status walk_proof(vk_bytes proof, const vk_hash *leaf, vk_hash *root) {
    size_t offset, count;
    vk_status status = vk_abi_size(proof, 0, VK_WORD, &offset);
    if (status == VK_OK) {
        status = vk_abi_size(proof, VK_WORD, proof.len / VK_WORD, &count);
    }
    if (status != VK_OK || offset != VK_WORD || proof.len != (2 + count) * VK_WORD) {
        return VK_ERR_FORMAT;
    }
    *root = *leaf;
    for (size_t i = 0; i < count; i++) {
        vk_hash sibling;
        memcpy(sibling.b, proof.data + (2 + i) * VK_WORD, sizeof sibling.b);
        *root = parent(root, &sibling);
    }
    return VK_OK;
}

/* sig65 over eth(root) || root32 || proof */
static vk_status verify_merkle(const vk_address *owner, const vk_hash *digest, vk_bytes signature,
                               vk_error *err) {
    size_t head = SIGNATURE_LEN + sizeof digest->b;
    vk_hash claimed, root;
    if (signature.len < head || walk_proof((vk_bytes){signature.data + head, signature.len - head},
                                           digest, &root) != VK_OK) {
        return vk_fail(err, VK_ERR_SIGNATURE, "enableSignature",
                       "the approval is neither a signature nor one over a merkle root");
    }
    memcpy(claimed.b, signature.data + SIGNATURE_LEN, sizeof claimed.b);
    if (memcmp(claimed.b, root.b, sizeof root.b) != 0) {
        return vk_fail(err, VK_ERR_SIGNATURE, "enableSignature",
                       "the merkle proof of the approval does not lead from the digest to its "
                       "root");
    }
    vk_hash personal = vk_eip191_hash(&root);
    if (!signed_by(owner, &personal, signature.data)) {
        return vk_fail(err, VK_ERR_SIGNATURE, "enableSignature",
                       "the approval's merkle root is not signed by the owner");
    }
    return VK_OK;
}

vk_status vk_enable_verify(const vk_root *root, const vk_hash *digest, vk_bytes signature,
                           vk_error *err) {
    switch (root->kind) {
    case VK_ROOT_ECDSA:
        return verify_ecdsa(&root->owner, digest, signature, err);
    case VK_ROOT_MULTI_CHAIN:
        return signature.len == SIGNATURE_LEN ? verify_ecdsa(&root->owner, digest, signature, err)
                                              : verify_merkle(&root->owner, digest, signature, err);
    case VK_ROOT_PASSKEY:
        return vk_webauthn_verify(signature, digest, root->point65, err);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return vk_fail(err, VK_ERR_UNSUPPORTED, "enableSignature",
                   "the account's root validator is unknown, so its approval "
                   "cannot be verified");
}
