/*
 * Where a private key lives. Only gate/ includes this.
 */
#ifndef VK_KEYS_KEYS_H
#define VK_KEYS_KEYS_H

#include "base/curve.h"
#include <valetkey/bytes.h>

/* A usable private key. Signing with one handle from several threads at once is allowed. */
typedef struct vk_key vk_key;

VK_MUST_USE vk_status vk_key_generate(vk_curve curve, uint8_t secret32[32], uint8_t point65[65]);
/* The public point of a secret; VK_ERR_RANGE for zero or anything from the group order up. */
VK_MUST_USE vk_status vk_key_public(vk_curve curve, const uint8_t secret32[32],
                                    uint8_t point65[65]);
/* Keeps a copy of the secret in locked memory until vk_key_free. */
VK_MUST_USE vk_status vk_key_load(vk_curve curve, const uint8_t secret32[32], vk_key **out);
void vk_key_free(vk_key *key); /* NULL allowed; wipes */

/*
 * signature64 = r || s, low s. secp256k1: RFC 6979 without extra entropy; *recovery_id (may be
 * NULL) is 0 or 1. P-256: *recovery_id is -1.
 */
VK_MUST_USE vk_status vk_key_sign(vk_key *key, const vk_hash *digest, uint8_t signature64[64],
                                  int *recovery_id);

/* Diffie-Hellman: the x coordinate of the shared point. VK_ERR_FORMAT if peer65 is no point of the
 * curve. Wipe it. */
VK_MUST_USE vk_status vk_key_agree(const vk_key *key, const uint8_t peer65[65], uint8_t x32[32]);

#endif
