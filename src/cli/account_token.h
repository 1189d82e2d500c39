/* The token of --account-token, in place of the session's for as long as accounts are looked for.
 */
#ifndef VK_CLI_ACCOUNT_TOKEN_H
#define VK_CLI_ACCOUNT_TOKEN_H

#include "cli/session.h"

/* The session and its token's label, meanwhile. */
typedef struct vk_account_token {
    bool is_away;
    CK_SESSION_HANDLE session;
    char label[33];
} vk_account_token;

/* cli->session and cli->token_label become those of that token: nothing without the option, and
 * nothing on failure. No login. */
VK_MUST_USE vk_exit vk_account_token_enter(vk_cli *cli, vk_account_token *kept);
void vk_account_token_leave(vk_cli *cli, const vk_account_token *kept);

#endif
