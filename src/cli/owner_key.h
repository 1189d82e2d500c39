/* An account's owner whose key is on any PKCS#11 token: finding it, and having it sign. */
#ifndef VK_CLI_OWNER_KEY_H
#define VK_CLI_OWNER_KEY_H

#include "cli/session.h"
#include <p11-kit/uri.h>

typedef enum vk_owner_use {
    VK_OWNER_LOOK, /* its public half; no login, unless that is hidden and an option has the PIN */
    VK_OWNER_SIGN  /* its private half, logged in */
} vk_owner_use;

/* An open key. */
typedef struct vk_owner_key {
    vk_cli *cli;
    P11KitUri *uri;
    vk_owner_use use;
    bool login;
    bool is_ours;                     /* on a token of valetkey, which says more about a passkey */
    CK_FUNCTION_LIST_PTR *registered; /* the modules that p11-kit knows, or NULL */
    vk_module module;                 /* the one that the URI names, or none */
    CK_FUNCTION_LIST_PTR f;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
    bool found;
} vk_owner_key;

/*
 * Finds the key that the URI names (RFC 7512): in the module of the URI, else in those that p11-kit
 * knows and the one that is in use. Close it in any case.
 */
VK_MUST_USE vk_exit vk_owner_key_open(vk_cli *cli, const char *uri, vk_owner_use use,
                                      vk_owner_key *out);
void vk_owner_key_close(vk_owner_key *key);

/* What the public half tells. */
typedef struct vk_owner_facts {
    bool p256;
    uint8_t point65[65];
    bool has_id_hash; /* a passkey of valetkey's */
    vk_hash authenticator_id_hash;
} vk_owner_facts;
VK_MUST_USE vk_exit vk_owner_key_facts(const vk_owner_key *key, vk_owner_facts *out);
/* The same of a key that is open for signing: its public half is another object. */
VK_MUST_USE vk_exit vk_owner_key_look(const vk_owner_key *key, vk_owner_facts *out);
/* Appends a text that only a token of valetkey has: CKA_VALETKEY_RP_ID, CKA_VALETKEY_ORIGIN;
 * nothing where it is not there. */
void vk_owner_key_text(const vk_owner_key *key, CK_ATTRIBUTE_TYPE type, vk_buf *out);

/* The URI without PIN, its source, and module: what may be written down. NULL: no memory, or not
 * an URI. vk_text_free. */
VK_MUST_USE char *vk_owner_uri_plain(const char *uri);

/* ---- Signatures (owner_sign.c) ---- */

/* What the owner is to sign. */
typedef struct vk_owner_question {
    const vk_root *root;
    const vk_hash *digest;
    uint64_t chain_id;
    const char *rp_id, *origin; /* of a passkey's assertion; NULL: the key's own */
} vk_owner_question;

/*
 * Appends the signature as the root validator takes it, verified: r || s || v with low s and v 27
 * or 28 of an address, an encoded assertion of a passkey.
 */
VK_MUST_USE vk_exit vk_owner_key_sign(const vk_owner_key *key, const vk_owner_question *question,
                                      vk_buf *out);

/* s above half of the group order becomes n - s; v is the one under which owner signed digest.
 * False if there is none: signature65[64] is ignored and set. */
bool vk_owner_signature_finish(const vk_address *owner, const vk_hash *digest,
                               uint8_t signature65[65]);

#endif
