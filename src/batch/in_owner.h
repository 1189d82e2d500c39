/* Reading the owner that a request names. */
#ifndef VK_BATCH_IN_OWNER_H
#define VK_BATCH_IN_OWNER_H

#include "batch/in.h"

/* How a kind of request calls the owner's members. NULL: it has none. */
typedef struct vk_owner_names {
    const char *kind;      /* "ecdsa", "multichain", "passkey", "passkey1", "passkey2" */
    const char *validator; /* the contract's address */
    const char *secret;    /* private key, of ECDSA kinds */
    const char *address;   /* of that key */
    const char *passkey;
    /* The kind when neither kind nor validator is there; NULL: passkey if there is one, else ecdsa.
     */
    const char *assumed;
} vk_owner_names;

typedef struct vk_owner {
    const vk_owner_names *names;
    const vk_validator *validator; /* NULL after a fault */
    vk_root root;
    const uint8_t *secret32; /* NULL: the request gives none */
    vk_bytes credential_id;  /* passkey, if the request gives it */
} vk_owner;

/*
 * Reads those members for an account of that Kernel version. The validator is the one of the kind's
 * name, else the one at the given address (an unpatched one is a fault: it must be named), else
 * the assumed one. What is given twice must agree. An ECDSA owner needs a private key or an
 * address.
 */
vk_owner vk_in_owner(const vk_in *in, const vk_owner_names *names, vk_kernel_version kernel);

/*
 * The owner's signature, which the line keeps: an ECDSA owner signs digest; a passkey has answered
 * challenge, and the member named assertion is what it said.
 */
typedef struct vk_owner_task {
    vk_hash digest;
    vk_hash challenge;
    const char *assertion;
    uint64_t chain_id; /* has it the P-256 precompile? */
    bool sdk;
} vk_owner_task;

/* A fault unless the owner is an ECDSA owner whose private key the request gives. */
void vk_in_owner_needs_secret(const vk_in *in, const vk_owner *owner);
vk_bytes vk_in_owner_signature(const vk_in *in, const vk_owner *owner, const vk_owner_task *task);
/* That of a user operation. */
vk_bytes vk_in_owner_userop_signature(const vk_in *in, const vk_owner *owner,
                                      const vk_hash *userop_hash, const char *assertion,
                                      uint64_t chain_id, bool sdk);

#endif
