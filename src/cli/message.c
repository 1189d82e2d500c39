#include "cli/message.h"

#include "cli/input.h"

#include <inttypes.h>
#include <string.h>

static const vk_option contents[] = {VK_OPT_MESSAGE, VK_OPT_MESSAGE_FILE, VK_OPT_TYPED_DATA};
#define CONTENTS (sizeof contents / sizeof contents[0])

bool vk_message_given(const vk_cli *cli) {
    for (size_t i = 0; i < CONTENTS; i++) {
        if (vk_opt_flag(cli, contents[i])) {
            return true;
        }
    }
    return false;
}

void vk_message_clear(vk_cli_message *message) {
    vk_buf_clear(&message->content);
}

vk_exit vk_message_check_unused(vk_cli *cli) {
    static const vk_option of_messages[] = {VK_OPT_ACCOUNT, VK_OPT_REPLAYABLE, VK_OPT_UNDEPLOYED};
    for (size_t i = 0; i < sizeof of_messages / sizeof of_messages[0]; i++) {
        if (vk_opt_flag(cli, of_messages[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE,
                               "--%s is for messages: give --message, --message-file or "
                               "--typed-data",
                               vk_opt_name(of_messages[i]));
        }
    }
    return VK_EXIT_OK;
}

/* ---- Reading ---- */

static vk_exit exclude(vk_cli *cli, vk_option a, vk_option b) {
    return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s and --%s exclude each other", vk_opt_name(a),
                       vk_opt_name(b));
}

static vk_exit check_options(vk_cli *cli) {
    static const vk_option operations[] = {VK_OPT_INPUT, VK_OPT_SESSION, VK_OPT_OPERATION,
                                           VK_OPT_SPENT, VK_OPT_USED};
    vk_option given = VK_OPT_COUNT;
    for (size_t i = 0; i < CONTENTS; i++) {
        if (vk_opt_flag(cli, contents[i]) && given != VK_OPT_COUNT) {
            return exclude(cli, given, contents[i]);
        }
        given = vk_opt_flag(cli, contents[i]) ? contents[i] : given;
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (vk_opt_flag(cli, operations[i])) {
            return exclude(cli, given, operations[i]);
        }
    }
    return VK_EXIT_OK;
}

static vk_exit read_content(vk_cli *cli, vk_buf *out) {
    if (vk_opt_flag(cli, VK_OPT_TYPED_DATA)) {
        return vk_read_file(cli, vk_opt(cli, VK_OPT_TYPED_DATA), VK_TYPED_DATA_MAX, out);
    }
    if (vk_opt_flag(cli, VK_OPT_MESSAGE_FILE)) {
        return vk_read_file(cli, vk_opt(cli, VK_OPT_MESSAGE_FILE), VK_MESSAGE_TEXT_MAX, out);
    }
    vk_buf_put_text(out, vk_opt(cli, VK_OPT_MESSAGE));
    return vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

vk_exit vk_message_read(vk_cli *cli, vk_cli_message *out) {
    vk_error err = {0};
    vk_payload_form form =
        vk_opt_flag(cli, VK_OPT_TYPED_DATA) ? VK_PAYLOAD_TYPED_DATA : VK_PAYLOAD_TEXT;
    *out = (vk_cli_message){0};
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK) {
        exit = read_content(cli, &out->content);
    }
    if (exit == VK_EXIT_OK &&
        vk_message_payload_read(vk_buf_view(&out->content), form, &out->payload, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "the message cannot be read", &err);
    }
    out->payload.replayable = vk_opt_flag(cli, VK_OPT_REPLAYABLE);
    out->payload.undeployed = vk_opt_flag(cli, VK_OPT_UNDEPLOYED);
    return exit;
}

/* ---- Which account ---- */

static vk_exit wrong_number(vk_cli *cli, const vk_key_info *key, size_t found) {
    if (found == 0) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                        "the key \"%s\" has no grant for that account and chain", key->label);
        return vk_cli_hint(cli, exit, "\"valetkey key show\" lists its grants");
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "the key \"%s\" has %zu grants like that",
                               key->label, found);
    return vk_cli_hint(cli, exit, "choose one with --chain-id N and --account ADDRESS");
}

vk_exit vk_message_choose(vk_cli *cli, const vk_key_info *key, const vk_grants *grants,
                          vk_cli_message *message, const vk_grant **out) {
    vk_grant_choice wanted;
    *out = NULL;
    vk_exit exit = vk_grant_choice_read(cli, &wanted);
    if (exit != VK_EXIT_OK || grants->count == 0) {
        return exit;
    }
    size_t found = vk_grants_chosen(grants, &wanted, out);
    if (found != 1) {
        return wrong_number(cli, key, found);
    }
    message->payload.has_account = true;
    message->payload.chain_id = (*out)->chain_id;
    message->payload.account = (*out)->account.account;
    return VK_EXIT_OK;
}
