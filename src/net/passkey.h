/*
 * A passkey server, as toWebAuthnKey of @zerodev/webauthn-key 5.5.0 asks it: registration and
 * login, each in two steps between which the server keeps a challenge (and a cookie, if it likes).
 * What is sent is what the SDK sends, byte for byte. What the server answers is not trusted: what
 * decides something is checked, other members are allowed.
 *
 * Failures of the server are VK_ERR_SERVER with its name and what it was asked for. No request is
 * sent twice.
 *
 * Thread safety: one thread at a time uses a vk_passkey_server.
 */
#ifndef VK_NET_PASSKEY_H
#define VK_NET_PASSKEY_H

#include <valetkey/credential.h>

#define VK_PASSKEY_ANSWER_MAX ((size_t)256 << 10)
#define VK_PASSKEY_CHALLENGE_MIN 16
#define VK_PASSKEY_CHALLENGE_MAX 1024
#define VK_PASSKEY_NAME_MAX 64
#define VK_PASSKEY_USER_ID_MAX 64 /* bytes: WebAuthn's user handle */
#define VK_PASSKEY_ALLOWED_MAX 64

typedef struct vk_passkey_server vk_passkey_server;

typedef struct vk_passkey_config {
    const char *url;            /* see url.h; the paths stand behind it */
    const char *const *headers; /* "Name: value", see header.h */
    size_t header_count;
    const char *rp_id; /* the relying party that is meant; NULL: the server knows */
    unsigned seconds;  /* for a request; 0: VK_HTTP_SECONDS */
} vk_passkey_config;

/* Nothing is sent yet, and config is not needed any more. */
VK_MUST_USE vk_status vk_passkey_open(const vk_passkey_config *config, vk_passkey_server **out,
                                      vk_error *err);
void vk_passkey_close(vk_passkey_server *server); /* NULL allowed */
/* "https://host" */
const char *vk_passkey_name(const vk_passkey_server *server);

/* 1 to VK_PASSKEY_NAME_MAX bytes of UTF-8 without control characters. */
VK_MUST_USE vk_status vk_passkey_check_name(const char *name, vk_error *err);

/* ---- Registration ---- */

/* What the server wants: PublicKeyCredentialCreationOptionsJSON, as far as it matters. */
typedef struct vk_passkey_creation {
    vk_buf challenge;
    char *rp_id;     /* NULL: not said */
    char *user_id;   /* user.id, text: its bytes are the user handle */
    char *server_id; /* "userId" beside the options: what it wants to hear again */
    bool discoverable;
    bool attestation; /* it wants to see the authenticator's */
} vk_passkey_creation;

/* Reads {"options":{...},"userId":"..."}; for fuzzing, too. On failure *out is empty. */
VK_MUST_USE vk_status vk_passkey_creation_read(vk_bytes json, vk_passkey_creation *out,
                                               vk_error *err);
void vk_passkey_creation_clear(vk_passkey_creation *creation);

/* A credential that was made. */
typedef struct vk_passkey_created {
    vk_bytes credential_id, attestation_object, client_data, auth_data;
    uint8_t point65[65];
    bool roams; /* it is on a security key */
} vk_passkey_created;

/* Appends the authenticator data, with an AAGUID of zeros, and the attestation object "none" around
 * it: what a browser makes of any authenticator's unless the server wants to see more. data has
 * VK_WEBAUTHN_FLAG_AT. */
VK_MUST_USE vk_status vk_passkey_attest_none(const vk_auth_data *data, vk_buf *auth_data,
                                             vk_buf *object);

VK_MUST_USE vk_status vk_passkey_begin_registration(vk_passkey_server *server, const char *name,
                                                    vk_passkey_creation *out, vk_error *err);
VK_MUST_USE vk_status vk_passkey_finish_registration(vk_passkey_server *server, const char *name,
                                                     const vk_passkey_creation *creation,
                                                     const vk_passkey_created *created,
                                                     vk_error *err);
/* Reads {"verified":true}. */
VK_MUST_USE vk_status vk_passkey_registered_read(vk_bytes json, vk_error *err);

/* ---- Login ---- */

/* PublicKeyCredentialRequestOptionsJSON, as far as it matters. */
typedef struct vk_passkey_request {
    vk_buf challenge;
    char *rp_id; /* NULL: not said */
    size_t allowed_count;
    vk_buf allowed[VK_PASSKEY_ALLOWED_MAX]; /* credential ids; none: any */
} vk_passkey_request;

VK_MUST_USE vk_status vk_passkey_request_read(vk_bytes json, vk_passkey_request *out,
                                              vk_error *err);
void vk_passkey_request_clear(vk_passkey_request *request);
bool vk_passkey_request_allows(const vk_passkey_request *request, vk_bytes credential_id);

/* The answer of a credential. */
typedef struct vk_passkey_assertion {
    vk_bytes credential_id, auth_data, client_data, signature_der;
    vk_bytes user_handle; /* UTF-8 as the server gave it; empty: none */
    bool roams;
} vk_passkey_assertion;

VK_MUST_USE vk_status vk_passkey_begin_login(vk_passkey_server *server, vk_passkey_request *out,
                                             vk_error *err);
/* The server must say that it is the key with this point. */
VK_MUST_USE vk_status vk_passkey_finish_login(vk_passkey_server *server,
                                              const vk_passkey_assertion *assertion,
                                              const uint8_t point65[65], vk_error *err);
/* Reads {"verification":{"verified":true},"pubkey":"<base64 or base64url of a
 * SubjectPublicKeyInfo>"}. */
VK_MUST_USE vk_status vk_passkey_logged_in_read(vk_bytes json, uint8_t point65[65], vk_error *err);

/* ---- The SDK's key ---- */

/* {"pubX":"<decimal>","pubY":"<decimal>","authenticatorId":"<base64url>",
 *  "authenticatorIdHash":"0x..","rpID":""} */
void vk_passkey_put_key(vk_buf *out, const uint8_t point65[65], vk_bytes credential_id);

#endif
