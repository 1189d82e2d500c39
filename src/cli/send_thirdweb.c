/* What a thirdweb account gives the key, as its chain has it. */
#include "cli/send_thirdweb.h"

#include <inttypes.h>
#include <time.h>

vk_exit vk_send_ask_fate(vk_cli *cli, const vk_sending *s, const vk_thirdweb_request *request,
                         const uint8_t signature65[65], vk_thirdweb_fate *out) {
    vk_error err = {0};
    vk_status status = vk_node_thirdweb_request(s->node, &s->grant->account.account, request,
                                                signature65, out, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the request", status, &err);
}

/* ---- Is there a session? ---- */

static vk_exit hint_install(vk_cli *cli, vk_exit exit, const vk_sending *s) {
    return vk_cli_hint(cli, exit,
                       "put it there: \"valetkey session install --label %s --chain-id %" PRIu64
                       " --owner-key URI\"",
                       s->key.label, s->grant->chain_id);
}

static vk_exit fail_undeployed(vk_cli *cli, const vk_sending *s) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                               "the account is not deployed on chain %" PRIu64
                               ", so the session is not there yet",
                               s->grant->chain_id);
    return s->grant->account.pre_installed ? exit : hint_install(cli, exit, s);
}

static vk_exit fail_removed(vk_cli *cli, const vk_sending *s) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                               "the account has no session of the key on chain %" PRIu64
                               ": it was removed, or its request came to nothing",
                               s->grant->chain_id);
    return vk_cli_hint(cli, exit, "make another session: \"valetkey session create --help\"");
}

/* Nothing is set: has the request still to be carried out? */
static vk_exit fail_absent(vk_cli *cli, const vk_sending *s) {
    const vk_grant *grant = s->grant;
    vk_thirdweb_fate fate = VK_THIRDWEB_USED;
    vk_error err = {0};
    vk_status status = VK_OK;
    if (!grant->account.pre_installed) {
        status = vk_node_thirdweb_request(s->node, &grant->account.account, &grant->request,
                                          grant->account.enable_signature.data, &fate, &err);
    }
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the session", status, &err);
    }
    if (fate != VK_THIRDWEB_GOOD) {
        return fail_removed(cli, s);
    }
    vk_exit exit = vk_cli_fail(
        cli, VK_EXIT_NOT_FOUND,
        "the session that the admin approved is not on chain %" PRIu64 " yet", grant->chain_id);
    return hint_install(cli, exit, s);
}

vk_exit vk_send_check_session(vk_cli *cli, const vk_sending *s) {
    const vk_thirdweb_state *state = &s->thirdweb;
    if (!state->is_deployed) {
        return fail_undeployed(cli, s);
    }
    return state->is_admin || state->session.target_count > 0 ? VK_EXIT_OK : fail_absent(cli, s);
}

/* ---- Does it allow this? ---- */

static bool lists_all(const vk_thirdweb_permission *a, const vk_thirdweb_permission *b) {
    for (size_t i = 0; i < b->target_count; i++) {
        size_t at = 0;
        while (at < a->target_count && !vk_address_equal(&a->targets[at], &b->targets[i])) {
            at++;
        }
        if (at == a->target_count) {
            return false;
        }
    }
    return true;
}

bool vk_thirdweb_is_same(const vk_thirdweb_permission *a, const vk_thirdweb_permission *b) {
    return a->is_admin == b->is_admin && lists_all(a, b) && lists_all(b, a) &&
           vk_u256_cmp(&a->native_limit, &b->native_limit) == 0 &&
           vk_u256_cmp(&a->start, &b->start) == 0 && vk_u256_cmp(&a->end, &b->end) == 0;
}

vk_thirdweb_permission vk_send_thirdweb_permission(const vk_sending *s) {
    const vk_thirdweb_state *state = &s->thirdweb;
    return (vk_thirdweb_permission){.is_admin = state->is_admin,
                                    .target_count = state->session.target_count,
                                    .targets = state->session.targets,
                                    .native_limit = state->session.native_limit,
                                    .start = state->session.start,
                                    .end = state->session.end};
}

/* The account does not know the token's hardening rules. */
vk_exit vk_send_check_thirdweb(vk_cli *cli, const vk_sending *s) {
    const vk_verdict_request request = {.op = &s->op,
                                        .chain_id = s->grant->chain_id,
                                        .now = (uint64_t)time(NULL),
                                        .relaxed = ~(vk_hardening_set)0};
    if (s->grant->kind != VK_GRANT_THIRDWEB || vk_opt_flag(cli, VK_OPT_USEROP)) {
        return VK_EXIT_OK;
    }
    const vk_thirdweb_permission permission = vk_send_thirdweb_permission(s);
    vk_verdict verdict;
    vk_status status = vk_thirdweb_evaluate(&permission, &request, &verdict);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot judge the operation", status);
    }
    vk_exit exit = VK_EXIT_OK;
    if (!verdict.allowed) {
        exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                           "the account would not take it from the key on chain %" PRIu64 ": %s",
                           s->grant->chain_id, verdict.reason);
        exit = vk_cli_hint(cli, exit,
                           "an admin gave the key other permissions than its policy has: see "
                           "\"valetkey session status\"");
    }
    vk_verdict_clear(&verdict);
    return exit;
}
