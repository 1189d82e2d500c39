/*
 * Ordinary tokens that security keys unlock (see token/enrolment.h). While a touch is waited for,
 * no lock is held but that of the authenticator: other sessions of the slot, and other slots, go
 * on.
 */
#ifndef VK_PKCS11_UNLOCK_H
#define VK_PKCS11_UNLOCK_H

#include "pkcs11/session.h"

/* How somebody says who he is. */
typedef struct vk_proof {
    const CK_BYTE *pin; /* NULL: none */
    CK_ULONG len;
    bool by_device; /* C_LoginUser named VK_UNLOCK_USER: the PIN, if any, is a security key's */
} vk_proof;

/* The user name that stands for the security keys. */
#define VK_UNLOCK_USER "fido2"

/* Is it one of the user for a security key, not for the token itself? The slot's token is open.
 * CKR_ARGUMENTS_BAD for no PIN where no security key is enrolled. */
CK_RV vk_unlock_is_meant(vk_slot *slot, const vk_proof *proof, bool *out);

/* What a security key gave. Wipe it. */
typedef struct vk_unlock_secret {
    int64_t id; /* of the enrolment */
    uint8_t secret32[32];
} vk_unlock_secret;

/* Finds an enrolled security key among those that are plugged in, and asks for its touch:
 * CKR_DEVICE_REMOVED if there is none, CKR_ACTION_PROHIBITED if the PIN may be that of several. No
 * lock of the slot is held. */
CK_RV vk_unlock_ask(vk_session *session, const vk_proof *proof, vk_unlock_secret *out);
/* Logs the user in to the token with it. The slot's lock is held. */
CK_RV vk_unlock_login(vk_slot *slot, const vk_unlock_secret *secret);
/* Asks whether he is the user who is logged in. */
CK_RV vk_unlock_check(vk_slot *slot, const vk_unlock_secret *secret);

/* The flags of C_GetTokenInfo for a token with enrolments. */
CK_FLAGS vk_unlock_flags(const vk_token_info *token);

#endif
