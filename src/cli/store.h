/*
 * The token without a PKCS#11 module, for what Cryptoki has no word for: its journal and settings.
 */
#ifndef VK_CLI_STORE_H
#define VK_CLI_STORE_H

#include "cli/cli.h"
#include "token/journal.h"

/* The folder of the tokens. Free with vk_text_free. */
VK_MUST_USE vk_exit vk_store_home(vk_cli *cli, char **home);
/* Opens the token of --token (default: the only one). Close it with vk_token_close. */
VK_MUST_USE vk_exit vk_store_open(vk_cli *cli, vk_token **out);
/* The same with the user's login, or the SO's. */
VK_MUST_USE vk_exit vk_store_open_user(vk_cli *cli, vk_token **out);
VK_MUST_USE vk_exit vk_store_open_so(vk_cli *cli, vk_token **out);
/* Opens it with one of these, uses it, closes it. */
VK_MUST_USE vk_exit vk_store_with(vk_cli *cli, vk_exit (*open)(vk_cli *, vk_token **),
                                  vk_exit (*use)(vk_cli *, vk_token *));
/* The user's login with the PIN that an option gives; nothing is asked for. */
VK_MUST_USE vk_exit vk_store_login_if_given(vk_cli *cli, vk_token *token);

/* The keys of the token by their points. */
typedef struct vk_key_label {
    uint8_t point65[65];
    char *label; /* control characters replaced */
    vk_buf id;   /* CKA_ID */
} vk_key_label;

/* A key's label as it can be shown: that of its private half, or else the public one's. NULL: no
 * memory. */
char *vk_key_record_label(const vk_key_record *record);

typedef struct vk_key_labels {
    size_t count;
    vk_key_label *list; /* by point */
} vk_key_labels;

VK_MUST_USE vk_exit vk_key_labels_load(vk_cli *cli, vk_token *token, vk_key_labels *out);
void vk_key_labels_clear(vk_key_labels *labels);
/* NULL if the token has no such key any more. */
const vk_key_label *vk_key_label_of(const vk_key_labels *labels, const uint8_t point65[65]);

#endif
