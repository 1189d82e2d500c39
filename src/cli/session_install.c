/* session install: what an admin of a thirdweb account approved is put on its chain. */
#include "cli/session_install.h"

#include "cli/send_thirdweb.h"
#include "cli/session.h"

#include <inttypes.h>

/* ---- What is there ---- */

static vk_exit check_grant(vk_cli *cli, const vk_grant *grant) {
    if (grant->kind == VK_GRANT_THIRDWEB) {
        return grant->account.pre_installed
                   ? vk_cli_fail(cli, VK_EXIT_USAGE,
                                 "the grant says that the account has the session already: there "
                                 "is no request to carry out")
                   : VK_EXIT_OK;
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE,
                       "there is nothing to install: the approval of a Kernel account comes along "
                       "with the session's first operation");
}

/* What is to be done is done already. */
static bool is_there(const vk_admin_job *job, const vk_grant *grant) {
    const vk_thirdweb_permission there = vk_send_thirdweb_permission(&job->s),
                                 wanted = vk_thirdweb_permission_of(&grant->request);
    return job->s.state.is_deployed && vk_thirdweb_is_same(&there, &wanted);
}

static void say_there(vk_cli *cli, const vk_admin_job *job) {
    char account[43];
    vk_out *out = &cli->out;
    vk_address_text(&job->about.account.account, account);
    vk_say(out, "The account %s on chain %" PRIu64 " has the session already: nothing was sent.\n",
           account, job->about.chain_id);
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "chainId", job->about.chain_id);
    vk_out_text(out, "account", account);
    vk_out_bool(out, "sent", false);
    vk_out_close(out, '}');
}

static vk_exit check_no_admin(vk_cli *cli, const vk_admin_job *job) {
    return job->s.thirdweb.is_admin
               ? vk_cli_fail(cli, VK_EXIT_REFUSED,
                             "the key is an admin of the account on chain %" PRIu64
                             ", who cannot have a session",
                             job->about.chain_id)
               : VK_EXIT_OK;
}

/* ---- Putting it there ---- */

static vk_exit put_request(vk_cli *cli, vk_admin_job *job, const vk_grant *grant) {
    const uint8_t *signature = grant->account.enable_signature.data;
    vk_exit exit = check_no_admin(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check_request(cli, job, &grant->request, signature);
    }
    if (exit == VK_EXIT_OK && job->key == NULL && !vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        exit = vk_admin_open_key(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_add_request(cli, job, &grant->request, signature);
    }
    return exit == VK_EXIT_OK ? vk_admin_send(cli, job) : exit;
}

vk_exit vk_session_install(vk_cli *cli, vk_admin_job *job, const vk_grant *grant) {
    vk_exit exit = vk_admin_of_grant(cli, grant, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_connect(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_state(cli, &job->s);
    }
    if (exit == VK_EXIT_OK && is_there(job, grant)) {
        say_there(cli, job);
        return VK_EXIT_OK;
    }
    return exit == VK_EXIT_OK ? put_request(cli, job, grant) : exit;
}

static vk_exit install(vk_cli *cli, vk_admin_job *job) {
    vk_exit exit = vk_send_choose_grant(cli, &job->s);
    if (exit == VK_EXIT_OK) {
        exit = check_grant(cli, job->s.grant);
    }
    return exit == VK_EXIT_OK ? vk_session_install(cli, job, job->s.grant) : exit;
}

vk_exit vk_cmd_session_install(vk_cli *cli) {
    vk_admin_job job = {.key = NULL};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_select(cli, CKO_PUBLIC_KEY, &job.s.key);
    }
    if (exit == VK_EXIT_OK) {
        exit = install(cli, &job);
    }
    vk_admin_clear(&job);
    return exit;
}
