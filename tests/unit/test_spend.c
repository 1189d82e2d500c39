/* What spend rules count of calls, and what they refuse to guess. */
#include "policy_support.h"

#include "policy/spend_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
#define OTHER "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define SPENDER "00000000000000000000000090f79bf6eb2c4f870365e785982e1f101e93b906"
#define DIRTY "01000000000000000000000090f79bf6eb2c4f870365e785982e1f101e93b906"
#define AMOUNT(low) "00000000000000000000000000000000000000000000000000000000" low
#define MAX "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

#define CALLS_MAX 2

static const struct {
    const char *what;
    uint8_t call_type;
    const char *target[CALLS_MAX], *data[CALLS_MAX];
    uint64_t value[CALLS_MAX];
    bool counted;
    uint64_t token, native;
} cases[] = {
    {"transfer", 0, {USDC}, {"0xa9059cbb" SPENDER AMOUNT("00000007")}, {3}, true, 7, 3},
    {"of another token", 0, {OTHER}, {"0xa9059cbb" SPENDER AMOUNT("00000007")}, {0}, true, 0, 0},
    {"transferFrom", 0, {USDC}, {"0x23b872dd" SPENDER SPENDER AMOUNT("00000008")}, {0}, true, 8, 0},
    {"approve", 0, {USDC}, {"0x095ea7b3" SPENDER AMOUNT("00000009")}, {0}, true, 9, 0},
    {"increaseAllowance", 0, {USDC}, {"0x39509351" SPENDER AMOUNT("0000000a")}, {0}, true, 10, 0},
    {"decreaseAllowance", 0, {USDC}, {"0xa457c2d7" SPENDER AMOUNT("0000000b")}, {0}, true, 0, 0},
    {"permit",
     0,
     {USDC},
     {"0xd505accf" SPENDER SPENDER AMOUNT("0000000c") MAX AMOUNT("0000001b") MAX MAX},
     {0},
     true,
     12,
     0},
    {"a batch is summed",
     1,
     {USDC, USDC},
     {"0xa9059cbb" SPENDER AMOUNT("00000007"), "0x095ea7b3" SPENDER AMOUNT("00000002")},
     {4, 5},
     true,
     9,
     9},
    {"a sum beyond 256 bits",
     1,
     {USDC, USDC},
     {"0xa9059cbb" SPENDER MAX, "0x095ea7b3" SPENDER AMOUNT("00000002")},
     {0},
     false,
     0,
     0},
    {"an unknown function", 0, {USDC}, {"0xe3ee160e" SPENDER AMOUNT("00000001")}, {0}, false, 0, 0},
    {"no function", 0, {USDC}, {"0x"}, {0}, false, 0, 0},
    {"half a selector", 0, {USDC}, {"0xa9059c"}, {0}, false, 0, 0},
    {"too short", 0, {USDC}, {"0xa9059cbb" SPENDER "0000"}, {0}, false, 0, 0},
    {"a dirty address", 0, {USDC}, {"0xa9059cbb" DIRTY AMOUNT("00000001")}, {0}, false, 0, 0},
    {"bytes behind the arguments",
     0,
     {USDC},
     {"0xa9059cbb" SPENDER AMOUNT("00000001") "ffff"},
     {0},
     true,
     1,
     0},
    {"a read", 0, {USDC}, {"0x70a08231" SPENDER}, {0}, true, 0, 0},
    {"an empty batch", 1, {NULL}, {NULL}, {0}, true, 0, 0},
};

static vk_execution execution_of(int i, vk_call calls[CALLS_MAX], vk_buf data[CALLS_MAX]) {
    size_t count = 0;
    for (; count < CALLS_MAX && cases[i].target[count] != NULL; count++) {
        data[count] = vectors_hex(cases[i].data[count]);
        calls[count].data = vk_buf_view(&data[count]);
        calls[count].value = vk_u256_from_u64(cases[i].value[count]);
        ck_assert_int_eq(vk_address_read(cases[i].target[count], 42, &calls[count].target), VK_OK);
    }
    return (vk_execution){.call_type = cases[i].call_type, .call_count = count, .calls = calls};
}

static vk_spend_asset usdc(void) {
    vk_spend_asset asset = {.chain_id = 1};
    ck_assert_int_eq(vk_address_read(USDC, 42, &asset.token), VK_OK);
    return asset;
}

START_TEST(test_calls) {
    vk_call calls[CALLS_MAX] = {0};
    vk_buf data[CALLS_MAX] = {0};
    char reason[VK_REASON_MAX] = "";
    vk_u256 amount;
    vk_spend_asset token = usdc(), native = {.native = true, .chain_id = 1};
    vk_execution execution = execution_of(_i, calls, data);
    vk_status status = vk_spend_of_calls(&token, &execution, &amount, reason);
    ck_assert_msg(status == (cases[_i].counted ? VK_OK : VK_DENIED), "%s: %s", cases[_i].what,
                  reason);
    ck_assert(cases[_i].counted || reason[0] != '\0');
    if (cases[_i].counted) {
        ck_assert_uint_eq(vk_u256_low64(&amount), cases[_i].token);
        ck_assert(vk_u256_fits(&amount, 64));
    }
    ck_assert_int_eq(vk_spend_of_calls(&native, &execution, &amount, reason), VK_OK);
    ck_assert_uint_eq(vk_u256_low64(&amount), cases[_i].native);
    for (size_t k = 0; k < CALLS_MAX; k++) {
        vk_buf_clear(&data[k]);
    }
}
END_TEST

START_TEST(test_delegatecall) {
    char reason[VK_REASON_MAX];
    vk_u256 amount;
    vk_call call = {.target = {{1}}};
    vk_execution execution = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = &call};
    vk_spend_asset token = usdc(), native = {.native = true, .chain_id = 1};
    ck_assert_int_eq(vk_spend_of_calls(&token, &execution, &amount, reason), VK_DENIED);
    ck_assert_int_eq(vk_spend_of_calls(&native, &execution, &amount, reason), VK_DENIED);
    ck_assert_str_eq(reason, "what a delegatecall takes cannot be counted: it runs foreign code as "
                             "the account");
}
END_TEST

/* ---- Operations ---- */

#define ACCOUNT 0xac
#define NUMBER "0000000000000000000000000000000000000000000000000000000000000007"
#define TRANSFER "0xa9059cbb" SPENDER NUMBER

static vk_grant grant_of(vk_grant_kind kind, vk_kernel_version kernel) {
    vk_grant grant = {.kind = kind, .chain_id = 1, .kernel = kernel};
    memset(grant.account.account.b, ACCOUNT, 20);
    return grant;
}

/* One call, as accounts of this kind are called. */
static vk_buf encode(const vk_grant *grant, const vk_call *call) {
    vk_buf out = {0};
    vk_call copy = *call;
    if (grant->kind == VK_GRANT_THIRDWEB) {
        vk_thirdweb_calls calls = {.count = 1, .calls = &copy};
        ck_assert_int_eq(vk_thirdweb_calls_encode(&calls, &out), VK_OK);
        return out;
    }
    vk_execution execution = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = &copy};
    ck_assert_int_eq(vk_execution_encode_for(grant->kernel, NULL, &execution, &out, NULL), VK_OK);
    return out;
}

static const struct {
    vk_grant_kind kind;
    vk_kernel_version kernel;
} accounts[] = {{VK_GRANT_PERMISSION, VK_KERNEL_0_3_1}, {VK_GRANT_PLUGIN, VK_KERNEL_0_2_4},
                {VK_GRANT_OWNER, VK_KERNEL_0_2_2},      {VK_GRANT_OWNER, VK_KERNEL_0_0_2},
                {VK_GRANT_OWNER, VK_KERNEL_V1},         {VK_GRANT_THIRDWEB, VK_KERNEL_UNKNOWN}};

START_TEST(test_operations_of_every_account) {
    char reason[VK_REASON_MAX];
    vk_u256 amount;
    vk_grant grant = grant_of(accounts[_i].kind, accounts[_i].kernel);
    vk_spend_asset token = usdc(), native = {.native = true, .chain_id = 1};
    vk_buf data = vectors_hex(TRANSFER);
    vk_call call = {
        .target = token.token, .value = vk_u256_from_u64(5), .data = vk_buf_view(&data)};
    vk_buf call_data = encode(&grant, &call);
    vk_userop op = {.call_data = vk_buf_view(&call_data)};
    ck_assert_int_eq(vk_spend_of_operation(&token, &grant, &op, &amount, reason), VK_OK);
    ck_assert_uint_eq(vk_u256_low64(&amount), 7);
    ck_assert_int_eq(vk_spend_of_operation(&native, &grant, &op, &amount, reason), VK_OK);
    ck_assert_uint_eq(vk_u256_low64(&amount), 5);
    vk_buf_clear(&call_data);
    /* A function of the account itself, by a call and instead of one. */
    call.target = grant.account.account;
    call_data = encode(&grant, &call);
    op.call_data = vk_buf_view(&call_data);
    ck_assert_int_eq(vk_spend_of_operation(&token, &grant, &op, &amount, reason), VK_DENIED);
    ck_assert_str_eq(reason,
                     "what a function of the account itself takes cannot be counted: it can "
                     "make other calls");
    op.call_data = vk_buf_view(&data);
    ck_assert_int_eq(vk_spend_of_operation(&token, &grant, &op, &amount, reason), VK_DENIED);
    ck_assert_int_eq(strncmp(reason, "what the operation takes cannot be counted: ", 44), 0);
    vk_buf_clear(&call_data);
    vk_buf_clear(&data);
}
END_TEST

/* ---- Words ---- */

static const struct {
    const char *given, *said; /* NULL: not an amount */
    bool native;
} amounts[] = {
    {"1500000", "1.5 USDC", false},  {"1.5USDC", "1.5 USDC", false},
    {"1.5 USDC", "1.5 USDC", false}, {"1.5", NULL, false},
    {"1ether", NULL, false},         {"1usdc", NULL, false},
    {"1.0000001USDC", NULL, false},  {"", NULL, false},
    {"USDC", NULL, false},           {"-1", NULL, false},
    {"0.5ether", "0.5 ether", true}, {"3gwei", "0.000000003 ether", true},
    {"7wei", "7 wei", true},         {"7", "7 wei", true},
    {"1USDC", NULL, true},
};

START_TEST(test_amounts) {
    vk_spend_asset asset = usdc();
    vk_u256 amount;
    vk_buf text = {0};
    if (amounts[_i].native) {
        asset = (vk_spend_asset){.native = true, .chain_id = 1};
    }
    vk_status status = vk_spend_read_amount(&asset, amounts[_i].given, &amount);
    ck_assert_msg((status == VK_OK) == (amounts[_i].said != NULL), "%s", amounts[_i].given);
    if (status == VK_OK) {
        vk_put_spend_amount(&text, &asset, &amount);
        char *said = vk_buf_take_text(&text);
        ck_assert_str_eq(said, amounts[_i].said);
        vk_text_free(said);
    }
}
END_TEST

START_TEST(test_a_sum_that_does_not_fit_is_over) {
    vk_spend_standing standing = {.name = "all", .asset = usdc(), .period = 1};
    memset(standing.limit.be, 0xff, 32);
    standing.spent = standing.limit;
    ck_assert(vk_spend_fits(&standing));
    standing.more = vk_u256_from_u64(1);
    ck_assert(!vk_spend_fits(&standing));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("spend");
    TCase *tests = tcase_create("spend");
    tcase_add_loop_test(tests, test_calls, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, test_delegatecall);
    tcase_add_loop_test(tests, test_operations_of_every_account, 0,
                        (int)(sizeof accounts / sizeof accounts[0]));
    tcase_add_loop_test(tests, test_amounts, 0, (int)(sizeof amounts / sizeof amounts[0]));
    tcase_add_test(tests, test_a_sum_that_does_not_fit_is_over);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
