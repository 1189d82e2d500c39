/* Receipts of operations: what the journal takes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/receipt.h>

static vk_receipt example(void) {
    return (vk_receipt){.operation = {{1}},
                        .chain_id = 8453,
                        .account = {{2}},
                        .nonce = {{3}},
                        .success = true,
                        .transaction = {{4}},
                        .block = 436,
                        .actual_gas_cost = vk_u256_from_u64(1000000000000000),
                        .bundler = "bundler.example"};
}

static char *write_text(const vk_receipt *receipt) {
    vk_buf json = {0};
    ck_assert_int_eq(vk_receipt_write(receipt, &json), VK_OK);
    return vk_buf_take_text(&json);
}

static vk_status read_text(const char *json, vk_receipt *out, vk_error *err) {
    *err = (vk_error){0};
    return vk_receipt_read(json, strlen(json), out, err);
}

static const char *const written =
    "{\"userOpHash\":\"0x0100000000000000000000000000000000000000000000000000000000000000\","
    "\"chainId\":8453,\"account\":\"0x0200000000000000000000000000000000000000\","
    "\"nonce\":\"0x300000000000000000000000000000000000000000000000000000000000000\","
    "\"success\":true,"
    "\"transaction\":\"0x0400000000000000000000000000000000000000000000000000000000000000\","
    "\"block\":436,\"actualGasCost\":\"1000000000000000\",\"bundler\":\"bundler.example\"}";

static void check_equal(const vk_receipt *a, const vk_receipt *b) {
    ck_assert_mem_eq(a->operation.b, b->operation.b, sizeof a->operation.b);
    ck_assert_uint_eq(a->chain_id, b->chain_id);
    ck_assert(vk_address_equal(&a->account, &b->account));
    ck_assert_int_eq(vk_u256_cmp(&a->nonce, &b->nonce), 0);
    ck_assert_int_eq(a->success, b->success);
    ck_assert_mem_eq(a->transaction.b, b->transaction.b, sizeof a->transaction.b);
    ck_assert_uint_eq(a->block, b->block);
    ck_assert_int_eq(vk_u256_cmp(&a->actual_gas_cost, &b->actual_gas_cost), 0);
    ck_assert_str_eq(a->reason, b->reason);
    ck_assert_str_eq(a->bundler, b->bundler);
}

START_TEST(test_there_and_back) {
    vk_receipt receipt = example(), again;
    vk_error err;
    char *json = write_text(&receipt);
    ck_assert_str_eq(json, written);
    ck_assert_int_eq(read_text(json, &again, &err), VK_OK);
    check_equal(&receipt, &again);
    vk_text_free(json);
    receipt.success = false;
    snprintf(receipt.reason, sizeof receipt.reason, "%s", "not \"enough\"");
    receipt.chain_id = receipt.block = UINT64_MAX;
    json = write_text(&receipt);
    ck_assert_int_eq(read_text(json, &again, &err), VK_OK);
    check_equal(&receipt, &again);
    vk_text_free(json);
}
END_TEST

/* The text with one part exchanged; free it. */
static char *with(const char *old, const char *new) {
    const char *at = strstr(written, old);
    size_t size = strlen(written) + strlen(new) + 1;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - written), written, new, at + strlen(old));
    return text;
}

typedef struct mistake {
    const char *old, *new, *path;
    vk_status status;
} mistake;

START_TEST(test_mistakes) {
    static const mistake mistakes[] = {
        {"8453", "\"0x1ffffffffffffffff\"", "chainId", VK_ERR_RANGE},
        {"8453", "-1", "chainId", VK_ERR_RANGE},
        {"true", "1", "success", VK_ERR_FORMAT},
        {"0x04", "0x0400", "transaction", VK_ERR_FORMAT},
        {"\"block\":436,", "", "block", VK_ERR_FORMAT},
        {"bundler.example", "https://bundler.example/v2?apikey=secret", "bundler", VK_ERR_FORMAT},
        {"bundler.example", "bundler.example/secret", "bundler", VK_ERR_FORMAT},
        {"bundler.example", "", "bundler", VK_ERR_FORMAT},
        {"\"block\"", "\"logs\":[],\"block\"", "logs", VK_ERR_FORMAT},
        {"\"block\"", "\"reason\":7,\"block\"", "reason", VK_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        vk_receipt receipt, untouched;
        vk_error err;
        memset(&receipt, 0x11, sizeof receipt);
        memset(&untouched, 0x11, sizeof untouched);
        char *json = with(mistakes[i].old, mistakes[i].new);
        ck_assert_msg(read_text(json, &receipt, &err) == mistakes[i].status, "%s: %d", json,
                      err.status);
        ck_assert_str_eq(err.path, mistakes[i].path);
        ck_assert_int_ne(err.message[0], '\0');
        ck_assert_mem_eq(&receipt, &untouched, sizeof receipt);
        free(json);
    }
}
END_TEST

/* What an account's contract chose for its reason is bounded, and harms no terminal. */
START_TEST(test_reasons) {
    char member[1000], text[900];
    vk_receipt receipt;
    vk_error err;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    snprintf(member, sizeof member, "false,\"reason\":\"\\u001b[2J\\n%s\"", text);
    char *json = with("true", member);
    ck_assert_int_eq(read_text(json, &receipt, &err), VK_OK);
    ck_assert(!receipt.success);
    ck_assert_uint_eq(strlen(receipt.reason), VK_RECEIPT_REASON_LEN);
    ck_assert_mem_eq(receipt.reason, "?[2J?xxx", 8);
    free(json);
    snprintf(receipt.reason, sizeof receipt.reason, "%s", "\x1b cut: \xc3");
    json = write_text(&receipt);
    ck_assert_ptr_nonnull(strstr(json, "\"reason\":\"? cut: ?\""));
    vk_text_free(json);
}
END_TEST

START_TEST(test_lengths) {
    char text[VK_RECEIPT_MAX + 100];
    vk_receipt receipt;
    vk_error err;
    size_t len = strlen(written);
    memset(text, ' ', sizeof text);
    memcpy(text, written, len);
    ck_assert_int_eq(vk_receipt_read(text, VK_RECEIPT_MAX, &receipt, &err), VK_OK);
    ck_assert_int_eq(vk_receipt_read(text, VK_RECEIPT_MAX + 1, &receipt, &err), VK_ERR_SIZE);
    vk_buf json = {0};
    receipt = example();
    snprintf(receipt.bundler, sizeof receipt.bundler, "%s", "a/b");
    ck_assert_int_eq(vk_receipt_write(&receipt, &json), VK_ERR_FORMAT);
    ck_assert_uint_eq(json.len, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("receipt");
    TCase *tests = tcase_create("receipt");
    tcase_add_test(tests, test_there_and_back);
    tcase_add_test(tests, test_mistakes);
    tcase_add_test(tests, test_reasons);
    tcase_add_test(tests, test_lengths);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
