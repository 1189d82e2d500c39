/* Signatures through C_Sign, and how they, or an operation with one, are printed. */
#ifndef VK_CLI_SIGNED_H
#define VK_CLI_SIGNED_H

#include "cli/keyinfo.h"

/* Appends the signature of payload; a refusal tells the key's reason. */
VK_MUST_USE vk_exit vk_signature_make(vk_cli *cli, CK_MECHANISM_TYPE mechanism,
                                      const vk_key_info *key, vk_bytes payload, vk_buf *out);

/* The signature as hex, or the whole operation with --operation. name: of its JSON member. grant
 * may be NULL. op gets the signature. */
VK_MUST_USE vk_exit vk_signed_say(vk_cli *cli, vk_userop *op, const vk_grant *grant,
                                  const char *name, vk_bytes signature);

#endif
