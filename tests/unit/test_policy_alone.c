/* Policies in accounts without a permission plug-in: the token alone keeps them. */
#include "pairing_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT "0x1111111111111111111111111111111111111111"
#define TARGET "0x00000000000000000000000000000000000000aa"
#define OTHER "0x00000000000000000000000000000000000000bb"
#define CALL_POLICY                                                                                \
    "[{\"type\":\"call\",\"policyVersion\":\"%s\",\"permissions\":[{\"target\":\"" TARGET          \
    "\",\"selector\":\"0xa9059cbb\",\"valueLimit\":\"5\",\"rules\":[{\"condition\":4,\"offset\":"  \
    "32,\"params\":[\"0x0000000000000000000000000000000000000000000000000000000000000064\"]}]}]}]"

static vk_address account, target, other;
static uint8_t transfer[68] = {0xa9, 0x05, 0x9c, 0xbb, [67] = 100};

static vk_address address_of(const char *text) {
    vk_address address;
    ck_assert_int_eq(vk_address_read(text, strlen(text), &address), VK_OK);
    return address;
}

static void load(void) {
    account = address_of(ACCOUNT);
    target = address_of(TARGET);
    other = address_of(OTHER);
    transfer[67] = 100;
}

/* ---- Operations ---- */

static const vk_kernel_version kernels[] = {VK_KERNEL_V1,    VK_KERNEL_0_0_2, VK_KERNEL_0_2_2,
                                            VK_KERNEL_0_2_3, VK_KERNEL_0_2_4, VK_KERNEL_0_3_0,
                                            VK_KERNEL_0_3_1, VK_KERNEL_0_3_2, VK_KERNEL_0_3_3};
#define KERNELS (sizeof kernels / sizeof kernels[0])

/* One call or more of an account of that version. */
typedef struct operation {
    vk_kernel_version kernel;
    uint8_t call_type;
    size_t count;
    vk_call calls[2];
    vk_hardening_set relaxed;
    const uint8_t *selector; /* granted; NULL: any */
    uint64_t now, valid_after, valid_until;
    uint8_t appended; /* to the call data, if not 0 */
} operation;

static vk_call call_of(const vk_address *to, uint64_t value) {
    return (vk_call){
        .target = *to, .value = vk_u256_from_u64(value), .data = {transfer, sizeof transfer}};
}

static operation one_call(vk_kernel_version kernel, const vk_address *to, uint64_t value) {
    return (operation){.kernel = kernel, .count = 1, .calls = {call_of(to, value)}};
}

static vk_verdict judge(const char *json, operation o) {
    vk_policy policy = pairing_policy(json);
    vk_rule_state states[4] = {{.used = 0}};
    vk_execution execution = {.call_type = o.call_type, .call_count = o.count, .calls = o.calls};
    vk_buf call_data = {0};
    vk_verdict verdict;
    ck_assert_int_eq(vk_execution_encode_for(o.kernel, NULL, &execution, &call_data, NULL), VK_OK);
    if (o.appended != 0) {
        vk_buf_put_byte(&call_data, o.appended);
    }
    vk_userop op = {.entry_point = vk_kernel_entry_point(o.kernel),
                    .sender = account,
                    .call_data = vk_buf_view(&call_data),
                    .call_gas_limit = vk_u256_from_u64(10),
                    .max_fee_per_gas = vk_u256_from_u64(3)};
    vk_verdict_request asked = {.op = &op,
                                .now = o.now,
                                .kernel = o.kernel,
                                .selector = o.selector,
                                .valid_after = o.valid_after,
                                .valid_until = o.valid_until,
                                .relaxed = o.relaxed};
    ck_assert_int_eq(vk_policy_evaluate(&policy, &asked, states, &verdict), VK_OK);
    vk_policy_clear(&policy);
    vk_buf_clear(&call_data);
    return verdict;
}

static char *call_policy(const char *version) {
    char *text;
    ck_assert_int_gt(asprintf(&text, CALL_POLICY, version), 0);
    return text;
}

static void check_under(const char *json, operation o, const char *rule) {
    vk_verdict verdict = judge(json, o);
    ck_assert_msg(verdict.allowed == (rule == NULL), "Kernel %s: %s: %s", vk_kernel_text(o.kernel),
                  verdict.rule, verdict.reason);
    ck_assert_msg(rule == NULL || strcmp(verdict.rule, rule) == 0, "Kernel %s: %s, not %s",
                  vk_kernel_text(o.kernel), verdict.rule, rule);
    vk_verdict_clear(&verdict);
}

/* What a bundler would say of it; "": nothing. */
static void check_chain(const char *json, operation o, const char *chain_error) {
    vk_verdict verdict = judge(json, o);
    ck_assert(!verdict.allowed);
    ck_assert_str_eq(verdict.chain_error, chain_error);
    vk_verdict_clear(&verdict);
}

static void check(operation o, const char *rule) {
    char *json = call_policy("0.0.4");
    check_under(json, o, rule);
    free(json);
}

/* ---- Calls ---- */

/* The same rules, on the calls of each version. */
START_TEST(test_calls) {
    for (size_t i = 0; i < KERNELS; i++) {
        transfer[67] = 100;
        check(one_call(kernels[i], &target, 5), NULL);
        check(one_call(kernels[i], &target, 6), "call");
        check(one_call(kernels[i], &other, 5), "call");
        transfer[67] = 101;
        check(one_call(kernels[i], &target, 5), "call");
    }
}
END_TEST

START_TEST(test_batches) {
    for (size_t i = 0; i < KERNELS; i++) {
        operation batch = {.kernel = kernels[i],
                           .call_type = VK_CALL_BATCH,
                           .count = 2,
                           .calls = {call_of(&target, 5), call_of(&target, 0)}};
        check(batch, NULL);
        batch.calls[1].target = other;
        check(batch, "call");
    }
}
END_TEST

/* There is a permission for calls only. */
START_TEST(test_delegatecalls) {
    for (size_t i = 0; i < KERNELS; i++) {
        operation delegate = {.kernel = kernels[i],
                              .call_type = VK_CALL_DELEGATE,
                              .count = 1,
                              .calls = {call_of(&target, 0)}};
        check(delegate, "call");
        check_under("[{\"type\":\"gas\",\"allowed\":\"1000\"}]", delegate, "delegatecall");
        check_under("[{\"type\":\"timestamp\",\"validUntil\":1}]", delegate, "target");
        check_under("[{\"type\":\"sudo\"}]", delegate, NULL);
    }
}
END_TEST

/* No contract misreads a delegatecall here, but the rule of that version is hard all the same. */
START_TEST(test_old_call_policy) {
    char *json = call_policy("0.0.2");
    operation delegate = {.kernel = VK_KERNEL_0_2_4,
                          .call_type = VK_CALL_DELEGATE,
                          .count = 1,
                          .calls = {call_of(&target, 0)},
                          .relaxed = VK_HARDENING_ALL};
    check_under(json, delegate, "call");
    free(json);
}
END_TEST

/* Not even with every switch off. */
START_TEST(test_only_canonical) {
    for (size_t i = 0; i < KERNELS; i++) {
        operation odd = one_call(kernels[i], &target, 5);
        odd.appended = 1;
        odd.relaxed = VK_HARDENING_ALL;
        check(odd, "callData");
        check_under("[{\"type\":\"sudo\"}]", odd, "callData");
    }
}
END_TEST

/* ---- Functions of the account ---- */

START_TEST(test_selector) {
    static const uint8_t execute[] = {0x51, 0x94, 0x54, 0x47}, batch[] = {0x34, 0xfc, 0xd5, 0xbe};
    operation o = one_call(VK_KERNEL_0_2_4, &target, 0);
    o.selector = execute;
    check(o, NULL);
    o.selector = batch;
    check(o, "selector");
}
END_TEST

START_TEST(test_hooked) {
    vk_call call = call_of(&target, 0);
    vk_execution execution = {.hooked = true, .call_count = 1, .calls = &call};
    vk_buf call_data = {0};
    vk_policy policy = pairing_policy("[{\"type\":\"sudo\"}]");
    vk_rule_state state = {.used = 0};
    vk_verdict verdict;
    ck_assert_int_eq(vk_execution_encode(&execution, &call_data), VK_OK);
    vk_userop op = {
        .entry_point = VK_ENTRY_POINT_0_7, .sender = account, .call_data = vk_buf_view(&call_data)};
    vk_verdict_request asked = {.op = &op, .kernel = VK_KERNEL_0_3_1, .relaxed = VK_HARDENING_ALL};
    ck_assert_int_eq(vk_policy_evaluate(&policy, &asked, &state, &verdict), VK_OK);
    ck_assert(!verdict.allowed);
    ck_assert_str_eq(verdict.rule, "selector");
    vk_verdict_clear(&verdict);
    vk_policy_clear(&policy);
    vk_buf_clear(&call_data);
}
END_TEST

/* What could lift the limits: the account, the EntryPoint, any of the validators. */
START_TEST(test_protected) {
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_6);
    const vk_validator *ecdsa = vk_validator_named("ecdsa", VK_KERNEL_0_2_4);
    const vk_address *guards[] = {&account, &entry_point, &ecdsa->address};
    for (size_t i = 0; i < KERNELS; i++) {
        for (size_t j = 0; j < sizeof guards / sizeof guards[0]; j++) {
            operation o = one_call(kernels[i], guards[j], 0);
            check_under("[{\"type\":\"sudo\"}]", o, "target");
            o.relaxed = vk_hardening_bit(VK_HARDENING_PROTECTED_TARGET);
            check_under("[{\"type\":\"sudo\"}]", o, NULL);
        }
    }
}
END_TEST

/* ---- Time and gas ---- */

/* As EntryPoint 0.6 reads it: both ends are within. */
START_TEST(test_approval_window) {
    operation o = one_call(VK_KERNEL_0_2_4, &target, 0);
    o.valid_after = 1000;
    o.valid_until = 2000;
    static const struct {
        uint64_t now;
        bool open;
    } times[] = {{999, false}, {1000, true}, {2000, true}, {2001, false}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        o.now = times[i].now;
        check(o, times[i].open ? NULL : "approval");
    }
    o.valid_until = 0;
    check(o, NULL);
}
END_TEST

/* The rule's window and the approval's: whichever is closed says so. */
START_TEST(test_both_windows) {
    static const char json[] =
        "[{\"type\":\"sudo\"},{\"type\":\"timestamp\",\"validAfter\":1500,\"validUntil\":3000}]";
    operation o = one_call(VK_KERNEL_0_2_4, &target, 0);
    o.valid_after = 1000;
    o.valid_until = 2000;
    o.now = 1200;
    check_under(json, o, "timestamp");
    o.now = 2500;
    check_under(json, o, "approval");
    o.now = 1600;
    check_under(json, o, NULL);
}
END_TEST

/* The account asks no rule, so the chain would not refuse; only the approval's window is its own.
 */
START_TEST(test_chain_error) {
    static const char *const rules[] = {
        "[{\"type\":\"gas\",\"allowed\":\"29\"}]",
        "[{\"type\":\"sudo\"},{\"type\":\"timestamp\",\"validUntil\":1}]",
        "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" OTHER
        "\"}]}]"};
    for (size_t i = 0; i < KERNELS; i++) {
        operation o = one_call(kernels[i], &target, 0);
        o.now = 1500;
        for (size_t j = 0; j < sizeof rules / sizeof rules[0]; j++) {
            check_chain(rules[j], o, "");
        }
        o.valid_until = 1000;
        check_chain("[{\"type\":\"sudo\"}]", o, "AA22 expired or not due");
    }
}
END_TEST

START_TEST(test_gas) {
    operation o = one_call(VK_KERNEL_0_2_4, &target, 0);
    check_under("[{\"type\":\"gas\",\"allowed\":\"30\"}]", o, NULL);
    check_under("[{\"type\":\"gas\",\"allowed\":\"29\"}]", o, "gas");
}
END_TEST

/* Of EntryPoint 0.6 the paymaster is the beginning of paymasterAndData. */
START_TEST(test_paymaster_0_6) {
    static const char json[] = "[{\"type\":\"gas\",\"allowed\":\"1000\",\"enforcePaymaster\":true,"
                               "\"allowedPaymaster\":\"" TARGET "\"}]";
    uint8_t data[22] = {0};
    vk_policy policy = pairing_policy(json);
    memcpy(data, target.b, sizeof target.b);
    for (size_t len = 19; len <= sizeof data; len++) {
        vk_rule_state state = {.used = 0};
        vk_verdict verdict;
        vk_buf call_data = {0};
        vk_call call = call_of(&target, 0);
        vk_execution execution = {.call_count = 1, .calls = &call};
        ck_assert_int_eq(
            vk_execution_encode_for(VK_KERNEL_0_2_4, NULL, &execution, &call_data, NULL), VK_OK);
        data[0] ^= len == sizeof data; /* another paymaster */
        vk_userop op = {.entry_point = VK_ENTRY_POINT_0_6,
                        .sender = account,
                        .call_data = vk_buf_view(&call_data),
                        .paymaster_and_data = {data, len}};
        vk_verdict_request asked = {.op = &op, .kernel = VK_KERNEL_0_2_4};
        ck_assert_int_eq(vk_policy_evaluate(&policy, &asked, &state, &verdict), VK_OK);
        ck_assert(verdict.allowed == (len == 20 || len == 21));
        vk_verdict_clear(&verdict);
        vk_buf_clear(&call_data);
    }
    vk_policy_clear(&policy);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy alone");
    TCase *tests = tcase_create("policy alone");
    tcase_add_checked_fixture(tests, load, NULL);
    tcase_add_test(tests, test_calls);
    tcase_add_test(tests, test_batches);
    tcase_add_test(tests, test_delegatecalls);
    tcase_add_test(tests, test_old_call_policy);
    tcase_add_test(tests, test_only_canonical);
    tcase_add_test(tests, test_selector);
    tcase_add_test(tests, test_hooked);
    tcase_add_test(tests, test_protected);
    tcase_add_test(tests, test_approval_window);
    tcase_add_test(tests, test_both_windows);
    tcase_add_test(tests, test_chain_error);
    tcase_add_test(tests, test_gas);
    tcase_add_test(tests, test_paymaster_0_6);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
