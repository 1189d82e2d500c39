/*
 * Kind thirdweb_verdict: a case of the recorded verdicts, without its verdicts: a thirdweb account,
 * the requests that its admins signed, applied in order, and a history of operations and ERC-1271
 * checks. The answer has one verdict a step, as of the kind verdict. Who signed is found out from
 * the signature; an admin may do everything.
 */
#include "batch/in_case.h"
#include "batch/in_thirdweb.h"
#include "batch/kinds.h"
#include "batch/thirdweb_account.h"

#include <string.h>

static const char *const members[] = {"id",         "accountType", "factory", "entryPointVersion",
                                      "entryPoint", "chainId",     "account", "admin",
                                      "signer",     "requests",    "steps",   "hardening",
                                      NULL};
static const char *const request_members[] = {"request",   "timestamp", "digest",
                                              "signature", "verdict",   NULL};
static const char *const step_members[] = {
    "kind",      "timestamp",    "userOp",  "userOpHash", "signedBy",  "caller", "hash",
    "signature", "signedDigest", "verdict", "variant",    "canonical", NULL};

static void read_request(const vk_in *element, vk_thirdweb_account *account) {
    vk_in_only(element, request_members);
    vk_in object = vk_in_object(element, "request");
    vk_thirdweb_request request = vk_in_thirdweb_request(&object, VK_THIRDWEB_ABI_IS_ADMIN);
    uint64_t now = vk_in_u64(element, "timestamp", UINT64_MAX);
    vk_bytes signature = vk_in_bytes(element, "signature");
    if (vk_in_status(element) == VK_OK) {
        vk_in_check(element, "request",
                    vk_thirdweb_account_request(account, &request, signature, now));
    }
}

static void read_account(const vk_in *in, size_t step_count, vk_thirdweb_account *out) {
    size_t count;
    *out = (vk_thirdweb_account){.chain_id = vk_in_u64(in, "chainId", UINT64_MAX),
                                 .account = vk_in_address(in, "account")};
    out->entry_point_version = vk_in_entry_point(in, &out->entry_point);
    vk_in admin = vk_in_object(in, "admin"), requests = vk_in_list(in, "requests", &count);
    vk_address first = vk_in_address(&admin, "address");
    out->signers = vk_in_alloc(in, (count + 1) * sizeof *out->signers);
    out->uids = vk_in_alloc(in, (count + 1) * sizeof *out->uids);
    out->lanes.lanes = vk_in_alloc(in, (step_count + 1) * sizeof *out->lanes.lanes);
    out->relaxed = vk_in_hardening(in);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_thirdweb_account_admin(out, &first);
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in element = vk_in_element(&requests, i);
        read_request(&element, out);
    }
}

static void judge_operation(const vk_in *step, vk_thirdweb_account *account,
                            vk_verdict_answer *answer) {
    vk_userop op;
    uint64_t now = vk_in_u64(step, "timestamp", UINT64_MAX);
    vk_in_case_operation(step, account->entry_point_version, &account->account, &op, answer);
    if (vk_in_status(step) == VK_OK && answer->rule[0] == '\0') {
        vk_in_check(step, NULL, vk_thirdweb_account_operation(account, &op, now, answer));
    }
    vk_userop_clear(&op);
}

static void judge_message(const vk_in *step, const vk_thirdweb_account *account,
                          vk_verdict_answer *answer) {
    vk_address caller = vk_in_address(step, "caller");
    vk_hash hash = vk_in_hash(step, "hash");
    vk_bytes signature = vk_in_bytes(step, "signature");
    uint64_t now = vk_in_u64(step, "timestamp", UINT64_MAX);
    if (vk_in_status(step) == VK_OK) {
        vk_in_check(step, NULL,
                    vk_thirdweb_account_message(account, &caller, &hash, signature, now, answer));
    }
}

static void judge_step(const vk_in *step, vk_thirdweb_account *account, vk_reply *reply) {
    vk_verdict_answer answer = {.accept = false};
    vk_in_only(step, step_members);
    if (!vk_in_has(step, "kind")) {
        judge_operation(step, account, &answer);
    } else if (strcmp(vk_in_text(step, "kind"), "erc1271") == 0) {
        judge_message(step, account, &answer);
    } else {
        vk_in_fail(step, "kind", VK_ERR_UNSUPPORTED,
                   "\"kind\" must be \"erc1271\", or absent for an operation");
    }
    vk_reply_verdict(reply, &answer);
}

vk_status vk_batch_thirdweb_verdict(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    size_t count;
    vk_thirdweb_account account;
    vk_in_only(in, members);
    vk_in steps = vk_in_list(in, "steps", &count);
    read_account(in, count, &account);
    vk_reply_array(reply, "steps");
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in step = vk_in_element(&steps, i);
        judge_step(&step, &account, reply);
    }
    vk_reply_array_end(reply);
    return vk_in_status(in);
}
