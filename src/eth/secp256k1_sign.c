#include <valetkey/eth.h>

#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

/* A blinded context of its own for every call: a library has no global state. */
static vk_status new_signer(secp256k1_context **out) {
    uint8_t seed[32];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (context == NULL) {
        return VK_ERR_MEMORY;
    }
    bool ok = RAND_priv_bytes(seed, sizeof seed) == 1 && secp256k1_context_randomize(context, seed);
    vk_wipe(seed, sizeof seed);
    if (!ok) {
        secp256k1_context_destroy(context);
        return VK_ERR_CRYPTO;
    }
    *out = context;
    return VK_OK;
}

static vk_status sign(const secp256k1_context *context, const uint8_t secret32[32],
                      const vk_hash *digest, uint8_t signature65[65]) {
    secp256k1_ecdsa_recoverable_signature signature;
    int recovery_id;
    if (!secp256k1_ec_seckey_verify(context, secret32)) {
        return VK_ERR_RANGE;
    }
    if (!secp256k1_ecdsa_sign_recoverable(context, &signature, digest->b, secret32, NULL, NULL)) {
        return VK_ERR_CRYPTO;
    }
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, signature65, &recovery_id,
                                                            &signature);
    signature65[64] = (uint8_t)(27 + recovery_id);
    return VK_OK;
}

vk_status vk_ecdsa_sign(const uint8_t secret32[32], const vk_hash *digest,
                        uint8_t signature65[65]) {
    secp256k1_context *context;
    vk_status status = new_signer(&context);
    if (status == VK_OK) {
        status = sign(context, secret32, digest, signature65);
        secp256k1_context_destroy(context);
    }
    return status;
}

static vk_status address_of(const secp256k1_context *context, const uint8_t secret32[32],
                            vk_address *out) {
    secp256k1_pubkey key;
    uint8_t point65[65];
    size_t len = sizeof point65;
    if (!secp256k1_ec_pubkey_create(context, &key, secret32)) {
        return VK_ERR_RANGE;
    }
    secp256k1_ec_pubkey_serialize(context, point65, &len, &key, SECP256K1_EC_UNCOMPRESSED);
    *out = vk_address_of_point(point65);
    return VK_OK;
}

vk_status vk_ecdsa_address(const uint8_t secret32[32], vk_address *out) {
    secp256k1_context *context;
    vk_status status = new_signer(&context);
    if (status == VK_OK) {
        status = address_of(context, secret32, out);
        secp256k1_context_destroy(context);
    }
    return status;
}
