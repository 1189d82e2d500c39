/* The requests that an admin's operation carries out. */
#include "cli/admin.h"

#include "cli/send_thirdweb.h"
#include "policy/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define ALLOWED (VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT)

static vk_exit sign(vk_cli *cli, const vk_admin_job *job, const vk_thirdweb_request *request,
                    uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_thirdweb_hashes hashes;
    vk_buf signature = {0};
    vk_error err = {0};
    vk_status status = vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, job->about.chain_id,
                                        &job->about.account.account, ALLOWED, &hashes, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "the request cannot be hashed", &err);
    }
    const vk_owner_question question = {
        .root = &job->about.root, .digest = &hashes.digest, .chain_id = job->about.chain_id};
    vk_exit exit = vk_owner_key_sign(job->key, &question, &signature);
    if (exit == VK_EXIT_OK) {
        memcpy(signature65, signature.data, VK_REQUEST_SIGNATURE_LEN);
    }
    vk_buf_clear(&signature);
    return exit;
}

vk_exit vk_admin_sign_request(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *request,
                              uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_exit exit = vk_send_ask_fees(cli, &job->s);
    return exit == VK_EXIT_OK ? sign(cli, job, request, signature65) : exit;
}

/* ---- One that was signed before ---- */

vk_request_stage vk_request_stage_of(const vk_thirdweb_request *request) {
    const vk_u256 now = vk_u256_from_u64((uint64_t)time(NULL));
    if (vk_u256_cmp(&now, &request->request_end) >= 0) {
        return VK_REQUEST_OVER;
    }
    return vk_u256_cmp(&now, &request->request_start) < 0 ? VK_REQUEST_EARLY : VK_REQUEST_OPEN;
}

static vk_exit check_window(vk_cli *cli, const vk_thirdweb_request *request) {
    vk_request_stage stage = vk_request_stage_of(request);
    bool early = stage == VK_REQUEST_EARLY;
    vk_buf bound = {0};
    vk_exit exit = VK_EXIT_OK;
    if (stage != VK_REQUEST_OPEN) {
        vk_put_any_time(&bound, early ? &request->request_start : &request->request_end);
        exit = vk_cli_fail(cli, VK_EXIT_REFUSED, "the request can be carried out %s %.*s only",
                           early ? "from" : "until", (int)bound.len, (const char *)bound.data);
        exit = vk_cli_hint(cli, exit, "have an admin sign a new one");
    }
    vk_buf_clear(&bound);
    return exit;
}

static vk_exit judge(vk_cli *cli, const vk_admin_job *job, vk_thirdweb_fate fate) {
    vk_exit exit = VK_EXIT_OK;
    switch (fate) {
    case VK_THIRDWEB_GOOD:
        break;
    case VK_THIRDWEB_USED:
        exit = vk_cli_fail(cli, VK_EXIT_REFUSED,
                           "the request was carried out on chain %" PRIu64
                           " before, and cannot be again",
                           job->about.chain_id);
        return vk_cli_hint(cli, exit, "have an admin sign a new one");
    case VK_THIRDWEB_NO_ADMIN:
        return vk_cli_fail(cli, VK_EXIT_REFUSED,
                           "who signed the request is no admin of the account on chain %" PRIu64,
                           job->about.chain_id);
    case VK_THIRDWEB_OLD:
        return vk_cli_fail(cli, VK_EXIT_REFUSED,
                           "the account does not know setPermissionsForSigner as thirdweb has it "
                           "since October 2023");
    }
    return exit;
}

/* Nobody can ask an account that is not there; its one admin is known. */
static vk_exit check_undeployed(vk_cli *cli, const vk_admin_job *job,
                                const vk_thirdweb_request *request,
                                const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_thirdweb_hashes hashes;
    vk_address signer;
    vk_status status = vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, job->about.chain_id,
                                        &job->about.account.account, ALLOWED, &hashes, NULL);
    if (!job->is_kept) {
        return VK_EXIT_OK; /* it cannot be deployed, which is said elsewhere */
    }
    bool is_his = status == VK_OK &&
                  vk_ecdsa_recover(&hashes.digest, signature65, &signer) == VK_OK &&
                  vk_address_equal(&signer, &job->account.account.root.owner);
    return judge(cli, job, is_his ? VK_THIRDWEB_GOOD : VK_THIRDWEB_NO_ADMIN);
}

vk_exit vk_admin_check_request(vk_cli *cli, const vk_admin_job *job,
                               const vk_thirdweb_request *request,
                               const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_thirdweb_fate fate = VK_THIRDWEB_GOOD;
    vk_exit exit = check_window(cli, request);
    if (exit == VK_EXIT_OK && !job->s.state.is_deployed) {
        return check_undeployed(cli, job, request, signature65);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_ask_fate(cli, &job->s, request, signature65, &fate);
    }
    return exit == VK_EXIT_OK ? judge(cli, job, fate) : exit;
}

/* ---- Carrying it out ---- */

vk_exit vk_admin_add_request(vk_cli *cli, vk_admin_job *job, const vk_thirdweb_request *request,
                             const uint8_t signature65[VK_REQUEST_SIGNATURE_LEN]) {
    vk_error err = {0};
    job->s.has_request = true;
    job->s.request_end = request->request_end;
    vk_status status =
        vk_thirdweb_set_permissions(request, VK_THIRDWEB_ABI_IS_ADMIN, ALLOWED, signature65,
                                    &job->calls[job->call_count++], &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot make the call", status, &err);
}
