#include "token/crypt.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#define SCRYPT_N 32768
#define SCRYPT_N_MAX (1 << 20)
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_P_MAX 16

vk_status vk_crypt_random(uint8_t *out, size_t len) {
    return RAND_priv_bytes(out, (int)len) == 1 ? VK_OK : VK_ERR_CRYPTO;
}

vk_status vk_scrypt_new(vk_scrypt *out) {
    *out = (vk_scrypt){.n = SCRYPT_N, .r = SCRYPT_R, .p = SCRYPT_P};
    return vk_crypt_random(out->salt, sizeof out->salt);
}

static bool is_sane(const vk_scrypt *scrypt) {
    return scrypt->n >= 2 && scrypt->n <= SCRYPT_N_MAX && (scrypt->n & (scrypt->n - 1)) == 0 &&
           scrypt->r == SCRYPT_R && scrypt->p >= 1 && scrypt->p <= SCRYPT_P_MAX;
}

vk_status vk_scrypt_key(const vk_scrypt *scrypt, const uint8_t *pin, size_t len,
                        uint8_t key32[32]) {
    if (!is_sane(scrypt)) {
        return VK_ERR_INTEGRITY;
    }
    uint64_t memory = 128 * scrypt->r * (scrypt->n + scrypt->p + 2);
    int ok = EVP_PBE_scrypt((const char *)pin, len, scrypt->salt, sizeof scrypt->salt, scrypt->n,
                            scrypt->r, scrypt->p, memory, key32, 32);
    return ok == 1 ? VK_OK : VK_ERR_CRYPTO;
}

static bool seal(EVP_CIPHER_CTX *ctx, const uint8_t key32[32], vk_bytes aad, vk_bytes secret,
                 uint8_t *sealed) {
    uint8_t *text = sealed + VK_GCM_NONCE_LEN;
    int len, size = (int)secret.len;
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key32, sealed) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1 &&
           EVP_EncryptUpdate(ctx, text, &len, secret.data, size) == 1 && len == size &&
           EVP_EncryptFinal_ex(ctx, text + size, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, VK_GCM_TAG_LEN, text + size) == 1;
}

vk_status vk_crypt_seal_bytes(const uint8_t key32[32], vk_bytes aad, vk_bytes secret,
                              uint8_t *sealed) {
    if (secret.len > VK_SEALED_MAX) {
        return VK_ERR_SIZE;
    }
    vk_status status = vk_crypt_random(sealed, VK_GCM_NONCE_LEN);
    if (status != VK_OK) {
        return status;
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx != NULL && seal(ctx, key32, aad, secret, sealed);
    EVP_CIPHER_CTX_free(ctx);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

vk_status vk_crypt_seal(const uint8_t key32[32], vk_bytes aad, const uint8_t secret32[32],
                        uint8_t sealed[VK_SEALED_LEN]) {
    return vk_crypt_seal_bytes(key32, aad, (vk_bytes){secret32, 32}, sealed);
}

static vk_status unseal(EVP_CIPHER_CTX *ctx, const uint8_t key32[32], vk_bytes aad, vk_bytes sealed,
                        uint8_t *secret) {
    const uint8_t *text = sealed.data + VK_GCM_NONCE_LEN;
    uint8_t tag[VK_GCM_TAG_LEN], none[1];
    int len, size = (int)(sealed.len - VK_GCM_NONCE_LEN - VK_GCM_TAG_LEN);
    memcpy(tag, text + size, sizeof tag);
    bool ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key32, sealed.data) == 1 &&
              EVP_DecryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1 &&
              EVP_DecryptUpdate(ctx, secret, &len, text, size) == 1 && len == size &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1;
    if (!ok) {
        return VK_ERR_CRYPTO;
    }
    return EVP_DecryptFinal_ex(ctx, none, &len) == 1 ? VK_OK : VK_ERR_INTEGRITY;
}

vk_status vk_crypt_open_bytes(const uint8_t key32[32], vk_bytes aad, vk_bytes sealed,
                              uint8_t *secret) {
    if (sealed.len < VK_SEALED_EXTRA || sealed.len > VK_SEALED_MAX + VK_SEALED_EXTRA) {
        return VK_ERR_INTEGRITY;
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    /* A wrong PIN is no error of the host program, which may look at OpenSSL's queue. */
    ERR_set_mark();
    vk_status status = ctx != NULL ? unseal(ctx, key32, aad, sealed, secret) : VK_ERR_MEMORY;
    ERR_pop_to_mark();
    EVP_CIPHER_CTX_free(ctx);
    if (status != VK_OK) {
        vk_wipe(secret, sealed.len - VK_SEALED_EXTRA);
    }
    return status;
}

vk_status vk_crypt_open(const uint8_t key32[32], vk_bytes aad, const uint8_t sealed[VK_SEALED_LEN],
                        uint8_t secret32[32]) {
    return vk_crypt_open_bytes(key32, aad, (vk_bytes){sealed, VK_SEALED_LEN}, secret32);
}

vk_status vk_crypt_subkey(const uint8_t key32[32], const char *purpose, uint8_t out32[32]) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key32, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose,
                                          strlen(purpose)),
        OSSL_PARAM_construct_end(),
    };
    bool ok = ctx != NULL && EVP_KDF_derive(ctx, out32, 32, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return ok ? VK_OK : VK_ERR_CRYPTO;
}

vk_status vk_mac_new(vk_mac **out) {
    EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    *out = kind != NULL ? EVP_MAC_CTX_new(kind) : NULL;
    EVP_MAC_free(kind);
    if (*out != NULL && EVP_MAC_CTX_set_params(*out, params) == 1) {
        return VK_OK;
    }
    vk_mac_free(*out);
    *out = NULL;
    return VK_ERR_CRYPTO;
}

void vk_mac_free(vk_mac *mac) {
    EVP_MAC_CTX_free(mac);
}

vk_status vk_crypt_mac(vk_mac *mac, const uint8_t key32[32], vk_bytes data, uint8_t mac32[32]) {
    size_t len = 0;
    bool ok = EVP_MAC_init(mac, key32, 32, NULL) == 1 &&
              EVP_MAC_update(mac, data.data, data.len) == 1 &&
              EVP_MAC_final(mac, mac32, &len, 32) == 1;
    return ok && len == 32 ? VK_OK : VK_ERR_CRYPTO;
}

void vk_canonical_u64(vk_buf *out, uint64_t value) {
    uint8_t be[8];
    for (int i = 7; i >= 0; i--) {
        be[i] = (uint8_t)value;
        value >>= 8;
    }
    vk_buf_put(out, be, sizeof be);
}

uint64_t vk_canonical_get_u64(const uint8_t bytes8[8]) {
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | bytes8[i];
    }
    return value;
}

void vk_canonical_bytes(vk_buf *out, vk_bytes value) {
    vk_canonical_u64(out, value.len);
    vk_buf_put(out, value.data, value.len);
}

void vk_canonical_text(vk_buf *out, const char *value) {
    vk_buf_put_byte(out, value != NULL);
    if (value != NULL) {
        vk_canonical_bytes(out, (vk_bytes){(const uint8_t *)value, strlen(value)});
    }
}
