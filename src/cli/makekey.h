/* Making key objects: what `key create` and `key import` share. */
#ifndef VK_CLI_MAKEKEY_H
#define VK_CLI_MAKEKEY_H

#include "cli/keyinfo.h"

/* What a new key is to be. Filled from the options. */
typedef struct vk_new_key {
    bool p256;
    vk_buf id;
    vk_buf policy;        /* JSON; empty: the token's default */
    vk_buf credential_id; /* P-256, of --authenticator-id */
    vk_buf credential_id_hash;
    vk_buf step_up;     /* JSON; empty: it never wants a touch */
    vk_buf user_handle; /* on a security key */
    vk_buf protect;     /* one byte, or empty */
} vk_new_key;

/* --type, --id, --authenticator-id and --authenticator-id-hash; the options of lint are checked. */
VK_MUST_USE vk_exit vk_new_key_read(vk_cli *cli, vk_new_key *out);
/* The same for a key that is no option's to tell: --id and the options of lint. */
VK_MUST_USE vk_exit vk_new_key_read_passkey(vk_cli *cli, vk_new_key *out);
/* --policy, checked; what lint finds is said, or refused. */
VK_MUST_USE vk_exit vk_new_key_read_policy(vk_cli *cli, vk_new_key *out);
void vk_new_key_clear(vk_new_key *key);

/* A random id, unless it has one: clients such as OpenSSL and Java find the halves of a pair by it.
 */
VK_MUST_USE vk_exit vk_new_key_choose_id(vk_cli *cli, vk_new_key *key);

/* The attributes of both halves, and those of each. */
void vk_new_key_common(const vk_cli *cli, const vk_new_key *key, vk_template *t);
void vk_new_key_private(const vk_cli *cli, const vk_new_key *key, vk_template *t);
void vk_new_key_public(const vk_new_key *key, vk_template *t);

/* A failure if the token has a key with this label already: labels are how keys are called. */
VK_MUST_USE vk_exit vk_new_key_check_label(vk_cli *cli);

/* Makes the pair on the session's token. */
typedef struct vk_key_pair {
    CK_OBJECT_HANDLE public_key, private_key;
} vk_key_pair;
VK_MUST_USE vk_exit vk_new_key_generate(vk_cli *cli, const vk_new_key *key, vk_key_pair *out);

/* Makes the keys of --count straight on the token's file, and tells about them. */
VK_MUST_USE vk_exit vk_new_keys_make(vk_cli *cli, const vk_new_key *key);

/* What is told about a finished key beside what its object says. */
typedef struct vk_new_key_news {
    const char *verb; /* "Made", "Imported" */
    bool has_grant;
    const char *attestation; /* what is known of where it was made; NULL: nothing */
} vk_new_key_news;
VK_MUST_USE vk_exit vk_new_key_say(vk_cli *cli, CK_OBJECT_HANDLE object,
                                   const vk_new_key_news *news);

#endif
