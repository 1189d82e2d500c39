#include "keys/software.h"

#include "base/secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <valetkey/webauthn.h>

static vk_status new_context(secp256k1_context **out) {
    uint8_t seed[32];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    bool ok = RAND_bytes(seed, sizeof seed) == 1 && secp256k1_context_randomize(context, seed);
    vk_wipe(seed, sizeof seed);
    if (!ok) {
        secp256k1_context_destroy(context);
        return VK_ERR_CRYPTO;
    }
    *out = context;
    return VK_OK;
}

static vk_status public_secp256k1(const uint8_t secret32[32], uint8_t point65[65]) {
    secp256k1_context *context;
    vk_status status = new_context(&context);
    if (status != VK_OK) {
        return status;
    }
    secp256k1_pubkey key;
    size_t len = 65;
    if (secp256k1_ec_pubkey_create(context, &key, secret32)) {
        secp256k1_ec_pubkey_serialize(context, point65, &len, &key, SECP256K1_EC_UNCOMPRESSED);
    } else {
        status = VK_ERR_RANGE;
    }
    secp256k1_context_destroy(context);
    return status;
}

/* The scalar, if it is from 1 to n - 1. */
static vk_status read_scalar(const EC_GROUP *group, const uint8_t secret32[32], BIGNUM **out) {
    BIGNUM *scalar = BN_secure_new();
    if (scalar == NULL || BN_bin2bn(secret32, 32, scalar) == NULL) {
        BN_clear_free(scalar);
        return VK_ERR_CRYPTO;
    }
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0) {
        BN_clear_free(scalar);
        return VK_ERR_RANGE;
    }
    *out = scalar;
    return VK_OK;
}

static vk_status multiply_base(const EC_GROUP *group, const BIGNUM *scalar, uint8_t point65[65]) {
    EC_POINT *point = EC_POINT_new(group);
    bool ok =
        point != NULL && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, point65, 65, NULL) == 65;
    EC_POINT_clear_free(point);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

static vk_status public_p256(const uint8_t secret32[32], uint8_t point65[65]) {
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    if (group == NULL) {
        return VK_ERR_CRYPTO;
    }
    BIGNUM *scalar = NULL;
    vk_status status = read_scalar(group, secret32, &scalar);
    if (status == VK_OK) {
        status = multiply_base(group, scalar, point65);
    }
    BN_clear_free(scalar);
    EC_GROUP_free(group);
    return status;
}

vk_status vk_key_public(vk_curve curve, const uint8_t secret32[32], uint8_t point65[65]) {
    switch (curve) {
    case VK_CURVE_SECP256K1:
        return public_secp256k1(secret32, point65);
    case VK_CURVE_P256:
        return public_p256(secret32, point65);
    }
    return VK_ERR_ARGUMENT;
}

vk_status vk_key_generate(vk_curve curve, uint8_t secret32[32], uint8_t point65[65]) {
    vk_status status;
    do {
        if (RAND_priv_bytes(secret32, 32) != 1) {
            return VK_ERR_CRYPTO;
        }
        status = vk_key_public(curve, secret32, point65);
    } while (status == VK_ERR_RANGE);
    if (status != VK_OK) {
        vk_wipe(secret32, 32);
    }
    return status;
}

static vk_status load_secp256k1(vk_key *key, const uint8_t secret32[32]) {
    key->secret32 = vk_secret_alloc(32);
    if (key->secret32 == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(key->secret32, secret32, 32);
    return new_context(&key->context);
}

static OSSL_PARAM *p256_params(const BIGNUM *scalar, const uint8_t point65[65]) {
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point65, 65) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1) {
        params = OSSL_PARAM_BLD_to_param(builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return params;
}

static vk_status load_p256(vk_key *key, const uint8_t secret32[32]) {
    uint8_t point65[65];
    vk_status status = public_p256(secret32, point65);
    if (status != VK_OK) {
        return status;
    }
    BIGNUM *scalar = BN_secure_new();
    OSSL_PARAM *params = scalar != NULL && BN_bin2bn(secret32, 32, scalar) != NULL
                             ? p256_params(scalar, point65)
                             : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, VK_OPENSSL_EC, NULL);
    bool ok = params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
              EVP_PKEY_fromdata(context, &key->pkey, EVP_PKEY_KEYPAIR, params) == 1;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    BN_clear_free(scalar);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

vk_status vk_key_load(vk_curve curve, const uint8_t secret32[32], vk_key **out) {
    vk_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        return VK_ERR_MEMORY;
    }
    key->curve = curve;
    vk_status status =
        curve == VK_CURVE_SECP256K1 ? load_secp256k1(key, secret32) : load_p256(key, secret32);
    if (status != VK_OK) {
        vk_key_free(key);
        return status;
    }
    *out = key;
    return VK_OK;
}

void vk_key_free(vk_key *key) {
    if (key == NULL) {
        return;
    }
    vk_secret_free(key->secret32, 32);
    if (key->context != NULL) {
        secp256k1_context_destroy(key->context);
    }
    for (size_t i = 0; i < VK_IDLE_MAX; i++) {
        EVP_PKEY_CTX_free(atomic_load(&key->idle[i]));
    }
    EVP_PKEY_free(key->pkey);
    free(key);
}

static vk_status sign_secp256k1(vk_key *key, const vk_hash *digest, uint8_t signature64[64],
                                int *recovery_id) {
    secp256k1_ecdsa_recoverable_signature signature;
    int id = -1;
    if (!secp256k1_ecdsa_sign_recoverable(key->context, &signature, digest->b, key->secret32,
                                          secp256k1_nonce_function_rfc6979, NULL)) {
        return VK_ERR_CRYPTO;
    }
    secp256k1_ecdsa_recoverable_signature_serialize_compact(key->context, signature64, &id,
                                                            &signature);
    if (recovery_id != NULL) {
        *recovery_id = id;
    }
    /* 2 and 3 mean that r overflowed the order: never seen, and no contract takes them. */
    return id == 0 || id == 1 ? VK_OK : VK_ERR_CRYPTO;
}

static vk_status split_der(const uint8_t *der, size_t len, uint8_t signature64[64]) {
    const unsigned char *p = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &p, (long)len);
    if (signature == NULL) {
        return VK_ERR_CRYPTO;
    }
    bool ok = BN_bn2binpad(ECDSA_SIG_get0_r(signature), signature64, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(signature), signature64 + 32, 32) == 32;
    ECDSA_SIG_free(signature);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

static EVP_PKEY_CTX *new_signer(EVP_PKEY *pkey) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    if (context != NULL && EVP_PKEY_sign_init(context) != 1) {
        EVP_PKEY_CTX_free(context);
        return NULL;
    }
    return context;
}

static EVP_PKEY_CTX *take_signer(vk_key *key) {
    EVP_PKEY_CTX *context = NULL;
    for (size_t i = 0; i < VK_IDLE_MAX && context == NULL; i++) {
        context = atomic_exchange(&key->idle[i], NULL);
    }
    return context != NULL ? context : new_signer(key->pkey);
}

static void keep_signer(vk_key *key, EVP_PKEY_CTX *context) {
    for (size_t i = 0; i < VK_IDLE_MAX && context != NULL; i++) {
        context = atomic_exchange(&key->idle[i], context);
    }
    EVP_PKEY_CTX_free(context);
}

static vk_status sign_p256(vk_key *key, const vk_hash *digest, uint8_t signature64[64],
                           int *recovery_id) {
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_PKEY_CTX *context = take_signer(key);
    bool ok =
        context != NULL && EVP_PKEY_sign(context, der, &len, digest->b, sizeof digest->b) == 1;
    if (ok) {
        keep_signer(key, context);
    } else {
        EVP_PKEY_CTX_free(context);
    }
    vk_status status = ok ? split_der(der, len, signature64) : VK_ERR_CRYPTO;
    if (status == VK_OK) {
        vk_p256_lower_s(signature64 + 32);
    }
    if (recovery_id != NULL) {
        *recovery_id = -1;
    }
    return status;
}

vk_status vk_key_sign(vk_key *key, const vk_hash *digest, uint8_t signature64[64],
                      int *recovery_id) {
    return key->curve == VK_CURVE_SECP256K1 ? sign_secp256k1(key, digest, signature64, recovery_id)
                                            : sign_p256(key, digest, signature64, recovery_id);
}
