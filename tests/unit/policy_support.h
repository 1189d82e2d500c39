/* What the tests of policies share: policies and operations out of the vectors. */
#ifndef VK_TESTS_POLICY_SUPPORT_H
#define VK_TESTS_POLICY_SUPPORT_H

#include "support/vectors.h"

/* Reads a policy that must be good. */
vk_policy policy_good(const char *json);

/* How many rules of the vectors a policy text may not contain, though the chain knows them. */
typedef struct policy_refusals {
    size_t window;  /* a window that is never open */
    size_t address; /* a contract that is not the published one */
} policy_refusals;

/* The SDK's policyParams of a policy as a vector has it; resolved (may be NULL) are the permissions
 * that an ABI form became. */
cJSON *policy_params(const cJSON *vector, const cJSON *resolved);

/* Those of all policies of a case; the same as text (vk_text_free). */
cJSON *policy_params_all(const cJSON *one);
char *policy_params_text(const cJSON *one);
/* The policy of a case, with its permission flag. */
vk_policy policy_of_case(const cJSON *one, policy_refusals *refusals);

/*
 * The policy with these policyParams (an array, consumed). If it is refused, for a reason counted
 * in refusals, what it would have been is put together by hand, so that it can be judged.
 */
vk_policy policy_of_params(cJSON *params, policy_refusals *refusals);

/* The 0.7 operation of a verdict's step; vk_userop_clear it. */
vk_userop policy_step_op(const cJSON *step, const vk_address *sender);

/* One step of a history: what the chain accepted has happened there, whatever hardening, if it is
 * on in the request, says of it. */
vk_verdict policy_judge_history(const vk_policy *policy, const vk_verdict_request *request,
                                vk_rule_state *states);
/* A verdict; states are changed. Aborts when there is none. */
vk_verdict policy_judge(const vk_policy *policy, const vk_userop *op, uint64_t now,
                        vk_rule_state *states);

/* execute(...) of one call or a batch, and an operation of it; both are to be cleared. */
vk_buf policy_execute(uint8_t call_type, const vk_call *calls, size_t count);

#endif
