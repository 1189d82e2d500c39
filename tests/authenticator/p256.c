#include "crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

static const uint8_t order32[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

void p256_generate(p256_key *out) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIGNUM *number = NULL;
    uint8_t point65[65];
    size_t len = 0;
    crypto_require(key != NULL &&
                       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
                       BN_bn2binpad(number, out->private32, 32) == 32 &&
                       EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point65,
                                                       sizeof point65, &len) == 1 &&
                       len == sizeof point65,
                   "key generation");
    memcpy(out->x32, point65 + 1, 32);
    memcpy(out->y32, point65 + 33, 32);
    BN_clear_free(number);
    EVP_PKEY_free(key);
}

/* Numbers in parameters are in the machine's order of bytes. */
static void native_number(const uint8_t big_endian32[32], uint8_t out32[32]) {
    BIGNUM *number = BN_bin2bn(big_endian32, 32, NULL);
    crypto_require(number != NULL && BN_bn2nativepad(number, out32, 32) == 32, "BN_bn2nativepad");
    BN_clear_free(number);
}

/* Either of private key and point may be NULL. NULL if the point is not on the curve. */
static EVP_PKEY *load(const uint8_t *private32, uint8_t *point65) {
    char group[] = "P-256";
    uint8_t number32[32];
    OSSL_PARAM params[4] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0)};
    size_t count = 1;
    if (point65 != NULL) {
        params[count++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point65, 65);
    }
    if (private32 != NULL) {
        native_number(private32, number32);
        params[count++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number32, 32);
    }
    params[count] = OSSL_PARAM_construct_end();
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    int selection = private32 == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    crypto_require(context != NULL && EVP_PKEY_fromdata_init(context) == 1, "EVP_PKEY_CTX_new");
    if (EVP_PKEY_fromdata(context, &key, selection, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    vk_wipe(number32, sizeof number32);
    return key;
}

static void point(const uint8_t x32[32], const uint8_t y32[32], uint8_t out65[65]) {
    out65[0] = 4;
    memcpy(out65 + 1, x32, 32);
    memcpy(out65 + 33, y32, 32);
}

EVP_PKEY *p256_load(const p256_key *key) {
    uint8_t point65[65];
    point(key->x32, key->y32, point65);
    EVP_PKEY *loaded = load(key->private32, point65);
    crypto_require(loaded != NULL, "EVP_PKEY_fromdata");
    return loaded;
}

/* The same signature with the other s, if s is in the lower half. */
static void raise_s(vk_buf *der) {
    const unsigned char *at = der->data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der->len);
    BIGNUM *order = BN_bin2bn(order32, sizeof order32, NULL);
    BIGNUM *other = BN_new();
    crypto_require(signature != NULL && order != NULL && other != NULL &&
                       BN_sub(other, order, ECDSA_SIG_get0_s(signature)) == 1,
                   "d2i_ECDSA_SIG");
    if (BN_cmp(other, ECDSA_SIG_get0_s(signature)) > 0) {
        BIGNUM *r = BN_dup(ECDSA_SIG_get0_r(signature));
        unsigned char *raised = NULL;
        crypto_require(ECDSA_SIG_set0(signature, r, other) == 1, "ECDSA_SIG_set0");
        int len = i2d_ECDSA_SIG(signature, &raised);
        crypto_require(len > 0, "i2d_ECDSA_SIG");
        der->len = 0;
        vk_buf_put(der, raised, (size_t)len);
        OPENSSL_free(raised);
    } else {
        BN_free(other);
    }
    BN_free(order);
    ECDSA_SIG_free(signature);
}

void p256_sign(const p256_key *key, vk_bytes message, bool high_s, vk_buf *der) {
    EVP_PKEY *loaded = load(key->private32, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[80];
    size_t len = sizeof signature;
    crypto_require(loaded != NULL && context != NULL &&
                       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, loaded) == 1 &&
                       EVP_DigestSign(context, signature, &len, message.data, message.len) == 1,
                   "ECDSA");
    vk_buf_put(der, signature, len);
    if (high_s) {
        raise_s(der);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(loaded);
}

bool p256_agree(const p256_key *mine, const uint8_t x32[32], const uint8_t y32[32],
                uint8_t secret32[32]) {
    uint8_t point65[65];
    point(x32, y32, point65);
    ERR_set_mark();
    EVP_PKEY *theirs = load(NULL, point65);
    ERR_pop_to_mark();
    if (theirs == NULL) {
        return false;
    }
    EVP_PKEY *own = p256_load(mine);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    size_t len = 32;
    crypto_require(context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                       EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
                       EVP_PKEY_derive(context, secret32, &len) == 1 && len == 32,
                   "ECDH");
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(own);
    EVP_PKEY_free(theirs);
    return true;
}
