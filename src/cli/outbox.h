/*
 * Operations that were signed and perhaps sent, but of which it is not known what became: a file
 * each, beside the tokens, written before anything is sent. Sending the same operation again does
 * no harm; sending another with its nonce might.
 */
#ifndef VK_CLI_OUTBOX_H
#define VK_CLI_OUTBOX_H

#include "cli/cli.h"

typedef struct vk_outgoing {
    uint64_t chain_id;
    vk_address entry_point;
    vk_hash hash; /* userOpHash */
    vk_userop op; /* with its signature; owned: vk_userop_clear, of one that was read */
} vk_outgoing;

/* Durable when this returns. *was_there: the same was kept already. */
VK_MUST_USE vk_exit vk_outbox_put(vk_cli *cli, const vk_outgoing *item, bool *was_there);
/* VK_EXIT_NOT_FOUND if there is none. */
VK_MUST_USE vk_exit vk_outbox_get(vk_cli *cli, const vk_hash *hash, vk_outgoing *out);
/* One is no failure if it is not there. */
VK_MUST_USE vk_exit vk_outbox_remove(vk_cli *cli, const vk_hash *hash);
/* Shows each that is of like's account on its chain, but for like itself. */
typedef void vk_outbox_look(void *context, const vk_outgoing *item);
VK_MUST_USE vk_exit vk_outbox_look_through(vk_cli *cli, const vk_outgoing *like,
                                           vk_outbox_look *look, void *context);
/* The folder, made if it is not there; vk_text_free. */
VK_MUST_USE vk_exit vk_outbox_folder(vk_cli *cli, char **out);

/* ---- Who makes the next one (outbox_claim.c) ---- */

/* Are they of one lane: do they have the same key (the upper 24 bytes)? */
bool vk_outbox_same_lane(const vk_u256 *nonce, const vk_u256 *other);

/*
 * Between the look at what is there and vk_outbox_put nobody else may put one beside it: a claim is
 * held by one process at a time, and ends with it, however it ends.
 */
typedef struct vk_outbox_claim {
    char *path; /* NULL: none is held */
    int fd;
} vk_outbox_claim;

/* Claims the nonces of like's account, on its chain, that are of like's lane.
 * *is_held is false, and nothing failed, if another process has them. Release it. */
VK_MUST_USE vk_exit vk_outbox_claim_lane(vk_cli *cli, const vk_outgoing *like, bool *is_held,
                                         vk_outbox_claim *out);
void vk_outbox_release(vk_outbox_claim *claim); /* no matter whether it is held */

#endif
