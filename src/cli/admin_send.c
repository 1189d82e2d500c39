/* The operation by which a thirdweb account calls its own functions. */
#include "cli/admin.h"

#include "cli/thirdweb_request.h"

/* As thirdweb's own package does it: all versions take it, and the account registers with its
 * factory. */
static vk_exit put_calls(vk_cli *cli, vk_admin_job *job) {
    vk_call list[VK_ADMIN_CALLS_MAX] = {{.target = job->s.op.sender}, {.target = job->s.op.sender}};
    const vk_thirdweb_calls calls = {
        .batch = job->call_count > 1, .count = job->call_count, .calls = list};
    for (size_t i = 0; i < job->call_count; i++) {
        list[i].data = vk_buf_view(&job->calls[i]);
    }
    vk_status status = vk_thirdweb_calls_encode(&calls, &job->s.call_data);
    job->s.op.call_data = vk_buf_view(&job->s.call_data);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make the operation", status);
}

static vk_exit build(vk_cli *cli, vk_admin_job *job) {
    vk_exit exit = put_calls(cli, job);
    return exit == VK_EXIT_OK ? vk_send_complete(cli, &job->s) : exit;
}

static vk_exit sign(vk_cli *cli, vk_admin_job *job) {
    vk_sending *s = &job->s;
    const vk_hash digest = vk_thirdweb_userop_digest(&s->hash);
    const vk_owner_question question = {
        .root = &job->about.root, .digest = &digest, .chain_id = job->about.chain_id};
    vk_buf_clear(&s->signature);
    vk_exit exit = vk_owner_key_sign(job->key, &question, &s->signature);
    s->op.signature = vk_buf_view(&s->signature);
    return exit == VK_EXIT_OK && vk_buf_status(&s->signature) != VK_OK ? vk_cli_no_memory(cli)
                                                                       : exit;
}

vk_exit vk_admin_send(vk_cli *cli, vk_admin_job *job) {
    vk_exit exit = build(cli, job);
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return vk_send_say_dry(cli, &job->s, "An admin");
    }
    if (exit == VK_EXIT_OK) {
        exit = sign(cli, job);
    }
    return exit == VK_EXIT_OK ? vk_send_off(cli, &job->s) : exit;
}

/* ---- Before anybody signed ---- */

vk_exit vk_admin_say_request(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *request) {
    vk_out *out = &cli->out;
    bool has_more = job->call_count > 0;
    vk_say(out, "An admin would sign this request, and the operation that %s%s:\n",
           has_more ? "carries out first the one that is pending, and then this" : "carries it out",
           job->s.state.is_deployed ? "" : " and deploys the account");
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "chainId", job->about.chain_id);
    vk_out_address(out, "account", &job->about.account.account);
    vk_out_bool(out, "deployed", job->s.state.is_deployed);
    vk_out_bool(out, "usesUp", has_more);
    vk_exit exit = vk_request_say(cli, request, job->about.chain_id, &job->about.account.account);
    vk_out_close(out, '}');
    return exit;
}
