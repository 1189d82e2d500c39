/* What the parts of "valetkey session create" share. */
#ifndef VK_CLI_SESSION_CREATE_H
#define VK_CLI_SESSION_CREATE_H

#include "cli/account.h"
#include "cli/approval.h"
#include "cli/input.h"
#include "cli/makekey.h"
#include "cli/owner_key.h"

#include <valetkey/multichain.h>

/* The account's nonce, at which an approval is good, and how it is known. */
typedef enum vk_nonce_source {
    VK_NONCE_OF_USER = 0,
    VK_NONCE_OF_CHAIN,
    VK_NONCE_UNDEPLOYED, /* by the chain, where there is no account yet */
    VK_NONCE_UNASKED     /* there is no node to ask */
} vk_nonce_source;
typedef struct vk_approval_nonce {
    uint64_t value;
    vk_nonce_source from;
} vk_approval_nonce;

/* A session in the making: one key, one account, an approval and a grant for each chain. */
typedef struct vk_new_session {
    vk_new_key key;
    vk_policy policy;
    bool has_policy;
    vk_account_entry account;
    vk_chain_list chains;
    vk_approval_nonce nonces[VK_CHAINS_MAX]; /* of permissions, one a chain */
    vk_key_pair pair;
    bool is_made;                /* the key was made by this command; else it was there */
    bool was_there;              /* the key was there, and may be used */
    bool granted[VK_CHAINS_MAX]; /* the key has the grant of that chain already */
    vk_approval *approvals;      /* owned, one a chain */
    bool by_root;           /* the owner signs the root of a merkle tree of the digests, once */
    vk_merkle tree;         /* owned */
    vk_owner_key owner_key; /* open if has_owner_key: the owner's PIN is asked for once */
    bool has_owner_key;
    vk_buf *signatures; /* owned, one a chain, as the root validator takes them */
    vk_buf *grants;     /* owned, JSON, one a chain */
} vk_new_session;

/* session_nonce.c: the account's nonce on each chain: given, asked for, or that of an account that
 * is not deployed. One that a node says and that is not an account's first is told at once. */
VK_MUST_USE vk_exit vk_new_session_nonces(vk_cli *cli, vk_new_session *s);
/* Says of which of the others the user should know. */
void vk_new_session_note_nonces(const vk_new_session *s);

/* session_key.c: the key with the label, made if there is none. One that is there must be the same,
 * and have no other grants. */
VK_MUST_USE vk_exit vk_new_session_key(vk_cli *cli, vk_new_session *s);
/* Removes the key that was made. */
void vk_new_session_undo(vk_cli *cli, vk_new_session *s);

/* session_sign.c: does the owner sign in this call? */
bool vk_new_session_is_signed(const vk_cli *cli);
/* The digests, and the tree of them. */
VK_MUST_USE vk_exit vk_new_session_digests(vk_cli *cli, vk_new_session *s);
/* The owner's signatures: from --signature, or made by his key. */
VK_MUST_USE vk_exit vk_new_session_sign(vk_cli *cli, vk_new_session *s);

/* session_send.c: is the session put on its chains at once? */
bool vk_new_session_sends(const vk_cli *cli);
/* The options that go with that. */
VK_MUST_USE vk_exit vk_new_session_check_send(vk_cli *cli);
/* Is there something to send, and through whom? */
VK_MUST_USE vk_exit vk_new_session_check_servers(vk_cli *cli, const vk_new_session *s);
/* Sends, one chain after the other; a JSON member with what came of it. A failure says that key and
 * grants stay. */
VK_MUST_USE vk_exit vk_new_session_send(vk_cli *cli, const vk_new_session *s);

/* session_tell.c: what the owner is to sign; what came of it. */
void vk_new_session_ask(vk_cli *cli, const vk_new_session *s);
VK_MUST_USE vk_exit vk_new_session_tell(vk_cli *cli, const vk_new_session *s);

#endif
