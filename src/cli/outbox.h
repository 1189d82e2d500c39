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

/* Durable when this returns. */
VK_MUST_USE vk_exit vk_outbox_put(vk_cli *cli, const vk_outgoing *item);
/* VK_EXIT_NOT_FOUND if there is none. */
VK_MUST_USE vk_exit vk_outbox_get(vk_cli *cli, const vk_hash *hash, vk_outgoing *out);
/* One is no failure if it is not there. */
VK_MUST_USE vk_exit vk_outbox_remove(vk_cli *cli, const vk_hash *hash);
/* Is there one of that account with this nonce on this chain, other than hash? */
VK_MUST_USE vk_exit vk_outbox_find(vk_cli *cli, const vk_outgoing *like, bool *found, vk_hash *out);

#endif
