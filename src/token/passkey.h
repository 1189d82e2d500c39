/*
 * The users of the passkey server that the token serves (valetkey passkey serve): who registered
 * with which passkey. Nothing in a row is secret, but whoever could write one would log in as
 * another, so every row has a MAC; that one was removed, or put back as it was before, it does not
 * tell.
 */
#ifndef VK_TOKEN_PASSKEY_H
#define VK_TOKEN_PASSKEY_H

#include "token/token.h"
#include <valetkey/credential.h>

#define VK_PASSKEY_USERS_MAX 10000
#define VK_PASSKEY_USER_TEXT_MAX 64
#define VK_PASSKEY_TRANSPORTS_MAX 64

typedef struct vk_passkey_user {
    int64_t id;                                 /* never reused within a token */
    char user_id[VK_PASSKEY_USER_TEXT_MAX + 1]; /* what the server calls the user */
    char name[VK_PASSKEY_USER_TEXT_MAX + 1];    /* UTF-8 without control characters */
    char rp_id[254];
    size_t credential_id_len; /* 1 or more */
    uint8_t credential_id[VK_CREDENTIAL_ID_MAX];
    uint8_t point65[65];
    uint32_t sign_count;
    char
        transports[VK_PASSKEY_TRANSPORTS_MAX + 1]; /* "internal", "hybrid,internal"; may be empty */
    uint64_t created_at;                           /* seconds since 1970 */
} vk_passkey_user;

/*
 * Adds one; user->id is set. VK_ERR_EXISTS if the credential is registered already,
 * VK_ERR_STORE_FULL if there are VK_PASSKEY_USERS_MAX. Needs the user's login.
 */
VK_MUST_USE vk_status vk_token_passkey_add(vk_token *token, vk_passkey_user *user, vk_error *err);
/* Whose credential is it? Authenticated (VK_ERR_INTEGRITY). VK_ERR_NOT_FOUND. Needs the user's
 * login. */
VK_MUST_USE vk_status vk_token_passkey_find(vk_token *token, vk_bytes credential_id,
                                            vk_passkey_user *out, vk_error *err);
/* The user, as it was read, logged in with this count. VK_ERR_MISMATCH if somebody else did
 * meanwhile: the row has another count by now. */
VK_MUST_USE vk_status vk_token_passkey_count(vk_token *token, const vk_passkey_user *user,
                                             uint32_t sign_count, vk_error *err);
/* Not VK_OK ends the reading, with that status. Must not use the token. A row that is not whole was
 * edited: its members are what stands there, empty where that cannot be. */
typedef vk_status (*vk_passkey_user_fn)(void *context, const vk_passkey_user *user, bool is_whole);
/* Every user, in the order in which they registered. Needs the user's login. */
VK_MUST_USE vk_status vk_token_passkey_each(vk_token *token, vk_passkey_user_fn each, void *context,
                                            vk_error *err);
/* Removes one by its id, be it whole or not; the passkey may register again. VK_ERR_NOT_FOUND.
 * Needs the user's login. */
VK_MUST_USE vk_status vk_token_passkey_remove(vk_token *token, int64_t id, vk_error *err);

#endif
