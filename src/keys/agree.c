/* Diffie-Hellman with private keys. */
#include "keys/software.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <secp256k1_ecdh.h>
#include <string.h>

/* ---- secp256k1 ---- */

static int take_x(unsigned char *output, const unsigned char *x32, const unsigned char *y32,
                  void *data) {
    (void)y32;
    (void)data;
    memcpy(output, x32, 32);
    return 1;
}

static vk_status agree_secp256k1(const vk_key *key, const uint8_t peer65[65], uint8_t x32[32]) {
    secp256k1_pubkey peer;
    if (!secp256k1_ec_pubkey_parse(key->context, &peer, peer65, 65)) {
        return VK_ERR_FORMAT;
    }
    return secp256k1_ecdh(key->context, x32, &peer, key->secret32, take_x, NULL) ? VK_OK
                                                                                 : VK_ERR_CRYPTO;
}

/* ---- P-256 ---- */

static OSSL_PARAM *point_params(const uint8_t peer65[65]) {
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, peer65, 65) == 1) {
        params = OSSL_PARAM_BLD_to_param(builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return params;
}

/* Not every provider looks whether the point is on the curve before it derives. */
static bool is_on_curve(EVP_PKEY *peer) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(peer, NULL);
    bool ok = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return ok;
}

static EVP_PKEY *read_peer(const uint8_t peer65[65]) {
    EVP_PKEY *peer = NULL;
    OSSL_PARAM *params = point_params(peer65);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool ok = params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
              EVP_PKEY_fromdata(context, &peer, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
              is_on_curve(peer);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    if (!ok) {
        EVP_PKEY_free(peer);
        return NULL;
    }
    return peer;
}

static vk_status agree_p256(const vk_key *key, const uint8_t peer65[65], uint8_t x32[32]) {
    size_t len = 32;
    EVP_PKEY *peer = read_peer(peer65);
    if (peer == NULL) {
        return VK_ERR_FORMAT;
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool ok = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, peer) == 1 &&
              EVP_PKEY_derive(context, x32, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

vk_status vk_key_agree(const vk_key *key, const uint8_t peer65[65], uint8_t x32[32]) {
    return key->curve == VK_CURVE_SECP256K1 ? agree_secp256k1(key, peer65, x32)
                                            : agree_p256(key, peer65, x32);
}
