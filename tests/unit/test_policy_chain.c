/*
 * The policies against their contracts: onchain_call_policy.json and onchain_policies.json. Equal
 * without hardening; with it equal, or stricter by a hardening rule that is counted here by name.
 */
#include "policy_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    vk_hardening_set relaxed;
    size_t same_allowed, same_denied;
    size_t not_installed;                /* refused by the chain and by the reader alike */
    size_t hardened[VK_HARDENING_RULES]; /* accepted by the chain, denied here */
    policy_refusals refusals;
} tally;

static vk_verdict judge(const vk_policy *policy, const vk_userop *op, uint64_t now,
                        const uint8_t *selector, vk_rule_state *states, vk_hardening_set relaxed) {
    vk_verdict_request request = {
        .op = op, .chain_id = 31337, .now = now, .selector = selector, .relaxed = relaxed};
    return policy_judge_history(policy, &request, states);
}

static void compare(const vk_verdict *verdict, bool accepted, const char *what, tally *t) {
    vk_hardening rule;
    ck_assert_msg(accepted || !verdict->allowed, "laxer than the chain: %s", what);
    t->same_allowed += accepted && verdict->allowed;
    t->same_denied += !accepted && !verdict->allowed;
    if (!accepted || verdict->allowed) {
        ck_assert_msg(verdict->hardening == NULL, "%s: %s", what, verdict->hardening);
        return;
    }
    ck_assert_msg(verdict->hardening != NULL, "%s: %s: %s", what, verdict->rule, verdict->reason);
    ck_assert_int_eq(vk_hardening_find(verdict->hardening, &rule), VK_OK);
    ck_assert((t->relaxed & vk_hardening_bit(rule)) == 0);
    t->hardened[rule]++;
}

static size_t all_hardened(const tally *t) {
    size_t sum = 0;
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        sum += t->hardened[i];
    }
    return sum;
}

static void check_data(const cJSON *in, const vk_policy *policy) {
    vk_buf expected = vectors_bytes(in, "policyData"), data = {0};
    ck_assert_int_eq(vk_rule_encode(&policy->rules[0], &data), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&expected)));
    vk_buf_clear(&expected);
    vk_buf_clear(&data);
}

/* ---- Call policy ---- */

static cJSON *call_params(const cJSON *in) {
    cJSON *typed = cJSON_Duplicate(in, true), *params = cJSON_CreateArray();
    cJSON_AddStringToObject(typed, "type", "call");
    cJSON_AddItemToArray(params, policy_params(typed, NULL));
    cJSON_Delete(typed);
    return params;
}

static void check_refused(const cJSON *in) {
    cJSON *params = call_params(in);
    char *text = cJSON_PrintUnformatted(params);
    vk_policy policy;
    vk_error err = {0};
    ck_assert_int_eq(vk_policy_read(text, strlen(text), &policy, &err), VK_ERR_POLICY);
    bool known = strstr(err.path, ".params") != NULL || strstr(err.message, "contract refuses");
    ck_assert_msg(known, "%s: %s", err.path, err.message);
    cJSON_free(text);
    cJSON_Delete(params);
}

/* What the contract reverted with; a denial without is a failure that the account reports. */
static void check_error(const cJSON *step, const vk_verdict *verdict) {
    const cJSON *error = cJSON_GetObjectItem(step, "error");
    char expected[VK_CHAIN_ERROR_MAX];
    if (error == NULL) {
        return;
    }
    const char *name = error->valuestring;
    bool is_empty = strcmp(name, "empty revert") == 0, is_panic = strchr(name, '(') != NULL;
    snprintf(expected, sizeof expected, "AA23 reverted: %s%s", is_empty ? "revert" : name,
             is_panic ? "" : "()");
    ck_assert_str_eq(verdict->chain_error, expected);
}

static void check_call(const cJSON *call, const vk_policy *policy, tally *t) {
    vk_buf data = vectors_bytes(call, "callData");
    vk_userop op = {
        .entry_point = VK_ENTRY_POINT_0_7, .sender = {{1}}, .call_data = vk_buf_view(&data)};
    vk_rule_state state = {0};
    vk_verdict verdict = judge(policy, &op, 1000, vk_kernel_execute_selector, &state, t->relaxed);
    compare(&verdict, cJSON_IsTrue(vectors_get(call, "allowed")), vectors_text(call, "what"), t);
    check_error(call, &verdict);
    vk_verdict_clear(&verdict);
    vk_buf_clear(&data);
}

static void check_call_case(const cJSON *one, tally *t) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out"), *call;
    if (!cJSON_IsTrue(vectors_get(out, "installs"))) {
        check_refused(in);
        t->not_installed++;
        return;
    }
    vk_policy policy = policy_of_params(call_params(in), &t->refusals);
    check_data(in, &policy);
    cJSON_ArrayForEach(call, vectors_get(out, "calls")) {
        check_call(call, &policy, t);
    }
    vk_policy_clear(&policy);
}

static tally play_call_policy(vk_hardening_set relaxed) {
    cJSON *file = vectors_load("onchain_call_policy.json");
    const cJSON *one;
    tally t = {.relaxed = relaxed};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_call_case(one, &t);
    }
    cJSON_Delete(file);
    return t;
}

START_TEST(test_call_policy) {
    tally t = play_call_policy(VK_HARDENING_NONE);
    ck_assert_uint_eq(t.not_installed, 10);
    ck_assert_uint_eq(t.same_allowed, 151);
    ck_assert_uint_eq(t.same_denied, 244);
    /* Bytes after the encoding, mode bytes that execution ignores, an unknown exec type. */
    ck_assert_uint_eq(t.hardened[VK_HARDENING_CALLDATA_ENCODING], 12);
    ck_assert_uint_eq(t.hardened[VK_HARDENING_OLD_DELEGATECALL], 1);
    ck_assert_uint_eq(all_hardened(&t), 13);
    t = play_call_policy(VK_HARDENING_ALL);
    ck_assert_uint_eq(t.same_allowed, 164);
    ck_assert_uint_eq(t.same_denied, 244);
    ck_assert_uint_eq(all_hardened(&t), 0);
}
END_TEST

/* ---- The others ---- */

static vk_u256 gas_limit(const cJSON *op, const char *name, size_t half) {
    uint8_t both[32] = {0};
    if (op != NULL && cJSON_GetObjectItem(op, name) != NULL) {
        vectors_fixed(op, name, both, sizeof both);
    }
    return vk_u256_from_be(both + 16 * half, 16);
}

/* A step's operation: any canonical call where it does not say which. */
static vk_userop step_op(const cJSON *json, vk_buf *call_data, vk_buf *paymaster) {
    const cJSON *data = cJSON_GetObjectItem(json, "callData");
    const cJSON *paymaster_json = cJSON_GetObjectItem(json, "paymasterAndData");
    vk_call nothing = {.data = {NULL, 0}};
    *call_data =
        data == NULL ? policy_execute(VK_CALL_SINGLE, &nothing, 1) : vectors_hex(data->valuestring);
    *paymaster = vectors_hex(paymaster_json == NULL ? "0x" : paymaster_json->valuestring);
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7,
                    .sender = {{1}},
                    .call_data = vk_buf_view(call_data),
                    .verification_gas_limit = gas_limit(json, "accountGasLimits", 0),
                    .call_gas_limit = gas_limit(json, "accountGasLimits", 1),
                    .max_priority_fee_per_gas = gas_limit(json, "gasFees", 0),
                    .max_fee_per_gas = gas_limit(json, "gasFees", 1)};
    if (cJSON_GetObjectItem(json, "preVerificationGas") != NULL) {
        op.pre_verification_gas = vectors_u256(json, "preVerificationGas");
    }
    /* Shorter data is no paymaster to this library's reader. */
    if (paymaster->len >= sizeof op.paymaster.b) {
        op.has_paymaster = true;
        memcpy(op.paymaster.b, paymaster->data, sizeof op.paymaster.b);
    }
    return op;
}

/* The policy passes, and the window that it reports is open. */
static bool accepted(const cJSON *step, uint64_t now) {
    if (cJSON_GetObjectItem(step, "error") != NULL || vectors_u64(step, "result") != 0) {
        return false;
    }
    uint64_t after = vectors_u64(step, "validAfter"), until = vectors_u64(step, "validUntil");
    return now >= after && (until == 0 || now <= until);
}

static void check_message(const cJSON *step, uint64_t now, const vk_policy *policy, tally *t) {
    vk_message_request request = {.now = now,
                                  .has_caller = true,
                                  .caller =
                                      vectors_address(vectors_get(step, "signature"), "caller"),
                                  .relaxed = t->relaxed};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate_message(policy, &request, &verdict), VK_OK);
    compare(&verdict, accepted(step, now), vectors_text(step, "what"), t);
    vk_verdict_clear(&verdict);
}

static void check_operation(const cJSON *step, uint64_t now, const vk_policy *policy,
                            vk_rule_state *state, tally *t) {
    vk_buf call_data, paymaster;
    vk_userop op = step_op(cJSON_GetObjectItem(step, "userOp"), &call_data, &paymaster);
    vk_verdict verdict = judge(policy, &op, now, call_data.data, state, t->relaxed);
    compare(&verdict, accepted(step, now), vectors_text(step, "what"), t);
    check_error(step, &verdict);
    vk_verdict_clear(&verdict);
    vk_buf_clear(&call_data);
    vk_buf_clear(&paymaster);
}

static void check_step(const cJSON *step, uint64_t installed, const vk_policy *policy,
                       vk_rule_state *state, tally *t) {
    if (cJSON_GetObjectItem(step, "signature") != NULL) {
        check_message(step, installed, policy, t);
    } else {
        check_operation(step, installed + vectors_u64(step, "sinceInstall"), policy, state, t);
    }
}

static void check_policy_case(const cJSON *one, tally *t) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out"), *step;
    cJSON *params = cJSON_CreateArray();
    cJSON_AddItemToArray(params, policy_params(in, NULL));
    vk_policy policy = policy_of_params(params, &t->refusals);
    check_data(in, &policy);
    uint64_t installed = vectors_u64(in, "installTime");
    vk_rule_state state = {0};
    if (policy.rules[0].kind == VK_RULE_RATE_LIMIT_RESET) {
        state.window = installed + policy.rules[0].u.rate.interval;
    }
    cJSON_ArrayForEach(step, vectors_get(out, "steps")) {
        check_step(step, installed, &policy, &state, t);
    }
    vk_policy_clear(&policy);
}

static tally play_policies(vk_hardening_set relaxed) {
    cJSON *file = vectors_load("onchain_policies.json");
    const cJSON *one;
    tally t = {.relaxed = relaxed};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_policy_case(one, &t);
    }
    cJSON_Delete(file);
    return t;
}

START_TEST(test_policies) {
    tally t = play_policies(VK_HARDENING_NONE);
    ck_assert_uint_eq(t.refusals.window, 1);
    ck_assert_uint_eq(t.hardened[VK_HARDENING_GAS_OVERFLOW], 2);
    ck_assert_uint_eq(t.hardened[VK_HARDENING_ZERO_PAYMASTER], 8);
    ck_assert_uint_eq(t.hardened[VK_HARDENING_OPEN_SIGNATURE], 15);
    ck_assert_uint_eq(all_hardened(&t), 25);
    ck_assert_uint_eq(t.same_allowed, 60);
    ck_assert_uint_eq(t.same_denied, 34);
    t = play_policies(VK_HARDENING_ALL);
    ck_assert_uint_eq(all_hardened(&t), 0);
    ck_assert_uint_eq(t.same_allowed, 85);
    ck_assert_uint_eq(t.same_denied, 34);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy-chain");
    TCase *tests = tcase_create("policy-chain");
    tcase_add_test(tests, test_call_policy);
    tcase_add_test(tests, test_policies);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
