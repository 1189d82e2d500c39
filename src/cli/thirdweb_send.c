#include "cli/thirdweb_send.h"

#include "cli/session_end.h"
#include "cli/thirdweb_request.h"

#include <inttypes.h>

vk_exit vk_request_is_sent(vk_cli *cli, bool or_dry, bool *out) {
    static const vk_option with[] = {VK_OPT_ACCOUNT_TOKEN, VK_OPT_CHAINS,  VK_OPT_PAYMASTER,
                                     VK_OPT_LANE,          VK_OPT_MAX_FEE, VK_OPT_MAX_COST,
                                     VK_OPT_WAIT,          VK_OPT_TIMEOUT};
    *out = vk_admin_is_asked(cli) || (or_dry && vk_opt_flag(cli, VK_OPT_DRY_RUN));
    for (size_t i = 0; i < sizeof with / sizeof with[0] && !*out; i++) {
        if (vk_opt_flag(cli, with[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE,
                               "--%s is for a request that is sent: give the admin's --owner-key "
                               "URI",
                               vk_opt_name(with[i]));
        }
    }
    return *out && vk_opt_flag(cli, VK_OPT_OUTPUT)
               ? vk_cli_fail(cli, VK_EXIT_USAGE,
                             "--output is for what others are to sign or to send; --owner-key does "
                             "it at once")
               : VK_EXIT_OK;
}

/* ---- What there is to do ---- */

static bool is_first_admin(const vk_admin_job *job) {
    return !job->s.state.is_deployed &&
           vk_address_equal(&job->s.key.signer.address, &job->account.account.root.owner);
}

static vk_exit check_add_admin(vk_cli *cli, const vk_admin_job *job) {
    return job->s.thirdweb.is_admin || is_first_admin(job)
               ? vk_cli_fail(cli, VK_EXIT_INPUT,
                             "the signer is an admin of the account on chain %" PRIu64 " already",
                             job->about.chain_id)
               : VK_EXIT_OK;
}

/* Nobody could make another one. */
static vk_exit check_not_last(vk_cli *cli, const vk_admin_job *job) {
    vk_error err = {0};
    size_t count = 1;
    vk_status status = VK_OK;
    if (job->s.state.is_deployed) {
        status = vk_node_thirdweb_admins(job->s.node, &job->about.account.account, &count, &err);
    }
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the account's admins", status, &err);
    }
    if (count > 1) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                               "this is the account's only admin on chain %" PRIu64
                               ": nobody could do anything with the account any more",
                               job->about.chain_id);
    return vk_cli_hint(cli, exit, "\"valetkey thirdweb add-admin\" comes first");
}

static vk_exit check_remove_admin(vk_cli *cli, const vk_admin_job *job) {
    if (!job->s.thirdweb.is_admin && !is_first_admin(job)) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the signer is no admin of the account on chain %" PRIu64
                           ": there is nothing to remove",
                           job->about.chain_id);
    }
    return check_not_last(cli, job);
}

static vk_exit check_remove_session(vk_cli *cli, const vk_admin_job *job) {
    return vk_session_check_end(cli, job, false);
}

const vk_request_kind vk_request_add_admin = {
    vk_thirdweb_add_admin, "make an admin, who may do everything, of", check_add_admin};
const vk_request_kind vk_request_remove_admin = {
    vk_thirdweb_remove_admin, "take the admin's rights from", check_remove_admin};
const vk_request_kind vk_request_remove_session = {vk_thirdweb_remove_session, "end the session of",
                                                   check_remove_session};

/* ---- Doing it ---- */

static vk_exit sign_and_send(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *request) {
    uint8_t signature65[VK_REQUEST_SIGNATURE_LEN];
    vk_exit exit = vk_admin_open_key(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_sign_request(cli, job, request, signature65);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_add_request(cli, job, request, signature65);
    }
    return exit == VK_EXIT_OK ? vk_admin_send(cli, job) : exit;
}

vk_exit vk_request_send_new(vk_cli *cli, vk_admin_job *job, const vk_request_kind *kind) {
    vk_hash uid;
    vk_exit exit = vk_admin_of_account(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_connect(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_state(cli, &job->s);
    }
    if (exit == VK_EXIT_OK) {
        exit = kind->check(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_request_uid(cli, &uid);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_thirdweb_request request = kind->make(&job->s.key.signer.address, 0, &uid);
    vk_request_window(&request, VK_REQUEST_AT_ONCE_SECONDS);
    return vk_opt_flag(cli, VK_OPT_DRY_RUN) ? vk_admin_say_request(cli, job, &request)
                                            : sign_and_send(cli, job, &request);
}

vk_exit vk_request_send_signed(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *request,
                               const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_exit exit = vk_admin_connect(cli, job);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check_request(cli, job, request, signature65);
    }
    if (exit == VK_EXIT_OK && !vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        exit = vk_admin_open_key(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_check(cli, job);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_add_request(cli, job, request, signature65);
    }
    return exit == VK_EXIT_OK ? vk_admin_send(cli, job) : exit;
}
