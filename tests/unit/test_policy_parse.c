/* Policies as the packages build them: every number at its limits, and what a token refuses. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define ALICE_HEX "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define RESET "0x6A06358e6b283921DECEAbe7e8A3741d506ccA9B"
#define CALL_1_ADDRESS "0xe4Fec84B7B002273ecC86baa65a831ddB92d30a8"
#define MAX_48 "281474976710655"
#define OVER_48 "281474976710656"
#define MAX_128 "340282366920938463463374607431768211455"

#define Z8 "00000000"
#define Z24 Z8 Z8 Z8
#define Z48 Z24 Z24
#define Z64 Z48 Z8 Z8
#define F16 "ffffffffffffffff"
#define F64 F16 F16 F16 F16
#define BYTE(digits) Z48 "00000000000000" digits /* a word with this number of two digits */

static void check_hex(vk_bytes got, const char *expected) {
    vk_buf text = {0};
    vk_hex_put(&text, got);
    char *told = vk_buf_take_text(&text);
    ck_assert_str_eq(told, expected);
    vk_text_free(told);
}

static vk_policy parsed(const char *json, bool sdk) {
    vk_policy policy;
    vk_error err = {.status = VK_OK};
    vk_status status = vk_policy_parse(json, strlen(json), sdk, &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", json, err.path, err.message);
    return policy;
}

/* ---- Every number at its limits ---- */

static const struct {
    const char *json, *info, *data;
} encoded[] = {
    {"[{\"type\":\"sudo\",\"policyFlag\":\"0xffff\"}]",
     "0xffff67b436cad8a6d025df6c82c5bb43fbf11fc5b9b7", "0x"},
    {"[{\"type\":\"gas\",\"allowed\":\"" MAX_128
     "\",\"enforcePaymaster\":true,\"allowedPaymaster\":\"" ALICE "\"}]",
     "0x0000aefc5abc67ffd258abd0a3e54f65e70326f84b23",
     "0x" Z24 Z8 F16 F16 BYTE("01") Z24 ALICE_HEX},
    {"[{\"type\":\"gas\",\"policyFlag\":\"0x0003\",\"policyAddress\":\"" ALICE "\"}]",
     "0x0003" ALICE_HEX, "0x" Z64 Z64 Z64},
    {"[{\"type\":\"rate-limit\",\"interval\":" MAX_48 ",\"count\":\"" MAX_48
     "\",\"startAt\":\"0xffffffffffff\"}]",
     "0x0000f63d4139b25c836334edd76641356c6b74c86873", "0xffffffffffffffffffffffffffffffffffff"},
    {"[{\"type\":\"rate-limit\",\"count\":0}]", "0x0000f63d4139b25c836334edd76641356c6b74c86873",
     "0x000000000000000000000000000000000000"},
    {"[{\"type\":\"rate-limit\",\"interval\":1,\"count\":" MAX_48 ",\"policyAddress\":\"" RESET
     "\"}]",
     "0x00006a06358e6b283921deceabe7e8a3741d506cca9b", "0x000000000001ffffffffffff"},
    {"[{\"type\":\"timestamp\",\"validAfter\":" MAX_48 ",\"validUntil\":1}]",
     "0x0000b9f8f524be6ecd8c945b1b87f9ae5c192fdce20f", "0x" Z48 "0000ffffffffffff" BYTE("01")},
    {"[{\"type\":\"timestamp\"}]", "0x0000b9f8f524be6ecd8c945b1b87f9ae5c192fdce20f", "0x" Z64 Z64},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[\"" ALICE "\",\"" ALICE "\"]}]",
     "0x0000f6a936c88d97e6fad13b98d2fd731ff17eed591d",
     "0x" BYTE("20") BYTE("02") Z24 ALICE_HEX Z24 ALICE_HEX},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.1\",\"permissions\":[]}]",
     "0x0000e4fec84b7b002273ecc86baa65a831ddb92d30a8", "0x" BYTE("20") Z64},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"callType\":\"0xfe\",\"selector\":\"0xffffffff\",\"valueLimit\":\"0x" F64
     "\",\"rules\":[{\"condition\":5,\"offset\":\"18446744073709551615\",\"params\":[\"0x" F64
     "\",\"0x" Z64 "\"]}]}]}]",
     "0x000085770b902d1e503d5f5141d9eac16d0d08eeadd2",
     "0x" BYTE("20") BYTE("01") BYTE("20") "fe000000" Z48 Z8 Z24 ALICE_HEX
                                           "ffffffff" Z48 Z8 F64 BYTE("a0") BYTE("01") BYTE("20")
                                               BYTE("05") Z48 F16 BYTE("60") BYTE("02") F64 Z64},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.1\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"rules\":[{\"condition\":7,\"offset\":0,\"params\":\"0x" F64 "\"}]}]}]",
     "0x0000e4fec84b7b002273ecc86baa65a831ddb92d30a8",
     "0x" BYTE("20") BYTE("01") BYTE("20") Z64 Z24 ALICE_HEX Z64 Z64 BYTE("a0") BYTE("01")
         BYTE("07") Z64 F64},
};

static void check_encoded(bool sdk, const char *json, const char *info, const char *data) {
    vk_policy policy = parsed(json, sdk);
    vk_buf bytes = {0};
    ck_assert_uint_eq(policy.count, 1);
    vk_rule_put_info(&policy.rules[0], &bytes);
    check_hex(vk_buf_view(&bytes), info);
    vk_buf_clear(&bytes);
    ck_assert_int_eq(vk_rule_encode(&policy.rules[0], &bytes), VK_OK);
    check_hex(vk_buf_view(&bytes), data);
    vk_buf_clear(&bytes);
    vk_policy_clear(&policy);
}

START_TEST(test_encoded) {
    check_encoded(false, encoded[_i].json, encoded[_i].info, encoded[_i].data);
    check_encoded(true, encoded[_i].json, encoded[_i].info, encoded[_i].data);
}
END_TEST

/* At an address that nobody knows the version tells the layout; to the SDK the address does. */
START_TEST(test_foreign_layout) {
    static const char json[] =
        "[{\"type\":\"call\",\"policyVersion\":\"0.0.1\",\"policyAddress\":\"" ALICE
        "\",\"permissions\":[{\"target\":\"" ALICE
        "\",\"rules\":[{\"condition\":0,\"offset\":0,\"params\":[\"0x" F64 "\"]}]}]}]";
    check_encoded(false, json, "0x0000" ALICE_HEX,
                  "0x" BYTE("20") BYTE("01") BYTE("20") Z64 Z24 ALICE_HEX Z64 Z64 BYTE("a0")
                      BYTE("01") Z64 Z64 F64);
    check_encoded(true, json, "0x0000" ALICE_HEX,
                  "0x" BYTE("20") BYTE("01") BYTE("20") Z64 Z24 ALICE_HEX Z64 Z64 BYTE("a0")
                      BYTE("01") BYTE("20") Z64 Z64 BYTE("60") BYTE("01") F64);
}
END_TEST

/* A published address is of its own version. */
START_TEST(test_published_of_another) {
    static const char json[] =
        "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"policyAddress\":\"" CALL_1_ADDRESS
        "\",\"permissions\":[]}]";
    vk_policy policy;
    vk_error err = {.status = VK_OK};
    ck_assert_int_eq(vk_policy_parse(json, strlen(json), false, &policy, &err), VK_ERR_POLICY);
    ck_assert_str_eq(err.path, "policies[0].policyAddress");
    policy = parsed(json, true);
    ck_assert_int_eq(policy.rules[0].u.call.version, VK_CALL_POLICY_0_0_1);
    vk_policy_clear(&policy);
}
END_TEST

/* ---- Numbers that do not fit are refused, by everybody ---- */

static const struct {
    const char *json, *path;
} over[] = {
    {"[{\"type\":\"gas\",\"allowed\":\"340282366920938463463374607431768211456\"}]",
     "policies[0].allowed"},
    {"[{\"type\":\"rate-limit\",\"count\":" OVER_48 "}]", "policies[0].count"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"interval\":\"" OVER_48 "\"}]",
     "policies[0].interval"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"startAt\":\"0x1000000000000\"}]",
     "policies[0].startAt"},
    {"[{\"type\":\"timestamp\",\"validAfter\":" OVER_48 "}]", "policies[0].validAfter"},
    {"[{\"type\":\"timestamp\",\"validUntil\":" OVER_48 "}]", "policies[0].validUntil"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"valueLimit\":\"0x1" Z64 "\"}]}]",
     "policies[0].permissions[0].valueLimit"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"rules\":[{\"offset\":\"18446744073709551616\",\"condition\":0,\"params\":[]}]}]}]",
     "policies[0].permissions[0].rules[0].offset"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"rules\":[{\"offset\":0,\"condition\":8,\"params\":[]}]}]}]",
     "policies[0].permissions[0].rules[0].condition"},
};

START_TEST(test_over) {
    for (int sdk = 0; sdk < 2; sdk++) {
        vk_policy policy;
        vk_error err = {.status = VK_OK};
        vk_status status =
            vk_policy_parse(over[_i].json, strlen(over[_i].json), sdk, &policy, &err);
        ck_assert_int_eq(status, VK_ERR_RANGE);
        ck_assert_str_eq(err.path, over[_i].path);
        ck_assert_ptr_null(policy.rules);
    }
}
END_TEST

/* ---- What a token refuses though the packages build it ---- */

#define CALL(version, permissions)                                                                 \
    "[{\"type\":\"call\",\"policyVersion\":\"" version "\",\"permissions\":[" permissions "]}]"
#define RULE(rule) "{\"target\":\"" ALICE "\",\"rules\":[" rule "]}"

static const struct {
    const char *json, *path;
} unacceptable[] = {
    {"[]", "policies"},
    {"{\"policies\":[]}", "policies"},
    {"{\"policies\":[{\"type\":\"sudo\"}],\"permissionFlag\":\"0x8000\"}", "permissionFlag"},
    {"[{\"type\":\"sudo\"},{\"type\":\"sudo\",\"policyFlag\":\"0x0004\"}]",
     "policies[1].policyFlag"},
    {"[{\"type\":\"sudo\",\"policyAddress\":\"" ALICE "\"}]", "policies[0].policyAddress"},
    {"[{\"type\":\"gas\",\"policyAddress\":\"" ALICE "\"}]", "policies[0].policyAddress"},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[],\"policyAddress\":\"" ALICE "\"}]",
     "policies[0].policyAddress"},
    {"[{\"type\":\"timestamp\",\"policyAddress\":\"" ALICE "\"}]", "policies[0].policyAddress"},
    {"[{\"type\":\"timestamp\",\"validAfter\":2,\"validUntil\":1}]", "policies[0].validAfter"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.2\",\"permissions\":[],\"policyAddress\":\"" ALICE
     "\"}]",
     "policies[0].policyAddress"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"callType\":\"0x02\"}"),
     "policies[0].permissions[0].callType"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\"},{\"target\":\"" ALICE "\"}"),
     "policies[0].permissions[1]"},
    {CALL("0.0.1", RULE("{\"offset\":0,\"condition\":6,\"params\":\"0x" F64 "\"}")),
     "policies[0].permissions[0].rules[0].condition"},
    {CALL("0.0.4", RULE("{\"offset\":0,\"condition\":7,\"params\":[]}")),
     "policies[0].permissions[0].rules[0].condition"},
    {CALL("0.0.5", RULE("{\"offset\":0,\"condition\":7,\"params\":[]}")),
     "policies[0].permissions[0].rules[0].params"},
    {CALL("0.0.4", RULE("{\"offset\":0,\"condition\":0,\"params\":[]}")),
     "policies[0].permissions[0].rules[0].params"},
};

START_TEST(test_unacceptable) {
    const char *json = unacceptable[_i].json;
    vk_policy policy = parsed(json, false), read;
    vk_error err = {.status = VK_OK};
    ck_assert_int_eq(vk_policy_check(&policy, &err), VK_ERR_POLICY);
    ck_assert_str_eq(err.path, unacceptable[_i].path);
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_ERR_POLICY);
    vk_policy_clear(&policy);
    err = (vk_error){.status = VK_OK};
    ck_assert_int_eq(vk_policy_read(json, strlen(json), &read, &err), VK_ERR_POLICY);
    ck_assert_str_eq(err.path, unacceptable[_i].path);
}
END_TEST

/* Made by hand, not read. */
START_TEST(test_check_by_hand) {
    vk_rule rules[VK_POLICIES_MAX + 1];
    vk_policy good = parsed("[{\"type\":\"sudo\"}]", false);
    for (size_t i = 0; i <= VK_POLICIES_MAX; i++) {
        rules[i] = good.rules[0];
    }
    vk_policy policy = {.count = VK_POLICIES_MAX, .rules = rules};
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_OK);
    policy.count++;
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_ERR_SIZE);
    policy.count = 1;
    rules[0].kind = (vk_rule_kind)99;
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_ERR_ARGUMENT);
    rules[0] = (vk_rule){.kind = VK_RULE_CALL};
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_ERR_ARGUMENT);
    vk_policy_clear(&good);
}
END_TEST

/* Whatever vk_policy_read accepts, parse and check do, with the same bytes. */
START_TEST(test_agree) {
    cJSON *file = vectors_load("session/ecdsa.json");
    char *json = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    vk_policy read, policy = parsed(json, false);
    ck_assert_int_eq(vk_policy_read(json, strlen(json), &read, NULL), VK_OK);
    ck_assert_int_eq(vk_policy_check(&policy, NULL), VK_OK);
    vk_buf a = {0}, b = {0};
    ck_assert_int_eq(vk_policy_id(&read, &a), VK_OK);
    ck_assert_int_eq(vk_policy_id(&policy, &b), VK_OK);
    ck_assert(a.len > 32 && vk_bytes_equal(vk_buf_view(&a), vk_buf_view(&b)));
    vk_buf_clear(&a);
    vk_buf_clear(&b);
    vk_policy_clear(&read);
    vk_policy_clear(&policy);
    cJSON_free(json);
    cJSON_Delete(file);
}
END_TEST

/* The same session with its rules taken away: the ABI form says the same. */
START_TEST(test_form_of_session) {
    cJSON *file = vectors_load("session/ecdsa.json");
    cJSON *policies = cJSON_DetachItemFromObject(file, "policies");
    char *with = cJSON_PrintUnformatted(policies);
    cJSON *permission =
        cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(policies, 0), "permissions"), 0);
    ck_assert_ptr_nonnull(cJSON_GetObjectItem(permission, "abi"));
    cJSON_DeleteItemFromObject(permission, "rules");
    cJSON_DeleteItemFromObject(permission, "selector");
    char *without = cJSON_PrintUnformatted(policies);
    vk_policy a = parsed(with, false), b = parsed(without, false);
    vk_buf a_id = {0}, b_id = {0};
    ck_assert_uint_eq(b.rules[0].u.call.permissions[0].rule_count, 2);
    ck_assert_int_eq(vk_policy_id(&a, &a_id), VK_OK);
    ck_assert_int_eq(vk_policy_id(&b, &b_id), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&a_id), vk_buf_view(&b_id)));
    vk_buf_clear(&a_id);
    vk_buf_clear(&b_id);
    vk_policy_clear(&a);
    vk_policy_clear(&b);
    cJSON_free(with);
    cJSON_free(without);
    cJSON_Delete(policies);
    cJSON_Delete(file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy parse");
    TCase *tests = tcase_create("policy-parse");
    tcase_add_loop_test(tests, test_encoded, 0, sizeof encoded / sizeof encoded[0]);
    tcase_add_test(tests, test_foreign_layout);
    tcase_add_test(tests, test_published_of_another);
    tcase_add_loop_test(tests, test_over, 0, sizeof over / sizeof over[0]);
    tcase_add_loop_test(tests, test_unacceptable, 0, sizeof unacceptable / sizeof unacceptable[0]);
    tcase_add_test(tests, test_check_by_hand);
    tcase_add_test(tests, test_agree);
    tcase_add_test(tests, test_form_of_session);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
