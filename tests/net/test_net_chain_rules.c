/* What a node says of rules' budgets: good, bad, and what contracts do not tell. */
#include "served.h"

#include <check.h>
#include <net/chain_rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static served s;
static vk_node *node;
static vk_chain_rule rule = {.permission_id = {1, 2, 3, 4}};
static bool known;
static vk_u256 gas;
static vk_rate_left rate;
static vk_rate_window window;

#define POLICY "0x2c8a7839cba47040b736dbfa46c46fc87a928f3b"
#define POLICY_SENT "0x2c8a7839cbA47040B736dbfA46C46fC87A928F3b"
#define ACCOUNT "0x364fe8e7d96fC0cE795E3602928df956E382c4b3"

static void set_up(void) {
    served_start(&s);
    ck_assert(vk_node_open(&s.config.node, &node, NULL) == VK_OK);
    ck_assert(vk_address_read(POLICY, strlen(POLICY), &rule.policy) == VK_OK);
    ck_assert(vk_address_read(ACCOUNT, strlen(ACCOUNT), &rule.account) == VK_OK);
}

static void tear_down(void) {
    vk_node_close(node);
    served_stop(&s);
}

static vk_status ask_gas(vk_error *err) {
    return vk_node_gas_left(node, &rule, &known, &gas, err);
}

static vk_status ask_rate(vk_error *err) {
    return vk_node_rate_left(node, &rule, &known, &rate, err);
}

static vk_status ask_window(vk_error *err) {
    return vk_node_rate_window(node, &rule, &known, &window, err);
}

#define WORD(n) "000000000000000000000000000000000000000000000000" n
#define SIX "0000000000000006"
#define SEVEN "0000000000000007"
#define NOON "000000006b49d200"
#define MOST "0000ffffffffffff"
#define TOO_MUCH "0001000000000000"
#define ASKED                                                                                      \
    "0102030400000000000000000000000000000000000000000000000000000000"                             \
    "000000000000000000000000364fe8e7d96fc0ce795e3602928df956e382c4b3\"},\"latest\"]"

static void set(const char *result) {
    char members[1024];
    snprintf(members, sizeof members, "{\"result\":\"0x%s\"}", result);
    served_set(&s, "eth_call", members, NULL);
    known = false;
}

/* Of gasPolicyConfig, rateLimitConfigs and rateLimitState: asked of the rule's contract. */
static void was_asked(const char *selector) {
    char expected[512];
    snprintf(expected, sizeof expected, "[{\"to\":\"" POLICY_SENT "\",\"data\":\"0x%s" ASKED,
             selector);
    const char *params = strstr(s.node.body, "\"params\":");
    ck_assert_msg(strncmp(params + 9, expected, strlen(expected)) == 0, "%s", params);
}

START_TEST(test_gas) {
    set(WORD(SEVEN) WORD("0000000000000001") WORD(SIX));
    ck_assert(ask_gas(NULL) == VK_OK && known);
    ck_assert_uint_eq(vk_u256_low64(&gas), 7);
    was_asked("f69414c9");
}
END_TEST

START_TEST(test_rate) {
    set(WORD(SIX) WORD(SEVEN) WORD(NOON));
    ck_assert(ask_rate(NULL) == VK_OK && known);
    ck_assert_uint_eq(rate.interval, 6);
    ck_assert_uint_eq(rate.count, 7);
    ck_assert_uint_eq(rate.next, 1800000000);
    was_asked("8712147a");
    set(WORD(MOST) WORD(MOST) WORD(MOST));
    ck_assert(ask_rate(NULL) == VK_OK && known);
    ck_assert_uint_eq(rate.next, (UINT64_C(1) << 48) - 1);
}
END_TEST

/* One answer to both calls. */
START_TEST(test_window) {
    set(WORD(SIX) WORD(NOON));
    ck_assert(ask_window(NULL) == VK_OK && known);
    ck_assert_uint_eq(s.node.calls, 2);
    ck_assert_uint_eq(window.interval, 6);
    ck_assert_uint_eq(window.count, 1800000000);
    ck_assert_uint_eq(window.left, 6);
    ck_assert_uint_eq(window.end, 1800000000);
    was_asked("48edf4e1");
}
END_TEST

/* No contract, another one, or one that counts in another way: not known, and no failure. */
START_TEST(test_not_told) {
    static const struct {
        served_call call;
        const char *result;
    } cases[] = {
        {ask_gas, ""},
        {ask_gas, WORD(SEVEN)},
        {ask_gas, WORD(SEVEN) WORD(SEVEN) WORD(SEVEN) WORD(SEVEN)},
        {ask_gas,
         "0000000000000000000000000000000100000000000000000000000000000000" WORD(SIX) WORD(SIX)},
        {ask_rate, ""},
        {ask_rate, "00"},
        {ask_rate, WORD(SIX) WORD(SEVEN)},
        {ask_rate, WORD(SIX) WORD(SEVEN) WORD(TOO_MUCH)},
        {ask_rate, WORD(SIX) WORD(SEVEN) WORD(NOON) "00"},
        {ask_window, ""},
        {ask_window, WORD(SIX) WORD(SEVEN) WORD(NOON)},
        {ask_window, WORD(TOO_MUCH) WORD(SEVEN)},
    };
    memset(&gas, 0x11, sizeof gas);
    memset(&rate, 0x11, sizeof rate);
    memset(&window, 0x11, sizeof window);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_error err = {0};
        set(cases[i].result);
        known = true;
        ck_assert_msg(cases[i].call(&err) == VK_OK, "%s", err.message);
        ck_assert_msg(!known, "%zu", i);
        ck_assert_uint_eq(s.node.calls, 1);
    }
    ck_assert(gas.be[0] == 0x11 && rate.next == window.end);
    served_set(&s, "eth_call", "{\"error\":{\"code\":3,\"message\":\"execution reverted\"}}", NULL);
    known = true;
    ck_assert(ask_rate(NULL) == VK_OK && !known);
    ck_assert(ask_window(NULL) == VK_OK && !known);
    ck_assert(ask_gas(NULL) == VK_OK && !known);
}
END_TEST

/* A node that does not answer is another matter. */
START_TEST(test_failures) {
    static const served_call calls[] = {ask_gas, ask_rate, ask_window};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        served_set(&s, "eth_call", "{\"result\":\"0xx\"}", NULL);
        served_fails(calls[i], VK_ERR_SERVER, "eth_call");
        ck_assert(!known);
    }
    served_repeats(&s, "eth_call", ask_gas, "{\"result\":\"0x\"}");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_chain_rules");
    TCase *tests = tcase_create("net_chain_rules");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_gas);
    tcase_add_test(tests, test_rate);
    tcase_add_test(tests, test_window);
    tcase_add_test(tests, test_not_told);
    tcase_add_test(tests, test_failures);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
