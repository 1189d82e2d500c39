/* The user's file of chains and their servers. */
#include <check.h>
#include <net/chain_config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vk_chain_config config;
static vk_error err;

static vk_status read_text(const char *text, uint64_t chain_id) {
    memset(&config, 0x11, sizeof config);
    err = (vk_error){0};
    return vk_chain_config_read((vk_bytes){(const uint8_t *)text, strlen(text)}, chain_id, &config,
                                &err);
}

#define NODE "\"node\":{\"url\":\"https://node.example/secret\"}"

static const char whole[] =
    "{\"1\":{" NODE "},\"8453\":{\"node\":{\"url\":\"https://node.example/k\",\"headers\":"
    "{\"X-Key\":\"n\"},\"maxBlocks\":7},"
    "\"bundler\":{\"url\":\"https://bundler.example/k\",\"headers\":{\"Authorization\":\"Bearer "
    "b\"},\"gasPrice\":\"zerodev\"},"
    "\"paymaster\":{\"url\":\"https://paymaster.example/k\",\"headers\":{\"X-Key\":\"p\"},"
    "\"context\":{\"policyId\":\"sp_1\",\"n\":9007199254740991}}}}";

START_TEST(test_whole) {
    ck_assert_msg(read_text(whole, 8453) == VK_OK, "%s", err.message);
    ck_assert_uint_eq(config.chain_id, 8453);
    ck_assert_str_eq(config.node.url, "https://node.example/k");
    ck_assert_str_eq(config.node.headers[0], "X-Key: n");
    ck_assert_uint_eq(config.node.max_blocks, 7);
    ck_assert(config.has_bundler && config.gas_price == VK_GAS_PRICE_ZERODEV);
    ck_assert_str_eq(config.bundler.url, "https://bundler.example/k");
    ck_assert_str_eq(config.bundler.headers[0], "Authorization: Bearer b");
    ck_assert(config.has_paymaster && config.paymaster.header_count == 1);
    ck_assert_str_eq(config.paymaster.url, "https://paymaster.example/k");
    ck_assert_str_eq(config.paymaster_context, "{\"policyId\":\"sp_1\",\"n\":9007199254740991}");
    vk_chain_config_clear(&config);
    ck_assert(config.node.url == NULL && config.paymaster_context == NULL);
}
END_TEST

START_TEST(test_least) {
    ck_assert(read_text(whole, 1) == VK_OK);
    ck_assert(!config.has_bundler && !config.has_paymaster && config.bundler.url == NULL);
    ck_assert_uint_eq(config.node.max_blocks, VK_NODE_BLOCKS_DEFAULT);
    vk_chain_config_clear(&config);
    ck_assert(read_text("{\"18446744073709551615\":{" NODE ",\"bundler\":{\"url\":"
                        "\"http://127.0.0.1:1/\"},\"paymaster\":{\"url\":\"https://p.example\"}}}",
                        UINT64_MAX) == VK_OK);
    ck_assert(config.has_bundler && config.gas_price == VK_GAS_PRICE_ANY);
    ck_assert(config.has_paymaster && config.paymaster_context == NULL);
    vk_chain_config_clear(&config);
}
END_TEST

#define CAPS(members) "{\"1\":{" NODE "," members "}}"

START_TEST(test_caps) {
    ck_assert(read_text(whole, 8453) == VK_OK);
    ck_assert(!config.has_max_fee_per_gas && !config.has_max_cost);
    vk_chain_config_clear(&config);
    ck_assert(read_text(CAPS("\"maxFeePerGas\":\"30gwei\",\"maxCost\":\"0.01ether\""), 1) == VK_OK);
    ck_assert(config.has_max_fee_per_gas && config.has_max_cost);
    ck_assert_uint_eq(vk_u256_low64(&config.max_fee_per_gas), UINT64_C(30000000000));
    ck_assert_uint_eq(vk_u256_low64(&config.max_cost), UINT64_C(10000000000000000));
    vk_chain_config_clear(&config);
    ck_assert(read_text(CAPS("\"maxCost\":\"7\""), 1) == VK_OK);
    ck_assert(!config.has_max_fee_per_gas && config.has_max_cost);
    ck_assert_uint_eq(vk_u256_low64(&config.max_cost), 7);
    vk_chain_config_clear(&config);
}
END_TEST

static bool is_empty(void) {
    static const vk_chain_config empty;
    return memcmp(&config, &empty, sizeof config) == 0;
}

START_TEST(test_no_such_chain) {
    ck_assert(read_text(whole, 10) == VK_ERR_NOT_FOUND);
    ck_assert_str_eq(err.message, "there is nothing for chain 10");
    ck_assert(is_empty());
    ck_assert(read_text("{}", 1) == VK_ERR_NOT_FOUND && is_empty());
}
END_TEST

#define BUNDLER(more)                                                                              \
    "{\"1\":{" NODE ",\"bundler\":{\"url\":\"https://b.example/secret\"" more "}}}"
#define PAYMASTER(more)                                                                            \
    "{\"1\":{" NODE ",\"paymaster\":{\"url\":\"https://p.example/secret\"" more "}}}"

/* A mistake anywhere is told, also if another chain is asked for. */
START_TEST(test_bad) {
    static const struct {
        const char *text, *path, *says;
    } cases[] = {
        {"", "", "this is not JSON"},
        {"[]", "", "a JSON object of chains is expected"},
        {"{\"01\":{" NODE "}}", "01", "is not a chain id in decimal"},
        {"{\"0\":{" NODE "}}", "0", "is not a chain id in decimal"},
        {"{\"0x1\":{" NODE "}}", "0x1", "is not a chain id in decimal"},
        {"{\"18446744073709551616\":{" NODE "}}", "18446744073709551616",
         "is not a chain id in decimal"},
        {"{\"base\":{" NODE "}}", "base", "is not a chain id in decimal"},
        {"{\"1\":{" NODE "},\"1\":{" NODE "}}", "1", "occurs twice"},
        {"{\"1\":[]}", "1", "a JSON object is expected here"},
        {"{\"1\":{}}", "1.node", "member \"node\" is missing"},
        {"{\"1\":{\"node\":{\"url\":\"http://node.example/secret\"}}}", "1.node.url", "https"},
        {"{\"1\":{\"node\":{\"headers\":{}}}}", "1.node.url", "is missing"},
        {"{\"1\":{\"node\":\"https://secret.example\"}}", "1.node", "a JSON object is expected"},
        {"{\"1\":{" NODE ",\"Bundler\":{}}}", "1.Bundler", "is unknown"},
        {BUNDLER(",\"maxBlocks\":5"), "1.bundler.maxBlocks", "is unknown"},
        {BUNDLER(",\"gasPrice\":\"secret\""), "1.bundler.gasPrice", "must be \"pimlico\""},
        {BUNDLER(",\"gasPrice\":null"), "1.bundler.gasPrice", "must be a string"},
        {BUNDLER(",\"headers\":{\"X\":\"secret\\r\\nY: 1\"}"), "1.bundler.headers.X",
         "must be a line of ASCII text"},
        {BUNDLER(",\"headers\":{\"Host\":\"secret\"}"), "1.bundler.headers.Host",
         "cannot be set as a header"},
        {PAYMASTER(",\"context\":[]"), "1.paymaster.context", "must be an object"},
        {PAYMASTER(",\"context\":\"secret\""), "1.paymaster.context", "must be an object"},
        {PAYMASTER(",\"gasPrice\":\"node\""), "1.paymaster.gasPrice", "is unknown"},
        {CAPS("\"maxFeePerGas\":30"), "1.maxFeePerGas", "must be a string"},
        {CAPS("\"maxFeePerGas\":\"secret\""), "1.maxFeePerGas", "must be an amount like"},
        {CAPS("\"maxCost\":\"0.5wei\""), "1.maxCost", "must be an amount like"},
        {CAPS("\"maxCost\":null"), "1.maxCost", "must be a string"},
        {CAPS("\"maxFee\":\"1\""), "1.maxFee", "is unknown"},
        {"{\"2\":{" NODE "},\"1\":{" NODE ",\"paymaster\":null}}", "1.paymaster",
         "a JSON object is expected here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(read_text(cases[i].text, 2) == VK_ERR_FORMAT, "%s", cases[i].text);
        ck_assert_str_eq(err.path, cases[i].path);
        ck_assert_msg(strstr(err.message, cases[i].says) != NULL, "%s", err.message);
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
        ck_assert_msg(is_empty(), "%s", cases[i].text);
    }
}
END_TEST

START_TEST(test_sizes) {
    static char text[VK_CHAIN_CONFIG_MAX + 2];
    int head = snprintf(text, sizeof text,
                        "{\"1\":{" NODE ",\"paymaster\":{\"url\":"
                        "\"https://p.example\",\"context\":{\"a\":\"");
    memset(text + head, 'a', VK_CHAIN_CONTEXT_MAX);
    snprintf(text + head + VK_CHAIN_CONTEXT_MAX, 16, "\"}}}}");
    ck_assert(read_text(text, 1) == VK_ERR_SIZE && is_empty());
    ck_assert_str_eq(err.path, "1.paymaster.context");
    memset(text, ' ', VK_CHAIN_CONFIG_MAX + 1);
    text[VK_CHAIN_CONFIG_MAX + 1] = '\0';
    ck_assert(read_text(text, 1) == VK_ERR_SIZE && is_empty());
}
END_TEST

int main(void) {
    Suite *suite = suite_create("net_chain_config");
    TCase *tests = tcase_create("net_chain_config");
    tcase_add_test(tests, test_whole);
    tcase_add_test(tests, test_least);
    tcase_add_test(tests, test_caps);
    tcase_add_test(tests, test_no_such_chain);
    tcase_add_test(tests, test_bad);
    tcase_add_test(tests, test_sizes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
