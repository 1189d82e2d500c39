/*
 * Enrolments: security keys that unlock the token. Each gives a secret of 32 bytes (the hmac-secret
 * of one credential with one salt), under which the token key is wrapped, as it is under the PINs.
 * A credential has two such secrets: one for whoever touches the security key, and one for whom it
 * has verified besides, by its PIN or a finger.
 * Nothing in a row is secret; what it says is associated data of what is wrapped, so that an edited
 * one opens nothing.
 */
#ifndef VK_TOKEN_ENROLMENT_H
#define VK_TOKEN_ENROLMENT_H

#include "token/token.h"
#include <valetkey/credential.h>

#define VK_ENROLMENTS_MAX 16
#define VK_ENROLMENT_NAME_MAX 64
#define VK_ENROLMENT_RP_ID_MAX 253

struct vk_enrolment {
    int64_t id;                             /* never reused within a token */
    char name[VK_ENROLMENT_NAME_MAX + 1];   /* for people: UTF-8 without control characters */
    char rp_id[VK_ENROLMENT_RP_ID_MAX + 1]; /* printable ASCII */
    size_t credential_id_len;               /* 1 or more */
    uint8_t credential_id[VK_CREDENTIAL_ID_MAX];
    uint8_t salt32[32];
    bool has_point;
    uint8_t point65[65]; /* the credential's public key */
    bool verified;       /* the secret is that of a verified user, not of a touch alone */
};

/*
 * Adds one; new->id is set. Needs a login, the user's or the SO's. VK_ERR_EXISTS if the credential
 * is enrolled already, VK_ERR_STORE_FULL if the token has VK_ENROLMENTS_MAX, VK_ERR_ARGUMENT if a
 * member is not as above, or the store of a security key would be open to a touch alone.
 */
VK_MUST_USE vk_status vk_token_enrol(vk_token *token, vk_enrolment *new, const uint8_t secret32[32],
                                     vk_error *err);
/* All of them in order of their ids; free with vk_enrolments_free. Needs no login, and checks no
 * more than sizes and types (VK_ERR_INTEGRITY): vk_token_login_enrolled finds what was edited. */
VK_MUST_USE vk_status vk_token_enrolments(vk_token *token, vk_enrolment **out, size_t *count,
                                          vk_error *err);
void vk_enrolments_free(vk_enrolment *enrolments);
/* Logs the user in. VK_ERR_PIN_INCORRECT if the secret is another one, or the row was edited;
 * nobody guesses such a secret, so no tries are counted. VK_ERR_NOT_FOUND, VK_ERR_EXISTS as in
 * vk_token_login. */
VK_MUST_USE vk_status vk_token_login_enrolled(vk_token *token, int64_t id,
                                              const uint8_t secret32[32]);
/* Asks whether it would log the user in, who is (context login): VK_ERR_NOT_LOGGED_IN. */
VK_MUST_USE vk_status vk_token_check_enrolled(vk_token *token, int64_t id,
                                              const uint8_t secret32[32]);
/* Removes one, sound or not. Needs a login, the user's or the SO's. VK_ERR_NOT_FOUND;
 * VK_ERR_PROHIBITED for the last one of a token that has no PIN. */
VK_MUST_USE vk_status vk_token_enrolment_remove(vk_token *token, int64_t id, vk_error *err);
/* Removes the user PIN, so that the enrolments stand in its place: VK_ERR_PROHIBITED if there are
 * none. Needs the SO's login. VK_ERR_PIN_NOT_SET if there is none. */
VK_MUST_USE vk_status vk_token_remove_user_pin(vk_token *token, vk_error *err);

#endif
