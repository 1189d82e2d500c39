/*
 * The policies against their contracts: onchain_call_policy.json and onchain_policies.json. Equal,
 * or stricter in one of the ways that are counted here by name.
 */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Accepted by the chain, denied here, and why. */
typedef struct stricter {
    size_t encoding;      /* execute calldata that no ordinary encoder makes */
    size_t misread;       /* a delegatecall that the contract of 0.0.1 and 0.0.2 reads wrongly */
    size_t slice;         /* a slice beyond the end of the call data */
    size_t gas_truncated; /* a cost that the contract cuts to 128 bits */
} stricter;

typedef struct tally {
    size_t same_allowed, same_denied;
    size_t not_installed; /* refused by the chain and by the reader alike */
    size_t messages;      /* skipped: message signatures */
    stricter stricter;
    policy_refusals refusals;
} tally;

static vk_verdict judge(const vk_policy *policy, const vk_userop *op, uint64_t now,
                        const uint8_t *selector, vk_rule_state *states) {
    vk_verdict_request request = {.op = op, .chain_id = 31337, .now = now, .selector = selector};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(policy, &request, states, &verdict), VK_OK);
    return verdict;
}

static void count_stricter(const vk_verdict *verdict, const char *what, stricter *s) {
    size_t *count = strcmp(verdict->rule, "callData") == 0          ? &s->encoding
                    : strstr(verdict->reason, "misreads") != NULL   ? &s->misread
                    : strstr(verdict->reason, "not wholly") != NULL ? &s->slice
                    : strstr(verdict->reason, "2^128") != NULL      ? &s->gas_truncated
                                                                    : NULL;
    ck_assert_msg(count != NULL, "%s: %s: %s", what, verdict->rule, verdict->reason);
    ++*count;
}

static void compare(const vk_verdict *verdict, bool accepted, const char *what, tally *t) {
    ck_assert_msg(accepted || !verdict->allowed, "laxer than the chain: %s", what);
    t->same_allowed += accepted && verdict->allowed;
    t->same_denied += !accepted && !verdict->allowed;
    if (accepted && !verdict->allowed) {
        count_stricter(verdict, what, &t->stricter);
    }
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

static void check_call(const cJSON *call, const vk_policy *policy, tally *t) {
    vk_buf data = vectors_bytes(call, "callData");
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7, .call_data = vk_buf_view(&data)};
    vk_rule_state state = {0};
    vk_verdict verdict = judge(policy, &op, 1000, vk_kernel_execute_selector, &state);
    compare(&verdict, cJSON_IsTrue(vectors_get(call, "allowed")), vectors_text(call, "what"), t);
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

START_TEST(test_call_policy) {
    cJSON *file = vectors_load("onchain_call_policy.json");
    const cJSON *one;
    tally t = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_call_case(one, &t);
    }
    ck_assert_uint_eq(t.not_installed, 10);
    ck_assert_uint_eq(t.same_allowed, 151);
    ck_assert_uint_eq(t.same_denied, 244);
    /* Bytes after the encoding, mode bytes that execution ignores, an unknown exec type. */
    ck_assert_uint_eq(t.stricter.encoding, 12);
    ck_assert_uint_eq(t.stricter.misread, 1);
    ck_assert_uint_eq(t.stricter.slice + t.stricter.gas_truncated, 0);
    cJSON_Delete(file);
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

static void check_step(const cJSON *step, uint64_t installed, const vk_policy *policy,
                       vk_rule_state *state, tally *t) {
    if (cJSON_GetObjectItem(step, "signature") != NULL) {
        t->messages++;
        return;
    }
    uint64_t now = installed + vectors_u64(step, "sinceInstall");
    vk_buf call_data, paymaster;
    vk_userop op = step_op(cJSON_GetObjectItem(step, "userOp"), &call_data, &paymaster);
    vk_verdict verdict = judge(policy, &op, now, call_data.data, state);
    compare(&verdict, accepted(step, now), vectors_text(step, "what"), t);
    vk_verdict_clear(&verdict);
    vk_buf_clear(&call_data);
    vk_buf_clear(&paymaster);
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

START_TEST(test_policies) {
    cJSON *file = vectors_load("onchain_policies.json");
    const cJSON *one;
    tally t = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_policy_case(one, &t);
    }
    ck_assert_uint_eq(t.same_allowed, 62);
    ck_assert_uint_eq(t.same_denied, 30);
    ck_assert_uint_eq(t.stricter.gas_truncated, 2);
    ck_assert_uint_eq(t.stricter.encoding + t.stricter.misread + t.stricter.slice, 0);
    ck_assert_uint_eq(t.messages, 25);
    ck_assert_uint_eq(t.refusals.window, 1);
    cJSON_Delete(file);
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
