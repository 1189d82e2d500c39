/*
 * What a browser answers, in JSON: RegistrationResponseJSON and AuthenticationResponseJSON of
 * WebAuthn Level 3 [5.1], as PublicKeyCredential.toJSON() writes them, and the bare members of an
 * assertion. Only encodings are read here; what they say is for valetkey/credential.h to check.
 */
#ifndef VK_WEBAUTHN_RESPONSE_JSON_H
#define VK_WEBAUTHN_RESPONSE_JSON_H

#include "base/json.h"
#include <valetkey/credential.h>

/* An answer has more members than are read here: the longest is the attestation object. */
#define VK_RESPONSE_MAX ((size_t)512 << 10)
/* Extensions included. */
#define VK_RESPONSE_AUTH_DATA_MAX ((size_t)16 << 10)

typedef struct vk_registration_response {
    vk_buf id;
    vk_buf attestation_object;
    vk_buf client_data;
} vk_registration_response;

/* Members that are not read are allowed, as browsers add some. "id" and "rawId" must be the same.
 * On failure *out is empty. */
VK_MUST_USE vk_status vk_registration_response_read(vk_bytes json, vk_registration_response *out,
                                                    vk_error *err);
void vk_registration_response_clear(vk_registration_response *response);

typedef struct vk_assertion_response {
    vk_buf id; /* empty: not said */
    vk_buf auth_data;
    vk_buf client_data;
    vk_buf signature; /* DER */
} vk_assertion_response;

/* An AuthenticationResponseJSON, or, without "response", vk_assertion_members. On failure *out is
 * empty. */
VK_MUST_USE vk_status vk_assertion_response_read(vk_bytes json, vk_assertion_response *out,
                                                 vk_error *err);
/* {"authenticatorData":B,"clientDataJSON":B,"signature":B} and no other members, each base64url
 * without padding or "0x" hex. On failure *out is empty. */
VK_MUST_USE vk_status vk_assertion_members_read(const cJSON *object, const vk_path *path,
                                                vk_assertion_response *out, vk_error *err);
/* Appends that, in base64url. */
void vk_assertion_members_write(const vk_assertion_response *response, vk_buf *out);
void vk_assertion_response_clear(vk_assertion_response *response);

#endif
