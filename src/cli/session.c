#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

static void copy_padded(char *out, const uint8_t *text, size_t len) {
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0')) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = text[i] < 0x20 || text[i] == 0x7f ? '?' : (char)text[i];
    }
    out[len] = '\0';
}

#define AT "security key at "

/* The module says it in the description of the slot. */
static void read_place(vk_cli *cli, CK_SLOT_ID slot, char place[65]) {
    CK_SLOT_INFO info;
    char text[65];
    place[0] = '\0';
    if (cli->module.f->C_GetSlotInfo(slot, &info) == CKR_OK) {
        copy_padded(text, info.slotDescription, sizeof info.slotDescription);
        bool is_key = strncmp(text, AT, strlen(AT)) == 0;
        snprintf(place, 65, "%s", is_key ? text + strlen(AT) : "");
    }
}

vk_exit vk_token_entry_get(vk_cli *cli, CK_SLOT_ID slot, vk_token_entry *out) {
    CK_TOKEN_INFO info;
    CK_RV rv = cli->module.f->C_GetTokenInfo(slot, &info);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(cli, "cannot read the token in a slot", rv);
    }
    *out = (vk_token_entry){.slot = slot, .flags = info.flags};
    copy_padded(out->label, info.label, sizeof info.label);
    copy_padded(out->serial, info.serialNumber, sizeof info.serialNumber);
    read_place(cli, slot, out->place);
    return VK_EXIT_OK;
}

static vk_exit get_slots(vk_cli *cli, CK_SLOT_ID **out, CK_ULONG *count) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    *out = NULL;
    *count = 0;
    CK_RV rv = f->C_GetSlotList(CK_TRUE, NULL, count);
    if (rv == CKR_OK && *count > 0) {
        *out = calloc(*count, sizeof **out);
        if (*out == NULL) {
            return vk_cli_no_memory(cli);
        }
        rv = f->C_GetSlotList(CK_TRUE, *out, count);
    }
    if (rv != CKR_OK) {
        free(*out);
        return vk_cli_fail_rv(cli, "cannot list the tokens", rv);
    }
    return VK_EXIT_OK;
}

vk_exit vk_token_entries(vk_cli *cli, vk_token_entry **out, size_t *initialized) {
    CK_SLOT_ID *slots = NULL;
    CK_ULONG count = 0;
    *initialized = 0;
    vk_exit exit = get_slots(cli, &slots, &count);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    *out = calloc(count + 1, sizeof **out);
    exit = *out != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    for (CK_ULONG i = 0; i < count && exit == VK_EXIT_OK; i++) {
        vk_token_entry *entry = &(*out)[*initialized];
        exit = vk_token_entry_get(cli, slots[i], entry);
        *initialized += exit == VK_EXIT_OK && (entry->flags & CKF_TOKEN_INITIALIZED) != 0;
    }
    free(slots);
    if (exit != VK_EXIT_OK) {
        free(*out);
        *out = NULL;
    }
    return exit;
}

static vk_exit no_token(vk_cli *cli, const char *wanted) {
    vk_exit exit = wanted != NULL
                       ? vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no token \"%s\"", wanted)
                       : vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "there is no token");
    return vk_cli_hint(cli, exit, "%s",
                       wanted != NULL ? "see \"valetkey token list\""
                                      : "make one with \"valetkey token init --label main\"");
}

vk_exit vk_token_choose(vk_cli *cli, const vk_token_entry *tokens, size_t count,
                        const vk_token_entry **out) {
    const char *wanted = vk_opt(cli, VK_OPT_TOKEN);
    size_t matches = 0;
    for (size_t i = 0; i < count; i++) {
        if (wanted == NULL || strcmp(tokens[i].label, wanted) == 0 ||
            strcmp(tokens[i].serial, wanted) == 0) {
            *out = &tokens[i];
            matches++;
        }
    }
    if (matches == 0) {
        return no_token(cli, wanted);
    }
    if (matches > 1 && wanted == NULL) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "there are %zu tokens", matches);
        return vk_cli_hint(cli, exit, "choose one with --token LABEL; see \"valetkey token list\"");
    }
    if (matches > 1) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_USAGE, "%zu tokens are called \"%s\"", matches, wanted);
        return vk_cli_hint(cli, exit, "give the serial number: --token %s", (*out)->serial);
    }
    return VK_EXIT_OK;
}

vk_exit vk_session_open(vk_cli *cli, CK_SLOT_ID slot, bool writable) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
    CK_RV rv = cli->module.f->C_OpenSession(slot, flags, NULL, NULL, &cli->session);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(cli, "cannot open a session on the token", rv);
    }
    cli->slot = slot;
    cli->has_session = true;
    char place[65];
    read_place(cli, slot, place);
    cli->is_security_key = place[0] != '\0';
    return VK_EXIT_OK;
}

vk_exit vk_session_begin(vk_cli *cli, bool writable) {
    vk_token_entry *tokens = NULL;
    const vk_token_entry *token = NULL;
    size_t count = 0;
    vk_exit exit = vk_module_open(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_token_entries(cli, &tokens, &count);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_token_choose(cli, tokens, count, &token);
    }
    if (exit == VK_EXIT_OK) {
        memcpy(cli->token_label, token->label, sizeof cli->token_label);
        exit = vk_session_open(cli, token->slot, writable);
    }
    free(tokens);
    return exit;
}

void vk_session_end(vk_cli *cli) {
    if (cli->has_session) {
        cli->module.f->C_CloseSession(cli->session);
        cli->has_session = false;
    }
    vk_module_unload(&cli->module);
}
