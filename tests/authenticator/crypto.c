#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_LEN 12
#define TAG_LEN 16

void crypto_require(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "authenticator: %s failed\n", what);
        abort();
    }
}

void crypto_random(void *out, size_t len) {
    crypto_require(RAND_bytes(out, (int)len) == 1, "RAND_bytes");
}

void crypto_sha256(vk_bytes message, uint8_t digest32[32]) {
    crypto_require(EVP_Digest(message.data, message.len, digest32, NULL, EVP_sha256(), NULL) == 1,
                   "SHA-256");
}

void crypto_hmac(const uint8_t key32[32], vk_bytes message, uint8_t mac32[32]) {
    crypto_require(HMAC(EVP_sha256(), key32, 32, message.data, message.len, mac32, NULL) != NULL,
                   "HMAC");
}

void crypto_hkdf(const uint8_t secret32[32], const char *info, uint8_t out32[32]) {
    static uint8_t salt[32];
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret32, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
                                          strlen(info)),
        OSSL_PARAM_construct_end()};
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    crypto_require(context != NULL && EVP_KDF_derive(context, out32, 32, params) == 1, "HKDF");
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

void crypto_cbc(bool encrypt, const uint8_t key32[32], const uint8_t iv16[16], vk_bytes in,
                uint8_t *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0, rest = 0;
    crypto_require(context != NULL &&
                       EVP_CipherInit_ex2(context, EVP_aes_256_cbc(), key32, iv16, encrypt, NULL) ==
                           1 &&
                       EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                       EVP_CipherUpdate(context, out, &len, in.data, (int)in.len) == 1 &&
                       EVP_CipherFinal_ex(context, out + len, &rest) == 1,
                   "AES-CBC");
    EVP_CIPHER_CTX_free(context);
}

void crypto_seal(const uint8_t key32[32], vk_bytes plain, vk_bytes aad, vk_buf *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t nonce[NONCE_LEN], tag[TAG_LEN], *cipher = malloc(plain.len + 1);
    int len = 0;
    crypto_random(nonce, sizeof nonce);
    crypto_require(context != NULL && cipher != NULL &&
                       EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), key32, nonce, NULL) == 1 &&
                       EVP_EncryptUpdate(context, NULL, &len, aad.data, (int)aad.len) == 1 &&
                       EVP_EncryptUpdate(context, cipher, &len, plain.data, (int)plain.len) == 1 &&
                       EVP_EncryptFinal_ex(context, cipher + len, &len) == 1 &&
                       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) == 1,
                   "AES-GCM");
    vk_buf_put(out, nonce, sizeof nonce);
    vk_buf_put(out, cipher, plain.len);
    vk_buf_put(out, tag, sizeof tag);
    EVP_CIPHER_CTX_free(context);
    free(cipher);
}

bool crypto_open(const uint8_t key32[32], vk_bytes sealed, vk_bytes aad, uint8_t *out) {
    if (sealed.len < CRYPTO_SEAL_OVERHEAD) {
        return false;
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const uint8_t *cipher = sealed.data + NONCE_LEN;
    int cipher_len = (int)(sealed.len - CRYPTO_SEAL_OVERHEAD), len = 0;
    void *tag = (void *)(uintptr_t)(sealed.data + sealed.len - TAG_LEN);
    crypto_require(context != NULL, "EVP_CIPHER_CTX_new");
    bool ok = EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), key32, sealed.data, NULL) == 1 &&
              EVP_DecryptUpdate(context, NULL, &len, aad.data, (int)aad.len) == 1 &&
              EVP_DecryptUpdate(context, out, &len, cipher, cipher_len) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1 &&
              EVP_DecryptFinal_ex(context, out + len, &len) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}
