/* session revoke: the account's owner takes a permission away, by an operation of the account. */
#include "cli/session.h"
#include "cli/session_end.h"

#include <inttypes.h>
#include <valetkey/manage.h>

/* ---- Who may ---- */

static vk_exit fail_no_owner(vk_cli *cli) {
    return vk_cli_fail(cli, VK_EXIT_USAGE,
                       "say which key the account's owner signs with: --owner-key URI");
}

static vk_exit check_grant(vk_cli *cli, const vk_sending *s) {
    const vk_grant *grant = s->grant;
    if (grant->kind != VK_GRANT_PERMISSION) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the key is no permission of the account, so there is none to revoke");
    }
    if (grant->root.kind == VK_ROOT_UNKNOWN) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the account's owner is not known, so nobody can sign for it here");
    }
    return vk_opt_flag(cli, VK_OPT_OWNER_KEY) || vk_opt_flag(cli, VK_OPT_DRY_RUN)
               ? VK_EXIT_OK
               : fail_no_owner(cli);
}

/* ---- The operation ---- */

static vk_exit put_revoke(vk_cli *cli, vk_sending *s) {
    const vk_bytes no_hook = {NULL, 0};
    const vk_grant *grant = s->grant;
    vk_error err = {0};
    vk_bytes enable_data = vk_buf_view(&grant->enable_data);
    vk_status status = vk_manage_check_revoke(&s->state.config, enable_data, &err);
    if (status == VK_OK) {
        status = vk_manage_revoke(&grant->account.account, grant->account.permission_id,
                                  enable_data, no_hook, &s->call_data);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot revoke the permission", status, &err);
}

/* An account takes one step of a few nonces at a time. */
static vk_exit fail_far(vk_cli *cli, const vk_sending *s) {
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_REFUSED,
                    "the approval comes alive at the account's nonce %" PRIu32
                    ", and the account, which is at %" PRIu32 ", takes no step as far as beyond it",
                    s->grant->enable_nonce, s->state.current_nonce);
    return vk_cli_hint(
        cli, exit,
        "revoke it when the account is nearer, which it gets when others are revoked by "
        "nonce; \"valetkey key remove\" takes the key away");
}

/* What is not installed yet is still approved, for now or for later: that dies with the nonce it
 * was approved with. */
static vk_exit put_invalidate(vk_cli *cli, vk_sending *s) {
    if (!s->state.is_deployed) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "the account is not deployed on chain %" PRIu64
                                   ", so there is nothing to revoke yet",
                                   s->grant->chain_id);
        return vk_cli_hint(cli, exit,
                           "the approval stays good for whoever has the key: \"valetkey key "
                           "remove\" takes that away");
    }
    if (vk_send_approval_stage(s) == VK_APPROVAL_OVER) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the permission is not installed, and its approval is good no more: "
                           "there is nothing to revoke");
    }
    if (s->grant->enable_nonce == UINT32_MAX ||
        vk_manage_check_invalidate(s->grant->enable_nonce + 1, s->state.valid_nonce_from,
                                   s->state.current_nonce, NULL) != VK_OK) {
        return fail_far(cli, s);
    }
    vk_manage_invalidate_nonce(s->grant->enable_nonce + 1, &s->call_data);
    return vk_buf_status(&s->call_data) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit put_calls(vk_cli *cli, vk_sending *s) {
    vk_exit exit;
    switch (s->state.permission) {
    case VK_PERMISSION_INSTALLED:
        exit = put_revoke(cli, s);
        break;
    case VK_PERMISSION_REVOKED:
        exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the permission was revoked already");
        break;
    default:
        exit = put_invalidate(cli, s);
    }
    s->op.call_data = vk_buf_view(&s->call_data);
    return exit;
}

static vk_exit build(vk_cli *cli, vk_sending *s) {
    s->op.entry_point = s->grant->entry_point_version;
    s->op.sender = s->grant->account.account;
    vk_exit exit = vk_send_ask_state(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = put_calls(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_send_complete(cli, s) : exit;
}

/* ---- Signed and sent ---- */

/* An address signs the EIP-191 hash; of a passkey's assertion the challenge is the hash itself. */
static vk_exit sign(vk_cli *cli, vk_sending *s) {
    vk_owner_key key;
    const vk_root *root = &s->grant->root;
    const vk_hash digest = root->kind == VK_ROOT_PASSKEY ? s->hash : vk_eip191_hash(&s->hash);
    const vk_owner_question question = {
        .root = root, .digest = &digest, .chain_id = s->grant->chain_id};
    vk_exit exit = vk_owner_key_open(cli, vk_opt(cli, VK_OPT_OWNER_KEY), VK_OWNER_SIGN, &key);
    vk_buf_clear(&s->signature);
    if (exit == VK_EXIT_OK) {
        exit = vk_owner_key_sign(&key, &question, &s->signature);
    }
    vk_owner_key_close(&key);
    s->op.signature = vk_buf_view(&s->signature);
    return exit;
}

static vk_exit revoke_permission(vk_cli *cli, vk_sending *s) {
    vk_exit exit = check_grant(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_connect(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = build(cli, s);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return vk_send_say_dry(cli, s, "The owner");
    }
    if (exit == VK_EXIT_OK) {
        exit = sign(cli, s);
    }
    return exit == VK_EXIT_OK ? vk_send_off(cli, s) : exit;
}

static vk_exit revoke(vk_cli *cli, vk_admin_job *job) {
    vk_exit exit = vk_send_choose_grant(cli, &job->s);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return job->s.grant->kind == VK_GRANT_THIRDWEB ? vk_session_end_thirdweb(cli, job, job->s.grant)
                                                   : revoke_permission(cli, &job->s);
}

vk_exit vk_cmd_session_revoke(vk_cli *cli) {
    vk_admin_job job = {.s = {.as_owner = true}};
    vk_exit exit = VK_EXIT_OK;
    if (!vk_admin_is_asked(cli) && !vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return fail_no_owner(cli);
    }
    exit = vk_send_read_caps(cli, &job.s);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin(cli, false);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job.s.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = revoke(cli, &job);
    }
    vk_admin_clear(&job);
    return exit;
}
