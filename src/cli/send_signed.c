/* send --signed: what was signed elsewhere, or before, is verified and goes its way. */
#include "cli/send.h"

#include <valetkey/verify.h>

/* ---- Is it this key's? ---- */

static vk_exit check_grant(vk_cli *cli, const vk_sending *s) {
    char field[32], reason[VK_REASON_MAX];
    const vk_userop_request request = {.has_chain_id = true,
                                       .chain_id = s->grant->chain_id,
                                       .has_entry_point = true,
                                       .entry_point = s->grant->entry_point,
                                       .op = s->op};
    return vk_grant_match(s->grant, &request, field, reason) == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_INPUT, "the operation is not for this key: %s", reason);
}

/* The account's contracts would find it out as well, at the bundler's. */
static vk_exit check_signature(vk_cli *cli, const vk_sending *s) {
    unsigned unusual;
    vk_error err = {0};
    if (s->op.signature.len == 0) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the operation is not signed");
        return vk_cli_hint(cli, exit, "--userop signs and sends one");
    }
    vk_status status =
        vk_grant_accepts(s->grant, &s->key.policy, &s->key.signer, &s->op, &unusual, &err);
    if (status == VK_OK) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail_with(cli, "the signature is not good", status, &err);
    return vk_cli_hint(cli, exit,
                       "it must be the key's, of this very operation, on chain and EntryPoint of "
                       "its grant");
}

/* Writing the request takes the signature out, which belongs to the operation. */
static vk_exit hash_operation(vk_cli *cli, vk_sending *s) {
    const vk_bytes signature = s->op.signature;
    vk_exit exit = vk_send_write_request(cli, s);
    s->op.signature = signature;
    return exit;
}

/* ---- The command ---- */

/* It may have been sent before, by whoever signed it, or by this command. */
static vk_exit send_off(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_keep(cli, s);
    return exit == VK_EXIT_OK ? vk_send_off_again(cli, s) : exit;
}

vk_exit vk_send_signed(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_begin_unsigned(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_take_operation(cli, s, VK_OPT_SIGNED);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_grant(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = check_signature(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = hash_operation(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_connect(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_check_outbox(cli, s);
    }
    return exit == VK_EXIT_OK ? send_off(cli, s) : exit;
}
