/* The kinds policy_data and permission: what is wrong with a request is told by path. */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define BOB "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"
#define RESET "0x6a06358e6b283921deceabe7e8a3741d506cca9b"
#define SUDO "67b436cad8a6d025df6c82c5bb43fbf11fc5b9b7"
/* Of the address 0x70997970..., a well-known key of test chains. */
#define ALICE_KEY "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"

static void check_fault(const char *kind, const char *in, const char *code, const char *path) {
    cJSON *answer = batch_ask(kind, in, false);
    ck_assert_msg(cJSON_IsFalse(cJSON_GetObjectItem(answer, "ok")), "%s is accepted", in);
    const cJSON *error = vectors_get(answer, "error");
    ck_assert_msg(strcmp(vectors_text(error, "code"), code) == 0, "%s: %s", in,
                  vectors_text(error, "message"));
    ck_assert_str_eq(vectors_text(error, "path"), path);
    ck_assert(vectors_text(error, "message")[0] != '\0');
    cJSON_Delete(answer);
}

/* ---- One policy ---- */

static const struct {
    const char *in, *code, *path;
} policies[] = {
    {"{}", "FORMAT", "in.type"},
    {"{\"type\":\"sudo\",\"more\":1}", "FORMAT", "in.more"},
    {"{\"type\":\"sudo\",\"policyFlag\":\"0x00\"}", "FORMAT", "in.policyFlag"},
    {"{\"type\":\"sudo\",\"policyInfo\":\"0x0001" SUDO "\"}", "MISMATCH", "in.policyInfo"},
    {"{\"type\":\"sudo\",\"policyData\":\"0x00\"}", "MISMATCH", "in.policyData"},
    {"{\"type\":\"sudo\",\"withReset\":false}", "FORMAT", "in.withReset"},
    {"{\"type\":\"rate-limit\",\"count\":1,\"withReset\":1}", "FORMAT", "in.withReset"},
    {"{\"type\":\"rate-limit\",\"count\":1,\"startAt\":1,\"withReset\":true}", "POLICY",
     "in.startAt"},
    {"{\"type\":\"rate-limit\",\"count\":1,\"withReset\":false,\"policyAddress\":\"" RESET "\"}",
     "MISMATCH", "in.withReset"},
    {"{\"type\":\"gas\",\"allowed\":\"0x100000000000000000000000000000000\"}", "RANGE",
     "in.allowed"},
    {"{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"abiPermission\":7}", "FORMAT",
     "in.abiPermission"},
    {"{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"abiPermission\":{\"target\":\"" ALICE
     "\",\"args\":[]}}",
     "POLICY", "in.abiPermission.args"},
    {"{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[],\"abiPermission\":{}}",
     "FORMAT", "in.abiPermission"},
    {"{\"type\":\"sudo\",\"abiPermission\":{}}", "FORMAT", "in.abiPermission"},
};

START_TEST(test_policy_faults) {
    check_fault("policy_data", policies[_i].in, policies[_i].code, policies[_i].path);
}
END_TEST

/* ---- A permission ---- */

#define ECDSA "\"signer\":{\"type\":\"ecdsa\",\"sessionAddress\":\"" ALICE "\"}"

static const struct {
    const char *in, *code, *path;
} permissions[] = {
    {"{" ECDSA "}", "FORMAT", "in.policies"},
    {"{\"policies\":[]}", "FORMAT", "in.signer"},
    {"{\"policies\":[]," ECDSA ",\"more\":1}", "FORMAT", "in.more"},
    {"{\"policies\":[]," ECDSA ",\"flag\":\"0x01\"}", "FORMAT", "in.flag"},
    {"{\"policies\":[{\"type\":\"sudo\"},7]," ECDSA "}", "FORMAT", "in.policies[1]"},
    {"{\"policies\":[{\"type\":\"sudo\"},{\"type\":\"timestamp\",\"validAfter\":\"-1\"}]," ECDSA
     "}",
     "FORMAT", "in.policies[1].validAfter"},
    {"{\"policies\":[],\"signer\":{\"type\":\"rsa\"}}", "UNSUPPORTED", "in.signer.type"},
    {"{\"policies\":[],\"signer\":{\"type\":\"ecdsa\"}}", "FORMAT", "in.signer.sessionPrivateKey"},
    {"{\"policies\":[],\"signer\":{\"type\":\"ecdsa\",\"sessionPrivateKey\":\"" ALICE_KEY
     "\",\"sessionAddress\":\"" BOB "\"}}",
     "MISMATCH", "in.signer.sessionAddress"},
    {"{\"policies\":[],\"signer\":{\"type\":\"ecdsa\",\"sessionAddress\":\"" ALICE
     "\",\"version\":\"0.0.4\"}}",
     "FORMAT", "in.signer.version"},
    {"{\"policies\":[],\"signer\":{\"type\":\"webauthn\"}}", "FORMAT", "in.signer.passkey"},
};

START_TEST(test_permission_faults) {
    check_fault("permission", permissions[_i].in, permissions[_i].code, permissions[_i].path);
}
END_TEST

/* More policies than fit in a permission. */
START_TEST(test_many_policies) {
    vk_buf in = {0};
    vk_buf_put_text(&in, "{" ECDSA ",\"policies\":[");
    for (size_t i = 0; i <= VK_POLICIES_MAX; i++) {
        vk_buf_put_text(&in, i == 0 ? "{\"type\":\"sudo\"}" : ",{\"type\":\"sudo\"}");
    }
    vk_buf_put_text(&in, "]}");
    char *text = vk_buf_take_text(&in);
    check_fault("permission", text, "SIZE", "in.policies");
    vk_text_free(text);
}
END_TEST

static cJSON *webauthn_request(const char *version) {
    cJSON *file = vectors_load("permission.json"), *found = NULL;
    cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(file, "cases")) {
        cJSON *in = cJSON_GetObjectItem(one, "in"), *signer = cJSON_GetObjectItem(in, "signer");
        if (found == NULL && cJSON_GetObjectItem(signer, "passkey") != NULL) {
            found = cJSON_Duplicate(in, true);
        }
    }
    ck_assert_ptr_nonnull(found);
    cJSON *signer = cJSON_GetObjectItem(found, "signer");
    cJSON_DeleteItemFromObject(signer, "version");
    if (version != NULL) {
        cJSON_AddStringToObject(signer, "version", version);
    }
    cJSON_Delete(file);
    return found;
}

static void check_contract(const char *version, const char *contract) {
    cJSON *request = webauthn_request(version);
    char *in = cJSON_PrintUnformatted(request);
    cJSON *answer = batch_ask("permission", in, false);
    ck_assert_str_eq(vectors_text(vectors_get(answer, "out"), "signerContract"), contract);
    cJSON_Delete(answer);
    cJSON_Delete(request);
    cJSON_free(in);
}

/* The patched contract, unless another is named. */
START_TEST(test_webauthn_version) {
    check_contract(NULL, "0x65deec8fee717dc044d0cfd63ccf55f02ccac2b3");
    check_contract("0.0.4", "0x65deec8fee717dc044d0cfd63ccf55f02ccac2b3");
    check_contract("0.0.1", "0x8aa55d4bfae101609078681a69b5bc3181516612");
    cJSON *request = webauthn_request("0.0.5");
    char *in = cJSON_PrintUnformatted(request);
    check_fault("permission", in, "UNSUPPORTED", "in.signer.version");
    cJSON_Delete(request);
    cJSON_free(in);
}
END_TEST

/* The address of a session key is enough, and the same as its private key. */
START_TEST(test_address_or_key) {
    cJSON *by_address =
        batch_ask("permission", "{\"policies\":[{\"type\":\"sudo\"}]," ECDSA "}", false);
    cJSON *by_key = batch_ask("permission",
                              "{\"policies\":[{\"type\":\"sudo\"}],\"signer\":{\"type\":"
                              "\"ecdsa\",\"sessionPrivateKey\":\"" ALICE_KEY "\"}}",
                              false);
    ck_assert(cJSON_IsTrue(cJSON_GetObjectItem(by_address, "ok")));
    ck_assert(cJSON_Compare(by_address, by_key, true));
    cJSON_Delete(by_address);
    cJSON_Delete(by_key);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policies in batch");
    TCase *tests = tcase_create("policy-batch");
    tcase_add_loop_test(tests, test_policy_faults, 0, sizeof policies / sizeof policies[0]);
    tcase_add_loop_test(tests, test_permission_faults, 0,
                        sizeof permissions / sizeof permissions[0]);
    tcase_add_test(tests, test_many_policies);
    tcase_add_test(tests, test_webauthn_version);
    tcase_add_test(tests, test_address_or_key);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
