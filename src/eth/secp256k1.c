#include <valetkey/eth.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>

/* The static context verifies; only signing needs one of its own. */
static const secp256k1_context *verifier(void) {
    return secp256k1_context_static;
}

static void serialize(const secp256k1_pubkey *key, uint8_t point65[65]) {
    size_t len = 65;
    secp256k1_ec_pubkey_serialize(verifier(), point65, &len, key, SECP256K1_EC_UNCOMPRESSED);
}

vk_status vk_ecdsa_recover(const vk_hash *digest, const uint8_t signature65[65], vk_address *out) {
    uint8_t v = signature65[64];
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    if ((v != 27 && v != 28) ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(verifier(), &signature, signature65,
                                                             v - 27) ||
        !secp256k1_ecdsa_recover(verifier(), &key, &signature, digest->b)) {
        return VK_ERR_SIGNATURE;
    }
    uint8_t point65[65];
    serialize(&key, point65);
    *out = vk_address_of_point(point65);
    return VK_OK;
}

bool vk_ecdsa_s_is_high(const uint8_t s32[32]) {
    static const uint8_t half_order[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                           0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};
    return memcmp(s32, half_order, sizeof half_order) > 0;
}

static vk_status parse_point(const uint8_t point65[65], secp256k1_pubkey *out) {
    /* libsecp256k1 also takes hybrid forms (6 and 7). */
    if (point65[0] != 0x04 || !secp256k1_ec_pubkey_parse(verifier(), out, point65, 65)) {
        return VK_ERR_FORMAT;
    }
    return VK_OK;
}

vk_status vk_secp256k1_check_point(const uint8_t point65[65]) {
    secp256k1_pubkey key;
    return parse_point(point65, &key);
}

vk_status vk_secp256k1_verify(const uint8_t point65[65], const vk_hash *digest,
                              const uint8_t signature64[64]) {
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    vk_status status = parse_point(point65, &key);
    if (status != VK_OK) {
        return status;
    }
    if (!secp256k1_ecdsa_signature_parse_compact(verifier(), &signature, signature64)) {
        return VK_ERR_SIGNATURE;
    }
    secp256k1_ecdsa_signature_normalize(verifier(), &signature, &signature);
    if (!secp256k1_ecdsa_verify(verifier(), &signature, digest->b, &key)) {
        return VK_ERR_SIGNATURE;
    }
    return VK_OK;
}
