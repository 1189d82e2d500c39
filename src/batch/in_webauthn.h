/* Reading passkeys and what authenticators answered, in every kind that has them. */
#ifndef VK_BATCH_IN_WEBAUTHN_H
#define VK_BATCH_IN_WEBAUTHN_H

#include "batch/in.h"

/* A P-256 credential. */
typedef struct vk_in_passkey_key {
    uint8_t point65[65];           /* 0x04 || X || Y, on the curve */
    vk_hash authenticator_id_hash; /* K(credential id) */
    vk_bytes credential_id;        /* raw; empty when the request has only the hash */
} vk_in_passkey_key;

/*
 * {pubX, pubY[, authenticatorId][, authenticatorIdHash][, rpID]}: one of the two names of the
 * credential is enough; where both are given they must agree. rpID is not looked at.
 */
vk_in_passkey_key vk_in_passkey(const vk_in *in, const char *name);

/* The strict DER signature named so, to r || s with s lowered. */
void vk_in_p256_signature(const vk_in *in, const char *name, uint8_t signature64[64]);

/*
 * {authenticatorData, clientDataJSON, signatureDer[, challenge][, clientDataJSONText]
 * [, signedDigest]} to the encoding for the chain, which the line keeps. challenge (NULL: any) is
 * what "challenge" must be. sdk: vk_webauthn_encode_as_sdk. The contract's own checks are not made:
 * an assertion that it would refuse is encoded too, as the SDK does.
 */
vk_bytes vk_in_assertion(const vk_in *in, const char *name, const vk_hash *challenge,
                         uint64_t chain_id, bool sdk);

#endif
