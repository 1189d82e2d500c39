/* --account-token: accounts that another token keeps than that of the session. */
#include "cli/account_token.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

static bool is_uri(const char *text) {
    return strncmp(text, "pkcs11:", strlen("pkcs11:")) == 0;
}

/* ---- Which token ---- */

/* Only valetkey's tokens keep accounts, so there is no other module to look into. */
static vk_exit parse_uri(vk_cli *cli, const char *text, P11KitUri *uri) {
    int parsed = p11_kit_uri_parse(text, P11_KIT_URI_FOR_TOKEN, uri);
    if (parsed != P11_KIT_URI_OK) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--account-token: %s", p11_kit_uri_message(parsed));
    }
    const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);
    return info->label[0] != '\0' || info->serialNumber[0] != '\0'
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_USAGE,
                             "--account-token must name the token: pkcs11:token=LABEL");
}

static bool is_named(vk_cli *cli, const vk_token_entry *token, const char *wanted,
                     const P11KitUri *uri) {
    CK_TOKEN_INFO info;
    if (!is_uri(wanted)) {
        return strcmp(token->label, wanted) == 0 || strcmp(token->serial, wanted) == 0;
    }
    return cli->module.f->C_GetTokenInfo(token->slot, &info) == CKR_OK &&
           p11_kit_uri_match_token_info(uri, &info) != 0;
}

static vk_exit check_one(vk_cli *cli, size_t matches) {
    const char *wanted = vk_opt(cli, VK_OPT_ACCOUNT_TOKEN);
    if (matches == 1) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        matches == 0
            ? vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no token \"%s\" for --account-token",
                          wanted)
            : vk_cli_fail(cli, VK_EXIT_USAGE, "%zu tokens are called \"%s\"", matches, wanted);
    return vk_cli_hint(cli, exit, "%s",
                       matches == 0 ? "see \"valetkey token list\""
                                    : "give the serial number, which \"valetkey token list\" has");
}

static vk_exit find_token(vk_cli *cli, const P11KitUri *uri, vk_token_entry *out) {
    vk_token_entry *tokens = NULL;
    size_t count = 0, matches = 0;
    vk_exit exit = vk_token_entries(cli, &tokens, &count);
    for (size_t i = 0; i < count && exit == VK_EXIT_OK; i++) {
        if (is_named(cli, &tokens[i], vk_opt(cli, VK_OPT_ACCOUNT_TOKEN), uri)) {
            *out = tokens[i];
            matches++;
        }
    }
    free(tokens);
    return exit == VK_EXIT_OK ? check_one(cli, matches) : exit;
}

static vk_exit choose_token(vk_cli *cli, vk_token_entry *out) {
    const char *wanted = vk_opt(cli, VK_OPT_ACCOUNT_TOKEN);
    P11KitUri *uri = p11_kit_uri_new();
    if (uri == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = is_uri(wanted) ? parse_uri(cli, wanted, uri) : VK_EXIT_OK;
    if (exit == VK_EXIT_OK) {
        exit = find_token(cli, uri, out);
    }
    p11_kit_uri_free(uri);
    return exit;
}

/* ---- There and back ---- */

vk_exit vk_account_token_enter(vk_cli *cli, vk_account_token *kept) {
    vk_token_entry token = {.slot = 0};
    CK_SESSION_HANDLE session;
    *kept = (vk_account_token){.is_away = false};
    if (!vk_opt_flag(cli, VK_OPT_ACCOUNT_TOKEN)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = choose_token(cli, &token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    CK_RV rv = cli->module.f->C_OpenSession(token.slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(cli, "cannot open a session on the token of --account-token", rv);
    }
    kept->is_away = true;
    kept->session = cli->session;
    memcpy(kept->label, cli->token_label, sizeof kept->label);
    cli->session = session;
    memcpy(cli->token_label, token.label, sizeof cli->token_label);
    return VK_EXIT_OK;
}

void vk_account_token_leave(vk_cli *cli, const vk_account_token *kept) {
    if (!kept->is_away) {
        return;
    }
    cli->module.f->C_CloseSession(cli->session);
    cli->session = kept->session;
    memcpy(cli->token_label, kept->label, sizeof cli->token_label);
}
