/* approve: what the owner signs, and the grant made of the signature. */
#include "cli/approval.h"
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/owner_key.h"
#include "cli/session.h"

#include <inttypes.h>
#include <string.h>

#define SIGNATURE_MAX 8192
#define ECDSA_LEN 65

static vk_exit check_options(vk_cli *cli) {
    int ways = vk_opt_flag(cli, VK_OPT_SIGNATURE) + vk_opt_flag(cli, VK_OPT_OWNER_KEY) +
               vk_opt_flag(cli, VK_OPT_PRE_INSTALLED);
    if (ways > 1) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--signature, --owner-key and --pre-installed exclude each other");
    }
    if (ways == 0 && vk_opt_flag(cli, VK_OPT_OUTPUT)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--output needs the owner's --signature or --owner-key, or "
                           "--pre-installed");
    }
    return VK_EXIT_OK;
}

static bool is_asking(const vk_cli *cli) {
    return !vk_opt_flag(cli, VK_OPT_SIGNATURE) && !vk_opt_flag(cli, VK_OPT_OWNER_KEY) &&
           !vk_opt_flag(cli, VK_OPT_PRE_INSTALLED);
}

/* ---- The question ---- */

static void put_subject(vk_out *out, const vk_approval *a) {
    vk_out_text(out, "label", a->key.label);
    vk_out_u64(out, "chainId", a->chain_id);
    vk_out_address(out, "account", &a->account.account);
    vk_out_text(out, "kernelVersion", vk_kernel_text(a->kernel));
    vk_out_bytes(out, "permissionId", (vk_bytes){a->key.permission_id, 4});
    vk_out_u64(out, "enableNonce", a->enable_nonce);
    vk_out_bytes(out, "digest", (vk_bytes){a->digest.b, sizeof a->digest.b});
}

static void say_next(vk_out *out) {
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    vk_say(out,
           "  Have the owner's wallet sign the typed data (eth_signTypedData_v4), then run the "
           "same\n  command with --signature HEX. Or let a PKCS#11 key sign it: "
           "--owner-key URI.\n");
}

static void ask(vk_cli *cli, const vk_approval *a) {
    vk_out *out = &cli->out;
    char account[43];
    vk_address_text(&a->account.account, account);
    vk_say(out, "The owner of the account %s approves on chain %" PRIu64 ":\n", account,
           a->chain_id);
    vk_key_say_policy(out, &a->key);
    vk_say_in(out, VK_STYLE_HEAD, "Typed data (EIP-712)\n");
    vk_say(out, "%.*s\n", (int)a->typed_data.len, (const char *)a->typed_data.data);
    vk_say_in(out, VK_STYLE_HEAD, "Digest\n");
    if (!out->json) {
        vk_out_hex_line(out, (vk_bytes){a->digest.b, sizeof a->digest.b});
    }
    say_next(out);
    vk_out_open(out, NULL, '{');
    put_subject(out, a);
    vk_out_raw(out, "typedData", vk_buf_view(&a->typed_data));
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
}

/* ---- The answer ---- */

static vk_exit read_signature(vk_cli *cli, vk_buf *out) {
    vk_exit exit = vk_read_hex(cli, VK_OPT_SIGNATURE, SIGNATURE_MAX, out);
    /* Some wallets write the recovery id as 0 or 1; the contracts want 27 or 28. */
    if (exit == VK_EXIT_OK && out->len == ECDSA_LEN && out->data[ECDSA_LEN - 1] < 2) {
        out->data[ECDSA_LEN - 1] = (uint8_t)(out->data[ECDSA_LEN - 1] + 27);
    }
    return exit;
}

static vk_exit sign_as_owner(vk_cli *cli, const vk_approval *a, vk_buf *out) {
    uint8_t signature[ECDSA_LEN];
    if (!a->has_owner || a->owner.passkey) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--owner-key signs for an owner with an address: give --owner ADDRESS");
    }
    vk_exit exit = vk_owner_key_sign(cli, &a->owner.address, &a->digest, signature);
    if (exit == VK_EXIT_OK) {
        vk_buf_put(out, signature, sizeof signature);
        exit = vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    return exit;
}

static vk_exit get_signature(vk_cli *cli, const vk_approval *a, vk_buf *out) {
    if (vk_opt_flag(cli, VK_OPT_SIGNATURE)) {
        return read_signature(cli, out);
    }
    return vk_opt_flag(cli, VK_OPT_OWNER_KEY) ? sign_as_owner(cli, a, out) : VK_EXIT_OK;
}

/* With --json the text is in the result anyway. */
static vk_exit write_output(vk_cli *cli, const char *serialized) {
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    vk_buf line = {0};
    if (path == NULL || (cli->out.json && strcmp(path, "-") == 0)) {
        return VK_EXIT_OK;
    }
    vk_buf_put_text(&line, serialized);
    vk_buf_put_byte(&line, '\n');
    vk_exit exit = vk_buf_status(&line) == VK_OK ? vk_write_file(cli, path, vk_buf_view(&line))
                                                 : vk_cli_no_memory(cli);
    vk_buf_clear(&line);
    return exit == VK_EXIT_OK ? exit
                              : vk_cli_hint(cli, exit,
                                            "the grant was added; its text is in the token's "
                                            "valetkey-account object");
}

static void say_granted(vk_cli *cli, const vk_approval *a, const char *serialized) {
    vk_out *out = &cli->out;
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    char account[43];
    vk_address_text(&a->account.account, account);
    if (path == NULL || strcmp(path, "-") != 0) {
        vk_say(out, "The key \"%s\" may act for the account %s on chain %" PRIu64 ".\n",
               a->key.label, account, a->chain_id);
    }
    vk_out_open(out, NULL, '{');
    put_subject(out, a);
    vk_out_bool(out, "preInstalled", a->account.pre_installed);
    vk_out_text(out, "serializedAccount", serialized);
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
}

static vk_exit add_grant(vk_cli *cli, const vk_approval *a, vk_bytes json) {
    vk_exit exit = vk_session_login_user(cli);
    return exit == VK_EXIT_OK ? vk_grant_add(cli, vk_buf_view(&a->key.raw_label), json) : exit;
}

static vk_exit grant(vk_cli *cli, vk_approval *a) {
    vk_buf signature = {0}, serialized = {0}, json = {0};
    char *text = NULL;
    vk_exit exit = get_signature(cli, a, &signature);
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_finish(cli, a, vk_buf_view(&signature), &serialized, &json);
    }
    if (exit == VK_EXIT_OK) {
        text = vk_buf_take_text(&serialized);
        exit = text != NULL ? add_grant(cli, a, vk_buf_view(&json)) : vk_cli_no_memory(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = write_output(cli, text);
    }
    if (exit == VK_EXIT_OK) {
        say_granted(cli, a, text);
    }
    vk_text_free(text);
    vk_buf_clear(&signature);
    vk_buf_clear(&serialized);
    vk_buf_clear(&json);
    return exit;
}

/* Before the owner sees what is to be signed, and before anything is added. */
static vk_exit look_at_policy(vk_cli *cli, const vk_approval *a) {
    vk_lint_subject about = {vk_kernel_entry_point(a->kernel), &a->account.account};
    return vk_findings_of(cli, &a->key.policy, &about);
}

vk_exit vk_cmd_approve(vk_cli *cli) {
    vk_approval approval = {0};
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, !is_asking(cli));
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_read(cli, &approval);
    }
    if (exit == VK_EXIT_OK) {
        exit = look_at_policy(cli, &approval);
    }
    if (exit == VK_EXIT_OK && is_asking(cli)) {
        ask(cli, &approval);
    } else if (exit == VK_EXIT_OK) {
        exit = grant(cli, &approval);
    }
    vk_approval_clear(&approval);
    return exit;
}
