/* session revoke, of a thirdweb account: an admin leaves the key without any permission. */
#include "cli/session_end.h"

#include "cli/send_thirdweb.h"
#include "cli/thirdweb_request.h"
#include "policy/text.h"

#include <inttypes.h>

/* ---- What there is to end ---- */

/* Whoever has the request of an approval may still carry it out, until it ends: *out says when;
 * VK_REQUEST_OVER if he cannot. */
static vk_exit ask_pending(vk_cli *cli, const vk_admin_job *job, const vk_grant *grant,
                           vk_request_stage *out) {
    vk_request_stage stage = vk_request_stage_of(&grant->request);
    vk_thirdweb_fate fate = VK_THIRDWEB_USED;
    *out = VK_REQUEST_OVER;
    if (!job->s.state.is_deployed || grant->account.pre_installed || stage == VK_REQUEST_OVER) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_send_ask_fate(cli, &job->s, &grant->request,
                                    grant->account.enable_signature.data, &fate);
    if (exit == VK_EXIT_OK && fate == VK_THIRDWEB_GOOD) {
        *out = stage;
    }
    return exit;
}

static vk_exit fail_undeployed(vk_cli *cli, const vk_admin_job *job) {
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                               "the account is not deployed on chain %" PRIu64
                               ", so there is nothing to revoke yet",
                               job->about.chain_id);
    return vk_cli_hint(cli, exit,
                       "the admin's request stays good until it ends, for whoever has it and the "
                       "key: \"valetkey key remove\" takes the key away");
}

vk_exit vk_session_check_end(vk_cli *cli, const vk_admin_job *job, bool has_more) {
    if (!job->s.state.is_deployed) {
        return fail_undeployed(cli, job);
    }
    if (job->s.thirdweb.is_admin) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                                   "the signer is an admin of the account on chain %" PRIu64
                                   ", whose session cannot be changed",
                                   job->about.chain_id);
        return vk_cli_hint(cli, exit, "\"valetkey thirdweb remove-admin\" comes first");
    }
    return has_more || job->s.thirdweb.session.target_count > 0
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                             "the account has no session of the signer on chain %" PRIu64
                             ": there is nothing to revoke",
                             job->about.chain_id);
}

/* ---- What is to come ---- */

static void put_start(vk_buf *out, const vk_grant *grant) {
    vk_put_any_time(out, &grant->request.request_start);
}

/* What nobody can carry out yet cannot be used up. */
static vk_exit fail_early(vk_cli *cli, const vk_admin_job *job, const vk_grant *grant) {
    vk_buf start = {0};
    put_start(&start, grant);
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_REFUSED,
                    "the account has no session of the signer on chain %" PRIu64
                    " yet, but whoever has the admin's request can set it from %.*s on, and the "
                    "account lets nobody use that up before",
                    job->about.chain_id, (int)start.len, (const char *)start.data);
    vk_buf_clear(&start);
    return vk_cli_hint(cli, exit,
                       "revoke it then, or have the admin removed who signed it (\"valetkey "
                       "thirdweb remove-admin\"); \"valetkey key remove\" takes the key away");
}

static void warn_early(const vk_grant *grant) {
    vk_buf start = {0};
    put_start(&start, grant);
    vk_cli_warn("this ends the session that is there, but whoever has the admin's request can set "
                "it again from %.*s on: revoke it once more then, or have the admin removed who "
                "signed it",
                (int)start.len, (const char *)start.data);
    vk_buf_clear(&start);
}

/* ---- The operation ---- */

static vk_exit new_request(vk_cli *cli, const vk_address *signer, vk_thirdweb_request *out) {
    vk_hash uid;
    vk_exit exit = vk_request_uid(cli, &uid);
    *out = vk_thirdweb_remove_session(signer, 0, &uid);
    vk_request_window(out, VK_REQUEST_AT_ONCE_SECONDS);
    return exit;
}

static vk_exit put_removal(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *removal) {
    uint8_t signature65[VK_REQUEST_SIGNATURE_LEN];
    vk_exit exit = vk_admin_sign_request(cli, job, removal, signature65);
    return exit == VK_EXIT_OK ? vk_admin_add_request(cli, job, removal, signature65) : exit;
}

/* A request that is still pending is carried out first: so it is used up. */
static vk_exit end(vk_cli *cli, vk_admin_job *job, const vk_grant *grant, bool is_pending) {
    vk_thirdweb_request removal;
    vk_exit exit = new_request(cli, &job->s.key.signer.address, &removal);
    if (exit == VK_EXIT_OK && is_pending) {
        exit =
            vk_admin_add_request(cli, job, &grant->request, grant->account.enable_signature.data);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return vk_admin_say_request(cli, job, &removal);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_open_key(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = put_removal(cli, job, &removal);
    }
    return exit == VK_EXIT_OK ? vk_admin_send(cli, job) : exit;
}

/* What is there goes; what is to come stays, which is no success. */
static vk_exit end_for_now(vk_cli *cli, vk_admin_job *job, const vk_grant *grant) {
    if (job->s.thirdweb.session.target_count == 0) {
        return fail_early(cli, job, grant);
    }
    warn_early(grant);
    vk_exit exit = end(cli, job, grant, false);
    return exit == VK_EXIT_OK ? VK_EXIT_REFUSED : exit;
}

vk_exit vk_session_end_thirdweb(vk_cli *cli, vk_admin_job *job, const vk_grant *grant) {
    vk_request_stage pending = VK_REQUEST_OVER;
    vk_exit exit = vk_admin_of_grant(cli, grant, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_connect(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_state(cli, &job->s);
    }
    if (exit == VK_EXIT_OK) {
        exit = ask_pending(cli, job, grant, &pending);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_session_check_end(cli, job, pending != VK_REQUEST_OVER);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return pending == VK_REQUEST_EARLY ? end_for_now(cli, job, grant)
                                       : end(cli, job, grant, pending == VK_REQUEST_OPEN);
}
