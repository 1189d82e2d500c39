#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EP07 VK_ENTRY_POINT_0_7

static vk_bytes text_bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static const char *rpc_text(const cJSON *one) {
    return vectors_text(vectors_get(vectors_get(one, "out"), "rpc"), "json");
}

static vk_userop read_rpc(const cJSON *one, vk_entry_point version) {
    vk_userop op;
    vk_error err = {0};
    ck_assert_msg(vk_userop_read_json(text_bytes(rpc_text(one)), version, &op, &err) == VK_OK,
                  "%s: %s", err.path, err.message);
    return op;
}

static void check_hash(const cJSON *one, const vk_userop *op) {
    const cJSON *in = vectors_get(one, "in");
    vk_address entry_point = vectors_address(in, "entryPoint");
    vk_hash expected = vectors_hash(vectors_get(one, "out"), "userOpHash"), hash;
    ck_assert_int_eq(vk_userop_hash(op, vectors_u64(in, "chainId"), &entry_point, &hash), VK_OK);
    ck_assert_mem_eq(hash.b, expected.b, sizeof hash.b);
}

/* The authorization is no part of the contract's struct. */
static void lend_authorization(vk_userop *to, const vk_userop *from) {
    to->has_authorization = from->has_authorization;
    to->authorization = from->authorization;
    to->sdk = from->sdk;
}

/* A request is of the EntryPoint that it names, whatever a bare operation would be of. */
static void check_request(const cJSON *one, vk_bytes abi, const vk_userop *op) {
    vk_userop_request request;
    vk_error err = {0};
    vk_status status = vk_userop_read_request(abi, EP07, &request, &err);
    ck_assert_msg(status == VK_OK, "%s", err.message);
    ck_assert_int_eq(request.op.entry_point, op->entry_point);
    lend_authorization(&request.op, op);
    check_hash(one, &request.op);
    vk_userop_clear(&request.op);
}

/* ABI there and back. */
static void check_abi(const cJSON *one, const vk_userop *op) {
    const cJSON *in = vectors_get(one, "in");
    vk_address entry_point = vectors_address(in, "entryPoint");
    vk_userop plain = *op;
    plain.sdk = false;
    vk_buf abi = {0};
    ck_assert_int_eq(vk_userop_write_abi(&plain, vectors_u64(in, "chainId"), &entry_point, &abi),
                     VK_OK);
    vk_userop_request request;
    vk_error err = {0};
    ck_assert_msg(vk_userop_read_abi(vk_buf_view(&abi), op->entry_point, &request, &err) == VK_OK,
                  "%s", err.message);
    ck_assert(request.has_chain_id && request.chain_id == vectors_u64(in, "chainId"));
    ck_assert(vk_address_equal(&request.entry_point, &entry_point));
    ck_assert(vk_bytes_equal(request.op.signature, op->signature));
    lend_authorization(&request.op, op);
    check_hash(one, &request.op);
    check_request(one, vk_buf_view(&abi), op);
    vk_userop_clear(&request.op);
    vk_buf_clear(&abi);
}

static void check_form(const cJSON *form, const vk_userop *op, vk_userop_purpose purpose) {
    vk_buf init_code = vectors_bytes(form, "initCode");
    vk_buf paymaster = vectors_bytes(form, "paymasterAndData");
    uint8_t gas_limits[32], fees[32];
    vectors_fixed(form, "accountGasLimits", gas_limits, 32);
    vectors_fixed(form, "gasFees", fees, 32);
    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_error err = {0};
    ck_assert_msg(vk_userop_pack(op, purpose, &packed, &storage, &err) == VK_OK, "%s", err.message);
    ck_assert(vk_bytes_equal(packed.init_code, vk_buf_view(&init_code)));
    ck_assert(vk_bytes_equal(packed.paymaster_and_data, vk_buf_view(&paymaster)));
    ck_assert_mem_eq(packed.account_gas_limits, gas_limits, 32);
    ck_assert_mem_eq(packed.gas_fees, fees, 32);
    vk_buf_clear(&storage);
    vk_buf_clear(&init_code);
    vk_buf_clear(&paymaster);
}

/* The packed members of the vector, written, and read as a contract's argument. */
static void check_packed(const cJSON *one, const vk_userop *op) {
    const cJSON *out = vectors_get(one, "out");
    check_form(vectors_get(out, "hashForm"), op, VK_USEROP_TO_HASH);
    check_form(vectors_get(out, "sendForm"), op, VK_USEROP_TO_SEND);
    vk_userop plain = *op, again;
    plain.sdk = false;
    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_userop_pack(&plain, VK_USEROP_TO_SEND, &packed, &storage, NULL), VK_OK);
    ck_assert_msg(vk_userop_unpack(&packed, op->entry_point, &again, &err) == VK_OK, "%s",
                  err.message);
    vk_buf_clear(&storage);
    ck_assert_int_eq(again.has_paymaster_signature, op->has_paymaster_signature);
    ck_assert(vk_bytes_equal(again.paymaster_signature, op->paymaster_signature));
    lend_authorization(&again, op);
    check_hash(one, &again);
    vk_userop_clear(&again);
}

/* The RPC text comes out again as viem wrote it, letter case of hex apart. */
static void check_rpc(const cJSON *one, const vk_userop *op) {
    const char *json = rpc_text(one);
    vk_buf text = {0};
    ck_assert_int_eq(vk_userop_write_json(op, &text), VK_OK);
    ck_assert_uint_eq(text.len, strlen(json));
    ck_assert_int_eq(strncasecmp((const char *)text.data, json, text.len), 0);
    vk_buf_clear(&text);
}

/* Without sdk: the same hash, or none where viem's is that of no operation on a chain. */
static void check_plain(const cJSON *one, const vk_userop *op, int *without_hash) {
    vk_userop plain = *op;
    plain.sdk = false;
    vk_address entry_point = vk_entry_point_address(op->entry_point);
    vk_hash hash;
    if (vk_userop_hash(&plain, 1, &entry_point, &hash) != VK_OK) {
        ck_assert(strstr(vectors_text(one, "id"), "7702") != NULL && !op->has_authorization);
        (*without_hash)++;
        return;
    }
    check_hash(one, &plain);
}

START_TEST(test_vectors) {
    cJSON *file = vectors_load("userop_hash.json");
    int checked[5] = {0}, without_hash = 0;
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        vk_entry_point version =
            vk_entry_point_read(vectors_text(vectors_get(one, "in"), "entryPointVersion"));
        vk_userop op = read_rpc(one, version);
        op.sdk = true;
        check_hash(one, &op);
        check_abi(one, &op);
        check_rpc(one, &op);
        if (version != VK_ENTRY_POINT_0_6) {
            check_packed(one, &op);
        }
        check_plain(one, &op, &without_hash);
        vk_userop_clear(&op);
        checked[version]++;
    }
    ck_assert_int_eq(checked[VK_ENTRY_POINT_0_6], 12);
    ck_assert_int_eq(checked[VK_ENTRY_POINT_0_7], 13);
    ck_assert_int_eq(checked[VK_ENTRY_POINT_0_8], 19);
    ck_assert_int_eq(checked[VK_ENTRY_POINT_0_9], 21);
    ck_assert_int_eq(without_hash, 5);
    cJSON_Delete(file);
}
END_TEST

#define SENDER "\"sender\":\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\""
#define NUMBERS                                                                                    \
    "\"callGasLimit\":\"0x1\",\"verificationGasLimit\":\"0x2\",\"preVerificationGas\":\"0x3\","    \
    "\"maxFeePerGas\":\"0x4\",\"maxPriorityFeePerGas\":\"0x5\""
#define REST SENDER ",\"nonce\":\"0x0\"," NUMBERS
#define GOOD "{\"callData\":\"0x\"," REST "}"

START_TEST(test_bad_json) {
    static const struct {
        const char *json;
        vk_status status;
        const char *path;
    } cases[] = {
        {"", VK_ERR_FORMAT, ""},
        {"{", VK_ERR_FORMAT, ""},
        {GOOD " x", VK_ERR_FORMAT, ""},
        {"{" REST "}", VK_ERR_FORMAT, "callData"},
        {"{\"callData\":\"0x\",\"CallData\":\"0x\"," REST "}", VK_ERR_FORMAT, "CallData"},
        {"{\"callData\":\"0x\",\"callData\":\"0x\"," REST "}", VK_ERR_FORMAT, "callData"},
        {"{\"callData\":\"0x1\"," REST "}", VK_ERR_FORMAT, "callData"},
        {"{\"callData\":\"1234\"," REST "}", VK_ERR_FORMAT, "callData"},
        {"{\"callData\":7," REST "}", VK_ERR_FORMAT, "callData"},
        {"{\"callData\":\"0x\"," SENDER ",\"nonce\":5," NUMBERS "}", VK_ERR_FORMAT, "nonce"},
        {"{\"callData\":\"0x\"," SENDER ",\"nonce\":\"0x\"," NUMBERS "}", VK_ERR_FORMAT, "nonce"},
        {"{\"callData\":\"0x\"," SENDER ",\"nonce\":"
         "\"0x10000000000000000000000000000000000000000000000000000000000000000\"," NUMBERS "}",
         VK_ERR_RANGE, "nonce"},
        {"{\"callData\":\"0x\",\"factoryData\":\"0x\"," REST "}", VK_ERR_FORMAT, "factoryData"},
        {"{\"callData\":\"0x\",\"paymasterData\":\"0x\"," REST "}", VK_ERR_FORMAT, "paymasterData"},
        {"{\"callData\":\"0x\",\"initCode\":\"0x\"," REST "}", VK_ERR_FORMAT, "initCode"},
        {"{\"chainId\":1,\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\",\"userOp\":{"
         "}}",
         VK_ERR_FORMAT, "userOp.sender"},
        {"{\"chainId\":1,\"entryPoint\":\"0x5ff137d4b0fdcd49dca30c7cf57e578a026d2788\","
         "\"userOp\":" GOOD "}",
         VK_ERR_UNSUPPORTED, "entryPoint"},
        {"{\"chainId\":1,\"entryPoint\":\"0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789\","
         "\"userOp\":{\"callData\":\"0x\",\"factoryData\":\"0x\"," REST "}}",
         VK_ERR_FORMAT, "userOp.factoryData"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_userop_request request;
        vk_error err = {0};
        vk_status status = vk_userop_read_request(text_bytes(cases[i].json), EP07, &request, &err);
        ck_assert_msg(status == cases[i].status, "%zu: %d %s", i, status, err.message);
        ck_assert_msg(strcmp(err.path, cases[i].path) == 0 || cases[i].path[0] == '\0',
                      "%zu: path %s", i, err.path);
    }
    vk_userop op;
    ck_assert_int_eq(vk_userop_read_json(text_bytes(GOOD), EP07, &op, NULL), VK_OK);
    vk_userop_clear(&op);
}
END_TEST

START_TEST(test_too_large) {
    vk_buf big = {0};
    vk_buf_put_zeros(&big, 10 << 20);
    vk_userop_request request;
    ck_assert_int_eq(vk_userop_read_request(vk_buf_view(&big), EP07, &request, NULL), VK_ERR_SIZE);
    ck_assert_int_eq(vk_userop_read_abi(vk_buf_view(&big), EP07, &request, NULL), VK_ERR_SIZE);
    big.data[0] = '{';
    ck_assert_int_eq(vk_userop_read_request(vk_buf_view(&big), EP07, &request, NULL), VK_ERR_SIZE);
    vk_buf_clear(&big);
}
END_TEST

/* Every truncation and every changed offset word of an ABI request is refused. */
START_TEST(test_bad_abi) {
    vk_userop op;
    ck_assert_int_eq(vk_userop_read_json(text_bytes(GOOD), EP07, &op, NULL), VK_OK);
    vk_address entry_point = vk_entry_point_address(EP07);
    vk_buf abi = {0};
    ck_assert_int_eq(vk_userop_write_abi(&op, 1, &entry_point, &abi), VK_OK);
    vk_userop_request request;
    for (size_t len = 0; len < abi.len; len++) {
        ck_assert_int_ne(vk_userop_read_request((vk_bytes){abi.data, len}, EP07, &request, NULL),
                         VK_OK);
    }
    static const size_t offset_words[] = {2, 5, 6, 10, 11};
    for (size_t i = 0; i < sizeof offset_words / sizeof offset_words[0]; i++) {
        uint8_t *last = abi.data + 32 * offset_words[i] + 31;
        *last ^= 0x20;
        ck_assert_int_ne(vk_userop_read_request(vk_buf_view(&abi), EP07, &request, NULL), VK_OK);
        *last ^= 0x20;
    }
    vk_buf_put_byte(&abi, 0);
    ck_assert_int_ne(vk_userop_read_request(vk_buf_view(&abi), EP07, &request, NULL), VK_OK);
    vk_buf_clear(&abi);
    vk_userop_clear(&op);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("userop");
    TCase *tests = tcase_create("userop");
    tcase_add_test(tests, test_vectors);
    tcase_add_test(tests, test_bad_json);
    tcase_add_test(tests, test_too_large);
    tcase_add_test(tests, test_bad_abi);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
