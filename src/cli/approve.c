/* approve: what the owner signs, and the grant made of the signature. */
#include "cli/approval.h"
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/owner_key.h"
#include "cli/session.h"
#include "cli/thirdweb_request.h"

#include <inttypes.h>
#include <string.h>

static vk_exit check_options(vk_cli *cli) {
    int ways = vk_opt_flag(cli, VK_OPT_SIGNATURE) + vk_opt_flag(cli, VK_OPT_OWNER_KEY) +
               vk_opt_flag(cli, VK_OPT_PRE_INSTALLED);
    if (ways > 1) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--signature, --owner-key and --pre-installed exclude each other");
    }
    return VK_EXIT_OK;
}

static bool is_asking(const vk_cli *cli) {
    return !vk_opt_flag(cli, VK_OPT_SIGNATURE) && !vk_opt_flag(cli, VK_OPT_OWNER_KEY) &&
           !vk_opt_flag(cli, VK_OPT_PRE_INSTALLED) && !vk_opt_flag(cli, VK_OPT_AS_OWNER);
}

/* What --output writes: the SDK's text of a permission; for thirdweb the request that is asked
 * about, then the call that sets it. */
static vk_exit check_output(vk_cli *cli, const vk_approval *a) {
    bool request = a->kind == VK_GRANT_THIRDWEB && !a->account.pre_installed;
    bool serialized = a->kind == VK_GRANT_PERMISSION && !is_asking(cli);
    if (!vk_opt_flag(cli, VK_OPT_OUTPUT) || request || serialized) {
        return VK_EXIT_OK;
    }
    return a->kind == VK_GRANT_PERMISSION
               ? vk_cli_fail(cli, VK_EXIT_USAGE,
                             "--output needs the owner's --signature or --owner-key, or "
                             "--pre-installed")
               : vk_cli_fail(cli, VK_EXIT_USAGE, "there is nothing to write to --output here");
}

/* ---- The question ---- */

static void put_subject(vk_out *out, const vk_approval *a) {
    vk_out_text(out, "label", a->key.label);
    vk_out_text(out, "kind", vk_grant_kind_text(a->kind));
    vk_out_u64(out, "chainId", a->chain_id);
    vk_out_address(out, "account", &a->account.account);
    vk_out_address(out, "entryPoint", &a->grant.entry_point);
    if (a->kind != VK_GRANT_THIRDWEB) {
        vk_out_text(out, "kernelVersion", vk_kernel_text(a->kernel));
    }
    if (a->kind == VK_GRANT_PERMISSION) {
        vk_out_bytes(out, "permissionId", (vk_bytes){a->key.permission_id, 4});
        vk_out_u64(out, "enableNonce", a->enable_nonce);
    }
    vk_out_text(out, "keptBy", vk_grant_is_token_only(&a->grant) ? "token" : "account");
    if (a->typed_data.len > 0) {
        vk_out_bytes(out, "digest", (vk_bytes){a->digest.b, sizeof a->digest.b});
    }
}

/* Nothing to say of the ordinary case. */
static void say_keeper(vk_out *out, const vk_approval *a) {
    if (vk_grant_is_token_only(&a->grant)) {
        vk_say(out, "%s\n", vk_grant_keeper_text(&a->grant));
    }
}

static void say_next(vk_cli *cli, const vk_approval *a) {
    vk_out *out = &cli->out;
    bool thirdweb = a->kind == VK_GRANT_THIRDWEB;
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    vk_say(out,
           "  Have the %s's wallet sign the typed data (eth_signTypedData_v4), then run the "
           "same\n  command with %s--signature HEX. Or let a PKCS#11 key sign it: "
           "--owner-key URI.\n",
           thirdweb ? "admin" : "owner", thirdweb ? "--request FILE " : "");
    if (thirdweb && !vk_opt_flag(cli, VK_OPT_OUTPUT)) {
        vk_say(out, "  --output FILE writes the request that is signed.\n");
    }
}

static vk_exit put_request(vk_cli *cli, const vk_approval *a) {
    vk_buf text = {0};
    if (a->kind != VK_GRANT_THIRDWEB) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_thirdweb_request_write(&a->request, &text);
    vk_out_raw(&cli->out, "request", vk_buf_view(&text));
    vk_buf_clear(&text);
    return status == VK_OK ? vk_request_write(cli, &a->request) : vk_cli_no_memory(cli);
}

static vk_exit ask(vk_cli *cli, const vk_approval *a) {
    vk_out *out = &cli->out;
    char account[43];
    vk_address_text(&a->account.account, account);
    vk_say(out, "%s of the account %s approves on chain %" PRIu64 ":\n",
           a->kind == VK_GRANT_THIRDWEB ? "An admin" : "The owner", account, a->chain_id);
    vk_key_say_policy(out, &a->key);
    say_keeper(out, a);
    vk_say_in(out, VK_STYLE_HEAD, "Typed data (EIP-712)\n");
    vk_say(out, "%.*s\n", (int)a->typed_data.len, (const char *)a->typed_data.data);
    vk_say_in(out, VK_STYLE_HEAD, "Digest\n");
    if (!out->json) {
        vk_out_hex_line(out, (vk_bytes){a->digest.b, sizeof a->digest.b});
    }
    say_next(cli, a);
    vk_out_open(out, NULL, '{');
    put_subject(out, a);
    vk_exit exit = put_request(cli, a);
    vk_out_raw(out, "typedData", vk_buf_view(&a->typed_data));
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
    return exit;
}

/* ---- The answer ---- */

static vk_exit sign_as_owner(vk_cli *cli, const vk_approval *a, vk_buf *out) {
    vk_owner_key key;
    const vk_root root = vk_approval_root(a);
    const vk_owner_question question = {
        .root = &root, .digest = &a->digest, .chain_id = a->chain_id};
    vk_exit exit = vk_owner_key_open(cli, vk_opt(cli, VK_OPT_OWNER_KEY), VK_OWNER_SIGN, &key);
    if (exit == VK_EXIT_OK) {
        exit = vk_owner_key_sign(&key, &question, out);
    }
    vk_owner_key_close(&key);
    return exit;
}

static vk_exit get_signature(vk_cli *cli, const vk_approval *a, vk_buf *out) {
    if (vk_opt_flag(cli, VK_OPT_SIGNATURE)) {
        return vk_approval_signature(cli, vk_opt(cli, VK_OPT_SIGNATURE), out);
    }
    return vk_opt_flag(cli, VK_OPT_OWNER_KEY) ? sign_as_owner(cli, a, out) : VK_EXIT_OK;
}

/* ---- The result ---- */

/* With --json the text is in the result anyway. */
static vk_exit write_output(vk_cli *cli, vk_bytes product) {
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    vk_buf line = {0};
    if (path == NULL || (cli->out.json && strcmp(path, "-") == 0)) {
        return VK_EXIT_OK;
    }
    vk_buf_put(&line, product.data, product.len);
    vk_buf_put_byte(&line, '\n');
    vk_exit exit = vk_buf_status(&line) == VK_OK ? vk_write_file(cli, path, vk_buf_view(&line))
                                                 : vk_cli_no_memory(cli);
    vk_buf_clear(&line);
    return exit == VK_EXIT_OK ? exit
                              : vk_cli_hint(cli, exit,
                                            "the grant was added; its text is in the token's data "
                                            "objects");
}

static void say_call(vk_out *out, const char *call) {
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    vk_say(out, "  Send this call to the account, from anywhere, before the request ends:\n  %s\n",
           call);
}

static void say_granted(vk_cli *cli, const vk_approval *a, const char *product) {
    vk_out *out = &cli->out;
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    char account[43];
    bool call = a->kind == VK_GRANT_THIRDWEB && product[0] != '\0';
    vk_address_text(&a->account.account, account);
    if (path == NULL || strcmp(path, "-") != 0) {
        vk_say(out, "The key \"%s\" %s the account %s on chain %" PRIu64 ".\n", a->key.label,
               a->kind == VK_GRANT_OWNER ? "signs as the owner of" : "may act for", account,
               a->chain_id);
        say_keeper(out, a);
    }
    if (call && path == NULL) {
        say_call(out, product);
    }
    vk_out_open(out, NULL, '{');
    put_subject(out, a);
    vk_out_bool(out, "preInstalled", a->account.pre_installed);
    if (product[0] != '\0') {
        vk_out_text(out, call ? "callData" : "serializedAccount", product);
    }
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
}

static vk_exit add_grant(vk_cli *cli, const vk_approval *a, vk_bytes json) {
    vk_exit exit = vk_session_login_user(cli);
    return exit == VK_EXIT_OK ? vk_grant_add(cli, vk_buf_view(&a->key.raw_label), json) : exit;
}

static vk_exit tell(vk_cli *cli, const vk_approval *a) {
    vk_buf product = {0};
    vk_status status = vk_approval_product(a, &product);
    vk_exit exit = status == VK_OK ? write_output(cli, vk_buf_view(&product))
                                   : vk_cli_fail_status(cli, "cannot write the result", status);
    if (exit == VK_EXIT_OK) {
        say_granted(cli, a, (const char *)product.data);
    }
    vk_buf_clear(&product);
    return exit;
}

static vk_exit grant(vk_cli *cli, vk_approval *a) {
    vk_buf signature = {0}, json = {0};
    vk_exit exit = get_signature(cli, a, &signature);
    if (exit == VK_EXIT_OK) {
        exit = vk_approval_finish(cli, a, vk_buf_view(&signature), &json);
    }
    if (exit == VK_EXIT_OK) {
        exit = add_grant(cli, a, vk_buf_view(&json));
    }
    vk_buf_clear(&signature);
    vk_buf_clear(&json);
    return exit == VK_EXIT_OK ? tell(cli, a) : exit;
}

/* Before the owner sees what is to be signed, and before anything is added. */
static vk_exit look_at_policy(vk_cli *cli, const vk_approval *a) {
    vk_lint_subject about = {a->grant.entry_point_version, &a->account.account};
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
        exit = check_output(cli, &approval);
    }
    if (exit == VK_EXIT_OK) {
        exit = look_at_policy(cli, &approval);
    }
    if (exit == VK_EXIT_OK) {
        exit = is_asking(cli) ? ask(cli, &approval) : grant(cli, &approval);
    }
    vk_approval_clear(&approval);
    return exit;
}
