/* Kind userop_hash: how numbers may be written, and what is refused where. */
#include "support/batch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define A20 "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
#define HEAD(version) "{\"entryPointVersion\":\"" version "\",\"chainId\":1,\"userOp\":{"
#define OP_BUT_NONCE                                                                               \
    "\"callData\":\"0x\",\"sender\":\"" A20 "\",\"callGasLimit\":1,"                               \
    "\"preVerificationGas\":3,\"maxFeePerGas\":4,\"maxPriorityFeePerGas\":5,"                      \
    "\"verificationGasLimit\":2"
#define OP OP_BUT_NONCE ",\"nonce\":0"
#define AUTH "{\"address\":\"" A20 "\",\"chainId\":1,\"nonce\":\"7\"}"

static char *hash_of(const char *in, bool sdk) {
    cJSON *answer = batch_ask("userop_hash", in, sdk);
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(answer, "out");
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(out, "userOpHash");
    char *printed = cJSON_PrintUnformatted(answer);
    ck_assert_msg(cJSON_IsString(hash), "%s: %s", in, printed);
    cJSON_free(printed);
    char *copy = strdup(hash->valuestring);
    cJSON_Delete(answer);
    return copy;
}

static void check_same_hash(const char *a, const char *b) {
    char *left = hash_of(a, false), *right = hash_of(b, false);
    ck_assert_str_eq(left, right);
    free(left);
    free(right);
}

START_TEST(test_numbers) {
    check_same_hash(HEAD("0.7") OP_BUT_NONCE ",\"nonce\":255}}",
                    HEAD("0.7") OP_BUT_NONCE ",\"nonce\":\"255\"}}");
    check_same_hash(HEAD("0.7") OP_BUT_NONCE ",\"nonce\":255}}",
                    HEAD("0.7") OP_BUT_NONCE ",\"nonce\":\"0xff\"}}");
}
END_TEST

START_TEST(test_names) {
    check_same_hash(HEAD("0.8") OP ",\"factory\":\"0x7702\",\"authorization\":" AUTH "}}",
                    HEAD("0.8") OP ",\"factory\":\"0x7702\",\"eip7702Auth\":" AUTH "}}");
    check_same_hash(HEAD("0.6") OP "}}", "{\"entryPoint\":"
                                         "\"0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789\","
                                         "\"chainId\":\"0x1\",\"userOp\":{" OP "}}");
}
END_TEST

static const struct {
    const char *in, *code, *path;
} refused[] = {
    {"{\"entryPointVersion\":\"0.7\",\"userOp\":{" OP "}}", "FORMAT", "in.chainId"},
    {"{\"entryPointVersion\":\"0.5\",\"chainId\":1,\"userOp\":{" OP "}}", "UNSUPPORTED",
     "in.entryPointVersion"},
    {"{\"entryPointVersion\":\"0.7\",\"chainId\":1}", "FORMAT", "in.userOp"},
    {"{\"entryPointVersion\":\"0.7\",\"chainId\":1,\"userOp\":[]}", "FORMAT", "in.userOp"},
    {"{\"entryPointVersion\":\"0.7\",\"chainId\":1,\"x\":1,\"userOp\":{" OP "}}", "FORMAT", "in.x"},
    {HEAD("0.7") OP_BUT_NONCE "}}", "FORMAT", "in.userOp.nonce"},
    {HEAD("0.7") OP_BUT_NONCE ",\"nonce\":-1}}", "RANGE", "in.userOp.nonce"},
    {HEAD("0.7") OP_BUT_NONCE ",\"nonce\":\"01\"}}", "FORMAT", "in.userOp.nonce"},
    {HEAD("0.7") OP ",\"chainId\":1}}", "FORMAT", "in.userOp.chainId"},
    {HEAD("0.7") OP ",\"initCode\":\"0x\"}}", "FORMAT", "in.userOp.initCode"},
    {HEAD("0.7") OP ",\"paymaster\":\"" A20
                    "\",\"paymasterVerificationGasLimit\":\"340282366920938463463374607431768211456"
                    "\",\"paymasterPostOpGasLimit\":0}}",
     "RANGE", "in.userOp.paymasterVerificationGasLimit"},
    {HEAD("0.8") OP ",\"factory\":\"0x7702\"}}", "FORMAT", "in.userOp.authorization"},
    {HEAD("0.8") OP ",\"authorization\":" AUTH ",\"eip7702Auth\":" AUTH "}}", "FORMAT",
     "in.userOp.authorization"},
    {HEAD("0.8") OP ",\"authorization\":{\"address\":\"0x\"}}}", "FORMAT",
     "in.userOp.authorization.address"},
};

START_TEST(test_refused) {
    cJSON *answer = batch_ask("userop_hash", refused[_i].in, false);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(cJSON_GetObjectItemCaseSensitive(error, "code")->valuestring,
                     refused[_i].code);
    ck_assert_str_eq(cJSON_GetObjectItemCaseSensitive(error, "path")->valuestring,
                     refused[_i].path);
    cJSON_Delete(answer);
}
END_TEST

/* The chain hashes the empty signature's length, viem does not. */
START_TEST(test_compat) {
    static const char in[] =
        HEAD("0.9") OP ",\"paymaster\":\"" A20 "\",\"paymasterVerificationGasLimit\":0,"
                       "\"paymasterPostOpGasLimit\":0,\"paymasterSignature\":\"0x\"}}";
    char *plain = hash_of(in, false), *sdk = hash_of(in, true);
    ck_assert_str_ne(plain, sdk);
    free(plain);
    free(sdk);
    free(hash_of(HEAD("0.8") OP ",\"factory\":\"0x7702\"}}", true));
}
END_TEST

/* The SDK takes the address of 0.7 for that of 0.8 and 0.9, unless it is told. */
START_TEST(test_compat_entry_point) {
    static const char right[] = "{\"entryPoint\":\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\","
                                "\"entryPointVersion\":\"0.8\",\"chainId\":1,\"userOp\":{" OP "}}";
    static const char mistaken[] =
        "{\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\","
        "\"entryPointVersion\":\"0.8\",\"chainId\":1,\"userOp\":{" OP "}}";
    static const char silent[] = HEAD("0.8") OP "}}";
    char *const of[] = {hash_of(right, false), hash_of(right, true), hash_of(silent, false),
                        hash_of(mistaken, false), hash_of(silent, true)};
    ck_assert_str_eq(of[0], of[1]);
    ck_assert_str_eq(of[0], of[2]);
    ck_assert_str_eq(of[3], of[4]);
    ck_assert_str_ne(of[0], of[3]);
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        free(of[i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch userop_hash");
    TCase *tests = tcase_create("userop_hash");
    tcase_add_test(tests, test_numbers);
    tcase_add_test(tests, test_names);
    tcase_add_loop_test(tests, test_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, test_compat);
    tcase_add_test(tests, test_compat_entry_point);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
