/* The operation of "valetkey send", from the grant and what the chain says of the account. */
#include "cli/send.h"
#include "cli/send_thirdweb.h"

#include "cli/input.h"

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

static vk_exit check_approval(vk_cli *cli, const vk_sending *s) {
    if (!vk_grant_has_approval(s->grant)) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "the account does not have the permission, and the grant "
                                   "carries no approval that would install it");
        return vk_cli_hint(cli, exit, "let the owner approve the key: \"valetkey approve --help\"");
    }
    if (s->state.current_nonce != s->grant->enable_nonce) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                                   "the owner approved with the account's nonce %" PRIu32
                                   ", which is at %" PRIu32 " by now: the approval is good no more",
                                   s->grant->enable_nonce, s->state.current_nonce);
        return vk_cli_hint(cli, exit, "approve it again with --enable-nonce %" PRIu32,
                           s->state.current_nonce);
    }
    return VK_EXIT_OK;
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

/* ---- The nonce ---- */

/* --lane: a number, or a name that stands for one, as in the SDK. */
static vk_exit read_lane(vk_cli *cli, const vk_sending *s, vk_u256 *out) {
    const char *text = vk_opt(cli, VK_OPT_LANE);
    *out = vk_u256_from_u64(0);
    if (text != NULL && vk_u256_read_decimal(text, strlen(text), out) != VK_OK) {
        *out = vk_kernel_custom_key(s->grant->entry_point_version,
                                    (vk_bytes){(const uint8_t *)text, strlen(text)});
    }
    return VK_EXIT_OK;
}

static vk_kernel_nonce nonce_form(const vk_sending *s, uint8_t mode) {
    vk_kernel_nonce form = {.mode = mode};
    if (s->grant->kind == VK_GRANT_PERMISSION && !s->as_owner) {
        form.type = VK_NONCE_PERMISSION;
        memcpy(form.identifier, s->grant->account.permission_id, 4);
    } else {
        form.type = VK_NONCE_ROOT;
        memcpy(form.identifier, s->grant->root.validator.b, sizeof form.identifier);
    }
    return form;
}

vk_exit vk_send_ask_nonce(vk_cli *cli, vk_sending *s, uint8_t mode) {
    const vk_kernel_nonce form = nonce_form(s, mode);
    vk_u256 lane;
    uint8_t key24[24];
    vk_error err = {0};
    vk_exit exit = read_lane(cli, s, &lane);
    if (exit == VK_EXIT_OK && vk_kernel_nonce_key(s->grant->kernel, &form, &lane, key24) != VK_OK) {
        exit = vk_bad_value(cli, VK_OPT_LANE, "a number below 65536, or a name");
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_node_nonce(s->node, &s->grant->entry_point, &s->grant->account.account,
                                     key24, &s->op.nonce, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the nonce", status, &err);
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

static vk_exit put_factory(vk_cli *cli, vk_sending *s) {
    const vk_grant *grant = s->grant;
    vk_bytes data = vk_buf_view(&grant->account.factory_data);
    vk_error err = {0};
    if (s->state.is_deployed) {
        return VK_EXIT_OK;
    }
    if (grant->kind == VK_GRANT_THIRDWEB || data.len == 0) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the account is not deployed on chain %" PRIu64
                           ", and the grant does not say how",
                           grant->chain_id);
    }
    vk_status status = find_factory(grant, &s->op.factory, &err);
    return status == VK_OK ? vk_send_put_factory(cli, s, &s->op.factory, data)
                           : vk_cli_fail_with(cli, "the account's factory", status, &err);
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
    vk_buf_clear(&s->signature);
    vk_status status = put_stub(s, &s->signature);
    s->op.signature = vk_buf_view(&s->signature);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make a stub signature", status);
}
