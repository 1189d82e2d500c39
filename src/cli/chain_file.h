/* Whom to ask about a chain: the file of --chains, or chains.json beside the tokens. */
#ifndef VK_CLI_CHAIN_FILE_H
#define VK_CLI_CHAIN_FILE_H

#include "cli/cli.h"
#include "net/chain_config.h"
#include "net/node.h"

/* What it says of the chain; none is a failure. Clear it. */
VK_MUST_USE vk_exit vk_chain_file_read(vk_cli *cli, uint64_t chain_id, vk_chain_config *out);
/* The same where there may be none: *has says whether there is. */
VK_MUST_USE vk_exit vk_chain_file_find(vk_cli *cli, uint64_t chain_id, bool *has,
                                       vk_chain_config *out);
/* Opens its node, and asks on which chain it is. vk_node_close, in any case. */
VK_MUST_USE vk_exit vk_chain_node_open(vk_cli *cli, const vk_chain_config *config, vk_node **out,
                                       uint64_t *chain_id);

#endif
