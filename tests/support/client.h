/*
 * A PKCS#11 client for tests: loads the built module on a token of its own in $VALETKEY_HOME.
 * Aborts when something fails that the test is not about.
 */
#ifndef VK_TESTS_CLIENT_H
#define VK_TESTS_CLIENT_H

#include <p11-kit/pkcs11.h>

#include <valetkey/bytes.h>
#include <valetkey/pkcs11.h>

typedef struct client {
    void *module;
    CK_FUNCTION_LIST *f;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* read-write, user logged in */
} client;

#define CLIENT_SO_PIN "so-pin-1234"
#define CLIENT_USER_PIN "user-pin-1234"

/* Makes a token with this label and logs the user in. */
void client_start(client *c, const char *label);
/* Another token in the same module, with a session of its own. */
client client_add(const client *c, const char *label);
void client_stop(client *c);

/* Imports a key with a policy; CK_INVALID_HANDLE if the token refuses it. */
CK_OBJECT_HANDLE client_import(client *c, const char *label, const uint8_t secret32[32],
                               const char *policy);
CK_OBJECT_HANDLE client_import_p256(client *c, const char *label, const uint8_t secret32[32],
                                    const char *policy);
/* Writes a valetkey-grant object for the key with this label. */
CK_RV client_grant(client *c, const char *label, const char *json);
/* C_SignInit and C_Sign. */
CK_RV client_sign(client *c, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, vk_bytes data,
                  CK_BYTE *signature, CK_ULONG *len);

#endif
