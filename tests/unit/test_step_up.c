/* Step-up rules: what is one, and which operations want the touch. */
#include "support/vectors.h"

#include "policy/step_up.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/thirdweb.h>

#define POINT                                                                                      \
    "0x046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4"  \
    "a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define DEVICE                                                                                     \
    "\"device\":{\"name\":\"blue key\",\"rpId\":\"valetkey.invalid\",\"credentialId\":\"0x0102\"," \
    "\"publicKey\":\"" POINT "\"}"
#define BOB "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define EVE "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
#define ACCOUNT "0x1111111111111111111111111111111111111111"
#define TO_BOB                                                                                     \
    "{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" BOB           \
    "\",\"valueLimit\":\"10\"}]}"
#define UNLESS(policies) "\"unless\":{\"name\":\"small\",\"policies\":[" policies "]}"

/* ---- JSON ---- */

static vk_step_up good(const char *json) {
    vk_step_up rule;
    vk_error err = {0};
    vk_status status = vk_step_up_read(json, strlen(json), &rule, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", json, err.path, err.message);
    return rule;
}

START_TEST(reads_what_is_one) {
    vk_step_up rule = good("{" DEVICE ",\"above\":\"100000000000000000\"," UNLESS(TO_BOB) "}");
    ck_assert_str_eq(rule.device.name, "blue key");
    ck_assert_str_eq(rule.device.rp_id, "valetkey.invalid");
    ck_assert_uint_eq(rule.device.credential_id_len, 2);
    ck_assert(!rule.device.verified && rule.has_above && rule.has_unless);
    ck_assert_uint_eq(vk_u256_low64(&rule.above), UINT64_C(100000000000000000));
    ck_assert_str_eq(rule.unless_name, "small");
    ck_assert_uint_eq(rule.unless.count, 1);
    vk_step_up_clear(&rule);
}
END_TEST

START_TEST(says_what_is_none) {
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"", ""},
        {"null", ""},
        {"[]", ""},
        {"{\"above\":\"1\"}", "device"},
        {"{" DEVICE "}", ""},
        {"{" DEVICE ",\"above\":\"1\",\"above\":\"2\"}", "above"},
        {"{" DEVICE ",\"above\":\"1\",\"below\":\"2\"}", "below"},
        {"{" DEVICE ",\"above\":1}", "above"},
        {"{" DEVICE ",\"above\":\"\"}", "above"},
        {"{" DEVICE ",\"above\":\"0x10\"}", "above"},
        {"{" DEVICE ",\"above\":\"-1\"}", "above"},
        {"{" DEVICE ",\"above\":\"1.5\"}", "above"},
        {"{" DEVICE ",\"above\":\"11579208923731619542357098500868790785326998466564056403945758400"
         "7913129639936\"}",
         "above"},
        {"{" DEVICE ",\"above\":null}", "above"},
        {"{" DEVICE ",\"unless\":null}", "unless"},
        {"{" DEVICE ",\"unless\":{\"policies\":[" TO_BOB "]}}", "unless.name"},
        {"{" DEVICE ",\"unless\":{\"name\":\"s\"}}", "unless.policies"},
        {"{" DEVICE ",\"unless\":{\"name\":\"s\",\"policies\":{}}}", "unless.policies"},
        {"{" DEVICE "," UNLESS("") "}", "unless"},
        {"{" DEVICE "," UNLESS("{\"type\":\"sudo\"}") "}", "unless.policies[0]"},
        {"{" DEVICE "," UNLESS(TO_BOB ",{\"type\":\"gas\",\"allowed\":\"1\"}") "}",
         "unless.policies[1]"},
        {"{" DEVICE "," UNLESS("{\"type\":\"timestamp\",\"validAfter\":1,\"validUntil\":2}") "}",
         "unless.policies[0]"},
        {"{" DEVICE
         "," UNLESS("{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"policyFlag\":\"0x0001\","
                    "\"permissions\":[{\"target\":\"" BOB "\"}]}") "}",
         "unless.policies[0]"},
        {"{" DEVICE "," UNLESS("{\"type\":\"call\"}") "}", "unless"},
        {"{\"device\":[],\"above\":\"1\"}", "device"},
        {"{\"device\":{\"rpId\":\"r\",\"credentialId\":\"0x01\",\"publicKey\":\"" POINT
         "\"},\"above\":\"1\"}",
         "device.name"},
        {"{\"device\":{\"name\":\"\",\"rpId\":\"r\",\"credentialId\":\"0x01\",\"publicKey\":"
         "\"" POINT "\"},\"above\":\"1\"}",
         "device.name"},
        {"{\"device\":{\"name\":\"a\\u0007\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
         "\"publicKey\":\"" POINT "\"},\"above\":\"1\"}",
         "device.name"},
        {"{\"device\":{\"name\":\"a\\u202e\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
         "\"publicKey\":\"" POINT "\"},\"above\":\"1\"}",
         "device.name"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"a b\",\"credentialId\":\"0x01\","
         "\"publicKey\":\"" POINT "\"},\"above\":\"1\"}",
         "device.rpId"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"a\\\"b\",\"credentialId\":\"0x01\","
         "\"publicKey\":\"" POINT "\"},\"above\":\"1\"}",
         "device.rpId"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x\",\"publicKey\":\"" POINT
         "\"},\"above\":\"1\"}",
         "device.credentialId"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x1\",\"publicKey\":"
         "\"" POINT "\"},\"above\":\"1\"}",
         "device.credentialId"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
         "\"publicKey\":\"0x04\"},\"above\":\"1\"}",
         "device.publicKey"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\",\"publicKey\":"
         "\"0x046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee"
         "7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6\"},\"above\":\"1\"}",
         "device.publicKey"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\",\"publicKey\":"
         "\"" POINT "\",\"verified\":1},\"above\":\"1\"}",
         "device.verified"},
        {"{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\",\"publicKey\":"
         "\"" POINT "\",\"pin\":\"1\"},\"above\":\"1\"}",
         "device.pin"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_step_up rule;
        vk_error err = {0};
        vk_status status = vk_step_up_read(cases[i].json, strlen(cases[i].json), &rule, &err);
        ck_assert_msg(status != VK_OK, "%s", cases[i].json);
        ck_assert_msg(strcmp(err.path, cases[i].path) == 0, "%s: %s: %s", cases[i].json, err.path,
                      err.message);
        ck_assert_int_ne(err.message[0], '\0');
    }
}
END_TEST

START_TEST(is_bounded) {
    vk_step_up rule;
    vk_error err = {0};
    size_t len = VK_STEP_UP_JSON_MAX + 1;
    char *json = malloc(len);
    ck_assert_ptr_nonnull(json);
    memset(json, ' ', len);
    ck_assert_int_ne(vk_step_up_read(json, len, &rule, &err), VK_OK);
    free(json);
    char name[VK_STEP_UP_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    char text[1024];
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text,
                 "{\"device\":{\"name\":\"%s\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
                 "\"publicKey\":\"" POINT "\"},\"above\":\"0\"}",
                 name);
        vk_status status = vk_step_up_read(text, strlen(text), &rule, &err);
        ck_assert_int_eq(status == VK_OK, i == 1);
        name[VK_STEP_UP_NAME_MAX] = '\0';
    }
    vk_step_up_clear(&rule);
}
END_TEST

START_TEST(writes_what_it_reads) {
    vk_buf json = {0};
    vk_step_up rule = good("{" DEVICE "," UNLESS(TO_BOB) "}");
    rule.device.verified = true;
    vk_step_up_write(&rule.device, "5", "tiny", "[" TO_BOB "]", &json);
    char *text = vk_buf_take_text(&json);
    vk_step_up again = good(text);
    ck_assert_mem_eq(&again.device, &rule.device, sizeof again.device);
    ck_assert_uint_eq(vk_u256_low64(&again.above), 5);
    ck_assert_str_eq(again.unless_name, "tiny");
    vk_text_free(text);
    vk_step_up_clear(&again);
    vk_step_up_clear(&rule);
}
END_TEST

START_TEST(says_it_in_words) {
    vk_buf text = {0};
    vk_step_up rule = good("{" DEVICE ",\"above\":\"100000000000000000\"," UNLESS(TO_BOB) "}");
    vk_step_up_describe(&rule, &text);
    char *words = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(strstr(words, "A touch of the security key \"blue key\" is needed"));
    ck_assert_ptr_nonnull(strstr(words, "move more than 0.1 ether in all, or"));
    ck_assert_ptr_nonnull(strstr(words, "not every call is \"small\":\n"));
    ck_assert_ptr_nonnull(strstr(words, BOB));
    vk_text_free(words);
    vk_step_up_clear(&rule);
}
END_TEST

/* ---- Operations ---- */

#define ABOVE_10 "{" DEVICE ",\"above\":\"10\"}"
#define NAMED "{" DEVICE "," UNLESS(TO_BOB) "}"
#define BOTH "{" DEVICE ",\"above\":\"5\"," UNLESS(TO_BOB) "}"
#define CALLS_MAX 2

static const struct {
    const char *what, *rule;
    uint8_t call_type;
    size_t count;
    const char *target[CALLS_MAX], *data[CALLS_MAX];
    uint64_t value[CALLS_MAX];
    bool needed;
    const char *reason;
} cases[] = {
    {"as much", ABOVE_10, 0, 1, {EVE}, {"0x"}, {10}, false, "at most"},
    {"more", ABOVE_10, 0, 1, {EVE}, {"0x"}, {11}, true, "more than"},
    {"more with data", ABOVE_10, 0, 1, {EVE}, {"0x12345678"}, {11}, true, "more than"},
    {"tokens are no native value", ABOVE_10, 0, 1, {EVE}, {"0xa9059cbb"}, {0}, false, "at most"},
    {"as much in all", ABOVE_10, 1, 2, {EVE, BOB}, {"0x", "0x"}, {5, 5}, false, "at most"},
    {"more in all", ABOVE_10, 1, 2, {EVE, BOB}, {"0x", "0x"}, {5, 6}, true, "more than"},
    {"nothing", ABOVE_10, 1, 0, {NULL}, {NULL}, {0}, false, "at most"},
    {"a delegatecall", ABOVE_10, 0xff, 1, {EVE}, {"0x12345678"}, {0}, true, "delegatecall"},
    {"the account itself", ABOVE_10, 0, 1, {ACCOUNT}, {"0x12345678"}, {0}, true, "account itself"},
    {"value for itself", ABOVE_10, 0, 1, {ACCOUNT}, {"0x"}, {1}, false, "at most"},
    {"named", NAMED, 0, 1, {BOB}, {"0x"}, {10}, false, "it is \"small\""},
    {"named, but more", NAMED, 0, 1, {BOB}, {"0x"}, {11}, true, "it is not \"small\""},
    {"not named", NAMED, 0, 1, {EVE}, {"0x"}, {0}, true, "it is not \"small\""},
    {"a function that is not", NAMED, 0, 1, {BOB}, {"0x12345678"}, {0}, true, "not \"small\""},
    {"half a selector", NAMED, 0, 1, {BOB}, {"0x1234"}, {0}, true, "not \"small\""},
    {"one of two", NAMED, 1, 2, {BOB, EVE}, {"0x", "0x"}, {1, 1}, true, "call 2 of 2"},
    {"all of two", NAMED, 1, 2, {BOB, BOB}, {"0x", "0x"}, {10, 10}, false, "it is \"small\""},
    {"named as a call only", NAMED, 0xff, 1, {BOB}, {"0x"}, {0}, true, "not \"small\""},
    {"itself", NAMED, 0, 1, {ACCOUNT}, {"0x12345678"}, {0}, true, "account itself"},
    {"named, little", BOTH, 0, 1, {BOB}, {"0x"}, {5}, false, "it is \"small\""},
    {"named, above", BOTH, 0, 1, {BOB}, {"0x"}, {6}, true, "more than"},
    {"little, not named", BOTH, 0, 1, {EVE}, {"0x"}, {5}, true, "not \"small\""},
};

static vk_grant grant_of(vk_kernel_version kernel) {
    vk_grant grant = {.kind = VK_GRANT_PERMISSION, .chain_id = 1, .kernel = kernel};
    ck_assert_int_eq(vk_address_read(ACCOUNT, strlen(ACCOUNT), &grant.account.account), VK_OK);
    return grant;
}

static bool judge(const char *json, vk_bytes call_data, const vk_grant *grant,
                  char reason[VK_REASON_MAX]) {
    vk_step_up rule = good(json);
    bool needed = false;
    const vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7, .call_data = call_data};
    ck_assert_int_eq(vk_step_up_judge(&rule, grant, &op, &needed, reason), VK_OK);
    vk_step_up_clear(&rule);
    return needed;
}

START_TEST(judges_operations) {
    vk_grant grant = grant_of(VK_KERNEL_0_3_1);
    char reason[VK_REASON_MAX] = "";
    vk_call calls[CALLS_MAX];
    vk_buf data[CALLS_MAX] = {{0}}, encoded = {0};
    for (size_t i = 0; i < cases[_i].count; i++) {
        const char *target = cases[_i].target[i];
        data[i] = vectors_hex(cases[_i].data[i]);
        calls[i] =
            (vk_call){.value = vk_u256_from_u64(cases[_i].value[i]), .data = vk_buf_view(&data[i])};
        ck_assert_int_eq(vk_address_read(target, strlen(target), &calls[i].target), VK_OK);
    }
    const vk_execution execution = {
        .call_type = cases[_i].call_type, .call_count = cases[_i].count, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&execution, &encoded), VK_OK);
    bool needed = judge(cases[_i].rule, vk_buf_view(&encoded), &grant, reason);
    ck_assert_msg(needed == cases[_i].needed, "%s: %s", cases[_i].what, reason);
    ck_assert_msg(strstr(reason, cases[_i].reason) != NULL, "%s: %s", cases[_i].what, reason);
    vk_buf_clear(&encoded);
    for (size_t i = 0; i < cases[_i].count; i++) {
        vk_buf_clear(&data[i]);
    }
}
END_TEST

/* ---- The forms in which accounts take their calls ---- */

static vk_call paying(const char *target, uint64_t wei) {
    vk_call call = {.value = vk_u256_from_u64(wei)};
    ck_assert_int_eq(vk_address_read(target, strlen(target), &call.target), VK_OK);
    return call;
}

static void check_batch(const vk_grant *grant, const vk_buf *call_data, bool needed) {
    char reason[VK_REASON_MAX];
    ck_assert_int_eq(judge(ABOVE_10, vk_buf_view(call_data), grant, reason), needed);
    ck_assert_msg(strstr(reason, needed ? "more than" : "at most") != NULL, "%s", reason);
}

/* A batch is counted in each, whichever contract takes it apart. */
START_TEST(every_kernel_is_counted) {
    vk_grant grant = grant_of((vk_kernel_version)_i);
    for (int more = 0; more < 2; more++) {
        vk_call calls[] = {paying(EVE, 5), paying(BOB, more ? 6 : 5)};
        vk_execution execution = {.call_type = VK_CALL_BATCH, .call_count = 2, .calls = calls};
        for (int hooked = 0; hooked <= (_i >= VK_KERNEL_0_3_0); hooked++) {
            vk_buf encoded = {0};
            execution.hooked = hooked == 1;
            ck_assert_int_eq(
                vk_execution_encode_for(grant.kernel, NULL, &execution, &encoded, NULL), VK_OK);
            check_batch(&grant, &encoded, more == 1);
            vk_buf_clear(&encoded);
        }
    }
}
END_TEST

START_TEST(sessions_of_thirdweb_are_counted) {
    vk_grant grant = grant_of(VK_KERNEL_UNKNOWN);
    grant.kind = VK_GRANT_THIRDWEB;
    for (int more = 0; more < 2; more++) {
        vk_call calls[] = {paying(EVE, 5), paying(BOB, more ? 6 : 5)};
        const vk_thirdweb_calls batch = {.batch = true, .count = 2, .calls = calls};
        vk_buf encoded = {0};
        ck_assert_int_eq(vk_thirdweb_calls_encode(&batch, &encoded), VK_OK);
        check_batch(&grant, &encoded, more == 1);
        vk_buf_clear(&encoded);
    }
}
END_TEST

/* 2^255 twice is 0 in 256 bits. */
START_TEST(a_sum_that_does_not_fit_is_touched_for) {
    vk_grant grant = grant_of(VK_KERNEL_0_3_1);
    char reason[VK_REASON_MAX];
    vk_call calls[] = {paying(EVE, 0), paying(BOB, 0)};
    vk_buf encoded = {0};
    const vk_execution execution = {.call_type = VK_CALL_BATCH, .call_count = 2, .calls = calls};
    calls[0].value.be[0] = calls[1].value.be[0] = 0x80;
    ck_assert_int_eq(vk_execution_encode(&execution, &encoded), VK_OK);
    ck_assert(judge(ABOVE_10, vk_buf_view(&encoded), &grant, reason));
    ck_assert_msg(strstr(reason, "does not fit 256 bits") != NULL, "%s", reason);
    vk_buf_clear(&encoded);
}
END_TEST

/* A large threshold and a rule for everything do not help what nobody can read. */
START_TEST(what_cannot_be_read_is_touched_for) {
    static const char *const call_data[] = {
        "0x", "0x12345678", "0xe9ae5c53",
        /* execute of 0.3, with a byte behind it */
        "0xe9ae5c5300000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "00"
        "000000000000000000000000000000000000000000004000000000000000000000000000000000000000000000"
        "00"
        "00000000000000003470997970c51812dc3a010c7d01b50e0d17dc79c800000000000000000000000000000000"
        "00"
        "0000000000000000000000000000000000000000000000000000000000ff"};
    vk_grant grant = grant_of(VK_KERNEL_0_3_1);
    char reason[VK_REASON_MAX];
    for (size_t i = 0; i < sizeof call_data / sizeof call_data[0]; i++) {
        vk_buf data = vectors_hex(call_data[i]);
        ck_assert_msg(judge("{" DEVICE ",\"above\":\"1000000000000000000000000\"}",
                            vk_buf_view(&data), &grant, reason),
                      "%s", call_data[i]);
        ck_assert_msg(strstr(reason, "its calls cannot be read: ") == reason, "%s", reason);
        vk_buf_clear(&data);
    }
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("step-up");
    tcase_add_test(tcase, reads_what_is_one);
    tcase_add_test(tcase, says_what_is_none);
    tcase_add_test(tcase, is_bounded);
    tcase_add_test(tcase, writes_what_it_reads);
    tcase_add_test(tcase, says_it_in_words);
    tcase_add_loop_test(tcase, judges_operations, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tcase, every_kernel_is_counted, VK_KERNEL_V1, VK_KERNEL_0_3_3 + 1);
    tcase_add_test(tcase, sessions_of_thirdweb_are_counted);
    tcase_add_test(tcase, a_sum_that_does_not_fit_is_touched_for);
    tcase_add_test(tcase, what_cannot_be_read_is_touched_for);
    Suite *suite = suite_create("step-up rules");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
