/*
 * Reservations: what a grant's budget holds for the operations that were signed, by nonce. One may
 * be included on the chain at any time, or never; so nothing is given back but by the SO, or once a
 * node that the SO trusts has said what became of it.
 *
 * Thread safety: as token.h.
 */
#ifndef VK_TOKEN_RESERVATION_H
#define VK_TOKEN_RESERVATION_H

#include "token/token.h"

#include <valetkey/grant.h>

typedef struct vk_reservation {
    vk_u256 nonce;
    vk_nonce_charge charge;
    uint64_t signed_at;    /* of the first signature, seconds; 0: not known, an older program's */
    uint64_t included_at;  /* the time of the block that has one of them; 0: open */
    uint64_t signed_count; /* different operations; 0: unknown, an older program's */
    size_t operation_count;
    vk_hash *operations; /* owned: userOpHashes of what was signed first */
    bool is_complete;    /* of everything that was signed */
} vk_reservation;

/* Those of a grant's budget, by nonce; free with vk_reservations_free. Authenticated; needs a
 * login. */
VK_MUST_USE vk_status vk_token_reservations(vk_token *token, const vk_grant_record *grant,
                                            vk_reservation **out, size_t *count, vk_error *err);
void vk_reservations_free(vk_reservation *list, size_t count);

/* What became of a nonce. */
typedef enum vk_outcome {
    VK_OUTCOME_INCLUDED, /* by one of the operations that were signed for it */
    VK_OUTCOME_GONE      /* none of them can be included any more, or the SO says so */
} vk_outcome;

typedef struct vk_settlement {
    const vk_grant_record *grant;
    vk_u256 nonce;
    vk_outcome outcome;
    uint64_t included_at; /* seconds, of the block; not 0 if INCLUDED */
    /* What the outcome was found out about; NULL: whatever is signed for the nonce by now. */
    const vk_reservation *judged;
    bool is_installed;       /* GONE, and the permission is installed all the same */
    const vk_policy *policy; /* the key's: says what a rule gets back */
    const char *why;         /* for the journal: "block 123 has ... (node https://...)" */
} vk_settlement;

/*
 * Writes down what became of a nonce, with a record in the journal: INCLUDED keeps what was
 * reserved, GONE gives it back (but what was signed before the grant's start), and the approval if
 * it was used up with this nonce. User or SO login: whose word it is, the caller makes sure of.
 * VK_ERR_NOT_FOUND if nothing is reserved for the nonce; VK_ERR_PROHIBITED if one that is included
 * is said to be GONE; VK_ERR_EXISTS if it is INCLUDED already; VK_ERR_MISMATCH if GONE was found
 * out about other operations than are signed by now.
 */
VK_MUST_USE vk_status vk_token_settle(vk_token *token, const vk_settlement *settlement,
                                      vk_error *err);

/* ---- The node that is asked ---- */

/*
 * What the SO set for a chain: a JSON object, {"url":"https://...","headers":{...},...}; sealed,
 * since headers and URLs may be secrets. VK_ERR_NOT_FOUND: none. Wipe it, then free() it.
 * User or SO login.
 */
VK_MUST_USE vk_status vk_token_node(vk_token *token, uint64_t chain_id, char **json, vk_error *err);
/* Sets it, or, with NULL, removes it. SO login. */
VK_MUST_USE vk_status vk_token_set_node(vk_token *token, uint64_t chain_id, const char *json,
                                        vk_error *err);
/* The chains that have a node, ascending; free() them. No login is needed, so nothing vouches for
 * the list but the token's file. */
VK_MUST_USE vk_status vk_token_nodes(vk_token *token, uint64_t **chain_ids, size_t *count,
                                     vk_error *err);

#endif
