/* Operations in words: the tables of functions and tokens, one sentence a call, hostile bytes. */
#include "policy/operation_text.h"
#include "policy_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define BOB "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
#define ACCOUNT "0x364fe8e7d96fC0cE795E3602928df956E382c4b3"
#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
#define WETH "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
#define CODE "0x3333333333333333333333333333333333333333"
#define ENTRY_POINT "0x0000000071727De22E5E9d8BAf0edAc6f37da032"

#define ZEROS_12 "000000000000000000000000"
#define TO_ALICE ZEROS_12 "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define TO_BOB ZEROS_12 "90f79bf6eb2c4f870365e785982e1f101e93b906"
#define ZEROS_28 "00000000000000000000000000000000000000000000000000000000"
#define WORD(low) ZEROS_28 low
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static vk_address address_of(const char *text) {
    vk_address address;
    ck_assert_int_eq(vk_address_read(text, strlen(text), &address), VK_OK);
    return address;
}

static char *take(vk_buf *words) {
    char *text = vk_buf_take_text(words);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void expect(vk_buf *words, const char *expected) {
    char *text = take(words);
    ck_assert_str_eq(text, expected);
    vk_text_free(text);
}

/* ---- The tables ---- */

static size_t types_in(const char *types) {
    size_t count = types[0] != '\0';
    for (; *types != '\0'; types++) {
        count += *types == ',';
    }
    return count;
}

static void check_sentence(const vk_function *function) {
    const char *text = function->sentence;
    size_t count = vk_function_argument_count(function);
    while (text != NULL && (text = strchr(text, '{')) != NULL) {
        ck_assert(text[1] >= '0' && (size_t)(text[1] - '0') < count && text[2] == '}');
        text += 3;
    }
}

/* The types are the words: no function of the table has an argument of several words. */
START_TEST(test_functions) {
    size_t count;
    const vk_function *functions = vk_functions(&count);
    for (size_t i = 0; i < count; i++) {
        const vk_function *function = &functions[i];
        char signature[128];
        snprintf(signature, sizeof signature, "%s(%s)", function->name, function->types);
        vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)signature, strlen(signature)});
        ck_assert_msg(memcmp(hash.b, function->selector, 4) == 0, "%s", signature);
        ck_assert_uint_eq(vk_function_argument_count(function), types_in(function->types));
        ck_assert_ptr_eq(vk_function_find(function->selector), function);
        check_sentence(function);
    }
    ck_assert_uint_ge(count, 20);
}
END_TEST

START_TEST(test_tokens) {
    size_t count;
    const vk_asset *assets = vk_assets(&count);
    for (size_t i = 0; i < count; i++) {
        vk_address address = address_of(assets[i].address);
        char text[43];
        vk_address_text(&address, text);
        ck_assert_str_eq(text, assets[i].address);
        ck_assert_ptr_eq(vk_asset_find(assets[i].chain_id, &address), &assets[i]);
        ck_assert_uint_eq(assets[i].decimals, strstr("USDC EURC USDT", assets[i].symbol) ? 6 : 18);
    }
    vk_address usdc = address_of(USDC);
    ck_assert_ptr_null(vk_asset_find(8453, &usdc));
    ck_assert_str_eq(vk_asset_find(31337, &usdc)->symbol, "USDC");
}
END_TEST

START_TEST(test_chains) {
    vk_buf words = {0};
    vk_put_chain(&words, 8453);
    expect(&words, "Base (chain 8453)");
    vk_put_chain(&words, UINT64_MAX);
    expect(&words, "chain 18446744073709551615");
}
END_TEST

/* ---- Sentences ---- */

static const struct {
    const char *target;
    uint64_t value;
    const char *data;
    const char *sentence;
} calls[] = {
    {USDC, 0, "0xa9059cbb" TO_ALICE WORD("05f5e101"),
     "transfer 100.000001 USDC (" USDC ") to " ALICE},
    {USDC, 1, "0xa9059cbb" TO_ALICE WORD("00000001"),
     "transfer 0.000001 USDC (" USDC ") to " ALICE ", with 1 wei of native value"},
    {CODE, 0, "0xa9059cbb" TO_ALICE WORD("00000007"), "transfer 7 units of " CODE " to " ALICE},
    {USDC, 0, "0x23b872dd" TO_BOB TO_ALICE WORD("000f4240"),
     "transferFrom: 1 USDC (" USDC ") from " BOB " to " ALICE},
    {CODE, 0, "0x23b872dd" TO_BOB TO_ALICE WORD("00000007"),
     "transferFrom: 7 units, or the token of that number, of " CODE " from " BOB " to " ALICE},
    {USDC, 0, "0x095ea7b3" TO_BOB ONES, "approve " BOB " to spend unlimited USDC (" USDC ")"},
    {CODE, 0, "0x095ea7b3" TO_BOB ONES, "approve " BOB " to spend unlimited units of " CODE},
    {USDC, 0, "0x39509351" TO_BOB WORD("000f4240"),
     "increaseAllowance: " BOB " may spend 1 USDC (" USDC ") more"},
    {USDC, 0, "0xa457c2d7" TO_BOB WORD("000f4240"),
     "decreaseAllowance: " BOB " may spend 1 USDC (" USDC ") less"},
    {USDC, 0,
     "0xd505accf" TO_ALICE TO_BOB WORD("000f4240") WORD("6955b900") WORD("0000001b") ONES ONES,
     "permit: " BOB " may spend 1 USDC (" USDC ") that " ALICE
     " owns, by a signature (deadline 2026-01-01T00:00:00Z)"},
    {USDC, 0, "0xd505accf" TO_ALICE TO_BOB WORD("000f4240") ONES WORD("0000001b") ONES ONES,
     "permit: " BOB " may spend 1 USDC (" USDC ") that " ALICE
     " owns, by a signature (deadline none)"},
    {WETH, 1000000000000000000, "0xd0e30db0",
     "deposit on WETH (" WETH "), with 1 ether of native value"},
    {WETH, 0, "0x2e1a7d4d" WORD("00000001"),
     "withdraw on WETH (" WETH "): amount 0.000000000000000001 WETH"},
    {CODE, 0, "0xa22cb465" TO_BOB WORD("00000001"),
     "setApprovalForAll on " CODE ": operator " BOB ", approved true"},
    {CODE, 0, "0xa22cb465" TO_BOB WORD("00000002"),
     "setApprovalForAll on " CODE ": operator " BOB ", approved 2"},
    {CODE, 0, "0x42842e0e" TO_ALICE TO_BOB ONES,
     "safeTransferFrom on " CODE ": owner " ALICE ", recipient " BOB ", token id "
     "115792089237316195423570985008687907853269984665640564039457584007913129639935"},
    {CODE, 0,
     "0xb88d4fde" TO_ALICE TO_BOB WORD("00000005") WORD("00000080")
         WORD("00000002") "beef000000000000000000000000000000000000000000000000000000000000",
     "safeTransferFrom on " CODE ": owner " ALICE ", recipient " BOB ", token id 5, data 0xbeef"},
    {CODE, 0, "0xb88d4fde" TO_ALICE TO_BOB WORD("00000005") ONES,
     "safeTransferFrom on " CODE ": owner " ALICE ", recipient " BOB
     ", token id 5, data unreadable"},
    {CODE, 0,
     "0x2eb2c2d6" TO_ALICE TO_BOB WORD("000000a0") WORD("00000100") WORD("00000160")
         WORD("00000002") WORD("00000001") WORD("00000002") WORD("00000002") WORD("00000008")
             WORD("00000009") WORD("00000000"),
     "safeBatchTransferFrom on " CODE ": owner " ALICE ", recipient " BOB
     ", token ids [1, 2], counts [8, 9], data 0x"},
    {CODE, 0,
     "0xac9650d8" WORD("00000020") WORD("00000002") WORD("00000040") WORD("00000080")
         WORD("00000004") "a9059cbb" ZEROS_28 WORD("00000001") "ff000000" ZEROS_28,
     "multicall on " CODE ": calls [transfer, 1 bytes]"},
    {CODE, 0, "0xac9650d8" WORD("00000020") WORD("00000001") ONES,
     "multicall on " CODE ": calls [unreadable]"},
    {ACCOUNT, 0, "0x3659cfe6" ZEROS_12 "3333333333333333333333333333333333333333",
     "upgradeTo on the account itself (" ACCOUNT "): implementation " CODE},
    {ENTRY_POINT, 0, "0x12345678",
     "function 0x12345678 on EntryPoint 0.7 (" ENTRY_POINT ") without arguments"},
    {CODE, 0, "0x12345678" WORD("00000001"),
     "function 0x12345678 on " CODE " with 32 bytes of arguments"},
    {USDC, 0, "0xa9059cbb" TO_ALICE,
     "transfer on USDC (" USDC ") with 32 bytes of arguments, which are too few"},
    {USDC, 0, "0xa9059cbb" TO_ALICE WORD("000f4240") "00",
     "transfer 1 USDC (" USDC ") to " ALICE ", and 1 bytes behind the arguments"},
    {USDC, 0,
     "0xa9059cbb01"
     "00000000000000000000000000000000000000000000000000000000000000" WORD("000f4240"),
     "transfer 1 USDC (" USDC
     ") to 0x0100000000000000000000000000000000000000000000000000000000000000"},
    {CODE, 0, "0x", "call " CODE " without data"},
    {CODE, 5, "0x", "send 5 wei to " CODE},
    {CODE, 0, "0x010203",
     "call " CODE " with the data 0x010203, which is too short for a function"},
};

static vk_scene scene_of(bool is_delegate) {
    return (vk_scene){.chain_id = 1, .account = address_of(ACCOUNT), .is_delegate = is_delegate};
}

static void expect_call(const vk_scene *scene, const char *target, uint64_t value,
                        const char *data_text, const char *sentence) {
    vk_buf data = vectors_hex(data_text), words = {0};
    vk_call call = {
        .target = address_of(target), .value = vk_u256_from_u64(value), .data = vk_buf_view(&data)};
    vk_put_call(&words, scene, &call);
    expect(&words, sentence);
    vk_buf_clear(&data);
}

START_TEST(test_sentences) {
    vk_scene scene = scene_of(false);
    expect_call(&scene, calls[_i].target, calls[_i].value, calls[_i].data, calls[_i].sentence);
}
END_TEST

/* A token's code that runs as the account moves none of that token. */
START_TEST(test_delegatecalls) {
    vk_scene scene = scene_of(true);
    expect_call(&scene, USDC, 0, "0xa9059cbb" TO_ALICE WORD("000f4240"),
                "delegatecall to USDC (" USDC "), whose code runs as the account: transfer: "
                "recipient " ALICE ", amount 1000000");
    expect_call(&scene, CODE, 0, "0x12345678",
                "delegatecall to " CODE ", whose code runs as the account: function 0x12345678 "
                "without arguments");
    expect_call(&scene, CODE, 0, "0x",
                "delegatecall to " CODE ", whose code runs as the account, without data");
}
END_TEST

START_TEST(test_words) {
    vk_buf words = {0};
    uint8_t data[4 + 32 * VK_WORDS_SHOWN + 7];
    memset(data, 0xab, sizeof data);
    vk_call call = {.data = {data, 4 + 40}};
    ck_assert_uint_eq(vk_call_words(&call), 2);
    vk_put_call_word(&words, &call, 1);
    expect(&words, "word 1 0xabababababababab");
    call.data.len = sizeof data;
    ck_assert_uint_eq(vk_call_words(&call), VK_WORDS_SHOWN);
    vk_put_call_word(&words, &call, VK_WORDS_SHOWN - 1);
    expect(&words, "word 15 0xabababababababababababababababababababababababababababababababab"
                   ", and 7 more bytes");
    memcpy(data, (uint8_t[]){0xa9, 0x05, 0x9c, 0xbb}, 4);
    ck_assert_uint_eq(vk_call_words(&call), 0);
}
END_TEST

/* ---- Hostile bytes ---- */

#define LINE_MAX_LEN 2000

static bool is_safe(const vk_scene *scene, const vk_call *call) {
    vk_buf words = {0};
    vk_put_call(&words, scene, call);
    bool safe = words.len > 0 && words.len <= LINE_MAX_LEN;
    for (size_t i = 0; i < words.len; i++) {
        safe &= words.data[i] >= 0x20 && words.data[i] < 0x7f;
    }
    vk_buf_clear(&words);
    return safe;
}

/* Every function of the table with all lengths, its words small, huge, or anything. */
START_TEST(test_hostile) {
    size_t count;
    const vk_function *functions = vk_functions(&count);
    uint8_t data[4 + 32 * 12];
    vk_scene scene = scene_of(_i % 2 == 1);
    vk_call call = {.target = address_of(_i % 3 == 0 ? USDC : CODE), .data = {data, 0}};
    srand((unsigned)_i);
    for (size_t f = 0; f < count; f++) {
        bool safe = true;
        for (size_t i = 0; i < sizeof data; i++) {
            bool is_small = i % 32 < 28 && rand() % 8 != 0;
            data[i] = is_small ? 0 : (uint8_t)(i % 32 == 3 ? 32 * (rand() % 16) : rand());
        }
        memcpy(data, functions[f].selector, 4);
        for (call.data.len = 0; call.data.len <= sizeof data; call.data.len++) {
            safe &= is_safe(&scene, &call);
        }
        ck_assert_msg(safe, "%s", functions[f].name);
    }
}
END_TEST

/* ---- Reading ---- */

static void expect_calls(const char *data_text, size_t count, bool is_own, const char *fault) {
    vk_buf data = vectors_hex(data_text);
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7,
                    .sender = address_of(ACCOUNT),
                    .call_data = vk_buf_view(&data)};
    vk_operation_calls read;
    ck_assert_int_eq(vk_operation_calls_read(&op, VK_KERNEL_UNKNOWN, &read), VK_OK);
    ck_assert_uint_eq(read.execution.call_count, count);
    ck_assert(read.is_own == is_own);
    ck_assert_msg(fault == NULL ? read.fault[0] == '\0' : strstr(read.fault, fault) != NULL, "%s",
                  read.fault);
    vk_operation_calls_clear(&read);
    vk_buf_clear(&data);
}

#define EXECUTE "0xe9ae5c53"
#define BARE_CALL "3333333333333333333333333333333333333333" WORD("00000000")
#define PADDING "000000000000000000000000"

START_TEST(test_reading) {
    expect_calls(EXECUTE WORD("00000000") WORD("00000040") WORD("00000034") BARE_CALL PADDING, 1,
                 false, NULL);
    /* Bytes behind the encoding: the contracts do not mind, encoders do not write them. */
    expect_calls(EXECUTE WORD("00000000") WORD("00000040") WORD("00000034") BARE_CALL PADDING "00",
                 1, false, "not the canonical encoding");
    expect_calls(EXECUTE WORD("00000000") ONES, 0, false, "not the canonical encoding");
    expect_calls("0x3659cfe6", 1, true, NULL);
    expect_calls("0x3659", 0, false, "does not begin with the selector");
    expect_calls("0x", 0, false, NULL);
}
END_TEST

/* An account of an older version, whose execute is another function. */
START_TEST(test_reading_v2) {
    vk_buf data = {0};
    vk_call call = {.target = address_of(CODE), .value = vk_u256_from_u64(5)};
    vk_execution execution = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = &call};
    vk_operation_calls read;
    ck_assert_int_eq(vk_execution_encode_for(VK_KERNEL_0_2_4, NULL, &execution, &data, NULL),
                     VK_OK);
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_6, .call_data = vk_buf_view(&data)};
    ck_assert_int_eq(vk_operation_calls_read(&op, VK_KERNEL_0_2_4, &read), VK_OK);
    ck_assert(read.execution.call_count == 1 && !read.is_own && read.fault[0] == '\0');
    ck_assert(vk_address_equal(&read.execution.calls[0].target, &call.target));
    vk_operation_calls_clear(&read);
    vk_buf_clear(&data);
}
END_TEST

/* ---- Gas, nonce, window ---- */

static vk_userop costly(void) {
    return (vk_userop){.entry_point = VK_ENTRY_POINT_0_7,
                       .pre_verification_gas = vk_u256_from_u64(100000),
                       .verification_gas_limit = vk_u256_from_u64(200000),
                       .call_gas_limit = vk_u256_from_u64(400000),
                       .max_fee_per_gas = vk_u256_from_u64(6000000000)};
}

START_TEST(test_gas) {
    vk_buf words = {0};
    vk_userop op = costly();
    vk_put_operation_gas(&words, &op);
    expect(&words, "at most 0.0042 ether (700000 gas at 6 gwei), no paymaster");
    op.has_paymaster = true;
    op.paymaster = address_of(CODE);
    op.paymaster_verification_gas_limit = vk_u256_from_u64(100000);
    vk_put_operation_gas(&words, &op);
    expect(&words, "at most 0.0048 ether (800000 gas at 6 gwei), paid by the paymaster " CODE);
    memset(op.max_fee_per_gas.be, 0xff, 32);
    vk_put_operation_gas(&words, &op);
    expect(&words, "costs more than fits 256 bits of wei, paid by the paymaster " CODE);
}
END_TEST

/* EntryPoint 0.6 wants the verification gas three times where a paymaster is asked. */
START_TEST(test_gas_0_6) {
    vk_buf words = {0};
    vk_userop op = costly();
    vk_address paymaster = address_of(CODE);
    op.entry_point = VK_ENTRY_POINT_0_6;
    op.paymaster_and_data = (vk_bytes){paymaster.b, sizeof paymaster.b};
    vk_put_operation_gas(&words, &op);
    expect(&words, "at most 0.0066 ether (1100000 gas at 6 gwei), paid by the paymaster " CODE);
}
END_TEST

static void expect_nonce(vk_entry_point version, const char *hex, const char *expected) {
    vk_buf words = {0};
    vk_userop op = {.entry_point = version};
    ck_assert_int_eq(vk_u256_read_hex(hex, strlen(hex), &op.nonce), VK_OK);
    vk_put_operation_nonce(&words, &op);
    expect(&words, expected);
}

START_TEST(test_nonce) {
    expect_nonce(VK_ENTRY_POINT_0_7,
                 "0x0102811badc00000000000000000000000000000000000070000000000000004",
                 "enable mode, permission 0x811badc0, lane 7, sequence 4");
    expect_nonce(VK_ENTRY_POINT_0_7, "0x4", "default mode, root validator, lane 0, sequence 4");
    expect_nonce(VK_ENTRY_POINT_0_7,
                 "0x0701333333333333333333333333333333333333333300000000000000000000",
                 "unknown mode 07, validator " CODE ", lane 0, sequence 0");
    expect_nonce(VK_ENTRY_POINT_0_6, "0x10", "key 0x0, sequence 16");
    expect_nonce(VK_ENTRY_POINT_0_6, "0x10000000000000002", "key 0x1, sequence 2");
}
END_TEST

START_TEST(test_window) {
    vk_buf words = {0};
    vk_put_window(&words, 0, 0);
    expect(&words, "no limit");
    vk_put_window(&words, 1767225600, 0);
    expect(&words, "from 2026-01-01T00:00:00Z");
    vk_put_window(&words, 0, 1767225600);
    expect(&words, "until 2026-01-01T00:00:00Z");
    vk_put_window(&words, 1767225600, UINT64_MAX);
    expect(&words, "2026-01-01T00:00:00Z to second 18446744073709551615");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("operation-text");
    TCase *tests = tcase_create("operation-text");
    tcase_add_test(tests, test_functions);
    tcase_add_test(tests, test_tokens);
    tcase_add_test(tests, test_chains);
    tcase_add_loop_test(tests, test_sentences, 0, (int)(sizeof calls / sizeof calls[0]));
    tcase_add_test(tests, test_delegatecalls);
    tcase_add_test(tests, test_words);
    tcase_add_loop_test(tests, test_hostile, 0, 20);
    tcase_add_test(tests, test_reading);
    tcase_add_test(tests, test_reading_v2);
    tcase_add_test(tests, test_gas);
    tcase_add_test(tests, test_gas_0_6);
    tcase_add_test(tests, test_nonce);
    tcase_add_test(tests, test_window);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
