/*
 * What became of a nonce for which operations were signed, by what a node says of the finalized
 * chain. Only what the chain cannot take back any more, and only what the node shows an event or
 * the account's own state for: an answer that is missing proves nothing.
 *
 * Thread safety: one thread at a time uses a vk_node.
 */
#ifndef VK_NET_SETTLE_H
#define VK_NET_SETTLE_H

#include "net/node.h"
#include "token/reservation.h"

/* Calls for logs that one nonce is worth; beyond them it stays open. */
#define VK_SETTLE_CALLS_MAX 1000
/* How far the clock that dated the first signature may be ahead of the chain's. */
#define VK_SETTLE_CLOCK_SECONDS 3600

typedef struct vk_settle_question {
    const vk_grant_record *grant;
    vk_kernel_version kernel; /* UNKNOWN: an account of another kind */
    const vk_policy *policy;
    const vk_signer *signer;
    const vk_reservation *reservation;
} vk_settle_question;

typedef struct vk_settle_answer {
    bool is_open; /* nothing is sure: the reservation stays as it is */
    vk_outcome outcome;
    uint64_t included_at; /* seconds */
    /* GONE: the permission that an operation in enable mode was to install is installed, or was. */
    bool is_installed;
    char why[VK_ERROR_MESSAGE_MAX]; /* "block 12 has ... (https://host)" */
} vk_settle_answer;

/*
 * Asks the node, at its finalized block:
 *
 * - INCLUDED: that chain has the event of one of the operations that were signed, with this nonce.
 * - GONE: it has the event of another operation with this nonce, and all that was signed for it is
 *   known. Or the nonce is unused, but no operation with it can ever be valid (Kernel 0.3.1 to
 *   0.3.3): the permission was revoked, or the operation would install it, and it is or was
 *   installed; and one of its policies, of those that the chain installs once for a permission and
 *   never again, keeps the account's owner from installing it anew. The owner who puts other code
 *   in the place of the account is not thought of.
 * - open: everything else. So is an approval that was revoked before it was used, since the owner
 *   can give another to the same signature; a nonce that the account itself skipped, for which
 *   there is no event; and, for want of events, whatever a node keeps no logs for.
 *
 * VK_ERR_SERVER if the node cannot be asked, contradicts itself, or is on another chain. Nothing is
 * written anywhere.
 */
VK_MUST_USE vk_status vk_settle_ask(vk_node *node, const vk_settle_question *question,
                                    vk_settle_answer *out, vk_error *err);

#endif
