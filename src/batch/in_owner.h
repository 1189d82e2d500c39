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
} vk_owner_names;

typedef struct vk_owner {
    const vk_validator *validator; /* NULL after a fault */
    vk_root root;
    const uint8_t *secret32; /* NULL: the request gives none */
} vk_owner;

/*
 * Reads those members for an account of that Kernel version. The validator is the one of the kind's
 * name, else the one at the given address (an unpatched one is a fault: it must be named), else
 * the passkey or ECDSA validator, as the members that are there tell. What is given twice must
 * agree. An ECDSA owner needs a private key or an address.
 */
vk_owner vk_in_owner(const vk_in *in, const vk_owner_names *names, vk_kernel_version kernel);

#endif
