/*
 * The passkey server that a token serves: the other side of passkey.h, with the users in the
 * token's file and the challenges in memory. It knows nothing of HTTP.
 *
 * The relying party and the origin are those it was told, whatever a request says of itself. A
 * challenge lives VK_RP_CHALLENGE_SECONDS, is good for what it was given out for, and once.
 *
 * Thread safety: one thread at a time uses a vk_relying_party.
 */
#ifndef VK_NET_RELYING_PARTY_H
#define VK_NET_RELYING_PARTY_H

#include "token/passkey.h"

#define VK_RP_CHALLENGE_SECONDS 60
#define VK_RP_CHALLENGES_MAX 1024
#define VK_RP_BODY_MAX ((size_t)64 << 10)

typedef struct vk_relying_party vk_relying_party;

typedef struct vk_rp_config {
    const char *rp_id;
    const char *name; /* for people */
    const char *origin;
} vk_rp_config;

/* The user is logged in to the token, which outlives it. */
VK_MUST_USE vk_status vk_relying_party_new(vk_token *token, const vk_rp_config *config,
                                           vk_relying_party **out);
void vk_relying_party_free(vk_relying_party *rp); /* NULL allowed */

/*
 * Answers a POST: appends JSON, {"error":"..."} for a failure, and returns the HTTP status: 200,
 * 400 for what is malformed or does not verify, 404 for another path, 409 for a passkey that is
 * registered already, 500 if the token fails, 503 for too many challenges at once, 507 for too many
 * passkeys.
 */
unsigned vk_relying_party_answer(vk_relying_party *rp, const char *path, vk_bytes body,
                                 vk_buf *answer);

/* ---- What clients send (relying_party_read.c) ---- */

/* {["username":"..."][,"rpID":"..."]} */
typedef struct vk_rp_options {
    char *username; /* registration; NULL otherwise */
    char *rp_id;    /* NULL: not said */
} vk_rp_options;

VK_MUST_USE vk_status vk_rp_options_read(vk_bytes json, bool registers, vk_rp_options *out,
                                         vk_error *err);
void vk_rp_options_clear(vk_rp_options *options);

/* {"userId","username","cred":RegistrationResponseJSON[,"rpID"]} */
typedef struct vk_rp_registration {
    char *user_id, *username;
    char *rp_id; /* NULL: not said */
    vk_buf credential_id, attestation, client_data;
    vk_buf public_key; /* what the client takes for it; empty: not said */
    char transports[VK_PASSKEY_TRANSPORTS_MAX + 1];
} vk_rp_registration;

VK_MUST_USE vk_status vk_rp_registration_read(vk_bytes json, vk_rp_registration *out,
                                              vk_error *err);
void vk_rp_registration_clear(vk_rp_registration *registration);

/* {"cred":AuthenticationResponseJSON[,"rpID"]} */
typedef struct vk_rp_login {
    char *rp_id;       /* NULL: not said */
    char *user_handle; /* NULL: not said */
    vk_buf credential_id, auth_data, client_data, signature;
} vk_rp_login;

VK_MUST_USE vk_status vk_rp_login_read(vk_bytes json, vk_rp_login *out, vk_error *err);
void vk_rp_login_clear(vk_rp_login *login);

/* ---- For tests ---- */

/* As if so much time had passed. */
void vk_relying_party_pass(vk_relying_party *rp, unsigned seconds);

#endif
