/* The nodes that the SO sets: {"8453":{"url":"https://..."},"1":null}, see net/node_config.h. */
#ifndef VK_CLI_NODE_FILE_H
#define VK_CLI_NODE_FILE_H

#include "cli/store.h"

#define VK_NODE_FILE_MAX ((size_t)64 << 10)

typedef struct vk_node_change {
    uint64_t chain_id;
    char *json; /* secret; NULL: the chain is to have none */
} vk_node_change;

typedef struct vk_node_changes {
    size_t count;
    vk_node_change *list;
} vk_node_changes;

/* Reads --node-file and checks all of it; none if it is not given. Clear it. */
VK_MUST_USE vk_exit vk_node_file_read(vk_cli *cli, vk_node_changes *out);
/* In the order of the file; SO login. */
VK_MUST_USE vk_exit vk_node_file_apply(vk_cli *cli, vk_token *token,
                                       const vk_node_changes *changes);
void vk_node_changes_clear(vk_node_changes *changes);

#endif
