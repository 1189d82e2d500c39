/*
 * Kind verdict: a case of the recorded verdicts, without its verdicts: a session on a Kernel
 * account, and a history of operations and ERC-1271 checks. The answer has one verdict a step. The
 * account's state goes on as the chain carries it: by what the chain accepts, also where a
 * hardening rule would have refused to sign it.
 *
 * Members that only tell how the case was made or what became of it are ignored.
 */
#include "batch/in_case.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"id",
                                      "kernelVersion",
                                      "entryPointVersion",
                                      "entryPoint",
                                      "chainId",
                                      "account",
                                      "permissionId",
                                      "flag",
                                      "signer",
                                      "policies",
                                      "steps",
                                      "installTimestamp",
                                      "installed",
                                      "installReason",
                                      "enableData",
                                      "enableDataHash",
                                      "install",
                                      "enable",
                                      "selector",
                                      "syntheticDeployment",
                                      "hardening",
                                      NULL};
static const char *const step_members[] = {
    "kind", "timestamp", "blockNumber",  "userOp",  "userOpHash", "enableMode", "caller",
    "hash", "signature", "signedDigest", "verdict", "variant",    "canonical",  NULL};

static vk_verdict_moment read_moment(const vk_in *step) {
    return (vk_verdict_moment){.time = vk_in_u64(step, "timestamp", UINT64_MAX),
                               .has_block = vk_in_has(step, "blockNumber"),
                               .block = vk_in_u64_or(step, "blockNumber", UINT64_MAX, 0)};
}

static void judge_operation(const vk_in *step, vk_verdict_account *account,
                            vk_verdict_answer *answer) {
    vk_userop op;
    vk_verdict_moment when = read_moment(step);
    vk_in_case_operation(step, account->entry_point_version, &account->account, &op, answer);
    if (vk_in_status(step) == VK_OK && answer->rule[0] == '\0') {
        vk_in_check(step, NULL, vk_verdict_operation(account, &op, &when, answer));
    }
    vk_userop_clear(&op);
}

static void judge_message(const vk_in *step, const vk_verdict_account *account,
                          vk_verdict_answer *answer) {
    vk_verdict_moment when = read_moment(step);
    vk_verdict_message message = {.caller = vk_in_address(step, "caller"),
                                  .hash = vk_in_hash(step, "hash"),
                                  .signature = vk_in_bytes(step, "signature")};
    if (vk_in_status(step) == VK_OK) {
        vk_in_check(step, NULL, vk_verdict_signature(account, &message, &when, answer));
    }
}

static void judge_step(const vk_in *step, vk_verdict_account *account, vk_reply *reply) {
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

vk_status vk_batch_verdict(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    size_t count;
    vk_verdict_account account;
    vk_in_only(in, members);
    vk_in steps = vk_in_list(in, "steps", &count);
    vk_in_case_account(in, count, &account);
    vk_reply_array(reply, "steps");
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in step = vk_in_element(&steps, i);
        judge_step(&step, &account, reply);
    }
    vk_reply_array_end(reply);
    return vk_in_status(in);
}
