/*
 * A PKCS#11 client for tests: loads the built module on a token of its own in $VALETKEY_HOME.
 * Aborts when something fails that the test is not about.
 */
#ifndef VK_TESTS_CLIENT_H
#define VK_TESTS_CLIENT_H

#include <p11-kit/pkcs11.h>

#include <valetkey/bytes.h>
#include <valetkey/pkcs11.h>

#include <stdbool.h>

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

/* ---- The same in steps ---- */

/* Loads and initializes the module. */
void client_load(client *c);
/* The slot of the token with this label; false if there is none. */
bool client_slot(const client *c, const char *label, CK_SLOT_ID *out);
/* The slot with the token that is not initialized yet. */
CK_SLOT_ID client_empty_slot(const client *c);
CK_RV client_init_token(const client *c, CK_SLOT_ID slot, const char *so_pin, const char *label);
/* Opens c->session, read-write, in c->slot. Threads copy the client and open their own. */
CK_RV client_open(client *c);
CK_RV client_login(const client *c, CK_USER_TYPE user, const char *pin);

/* ---- Objects ---- */

typedef struct client_key {
    const char *label;
    bool p256;               /* else secp256k1 */
    bool use_sign_count;     /* P-256 */
    const uint8_t *secret32; /* NULL: made by the token */
    const char *policy;      /* NULL: none */
} client_key;

/* Makes or imports a key pair; the private key's handle. */
CK_RV client_make(client *c, const client_key *key, CK_OBJECT_HANDLE *out);
/* Objects of a class with this label: how many, and the first. */
CK_RV client_find(client *c, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *first,
                  CK_ULONG *count);
/* *len: room, then length. */
CK_RV client_read(client *c, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *out,
                  CK_ULONG *len);
/* Writes a data object with this application text for the key with this label. */
CK_RV client_data(client *c, const char *application, const char *label, const char *value);

/* Imports a key with a policy; CK_INVALID_HANDLE if the token refuses it. */
CK_OBJECT_HANDLE client_import(client *c, const char *label, const uint8_t secret32[32],
                               const char *policy);
CK_OBJECT_HANDLE client_import_p256(client *c, const char *label, const uint8_t secret32[32],
                                    const char *policy);
/* Writes a valetkey-grant object for the key with this label. */
CK_RV client_grant(client *c, const char *label, const char *json);
/* The private key with this label; CK_INVALID_HANDLE if there is none. */
CK_OBJECT_HANDLE client_private_key(client *c, const char *label);
/* C_SignInit and C_Sign. */
CK_RV client_sign(client *c, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, vk_bytes data,
                  CK_BYTE *signature, CK_ULONG *len);

#endif
