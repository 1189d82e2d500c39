/*
 * Private keys of PKCS#11 sessions: they are in this process's memory only, no account knows them,
 * and no policy speaks of them.
 */
#ifndef VK_GATE_LOOSE_KEY_H
#define VK_GATE_LOOSE_KEY_H

#include "base/curve.h"
#include <valetkey/eth.h>

/* May be used from several threads. */
typedef struct vk_loose_key vk_loose_key;

/* secret32 NULL: makes one. VK_ERR_RANGE for a secret that is none. */
VK_MUST_USE vk_status vk_loose_key_new(vk_curve curve, const uint8_t *secret32, uint8_t point65[65],
                                       vk_loose_key **out);
void vk_loose_key_free(vk_loose_key *key); /* NULL allowed */

/* r || s over a digest of any length but 0. */
VK_MUST_USE vk_status vk_loose_key_sign(const vk_loose_key *key, vk_bytes digest,
                                        uint8_t signature64[64]);
/* The x coordinate of the shared point. VK_ERR_FORMAT if peer65 is no point of the curve. */
VK_MUST_USE vk_status vk_loose_key_agree(const vk_loose_key *key, const uint8_t peer65[65],
                                         uint8_t x32[32]);

/* A digest as ECDSA takes it with curves of 256 bits: its leftmost 32 bytes, or with zeros before
 * it. Of 32 bytes it is itself. VK_ERR_SIZE for none at all. */
VK_MUST_USE vk_status vk_digest_fit(vk_bytes digest, vk_hash *out);

#endif
