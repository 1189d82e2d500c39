#include "webauthn/internal.h"

#include "base/curve.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};
static const vk_u256 order = {{0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                               0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51}};

bool vk_p256_s_is_low(const uint8_t s32[32]) {
    return memcmp(s32, half_order, sizeof half_order) <= 0;
}

bool vk_p256_is_scalar(const uint8_t number32[32]) {
    vk_u256 number = vk_u256_from_be(number32, 32);
    return !vk_u256_is_zero(&number) && vk_u256_cmp(&number, &order) < 0;
}

void vk_p256_lower_s(uint8_t s32[32]) {
    vk_u256 s = vk_u256_from_be(s32, 32), low;
    if (!vk_p256_s_is_low(s32) && vk_u256_sub(&order, &s, &low)) {
        memcpy(s32, low.be, sizeof low.be);
    }
}

/* OpenSSL refuses points that are not on the curve, and the point at infinity. */
static vk_status load_point(const uint8_t point65[65], EVP_PKEY **out) {
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point65, 65),
        OSSL_PARAM_construct_end()};
    if (point65[0] != 0x04) {
        return VK_ERR_FORMAT;
    }
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, VK_OPENSSL_EC, NULL);
    bool ok = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
              EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(context);
    if (!ok) {
        EVP_PKEY_free(key);
        return VK_ERR_FORMAT;
    }
    *out = key;
    return VK_OK;
}

vk_status vk_p256_check_point(const uint8_t point65[65]) {
    EVP_PKEY *key = NULL;
    ERR_set_mark();
    vk_status status = load_point(point65, &key);
    ERR_pop_to_mark();
    EVP_PKEY_free(key);
    return status;
}

/* The DER form that OpenSSL verifies; its length, 0 on failure. */
static int to_der(const uint8_t signature64[64], unsigned char **der) {
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature64, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature64 + 32, 32, NULL);
    if (signature == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(signature);
        return 0;
    }
    int len = i2d_ECDSA_SIG(signature, der);
    ECDSA_SIG_free(signature);
    return len > 0 ? len : 0;
}

static vk_status verify_with(EVP_PKEY *key, const vk_hash *digest, const uint8_t signature64[64]) {
    unsigned char *der = NULL;
    int len = to_der(signature64, &der);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool ok = len > 0 && context != NULL && EVP_PKEY_verify_init(context) == 1 &&
              EVP_PKEY_verify(context, der, (size_t)len, digest->b, sizeof digest->b) == 1;
    EVP_PKEY_CTX_free(context);
    OPENSSL_free(der);
    return ok ? VK_OK : VK_ERR_SIGNATURE;
}

/* A refusal leaves nothing in the error queue of the host process. */
vk_status vk_p256_verify(const uint8_t point65[65], const vk_hash *digest,
                         const uint8_t signature64[64]) {
    EVP_PKEY *key = NULL;
    ERR_set_mark();
    vk_status status = load_point(point65, &key);
    if (status == VK_OK) {
        status = verify_with(key, digest, signature64);
    }
    ERR_pop_to_mark();
    EVP_PKEY_free(key);
    return status;
}
