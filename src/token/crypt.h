/* The store's cryptography, all of it OpenSSL's. */
#ifndef VK_TOKEN_CRYPT_H
#define VK_TOKEN_CRYPT_H

#include <valetkey/bytes.h>

#define VK_SALT_LEN 32
#define VK_GCM_NONCE_LEN 12
#define VK_GCM_TAG_LEN 16
/* nonce || ciphertext || tag; of 32 bytes. */
#define VK_SEALED_EXTRA (VK_GCM_NONCE_LEN + VK_GCM_TAG_LEN)
#define VK_SEALED_LEN (32 + VK_SEALED_EXTRA)
/* The longest that is sealed. */
#define VK_SEALED_MAX 65536

typedef struct vk_scrypt {
    uint64_t n, r, p;
    uint8_t salt[VK_SALT_LEN];
} vk_scrypt;

/* What a new PIN gets: 32 MiB of memory, and a random salt. */
VK_MUST_USE vk_status vk_scrypt_new(vk_scrypt *out);
/* VK_ERR_INTEGRITY for parameters that no token has: they would take all memory. */
VK_MUST_USE vk_status vk_scrypt_key(const vk_scrypt *scrypt, const uint8_t *pin, size_t len,
                                    uint8_t key32[32]);

VK_MUST_USE vk_status vk_crypt_random(uint8_t *out, size_t len);
/* AES-256-GCM under a random nonce. */
VK_MUST_USE vk_status vk_crypt_seal(const uint8_t key32[32], vk_bytes aad,
                                    const uint8_t secret32[32], uint8_t sealed[VK_SEALED_LEN]);
/* VK_ERR_INTEGRITY if key, aad or sealed is not what it was. */
VK_MUST_USE vk_status vk_crypt_open(const uint8_t key32[32], vk_bytes aad,
                                    const uint8_t sealed[VK_SEALED_LEN], uint8_t secret32[32]);
/* The same of any bytes, up to VK_SEALED_MAX; sealed is VK_SEALED_EXTRA longer than secret. */
VK_MUST_USE vk_status vk_crypt_seal_bytes(const uint8_t key32[32], vk_bytes aad, vk_bytes secret,
                                          uint8_t *sealed);
VK_MUST_USE vk_status vk_crypt_open_bytes(const uint8_t key32[32], vk_bytes aad, vk_bytes sealed,
                                          uint8_t *secret);
/* HKDF-SHA256, purpose as its info. */
VK_MUST_USE vk_status vk_crypt_subkey(const uint8_t key32[32], const char *purpose,
                                      uint8_t out32[32]);
/* HMAC-SHA256. What it needs is made once: that costs more than a short message. Not for several
 * threads at once. */
typedef struct evp_mac_ctx_st vk_mac;
VK_MUST_USE vk_status vk_mac_new(vk_mac **out);
void vk_mac_free(vk_mac *mac); /* NULL allowed; wipes */
VK_MUST_USE vk_status vk_crypt_mac(vk_mac *mac, const uint8_t key32[32], vk_bytes data,
                                   uint8_t mac32[32]);

/* Writing what is sealed or authenticated: every part says where it ends. */
void vk_canonical_u64(vk_buf *out, uint64_t value);
/* The number that vk_canonical_u64 wrote. */
uint64_t vk_canonical_get_u64(const uint8_t bytes8[8]);
void vk_canonical_bytes(vk_buf *out, vk_bytes value);
void vk_canonical_text(vk_buf *out, const char *value); /* NULL differs from "" */

#endif
