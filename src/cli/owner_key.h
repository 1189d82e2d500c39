/* An owner's key on any PKCS#11 token. */
#ifndef VK_CLI_OWNER_KEY_H
#define VK_CLI_OWNER_KEY_H

#include "cli/cli.h"

/* Signs the digest with the secp256k1 key that --owner-key names (RFC 7512) and checks that it is
 * the owner's: r || s || v, low s, v 27 or 28. */
VK_MUST_USE vk_exit vk_owner_key_sign(vk_cli *cli, const vk_address *owner, const vk_hash *digest,
                                      uint8_t signature65[65]);

/* s above half of the group order becomes n - s; v is the one under which owner signed digest.
 * False if there is none: signature65[64] is ignored and set. */
bool vk_owner_signature_finish(const vk_address *owner, const vk_hash *digest,
                               uint8_t signature65[65]);

#endif
