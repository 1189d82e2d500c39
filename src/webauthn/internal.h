/* What the files of webauthn/ share. */
#ifndef VK_WEBAUTHN_INTERNAL_H
#define VK_WEBAUTHN_INTERNAL_H

#include "webauthn/cbor.h"
#include <valetkey/webauthn.h>

bool vk_p256_s_is_low(const uint8_t s32[32]);
/* From 1 to n - 1, as r and s must be? */
bool vk_p256_is_scalar(const uint8_t number32[32]);

/* {"type":"webauthn.get","challenge":" and then 43 characters of base64url: the start of the
 * clientDataJSON that the contract takes. */
#define VK_CLIENT_DATA_TYPE "\"type\":\"webauthn.get\""
#define VK_CLIENT_DATA_CHALLENGE_AT 23

/* Appends "challenge":"..." with the quotes and without a comma. */
void vk_webauthn_put_challenge(const vk_hash *challenge, vk_buf *out);

/* COSE: ECDSA with SHA-256. */
#define VK_COSE_ES256 (-7)

/* vk_p256_cose_read for a key that other bytes follow. */
VK_MUST_USE vk_status vk_p256_cose_next(vk_bytes *rest, uint8_t point65[65], vk_error *err);

#endif
