/* Keys under a policy with their grants, as the token's file has them: for commands about budgets.
 */
#ifndef VK_CLI_HELD_H
#define VK_CLI_HELD_H

#include "cli/store.h"
#include "token/reservation.h"

#include <valetkey/policy.h>

typedef struct vk_held_key {
    vk_key_record record; /* owned, as all that follows */
    char *label;          /* control characters replaced */
    vk_policy policy;
    vk_grant_record *grants; /* those of --chain-id and --account */
    size_t grant_count;
} vk_held_key;

typedef struct vk_held_keys {
    vk_held_key *list;
    size_t count;
} vk_held_keys;

/* Those of --label and --id, or all. None is a failure if one of these was given. The token is open
 * and somebody is logged in. */
VK_MUST_USE vk_exit vk_held_keys_load(vk_cli *cli, vk_token *token, vk_held_keys *out);
void vk_held_keys_clear(vk_held_keys *keys);

/* One of them; views. */
typedef struct vk_held_grant {
    const vk_held_key *key;
    const vk_grant_record *grant;
} vk_held_grant;

/* How many grants there are on a chain (0: on any), and the last of them. */
size_t vk_held_grants_count(const vk_held_keys *keys, uint64_t chain_id, vk_held_grant *last);
/* Opens a JSON object with what tells a grant from others; close it. */
void vk_held_grant_open(vk_out *out, const vk_held_grant *grant);

#endif
