/* The session part around a bare signature of an operation's digest (r || s, from CKM_ECDSA). */
#ifndef VK_CLI_DIGESTPART_H
#define VK_CLI_DIGESTPART_H

#include "cli/grants.h"

#define VK_BARE_SIGNATURE_LEN 64

/* Replaces part, VK_BARE_SIGNATURE_LEN bytes, by the session part. For a passkey --assertion is
 * read. Whether the signature is the key's remains to be checked. */
VK_MUST_USE vk_exit vk_digest_part(vk_cli *cli, const vk_key_info *key, const vk_grant *grant,
                                   const vk_hash *userop_hash, vk_buf *part);

#endif
