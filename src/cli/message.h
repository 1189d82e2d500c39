/* Messages that the user gives: a text or typed data, and the account that is to sign it. */
#ifndef VK_CLI_MESSAGE_H
#define VK_CLI_MESSAGE_H

#include "cli/grants.h"

typedef struct vk_cli_message {
    vk_buf content; /* the text's bytes, or the JSON of typed data */
    vk_message_payload payload;
} vk_cli_message;

/* --message, --message-file or --typed-data was given. */
bool vk_message_given(const vk_cli *cli);
/* Without one: the options that are about messages only must not be there. */
VK_MUST_USE vk_exit vk_message_check_unused(vk_cli *cli);
/* Reads it; --replayable and --undeployed are in the payload. */
VK_MUST_USE vk_exit vk_message_read(vk_cli *cli, vk_cli_message *out);
void vk_message_clear(vk_cli_message *message);

/* The grant that --chain-id and --account leave, which the payload then names. *out is NULL for a
 * key that has none at all. */
VK_MUST_USE vk_exit vk_message_choose(vk_cli *cli, const vk_key_info *key, const vk_grants *grants,
                                      vk_cli_message *message, const vk_grant **out);

/* "sign" and "explain" of a message that was given. */
VK_MUST_USE vk_exit vk_sign_message(vk_cli *cli);
VK_MUST_USE vk_exit vk_explain_message(vk_cli *cli);

#endif
