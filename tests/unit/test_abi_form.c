/* Call permissions in ABI form: selectors, overloads, words, offsets, and what is refused. */
#include "support/vectors.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALICE "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define ZEROS_8 "00000000"
#define ZEROS_24 ZEROS_8 ZEROS_8 ZEROS_8
#define ZEROS_56 ZEROS_24 ZEROS_24 ZEROS_8
#define WORD_OF_ALICE "0x" ZEROS_24 "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define FF_8 "ffffffff"
#define FF_64 FF_8 FF_8 FF_8 FF_8 FF_8 FF_8 FF_8 FF_8

/* A policy text with one permission of these members beside its target. */
static char *policy_text(const char *version, const char *members) {
    vk_buf text = {0};
    vk_buf_printf(
        &text,
        "[{\"type\":\"call\",\"policyVersion\":\"%s\",\"permissions\":[{\"target\":\"" ALICE
        "\",%s}]}]",
        version, members);
    char *out = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(out);
    return out;
}

static vk_status parse(const char *version, const char *members, bool sdk, vk_policy *out,
                       vk_error *err) {
    char *text = policy_text(version, members);
    *err = (vk_error){.status = VK_OK};
    vk_status status = vk_policy_parse(text, strlen(text), sdk, out, err);
    vk_text_free(text);
    return status;
}

/* "selector|offset:condition:word,word|..." */
static char *told(const vk_call_permission *permission) {
    vk_buf text = {0};
    vk_hex_put(&text, (vk_bytes){permission->selector, 4});
    for (size_t i = 0; i < permission->rule_count; i++) {
        const vk_param_rule *rule = &permission->rules[i];
        vk_buf_printf(&text, "|%" PRIu64 ":%u:", rule->offset, rule->condition);
        for (size_t j = 0; j < rule->param_count; j++) {
            vk_buf_put_text(&text, j == 0 ? "" : ",");
            vk_hex_put(&text, (vk_bytes){rule->params[j].be, 32});
        }
    }
    char *out = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(out);
    return out;
}

static void check_told(const char *version, const char *members, bool sdk, const char *expected) {
    vk_policy policy;
    vk_error err;
    vk_status status = parse(version, members, sdk, &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", members, err.path, err.message);
    char *text = told(&policy.rules[0].u.call.permissions[0]);
    ck_assert_str_eq(text, expected);
    vk_text_free(text);
    vk_policy_clear(&policy);
}

/* ---- Selectors, as the contracts of these names have them ---- */

#define FUNCTION(name, inputs)                                                                     \
    "\"functionName\":\"" name "\",\"abi\":[{\"type\":\"function\",\"name\":\"" name               \
    "\",\"inputs\":[" inputs "]}]"
#define INPUT(type) "{\"name\":\"x\",\"type\":\"" type "\"}"
#define TUPLE(type, components) "{\"type\":\"" type "\",\"components\":[" components "]}"

static const struct {
    const char *members, *selector;
} selectors[] = {
    {FUNCTION("transfer", INPUT("address") "," INPUT("uint256")), "0xa9059cbb"},
    {FUNCTION("multicall", INPUT("bytes[]")), "0xac9650d8"},
    {FUNCTION("pause", ""), "0x8456cb59"},
    {"\"functionName\":\"pause\",\"abi\":[{\"type\":\"function\",\"name\":\"pause\"}]",
     "0x8456cb59"},
    {FUNCTION(
         "exactInputSingle",
         TUPLE(
             "tuple",
             INPUT("address") "," INPUT("address") "," INPUT("uint24") "," INPUT("address") "," INPUT(
                 "uint256") "," INPUT("uint256") "," INPUT("uint2"
                                                           "56") "," INPUT("uint160"))),
     "0x414bf389"},
    {FUNCTION("aggregate3",
              TUPLE("tuple[]", INPUT("address") "," INPUT("bool") "," INPUT("bytes"))),
     "0x82ad56cb"},
    {FUNCTION("setName", INPUT("string") "," INPUT("bytes") "," INPUT("bool") "," INPUT("bytes32")),
     "0x851fff24"},
};

START_TEST(test_selectors) {
    check_told("0.0.4", selectors[_i].members, false, selectors[_i].selector);
    check_told("0.0.4", selectors[_i].members, true, selectors[_i].selector);
}
END_TEST

/* ---- Rules ---- */

#define ARGS(args) ",\"args\":[" args "]"
#define ARG(condition, value) "{\"condition\":" condition ",\"value\":" value "}"

static const struct {
    const char *version, *members;
    const char *right, *sdk; /* NULL: refused */
} rules[] = {
    /* Numbers, in every spelling. */
    {"0.0.4",
     FUNCTION("f", INPUT("uint256") "," INPUT("uint8") "," INPUT("int16"))
         ARGS(ARG("0", "\"1000000\"") "," ARG("1", "255") "," ARG("4", "\"0x7fff\"")),
     "0xa16ba771|0:0:0x" ZEROS_56 "000f4240|32:1:0x" ZEROS_56 "000000ff|64:4:0x" ZEROS_56
     "00007fff",
     "0xa16ba771|0:0:0x" ZEROS_56 "000f4240|32:1:0x" ZEROS_56 "000000ff|64:4:0x" ZEROS_56
     "00007fff"},
    /* A negative number as its whole word. */
    {"0.0.4", FUNCTION("f", INPUT("int8")) ARGS(ARG("0", "\"0x" FF_64 "\"")),
     "0x0a9a2963|0:0:0x" FF_64, "0x0a9a2963|0:0:0x" FF_64},
    /* Addresses and booleans; 0.0.1 has one value a rule. */
    {"0.0.1",
     FUNCTION("f", INPUT("address") "," INPUT("bool"))
         ARGS(ARG("0", "\"" ALICE "\"") "," ARG("5", "true")),
     "0x3b3c1bc1|0:0:" WORD_OF_ALICE "|32:5:0x" ZEROS_56 "00000001",
     "0x3b3c1bc1|0:0:" WORD_OF_ALICE "|32:5:0x" ZEROS_56 "00000001"},
    /* No rule for null and for what is not there. */
    {"0.0.4",
     FUNCTION("f", INPUT("address") "," INPUT("bool") "," INPUT("bool"))
         ARGS("null," ARG("0", "false")),
     "0x8851146d|32:0:0x" ZEROS_56 ZEROS_8, "0x8851146d|32:0:0x" ZEROS_56 ZEROS_8},
    /* One of several, or of none. */
    {"0.0.2",
     FUNCTION("f", INPUT("uint8") "," INPUT("uint8"))
         ARGS(ARG("6", "[1,\"2\",\"0x3\"]") "," ARG("6", "[]")),
     "0x1ea70341|0:6:0x" ZEROS_56 "00000001,0x" ZEROS_56 "00000002,0x" ZEROS_56 "00000003|32:6:",
     "0x1ea70341|0:6:0x" ZEROS_56 "00000001,0x" ZEROS_56 "00000002,0x" ZEROS_56 "00000003|32:6:"},
    /* bytesN stand at the left end of their word; the SDK puts them at the right end. */
    {"0.0.4", FUNCTION("f", INPUT("bytes4")) ARGS(ARG("0", "\"0x12345678\"")),
     "0x215f04e1|0:0:0x12345678" ZEROS_56, "0x215f04e1|0:0:0x" ZEROS_56 "12345678"},
    {"0.0.4", FUNCTION("f", INPUT("bytes4")) ARGS(ARG("0", "\"0x" FF_64 "\"")),
     "0x215f04e1|0:0:0x" FF_64, "0x215f04e1|0:0:0x" FF_64},
    {"0.0.4", FUNCTION("f", INPUT("bytes4")) ARGS(ARG("0", "\"text\"")), NULL,
     "0x215f04e1|0:0:0x" ZEROS_56 "74657874"},
    /* What is no single word cannot be compared; the SDK compares an offset. */
    {"0.0.4", FUNCTION("f", INPUT("string")) ARGS(ARG("0", "\"hi\"")), NULL,
     "0x91e145ef|0:0:0x" ZEROS_56 "00006869"},
    /* Behind a tuple or array of fixed size the words are counted, by the SDK the arguments. */
    {"0.0.4", FUNCTION("f", INPUT("uint256[3]") "," INPUT("uint8")) ARGS("null," ARG("0", "7")),
     "0x423dc150|96:0:0x" ZEROS_56 "00000007", "0x423dc150|32:0:0x" ZEROS_56 "00000007"},
    {"0.0.4",
     FUNCTION("f", TUPLE("tuple[2]", INPUT("uint8") "," INPUT("address[2][3]")) "," INPUT("uint8"))
         ARGS("null," ARG("0", "7")),
     "0xc6cd5f62|448:0:0x" ZEROS_56 "00000007", "0xc6cd5f62|32:0:0x" ZEROS_56 "00000007"},
    {"0.0.4",
     FUNCTION("f", TUPLE("tuple[2]", INPUT("uint8") "," INPUT("string")) "," INPUT("uint8"))
         ARGS("null," ARG("0", "7")),
     "0x9a5838a3|32:0:0x" ZEROS_56 "00000007", "0x9a5838a3|32:0:0x" ZEROS_56 "00000007"},
    /* Part of a string; hex is a text there. Part of bytes; a text is UTF-8 there. */
    {"0.0.5",
     FUNCTION("f", INPUT("string"))
         ARGS("{\"condition\":7,\"value\":\"0x12\",\"start\":5,\"length\":4}"),
     "0x91e145ef|0:7:0x" ZEROS_56 "00000005,0x" ZEROS_56
     "00000004,0xdc29082340e3f74ae16fac016d711899afdfc14c5ec1a2162df3ce4811ce66c7",
     "0x91e145ef|0:7:0x" ZEROS_56 "00000005,0x" ZEROS_56
     "00000004,0xdc29082340e3f74ae16fac016d711899afdfc14c5ec1a2162df3ce4811ce66c7"},
    {"0.0.5",
     FUNCTION("f", INPUT("bytes"))
         ARGS("{\"condition\":7,\"value\":\"0x\",\"start\":\"0\",\"length\":\"0x0\"}"),
     "0xd45754f8|0:7:0x" ZEROS_56 ZEROS_8 ",0x" ZEROS_56 ZEROS_8
     ",0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
     "0xd45754f8|0:7:0x" ZEROS_56 ZEROS_8 ",0x" ZEROS_56 ZEROS_8
     ",0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    /* Rules that are given win, and with a selector nothing else is looked at. */
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "7")) ",\"rules\":[]", "0x3120d434",
     "0x3120d434"},
    {"0.0.4",
     "\"functionName\":\"f\",\"abi\":7,\"args\":7,\"selector\":\"0xA9059CBB\",\"rules\":[]",
     "0xa9059cbb", "0xa9059cbb"},
    /* A selector that is not that of the only function. */
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "7")) ",\"selector\":\"0xa9059cbb\"",
     NULL, "0xa9059cbb|0:0:0x" ZEROS_56 "00000007"},
    /* Half a form: the SDK takes it for none. */
    {"0.0.4", "\"functionName\":\"f\",\"args\":[]", NULL, "0x" ZEROS_8},
};

static void check_rule(const char *version, const char *members, bool sdk, const char *expected) {
    vk_policy policy;
    vk_error err;
    if (expected != NULL) {
        check_told(version, members, sdk, expected);
        return;
    }
    ck_assert_int_ne(parse(version, members, sdk, &policy, &err), VK_OK);
    ck_assert_int_ne(err.status, VK_OK);
    ck_assert_ptr_null(policy.rules);
}

START_TEST(test_rules) {
    check_rule(rules[_i].version, rules[_i].members, false, rules[_i].right);
    check_rule(rules[_i].version, rules[_i].members, true, rules[_i].sdk);
}
END_TEST

/* ---- Overloads ---- */

#define ITEM(name, inputs) "{\"type\":\"function\",\"name\":\"" name "\",\"inputs\":[" inputs "]}"
#define OVERLOADED                                                                                 \
    "\"abi\":[" ITEM(                                                                              \
        "f", INPUT("uint8")) ",{\"type\":\"event\",\"name\":\"f\"},{\"type\":"                     \
                             "\"constructor\"}," ITEM(                                             \
                                 "f", INPUT("uint8") "," INPUT(                                    \
                                          "u"                                                      \
                                          "int8")) "," ITEM("ff", "") "," ITEM("f",                \
                                                                               INPUT("uint8")) "]"

START_TEST(test_overloads) {
    static const char first[] = "0x3120d434|0:0:0x" ZEROS_56 "00000007";
    static const char second[] = "0x1ea70341|0:0:0x" ZEROS_56 "00000007";
    for (int sdk = 0; sdk < 2; sdk++) {
        check_told("0.0.4",
                   OVERLOADED
                   ",\"functionName\":\"f\",\"selector\":\"0x3120D434\"" ARGS(ARG("0", "7")),
                   sdk, first);
        check_told("0.0.4",
                   OVERLOADED
                   ",\"functionName\":\"f\",\"selector\":\"0x1ea70341\"" ARGS(ARG("0", "7")),
                   sdk, second);
        check_told("0.0.4", OVERLOADED ",\"functionName\":\"f(uint8,uint8)\"" ARGS(ARG("0", "7")),
                   sdk, second);
        check_told("0.0.4", OVERLOADED ",\"functionName\":\"f(uint8)\"" ARGS(ARG("0", "7")), sdk,
                   first);
    }
}
END_TEST

/* ---- What is refused ---- */

#define P "policies[0].permissions[0]"

static const struct {
    const char *version, *members;
    vk_status status;
    const char *path, *message;
} bad[] = {
    {"0.0.4", "\"functionName\":\"f\",\"abi\":{}", VK_ERR_FORMAT, P ".abi", "array"},
    {"0.0.4", "\"functionName\":\"f\",\"abi\":[7]", VK_ERR_FORMAT, P ".abi[0]", "object"},
    {"0.0.4", "\"functionName\":7,\"abi\":[]", VK_ERR_FORMAT, P ".functionName", "string"},
    {"0.0.4", "\"functionName\":\"f\",\"abi\":[]", VK_ERR_POLICY, P ".functionName", "no function"},
    {"0.0.4", "\"abi\":[" ITEM("f", "") "]", VK_ERR_POLICY, P ".abi", "\"functionName\""},
    {"0.0.4", "\"args\":[]", VK_ERR_POLICY, P ".args", "resolved"},
    {"0.0.4", OVERLOADED ",\"functionName\":\"f\"", VK_ERR_POLICY, P ".functionName",
     "one of f(uint8), f(uint8,uint8)"},
    {"0.0.4", OVERLOADED ",\"functionName\":\"f\",\"selector\":\"0xa9059cbb\"", VK_ERR_POLICY,
     P ".selector", "which has f(uint8), f(uint8,uint8)"},
    {"0.0.4", OVERLOADED ",\"functionName\":\"f(uint16)\"", VK_ERR_POLICY, P ".functionName",
     "no function \"f(uint16)\""},

    {"0.0.4", FUNCTION("f", "7"), VK_ERR_FORMAT, P ".abi[0].inputs[0]", "object"},
    {"0.0.4", FUNCTION("f", "{}"), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", "missing"},
    {"0.0.4", FUNCTION("f", INPUT("uint")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", "\"uint\""},
    {"0.0.4", FUNCTION("f", INPUT("uint0")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint7")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint264")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint08")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("bytes33")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("bytes0")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8 ")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8[")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8]")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8[0]")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8[01]")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8[]x")), VK_ERR_FORMAT, P ".abi[0].inputs[0].type", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8[4294967297]")), VK_ERR_SIZE, P ".abi[0].inputs[0]",
     "2^32"},
    {"0.0.4", FUNCTION("f", INPUT("uint8[65536][65537]")), VK_ERR_SIZE, P ".abi[0].inputs[0]",
     "2^32"},
    {"0.0.4",
     FUNCTION("f", TUPLE("tuple", INPUT("uint8[4294967296]") "," INPUT("uint8[4294967296]"))),
     VK_ERR_SIZE, P ".abi[0].inputs[0]", "2^32"},
    {"0.0.4", FUNCTION("f", INPUT("uint8[][][][][][][][][][][][][][][][][]")), VK_ERR_SIZE,
     P ".abi[0].inputs[0]", "brackets"},
    {"0.0.4", FUNCTION("f", INPUT("tuple")), VK_ERR_FORMAT, P ".abi[0].inputs[0].components",
     "at least one"},
    {"0.0.4", FUNCTION("f", TUPLE("tuple", INPUT("uint8") "," INPUT("x"))), VK_ERR_FORMAT,
     P ".abi[0].inputs[0].components[1].type", NULL},
    {"0.0.4",
     "\"functionName\":\"f\",\"abi\":[{\"type\":\"function\",\"name\":\"f\",\"inputs\":7}]",
     VK_ERR_FORMAT, P ".abi[0].inputs", "array"},

    {"0.0.4", FUNCTION("f", INPUT("uint8")) ",\"args\":{}", VK_ERR_FORMAT, P ".args", "array"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS("null,null"), VK_ERR_FORMAT, P ".args",
     "has 2 elements, but the function takes 1"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS("7"), VK_ERR_FORMAT, P ".args[0]", "object"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS("{\"value\":7}"), VK_ERR_FORMAT,
     P ".args[0].condition", "missing"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS("{\"condition\":0}"), VK_ERR_FORMAT,
     P ".args[0].value", "missing"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS("{\"condition\":0,\"value\":7,\"start\":0}"),
     VK_ERR_FORMAT, P ".args[0].start", "unknown"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("8", "7")), VK_ERR_RANGE,
     P ".args[0].condition", NULL},
    {"0.0.1", FUNCTION("f", INPUT("uint8")) ARGS(ARG("6", "[7]")), VK_ERR_POLICY,
     P ".args[0].condition", "0.0.1"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("6", "7")), VK_ERR_FORMAT, P ".args[0].value",
     "array"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("6", "[7,256]")), VK_ERR_RANGE,
     P ".args[0].value[1]", "uint8"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "256")), VK_ERR_RANGE, P ".args[0].value",
     "uint8"},
    {"0.0.4", FUNCTION("f", INPUT("int8")) ARGS(ARG("0", "128")), VK_ERR_RANGE, P ".args[0].value",
     "int8"},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "-1")), VK_ERR_RANGE, P ".args[0].value",
     NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "1.5")), VK_ERR_RANGE, P ".args[0].value",
     NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "\"-1\"")), VK_ERR_FORMAT,
     P ".args[0].value", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "\"0x\"")), VK_ERR_FORMAT,
     P ".args[0].value", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint256")) ARGS(ARG("0", "\"0x1" FF_64 "\"")), VK_ERR_RANGE,
     P ".args[0].value", NULL},
    {"0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "true")), VK_ERR_FORMAT,
     P ".args[0].value", NULL},
    {"0.0.4", FUNCTION("f", INPUT("bool")) ARGS(ARG("0", "1")), VK_ERR_FORMAT, P ".args[0].value",
     "true or false"},
    {"0.0.4", FUNCTION("f", INPUT("bool")) ARGS(ARG("0", "\"0x2\"")), VK_ERR_FORMAT,
     P ".args[0].value", "true or false"},
    {"0.0.4", FUNCTION("f", INPUT("address")) ARGS(ARG("0", "\"0x12\"")), VK_ERR_FORMAT,
     P ".args[0].value", "address"},
    {"0.0.4", FUNCTION("f", INPUT("address")) ARGS(ARG("0", "\"0x" FF_64 "\"")), VK_ERR_FORMAT,
     P ".args[0].value", "address"},
    {"0.0.4", FUNCTION("f", INPUT("bytes4")) ARGS(ARG("0", "\"0x1234\"")), VK_ERR_FORMAT,
     P ".args[0].value", "8 hex digits"},
    {"0.0.4", FUNCTION("f", INPUT("uint8[]")) ARGS(ARG("0", "7")), VK_ERR_POLICY,
     P ".args[0].value", "single word"},
    {"0.0.5", FUNCTION("f", INPUT("bytes32")) ARGS(ARG("7", "\"0x12\"")), VK_ERR_POLICY,
     P ".args[0].value", "condition 7"},
    {"0.0.5", FUNCTION("f", INPUT("bytes")) ARGS(ARG("7", "7")), VK_ERR_FORMAT, P ".args[0].value",
     "text"},
    {"0.0.5", FUNCTION("f", INPUT("bytes")) ARGS(ARG("7", "\"0x123\"")), VK_ERR_FORMAT,
     P ".args[0].value", "even"},
    {"0.0.5", FUNCTION("f", INPUT("bytes")) ARGS(ARG("7", "\"0x12\"")), VK_ERR_FORMAT,
     P ".args[0].start", "missing"},
    {"0.0.5",
     FUNCTION("f", INPUT("bytes"))
         ARGS("{\"condition\":7,\"value\":\"0x12\",\"start\":0,\"length\":2}"),
     VK_ERR_MISMATCH, P ".args[0].length", "is 2, but the value has 1 bytes"},
    {"0.0.5",
     FUNCTION("f", INPUT("bytes")) ARGS(
         "{\"condition\":7,\"value\":\"0x12\",\"start\":\"18446744073709551616\",\"length\":1}"),
     VK_ERR_RANGE, P ".args[0].start", "64 bits"},
};

START_TEST(test_bad) {
    vk_policy policy;
    vk_error err;
    vk_status status = parse(bad[_i].version, bad[_i].members, false, &policy, &err);
    ck_assert_msg(status == bad[_i].status, "%s: %d: %s: %s", bad[_i].members, status, err.path,
                  err.message);
    ck_assert_str_eq(err.path, bad[_i].path);
    ck_assert_msg(bad[_i].message == NULL || strstr(err.message, bad[_i].message) != NULL, "%s",
                  err.message);
    ck_assert_ptr_null(policy.rules);
}
END_TEST

/* A token takes the form as well, and refuses what is wrong with its rules. */
START_TEST(test_token) {
    char *text = policy_text("0.0.4", FUNCTION("f", INPUT("uint8")) ARGS(ARG("0", "7")));
    vk_policy policy;
    vk_error err = {0};
    ck_assert_int_eq(vk_policy_read(text, strlen(text), &policy, &err), VK_OK);
    ck_assert_uint_eq(policy.rules[0].u.call.permissions[0].rule_count, 1);
    vk_policy_clear(&policy);
    vk_text_free(text);
    text = policy_text("0.0.4",
                       FUNCTION("f", INPUT("bytes"))
                           ARGS("{\"condition\":7,\"value\":\"0x12\",\"start\":0,\"length\":1}"));
    ck_assert_int_eq(vk_policy_read(text, strlen(text), &policy, &err), VK_ERR_POLICY);
    ck_assert_str_eq(err.path, P ".rules[0].condition");
    vk_text_free(text);
}
END_TEST

/* ---- Limits ---- */

static char *many(const char *before, const char *item, size_t count, const char *behind) {
    vk_buf text = {0};
    vk_buf_put_text(&text, before);
    for (size_t i = 0; i < count; i++) {
        vk_buf_put_text(&text, i == 0 ? "" : ",");
        vk_buf_put_text(&text, item);
    }
    vk_buf_put_text(&text, behind);
    char *out = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(out);
    return out;
}

static const struct {
    const char *before, *item, *behind;
    size_t max;
    const char *path;
} limits[] = {
    {"\"functionName\":\"f\",\"abi\":[{\"type\":\"function\",\"name\":\"f\",\"inputs\":[",
     INPUT("bool"), "]}]", 256, P ".abi[0].inputs"},
    {"\"functionName\":\"f\",\"abi\":[{\"type\":\"function\",\"name\":\"f\",\"inputs\":[{\"type\":"
     "\"tuple\",\"components\":[",
     INPUT("bool"), "]}]}]", 256, P ".abi[0].inputs[0].components"},
    {FUNCTION("f", INPUT("uint8")) ",\"args\":[{\"condition\":6,\"value\":[", "7", "]}]",
     VK_PARAMS_MAX, P ".args[0].value"},
};

START_TEST(test_limits) {
    vk_policy policy;
    vk_error err;
    char *most = many(limits[_i].before, limits[_i].item, limits[_i].max, limits[_i].behind);
    ck_assert_int_eq(parse("0.0.4", most, false, &policy, &err), VK_OK);
    vk_policy_clear(&policy);
    vk_text_free(most);
    char *more = many(limits[_i].before, limits[_i].item, limits[_i].max + 1, limits[_i].behind);
    ck_assert_int_eq(parse("0.0.4", more, false, &policy, &err), VK_ERR_SIZE);
    ck_assert_str_eq(err.path, limits[_i].path);
    vk_text_free(more);
}
END_TEST

/* A rule an argument: more than fit are refused, not cut. */
START_TEST(test_rule_limit) {
    for (size_t count = VK_PARAM_RULES_MAX; count <= VK_PARAM_RULES_MAX + 1; count++) {
        vk_policy policy;
        vk_error err;
        char *inputs = many("", INPUT("bool"), count, "");
        char *args = many("", ARG("0", "true"), count, "");
        vk_buf members = {0};
        vk_buf_printf(&members,
                      "\"functionName\":\"f\",\"abi\":[{\"type\":\"function\",\"name\":\"f\","
                      "\"inputs\":[%s]}],\"args\":[%s]",
                      inputs, args);
        char *text = vk_buf_take_text(&members);
        vk_status status = parse("0.0.4", text, false, &policy, &err);
        ck_assert_int_eq(status, count > VK_PARAM_RULES_MAX ? VK_ERR_SIZE : VK_OK);
        if (status == VK_OK) {
            ck_assert_uint_eq(policy.rules[0].u.call.permissions[0].rules[count - 1].offset,
                              32 * (count - 1));
            vk_policy_clear(&policy);
        }
        vk_text_free(inputs);
        vk_text_free(args);
        vk_text_free(text);
    }
}
END_TEST

/* ---- Damage: whatever the text, a policy comes out, or a fault with a sentence ---- */

static const char whole[] =
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"permissions\":[{\"target\":\"" ALICE
    "\"," FUNCTION("f", INPUT("uint8[3]") "," INPUT("bytes4") "," TUPLE(
                            "tuple[]", INPUT("bool")) "," INPUT("bytes") "," INPUT("address"))
        ARGS("null," ARG("0", "\"0x12345678\"") ",null,{\"condition\":7,\"value\":\"0x12\","
                                                "\"start\":0,\"length\":1}," ARG(
                                                    "6", "[\"" ALICE "\"]")) "}]}]";

/* Counts what is accepted. */
static size_t try_text(const char *text, size_t len) {
    size_t accepted = 0;
    for (int sdk = 0; sdk < 2; sdk++) {
        vk_policy policy;
        vk_error err = {.status = VK_OK};
        vk_status status = vk_policy_parse(text, len, sdk, &policy, &err);
        if (status == VK_OK) {
            vk_buf data = {0};
            ck_assert_int_eq(vk_rule_encode(&policy.rules[0], &data), VK_OK);
            vk_buf_clear(&data);
            vk_policy_clear(&policy);
            accepted++;
            continue;
        }
        ck_assert_int_eq(err.status, status);
        ck_assert(err.message[0] != '\0');
        ck_assert_ptr_null(policy.rules);
    }
    return accepted;
}

START_TEST(test_damage) {
    static const char with[] = "\"{}[],:0x9-\\";
    char text[sizeof whole];
    size_t len = sizeof whole - 1, accepted = 0, refused = 0;
    ck_assert_uint_eq(try_text(whole, len), 2);
    for (size_t i = 0; i < len; i++) {
        for (size_t c = 0; c < sizeof with - 1; c++) {
            memcpy(text, whole, sizeof whole);
            text[i] = with[c];
            size_t good = try_text(text, len);
            accepted += good;
            refused += 2 - good;
        }
        memcpy(text, whole, i);
        memcpy(text + i, whole + i + 1, len - i);
        accepted += try_text(text, len - 1);
    }
    ck_assert_uint_gt(accepted, len);
    ck_assert_uint_gt(refused, 10 * len);
}
END_TEST

START_TEST(test_truncated) {
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        ck_assert_uint_eq(try_text(whole, len), 0);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ABI form");
    TCase *tests = tcase_create("abi-form");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, test_selectors, 0, sizeof selectors / sizeof selectors[0]);
    tcase_add_loop_test(tests, test_rules, 0, sizeof rules / sizeof rules[0]);
    tcase_add_test(tests, test_overloads);
    tcase_add_loop_test(tests, test_bad, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tests, test_token);
    tcase_add_loop_test(tests, test_limits, 0, sizeof limits / sizeof limits[0]);
    tcase_add_test(tests, test_rule_limit);
    tcase_add_test(tests, test_damage);
    tcase_add_test(tests, test_truncated);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
