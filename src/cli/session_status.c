/* session status: what the chain says of a key's grants, beside what the token has counted. */
#include "cli/session_status.h"

#include "cli/input.h"
#include "cli/session.h"
#include "cli/session_set.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct status_job {
    vk_sending s; /* the key, one grant after the other, its node */
    vk_u256 balance, deposit;
    vk_grant_state counted;
} status_job;

/* ---- Asking ---- */

static vk_exit ask_account(vk_cli *cli, status_job *job) {
    vk_sending *s = &job->s;
    const vk_grant *grant = s->grant;
    const vk_address *account = &grant->account.account;
    vk_error err = {0};
    vk_exit exit = vk_send_ask_state(cli, s);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_node_balance(s->node, account, &job->balance, &err);
    if (status == VK_OK) {
        status = vk_node_deposit(s->node, &grant->entry_point, account, &job->deposit, &err);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the account", status, &err);
}

/* ---- Saying ---- */

static const char *approval_words(const vk_sending *s) {
    switch (vk_send_approval_stage(s)) {
    case VK_APPROVAL_GOOD:
        return "not installed: the first operation brings the owner's approval along";
    case VK_APPROVAL_EARLY:
        return "not installed, and the owner's approval comes alive at a later nonce of the "
               "account: \"valetkey session revoke\" takes it back";
    case VK_APPROVAL_OVER:
        break;
    }
    return "not installed, and the owner's approval is good no more";
}

static const char *permission_words(const status_job *job) {
    const vk_sending *s = &job->s;
    switch (s->state.permission) {
    case VK_PERMISSION_INSTALLED:
        return "installed";
    case VK_PERMISSION_REVOKED:
        return "revoked: it cannot come back under this id";
    default:
        return !vk_grant_has_approval(s->grant) ? "not installed, and the grant has no approval"
                                                : approval_words(s);
    }
}

static const char *permission_name(vk_permission_state state) {
    return state == VK_PERMISSION_INSTALLED ? "installed"
           : state == VK_PERMISSION_REVOKED ? "revoked"
                                            : "absent";
}

static void put_wei(vk_out *out, const char *name, const vk_u256 *wei) {
    char text[79];
    vk_u256_decimal(wei, text);
    vk_out_text(out, name, text);
}

static void say_permission(vk_out *out, const status_job *job) {
    const vk_sending *s = &job->s;
    if (s->grant->kind != VK_GRANT_PERMISSION) {
        return;
    }
    vk_say_field(out, "permission", "%s", permission_words(job));
    vk_out_text(out, "permission", permission_name(s->state.permission));
    vk_out_u64(out, "currentNonce", s->state.current_nonce);
    vk_out_u64(out, "enableNonce", s->grant->enable_nonce);
}

static vk_exit say_session(vk_cli *cli, const status_job *job) {
    vk_out *out = &cli->out;
    const vk_sending *s = &job->s;
    char account[43], balance[82], deposit[82];
    vk_exit exit = VK_EXIT_OK;
    vk_address_text(&s->grant->account.account, account);
    vk_u256_scaled(&job->balance, 18, balance);
    vk_u256_scaled(&job->deposit, 18, deposit);
    vk_say(out, "%s  %s on chain %" PRIu64 "\n", s->key.label, account, s->grant->chain_id);
    vk_say_field(out, "account", "%s, %s ether, and %s at the EntryPoint",
                 s->state.is_deployed ? "deployed" : "not deployed yet", balance, deposit);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "label", s->key.label);
    vk_out_text(out, "kind", vk_grant_kind_text(s->grant->kind));
    vk_out_u64(out, "chainId", s->grant->chain_id);
    vk_out_text(out, "account", account);
    vk_out_bool(out, "deployed", s->state.is_deployed);
    put_wei(out, "balance", &job->balance);
    put_wei(out, "deposit", &job->deposit);
    say_permission(out, job);
    /* Of another kind of grant no contract counts. */
    if (s->grant->kind == VK_GRANT_PERMISSION) {
        exit = vk_session_status_rules(cli, s, job->counted.rules);
    }
    if (s->grant->kind == VK_GRANT_THIRDWEB) {
        exit = vk_session_set_say(cli, s);
    }
    vk_out_close(out, '}');
    return exit;
}

/* ---- One grant after the other ---- */

static void close_chain(vk_sending *s) {
    vk_node_close(s->node);
    s->node = NULL;
    vk_chain_config_clear(&s->config);
    s->state = (vk_account_state){.is_deployed = false};
}

static vk_exit report_grant(vk_cli *cli, status_job *job) {
    vk_exit exit = vk_send_open_node(cli, &job->s);
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_state_read(cli, &job->s.key, job->s.grant, &job->counted);
    }
    if (exit == VK_EXIT_OK) {
        exit = ask_account(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = say_session(cli, job);
    }
    free(job->counted.rules);
    job->counted.rules = NULL;
    close_chain(&job->s);
    return exit;
}

static vk_exit report(vk_cli *cli, status_job *job) {
    vk_sending *s = &job->s;
    vk_grant_choice choice;
    size_t count = 0;
    vk_exit exit = vk_grants_load(cli, &s->key, &s->grants);
    if (exit == VK_EXIT_OK) {
        exit = vk_grant_choice_read(cli, &choice);
    }
    vk_out_open(&cli->out, NULL, '{');
    vk_out_open(&cli->out, "sessions", '[');
    for (size_t i = 0; i < s->grants.count && exit == VK_EXIT_OK; i++) {
        if (vk_grant_is_chosen(&s->grants.list[i], &choice)) {
            s->grant = &s->grants.list[i];
            exit = report_grant(cli, job);
            count++;
        }
    }
    vk_out_close(&cli->out, ']');
    vk_out_close(&cli->out, '}');
    if (exit == VK_EXIT_OK && count == 0) {
        exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no such grant", s->key.label);
        return vk_cli_hint(cli, exit, "\"valetkey key show\" lists its grants");
    }
    return exit;
}

vk_exit vk_cmd_session_status(vk_cli *cli) {
    status_job job = {.s = {.grant = NULL}};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job.s.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = report(cli, &job);
    }
    vk_sending_clear(&job.s);
    return exit;
}
