/* A passkey server and a passkey, as the commands for both need them. */
#ifndef VK_CLI_PASSKEY_PEER_H
#define VK_CLI_PASSKEY_PEER_H

#include "cli/keyinfo.h"
#include "net/passkey.h"

/* The server of --server, --rp-id, --header and --header-file. */
VK_MUST_USE vk_exit vk_passkey_peer_open(vk_cli *cli, vk_passkey_server **out);
/* What a server is told of a passkey. */
typedef struct vk_passkey_facts {
    vk_buf credential_id, origin, user_handle; /* user_handle may be empty */
    bool on_security_key;
} vk_passkey_facts;

VK_MUST_USE vk_exit vk_passkey_facts_read(vk_cli *cli, const vk_key_info *key,
                                          vk_passkey_facts *out);
void vk_passkey_facts_clear(vk_passkey_facts *facts);

/* The SDK's key. done: "Registered", "Logged in". */
void vk_passkey_say(vk_cli *cli, const char *done, const vk_key_info *key, vk_bytes credential_id,
                    const vk_passkey_server *server);

#endif
