/* What the call rule allows, and the reasons that people read where it does not. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
#define WORD_OF(low) "0x00000000000000000000000000000000000000000000000000000000" low
#define ALICE_WORD "0x00000000000000000000000070997970C51812dc3A010C7d01b50e0d17dc79C8"
#define CALLS_MAX 3

/* ---- Calls ---- */

#define CALLS(version, permissions)                                                                \
    "[{\"type\":\"call\",\"policyVersion\":\"" version "\",\"permissions\":[" permissions "]}]"
#define TRANSFERS                                                                                  \
    "{\"target\":\"" USDC "\",\"selector\":\"0xa9059cbb\",\"rules\":["                             \
    "{\"condition\":0,\"offset\":0,\"params\":[\"" ALICE_WORD "\"]},"                              \
    "{\"condition\":4,\"offset\":32,\"params\":[\"" WORD_OF("05f5e100") "\"]}]}"
#define ANY "0x0000000000000000000000000000000000000000"
#define TRANSFER(to, low)                                                                          \
    "0xa9059cbb000000000000000000000000" to                                                        \
    "00000000000000000000000000000000000000000000000000000000" low
#define TO_ALICE "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define TO_BOB "90f79bf6eb2c4f870365e785982e1f101e93b906"
#define ONE_RULE(rule) "{\"target\":\"" ALICE "\",\"selector\":\"0x12345678\",\"rules\":[" rule "]}"
#define WORDS_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define WORDS_7 "0000000000000000000000000000000000000000000000000000000000000007"

/* Calls of one target; the reason is NULL where they are allowed. */
static const struct {
    const char *policy;
    uint8_t call_type;
    const char *target;
    uint64_t value;
    const char *data[CALLS_MAX]; /* ends with NULL or with the array */
    const char *reason;
} calls[] = {
    {CALLS("0.0.4", TRANSFERS), 0, USDC, 0, {TRANSFER(TO_ALICE, "05f5e100")}, NULL},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {TRANSFER(TO_ALICE, "05f5e101")},
     "100.000001 USDC is over the limit of 100"},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {TRANSFER(TO_BOB, "00000001")},
     "recipient 0x90F79bf6EB2c4f870365E785982E1f101E93b906 is not the allowed " ALICE},
    {CALLS("0.0.4", TRANSFERS),
     0,
     ALICE,
     0,
     {TRANSFER(TO_ALICE, "00000001")},
     "no permission allows transfer on " ALICE},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {"0x095ea7b3"},
     "no permission allows approve on USDC (" USDC ")"},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     1000000000000000,
     {TRANSFER(TO_ALICE, "00000001")},
     "0.001 ether of native value is sent, but none is allowed"},
    {CALLS("0.0.4", TRANSFERS),
     1,
     USDC,
     0,
     {TRANSFER(TO_ALICE, "05f5e100"), TRANSFER(TO_ALICE, "05f5e100")},
     NULL},
    {CALLS("0.0.4", TRANSFERS),
     1,
     USDC,
     0,
     {TRANSFER(TO_ALICE, "00000001"), TRANSFER(TO_ALICE, "05f5e101")},
     "call 2 of 2: 100.000001 USDC is over the limit of 100"},
    {CALLS("0.0.4", TRANSFERS), 1, USDC, 0, {NULL}, NULL},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {"0xa9059cbb" WORDS_0},
     "recipient 0x0000000000000000000000000000000000000000 is not the allowed " ALICE},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {"0xa9059c"},
     "3 bytes of data are too short for a function selector"},
    {CALLS("0.0.4", TRANSFERS),
     0,
     USDC,
     0,
     {"0x"},
     "no permission allows a call without data to USDC (" USDC ")"},
    {CALLS("0.0.4", TRANSFERS),
     0xff,
     USDC,
     0,
     {TRANSFER(TO_ALICE, "00000001")},
     "no permission allows a delegatecall of transfer on USDC (" USDC ")"},
    {CALLS("0.0.2", "{\"target\":\"" ALICE "\",\"callType\":\"0xff\"}"),
     0xff,
     ALICE,
     0,
     {WORD_OF("00000000")},
     "this version of the call policy misreads delegatecalls, so none is allowed"},
    {CALLS("0.0.2", "{\"target\":\"" ALICE "\",\"callType\":\"0xff\"}"),
     0xff,
     ALICE,
     0,
     {"0x"},
     "the delegatecall is shorter than the target and the value that this version of the call "
     "policy looks for"},
    {CALLS("0.0.3", "{\"target\":\"" ALICE "\",\"callType\":\"0xff\"}"),
     0xff,
     ALICE,
     0,
     {"0x"},
     NULL},

    /* Any target, and what shadows it. */
    {CALLS("0.0.2", "{\"target\":\"" ANY "\",\"valueLimit\":5}"), 0, ALICE, 5, {"0x"}, NULL},
    {CALLS("0.0.2", "{\"target\":\"" ANY "\",\"valueLimit\":5}"),
     0,
     ALICE,
     6,
     {"0x"},
     "6 wei of native value is over the limit of 5 wei"},
    {CALLS("0.0.1", "{\"target\":\"" ANY "\",\"valueLimit\":5}"),
     0,
     ALICE,
     5,
     {"0x"},
     "no permission allows a call without data to " ALICE},
    {CALLS("0.0.1", "{\"target\":\"" ANY "\",\"valueLimit\":5}"), 0, ANY, 5, {"0x"}, NULL},
    {CALLS("0.0.4", "{\"target\":\"" ANY "\",\"valueLimit\":5},{\"target\":\"" ALICE "\"}"),
     0,
     ALICE,
     5,
     {"0x"},
     "5 wei of native value is sent, but none is allowed"},

    /* Words and where they are. */
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":0,\"offset\":1,\"params\":[\"" WORD_OF("00000700") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7 "00"},
     NULL},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":0,\"offset\":1,\"params\":[\"" WORD_OF("00000700") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "the call data ends before the argument word at offset 1"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":5,\"offset\":\"18446744073709551615\",\"params\":[\"" WORD_OF(
               "00000700") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "the call data ends before the argument word at offset 18446744073709551615"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":5,\"offset\":\"18446744073709551580\",\"params\":[\"" WORD_OF(
               "00000700") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "the call data ends before the argument word at offset 18446744073709551580"},
    {CALLS("0.0.4", "{\"target\":\"" ALICE "\",\"rules\":[{\"condition\":5,\"offset\":0,"
                    "\"params\":[\"" ALICE_WORD "\"]}]}"),
     0,
     ALICE,
     0,
     {"0x"},
     "the call data ends before the argument word at offset 0"},

    /* Conditions. */
    {CALLS("0.0.4", ONE_RULE("{\"condition\":0,\"offset\":0,\"params\":[\"" ALICE_WORD "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is not the required "
     "0x00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":1,\"offset\":0,\"params\":[\"" WORD_OF("00000007") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is not above 7"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":2,\"offset\":0,\"params\":[\"" WORD_OF("00000007") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is not below 7"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":3,\"offset\":0,\"params\":[\"" WORD_OF("00000008") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is under the minimum of 8"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":3,\"offset\":0,\"params\":[\"" WORD_OF("00000007") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     NULL},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":4,\"offset\":0,\"params\":[\"" WORD_OF("00000006") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is over the limit of 6"},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":5,\"offset\":0,\"params\":[\"" WORD_OF("00000007") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is the excluded 7"},
    {CALLS("0.0.4", ONE_RULE("{\"condition\":6,\"offset\":0,\"params\":[\"" WORD_OF(
                        "00000006") "\",\"" WORD_OF("00000007") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     NULL},
    {CALLS("0.0.4",
           ONE_RULE("{\"condition\":6,\"offset\":0,\"params\":[\"" WORD_OF("00000006") "\"]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is not one of the 1 allowed"},
    {CALLS("0.0.4", ONE_RULE("{\"condition\":6,\"offset\":0,\"params\":[]}")),
     0,
     ALICE,
     0,
     {"0x12345678" WORDS_7},
     "argument word at offset 0 (7) is not one of the 0 allowed"},
    {CALLS("0.0.4", "{\"target\":\"" ALICE "\",\"selector\":\"0xa9059cbb\",\"rules\":["
                    "{\"condition\":4,\"offset\":32,\"params\":[\"" WORD_OF("00000001") "\"]}]}"),
     0,
     ALICE,
     0,
     {TRANSFER(TO_ALICE, "00000002")},
     "amount 2 is over the limit of 1"},
};

static vk_verdict judge(const char *policy_json, uint8_t call_type, const vk_call *all,
                        size_t count) {
    vk_policy policy = policy_good(policy_json);
    vk_buf call_data = policy_execute(call_type, all, count);
    vk_userop op = {
        .entry_point = VK_ENTRY_POINT_0_7, .sender = {{1}}, .call_data = vk_buf_view(&call_data)};
    vk_rule_state state = {0};
    vk_verdict verdict = policy_judge(&policy, &op, 1, &state);
    vk_buf_clear(&call_data);
    vk_policy_clear(&policy);
    return verdict;
}

static vk_verdict judge_calls(int i) {
    vk_call all[CALLS_MAX] = {0};
    vk_buf data[CALLS_MAX] = {0};
    size_t count = 0;
    for (; count < CALLS_MAX && calls[i].data[count] != NULL; count++) {
        data[count] = vectors_hex(calls[i].data[count]);
        all[count].value = vk_u256_from_u64(calls[i].value);
        all[count].data = vk_buf_view(&data[count]);
        ck_assert_int_eq(vk_address_read(calls[i].target, 42, &all[count].target), VK_OK);
    }
    vk_verdict verdict = judge(calls[i].policy, calls[i].call_type, all, count);
    for (size_t k = 0; k < CALLS_MAX; k++) {
        vk_buf_clear(&data[k]);
    }
    return verdict;
}

START_TEST(test_calls) {
    vk_verdict verdict = judge_calls(_i);
    ck_assert_str_eq(verdict.rule, verdict.allowed ? "" : "call");
    ck_assert_str_eq(verdict.reason, calls[_i].reason == NULL ? "" : calls[_i].reason);
    vk_verdict_clear(&verdict);
}
END_TEST

/* ---- Slices ---- */

/* A bytes argument "abcdef" behind one word; the rule wants bytes 1..3 of it. */
#define SLICE_HEAD "0000000000000000000000000000000000000000000000000000000000000020"
#define SLICE_TAIL "6162636465660000000000000000000000000000000000000000000000000000"
#define LENGTH(low) "00000000000000000000000000000000000000000000000000000000000000" low
#define FULL_WORD "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct {
    const char *arguments, *start, *length;
    bool fits;
} slices[] = {
    {SLICE_HEAD LENGTH("06") SLICE_TAIL, WORD_OF("00000001"), WORD_OF("00000003"), true},
    {SLICE_HEAD LENGTH("04") SLICE_TAIL, WORD_OF("00000001"), WORD_OF("00000003"), true},
    {SLICE_HEAD LENGTH("03") SLICE_TAIL, WORD_OF("00000001"), WORD_OF("00000003"), false},
    {SLICE_HEAD LENGTH("06") SLICE_TAIL, WORD_OF("00000002"), WORD_OF("00000003"), false},
    {SLICE_HEAD LENGTH("06") SLICE_TAIL, "0x" FULL_WORD, WORD_OF("00000003"), false},
    {SLICE_HEAD LENGTH("06") SLICE_TAIL, WORD_OF("00000001"), "0x" FULL_WORD, false},
    {SLICE_HEAD LENGTH("06") "61626364", WORD_OF("00000001"), WORD_OF("00000003"), false},
    {SLICE_HEAD LENGTH("04") "61626364", WORD_OF("00000001"), WORD_OF("00000003"), true},
    {SLICE_HEAD FULL_WORD SLICE_TAIL, WORD_OF("00000001"), WORD_OF("00000003"), false},
    {FULL_WORD LENGTH("06") SLICE_TAIL, WORD_OF("00000001"), WORD_OF("00000003"), false},
    {"000000000000000000000000000000000000000000000000ffffffffffffffe0" LENGTH("06") SLICE_TAIL,
     WORD_OF("00000001"), WORD_OF("00000003"), false},
    {SLICE_HEAD, WORD_OF("00000001"), WORD_OF("00000003"), false},
    {"", WORD_OF("00000001"), WORD_OF("00000003"), false},
};

static char *slice_policy(int i) {
    vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)"bcd", 3});
    vk_buf text = {0};
    vk_buf_printf(&text,
                  "[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"permissions\":[{\"target\":"
                  "\"" ALICE "\",\"selector\":\"0x12345678\",\"rules\":[{\"condition\":7,"
                  "\"offset\":0,\"params\":[\"%s\",\"%s\",\"",
                  slices[i].start, slices[i].length);
    vk_hex_put(&text, (vk_bytes){hash.b, sizeof hash.b});
    vk_buf_put_text(&text, "\"]}]}]}]");
    char *out = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(out);
    return out;
}

START_TEST(test_slices) {
    char *policy = slice_policy(_i), hex[1024] = "0x12345678";
    strncat(hex, slices[_i].arguments, sizeof hex - strlen(hex) - 1);
    vk_buf data = vectors_hex(hex);
    vk_call call = {.data = vk_buf_view(&data)};
    ck_assert_int_eq(vk_address_read(ALICE, 42, &call.target), VK_OK);
    vk_verdict verdict = judge(policy, VK_CALL_SINGLE, &call, 1);
    ck_assert(verdict.allowed == slices[_i].fits);
    vk_verdict_clear(&verdict);
    vk_buf_clear(&data);
    vk_text_free(policy);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void) {
    Suite *suite = suite_create("policy-call");
    TCase *tests = tcase_create("policy-call");
    tcase_add_loop_test(tests, test_calls, 0, COUNT(calls));
    tcase_add_loop_test(tests, test_slices, 0, COUNT(slices));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
