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

/* The same for a registration: "type":"webauthn.create". */
VK_API VK_MUST_USE vk_status vk_webauthn_create_client_data(vk_bytes challenge, const char *origin,
                                                            vk_buf *out);

/*
 * The same for a login with a server that chooses the challenge: the origin stands before the
 * challenge, so that no contract takes the assertion for an operation's, whatever the challenge is.
 * For a relying party the order of the members means nothing.
 */
VK_API VK_MUST_USE vk_status vk_webauthn_login_client_data(vk_bytes challenge, const char *origin,
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

/*
 * What @zerodev/webauthn-key 5.5.0 makes of the same assertion: it takes the bytes of
 * clientDataJSON for Latin-1, so that every byte from 0x80 becomes two. The same as
 * vk_webauthn_encode for ASCII; for all else the chain refuses it.
 */
VK_API VK_MUST_USE vk_status vk_webauthn_encode_as_sdk(const vk_webauthn_assertion *assertion,
                                                       vk_buf *out);

/* Appends the encoded assertion that the SDK puts in place of a signature while gas is estimated:
 * well formed, valid for nothing. */
VK_API VK_MUST_USE vk_status vk_webauthn_stub(vk_buf *out);

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

/* What is unusual about an assertion that a contract accepts. */
typedef enum vk_webauthn_form {
    VK_WEBAUTHN_USUAL = 0,
    VK_WEBAUTHN_ODD_ENCODING, /* no ordinary encoder makes it */
    VK_WEBAUTHN_DUMMY         /* unpatched contracts: the challenge is not looked at */
} vk_webauthn_form;

/*
 * The same checks of any ABI encoding that the contracts decode. patched: of the signer from 0.0.4
 * on; the others take every assertion whose responseTypeLocation is 2^256 - 1, a dummy. *form is
 * set in any case.
 */
VK_API VK_MUST_USE vk_status vk_webauthn_accepts(vk_bytes encoded, const vk_hash *challenge,
                                                 const uint8_t point65[65], bool patched,
                                                 vk_webauthn_form *form, vk_error *err);

/* abi((uint256 x, uint256 y), bytes32 authenticatorIdHash): what the signer and the passkey
 * validator store. The hash is Keccak-256 of the raw credential id. */
#define VK_WEBAUTHN_SIGNER_DATA_LEN 96
VK_API void vk_webauthn_signer_data(const uint8_t point65[65], const vk_hash *authenticator_id_hash,
                                    uint8_t out96[VK_WEBAUTHN_SIGNER_DATA_LEN]);

/*
 * ZeroDev's signer contract of a version, "0.0.1" to "0.0.4"; false for another. Before 0.0.4 the
 * contract takes any assertion that the key ever made for any operation: use 0.0.4.
 */
VK_API VK_MUST_USE bool vk_webauthn_signer_contract(const char *version, vk_address *out);

/* Is P-256 precompiled on this chain, by the list of webauthn-key 5.5.0? */
VK_API bool vk_webauthn_chain_has_precompile(uint64_t chain_id);

/* P-256. VK_ERR_FORMAT unless point65 is 0x04 || X || Y on the curve. */
VK_API VK_MUST_USE vk_status vk_p256_check_point(const uint8_t point65[65]);
/* signature64 = r || s, any s. */
VK_API VK_MUST_USE vk_status vk_p256_verify(const uint8_t point65[65], const vk_hash *digest,
                                            const uint8_t signature64[64]);
/* s > n/2 becomes n - s. */
VK_API void vk_p256_lower_s(uint8_t s32[32]);

/* The longest DER form of a P-256 signature. */
#define VK_P256_DER_MAX 72
/*
 * SEQUENCE { INTEGER r, INTEGER s } in DER to r || s, s as it is. VK_ERR_FORMAT for any other
 * encoding and for bytes that follow, VK_ERR_RANGE unless r and s are from 1 to n - 1.
 */
VK_API VK_MUST_USE vk_status vk_p256_signature_read(vk_bytes der, uint8_t signature64[64],
                                                    vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
