/* session create: what is printed. */
#include "cli/findings.h"
#include "cli/session_create.h"

#include <inttypes.h>
#include <string.h>

/* null if they are not the same on all chains, of which each has its own anyway. */
static void put_common_nonce(vk_out *out, const vk_new_session *s) {
    bool is_common = true;
    for (size_t i = 1; i < s->chains.count; i++) {
        is_common = is_common && s->nonces[i].value == s->nonces[0].value;
    }
    if (is_common) {
        vk_out_u64(out, "enableNonce", s->nonces[0].value);
    } else {
        vk_out_null(out, "enableNonce");
    }
}

static void put_nonce(vk_out *out, const vk_approval *a) {
    if (a->kind == VK_GRANT_PERMISSION) {
        vk_out_u64(out, "enableNonce", a->enable_nonce);
    }
}

/* What question and result have in common, as JSON members. */
static void put_subject(vk_out *out, const vk_new_session *s) {
    const vk_approval *first = &s->approvals[0];
    vk_out_text(out, "label", first->key.label);
    vk_out_text(out, "kind", vk_grant_kind_text(first->kind));
    vk_out_text(out, "accountName", s->account.name);
    vk_out_address(out, "account", &first->account.account);
    vk_out_address(out, "entryPoint", &first->grant.entry_point);
    if (first->kind != VK_GRANT_THIRDWEB) {
        vk_out_text(out, "kernelVersion", vk_kernel_text(first->kernel));
    }
    if (first->kind == VK_GRANT_PERMISSION) {
        vk_out_bytes(out, "permissionId", (vk_bytes){first->key.permission_id, 4});
        put_common_nonce(out, s);
    }
    vk_out_text(out, "keptBy", vk_grant_is_token_only(&first->grant) ? "token" : "account");
}

/* Nothing to say of the ordinary case. */
static void say_keeper(vk_out *out, const vk_new_session *s) {
    if (vk_grant_is_token_only(&s->approvals[0].grant)) {
        vk_say(out, "%s\n", vk_grant_keeper_text(&s->approvals[0].grant));
    }
}

/* ---- The question ---- */

static void say_hash(vk_out *out, const char *head, const vk_hash *hash) {
    vk_say_in(out, VK_STYLE_HEAD, head);
    if (!out->json) {
        vk_out_hex_line(out, (vk_bytes){hash->b, sizeof hash->b});
    }
}

static void ask_of_chain(vk_out *out, const vk_new_session *s, size_t i) {
    const vk_approval *a = &s->approvals[i];
    char head[80];
    snprintf(head, sizeof head, "Chain %" PRIu64 ": typed data (EIP-712)\n", a->chain_id);
    vk_say_in(out, VK_STYLE_HEAD, head);
    vk_say(out, "%.*s\n", (int)a->typed_data.len, (const char *)a->typed_data.data);
    say_hash(out, "Digest\n", &a->digest);
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "chainId", a->chain_id);
    put_nonce(out, a);
    vk_out_bytes(out, "digest", (vk_bytes){a->digest.b, sizeof a->digest.b});
    vk_out_raw(out, "typedData", vk_buf_view(&a->typed_data));
    vk_out_close(out, '}');
}

static void say_next(vk_out *out, const vk_new_session *s) {
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    if (s->by_root) {
        vk_say(out, "  Have the owner's wallet sign the merkle root as a message (personal_sign of "
                    "these 32\n  bytes), then run the same command with --signature HEX.\n");
    } else if (s->chains.count == 1) {
        vk_say(out, "  Have the owner's wallet sign the typed data (eth_signTypedData_v4), then "
                    "run the same\n  command with --signature HEX.\n");
    } else {
        vk_say(out, "  Have the owner's wallet sign the typed data of each chain "
                    "(eth_signTypedData_v4), then\n  run the same command with --signature "
                    "HEX,HEX,... in the order of the chains.\n");
    }
    vk_say(out, "  Or let a PKCS#11 key sign: --owner-key URI.\n");
}

void vk_new_session_ask(vk_cli *cli, const vk_new_session *s) {
    vk_out *out = &cli->out;
    const vk_approval *first = &s->approvals[0];
    vk_buf chains = {0};
    char account[43];
    vk_address_text(&first->account.account, account);
    vk_chains_put(&s->chains, &chains);
    vk_say(out, "%s the key \"%s\" on the token \"%s\". It has no power yet.\n",
           s->is_made ? "Made" : "There is", first->key.label, cli->token_label);
    vk_say(out, "The owner of the account %s (\"%s\") approves on %.*s:\n", account,
           s->account.name, (int)chains.len, (const char *)chains.data);
    vk_buf_clear(&chains);
    vk_key_say_policy(out, &first->key);
    say_keeper(out, s);
    vk_out_open(out, NULL, '{');
    put_subject(out, s);
    vk_out_bool(out, "made", s->is_made);
    vk_out_text(out, "method", s->by_root ? "personal_sign" : "eth_signTypedData_v4");
    vk_out_u64(out, "signatures", s->by_root ? 1 : s->chains.count);
    vk_out_open(out, "chains", '[');
    for (size_t i = 0; i < s->chains.count; i++) {
        ask_of_chain(out, s, i);
    }
    vk_out_close(out, ']');
    if (s->by_root) {
        say_hash(out, "Merkle root of the digests\n", &s->tree.root);
        vk_out_bytes(out, "merkleRoot", (vk_bytes){s->tree.root.b, sizeof s->tree.root.b});
    }
    vk_out_findings(out, &cli->findings);
    vk_out_close(out, '}');
    say_next(out, s);
}

/* ---- The result ---- */

static const char *product_name(const vk_approval *a) {
    return a->kind == VK_GRANT_THIRDWEB ? "callData" : "serializedAccount";
}

static vk_exit tell_of_chain(vk_cli *cli, const vk_approval *a, bool show, vk_buf *lines) {
    vk_out *out = &cli->out;
    vk_buf product = {0};
    vk_status status = vk_approval_product(a, &product);
    if (status != VK_OK) {
        vk_buf_clear(&product);
        return vk_cli_fail_status(cli, "cannot write the result", status);
    }
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "chainId", a->chain_id);
    put_nonce(out, a);
    if (product.len > 0) {
        vk_out_text(out, product_name(a), (const char *)product.data);
        vk_buf_put(lines, product.data, product.len);
        vk_buf_put_byte(lines, '\n');
    }
    if (product.len > 0 && show) {
        vk_say(out, "  chain %" PRIu64 ": %s\n", a->chain_id, (const char *)product.data);
    }
    vk_out_close(out, '}');
    vk_buf_clear(&product);
    return VK_EXIT_OK;
}

/* With --json the texts are in the result anyway. */
static vk_exit write_output(vk_cli *cli, const vk_buf *lines) {
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    if (path == NULL || (cli->out.json && strcmp(path, "-") == 0)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_buf_status(lines) == VK_OK ? vk_write_file(cli, path, vk_buf_view(lines))
                                                 : vk_cli_no_memory(cli);
    return exit == VK_EXIT_OK ? exit
                              : vk_cli_hint(cli, exit,
                                            "the session was made; its texts are in the token's "
                                            "data objects");
}

static const char *product_head(const vk_approval *a) {
    return a->kind == VK_GRANT_PERMISSION ? "Serialized accounts\n"
           : a->kind == VK_GRANT_THIRDWEB ? "Calls to send to the account, from anywhere\n"
                                          : "";
}

static void say_granted(vk_cli *cli, const vk_new_session *s) {
    vk_buf chains = {0};
    char account[43];
    vk_address_text(&s->approvals[0].account.account, account);
    vk_chains_put(&s->chains, &chains);
    vk_say(&cli->out, "The key \"%s\" may act for the account %s on %.*s.\n",
           s->approvals[0].key.label, account, (int)chains.len, (const char *)chains.data);
    vk_buf_clear(&chains);
    say_keeper(&cli->out, s);
}

static void say_install(vk_out *out, const vk_approval *a) {
    if (a->kind == VK_GRANT_THIRDWEB) {
        vk_say_in(out, VK_STYLE_HEAD, "Next\n");
        vk_say(out,
               "  An admin's key sends it: valetkey session install --label %s --chain-id %" PRIu64
               " --owner-key URI\n",
               a->key.label, a->chain_id);
    }
}

vk_exit vk_new_session_tell(vk_cli *cli, const vk_new_session *s) {
    vk_out *out = &cli->out;
    vk_buf lines = {0};
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    bool sends = vk_new_session_sends(cli), shows = path == NULL && !sends;
    vk_exit exit = VK_EXIT_OK;
    if (path == NULL || strcmp(path, "-") != 0) {
        say_granted(cli, s);
    }
    if (shows) {
        vk_say_in(out, VK_STYLE_HEAD, product_head(&s->approvals[0]));
    }
    vk_out_open(out, NULL, '{');
    put_subject(out, s);
    vk_out_open(out, "sessions", '[');
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        exit = tell_of_chain(cli, &s->approvals[i], shows, &lines);
    }
    vk_out_close(out, ']');
    vk_out_findings(out, &cli->findings);
    if (exit == VK_EXIT_OK) {
        exit = write_output(cli, &lines);
    }
    vk_buf_clear(&lines);
    if (exit == VK_EXIT_OK && sends) {
        exit = vk_new_session_send(cli, s);
    } else if (exit == VK_EXIT_OK && shows) {
        say_install(out, &s->approvals[0]);
    }
    vk_out_close(out, '}');
    return exit;
}
