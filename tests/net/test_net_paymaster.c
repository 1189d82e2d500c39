/* A paymaster's answers: good, bad, recorded, and none. */
#include "served.h"

#include <check.h>
#include <net/paymaster.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static served s;
static vk_paymaster *paymaster;
static vk_sponsoring given;

static void set_up(void) {
    served_start(&s);
    ck_assert(vk_paymaster_open(&s.config, &paymaster, NULL) == VK_OK);
}

static void tear_down(void) {
    vk_sponsoring_clear(&given);
    vk_paymaster_close(paymaster);
    served_stop(&s);
}

static const char stub[] = "pm_getPaymasterStubData";

static vk_status ask_stub(vk_error *err) {
    vk_sponsoring_clear(&given);
    return vk_paymaster_stub_data(paymaster, &s.op, &s.entry_point, &given, err);
}

static vk_status ask_data(vk_error *err) {
    vk_sponsoring_clear(&given);
    return vk_paymaster_data(paymaster, &s.op, &s.entry_point, &given, err);
}

static bool is_empty(void) {
    static const vk_sponsoring empty;
    return memcmp(&given, &empty, sizeof given) == 0;
}

#define H11 "0x1111111111111111111111111111111111111111"

static const char good[] =
    "{\"result\":{\"paymaster\":\"" H11 "\",\"paymasterData\":\"0xabcd\","
    "\"paymasterVerificationGasLimit\":\"0x10\",\"paymasterPostOpGasLimit\":null,"
    "\"isFinal\":true,\"sponsor\":{\"name\":\"A\\u001bB \\u00e4\"},\"other\":1}}";

/* Has the last request these parameters behind the operation? */
static void check_params(const char *behind) {
    vk_buf wanted = {0};
    vk_buf_put_text(&wanted, "\"params\":[");
    ck_assert(vk_userop_write_json(&s.op, &wanted) == VK_OK);
    vk_buf_put_text(&wanted, behind);
    char *text = vk_buf_take_text(&wanted);
    ck_assert_msg(strstr(s.node.body, text) != NULL, "%s", s.node.body);
    vk_text_free(text);
}

START_TEST(test_good) {
    static const char behind[] = ",\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\",\"0x7a69\","
                                 "{\"policy\":\"sp_secret\"}]}";
    served_set(&s, stub, good, NULL);
    ck_assert(ask_stub(NULL) == VK_OK);
    check_params(behind);
    ck_assert(given.paymaster.b[0] == 0x11 && given.paymaster_data.len == 2);
    ck_assert(given.has_verification_gas_limit &&
              vk_u256_low64(&given.verification_gas_limit) == 16 && !given.has_post_op_gas_limit);
    ck_assert(given.is_final && given.paymaster_and_data.len == 0);
    ck_assert_str_eq(given.sponsor, "A?B \xc3\xa4");
    served_set(&s, "pm_getPaymasterData", "{\"result\":{\"paymaster\":\"" H11 "\"}}", NULL);
    ck_assert(ask_data(NULL) == VK_OK);
    check_params(behind);
    ck_assert(given.paymaster.b[0] == 0x11 && given.paymaster_data.len == 0 && !given.is_final &&
              !given.has_verification_gas_limit && given.sponsor[0] == '\0');
    ck_assert_str_eq(vk_paymaster_name(paymaster), "http://127.0.0.1");
}
END_TEST

START_TEST(test_no_context) {
    vk_chain_config config = s.config;
    config.paymaster_context = NULL;
    vk_paymaster_close(paymaster);
    ck_assert(vk_paymaster_open(&config, &paymaster, NULL) == VK_OK);
    served_set(&s, stub, good, NULL);
    ck_assert(ask_stub(NULL) == VK_OK);
    check_params(",\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\",\"0x7a69\",{}]}");
}
END_TEST

START_TEST(test_joined) {
    s.op.entry_point = VK_ENTRY_POINT_0_6;
    served_set(&s, stub, "{\"result\":{\"paymasterAndData\":\"" H11 "ab\"}}", NULL);
    ck_assert(ask_stub(NULL) == VK_OK);
    ck_assert(given.paymaster_and_data.len == 21 && given.paymaster_data.len == 0);
    static const char *const bad[] = {
        "{\"result\":{\"paymasterAndData\":\"0x\"}}",
        "{\"result\":{\"paymasterAndData\":\"0x11\"}}",
        "{\"result\":{\"paymasterAndData\":\"0x0000000000000000000000000000000000000000ab\"}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        served_set(&s, stub, bad[i], NULL);
        served_fails(ask_stub, VK_ERR_SERVER, "does not begin with a paymaster's address");
        ck_assert(is_empty());
    }
    served_set(&s, stub, good, NULL); /* of another EntryPoint */
    served_fails(ask_stub, VK_ERR_SERVER, "\"paymasterAndData\" is missing");
}
END_TEST

START_TEST(test_bad) {
    static const struct {
        const char *result, *says;
    } cases[] = {
        {"null", "must be an object"},
        {"\"0x\"", "must be an object"},
        {"{}", "\"paymaster\" is missing"},
        {"{\"paymaster\":\"0x0000000000000000000000000000000000000000\"}", "address is zero"},
        {"{\"paymaster\":\"0x11\"}", "\"paymaster\" must be an address"},
        {"{\"paymasterAndData\":\"" H11 "\"}", "\"paymaster\" is missing"},
        {"{\"paymaster\":\"" H11 "\",\"paymasterData\":\"0xabc\"}", "even number of hex digits"},
        {"{\"paymaster\":\"" H11 "\",\"paymasterData\":7}", "must be a string"},
        {"{\"paymaster\":\"" H11 "\",\"paymasterPostOpGasLimit\":"
         "\"0x100000000000000000000000000000000\"}",
         "result.paymasterPostOpGasLimit: \"paymasterPostOpGasLimit\" does not fit 128 bits"},
        {"{\"paymaster\":\"" H11 "\",\"paymasterVerificationGasLimit\":-1}",
         "result.paymasterVerificationGasLimit: "},
        {"{\"paymaster\":\"" H11 "\",\"paymasterData\":\"0xabcd\",\"isFinal\":\"true\"}",
         "result.isFinal: "},
        {"{\"paymaster\":\"" H11 "\",\"sponsor\":\"x\"}", "\"sponsor\" must be an object"},
        {"{\"paymaster\":\"" H11 "\",\"sponsor\":{\"name\":1}}", "result.sponsor.name: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[512];
        snprintf(members, sizeof members, "{\"result\":%s}", cases[i].result);
        served_set(&s, stub, members, NULL);
        served_fails(ask_stub, VK_ERR_SERVER, cases[i].says);
        ck_assert_msg(is_empty(), "%s", cases[i].result);
    }
}
END_TEST

/* What is the account's is not for it to say, once the operation is whole. */
START_TEST(test_other_operation) {
    static const char *const names[] = {"callGasLimit", "verificationGasLimit",
                                        "preVerificationGas", "maxFeePerGas",
                                        "maxPriorityFeePerGas"};
    static const char *const values[] = {"\"0x7fffffff\"", "-1", "\"\"", "[]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            char members[256], says[128];
            snprintf(members, sizeof members, "{\"result\":{\"paymaster\":\"" H11 "\",\"%s\":%s}}",
                     names[i], values[j]);
            snprintf(says, sizeof says, "it wants another %s than the operation has", names[i]);
            served_set(&s, "pm_getPaymasterData", members, NULL);
            served_fails(ask_data, VK_ERR_SERVER, says);
            ck_assert_msg(is_empty(), "%s", members);
            served_set(&s, stub, members, NULL); /* it is not whole yet */
            ck_assert_msg(ask_stub(NULL) == VK_OK, "%s", members);
        }
    }
    char same[512], fee[67], gas[67];
    vk_u256_hex(&s.op.max_fee_per_gas, fee);
    vk_u256_hex(&s.op.call_gas_limit, gas);
    snprintf(same, sizeof same,
             "{\"result\":{\"paymaster\":\"" H11 "\",\"maxFeePerGas\":\"%s\",\"callGasLimit\":"
             "\"%s\",\"preVerificationGas\":null}}",
             fee, gas);
    served_set(&s, "pm_getPaymasterData", same, NULL);
    ck_assert(ask_data(NULL) == VK_OK);
}
END_TEST

START_TEST(test_too_much_data) {
    vk_buf text = {0};
    vk_buf_put_text(&text, "{\"result\":{\"paymaster\":\"" H11 "\",\"paymasterData\":\"0x");
    for (int i = 0; i < 16385; i++) {
        vk_buf_put_text(&text, "00");
    }
    vk_buf_put_text(&text, "\"}}");
    char *members = vk_buf_take_text(&text);
    served_set(&s, stub, members, NULL);
    served_fails(ask_stub, VK_ERR_SERVER, "has more than 16384 bytes");
    ck_assert(is_empty());
    vk_text_free(members);
}
END_TEST

START_TEST(test_failures) {
    served_refuses(&s, stub, ask_stub);
    served_refuses(&s, "pm_getPaymasterData", ask_data);
    served_repeats(&s, stub, ask_stub, good);
    served_repeats(&s, "pm_getPaymasterData", ask_data, good);
    served_set(&s, stub, good, "[{\"stall\":1200},{\"stall\":1200},{\"stall\":1200}]");
    served_fails(ask_stub, VK_ERR_SERVER, "cannot ask http://127.0.0.1: ");
    ck_assert(is_empty());
}
END_TEST

START_TEST(test_recorded) {
    served_recorded(&s, "paymaster.json", "stub data");
    ck_assert(ask_stub(NULL) == VK_OK);
    ck_assert(given.paymaster.b[0] == 0x38 && given.paymaster_data.len == 78 && !given.is_final);
    ck_assert(vk_u256_low64(&given.verification_gas_limit) == 50000 &&
              vk_u256_low64(&given.post_op_gas_limit) == 100000);
    ck_assert_str_eq(given.sponsor, "Pimlico");
    served_recorded(&s, "paymaster.json", "data");
    ck_assert(ask_data(NULL) == VK_OK);
    ck_assert(given.paymaster.b[0] == 0x38 && given.paymaster_data.len == 78);
    ck_assert(!given.has_verification_gas_limit && !given.has_post_op_gas_limit);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_paymaster");
    TCase *tests = tcase_create("net_paymaster");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_no_context);
    tcase_add_test(tests, test_joined);
    tcase_add_test(tests, test_bad);
    tcase_add_test(tests, test_other_operation);
    tcase_add_test(tests, test_too_much_data);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_recorded);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
