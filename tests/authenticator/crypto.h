/* The cryptography of CTAP 2.1, on OpenSSL 3. Aborts when OpenSSL has no memory. */
#ifndef VK_TESTS_AUTHENTICATOR_CRYPTO_H
#define VK_TESTS_AUTHENTICATOR_CRYPTO_H

#include <openssl/evp.h>
#include <valetkey/bytes.h>

typedef struct p256_key {
    uint8_t private32[32];
    uint8_t x32[32], y32[32];
} p256_key;

void crypto_require(bool ok, const char *what);
void crypto_random(void *out, size_t len);
void crypto_sha256(vk_bytes message, uint8_t digest32[32]);
void crypto_hmac(const uint8_t key32[32], vk_bytes message, uint8_t mac32[32]);
/* HKDF-SHA-256 with a salt of 32 zeros. */
void crypto_hkdf(const uint8_t secret32[32], const char *info, uint8_t out32[32]);
/* AES-256-CBC without padding; len is a multiple of 16. */
void crypto_cbc(bool encrypt, const uint8_t key32[32], const uint8_t iv16[16], vk_bytes in,
                uint8_t *out);

/* AES-256-GCM: appends the nonce, the ciphertext and the tag. */
#define CRYPTO_SEAL_OVERHEAD 28
void crypto_seal(const uint8_t key32[32], vk_bytes plain, vk_bytes aad, vk_buf *out);
/* False if it was not sealed so. out has len - CRYPTO_SEAL_OVERHEAD bytes. */
bool crypto_open(const uint8_t key32[32], vk_bytes sealed, vk_bytes aad, uint8_t *out);

void p256_generate(p256_key *out);
/* With the private key. Free with EVP_PKEY_free. */
EVP_PKEY *p256_load(const p256_key *key);
/* ECDSA with SHA-256, in DER; the private part of the key is enough. */
void p256_sign(const p256_key *key, vk_bytes message, bool high_s, vk_buf *der);
/* The x coordinate that both share; false if theirs is no point of the curve. */
bool p256_agree(const p256_key *mine, const uint8_t x32[32], const uint8_t y32[32],
                uint8_t secret32[32]);

/* A root, and a certificate for packed attestation that it issued; DER, appended. */
void certificate_make(const uint8_t aaguid16[16], const p256_key *key, vk_buf *root, vk_buf *leaf);

#endif
