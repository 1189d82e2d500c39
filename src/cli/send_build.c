/* The operation of "valetkey send", from the grant and what the chain says of the account. */
#include "cli/send.h"
#include "cli/send_thirdweb.h"

#include <inttypes.h>
#include <string.h>

/* ---- What the chain says ---- */

static vk_status ask_thirdweb(vk_sending *s, vk_error *err) {
    vk_thirdweb_state_clear(&s->thirdweb);
    vk_status status = vk_node_thirdweb_state(s->node, &s->grant->account.account,
                                              &s->key.signer.address, &s->thirdweb, err);
    s->state.is_deployed = s->thirdweb.is_deployed;
    return status;
}

static vk_status ask_state(vk_sending *s, vk_error *err) {
    const vk_grant *grant = s->grant;
    const vk_address *account = &grant->account.account;
    switch (grant->kind) {
    case VK_GRANT_PERMISSION:
        return vk_node_account_state(s->node, account, grant->account.permission_id, &s->state,
                                     err);
    case VK_GRANT_THIRDWEB:
        return ask_thirdweb(s, err);
    case VK_GRANT_PLUGIN:
    case VK_GRANT_OWNER:
        break;
    }
    return vk_node_has_code(s->node, account, &s->state.is_deployed, err);
}

vk_exit vk_send_ask_state(vk_cli *cli, vk_sending *s) {
    vk_error err = {0};
    vk_status status = ask_state(s, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the account", status, &err);
}

vk_approval_stage vk_send_approval_stage(const vk_sending *s) {
    if (s->state.current_nonce == s->grant->enable_nonce) {
        return VK_APPROVAL_GOOD;
    }
    return s->state.current_nonce < s->grant->enable_nonce ? VK_APPROVAL_EARLY : VK_APPROVAL_OVER;
}

static vk_exit check_nonce(vk_cli *cli, const vk_sending *s) {
    vk_approval_stage stage = vk_send_approval_stage(s);
    if (stage == VK_APPROVAL_GOOD) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(
        cli, VK_EXIT_REFUSED,
        "the owner approved with the account's nonce %" PRIu32 ", which is at %" PRIu32 " %s",
        s->grant->enable_nonce, s->state.current_nonce,
        stage == VK_APPROVAL_OVER ? "by now: the approval is good no more"
                                  : "only: the approval comes alive when the account gets there");
    return vk_cli_hint(cli, exit, "approve it again with --enable-nonce %" PRIu32 "%s",
                       s->state.current_nonce,
                       stage == VK_APPROVAL_OVER
                           ? ""
                           : "; \"valetkey session revoke\" takes this approval back, and others "
                             "with it");
}

static vk_exit check_approval(vk_cli *cli, const vk_sending *s) {
    if (!vk_grant_has_approval(s->grant)) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "the account does not have the permission, and the grant "
                                   "carries no approval that would install it");
        return vk_cli_hint(cli, exit, "let the owner approve the key: \"valetkey approve --help\"");
    }
    return check_nonce(cli, s);
}

/* Is the approval to be brought along? */
static vk_exit choose_mode(vk_cli *cli, const vk_sending *s, uint8_t *mode) {
    *mode = VK_NONCE_DEFAULT;
    if (s->grant->kind == VK_GRANT_THIRDWEB) {
        return vk_send_check_session(cli, s);
    }
    if (s->grant->kind != VK_GRANT_PERMISSION || s->state.permission == VK_PERMISSION_INSTALLED) {
        return VK_EXIT_OK;
    }
    if (s->state.permission == VK_PERMISSION_REVOKED) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_REFUSED, "the permission was revoked on chain %" PRIu64,
                        s->grant->chain_id);
        return vk_cli_hint(cli, exit,
                           "make a key with another policy, and have it approved: this one cannot "
                           "come back");
    }
    *mode = VK_NONCE_ENABLE;
    return check_approval(cli, s);
}

/* ---- Deployment ---- */

vk_exit vk_send_put_factory(vk_cli *cli, vk_sending *s, const vk_address *factory, vk_bytes data) {
    s->op.factory = *factory;
    if (s->op.entry_point == VK_ENTRY_POINT_0_6) {
        vk_buf_put(&s->factory_data, factory->b, sizeof factory->b);
        vk_buf_put(&s->factory_data, data.data, data.len);
        s->op.init_code = vk_buf_view(&s->factory_data);
        return vk_buf_status(&s->factory_data) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    s->op.has_factory = true;
    s->op.factory_data = data;
    return VK_EXIT_OK;
}

static vk_status find_factory(const vk_grant *grant, vk_address *out, vk_error *err) {
    vk_account account;
    vk_status status =
        vk_account_read(vk_buf_view(&grant->account.factory_data), grant->kernel, &account, err);
    if (status == VK_OK) {
        status = vk_account_factory(&account, out, err);
        vk_account_clear(&account);
    }
    return status;
}

/* Under EIP-7702 its owner lets his address be Kernel, which takes his signature. */
static vk_exit hint_delegation(vk_cli *cli, vk_exit exit, const vk_grant *grant) {
    char code[43];
    vk_address implementation = vk_kernel_implementation(grant->kernel);
    vk_address_text(&implementation, code);
    return vk_cli_hint(cli, exit,
                       "its owner has to delegate the address to %s first (EIP-7702), with his "
                       "wallet",
                       code);
}

static vk_exit fail_deployment(vk_cli *cli, const vk_grant *grant) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                               "the account is not deployed on chain %" PRIu64
                               ", and the grant does not say how",
                               grant->chain_id);
    if (grant->kind == VK_GRANT_THIRDWEB) {
        return exit;
    }
    if (grant->kernel == VK_KERNEL_0_3_3 &&
        vk_address_equal(&grant->root.owner, &grant->account.account)) {
        return hint_delegation(cli, exit, grant);
    }
    return vk_cli_hint(cli, exit,
                       "a token that keeps the account may know: \"valetkey account create "
                       "--help\"; name it with --account-token if it is another");
}

/* A grant for an account by its address knows nothing of factories; the account that a token keeps
 * does. A thirdweb session cannot be the first to act: an admin gives it its permissions. */
static vk_exit find_deployment(vk_cli *cli, vk_sending *s, vk_bytes *data) {
    const vk_grant *grant = s->grant;
    const vk_smart_account like = {.kind = VK_SMART_ACCOUNT_KERNEL,
                                   .kernel = grant->kernel,
                                   .entry_point = grant->entry_point_version,
                                   .account = grant->account.account};
    vk_error err = {0};
    *data = vk_buf_view(&grant->account.factory_data);
    if (data->len > 0 && grant->kind != VK_GRANT_THIRDWEB) {
        vk_status status = find_factory(grant, &s->op.factory, &err);
        return status == VK_OK ? VK_EXIT_OK
                               : vk_cli_fail_with(cli, "the account's factory", status, &err);
    }
    vk_exit exit =
        grant->kind == VK_GRANT_THIRDWEB ? VK_EXIT_OK : vk_account_find_kept(cli, &like, &s->kept);
    if (exit == VK_EXIT_OK && s->kept.account.factory_data.len == 0) {
        exit = fail_deployment(cli, grant);
    }
    s->op.factory = s->kept.account.factory;
    *data = vk_buf_view(&s->kept.account.factory_data);
    return exit;
}

static vk_exit put_factory(vk_cli *cli, vk_sending *s) {
    vk_bytes data;
    if (s->state.is_deployed) {
        return VK_EXIT_OK;
    }
    vk_exit exit = find_deployment(cli, s, &data);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    const vk_address factory = s->op.factory;
    return vk_send_put_factory(cli, s, &factory, data);
}

/* ---- The whole ---- */

vk_exit vk_send_build(vk_cli *cli, vk_sending *s) {
    uint8_t mode;
    s->op.entry_point = s->grant->entry_point_version;
    s->op.sender = s->grant->account.account;
    vk_exit exit = vk_send_calls(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_state(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = choose_mode(cli, s, &mode);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_nonce(cli, s, mode);
    }
    return exit == VK_EXIT_OK ? put_factory(cli, s) : exit;
}

vk_exit vk_send_complete(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_ask_nonce(cli, s, VK_NONCE_DEFAULT);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_price(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_write_request(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_send_check_outbox(cli, s) : exit;
}

/* Appends what the key's signer makes, without the key. */
static vk_status put_stub_part(const vk_sending *s, vk_buf *out) {
    vk_buf stub = {0};
    vk_bytes signer_part;
    vk_status status = vk_permission_stub(s->key.signer.kind, &stub);
    if (status == VK_OK) {
        signer_part = (vk_bytes){stub.data + 1, stub.len - 1};
        vk_grant_session_part(s->grant, signer_part, out);
        status = vk_buf_status(out);
    }
    vk_buf_clear(&stub);
    return status;
}

static vk_status put_stub(const vk_sending *s, vk_buf *out) {
    vk_buf part = {0};
    if (s->as_owner) {
        return vk_root_stub(s->grant->root.kind, out);
    }
    vk_status status = put_stub_part(s, &part);
    if (status == VK_OK) {
        status = vk_grant_attach(s->grant, &s->op, vk_buf_view(&part), out);
    }
    vk_buf_clear(&part);
    return status;
}

vk_exit vk_send_put_stub(vk_cli *cli, vk_sending *s) {
    s->op.signature = s->mode;
    vk_buf_clear(&s->signature);
    vk_status status = put_stub(s, &s->signature);
    s->op.signature = vk_buf_view(&s->signature);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make a stub signature", status);
}
