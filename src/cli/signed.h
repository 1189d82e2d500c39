/* How a signature, or an operation with it, is printed. */
#ifndef VK_CLI_SIGNED_H
#define VK_CLI_SIGNED_H

#include "cli/cli.h"

/* The signature as hex, or the whole operation with --operation. name: of its JSON member. grant
 * may be NULL. op gets the signature. */
VK_MUST_USE vk_exit vk_signed_say(vk_cli *cli, vk_userop *op, const vk_grant *grant,
                                  const char *name, vk_bytes signature);

#endif
