/*
 * WebAuthn credentials: public keys in COSE and SubjectPublicKeyInfo form, authenticator data,
 * client data, attestation objects; a relying party's checks of a registration and of an assertion.
 * Source: W3C WebAuthn Level 2 (sections in brackets), RFC 9053, RFC 5480. Assertions for the chain
 * are in webauthn.h.
 *
 * Keys are P-256 and stand as point65 = 0x04 || X || Y; readers give only points on the curve.
 * CBOR is read in the canonical form of CTAP2 alone: definite lengths, shortest heads, keys in
 * order and once, at most 4 levels, no tags. Views in results point into the caller's bytes.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_CREDENTIAL_H
#define VALETKEY_CREDENTIAL_H

#include <valetkey/bytes.h>
#include <valetkey/webauthn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Public keys ---- */

#define VK_P256_SPKI_LEN 91
#define VK_P256_COSE_LEN 77

/* SubjectPublicKeyInfo in DER: id-ecPublicKey, the named curve, the uncompressed point, no more. */
VK_API VK_MUST_USE vk_status vk_p256_spki_read(vk_bytes der, uint8_t point65[65], vk_error *err);
VK_API void vk_p256_spki_write(const uint8_t point65[65], uint8_t out91[VK_P256_SPKI_LEN]);

/* COSE_Key {1: 2, 3: -7, -1: 1, -2: x, -3: y} [6.5.1.1]. VK_ERR_UNSUPPORTED, with the value, for
 * another key type, algorithm or curve. */
VK_API VK_MUST_USE vk_status vk_p256_cose_read(vk_bytes cbor, uint8_t point65[65], vk_error *err);
VK_API void vk_p256_cose_write(const uint8_t point65[65], uint8_t out77[VK_P256_COSE_LEN]);

/* ---- Authenticator data [6.1] ---- */

#define VK_WEBAUTHN_FLAG_AT 0x40 /* attested credential data is included */
#define VK_WEBAUTHN_FLAG_ED 0x80 /* extensions are included */
#define VK_CREDENTIAL_ID_MAX 1023

typedef struct vk_auth_data {
    vk_hash rp_id_hash; /* SHA-256(rpId) */
    uint8_t flags;
    uint32_t sign_count;
    /* With VK_WEBAUTHN_FLAG_AT, else zero and empty. */
    uint8_t aaguid[16];
    vk_bytes credential_id;
    uint8_t point65[65];
    /* With VK_WEBAUTHN_FLAG_ED, else empty: a CBOR map with text keys. */
    vk_bytes extensions;
} vk_auth_data;

VK_API VK_MUST_USE vk_status vk_auth_data_read(vk_bytes bytes, vk_auth_data *out, vk_error *err);
/* Appends. What the flags announce must be there and valid (VK_ERR_SIZE,
 * VK_ERR_FORMAT); what they do not is left out. */
VK_API VK_MUST_USE vk_status vk_auth_data_write(const vk_auth_data *data, vk_buf *out);

/* ---- Client data [5.8.1] ---- */

#define VK_CLIENT_DATA_MAX ((size_t)64 << 10)

typedef struct vk_client_data {
    vk_bytes raw;     /* the bytes as they were; theirs is the hash that is signed */
    bool create;      /* "webauthn.create", else "webauthn.get" */
    vk_buf challenge; /* owned, decoded */
    char *origin;     /* owned */
    char *top_origin; /* owned; NULL if absent */
    bool cross_origin;
} vk_client_data;

/* Members that are not named here are allowed. On failure *out is empty. */
VK_API VK_MUST_USE vk_status vk_client_data_read(vk_bytes json, vk_client_data *out, vk_error *err);
VK_API void vk_client_data_clear(vk_client_data *data);

/* ---- Attestation [6.5, 8] ---- */

#define VK_ATTESTATION_MAX ((size_t)64 << 10)
#define VK_ATTESTATION_CERTIFICATES_MAX 8

typedef enum vk_attestation_format {
    VK_ATTESTATION_NONE = 1,
    VK_ATTESTATION_PACKED,
    VK_ATTESTATION_FIDO_U2F
} vk_attestation_format;

typedef struct vk_attestation {
    vk_attestation_format format;
    vk_bytes auth_data;
    int64_t algorithm; /* COSE; packed */
    vk_bytes signature;
    /* X.509 in DER, the signing one first; none for packed self attestation. */
    size_t certificate_count;
    vk_bytes certificates[VK_ATTESTATION_CERTIFICATES_MAX];
} vk_attestation;

/* "none", "packed", "fido-u2f". */
VK_API const char *vk_attestation_format_text(vk_attestation_format format);
/* Reads an attestation object. VK_ERR_UNSUPPORTED, with its name, for another format. */
VK_API VK_MUST_USE vk_status vk_attestation_read(vk_bytes object, vk_attestation *out,
                                                 vk_error *err);

/* Whom to believe. Without anchors the chain is not checked: the statement is then good for what
 * its own certificate says, whoever made that. */
typedef struct vk_attestation_trust {
    size_t anchor_count;
    const vk_bytes *anchors; /* X.509 in DER: roots, intermediates or the certificate itself */
    int64_t now;             /* Unix seconds, for the periods of validity; no clock is read */
} vk_attestation_trust;

/* What a statement that holds shows, from least to most. */
typedef enum vk_attestation_result {
    VK_ATTESTED_NOT = 0, /* format none */
    VK_ATTESTED_SELF,    /* signed with the credential's own key */
    VK_ATTESTED_SIGNED,  /* signed by a certificate that nobody vouched for */
    VK_ATTESTED_TRUSTED  /* and the certificate chains to an anchor */
} vk_attestation_result;

/*
 * Verifies the statement: packed [8.2] with ES256, ES384, ES512, EdDSA or RS256, and fido-u2f
 * [8.6]. VK_ERR_SIGNATURE if a signature or the chain does not hold, VK_ERR_MISMATCH or
 * VK_ERR_FORMAT if the certificate does not meet [8.2.1]. auth_data is what
 * vk_auth_data_read makes of attestation->auth_data; trust may be NULL.
 */
VK_API VK_MUST_USE vk_status vk_attestation_verify(const vk_attestation *attestation,
                                                   const vk_auth_data *auth_data,
                                                   const vk_hash *client_data_hash,
                                                   const vk_attestation_trust *trust,
                                                   vk_attestation_result *out, vk_error *err);

/* ---- A relying party's checks ---- */

/* What the relying party asked for. */
typedef struct vk_ceremony {
    vk_bytes challenge; /* as it was sent */
    const char *rp_id;
    const char *origin;         /* exactly */
    bool require_user_verified; /* flag UV; UP is always required */
    bool allow_cross_origin;    /* in a frame of another origin */
} vk_ceremony;

typedef struct vk_credential {
    vk_bytes id;     /* view into the attestation object */
    vk_hash id_hash; /* Keccak-256 of it: authenticatorIdHash */
    uint8_t point65[65];
    uint8_t flags;
    uint32_t sign_count;
    uint8_t aaguid[16];
    vk_attestation_format format;
    vk_attestation_result attestation;
} vk_credential;

/* Registration [7.1]. VK_ERR_MISMATCH for another challenge, origin or rpId, VK_ERR_PROHIBITED for
 * a flag that is missing. */
VK_API VK_MUST_USE vk_status vk_credential_register(const vk_ceremony *ceremony,
                                                    vk_bytes attestation_object,
                                                    vk_bytes client_data,
                                                    const vk_attestation_trust *trust,
                                                    vk_credential *out, vk_error *err);

/* An authenticator's answer. */
typedef struct vk_credential_answer {
    vk_bytes auth_data;
    vk_bytes client_data;
    vk_bytes signature_der;
} vk_credential_answer;

/*
 * An assertion [7.2]. *sign_count is the one to keep; VK_ERR_MISMATCH unless it is greater than the
 * credential's, or both are 0. The chain's verdict is another matter: vk_webauthn_verify.
 */
VK_API VK_MUST_USE vk_status vk_credential_verify(const vk_ceremony *ceremony,
                                                  const vk_credential *credential,
                                                  const vk_credential_answer *answer,
                                                  uint32_t *sign_count, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
