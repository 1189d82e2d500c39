/* Policies written as the SDK keeps them: what is written is read as the same policy. */
#include "policy/rule.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static vk_policy parse(const char *json) {
    vk_policy policy;
    vk_error err = {0};
    vk_status status = vk_policy_parse(json, strlen(json), false, &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    return policy;
}

static char *written(const vk_policy *policy) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_policy_write(policy, &out), VK_OK);
    return vk_buf_take_text(&out);
}

static vk_buf id_of(const vk_policy *policy) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_policy_id(policy, &out), VK_OK);
    return out;
}

/* The same bytes for the chain, and nothing changes when it is written once more. */
static void check_round_trip(const char *json) {
    vk_policy policy = parse(json);
    char *text = written(&policy);
    vk_policy again = parse(text);
    char *second = written(&again);
    ck_assert_str_eq(text, second);
    vk_buf a = id_of(&policy), b = id_of(&again);
    ck_assert(vk_bytes_equal(vk_buf_view(&a), vk_buf_view(&b)));
    vk_buf_clear(&a);
    vk_buf_clear(&b);
    vk_text_free(text);
    vk_text_free(second);
    vk_policy_clear(&policy);
    vk_policy_clear(&again);
}

static cJSON *params_of(const cJSON *one) {
    const cJSON *out = vectors_get(one, "out");
    const cJSON *chains = cJSON_GetObjectItemCaseSensitive(out, "chains");
    cJSON *json = cJSON_Parse(vectors_text(chains == NULL ? out : chains->child, "json"));
    cJSON *permission = cJSON_GetObjectItemCaseSensitive(json, "permissionParams");
    cJSON *policies = cJSON_DetachItemFromObject(permission, "policies");
    cJSON_Delete(json);
    return policies;
}

START_TEST(test_vectors) {
    cJSON *file = vectors_load("serialized_account.json");
    const cJSON *one;
    int count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        cJSON *policies = params_of(one);
        char *text = vk_json_print(policies);
        check_round_trip(text);
        vk_text_free(text);
        cJSON_Delete(policies);
        count++;
    }
    ck_assert_int_eq(count, 24);
    cJSON_Delete(file);
}
END_TEST

/* Without what the caller gave, the members that tell the policy. */
START_TEST(test_texts) {
    static const char *const texts[] = {
        "[]",
        "[{\"type\":\"sudo\",\"policyAddress\":\"0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7\","
        "\"policyFlag\":\"0x0002\"}]",
        "[{\"type\":\"timestamp\",\"policyAddress\":\"0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F\","
        "\"policyFlag\":\"0x0000\",\"validAfter\":0,\"validUntil\":281474976710655}]",
        "[{\"type\":\"rate-limit\",\"policyAddress\":"
        "\"0x6A06358E6B283921dEcEABE7E8a3741d506CCA9B\",\"policyFlag\":\"0x0000\",\"interval\":60,"
        "\"count\":3,\"startAt\":0}]",
        "[{\"type\":\"signature-caller\",\"policyAddress\":"
        "\"0xF6A936c88D97E6fad13b98d2FD731Ff17eeD591d\",\"policyFlag\":\"0x0000\","
        "\"allowedCallers\":[\"0x0000000000000000000000000000000000000001\","
        "\"0x0000000000000000000000000000000000000002\"]}]",
        "[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"policyFlag\":\"0x0000\",\"permissions\":"
        "[{\"target\":\"0x0000000000000000000000000000000000000001\",\"callType\":\"0xff\","
        "\"selector\":\"0x01020304\",\"valueLimit\":\"340282366920938463463374607431768211456\","
        "\"rules\":[{\"params\":["
        "\"0x0000000000000000000000000000000000000000000000000000000000000007\"],"
        "\"offset\":9007199254740991,\"condition\":6}]}]}]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vk_policy policy = parse(texts[i]);
        char *text = written(&policy);
        ck_assert_int_eq(strcasecmp(text, texts[i]), 0); /* addresses are written as EIP-55 */
        check_round_trip(texts[i]);
        vk_text_free(text);
        vk_policy_clear(&policy);
    }
}
END_TEST

/* The caller's members, their order, and what it did not say. */
START_TEST(test_given_order) {
    static const char given[] =
        "{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"valueLimit\":\"0x10\","
        "\"target\":\"0x0000000000000000000000000000000000000001\"}]}";
    static const char expected[] =
        "{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"policyFlag\":\"0x0000\",\"permissions\":"
        "[{\"valueLimit\":\"16\",\"target\":\"0x0000000000000000000000000000000000000001\","
        "\"callType\":\"0x00\",\"selector\":\"0x00000000\",\"rules\":[]}]}";
    vk_buf list = {0}, out = {0};
    vk_buf_printf(&list, "[%s]", given);
    char *text = vk_buf_take_text(&list);
    vk_policy policy = parse(text);
    cJSON *json = cJSON_Parse(given);
    ck_assert_int_eq(vk_rule_write(&policy.rules[0], json, &out), VK_OK);
    char *got = vk_buf_take_text(&out);
    ck_assert_str_eq(got, expected);
    vk_text_free(got);
    vk_text_free(text);
    cJSON_Delete(json);
    vk_policy_clear(&policy);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy write");
    TCase *tests = tcase_create("policy write");
    tcase_add_test(tests, test_vectors);
    tcase_add_test(tests, test_texts);
    tcase_add_test(tests, test_given_order);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
