/* The PKCS#11 module, the token in use, the session on it, the login. */
#ifndef VK_CLI_SESSION_H
#define VK_CLI_SESSION_H

#include "cli/cli.h"

/* A module by its file. Unload what was loaded. */
VK_MUST_USE vk_exit vk_module_load(vk_cli *cli, const char *path, vk_module *out);
void vk_module_unload(vk_module *module);

/* The module of --module, VALETKEY_MODULE, the build tree or the system, into cli->module. */
VK_MUST_USE vk_exit vk_module_open(vk_cli *cli);

/* A token as C_GetTokenInfo tells it. */
typedef struct vk_token_entry {
    CK_SLOT_ID slot;
    char label[33]; /* without the padding; control characters replaced */
    char serial[17];
    CK_FLAGS flags;
    char place[65]; /* where a security key is plugged in, perhaps cut off; empty: it is none */
} vk_token_entry;

/* The initialized tokens, in slot order; free with free(). */
VK_MUST_USE vk_exit vk_token_entries(vk_cli *cli, vk_token_entry **out, size_t *initialized);
VK_MUST_USE vk_exit vk_token_entry_get(vk_cli *cli, CK_SLOT_ID slot, vk_token_entry *out);

/* The token of --token (default: the only one). */
VK_MUST_USE vk_exit vk_token_choose(vk_cli *cli, const vk_token_entry *tokens, size_t count,
                                    const vk_token_entry **out);

/* Opens the module and a session on the token of --token (default: the only one). */
VK_MUST_USE vk_exit vk_session_begin(vk_cli *cli, bool writable);
/* A session on this slot. */
VK_MUST_USE vk_exit vk_session_open(vk_cli *cli, CK_SLOT_ID slot, bool writable);
/* The same, and the user's login. */
VK_MUST_USE vk_exit vk_session_begin_user(vk_cli *cli, bool writable);
VK_MUST_USE vk_exit vk_session_login_user(vk_cli *cli);
/* A session, and the SO's login. */
VK_MUST_USE vk_exit vk_session_begin_so(vk_cli *cli);
/* Closes whatever is open. */
void vk_session_end(vk_cli *cli);

#endif
