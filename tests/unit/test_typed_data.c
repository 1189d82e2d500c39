/* EIP-712 typed data, and the hashes of text messages. */
#include "eth/abi.h"
#include "eth/keccak.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vk_bytes text_bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static vk_hash text_hash(const char *text) {
    return vk_keccak256(text_bytes(text));
}

static vk_hash digest_of(const char *json) {
    vk_hash out = {{0}};
    vk_error err = {0};
    vk_status status = vk_typed_data_digest(text_bytes(json), &out, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    return out;
}

static void assert_hash(const vk_hash *got, const char *want) {
    vk_buf bytes = vectors_hex(want);
    ck_assert_mem_eq(got->b, bytes.data, 32);
    vk_buf_clear(&bytes);
}

static void refuse(const char *json, vk_status status, const char *path) {
    vk_hash out = {{7}};
    vk_error err = {0};
    ck_assert_msg(vk_typed_data_digest(text_bytes(json), &out, &err) == status,
                  "%.200s: status %d, %s: %s", json, err.status, err.path, err.message);
    ck_assert_str_eq(err.path, path);
    ck_assert_int_eq(err.status, status);
    ck_assert_int_gt(strlen(err.message), 0);
    ck_assert_uint_eq(out.b[0], 7);
}

/* ---- The vectors ---- */

START_TEST(test_message_vectors) {
    cJSON *file = vectors_load("message_signature.json");
    const cJSON *one;
    int texts = 0, raw = 0, typed = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        vk_hash want = vectors_hash(in, "hash"), got;
        if (cJSON_HasObjectItem(in, "typedDataJson")) {
            got = digest_of(vectors_text(in, "typedDataJson"));
            typed++;
        } else if (cJSON_HasObjectItem(in, "rawMessage")) {
            vk_buf bytes = vectors_bytes(in, "rawMessage");
            got = vk_eip191_text_hash(vk_buf_view(&bytes));
            vk_buf_clear(&bytes);
            raw++;
        } else {
            got = vk_eip191_text_hash(text_bytes(vectors_text(vectors_get(in, "message"), "text")));
            texts++;
        }
        ck_assert_msg(memcmp(got.b, want.b, 32) == 0, "%s", vectors_text(one, "id"));
    }
    cJSON_Delete(file);
    ck_assert_int_eq(texts, 36);
    ck_assert_int_eq(raw, 15);
    ck_assert_int_eq(typed, 15);
}
END_TEST

/* The example of EIP-712, with the hash that is printed there. */
#define EIP712_TYPES                                                                               \
    "\"Person\":[{\"name\":\"name\",\"type\":\"string\"},"                                         \
    "{\"name\":\"wallet\",\"type\":\"address\"}],"                                                 \
    "\"Mail\":[{\"name\":\"from\",\"type\":\"Person\"},{\"name\":\"to\",\"type\":\"Person\"},"     \
    "{\"name\":\"contents\",\"type\":\"string\"}]"
#define EIP712_DOMAIN_TYPE                                                                         \
    "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},"                                   \
    "{\"name\":\"version\",\"type\":\"string\"},{\"name\":\"chainId\",\"type\":\"uint256\"},"      \
    "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
#define EIP712_DOMAIN                                                                              \
    "{\"name\":\"Ether Mail\",\"version\":\"1\",\"chainId\":1,"                                    \
    "\"verifyingContract\":\"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC\"}"
#define EIP712_REST                                                                                \
    ",\"domain\":" EIP712_DOMAIN ",\"primaryType\":\"Mail\",\"message\":{"                         \
    "\"from\":{\"name\":\"Cow\",\"wallet\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"},"       \
    "\"to\":{\"name\":\"Bob\",\"wallet\":\"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB\"},"         \
    "\"contents\":\"Hello, Bob!\"}}"
static const char eip712_example[] = "{\"types\":{" EIP712_DOMAIN_TYPE EIP712_TYPES "}" EIP712_REST;

START_TEST(test_eip712_example) {
    static const char want[] = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
    vk_hash given = digest_of(eip712_example);
    vk_hash derived = digest_of("{\"types\":{" EIP712_TYPES "}" EIP712_REST);
    assert_hash(&given, want);
    assert_hash(&derived, want);
}
END_TEST

START_TEST(test_truncated) {
    vk_hash out;
    for (size_t len = 0; len < sizeof eip712_example - 1; len++) {
        char *copy = malloc(len + 1); /* of its exact size, for the sanitizer */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, eip712_example, len);
        ck_assert_int_eq(vk_typed_data_digest((vk_bytes){(uint8_t *)copy, len}, &out, NULL),
                         VK_ERR_FORMAT);
        free(copy);
    }
}
END_TEST

/* ---- One value of one type ---- */

#define T_JSON                                                                                     \
    "{\"types\":{\"S\":[{\"name\":\"a\",\"type\":\"bool\"}],"                                      \
    "\"T\":[{\"name\":\"v\",\"type\":\"%s\"}]},\"domain\":{},\"primaryType\":\"T\","               \
    "\"message\":{\"v\":%s}}"

static char *t_json(const char *type, const char *value) {
    vk_buf json = {0};
    vk_buf_printf(&json, T_JSON, type, value);
    char *text = vk_buf_take_text(&json);
    ck_assert_ptr_nonnull(text);
    return text;
}

/* The digest of T with the given type string and the one word of its member. */
static vk_hash digest_of_word(const char *type_text, const uint8_t word[32]) {
    vk_hash types[2] = {text_hash(type_text), {{0}}};
    memcpy(types[1].b, word, 32);
    vk_hash structure = vk_keccak256((vk_bytes){types[0].b, sizeof types});
    vk_hash domain_type = text_hash("EIP712Domain()");
    vk_hash domain = vk_keccak256((vk_bytes){domain_type.b, 32});
    return vk_eip712_digest(&domain, &structure);
}

static void check_word(const char *type, const char *value, const uint8_t word[32]) {
    char type_text[100], *json = t_json(type, value);
    snprintf(type_text, sizeof type_text, "T(%s v)", type);
    vk_hash got = digest_of(json), want = digest_of_word(type_text, word);
    ck_assert_msg(memcmp(got.b, want.b, 32) == 0, "%s %s", type, value);
    vk_text_free(json);
}

START_TEST(test_integers) {
    static const struct {
        const char *type, *value, *word;
    } cases[] = {
        {"uint8", "255", "0x00000000000000000000000000000000000000000000000000000000000000ff"},
        {"uint8", "\"0xff\"", "0x00000000000000000000000000000000000000000000000000000000000000ff"},
        {"uint", "\"7\"", "0x0000000000000000000000000000000000000000000000000000000000000007"},
        {"uint64", "9007199254740991",
         "0x000000000000000000000000000000000000000000000000001fffffffffffff"},
        {"uint256",
         "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"",
         "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
        {"int8", "-128", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80"},
        {"int8", "127", "0x000000000000000000000000000000000000000000000000000000000000007f"},
        {"int16", "\"-1\"", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
        {"int256", "-0", "0x0000000000000000000000000000000000000000000000000000000000000000"},
        {"int",
         "\"-57896044618658097711785492504343953926634992332820282019728792003956564819968\"",
         "0x8000000000000000000000000000000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf word = vectors_hex(cases[i].word);
        check_word(cases[i].type, cases[i].value, word.data);
        vk_buf_clear(&word);
    }
}
END_TEST

START_TEST(test_other_atomic_values) {
    uint8_t word[32] = {0};
    check_word("bool", "false", word);
    word[31] = 1;
    check_word("bool", "true", word);
    memset(word, 0xab, sizeof word);
    check_word("bytes32", "\"0xababababababababababababababababababababababababababababababABAB\"",
               word);
    memset(word + 4, 0, sizeof word - 4);
    check_word("bytes4", "\"0xabababab\"", word);
    memset(word, 0, sizeof word);
    memset(word + 12, 0x11, 20);
    check_word("address", "\"0x1111111111111111111111111111111111111111\"", word);
    vk_hash none = text_hash(""), text = text_hash("Zo\xc3\xab \\");
    check_word("bytes", "\"0x\"", none.b);
    check_word("string", "\"\"", none.b);
    check_word("string", "\"Zo\\u00eb \\\\\"", text.b);
}
END_TEST

/* K of the words of n, which is what an array of them becomes. */
static vk_hash hash_words(const uint8_t (*words)[32], size_t count) {
    return vk_keccak256((vk_bytes){words[0], 32 * count});
}

START_TEST(test_arrays) {
    uint8_t numbers[4][32] = {{[31] = 1}, {[31] = 2}, {[31] = 3}, {[31] = 4}};
    vk_hash all = hash_words(numbers, 4), empty = text_hash("");
    check_word("uint8[]", "[1,2,3,4]", all.b);
    check_word("uint8[4]", "[1,\"2\",3,4]", all.b);
    check_word("uint8[]", "[]", empty.b);
    vk_hash pairs[2] = {hash_words(numbers, 2), hash_words(numbers + 2, 2)};
    vk_hash nested = vk_keccak256((vk_bytes){pairs[0].b, sizeof pairs});
    check_word("uint8[2][]", "[[1,2],[3,4]]", nested.b);
    check_word("uint8[][2]", "[[1,2],[3,4]]", nested.b);
    vk_hash deep = vk_keccak256((vk_bytes){nested.b, 32});
    check_word("uint8[2][2][1]", "[[[1,2],[3,4]]]", deep.b);
    vk_hash texts[2] = {text_hash("a"), text_hash("bc")};
    vk_hash strings = vk_keccak256((vk_bytes){texts[0].b, sizeof texts});
    check_word("string[]", "[\"a\",\"bc\"]", strings.b);
}
END_TEST

START_TEST(test_struct_values) {
    static const char type[] = "T(S[2] v)S(bool a)";
    vk_hash parts[2] = {text_hash("S(bool a)"), {.b = {[31] = 1}}};
    vk_hash one = vk_keccak256((vk_bytes){parts[0].b, sizeof parts});
    vk_hash both[2] = {one, {{0}}}; /* null is the zero word */
    vk_hash list = vk_keccak256((vk_bytes){both[0].b, sizeof both});
    char *json = t_json("S[2]", "[{\"a\":true},null]");
    vk_hash got = digest_of(json), want = digest_of_word(type, list.b);
    ck_assert_mem_eq(got.b, want.b, 32);
    vk_text_free(json);
}
END_TEST

/* Referenced types follow in the order of their names, once each, whatever refers to them. */
START_TEST(test_type_order) {
    vk_hash got =
        digest_of("{\"types\":{\"T\":[{\"name\":\"v\",\"type\":\"Zb\"}],\"Unused\":[],"
                  "\"Zb\":[{\"name\":\"x\",\"type\":\"Zb[]\"},{\"name\":\"y\",\"type\":\"A\"}],"
                  "\"A\":[{\"name\":\"z\",\"type\":\"Zb\"},{\"name\":\"t\",\"type\":\"T\"}]},"
                  "\"domain\":{},\"primaryType\":\"T\",\"message\":{\"v\":null}}");
    static const uint8_t zero[32];
    vk_hash want = digest_of_word("T(Zb v)A(Zb z,T t)Zb(Zb[] x,A y)", zero);
    ck_assert_mem_eq(got.b, want.b, 32);
}
END_TEST

START_TEST(test_domains) {
    vk_hash salted =
        digest_of("{\"types\":{},\"domain\":{\"chainId\":\"5\",\"salt\":\"0x"
                  "1111111111111111111111111111111111111111111111111111111111111111\"},"
                  "\"primaryType\":\"EIP712Domain\"}");
    uint8_t message[3 * 32] = {0};
    vk_hash type = text_hash("EIP712Domain(uint256 chainId,bytes32 salt)");
    memcpy(message, type.b, 32);
    message[63] = 5;
    memset(message + 64, 0x11, 32);
    vk_hash domain = vk_keccak256((vk_bytes){message, sizeof message});
    uint8_t prefixed[34] = {0x19, 0x01};
    memcpy(prefixed + 2, domain.b, 32);
    vk_hash want = vk_keccak256((vk_bytes){prefixed, sizeof prefixed});
    ck_assert_mem_eq(salted.b, want.b, 32);
}
END_TEST

/* ---- Refusals ---- */

START_TEST(test_refused_values) {
    static const struct {
        const char *type, *value;
        vk_status status;
        const char *path;
    } cases[] = {
        {"uint8", "256", VK_ERR_RANGE, "message.v"},
        {"uint8", "-1", VK_ERR_RANGE, "message.v"},
        {"uint8", "\"-1\"", VK_ERR_RANGE, "message.v"},
        {"uint256", "9007199254740992", VK_ERR_RANGE, "message.v"},
        {"uint256", "1e300", VK_ERR_RANGE, "message.v"},
        {"uint256", "1.5", VK_ERR_FORMAT, "message.v"},
        {"uint256", "\"01\"", VK_ERR_FORMAT, "message.v"},
        {"uint256", "\"\"", VK_ERR_FORMAT, "message.v"},
        {"uint256", "\"-\"", VK_ERR_FORMAT, "message.v"},
        {"uint256", "\"-0x1\"", VK_ERR_FORMAT, "message.v"},
        {"uint256", "true", VK_ERR_FORMAT, "message.v"},
        {"int8", "128", VK_ERR_RANGE, "message.v"},
        {"int8", "-129", VK_ERR_RANGE, "message.v"},
        {"int8", "\"0xff\"", VK_ERR_RANGE, "message.v"},
        {"int256",
         "\"-57896044618658097711785492504343953926634992332820282019728792003956564819969\"",
         VK_ERR_RANGE, "message.v"},
        {"int256", "\"0x8000000000000000000000000000000000000000000000000000000000000000\"",
         VK_ERR_RANGE, "message.v"},
        {"bool", "1", VK_ERR_FORMAT, "message.v"},
        {"bool", "\"true\"", VK_ERR_FORMAT, "message.v"},
        {"address", "\"0x11\"", VK_ERR_FORMAT, "message.v"},
        {"address", "\"0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"", VK_ERR_FORMAT, "message.v"},
        {"bytes4", "\"0x112233\"", VK_ERR_FORMAT, "message.v"},
        {"bytes4", "\"0x1122334455\"", VK_ERR_FORMAT, "message.v"},
        {"bytes", "\"0x1\"", VK_ERR_FORMAT, "message.v"},
        {"bytes", "\"hello\"", VK_ERR_FORMAT, "message.v"},
        {"string", "5", VK_ERR_FORMAT, "message.v"},
        {"string", "null", VK_ERR_FORMAT, "message.v"},
        {"S", "{}", VK_ERR_FORMAT, "message.v.a"},
        {"S", "{\"a\":true,\"b\":1}", VK_ERR_FORMAT, "message.v.b"},
        {"S", "[]", VK_ERR_FORMAT, "message.v"},
        {"S[]", "[{\"a\":true},{\"a\":0}]", VK_ERR_FORMAT, "message.v[1].a"},
        {"S[]", "{}", VK_ERR_FORMAT, "message.v"},
        {"S[]", "null", VK_ERR_FORMAT, "message.v"},
        {"uint8[2]", "[1]", VK_ERR_FORMAT, "message.v"},
        {"uint8[2]", "[1,2,3]", VK_ERR_FORMAT, "message.v"},
        {"uint8[2][]", "[[1,2],[3]]", VK_ERR_FORMAT, "message.v[1]"},
        {"uint8[][]", "[[1,256]]", VK_ERR_RANGE, "message.v[0][1]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *json = t_json(cases[i].type, cases[i].value);
        refuse(json, cases[i].status, cases[i].path);
        vk_text_free(json);
    }
}
END_TEST

START_TEST(test_refused_types) {
    static const char *const types[] = {"",          "U",         "uint7",
                                        "uint0",     "uint264",   "uint08",
                                        "int1",      "bytes0",    "bytes33",
                                        "bytes01",   "String",    "uint8[0]",
                                        "uint8[",    "uint8]",    "uint8[]a",
                                        "uint8[-1]", "uint8[01]", "[]",
                                        "uint8[ ]",  "uint8 []",  "uint8[9999999999]"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char *json = t_json(types[i], "1");
        refuse(json, VK_ERR_FORMAT, "types.T[0].type");
        vk_text_free(json);
    }
}
END_TEST

START_TEST(test_refused_shapes) {
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"[]", ""},
        {"{\"types\":{},\"domain\":{},\"primaryType\":\"T\",\"extra\":1}", "extra"},
        {"{\"domain\":{},\"primaryType\":\"T\",\"message\":{}}", "types"},
        {"{\"types\":[],\"domain\":{},\"primaryType\":\"T\",\"message\":{}}", "types"},
        {"{\"types\":{\"T\":[]},\"primaryType\":\"T\",\"message\":{}}", "domain"},
        {"{\"types\":{\"T\":[]},\"domain\":{},\"message\":{}}", "primaryType"},
        {"{\"types\":{\"T\":[]},\"domain\":{},\"primaryType\":\"U\",\"message\":{}}",
         "primaryType"},
        {"{\"types\":{\"T\":[]},\"domain\":{},\"primaryType\":\"T[]\",\"message\":[]}",
         "primaryType"},
        {"{\"types\":{\"T\":[]},\"domain\":{},\"primaryType\":\"T\"}", "message"},
        {"{\"types\":{\"T\":[]},\"domain\":{},\"primaryType\":\"T\",\"message\":null}", "message"},
        {"{\"types\":{},\"domain\":{},\"primaryType\":\"EIP712Domain\",\"message\":{\"a\":1}}",
         "message"},
        {"{\"types\":{},\"domain\":{\"owner\":1},\"primaryType\":\"EIP712Domain\"}",
         "domain.owner"},
        {"{\"types\":{},\"domain\":{\"chainId\":-1},\"primaryType\":\"EIP712Domain\"}",
         "domain.chainId"},
        {"{\"types\":{\"EIP712Domain\":[]},\"domain\":{\"name\":\"x\"},"
         "\"primaryType\":\"EIP712Domain\"}",
         "domain.name"},
        {"{\"types\":{\"uint8\":[]},\"domain\":{},\"primaryType\":\"uint8\",\"message\":{}}",
         "types.uint8"},
        {"{\"types\":{\"T(uint8 a)\":[]},\"domain\":{},\"primaryType\":\"T\",\"message\":{}}",
         "types.T(uint8 a)"},
        {"{\"types\":{\"T\":{}},\"domain\":{},\"primaryType\":\"T\",\"message\":{}}", "types.T"},
        {"{\"types\":{\"T\":[1]},\"domain\":{},\"primaryType\":\"T\",\"message\":{}}",
         "types.T[0]"},
        {"{\"types\":{\"T\":[{\"name\":\"a\"}]},\"domain\":{},\"primaryType\":\"T\","
         "\"message\":{}}",
         "types.T[0].type"},
        {"{\"types\":{\"T\":[{\"name\":\"a b\",\"type\":\"bool\"}]},\"domain\":{},"
         "\"primaryType\":\"T\",\"message\":{}}",
         "types.T[0].name"},
        {"{\"types\":{\"T\":[{\"name\":\"a\",\"type\":\"bool\"},{\"name\":\"a\",\"type\":\"bool\"}"
         "]},\"domain\":{},\"primaryType\":\"T\",\"message\":{}}",
         "types.T[1].name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool range = strstr(cases[i].json, "-1") != NULL;
        refuse(cases[i].json, range ? VK_ERR_RANGE : VK_ERR_FORMAT, cases[i].path);
    }
}
END_TEST

/* ---- Limits ---- */

/* before0after,before1after,... */
static void put_many(vk_buf *json, const char *before, const char *after, int count) {
    for (int i = 0; i < count; i++) {
        vk_buf_put_text(json, i == 0 ? "" : ",");
        vk_buf_printf(json, "%s%d%s", before, i, after);
    }
}

static vk_status digest_of_buf(vk_buf *json, vk_error *err) {
    vk_hash out;
    ck_assert_int_eq(vk_buf_status(json), VK_OK);
    vk_status status = vk_typed_data_digest(vk_buf_view(json), &out, err);
    vk_buf_clear(json);
    return status;
}

static vk_status try_structs(int count) {
    vk_buf json = {0};
    vk_buf_put_text(&json, "{\"types\":{");
    put_many(&json, "\"T", "\":[]", count);
    vk_buf_put_text(&json, "},\"domain\":{},\"primaryType\":\"T0\",\"message\":{}}");
    return digest_of_buf(&json, NULL);
}

static vk_status try_members(int count) {
    vk_buf json = {0};
    vk_buf_put_text(&json, "{\"types\":{\"T\":[");
    put_many(&json, "{\"name\":\"m", "\",\"type\":\"bool\"}", count);
    vk_buf_put_text(&json, "]},\"domain\":{},\"primaryType\":\"T\",\"message\":{");
    put_many(&json, "\"m", "\":true", count > 256 ? 1 : count);
    vk_buf_put_text(&json, "}}");
    return digest_of_buf(&json, NULL);
}

static vk_status try_name(int len) {
    vk_buf json = {0};
    vk_buf_put_text(&json, "{\"types\":{\"");
    for (int i = 0; i < len; i++) {
        vk_buf_put_byte(&json, 'T');
    }
    vk_buf_put_text(&json, "\":[]},\"domain\":{},\"primaryType\":\"EIP712Domain\"}");
    return digest_of_buf(&json, NULL);
}

static vk_status try_nested(int levels) {
    vk_buf json = {0};
    vk_buf_put_text(&json, "{\"types\":{\"T\":[{\"name\":\"t\",\"type\":\"T\"}]},"
                           "\"domain\":{},\"primaryType\":\"T\",\"message\":");
    for (int i = 0; i < levels; i++) {
        vk_buf_put_text(&json, "{\"t\":");
    }
    vk_buf_put_text(&json, "null");
    for (int i = 0; i <= levels; i++) {
        vk_buf_put_byte(&json, '}');
    }
    return digest_of_buf(&json, NULL);
}

START_TEST(test_limits) {
    ck_assert_int_eq(try_structs(VK_TYPED_STRUCTS_MAX), VK_OK);
    ck_assert_int_eq(try_structs(VK_TYPED_STRUCTS_MAX + 1), VK_ERR_SIZE);
    ck_assert_int_eq(try_members(VK_TYPED_MEMBERS_MAX), VK_OK);
    ck_assert_int_eq(try_members(VK_TYPED_MEMBERS_MAX + 1), VK_ERR_SIZE);
    ck_assert_int_eq(try_name((int)VK_TYPED_NAMES_MAX), VK_OK);
    ck_assert_int_eq(try_name((int)VK_TYPED_NAMES_MAX + 1), VK_ERR_SIZE);
    ck_assert_int_eq(try_nested(31), VK_OK);
    ck_assert_int_eq(try_nested(32), VK_ERR_FORMAT);
    vk_buf json = {0};
    vk_buf_put_zeros(&json, VK_TYPED_DATA_MAX + 1);
    ck_assert_int_eq(digest_of_buf(&json, NULL), VK_ERR_SIZE);
}
END_TEST

/* ---- Keccak in pieces ---- */

START_TEST(test_keccak_pieces) {
    uint8_t data[3 * VK_KECCAK_RATE + 5];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(7 * i);
    }
    for (size_t len = 0; len <= sizeof data; len++) {
        vk_hash whole = vk_keccak256((vk_bytes){data, len});
        for (size_t cut = 0; cut <= len; cut += 17) {
            vk_keccak keccak = {0};
            vk_keccak_put(&keccak, data, cut);
            vk_keccak_put(&keccak, data + cut, len - cut);
            vk_hash pieces = vk_keccak_end(&keccak);
            ck_assert_mem_eq(pieces.b, whole.b, 32);
        }
    }
    vk_hash none = vk_keccak256((vk_bytes){NULL, 0});
    assert_hash(&none, "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("typed data");
    TCase *tests = tcase_create("typed data");
    tcase_add_test(tests, test_message_vectors);
    tcase_add_test(tests, test_eip712_example);
    tcase_add_test(tests, test_truncated);
    tcase_add_test(tests, test_integers);
    tcase_add_test(tests, test_other_atomic_values);
    tcase_add_test(tests, test_arrays);
    tcase_add_test(tests, test_struct_values);
    tcase_add_test(tests, test_type_order);
    tcase_add_test(tests, test_domains);
    tcase_add_test(tests, test_refused_values);
    tcase_add_test(tests, test_refused_types);
    tcase_add_test(tests, test_refused_shapes);
    tcase_add_test(tests, test_limits);
    tcase_add_test(tests, test_keccak_pieces);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
