/* Reading policies, good and bad, and what they say in words. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
#define WORD_1 "0x0000000000000000000000000000000000000000000000000000000000000001"
#define CALL(version, permissions)                                                                 \
    "[{\"type\":\"call\",\"policyVersion\":\"" version "\",\"permissions\":[" permissions "]}]"
#define RULE(version, rule) CALL(version, "{\"target\":\"" ALICE "\",\"rules\":[" rule "]}")

/* ---- Bad policies ---- */

static const struct {
    const char *json;
    vk_status status;
    const char *path;
    const char *message; /* part of it; NULL: any */
} bad[] = {
    {"", VK_ERR_FORMAT, "", NULL},
    {"[] []", VK_ERR_FORMAT, "", NULL},
    {"[]", VK_ERR_POLICY, "policies", "at least one"},
    {"7", VK_ERR_FORMAT, "", NULL},
    {"{}", VK_ERR_FORMAT, "policies", "missing"},
    {"{\"policies\":7}", VK_ERR_FORMAT, "policies", "array"},
    {"{\"policies\":[],\"flag\":1}", VK_ERR_FORMAT, "flag", "unknown"},
    {"{\"policies\":[{\"type\":\"sudo\"}],\"permissionFlag\":\"0x01\"}", VK_ERR_FORMAT,
     "permissionFlag", NULL},
    {"{\"policies\":[{\"type\":\"sudo\"}],\"permissionFlag\":\"0x0004\"}", VK_ERR_POLICY,
     "permissionFlag", "0x0004"},
    {"[7]", VK_ERR_FORMAT, "policies[0]", "object"},
    {"[{}]", VK_ERR_FORMAT, "policies[0].type", "missing"},
    {"[{\"type\":7}]", VK_ERR_FORMAT, "policies[0].type", NULL},
    {"[{\"type\":\"sudo\"},{\"type\":\"SUDO\"}]", VK_ERR_POLICY, "policies[1].type", "none of"},
    {"[{\"type\":\"sudo\",\"type\":\"sudo\"}]", VK_ERR_FORMAT, "type", "twice"},
    {"[{\"type\":\"sudo\",\"Type\":\"sudo\"}]", VK_ERR_FORMAT, "policies[0].Type", "unknown"},
    {"[{\"type\":\"sudo\",\"policyFlag\":2}]", VK_ERR_FORMAT, "policies[0].policyFlag", NULL},
    {"[{\"type\":\"sudo\",\"policyAddress\":\"0x00\"}]", VK_ERR_FORMAT, "policies[0].policyAddress",
     NULL},
    {"[{\"type\":\"sudo\",\"policyAddress\":\"" ALICE "\"}]", VK_ERR_POLICY,
     "policies[0].policyAddress",
     "is " ALICE ", but the published one is 0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7"},
    {"[{\"policyParams\":{\"type\":\"sudo\"},\"more\":1}]", VK_ERR_FORMAT, "policies[0].more",
     "unknown"},
    {"[{\"policyParams\":{\"type\":\"sudo\",\"more\":1}}]", VK_ERR_FORMAT,
     "policies[0].policyParams.more", "unknown"},

    {"[{\"type\":\"gas\",\"allowed\":\"340282366920938463463374607431768211456\"}]", VK_ERR_RANGE,
     "policies[0].allowed", "128 bits"},
    {"[{\"type\":\"gas\",\"allowed\":-1}]", VK_ERR_RANGE, "policies[0].allowed", NULL},
    {"[{\"type\":\"gas\",\"allowed\":1.5}]", VK_ERR_RANGE, "policies[0].allowed", NULL},
    {"[{\"type\":\"gas\",\"allowed\":\"01\"}]", VK_ERR_FORMAT, "policies[0].allowed", NULL},
    {"[{\"type\":\"gas\",\"allowed\":\"1\",\"enforcePaymaster\":1}]", VK_ERR_FORMAT,
     "policies[0].enforcePaymaster", NULL},
    {"[{\"type\":\"gas\",\"allowed\":\"1\",\"allowedPaymaster\":\"0x12\"}]", VK_ERR_FORMAT,
     "policies[0].allowedPaymaster", NULL},
    {"[{\"type\":\"gas\",\"allowed\":1,\"allowance\":1}]", VK_ERR_FORMAT, "policies[0].allowance",
     "unknown"},

    {"[{\"type\":\"rate-limit\",\"interval\":60}]", VK_ERR_FORMAT, "policies[0].count", "missing"},
    {"[{\"type\":\"rate-limit\",\"count\":281474976710656}]", VK_ERR_RANGE, "policies[0].count",
     "48 bits"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"interval\":281474976710656}]", VK_ERR_RANGE,
     "policies[0].interval", "48 bits"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"startAt\":\"281474976710656\"}]", VK_ERR_RANGE,
     "policies[0].startAt", "48 bits"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"startAt\":5,"
     "\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"}]",
     VK_ERR_POLICY, "policies[0].startAt", "must be 0"},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"policyAddress\":\"" ALICE "\"}]", VK_ERR_POLICY,
     "policies[0].policyAddress",
     "one of 0xf63d4139B25c836334edD76641356c6b74C86873, "
     "0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B"},

    {"[{\"type\":\"signature-caller\"}]", VK_ERR_FORMAT, "policies[0].allowedCallers", "missing"},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[\"" ALICE "\",\"0x1\"]}]", VK_ERR_FORMAT,
     "policies[0].allowedCallers[1]", "address"},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[null]}]", VK_ERR_FORMAT,
     "policies[0].allowedCallers[0]", "address"},

    {"[{\"type\":\"timestamp\",\"validAfter\":2,\"validUntil\":1}]", VK_ERR_POLICY,
     "policies[0].validAfter",
     "never be open: it begins at 1970-01-01T00:00:02Z, after its end at 1970-01-01T00:00:01Z"},
    {"[{\"type\":\"timestamp\",\"validUntil\":281474976710656}]", VK_ERR_RANGE,
     "policies[0].validUntil", "48 bits"},
    {"[{\"type\":\"timestamp\",\"validAfter\":null}]", VK_ERR_FORMAT, "policies[0].validAfter",
     NULL},

    {"[{\"type\":\"call\",\"permissions\":[]}]", VK_ERR_FORMAT, "policies[0].policyVersion",
     "missing"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.6\",\"permissions\":[]}]", VK_ERR_POLICY,
     "policies[0].policyVersion", NULL},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\"}]", VK_ERR_FORMAT, "policies[0].permissions",
     "missing"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[],"
     "\"policyAddress\":\"0x85770b902D1e503D5f5141d9eaC16d0d08eEaDd2\"}]",
     VK_ERR_POLICY, "policies[0].policyAddress",
     "but the published one is 0x9a52283276A0ec8740DF50bF01B28A80D880eaf2"},
    {"[{\"type\":\"call\",\"permissions\":[],\"policyAddress\":\"" ALICE "\"}]", VK_ERR_POLICY,
     "policies[0].policyAddress", "one of 0xe4Fec84B7B002273ecC86baa65a831ddB92d30a8, "},
    {CALL("0.0.4", "7"), VK_ERR_FORMAT, "policies[0].permissions[0]", "object"},
    {CALL("0.0.4", "{}"), VK_ERR_FORMAT, "policies[0].permissions[0].target", "missing"},
    {CALL("0.0.4", "{\"target\":\"0x70997970c51812dc3A010C7d01b50e0d17dc79C8\"}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].target", "checksum"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"to\":1}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].to", "unknown"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"callType\":\"0x02\"}"), VK_ERR_POLICY,
     "policies[0].permissions[0].callType", "0x02"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"callType\":\"0xfe\"}"), VK_ERR_POLICY,
     "policies[0].permissions[0].callType", "0xfe"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"callType\":0}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].callType", NULL},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"selector\":\"transfer\"}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].selector", NULL},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"valueLimit\":\"0x1" /* 2^256 */
                   "0000000000000000000000000000000000000000000000000000000000000000\"}"),
     VK_ERR_RANGE, "policies[0].permissions[0].valueLimit", NULL},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\"},{\"target\":\"" ALICE
                   "\",\"selector\":\"0x00000000\",\"valueLimit\":1}"),
     VK_ERR_POLICY, "policies[0].permissions[1]", "of permission 0"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"functionName\":\"transfer\",\"rules\":[]}"),
     VK_ERR_POLICY, "policies[0].permissions[0].functionName", "resolved"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"abi\":[],\"selector\":\"0xa9059cbb\"}"),
     VK_ERR_POLICY, "policies[0].permissions[0].abi", "resolved"},
    {CALL("0.0.4", "{\"target\":\"" ALICE "\",\"args\":[]}"), VK_ERR_POLICY,
     "policies[0].permissions[0].args", "resolved"},

    {RULE("0.0.4", "{\"params\":[],\"condition\":0}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].rules[0].offset", "missing"},
    {RULE("0.0.4", "{\"params\":[],\"condition\":0,\"offset\":-32}"), VK_ERR_RANGE,
     "policies[0].permissions[0].rules[0].offset", NULL},
    {RULE("0.0.4", "{\"params\":[],\"condition\":0,\"offset\":\"18446744073709551616\"}"),
     VK_ERR_RANGE, "policies[0].permissions[0].rules[0].offset", "64 bits"},
    {RULE("0.0.4", "{\"params\":[\"" WORD_1 "\"],\"condition\":8,\"offset\":0}"), VK_ERR_RANGE,
     "policies[0].permissions[0].rules[0].condition", NULL},
    {RULE("0.0.1", "{\"params\":[\"" WORD_1 "\"],\"condition\":6,\"offset\":0}"), VK_ERR_POLICY,
     "policies[0].permissions[0].rules[0].condition", "0.0.2"},
    {RULE("0.0.4", "{\"params\":[\"" WORD_1 "\"],\"condition\":7,\"offset\":0}"), VK_ERR_POLICY,
     "policies[0].permissions[0].rules[0].condition", "0.0.5"},
    {RULE("0.0.5", "{\"params\":[\"" WORD_1 "\"],\"condition\":7,\"offset\":0}"), VK_ERR_POLICY,
     "policies[0].permissions[0].rules[0].params", "exactly 3"},
    {RULE("0.0.4", "{\"params\":[],\"condition\":0,\"offset\":0}"), VK_ERR_POLICY,
     "policies[0].permissions[0].rules[0].params", "exactly 1"},
    {RULE("0.0.1", "{\"params\":[\"" WORD_1 "\",\"" WORD_1 "\"],\"condition\":0,\"offset\":0}"),
     VK_ERR_POLICY, "policies[0].permissions[0].rules[0].params", "exactly 1"},
    {RULE("0.0.4", "{\"params\":\"" WORD_1 "\",\"condition\":0,\"offset\":0}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].rules[0].params", "array"},
    {RULE("0.0.4", "{\"params\":[\"0x01\"],\"condition\":0,\"offset\":0}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].rules[0].params[0]", "64 hex"},
    {RULE("0.0.4", "{\"params\":[1],\"condition\":0,\"offset\":0}"), VK_ERR_FORMAT,
     "policies[0].permissions[0].rules[0].params[0]", "64 hex"},
    {RULE("0.0.4", "{\"params\":[\"" WORD_1 "\"],\"condition\":0,\"offset\":0,\"x\":0}"),
     VK_ERR_FORMAT, "policies[0].permissions[0].rules[0].x", "unknown"},
};

START_TEST(test_bad) {
    vk_policy policy;
    vk_error err = {0};
    const char *json = bad[_i].json;
    vk_status status = vk_policy_read(json, strlen(json), &policy, &err);
    ck_assert_msg(status == bad[_i].status, "%s: %d: %s", json, status, err.message);
    ck_assert_str_eq(err.path, bad[_i].path);
    ck_assert_msg(bad[_i].message == NULL || strstr(err.message, bad[_i].message) != NULL, "%s",
                  err.message);
    ck_assert_ptr_null(policy.rules);
    ck_assert_uint_eq(policy.count, 0);
    ck_assert_int_eq(vk_policy_read(json, strlen(json), &policy, NULL), status);
}
END_TEST

/* ---- Limits ---- */

/* The item with eight digits for '#'. */
static void put_item(vk_buf *out, const char *item, size_t index) {
    for (const char *p = item; *p != '\0'; p++) {
        if (*p == '#') {
            vk_buf_printf(out, "%08zu", index);
        } else {
            vk_buf_put_byte(out, (uint8_t)*p);
        }
    }
}

/* open || item repeated with commas || close */
static char *repeated(const char *open, const char *item, size_t count, const char *close) {
    vk_buf text = {0};
    vk_buf_put_text(&text, open);
    for (size_t i = 0; i < count; i++) {
        vk_buf_put_text(&text, i == 0 ? "" : ",");
        put_item(&text, item, i);
    }
    vk_buf_put_text(&text, close);
    char *out = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(out);
    return out;
}

static const struct {
    const char *open, *item, *close;
    size_t max;
    const char *path;
} limits[] = {
    {"[", "{\"type\":\"sudo\"}", "]", VK_POLICIES_MAX, "policies"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[",
     "{\"target\":\"" ALICE "\",\"selector\":\"0x#\"}", "]}]", VK_CALL_PERMISSIONS_MAX,
     "policies[0].permissions"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"rules\":[",
     "{\"params\":[\"" WORD_1 "\"],\"condition\":0,\"offset\":\"0x#\"}", "]}]}]",
     VK_PARAM_RULES_MAX, "policies[0].permissions[0].rules"},
    {"[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" ALICE
     "\",\"rules\":[{\"condition\":6,\"offset\":0,\"params\":[",
     "\"" WORD_1 "\"", "]}]}]}]", VK_PARAMS_MAX, "policies[0].permissions[0].rules[0].params"},
};

START_TEST(test_limits) {
    char *most = repeated(limits[_i].open, limits[_i].item, limits[_i].max, limits[_i].close);
    vk_policy policy = policy_good(most);
    vk_policy_clear(&policy);
    vk_text_free(most);
    char *more = repeated(limits[_i].open, limits[_i].item, limits[_i].max + 1, limits[_i].close);
    vk_error err = {0};
    ck_assert_int_eq(vk_policy_read(more, strlen(more), &policy, &err), VK_ERR_SIZE);
    ck_assert_str_eq(err.path, limits[_i].path);
    vk_text_free(more);
}
END_TEST

START_TEST(test_too_long) {
    size_t len = VK_POLICY_JSON_MAX + 1;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', len);
    memcpy(text, "[{\"type\":\"sudo\"}]", 17);
    vk_policy policy;
    ck_assert_int_eq(vk_policy_read(text, len, &policy, NULL), VK_ERR_SIZE);
    ck_assert_int_eq(vk_policy_read(text, len - 1, &policy, NULL), VK_OK);
    vk_policy_clear(&policy);
    free(text);
}
END_TEST

/* ---- Good policies ---- */

START_TEST(test_defaults) {
    vk_policy policy = policy_good("{\"permissionFlag\":\"0x0002\",\"policies\":["
                                   "{\"policyParams\":{\"type\":\"gas\"}},{\"type\":\"timestamp\"},"
                                   "{\"type\":\"rate-limit\",\"count\":\"0x3\"}]}");
    ck_assert_uint_eq(policy.permission_flag, VK_FLAG_NOT_FOR_SIGNATURE);
    ck_assert_uint_eq(policy.count, 3);
    ck_assert(vk_u256_is_zero(&policy.rules[0].u.gas.allowed));
    ck_assert(!policy.rules[0].u.gas.enforce_paymaster);
    ck_assert_uint_eq(policy.rules[1].u.timestamp.valid_until, 0);
    ck_assert_int_eq(policy.rules[2].kind, VK_RULE_RATE_LIMIT);
    ck_assert_uint_eq(policy.rules[2].u.rate.count, 3);
    ck_assert_uint_eq(policy.rules[2].u.rate.interval, 0);
    vk_policy_clear(&policy);
}
END_TEST

START_TEST(test_call_members) {
    vk_policy policy = policy_good(
        "[{\"type\":\"call\",\"policyAddress\":\"0xB3CB5F502250360335614DF1421F2AABE98CE503\","
        "\"permissions\":[{\"target\":\"" ALICE "\",\"abi\":[{\"any\":[]}],\"args\":[null],"
        "\"functionName\":\"f\",\"selector\":\"0xA9059CBB\",\"callType\":\"0xff\","
        "\"valueLimit\":\"0xff\",\"rules\":[{\"params\":[\"" WORD_1
        "\"],\"offset\":\"18446744073709551615\",\"condition\":5}]}]}]");
    const vk_call_permission *permission = &policy.rules[0].u.call.permissions[0];
    ck_assert_int_eq(policy.rules[0].u.call.version, VK_CALL_POLICY_0_0_3);
    ck_assert_uint_eq(permission->call_type, VK_CALL_DELEGATE);
    ck_assert_uint_eq(permission->selector[0], 0xa9);
    ck_assert_uint_eq(vk_u256_low64(&permission->value_limit), 255);
    ck_assert_uint_eq(permission->rules[0].offset, UINT64_MAX);
    vk_policy_clear(&policy);
}
END_TEST

static const struct {
    const char *json;
    bool sudo, state;
} questions[] = {
    {"[{\"type\":\"sudo\"}]", true, false},
    {"[{\"type\":\"timestamp\"},{\"type\":\"sudo\"}]", true, false},
    {"[{\"type\":\"timestamp\"}]", false, false},
    {"[{\"type\":\"sudo\",\"policyFlag\":\"0x0002\"}]", false, false},
    {"[{\"type\":\"sudo\"},{\"type\":\"timestamp\",\"policyFlag\":\"0x0001\"}]", false, false},
    {"{\"policies\":[{\"type\":\"sudo\"}],\"permissionFlag\":\"0x0001\"}", false, false},
    {"[{\"type\":\"sudo\"},{\"type\":\"gas\"}]", false, true},
    {"[{\"type\":\"gas\",\"policyFlag\":\"0x0001\"}]", false, false},
    {"[{\"type\":\"gas\",\"policyFlag\":\"0x0002\"}]", false, true},
    {"[{\"type\":\"rate-limit\",\"count\":1}]", false, true},
    {"[{\"type\":\"rate-limit\",\"count\":1,"
     "\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"}]",
     false, true},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[]}]", false, false},
    {CALL("0.0.4", ""), false, false},
};

START_TEST(test_questions) {
    vk_policy policy = policy_good(questions[_i].json);
    ck_assert(vk_policy_is_sudo(&policy) == questions[_i].sudo);
    ck_assert(vk_policy_has_state(&policy) == questions[_i].state);
    vk_policy_clear(&policy);
}
END_TEST

START_TEST(test_names) {
    static const char *const names[] = {
        "unknown",          "sudo",     "call", "gas", "rate-limit", "rate-limit",
        "signature-caller", "timestamp"};
    for (int kind = 0; kind < 8; kind++) {
        ck_assert_str_eq(vk_rule_name((vk_rule_kind)kind), names[kind]);
    }
    vk_rule unknown = {0};
    vk_buf out = {0};
    ck_assert_int_eq(vk_rule_encode(&unknown, &out), VK_ERR_ARGUMENT);
    vk_buf_clear(&out);
}
END_TEST

/* ---- Words ---- */

#define ADDRESS_WORD "0x00000000000000000000000070997970C51812dc3A010C7d01b50e0d17dc79C8"
#define USDC_100 "0x0000000000000000000000000000000000000000000000000000000005f5e100"

static const struct {
    const char *json, *text;
} texts[] = {
    {"[{\"type\":\"sudo\"}]", "May do everything that the account can do."},
    {"[{\"type\":\"sudo\",\"policyFlag\":\"0x0001\"}]",
     "For message signatures only: May do everything that the account can do."},
    {"[{\"type\":\"gas\",\"allowed\":\"10000000000000000\",\"enforcePaymaster\":true}]",
     "May spend at most 0.01 ether on gas in all."},
    {"[{\"type\":\"gas\",\"allowed\":\"2000000000000000000\",\"enforcePaymaster\":true,"
     "\"allowedPaymaster\":\"" ALICE "\"}]",
     "May spend at most 2 ether on gas in all, only with the paymaster " ALICE "."},
    {"[{\"type\":\"rate-limit\",\"count\":1,\"interval\":60}]", "At most 1 operation in all."},
    {"[{\"type\":\"rate-limit\",\"count\":3,\"interval\":5400,\"startAt\":1767225600}]",
     "At most 3 operations in all, the first from 2026-01-01T00:00:00Z, one more every 1 hour 30 "
     "minutes."},
    {"[{\"type\":\"rate-limit\",\"count\":5,\"interval\":86400,\"policyFlag\":\"0x0002\","
     "\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"}]",
     "For user operations only: At most 5 operations within 1 day, then as many again."},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[]}]",
     "No contract may check message signatures."},
    {"[{\"type\":\"signature-caller\",\"allowedCallers\":[\"" ALICE "\",\"" USDC "\"]}]",
     "Message signatures count only when checked by " ALICE " or " USDC "."},
    {"[{\"type\":\"timestamp\",\"validAfter\":1767225600,\"validUntil\":1924992000}]",
     "Valid from 2026-01-01T00:00:00Z until 2031-01-01T00:00:00Z."},
    {"[{\"type\":\"timestamp\",\"policyFlag\":\"0x0003\"}]", "Switched off: Valid at any time."},
    {CALL("0.0.4", ""), "May call nothing."},
    {CALL("0.0.4", "{\"target\":\"" USDC "\",\"selector\":\"0xa9059cbb\",\"rules\":["
                   "{\"condition\":0,\"offset\":0,\"params\":[\"" ADDRESS_WORD "\"]},"
                   "{\"condition\":4,\"offset\":32,\"params\":[\"" USDC_100 "\"]}]}"),
     "May call transfer on USDC (" USDC ") with recipient = " ALICE
     ", amount <= 100 USDC, without native value."},
    {CALL("0.0.4",
          "{\"target\":\"" ALICE "\",\"valueLimit\":\"10000000000000000\"},"
          "{\"target\":\"0x0000000000000000000000000000000000000000\","
          "\"callType\":\"0xff\",\"selector\":\"0x12345678\",\"rules\":["
          "{\"condition\":6,\"offset\":33,\"params\":[\"" WORD_1 "\",\"" ADDRESS_WORD "\"]}]}"),
     "May call " ALICE " without data, with at most 0.01 ether a call.\n"
     "May delegatecall function 0x12345678 on any address with argument word at offset 33 one of "
     "1 / 0x00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8."},
    {CALL("0.0.1", "{\"target\":\"0x0000000000000000000000000000000000000000\","
                   "\"callType\":\"0xff\"}"),
     "May delegatecall 0x0000000000000000000000000000000000000000 without data; never allowed "
     "here, since this version of the contract misreads delegatecalls."},
    {RULE("0.0.5", "{\"condition\":7,\"offset\":64,\"params\":[\"" WORD_1 "\",\"" USDC_100
                   "\",\"" WORD_1 "\"]},{\"condition\":6,\"offset\":0,\"params\":[]}"),
     "May call " ALICE " without data with argument word at offset 64 whose 100000000 bytes from "
     "byte 1 have the hash " WORD_1
     ", argument word at offset 0 out of an empty list, so never, without native value."},
};

START_TEST(test_describe) {
    vk_policy policy = policy_good(texts[_i].json);
    vk_buf out = {0};
    vk_rule_describe(&policy.rules[0], &out);
    char *text = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, texts[_i].text);
    vk_text_free(text);
    vk_policy_clear(&policy);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void) {
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_add_loop_test(tests, test_bad, 0, COUNT(bad));
    tcase_add_loop_test(tests, test_limits, 0, COUNT(limits));
    tcase_add_test(tests, test_too_long);
    tcase_add_test(tests, test_defaults);
    tcase_add_test(tests, test_call_members);
    tcase_add_loop_test(tests, test_questions, 0, COUNT(questions));
    tcase_add_test(tests, test_names);
    tcase_add_loop_test(tests, test_describe, 0, COUNT(texts));
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
