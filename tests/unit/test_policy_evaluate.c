/* Verdicts at their edges: budgets, fee bumps, windows, flags, selectors. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define TIME_MAX ((UINT64_C(1) << 48) - 1)

/* ---- An operation of one call that does nothing ---- */

typedef struct fixture {
    vk_policy policy;
    vk_buf call_data;
    vk_userop op;
    vk_rule_state states[4];
    vk_nonce_charge charge;
} fixture;

static fixture begin(const char *policy) {
    vk_call nothing = {0};
    fixture f = {.policy = policy_good(policy)};
    ck_assert_uint_le(f.policy.count, 4);
    f.call_data = policy_execute(VK_CALL_SINGLE, &nothing, 1);
    f.op = (vk_userop){
        .entry_point = VK_ENTRY_POINT_0_7, .sender = {{1}}, .call_data = vk_buf_view(&f.call_data)};
    return f;
}

static void end(fixture *f) {
    vk_policy_clear(&f->policy);
    vk_buf_clear(&f->call_data);
}

static vk_verdict judge(fixture *f, uint64_t now) {
    vk_verdict_request request = {.op = &f->op,
                                  .chain_id = 1,
                                  .now = now,
                                  .selector = vk_kernel_execute_selector,
                                  .charge = f->charge};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(&f->policy, &request, f->states, &verdict), VK_OK);
    return verdict;
}

/* Judges an operation with a nonce of its own. */
static bool allowed(fixture *f, uint64_t now) {
    f->charge = (vk_nonce_charge){0};
    vk_rule_state before[4];
    memcpy(before, f->states, sizeof before);
    vk_verdict verdict = judge(f, now);
    bool result = verdict.allowed;
    ck_assert(result || memcmp(before, f->states, sizeof before) == 0);
    f->charge = verdict.charge;
    vk_verdict_clear(&verdict);
    return result;
}

/* Judges an operation with the nonce of the one before. */
static bool allowed_again(fixture *f, uint64_t now) {
    ck_assert(f->charge.present);
    vk_verdict verdict = judge(f, now);
    bool result = verdict.allowed;
    if (result) {
        f->charge = verdict.charge;
    }
    vk_verdict_clear(&verdict);
    return result;
}

static void costs(fixture *f, uint64_t wei) {
    f->op.call_gas_limit = vk_u256_from_u64(wei);
    f->op.max_fee_per_gas = vk_u256_from_u64(1);
}

static uint64_t spent(const fixture *f, size_t rule) {
    return vk_u256_low64(&f->states[rule].spent);
}

static vk_u256 power_of_two(unsigned bit) {
    vk_u256 value = {{0}};
    value.be[31 - bit / 8] = (uint8_t)(1u << bit % 8);
    return value;
}

/* ---- Gas ---- */

START_TEST(test_fee_bump) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]");
    costs(&f, 400);
    ck_assert(allowed(&f, 1));
    ck_assert_uint_eq(spent(&f, 0), 400);
    costs(&f, 600);
    ck_assert(allowed_again(&f, 2));
    ck_assert_uint_eq(spent(&f, 0), 600);
    ck_assert_uint_eq(vk_u256_low64(&f.charge.gas), 600);
    ck_assert_uint_eq(f.charge.window, 2);
    /* A cheaper one gives nothing back: the dearer one is still out there. */
    costs(&f, 100);
    ck_assert(allowed_again(&f, 3));
    ck_assert_uint_eq(spent(&f, 0), 600);
    ck_assert_uint_eq(vk_u256_low64(&f.charge.gas), 600);
    /* The whole budget is there for this nonce, and not a wei more. */
    costs(&f, 1001);
    ck_assert(!allowed_again(&f, 4));
    costs(&f, 1000);
    ck_assert(allowed_again(&f, 4));
    ck_assert_uint_eq(spent(&f, 0), 1000);
    costs(&f, 1);
    ck_assert(!allowed(&f, 5));
    costs(&f, 0);
    ck_assert(allowed(&f, 5));
    end(&f);
}
END_TEST

START_TEST(test_fee_bump_beside_others) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000},{\"type\":\"gas\",\"allowed\":900}]");
    costs(&f, 500);
    ck_assert(allowed(&f, 1));
    costs(&f, 300);
    ck_assert(allowed(&f, 2));
    /* 500 elsewhere: the second rule leaves 400 for this nonce. */
    costs(&f, 401);
    ck_assert(!allowed_again(&f, 3));
    ck_assert_uint_eq(spent(&f, 0), 800);
    ck_assert_uint_eq(spent(&f, 1), 800);
    costs(&f, 400);
    ck_assert(allowed_again(&f, 3));
    ck_assert_uint_eq(spent(&f, 0), 900);
    ck_assert_uint_eq(spent(&f, 1), 900);
    end(&f);
}
END_TEST

START_TEST(test_gas_overflow) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":\"0xffffffffffffffffffffffffffffffff\"}]");
    f.op.max_fee_per_gas = vk_u256_from_u64(1);
    f.op.pre_verification_gas = power_of_two(128);
    ck_assert(!allowed(&f, 1)); /* 2^128: the contract sees 0 */
    f.op.pre_verification_gas = power_of_two(255);
    f.op.max_fee_per_gas = vk_u256_from_u64(2);
    ck_assert(!allowed(&f, 1)); /* the product overflows */
    f.op.call_gas_limit = power_of_two(255);
    ck_assert(!allowed(&f, 1)); /* the sum overflows */
    f.op.max_fee_per_gas = vk_u256_from_u64(0);
    ck_assert(!allowed(&f, 1));
    f.op.call_gas_limit = vk_u256_from_u64(0);
    ck_assert(allowed(&f, 1));
    f.op.max_fee_per_gas = vk_u256_from_u64(1);
    vk_u256 one = vk_u256_from_u64(1), limit = power_of_two(128);
    ck_assert(vk_u256_sub(&limit, &one, &f.op.pre_verification_gas));
    ck_assert(allowed(&f, 1)); /* 2^128 - 1: all of it */
    f.op.pre_verification_gas = one;
    ck_assert(!allowed(&f, 1));
    end(&f);
}
END_TEST

START_TEST(test_inconsistent_charge) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1000}]");
    costs(&f, 1);
    f.charge = (vk_nonce_charge){.present = true, .gas = vk_u256_from_u64(5)};
    ck_assert(!allowed_again(&f, 1));
    end(&f);
}
END_TEST

START_TEST(test_charge_without_gas_rule) {
    fixture f = begin("[{\"type\":\"sudo\"}]");
    f.op.max_fee_per_gas = power_of_two(200);
    f.op.call_gas_limit = power_of_two(100);
    ck_assert(allowed(&f, 7));
    ck_assert(f.charge.present);
    ck_assert_uint_eq(f.charge.gas.be[0], 0xff);
    ck_assert_uint_eq(f.charge.gas.be[31], 0xff);
    ck_assert_uint_eq(f.charge.window, 7);
    end(&f);
}
END_TEST

START_TEST(test_paymaster) {
    fixture f = begin("[{\"type\":\"gas\",\"allowed\":1,\"enforcePaymaster\":true,"
                      "\"allowedPaymaster\":\"" ALICE "\"}]");
    vk_verdict verdict = judge(&f, 1);
    ck_assert_str_eq(verdict.reason, "there is no paymaster, but the rule demands " ALICE);
    vk_verdict_clear(&verdict);
    f.op.has_paymaster = true;
    verdict = judge(&f, 1);
    ck_assert_str_eq(verdict.reason, "paymaster 0x0000000000000000000000000000000000000000 is not "
                                     "the allowed " ALICE);
    vk_verdict_clear(&verdict);
    ck_assert_int_eq(vk_address_read(ALICE, 42, &f.op.paymaster), VK_OK);
    ck_assert(allowed(&f, 1));
    end(&f);
}
END_TEST

/* ---- Rate limits ---- */

START_TEST(test_rate_limit) {
    fixture f = begin("[{\"type\":\"rate-limit\",\"count\":3,\"interval\":60,\"startAt\":1000}]");
    ck_assert(!allowed(&f, 999));
    ck_assert(allowed(&f, 1000));
    ck_assert(allowed_again(&f, 1001)); /* a fee bump is no second use */
    ck_assert_uint_eq(f.states[0].used, 1);
    ck_assert(!allowed(&f, 1059));
    ck_assert(allowed(&f, 5000));
    ck_assert(allowed(&f, 5000)); /* times passed unused stay usable */
    ck_assert(!allowed(&f, 9000));
    ck_assert_uint_eq(f.states[0].used, 3);
    end(&f);
}
END_TEST

START_TEST(test_rate_limit_overflow) {
    fixture f = begin("[{\"type\":\"rate-limit\",\"count\":\"281474976710655\","
                      "\"interval\":100,\"startAt\":\"281474976710455\"}]");
    ck_assert(allowed(&f, TIME_MAX)); /* the next one is due at 2^48 - 101 */
    ck_assert(allowed(&f, TIME_MAX));
    ck_assert(!allowed(&f, TIME_MAX)); /* the one behind would be due at 2^48 + 99 */
    f.states[0].used = TIME_MAX - 1;
    f.policy.rules[0].u.rate.interval = TIME_MAX; /* the product needs 96 bits */
    ck_assert(!allowed(&f, TIME_MAX));
    end(&f);
}
END_TEST

#define RESET(members)                                                                             \
    "{\"type\":\"rate-limit\",\"policyAddress\":"                                                  \
    "\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"," members "}"

START_TEST(test_reset) {
    fixture f = begin("[" RESET("\"count\":2,\"interval\":60") "]");
    ck_assert(allowed(&f, 1000)); /* opens the window 1000..1060 */
    ck_assert_uint_eq(f.states[0].window, 1060);
    ck_assert(allowed(&f, 1059));
    ck_assert(!allowed(&f, 1059));
    ck_assert(allowed(&f, 1060)); /* the end is outside */
    ck_assert_uint_eq(f.states[0].window, 1120);
    ck_assert_uint_eq(f.states[0].used, 1);
    ck_assert(allowed(&f, 1061));
    ck_assert(!allowed(&f, 1119));
    end(&f);
}
END_TEST

START_TEST(test_reset_fee_bump) {
    fixture f = begin("[" RESET("\"count\":1,\"interval\":60") "]");
    ck_assert(allowed(&f, 1000));
    ck_assert(allowed_again(&f, 1059)); /* counted in this window */
    ck_assert_uint_eq(f.states[0].used, 1);
    vk_nonce_charge first = f.charge;
    ck_assert(allowed_again(&f, 1060)); /* counted in the next as well */
    ck_assert_uint_eq(f.states[0].used, 1);
    ck_assert_uint_eq(f.states[0].window, 1120);
    f.charge = first; /* last counted at 1059: not in this window */
    ck_assert(!allowed_again(&f, 1061));
    f.charge.window = 1060;
    ck_assert(allowed_again(&f, 1119));
    end(&f);
}
END_TEST

START_TEST(test_reset_edges) {
    fixture f = begin("[" RESET("\"count\":0,\"interval\":60") "]");
    ck_assert(!allowed(&f, 1000));
    f.policy.rules[0].u.rate.count = 1;
    f.policy.rules[0].u.rate.interval = 0;
    ck_assert(allowed(&f, 1000)); /* a window without length is always over */
    ck_assert(allowed(&f, 1000));
    f.policy.rules[0].u.rate.interval = TIME_MAX;
    ck_assert(!allowed(&f, 1000)); /* its end does not fit 48 bits */
    ck_assert(!allowed(&f, UINT64_MAX));
    end(&f);
}
END_TEST

/* ---- Timestamp ---- */

START_TEST(test_timestamp) {
    fixture f = begin("[{\"type\":\"timestamp\",\"validAfter\":1000,\"validUntil\":2000}]");
    vk_verdict verdict = judge(&f, 999);
    ck_assert(!verdict.allowed);
    ck_assert_str_eq(verdict.reason, "1970-01-01T00:16:39Z is before the window, which opens at "
                                     "1970-01-01T00:16:40Z");
    vk_verdict_clear(&verdict);
    ck_assert(allowed(&f, 1000));
    ck_assert(allowed(&f, 2000));
    ck_assert(!allowed(&f, 2001));
    f.policy.rules[0].u.timestamp.valid_until = 0;
    ck_assert(allowed(&f, TIME_MAX));
    end(&f);
}
END_TEST

/* No rule speaks of time, but the account reports an end to the EntryPoint all the same. */
START_TEST(test_end_of_time) {
    fixture f = begin("[{\"type\":\"sudo\"}]");
    ck_assert(allowed(&f, TIME_MAX));
    vk_verdict verdict = judge(&f, TIME_MAX + 1);
    ck_assert(!verdict.allowed);
    ck_assert_int_eq(verdict.rule_index, -1);
    ck_assert_str_eq(verdict.rule, "time");
    ck_assert_str_eq(verdict.reason, "the time, 281474976710656 seconds since 1970, is after the "
                                     "end of every window: it does not fit 48 bits");
    vk_verdict_clear(&verdict);
    f.policy.rules[0].flag = VK_FLAG_NOT_FOR_USER_OP;
    ck_assert(!allowed(&f, TIME_MAX + 1));
    end(&f);
}
END_TEST

/* ---- Flags, selectors, several rules ---- */

START_TEST(test_flags) {
    fixture f = begin("[{\"type\":\"timestamp\",\"validUntil\":1,\"policyFlag\":\"0x0001\"},"
                      "{\"type\":\"gas\",\"allowed\":1000,\"policyFlag\":\"0x0003\"},"
                      "{\"type\":\"rate-limit\",\"count\":5,\"policyFlag\":\"0x0002\"}]");
    costs(&f, 5000);
    vk_verdict verdict = judge(&f, 100);
    ck_assert(verdict.allowed);
    ck_assert_int_eq(verdict.rule_index, -1);
    ck_assert_int_eq(verdict.rules[0].result, VK_RESULT_SKIPPED);
    ck_assert_int_eq(verdict.rules[1].result, VK_RESULT_SKIPPED);
    ck_assert_int_eq(verdict.rules[2].result, VK_RESULT_ALLOWED);
    ck_assert_uint_eq(spent(&f, 1), 0);
    ck_assert_uint_eq(f.states[2].used, 1);
    vk_verdict_clear(&verdict);
    f.policy.permission_flag = VK_FLAG_NOT_FOR_USER_OP;
    verdict = judge(&f, 100);
    ck_assert_str_eq(verdict.rule, "permission");
    ck_assert_int_eq(verdict.rule_index, -1);
    ck_assert_int_eq(verdict.rules[2].result, VK_RESULT_ALLOWED);
    ck_assert_uint_eq(f.states[2].used, 1);
    vk_verdict_clear(&verdict);
    f.policy.permission_flag = VK_FLAG_NOT_FOR_SIGNATURE;
    ck_assert(allowed(&f, 100));
    end(&f);
}
END_TEST

START_TEST(test_first_denial) {
    fixture f = begin("[{\"type\":\"rate-limit\",\"count\":5},{\"type\":\"gas\",\"allowed\":10},"
                      "{\"type\":\"timestamp\",\"validUntil\":1},{\"type\":\"sudo\"}]");
    costs(&f, 11);
    vk_verdict verdict = judge(&f, 100);
    ck_assert(!verdict.allowed);
    ck_assert_int_eq(verdict.rule_index, 1);
    ck_assert_str_eq(verdict.rule, "gas");
    ck_assert_str_eq(verdict.reason, "gas may cost 11 wei, over the remaining budget of 10 wei");
    ck_assert_int_eq(verdict.rules[0].result, VK_RESULT_ALLOWED);
    ck_assert_str_eq(verdict.rules[0].reason, "operation 1 of 5");
    ck_assert_int_eq(verdict.rules[2].result, VK_RESULT_DENIED);
    ck_assert_int_eq(verdict.rules[3].result, VK_RESULT_ALLOWED);
    ck_assert(!verdict.charge.present);
    ck_assert_uint_eq(f.states[0].used, 0);
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

static vk_verdict judge_data(fixture *f, const char *hex, const uint8_t selector[4]) {
    vk_buf data = vectors_hex(hex);
    f->op.call_data = vk_buf_view(&data);
    vk_verdict_request request = {.op = &f->op, .chain_id = 1, .selector = selector};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(&f->policy, &request, f->states, &verdict), VK_OK);
    f->op.call_data = vk_buf_view(&f->call_data);
    vk_buf_clear(&data);
    return verdict;
}

static const struct {
    const char *call_data;
    uint8_t selector[4];
    const char *rule; /* of the denial under sudo; "": none */
} selectors[] = {
    {"0x", {0xe9, 0xae, 0x5c, 0x53}, "selector"},
    {"0xe9ae5c", {0xe9, 0xae, 0x5c, 0x53}, "selector"},
    {"0xe9ae5c54", {0xe9, 0xae, 0x5c, 0x53}, "selector"},
    {"0xe9ae5c53", {0xe9, 0xae, 0x5c, 0x53}, "callData"},
    {"0x8dd7712fe9ae5c53", {0xe9, 0xae, 0x5c, 0x53}, "selector"},
    {"0x8dd7712fe9ae5c53", {0x8d, 0xd7, 0x71, 0x2f}, "selector"},
    {"0x12345678ff", {0x12, 0x34, 0x56, 0x78}, ""},
    {"0x12345678", {0x12, 0x34, 0x56, 0x78}, ""},
    {"0x12345679", {0x12, 0x34, 0x56, 0x78}, "selector"},
};

START_TEST(test_selectors) {
    fixture f = begin("[{\"type\":\"sudo\"}]");
    vk_verdict verdict = judge_data(&f, selectors[_i].call_data, selectors[_i].selector);
    ck_assert_str_eq(verdict.rule, selectors[_i].rule);
    ck_assert_int_eq(verdict.rule_index, -1);
    vk_verdict_clear(&verdict);
    end(&f);
    f = begin("[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[]}]");
    verdict = judge_data(&f, selectors[_i].call_data, selectors[_i].selector);
    ck_assert(!verdict.allowed);
    ck_assert_int_eq(verdict.rules[0].result, VK_RESULT_DENIED);
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

START_TEST(test_arguments) {
    fixture f = begin("[{\"type\":\"sudo\"}]");
    vk_verdict_request request = {.op = &f.op, .selector = vk_kernel_execute_selector};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(&f.policy, &request, NULL, &verdict), VK_ERR_ARGUMENT);
    request.selector = NULL;
    ck_assert_int_eq(vk_policy_evaluate(&f.policy, &request, f.states, &verdict), VK_ERR_ARGUMENT);
    request.selector = vk_kernel_execute_selector;
    request.op = NULL;
    ck_assert_int_eq(vk_policy_evaluate(&f.policy, &request, f.states, &verdict), VK_ERR_ARGUMENT);
    vk_verdict_clear(&verdict);
    request.op = &f.op;
    vk_policy none = {0};
    ck_assert_int_eq(vk_policy_evaluate(&none, &request, NULL, &verdict), VK_OK);
    ck_assert(!verdict.allowed);
    ck_assert_str_eq(verdict.rule, "policy");
    vk_verdict_clear(&verdict);
    end(&f);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static void add_state_tests(TCase *tests) {
    tcase_add_test(tests, test_fee_bump);
    tcase_add_test(tests, test_fee_bump_beside_others);
    tcase_add_test(tests, test_gas_overflow);
    tcase_add_test(tests, test_inconsistent_charge);
    tcase_add_test(tests, test_charge_without_gas_rule);
    tcase_add_test(tests, test_paymaster);
    tcase_add_test(tests, test_rate_limit);
    tcase_add_test(tests, test_rate_limit_overflow);
    tcase_add_test(tests, test_reset);
    tcase_add_test(tests, test_reset_fee_bump);
    tcase_add_test(tests, test_reset_edges);
}

int main(void) {
    Suite *suite = suite_create("policy-evaluate");
    TCase *tests = tcase_create("policy-evaluate");
    add_state_tests(tests);
    tcase_add_test(tests, test_timestamp);
    tcase_add_test(tests, test_end_of_time);
    tcase_add_test(tests, test_flags);
    tcase_add_test(tests, test_first_denial);
    tcase_add_loop_test(tests, test_selectors, 0, COUNT(selectors));
    tcase_add_test(tests, test_arguments);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
