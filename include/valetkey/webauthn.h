/*
 * WebAuthn assertions as ZeroDev's P-256 signer and passkey validator take them.
 * Source: zerodevapp/kernel-7579-plugins signers/webauthn, W3C WebAuthn Level 2.
 */
#ifndef VALETKEY_WEBAUTHN_H
#define VALETKEY_WEBAUTHN_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VK_WEBAUTHN_AUTH_DATA_LEN 37
#define VK_WEBAUTHN_FLAG_UP 0x01
#define VK_WEBAUTHN_FLAG_UV 0x04
#define VK_WEBAUTHN_FLAG_BE 0x08
#define VK_WEBAUTHN_FLAG_BS 0x10

/* SHA-256(rpId) || flags || sign count (u32, big-endian). */
VK_API VK_MUST_USE vk_status vk_webauthn_auth_data(const char *rp_id, uint8_t flags,
                                                   uint32_t sign_count,
                                                   uint8_t out37[VK_WEBAUTHN_AUTH_DATA_LEN]);

/*
 * Appends {"type":"webauthn.get","challenge":"...","origin":"...","crossOrigin":false}, the
 * spelling that browsers use and the contract needs. origin is printable ASCII without '"' and '\'.
 */
VK_API VK_MUST_USE vk_status vk_webauthn_client_data(const vk_hash *challenge, const char *origin,
                                                     vk_buf *out);

/* What the authenticator signs: SHA-256(authenticatorData || SHA-256(clientDataJSON)). */
VK_API VK_MUST_USE vk_status vk_webauthn_digest(vk_bytes auth_data, vk_bytes client_data,
                                                vk_hash *out);

/* One assertion; the bytes belong to the caller. s is low. */
typedef struct vk_webauthn_assertion {
    vk_bytes auth_data;
    vk_bytes client_data;
    uint8_t r[32];
    uint8_t s[32];
    bool use_precompiled;
} vk_webauthn_assertion;

/*
 * Appends abi(bytes authenticatorData, string clientDataJSON, uint256 responseTypeLocation,
 * uint256 r, uint256 s, bool usePrecompiled); the location is that of the last
 * "type":"webauthn.get" (VK_ERR_FORMAT if there is none).
 */
VK_API VK_MUST_USE vk_status vk_webauthn_encode(const vk_webauthn_assertion *assertion,
                                                vk_buf *out);

/* How many bytes vk_webauthn_encode appends. */
VK_API size_t vk_webauthn_encoded_len(size_t auth_data_len, size_t client_data_len);

/* Reads the canonical encoding; the views point into encoded. */
VK_API VK_MUST_USE vk_status vk_webauthn_decode(vk_bytes encoded, vk_webauthn_assertion *out,
                                                size_t *response_type_location, vk_error *err);

/*
 * The checks of the patched contract: flags UP and UV, BS only with BE, type and challenge at their
 * places, low s, and the signature under (x, y). VK_ERR_SIGNATURE, with the reason in err.
 */
VK_API VK_MUST_USE vk_status vk_webauthn_verify(vk_bytes encoded, const vk_hash *challenge,
                                                const uint8_t point65[65], vk_error *err);

/* Is P-256 precompiled on this chain, by the list of webauthn-key 5.5.0? */
VK_API bool vk_webauthn_chain_has_precompile(uint64_t chain_id);

/* P-256. VK_ERR_FORMAT unless point65 is 0x04 || X || Y on the curve. */
VK_API VK_MUST_USE vk_status vk_p256_check_point(const uint8_t point65[65]);
/* signature64 = r || s, any s. */
VK_API VK_MUST_USE vk_status vk_p256_verify(const uint8_t point65[65], const vk_hash *digest,
                                            const uint8_t signature64[64]);
/* s > n/2 becomes n - s. */
VK_API void vk_p256_lower_s(uint8_t s32[32]);

#ifdef __cplusplus
}
#endif
#endif
