/*
 * Reading a case of the recorded verdicts (policy-verdicts/1): a session, and the steps that were
 * played on its account.
 */
#ifndef VK_BATCH_IN_CASE_H
#define VK_BATCH_IN_CASE_H

#include "batch/reply.h"
#include "batch/verdict_account.h"

/*
 * "policies" of a case: type (sudo, call, gas, timestamp, signature, ratelimit, ratelimit-reset),
 * flag, version, address, data (which must be what the others give), and the parameters. Never
 * NULL; after a fault it is empty.
 */
const vk_policy *vk_in_case_policies(const vk_in *in);
/* "signer" of a case: type, address or x, y and authenticatorIdHash, contract, data; private keys
 * are not looked at. */
vk_signer vk_in_case_signer(const vk_in *in);
/* The account with its session, before the first step. */
void vk_in_case_account(const vk_in *in, size_t step_count, vk_verdict_account *out);
/* "userOp" of a step, packed, or in the form of EntryPoint 0.6: clear it. What the EntryPoint
 * itself would not take apart is a denial, not a fault; op is then empty. */
void vk_in_case_operation(const vk_in *step, vk_entry_point version, const vk_address *sender,
                          vk_userop *op, vk_verdict_answer *answer);

/* "hardening" of the request, or of "in", which then counts: "off", "on", or a list of the rules
 * that are off. */
vk_hardening_set vk_in_hardening(const vk_in *in);
/* One element of "steps" in the answer. */
void vk_reply_verdict(vk_reply *reply, const vk_verdict_answer *answer);

#endif
