/* One verdict out of all rules: what the account's contracts would say of an operation. */
#include "policy/execute_read.h"
#include "policy/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4
#define NO_RULE (-1)

static const uint8_t execute_user_op_selector[SELECTOR_LEN] = {0x8d, 0xd7, 0x71, 0x2f};

void vk_verdict_deny(vk_verdict *verdict, int rule_index, const char *rule, const char *reason) {
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
    vk_verdict_deny(out, NO_RULE, "selector", reason);
}

static bool selector_granted(const vk_verdict_request *request) {
    vk_bytes data = request->op->call_data;
    bool granted = request->selector == NULL || begins_with(data, request->selector);
    return granted && !begins_with(data, execute_user_op_selector);
}

static void check_operation(const vk_policy *policy, const vk_verdict_request *request,
                            vk_verdict *out) {
    bool open = (policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) == 0;
    if (!open) {
        vk_chain_revert(out, "PermissionNotAlllowedForUserOp()");
    }
    if (!selector_granted(request)) {
        deny_selector(request, out);
    } else if (!open) {
        vk_verdict_deny(out, NO_RULE, "permission", "the permission is not for user operations");
    }
}

/* The account looks at the selector when its policies are done. */
static void chain_selector(const vk_verdict_request *request, vk_verdict *out) {
    if (request->op->call_data.len < SELECTOR_LEN) {
        vk_chain_revert(out, VK_REVERT_EMPTY);
    } else if (!selector_granted(request)) {
        vk_chain_revert(out, "InvalidValidator()");
    }
}

/* ---- Calls ---- */

/* What the call data says, in the two ways of reading it. */
typedef struct calls {
    vk_execution execution;
    char fault[VK_REASON_MAX]; /* why it is not the canonical encoding; empty: it is */
} calls;

static void set_fault(calls *out, vk_status status, const vk_error *err) {
    snprintf(out->fault, sizeof out->fault, "%s",
             err->message[0] != '\0' ? err->message : vk_status_text(status));
}

/* No contract reads these calls for the policy, so there is one way only. */
static vk_status read_own_calls(const vk_verdict_request *request, calls *out,
                                vk_evaluation *what) {
    vk_error err = {0};
    vk_status status =
        vk_execution_decode_for(request->kernel, request->op->call_data, &out->execution, &err);
    what->execution = status == VK_OK ? &out->execution : NULL;
    if (status != VK_OK && status != VK_ERR_MEMORY) {
        set_fault(out, status, &err);
        status = VK_OK;
    }
    return status;
}

/* The canonical encoding means the same to all; anything else is read as the policies' contracts
 * do, and execution stays empty where they revert. */
static vk_status read_permission_calls(const vk_verdict_request *request, calls *out,
                                       vk_evaluation *what) {
    vk_bytes call_data = request->op->call_data;
    vk_execution canonical = {0};
    vk_error err = {0};
    if (!begins_with(call_data, vk_kernel_execute_selector)) {
        return VK_OK;
    }
    vk_status status = vk_execution_decode(call_data, &canonical, &err);
    vk_execution_clear(&canonical);
    if (status != VK_OK && status != VK_ERR_MEMORY) {
        set_fault(out, status, &err);
        status = VK_OK;
    }
    if (status == VK_OK) {
        status = vk_execute_read(call_data, &out->execution, &what->execution_calldata);
    }
    what->execution = status == VK_OK ? &out->execution : NULL;
    return status == VK_ERR_MEMORY ? status : VK_OK;
}

static bool is_own(const vk_verdict_request *request) {
    return request->kernel != VK_KERNEL_UNKNOWN;
}

static vk_status read_calls(const vk_verdict_request *request, calls *out, vk_evaluation *what) {
    return is_own(request) ? read_own_calls(request, out, what)
                           : read_permission_calls(request, out, what);
}

/* What the rules cannot read they cannot judge either: no switch turns this off. */
static void check_calls(const vk_verdict_request *request, const calls *read, vk_verdict *out) {
    if (is_own(request) && read->fault[0] != '\0' && out->rule[0] == '\0') {
        vk_verdict_deny(out, NO_RULE, "callData", read->fault);
        out->hardening = vk_hardening_name(VK_HARDENING_CALLDATA_ENCODING);
    }
}

/* On the chain no rule is asked, only the window of the approval. */
static void chain_own(const vk_verdict_request *request, vk_verdict *out) {
    if (is_own(request) && strcmp(out->rule, "approval") != 0) {
        out->chain_error[0] = '\0';
    }
}

/* ---- Cost ---- */

/* (preVerificationGas + verificationGasLimit + callGasLimit) * maxFeePerGas: without the
 * paymaster's gas, as the gas contract counts. */
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
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        evaluate_rule(rule, what, &states[i], &out->rules[i]);
        if (out->rules[i].result == VK_RESULT_DENIED) {
            vk_verdict_deny(out, (int)i, vk_rule_name(rule->kind), out->rules[i].reason);
            vk_chain_rule(out, i);
        }
    }
    if (policy->count == 0) {
        vk_verdict_deny(out, NO_RULE, "policy", "the policy has no rules, so it allows nothing");
    }
}

static bool well_formed(const vk_policy *policy, const vk_verdict_request *request,
                        const vk_rule_state *states) {
    bool selector = request->selector != NULL || is_own(request);
    return policy->count <= VK_POLICIES_MAX && request->op != NULL && selector &&
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

static vk_status evaluate(const vk_policy *policy, vk_evaluation *what, vk_rule_state *next,
                          vk_verdict *out) {
    calls read = {0};
    vk_status status = read_calls(what->request, &read, what);
    if (status == VK_OK) {
        check_operation(policy, what->request, out);
        check_calls(what->request, &read, out);
        compute_cost(what);
        evaluate_rules(policy, what, next, out);
        chain_selector(what->request, out);
        vk_evaluate_windows(policy, what->request, out);
        chain_own(what->request, out);
    }
    if (status == VK_OK && out->rule[0] == '\0') {
        vk_harden_operation(policy, what, read.fault[0] == '\0' ? NULL : read.fault, out);
    }
    vk_execution_clear(&read.execution);
    what->execution = NULL;
    return status;
}

vk_status vk_policy_evaluate(const vk_policy *policy, const vk_verdict_request *request,
                             vk_rule_state *states, vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    if (!well_formed(policy, request, states)) {
        return VK_ERR_ARGUMENT;
    }
    vk_evaluation_notes notes = {0};
    vk_evaluation what = {.request = request, .notes = &notes};
    vk_rule_state *next = NULL;
    vk_status status = prepare(policy, states, &next, out);
    if (status == VK_OK) {
        status = evaluate(policy, &what, next, out);
    }
    if (status == VK_OK) {
        conclude(policy, &what, next, states, out);
    } else {
        vk_verdict_clear(out);
    }
    free(next);
    return status;
}

void vk_policy_give_back(const vk_policy *policy, const vk_nonce_charge *charge,
                         vk_rule_state *states) {
    for (size_t i = 0; i < policy->count && charge->present; i++) {
        const vk_rule *rule = &policy->rules[i];
        const vk_rule_type *type = vk_rule_type_of(rule->kind);
        bool counts = (rule->flag & VK_FLAG_NOT_FOR_USER_OP) == 0;
        if (counts && type != NULL && type->give_back != NULL) {
            type->give_back(rule, charge, &states[i]);
        }
    }
}

vk_status vk_policy_evaluate_digest(const vk_policy *policy, uint64_t now,
                                    const vk_nonce_charge *charge, vk_rule_state *states,
                                    vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    if (!vk_policy_is_sudo(policy) || policy->count > VK_POLICIES_MAX || states == NULL) {
        return VK_ERR_ARGUMENT;
    }
    vk_evaluation_notes notes = {0};
    vk_verdict_request request = {.now = now, .charge = *charge};
    vk_evaluation what = {.request = &request, .cost_fits = true, .notes = &notes};
    vk_rule_state *next = NULL;
    vk_status status = prepare(policy, states, &next, out);
    if (status == VK_OK) {
        evaluate_rules(policy, &what, next, out);
        vk_evaluate_windows(policy, &request, out);
        out->chain_error[0] = '\0';
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
