/* One verdict out of all rules: what the account's contracts would say of an operation. */
#include "policy/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4
#define NO_RULE (-1)

static const uint8_t execute_user_op_selector[SELECTOR_LEN] = {0x8d, 0xd7, 0x71, 0x2f};

/* The first denial is the one that counts. */
static void deny(vk_verdict *verdict, int rule_index, const char *rule, const char *reason) {
    if (verdict->rule[0] != '\0') {
        return;
    }
    verdict->rule_index = rule_index;
    snprintf(verdict->rule, sizeof verdict->rule, "%s", rule);
    snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
}

static bool begins_with(vk_bytes data, const uint8_t selector[SELECTOR_LEN]) {
    return data.len >= SELECTOR_LEN && memcmp(data.data, selector, SELECTOR_LEN) == 0;
}

/* ---- What is asked of every operation ---- */

static void deny_selector(const vk_verdict_request *request, vk_verdict *out) {
    char reason[VK_REASON_MAX];
    vk_bytes data = request->op->call_data;
    const uint8_t *granted = request->selector, *given = data.data;
    if (data.len < SELECTOR_LEN) {
        snprintf(reason, sizeof reason, "%zu bytes of call data are too short for a selector",
                 data.len);
    } else if (begins_with(data, execute_user_op_selector)) {
        snprintf(reason, sizeof reason,
                 "the call data is wrapped in executeUserOp, which needs a permission with a hook");
    } else {
        snprintf(reason, sizeof reason,
                 "the call data begins with 0x%02x%02x%02x%02x, but the permission is for "
                 "0x%02x%02x%02x%02x",
                 given[0], given[1], given[2], given[3], granted[0], granted[1], granted[2],
                 granted[3]);
    }
    deny(out, NO_RULE, "selector", reason);
}

static bool selector_granted(const vk_verdict_request *request) {
    vk_bytes data = request->op->call_data;
    return begins_with(data, request->selector) && !begins_with(data, execute_user_op_selector);
}

/*
 * Only the one canonical encoding is read: another might mean other calls to the chain than to us.
 * VK_ERR_MEMORY if there is none left; a denial is noted in *out.
 */
static vk_status decode_calls(const vk_verdict_request *request, vk_execution *execution,
                              vk_evaluation *what, vk_verdict *out) {
    if (memcmp(request->selector, vk_kernel_execute_selector, SELECTOR_LEN) != 0) {
        return VK_OK;
    }
    vk_error err = {0};
    vk_status status = vk_execution_decode(request->op->call_data, execution, &err);
    if (status == VK_ERR_MEMORY) {
        return status;
    }
    if (status != VK_OK) {
        deny(out, NO_RULE, "callData",
             err.message[0] != '\0' ? err.message : vk_status_text(status));
        return VK_OK;
    }
    what->execution = execution;
    return VK_OK;
}

static vk_status check_operation(const vk_policy *policy, const vk_verdict_request *request,
                                 vk_execution *execution, vk_evaluation *what, vk_verdict *out) {
    if (!selector_granted(request)) {
        deny_selector(request, out);
        return VK_OK;
    }
    if ((policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) != 0) {
        deny(out, NO_RULE, "permission", "the permission is not for user operations");
    }
    return decode_calls(request, execution, what, out);
}

/* ---- Cost ---- */

/* (preVerificationGas + verificationGasLimit + callGasLimit) * maxFeePerGas, as the gas contract
 * counts it: without the paymaster's gas. */
static void compute_cost(vk_evaluation *what) {
    const vk_userop *op = what->request->op;
    vk_u256 gas;
    what->cost_fits = vk_u256_add(&op->pre_verification_gas, &op->verification_gas_limit, &gas) &&
                      vk_u256_add(&gas, &op->call_gas_limit, &gas) &&
                      vk_u256_mul(&gas, &op->max_fee_per_gas, &what->cost);
    if (!what->cost_fits) {
        memset(what->cost.be, 0xff, sizeof what->cost.be);
    }
}

static vk_nonce_charge next_charge(const vk_evaluation *what) {
    const vk_nonce_charge *before = &what->request->charge;
    bool dearer = !before->present || vk_u256_cmp(&what->cost, &before->gas) > 0;
    return (vk_nonce_charge){
        .present = true, .gas = dearer ? what->cost : before->gas, .window = what->request->now};
}

/* ---- Rules ---- */

/* Where no window has an end, the account reports the last second of 48 bits as the end. */
static void check_time(const vk_evaluation *what, vk_verdict *out) {
    uint64_t now = what->request->now;
    if (now > VK_TIME_MAX) {
        char reason[VK_REASON_MAX];
        snprintf(reason, sizeof reason,
                 "the time, %" PRIu64 " seconds since 1970, is after the end of every window: it "
                 "does not fit 48 bits",
                 now);
        deny(out, NO_RULE, "time", reason);
    }
}

static void evaluate_rule(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                          vk_rule_verdict *out) {
    const vk_rule_type *type = vk_rule_type_of(rule->kind);
    if ((rule->flag & VK_FLAG_NOT_FOR_USER_OP) != 0) {
        vk_rule_allow(out, "this rule is not for user operations");
        out->result = VK_RESULT_SKIPPED;
    } else if (type == NULL) {
        vk_rule_deny(out, "this kind of rule is unknown");
    } else {
        type->evaluate(rule, what, state, out);
    }
}

static void evaluate_rules(const vk_policy *policy, const vk_evaluation *what,
                           vk_rule_state *states, vk_verdict *out) {
    check_time(what, out);
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        evaluate_rule(rule, what, &states[i], &out->rules[i]);
        if (out->rules[i].result == VK_RESULT_DENIED) {
            deny(out, (int)i, vk_rule_name(rule->kind), out->rules[i].reason);
        }
    }
    if (policy->count == 0) {
        deny(out, NO_RULE, "policy", "the policy has no rules, so it allows nothing");
    }
}

static bool well_formed(const vk_policy *policy, const vk_verdict_request *request,
                        const vk_rule_state *states) {
    return policy->count <= VK_POLICIES_MAX && request->op != NULL && request->selector != NULL &&
           (states != NULL || policy->count == 0);
}

/* Room for the rules' verdicts, and a copy of the states that only an allowed operation keeps. */
static vk_status prepare(const vk_policy *policy, const vk_rule_state *states, vk_rule_state **next,
                         vk_verdict *out) {
    size_t room = policy->count > 0 ? policy->count : 1;
    out->rules = calloc(room, sizeof *out->rules);
    *next = calloc(room, sizeof **next);
    if (out->rules == NULL || *next == NULL) {
        return VK_ERR_MEMORY;
    }
    out->count = policy->count;
    if (policy->count > 0) {
        memcpy(*next, states, policy->count * sizeof **next);
    }
    return VK_OK;
}

static void conclude(const vk_policy *policy, const vk_evaluation *what, const vk_rule_state *next,
                     vk_rule_state *states, vk_verdict *out) {
    out->allowed = out->rule[0] == '\0';
    if (!out->allowed) {
        return;
    }
    out->charge = next_charge(what);
    memcpy(states, next, policy->count * sizeof *states);
}

vk_status vk_policy_evaluate(const vk_policy *policy, const vk_verdict_request *request,
                             vk_rule_state *states, vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    if (!well_formed(policy, request, states)) {
        return VK_ERR_ARGUMENT;
    }
    vk_evaluation what = {.request = request};
    vk_execution execution = {0};
    vk_rule_state *next = NULL;
    vk_status status = prepare(policy, states, &next, out);
    if (status != VK_OK) {
        goto out;
    }
    status = check_operation(policy, request, &execution, &what, out);
    if (status != VK_OK) {
        goto out;
    }
    compute_cost(&what);
    evaluate_rules(policy, &what, next, out);
    conclude(policy, &what, next, states, out);
out:
    vk_execution_clear(&execution);
    free(next);
    if (status != VK_OK) {
        vk_verdict_clear(out);
    }
    return status;
}

vk_status vk_policy_evaluate_digest(const vk_policy *policy, uint64_t now,
                                    const vk_nonce_charge *charge, vk_rule_state *states,
                                    vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    if (!vk_policy_is_sudo(policy) || policy->count > VK_POLICIES_MAX || states == NULL) {
        return VK_ERR_ARGUMENT;
    }
    vk_verdict_request request = {.now = now, .charge = *charge};
    vk_evaluation what = {.request = &request, .cost_fits = true};
    vk_rule_state *next = NULL;
    vk_status status = prepare(policy, states, &next, out);
    if (status == VK_OK) {
        evaluate_rules(policy, &what, next, out);
        conclude(policy, &what, next, states, out);
    } else {
        vk_verdict_clear(out);
    }
    free(next);
    return status;
}

void vk_verdict_clear(vk_verdict *verdict) {
    free(verdict->rules);
    *verdict = (vk_verdict){.rule_index = NO_RULE};
}
