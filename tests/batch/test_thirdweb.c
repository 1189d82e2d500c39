/* Kind thirdweb: what the vectors do not ask for, and refusals. */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY "0x2c9a73404494c904bea5801efa405ba236845dffbb09bd1607efac5ef3fe79d6"
#define ADMIN "0xa26d5f8b26eeac8b5c58c391f58c450a44fdb51a" /* of KEY */
#define A1 "0x1111111111111111111111111111111111111111"
#define A2 "0x2222222222222222222222222222222222222222"
#define ZERO "0x0000000000000000000000000000000000000000"
#define UID "0x3333333333333333333333333333333333333333333333333333333333333333"
#define ON "\"chainId\":1,\"account\":\"" A1 "\""
#define MAX256 "115792089237316195423570985008687907853269984665640564039457584007913129639935"

/* in: the members. */
static cJSON *ask(const char *in, bool sdk) {
    vk_buf object = {0};
    vk_buf_put_byte(&object, '{');
    vk_buf_put_text(&object, in);
    vk_buf_put_byte(&object, '}');
    char *text = vk_buf_take_text(&object);
    cJSON *answer = batch_ask("thirdweb", text, sdk);
    vk_text_free(text);
    return answer;
}

/* The answer; "out" must be there. cJSON_Delete it. */
static cJSON *good(const char *in) {
    cJSON *answer = ask(in, false);
    char *text = cJSON_PrintUnformatted(answer);
    ck_assert_msg(cJSON_HasObjectItem(answer, "out"), "%s", text);
    cJSON_free(text);
    return answer;
}

static const char *out_text(const cJSON *answer, const char *name) {
    return vectors_text(vectors_get(answer, "out"), name);
}

static void refused(const char *in, const char *code, const char *path) {
    cJSON *answer = ask(in, false);
    char *text = cJSON_PrintUnformatted(answer);
    ck_assert_msg(cJSON_HasObjectItem(answer, "error"), "%s", text);
    const cJSON *error = vectors_get(answer, "error");
    ck_assert_msg(strcmp(vectors_text(error, "code"), code) == 0, "%s", text);
    ck_assert_msg(strcmp(vectors_text(error, "path"), path) == 0, "%s", text);
    cJSON_free(text);
    cJSON_Delete(answer);
}

/* ---- Requests ---- */

#define CALL(call, rest)                                                                           \
    "\"call\":\"" call "\"," ON ",\"target\":\"" A2 "\",\"now\":1795201643,\"uid\":\"" UID "\"" rest
#define PERMISSIONS(targets, rest) ",\"permissions\":{\"approvedTargets\":" targets rest "}"

START_TEST(test_call_without_request) {
    cJSON *answer = good(
        CALL("addSessionKey",
             PERMISSIONS("[\"" A1 "\"]",
                         ",\"nativeTokenLimitPerTransaction"
                         "\":0.000001,"
                         "\"permissionStartTimestamp\":1999") ",\"adminPrivateKey\":\"" KEY "\""));
    const cJSON *request = vectors_get(vectors_get(answer, "out"), "request");
    ck_assert_str_eq(vectors_text(request, "signer"), A2);
    ck_assert_str_eq(vectors_text(request, "nativeTokenLimitPerTransaction"), "1000000000000");
    ck_assert_str_eq(vectors_text(request, "permissionStartTimestamp"), "1");
    ck_assert_str_eq(vectors_text(request, "permissionEndTimestamp"), "2110561643");
    ck_assert_str_eq(vectors_text(request, "reqValidityEndTimestamp"), "2110561643");
    ck_assert_str_eq(vectors_text(request, "uid"), UID);
    /* The request that it made gives the same answer. */
    char *text = cJSON_PrintUnformatted(request);
    vk_buf again = {0};
    vk_buf_printf(&again, ON ",\"adminPrivateKey\":\"" KEY "\",\"request\":%s", text);
    char *in = vk_buf_take_text(&again);
    cJSON *same = good(in);
    ck_assert_str_eq(out_text(same, "callData"), out_text(answer, "callData"));
    cJSON_free(text);
    vk_text_free(in);
    cJSON_Delete(same);
    cJSON_Delete(answer);
}
END_TEST

START_TEST(test_signature_from_elsewhere) {
    cJSON *hashes = good(CALL("addAdmin", ""));
    ck_assert(!cJSON_HasObjectItem(vectors_get(hashes, "out"), "callData"));
    cJSON *signed_here = good(CALL("addAdmin", ",\"adminPrivateKey\":\"" KEY "\""));
    vk_buf line = {0};
    vk_buf_printf(&line, CALL("addAdmin", ",\"adminAddress\":\"" ADMIN "\",\"signature\":\"%s\""),
                  out_text(signed_here, "signature"));
    char *in = vk_buf_take_text(&line);
    cJSON *taken = good(in);
    ck_assert_str_eq(out_text(taken, "callData"), out_text(signed_here, "callData"));
    ck_assert_str_eq(out_text(hashes, "digest"), out_text(taken, "digest"));
    strstr(in, ADMIN)[2] = 'b';
    refused(in, "MISMATCH", "in.adminAddress");
    vk_text_free(in);
    cJSON_Delete(hashes);
    cJSON_Delete(signed_here);
    cJSON_Delete(taken);
}
END_TEST

START_TEST(test_rule) {
    static const char zero[] =
        CALL("addSessionKey", PERMISSIONS("[\"" ZERO "\",\"" ZERO "\"]", ""));
    refused(zero, "POLICY", "in.permissions.approvedTargets");
    cJSON_Delete(
        good(CALL("addSessionKey", PERMISSIONS("[\"" ZERO "\"]", "") ",\"allowAnyTarget\":true")));
    cJSON_Delete(good(CALL("addSessionKey", PERMISSIONS("\"*\"", ""))));
    cJSON *sdk = ask(zero, true);
    ck_assert(cJSON_HasObjectItem(sdk, "out"));
    cJSON_Delete(sdk);
#define REQUEST(targets, limit, admin)                                                             \
    ON ",\"request\":{\"signer\":\"" A2 "\",\"isAdmin\":" admin ",\"approvedTargets\":" targets    \
       ",\"nativeTokenLimitPerTransaction\":\"" limit                                              \
       "\",\"permissionStartTimestamp\":0,\"permissionEndTimestamp\":1,"                           \
       "\"reqValidityStartTimestamp\":0,\"reqValidityEndTimestamp\":1,\"uid\":\"" UID "\"}"
    refused(REQUEST("[]", MAX256, "0"), "POLICY", "in.request.nativeTokenLimitPerTransaction");
    cJSON_Delete(good(REQUEST("[]", MAX256, "0") ",\"allowAnyAmount\":true"));
    cJSON_Delete(good(REQUEST("[]", MAX256, "1")));
    refused(REQUEST("[]", "0", "3"), "RANGE", "in.request.isAdmin");
    refused(REQUEST("[]", "0", "0") ",\"abi_version\":\"v1\"", "FORMAT", "in.request.isAdmin");
    refused(REQUEST("[]", "0", "0") ",\"abi_version\":\"v2\"", "UNSUPPORTED", "in.abi_version");
    refused(REQUEST("[]", "0", "0") ",\"now\":1", "FORMAT", "in.now");
    refused(REQUEST("[1]", "0", "0"), "FORMAT", "in.request.approvedTargets[0]");
}
END_TEST

/* A request beside a call must be what the call makes. */
START_TEST(test_mismatch) {
    static const struct {
        const char *limit, *admin, *code, *path;
    } cases[] = {{"0", "2", NULL, NULL},
                 {"1", "2", "MISMATCH", "in.request.nativeTokenLimitPerTransaction"},
                 {"0", "1", "MISMATCH", "in.request.isAdmin"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf line = {0};
        vk_buf_printf(&line,
                      "\"call\":\"removeAdmin\",\"target\":\"" A2 "\"," ON
                      ",\"request\":{\"signer\":\"" A2 "\",\"isAdmin\":%s,\"approvedTargets\":[],"
                      "\"nativeTokenLimitPerTransaction\":\"%s\",\"permissionStartTimestamp\":0,"
                      "\"permissionEndTimestamp\":0,\"reqValidityStartTimestamp\":0,"
                      "\"reqValidityEndTimestamp\":1,\"uid\":\"" UID "\"}",
                      cases[i].admin, cases[i].limit);
        char *in = vk_buf_take_text(&line);
        if (cases[i].code == NULL) {
            cJSON_Delete(good(in));
        } else {
            refused(in, cases[i].code, cases[i].path);
        }
        vk_text_free(in);
    }
    refused(CALL("AddAdmin", ""), "UNSUPPORTED", "in.call");
    refused(CALL("removeAdmin", PERMISSIONS("[]", "")), "FORMAT", "in.permissions");
}
END_TEST

/* ---- The other forms ---- */

START_TEST(test_decode_calls) {
    cJSON *encoded = good("\"function\":\"executeBatch\",\"calls\":[{\"target\":\"" A1
                          "\",\"value\":\"7\",\"data\":\"0x0102\"},{\"target\":\"" A2
                          "\",\"value\":0,\"data\":\"0x\"}]");
    vk_buf line = {0};
    vk_buf_printf(&line, "\"callData\":\"%s\"", out_text(encoded, "callData"));
    char *in = vk_buf_take_text(&line);
    cJSON *decoded = good(in);
    ck_assert_str_eq(out_text(decoded, "function"), "executeBatch");
    const cJSON *calls = vectors_get(vectors_get(decoded, "out"), "calls");
    ck_assert_int_eq(cJSON_GetArraySize(calls), 2);
    ck_assert_str_eq(vectors_text(cJSON_GetArrayItem(calls, 0), "target"), A1);
    ck_assert_str_eq(vectors_text(cJSON_GetArrayItem(calls, 0), "value"), "7");
    ck_assert_str_eq(vectors_text(cJSON_GetArrayItem(calls, 0), "data"), "0x0102");
    ck_assert_str_eq(vectors_text(cJSON_GetArrayItem(calls, 1), "data"), "0x");
    refused("\"callData\":\"0x12345678\"", "FORMAT", "in.callData");
    refused("\"function\":\"execute\",\"calls\":[]", "FORMAT", "in.calls");
    refused("\"function\":\"run\",\"calls\":[]", "UNSUPPORTED", "in.function");
    vk_text_free(in);
    cJSON_Delete(encoded);
    cJSON_Delete(decoded);
}
END_TEST

/* The address and the message digest that the chain gave (onchain_thirdweb.json). */
START_TEST(test_accounts_and_messages) {
    cJSON *file = vectors_load("onchain_thirdweb.json");
    const cJSON *cases = vectors_get(file, "cases"), *one;
    int addresses = 0, messages = 0;
    cJSON_ArrayForEach(one, cases) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        vk_buf line = {0};
        if (cJSON_HasObjectItem(out, "address")) {
            vk_buf_printf(&line,
                          "\"admin\":\"%s\",\"data\":\"%s\",\"factory\":\"%s\","
                          "\"implementation\":\"%s\"",
                          vectors_text(in, "admin"), vectors_text(in, "data"),
                          vectors_text(in, "factory"), vectors_text(in, "implementation"));
        } else if (cJSON_HasObjectItem(out, "messageHash")) {
            vk_buf_printf(&line, "\"chainId\":%s,\"account\":\"%s\",\"hash\":\"%s\"",
                          vectors_text(in, "chainId"), vectors_text(in, "account"),
                          vectors_text(in, "hash"));
        } else {
            continue;
        }
        bool address = cJSON_HasObjectItem(out, "address");
        const char *name = address ? "address" : "messageHash";
        char *text = vk_buf_take_text(&line);
        cJSON *answer = good(text);
        ck_assert_str_eq(out_text(answer, name), vectors_text(out, name));
        addresses += address;
        messages += !address;
        vk_text_free(text);
        cJSON_Delete(answer);
    }
    cJSON_Delete(file);
    ck_assert_int_eq(addresses, 4);
    ck_assert_int_eq(messages, 4);
}
END_TEST

static void check_signed_by_admin(const cJSON *answer, const char *digest_name) {
    const cJSON *out = vectors_get(answer, "out");
    vk_hash digest = vectors_hash(out, digest_name);
    uint8_t signature[65];
    vk_address signer;
    char text[43];
    vectors_fixed(out, "signature", signature, sizeof signature);
    ck_assert_int_eq(vk_ecdsa_recover(&digest, signature, &signer), VK_OK);
    vk_address_text(&signer, text);
    ck_assert_int_eq(strncasecmp(text, ADMIN, 42), 0);
}

START_TEST(test_signatures) {
    static const char hello[] =
        "0xd9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68";
    cJSON *message =
        good(ON ",\"message\":\"hello world\",\"privateKey\":\"" KEY "\",\"signer\":\"" ADMIN "\"");
    ck_assert_str_eq(out_text(message, "hash"), hello);
    check_signed_by_admin(message, "messageHash");
    cJSON *userop = good("\"userOpHash\":\"" UID "\",\"privateKey\":\"" KEY "\"");
    check_signed_by_admin(userop, "digest");
    refused(ON ",\"message\":\"a\",\"rawMessage\":\"0x\"", "FORMAT", "in");
    refused(ON ",\"message\":\"a\",\"hash\":\"" UID "\"", "MISMATCH", "in.hash");
    refused(ON ",\"typedDataJson\":\"{}\"", "FORMAT", "in.typedDataJson.types");
    refused("\"userOpHash\":\"" UID "\",\"privateKey\":\"" KEY "\",\"signer\":\"" A1 "\"",
            "MISMATCH", "in.signer");
    refused("", "FORMAT", "in.chainId");
    cJSON_Delete(message);
    cJSON_Delete(userop);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch thirdweb");
    TCase *tests = tcase_create("thirdweb");
    tcase_add_test(tests, test_call_without_request);
    tcase_add_test(tests, test_signature_from_elsewhere);
    tcase_add_test(tests, test_rule);
    tcase_add_test(tests, test_mismatch);
    tcase_add_test(tests, test_decode_calls);
    tcase_add_test(tests, test_accounts_and_messages);
    tcase_add_test(tests, test_signatures);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
