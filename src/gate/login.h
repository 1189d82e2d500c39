/*
 * Logins: what VK_GATE_LOGIN signs. A server chooses the challenge, and contracts look at nothing
 * else; so the client data of a login is one that no contract takes, and a key that has power over
 * an account answers none unless the SO allowed it.
 */
#ifndef VK_GATE_LOGIN_H
#define VK_GATE_LOGIN_H

#include <valetkey/bytes.h>

#define VK_LOGIN_CHALLENGE_MIN 16
#define VK_LOGIN_CHALLENGE_MAX 1024
#define VK_LOGIN_REQUEST_MAX 8192

/* The private attribute that says so: CKA_VALETKEY_LOGIN_ALLOWED of valetkey/pkcs11.h, one byte. */
#define VK_ATTR_LOGIN_ALLOWED UINT64_C(0x80564B41)

/* What the SO writes. */
#define VK_LOGINS_ALLOWED "allowed"
#define VK_LOGINS_REFUSED "refused"

/* {"challenge":"<base64url>","rpId":"..."[,"origin":"..."]} */
typedef struct vk_login_request {
    vk_buf challenge;
    char *rp_id;
    char *origin; /* NULL: the key's */
} vk_login_request;

/* Unknown members are refused. On failure *out is empty. */
VK_MUST_USE vk_status vk_login_request_read(vk_bytes json, vk_login_request *out, vk_error *err);
void vk_login_request_clear(vk_login_request *request);

#endif
