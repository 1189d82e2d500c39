/* The request that an admin of a thirdweb account signs for a session key. */
#include "cli/approval.h"

#include "cli/thirdweb_request.h"

static vk_exit new_request(vk_cli *cli, vk_approval *a) {
    const vk_rule *session = &a->key.policy.rules[0];
    a->request = (vk_thirdweb_request){.signer = a->key.signer.address,
                                       .target_count = session->u.thirdweb.count,
                                       .targets = session->u.thirdweb.targets,
                                       .native_limit = session->u.thirdweb.native_limit,
                                       .start = session->u.thirdweb.start,
                                       .end = session->u.thirdweb.end};
    vk_request_window(&a->request, VK_REQUEST_SECONDS);
    return vk_request_uid(cli, &a->request.uid);
}

vk_exit vk_approval_request(vk_cli *cli, vk_approval *a) {
    if (vk_opt_flag(cli, VK_OPT_REQUEST)) {
        return vk_request_read(cli, &a->request, &a->targets);
    }
    if (vk_opt_flag(cli, VK_OPT_SIGNATURE)) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                                   "--signature needs the request that was signed: --request FILE");
        return vk_cli_hint(cli, exit, "\"valetkey approve\" writes it with --output FILE");
    }
    return new_request(cli, a);
}
