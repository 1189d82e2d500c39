/* A UserOperation in words. */
#ifndef VK_CLI_DESCRIBE_H
#define VK_CLI_DESCRIBE_H

#include "cli/cli.h"

/* chain_id 0: unknown. grant: whose account it is, NULL: unknown. Account, nonce, calls and cost:
 * text, or the JSON members "nonce", "calls", "maxCost", ... */
VK_MUST_USE vk_exit vk_describe_operation(vk_cli *cli, const vk_userop *op, uint64_t chain_id,
                                          const vk_grant *grant);

#endif
