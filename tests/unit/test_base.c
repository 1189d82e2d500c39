#include "base/json.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "base/wei.h"
#include "eth/abi.h"

#include <valetkey/eth.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static vk_u256 number(const char *text) {
    vk_u256 out;
    vk_status status = strncmp(text, "0x", 2) == 0 ? vk_u256_read_hex(text, strlen(text), &out)
                                                   : vk_u256_read_decimal(text, strlen(text), &out);
    ck_assert_int_eq(status, VK_OK);
    return out;
}

#define U256_MAX_TEXT                                                                              \
    "115792089237316195423570985008687907853269984665640564039457584007913129639935"

START_TEST(test_copy_printable) {
    static const struct {
        const char *text;
        size_t size;
        const char *copy;
    } cases[] = {
        {"", 1, ""},
        {"abc", 4, "abc"},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"a\x1b[31m\x7f", 16, "a?[31m?"},
        {"\xe2\x80\xae"
         "a",
         16, "???a"}, /* what turns text around */
        {"\xff\xc3", 16, "??"},
        {"a\xc3\xa4", 4, "a\xc3\xa4"},
        {"a\xc3\xa4", 3, "a"}, /* not half of it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[16];
        memset(out, 'z', sizeof out);
        vk_utf8_copy_printable(cases[i].text, out, cases[i].size);
        ck_assert_str_eq(out, cases[i].copy);
    }
}
END_TEST

START_TEST(test_u256_text) {
    char text[82];
    vk_u256 max = number(U256_MAX_TEXT);
    for (size_t i = 0; i < sizeof max.be; i++) {
        ck_assert_uint_eq(max.be[i], 0xff);
    }
    vk_u256_decimal(&max, text);
    ck_assert_str_eq(text, U256_MAX_TEXT);
    vk_u256 out = {{0}};
    const char *too_much =
        "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    ck_assert_int_eq(vk_u256_read_decimal(too_much, strlen(too_much), &out), VK_ERR_RANGE);
    ck_assert_int_eq(vk_u256_read_decimal("01", 2, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_u256_read_decimal("-1", 2, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_u256_read_decimal("", 0, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_u256_read_hex("0x", 2, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_u256_read_hex("0xg", 3, &out), VK_ERR_FORMAT);
    vk_u256 small = number("0x1f");
    vk_u256_hex(&small, text);
    ck_assert_str_eq(text, "0x1f");
    vk_u256 zero = number("0");
    vk_u256_hex(&zero, text);
    ck_assert_str_eq(text, "0x0");
}
END_TEST

START_TEST(test_u256_scaled) {
    static const struct {
        const char *value;
        unsigned decimals;
        const char *text;
    } cases[] = {
        {"100000001", 6, "100.000001"},    {"100000000", 6, "100"},           {"0", 18, "0"},
        {"1", 18, "0.000000000000000001"}, {"10000000000000000", 18, "0.01"}, {"12", 0, "12"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[82];
        vk_u256 value = number(cases[i].value);
        vk_u256_scaled(&value, cases[i].decimals, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(test_u256_read_scaled) {
    static const struct {
        const char *text;
        unsigned decimals;
        const char *value; /* NULL: the status */
        vk_status status;
    } cases[] = {{"0", 18, "0", VK_OK},
                 {"1", 18, "1000000000000000000", VK_OK},
                 {"0.1", 18, "100000000000000000", VK_OK},
                 {"12.034", 3, "12034", VK_OK},
                 {"12.0340", 3, "12034", VK_OK},
                 {"12.0341", 3, NULL, VK_ERR_RANGE},
                 {"5.0", 0, "5", VK_OK},
                 {"115792089237316195423570985008687907853269984665640564039457.584007913129639935",
                  18, U256_MAX_TEXT, VK_OK},
                 {"115792089237316195423570985008687907853269984665640564039457.584007913129639936",
                  18, NULL, VK_ERR_RANGE},
                 {"1", 78, NULL, VK_ERR_RANGE},
                 {"", 18, NULL, VK_ERR_FORMAT},
                 {".", 18, NULL, VK_ERR_FORMAT},
                 {"1.", 18, NULL, VK_ERR_FORMAT},
                 {".1", 18, NULL, VK_ERR_FORMAT},
                 {"01.1", 18, NULL, VK_ERR_FORMAT},
                 {"1.2.3", 18, NULL, VK_ERR_FORMAT},
                 {"1,5", 18, NULL, VK_ERR_FORMAT},
                 {"1.-5", 18, NULL, VK_ERR_FORMAT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_u256 out = number("77");
        vk_u256 want = number(cases[i].value == NULL ? "77" : cases[i].value);
        ck_assert_int_eq(
            vk_u256_read_scaled(cases[i].text, strlen(cases[i].text), cases[i].decimals, &out),
            cases[i].status);
        ck_assert_msg(vk_u256_cmp(&out, &want) == 0, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(test_wei_read) {
    static const struct {
        const char *text, *value; /* NULL: none */
    } cases[] = {{"0", "0"},
                 {"4000000000000000", "4000000000000000"},
                 {"7wei", "7"},
                 {"25gwei", "25000000000"},
                 {"0.5 gwei", "500000000"},
                 {"0.004ether", "4000000000000000"},
                 {"", NULL},
                 {"ether", NULL},
                 {"1eth", NULL},
                 {"1 ether ", NULL},
                 {" 1ether", NULL},
                 {"-1", NULL},
                 {"1.5", NULL},
                 {"0.5wei", NULL},
                 {"0.0000000001gwei", NULL},
                 {"1e18", NULL},
                 {"0x1", NULL},
                 {"1Gwei", NULL},
                 {"1000000000000000000000000000000000000000000000000000000000000ether", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_u256 out = number("77"), want = number(cases[i].value != NULL ? cases[i].value : "77");
        ck_assert_msg(vk_wei_read(cases[i].text, strlen(cases[i].text), &out) ==
                          (cases[i].value != NULL),
                      "%s", cases[i].text);
        ck_assert_msg(vk_u256_cmp(&out, &want) == 0, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(test_u256_arithmetic) {
    vk_u256 max = number(U256_MAX_TEXT), one = number("1"), out;
    ck_assert(!vk_u256_add(&max, &one, &out));
    ck_assert(!vk_u256_sub(&one, &max, &out));
    ck_assert(!vk_u256_mul(&max, &max, &out));
    vk_u256 half = number("0x100000000000000000000000000000000");
    ck_assert(!vk_u256_mul(&half, &half, &out));
    vk_u256 low = number("0xffffffffffffffffffffffffffffffff");
    ck_assert(vk_u256_mul(&low, &low, &out));
    vk_u256 product = number("0xfffffffffffffffffffffffffffffffe00000000000000000000000000000001");
    ck_assert_int_eq(vk_u256_cmp(&out, &product), 0);
    ck_assert(vk_u256_sub(&max, &max, &out));
    ck_assert(vk_u256_is_zero(&out));
    ck_assert(vk_u256_fits(&low, 128));
    ck_assert(!vk_u256_fits(&low, 127));
    ck_assert(!vk_u256_fits(&half, 128));
    ck_assert(vk_u256_fits(&half, 129));
}
END_TEST

START_TEST(test_hex_and_addresses) {
    vk_buf buf = {0};
    ck_assert_int_eq(vk_hex_read("0x", 2, 8, &buf), VK_OK);
    ck_assert_ptr_null(buf.data);
    ck_assert_int_eq(vk_hex_read("0xaBcD", 6, 8, &buf), VK_OK);
    ck_assert_uint_eq(buf.len, 2);
    ck_assert_int_eq(vk_hex_read("0xabc", 5, 8, &buf), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_hex_read("abcd", 4, 8, &buf), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_hex_read("0xzz", 4, 8, &buf), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_hex_read("0xabcd", 6, 1, &buf), VK_ERR_SIZE);
    ck_assert_uint_eq(buf.len, 2);
    vk_buf_clear(&buf);
    static const char checksummed[] = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    vk_address address;
    char text[43];
    ck_assert_int_eq(vk_address_read(checksummed, 42, &address), VK_OK);
    vk_address_text(&address, text);
    ck_assert_str_eq(text, checksummed);
    ck_assert_int_eq(vk_address_read("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", 42, &address),
                     VK_OK);
    ck_assert_int_eq(vk_address_read("0x5aaEb6053F3E94C9b9A09f33669435E7Ef1BeAed", 42, &address),
                     VK_ERR_FORMAT);
}
END_TEST

START_TEST(test_base64) {
    static const struct {
        const char *plain, *text, *url;
    } cases[] = {{"", "", ""},
                 {"f", "Zg==", "Zg"},
                 {"fo", "Zm8=", "Zm8"},
                 {"foo", "Zm9v", "Zm9v"},
                 {"\xfb\xff\xfe", "+//+", "-__-"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_bytes plain = {(const uint8_t *)cases[i].plain, strlen(cases[i].plain)};
        vk_buf out = {0}, back = {0};
        vk_base64_put(&out, plain);
        ck_assert_uint_eq(out.len, strlen(cases[i].text));
        ck_assert(out.len == 0 || memcmp(out.data, cases[i].text, out.len) == 0);
        ck_assert_int_eq(vk_base64_read(cases[i].text, out.len, &back), VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&back), plain));
        vk_buf_clear(&back);
        ck_assert_int_eq(vk_base64url_read(cases[i].url, strlen(cases[i].url), &back), VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&back), plain));
        vk_buf_clear(&out);
        vk_buf_clear(&back);
    }
    static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Z===", "Zm8 ", "====", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vk_buf out = {0};
        ck_assert_msg(vk_base64_read(bad[i], strlen(bad[i]), &out) == VK_ERR_FORMAT, "%s", bad[i]);
        vk_buf_clear(&out);
    }
}
END_TEST

START_TEST(test_keccak) {
    static const uint8_t empty[] = {0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c};
    vk_hash hash = vk_keccak256((vk_bytes){NULL, 0});
    ck_assert_mem_eq(hash.b, empty, sizeof empty);
    /* A message of exactly the rate, whose padding fills a block of its own. */
    uint8_t block[136];
    memset(block, 'a', sizeof block);
    hash = vk_keccak256((vk_bytes){block, sizeof block});
    vk_hash expected;
    static const char text[] = "0xa6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e";
    ck_assert_int_eq(vk_hex_read_fixed(text, strlen(text), expected.b, 32), VK_OK);
    ck_assert_mem_eq(hash.b, expected.b, 32);
}
END_TEST

static vk_status parse(const char *text, size_t len, vk_error *err) {
    cJSON *json = NULL;
    vk_status status = vk_json_parse((vk_bytes){(const uint8_t *)text, len}, 1024, &json, err);
    cJSON_Delete(json);
    return status;
}

START_TEST(test_json_strict) {
    static const char *const good[] = {"{}", " [1, 2]\n", "{\"a\":{\"b\":\"\\u00e9\"}}",
                                       "\"\xc3\xa9\""};
    static const char *const bad[] = {"",
                                      "{",
                                      "{} x",
                                      "{\"a\":1,\"a\":2}",
                                      "\"\\u0000\"",
                                      "\"\x01\"",
                                      "\"\xc3\"",
                                      "\"\xed\xa0\x80\"",
                                      "{\"a\":[{\"b\":1,\"b\":1}]}",
                                      "\xef\xbb\xbf{}",
                                      "\"\xc0\x80\""};
    vk_error err;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(parse(good[i], strlen(good[i]), &err) == VK_OK, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(parse(bad[i], strlen(bad[i]), &err) == VK_ERR_FORMAT, "%s", bad[i]);
    }
    ck_assert_int_eq(parse("\"a\0b\"", 5, &err), VK_ERR_FORMAT);
    char deep[100];
    memset(deep, '[', 50);
    memset(deep + 50, ']', 50);
    ck_assert_int_eq(parse(deep, sizeof deep, &err), VK_ERR_FORMAT);
    char large[2000];
    memset(large, ' ', sizeof large);
    ck_assert_int_eq(parse(large, sizeof large, &err), VK_ERR_SIZE);
}
END_TEST

/* Small text, many values: what the parser would allocate for them is bounded. */
START_TEST(test_json_value_limit) {
    vk_buf text = {0};
    cJSON *json = NULL;
    vk_buf_put_byte(&text, '[');
    for (int i = 1; i < VK_JSON_VALUES_MAX; i++) {
        vk_buf_put(&text, "0,", 2);
    }
    vk_buf_put(&text, "0]", 2);
    ck_assert_int_eq(vk_json_parse(vk_buf_view(&text), text.len, &json, NULL), VK_OK);
    cJSON_Delete(json);
    text.len--;
    vk_buf_put(&text, ",0]", 3);
    ck_assert_int_eq(vk_json_parse(vk_buf_view(&text), text.len, &json, NULL), VK_ERR_FORMAT);
    vk_buf_clear(&text);
}
END_TEST

/* What is cut by its length stays UTF-8. */
START_TEST(test_error_text) {
    vk_error err;
    char name[400] = "";
    for (int i = 0; i < 199; i++) {
        strcat(name, "\xc3\xa9");
    }
    for (int shift = 0; shift < 2; shift++) {
        ck_assert_int_eq(vk_fail(&err, VK_ERR_RANGE, name + shift, "%s%s", shift ? "x" : "", name),
                         VK_ERR_RANGE);
        const char *const fields[] = {err.path, err.message};
        for (int i = 0; i < 2; i++) {
            vk_buf json = {0};
            cJSON *value = NULL;
            vk_json_put_string(&json, fields[i]);
            ck_assert_int_eq(vk_json_parse(vk_buf_view(&json), 1024, &value, NULL), VK_OK);
            cJSON_Delete(value);
            vk_buf_clear(&json);
        }
    }
    ck_assert_int_eq(vk_fail(&err, VK_ERR_RANGE, "p", "%.2s|", "a\xc3\xa9"), VK_ERR_RANGE);
    ck_assert_str_eq(err.message, "a?|");
}
END_TEST

START_TEST(test_json_print) {
    static const char text[] = "{\"offset\":9007199254740991,\"least\":-9007199254740991,"
                               "\"list\":[1000000000000001,0,1.5,true,false,null,[],{}],"
                               "\"text\":\"a\\\"b\\\\c\\u0001\303\251\",\"\":{\"\\\"\":\"\"}}";
    cJSON *json = NULL;
    ck_assert_int_eq(
        vk_json_parse((vk_bytes){(const uint8_t *)text, sizeof text - 1}, 1000, &json, NULL),
        VK_OK);
    char *printed = vk_json_print(json);
    ck_assert_str_eq(printed, text);
    vk_text_free(printed);
    cJSON_Delete(json);
}
END_TEST

START_TEST(test_abi_reader_bounds) {
    uint8_t words[96] = {0};
    words[31] = 0x20;
    words[63] = 3;
    vk_bytes body = {words, sizeof words}, out;
    ck_assert_int_eq(vk_abi_bytes(body, 0, &out), VK_OK);
    ck_assert_uint_eq(out.len, 3);
    words[64 + 3] = 1; /* padding */
    ck_assert_int_eq(vk_abi_bytes(body, 0, &out), VK_ERR_FORMAT);
    words[64 + 3] = 0;
    words[63] = 33;
    ck_assert_int_eq(vk_abi_bytes(body, 0, &out), VK_ERR_FORMAT);
    words[63] = 3;
    memset(words, 0xff, 32); /* an offset that wraps */
    ck_assert_int_eq(vk_abi_bytes(body, 0, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_abi_bytes(body, 80, &out), VK_ERR_FORMAT);
    ck_assert_int_eq(vk_abi_bytes(body, SIZE_MAX, &out), VK_ERR_FORMAT);
}
END_TEST

START_TEST(test_buf_limits) {
    vk_buf buf = {0};
    vk_buf_put_zeros(&buf, VK_BUF_MAX);
    ck_assert_int_eq(vk_buf_status(&buf), VK_OK);
    vk_buf_put_byte(&buf, 1);
    ck_assert_int_eq(vk_buf_status(&buf), VK_ERR_SIZE);
    vk_buf_clear(&buf);
    vk_buf_put_zeros(&buf, SIZE_MAX);
    ck_assert_int_eq(vk_buf_status(&buf), VK_ERR_SIZE);
    vk_buf_put_text(&buf, "more");
    ck_assert_uint_eq(buf.len, 0);
    vk_buf_clear(&buf);
    vk_buf_printf(&buf, "%s %d", "text", 7);
    char *text = vk_buf_take_text(&buf);
    ck_assert_str_eq(text, "text 7");
    vk_text_free(text);
}
END_TEST

/* Wherever the end of the room that there is falls. */
START_TEST(test_buf_printf_grows) {
    for (size_t before = 0; before < 2100; before++) {
        vk_buf buf = {0};
        vk_buf_put_zeros(&buf, before);
        vk_buf_printf(&buf, "%s-%d", "twelve bytes", 7);
        ck_assert_uint_eq(buf.len, before + 14);
        ck_assert_mem_eq(buf.data + before, "twelve bytes-7", 14);
        vk_buf_clear(&buf);
    }
}
END_TEST

START_TEST(test_json_strings) {
    static const struct {
        const char *text, *json;
    } cases[] = {{"", "\"\""},
                 {"plain", "\"plain\""},
                 {"\"", "\"\\\"\""},
                 {"a\"b\\c\n", "\"a\\\"b\\\\c\\u000a\""},
                 {"\x1f\x20\x7f", "\"\\u001f \x7f\""},
                 {"\xc3\xbc", "\"\xc3\xbc\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf out = {0};
        vk_json_put_string(&out, cases[i].text);
        char *json = vk_buf_take_text(&out);
        ck_assert_str_eq(json, cases[i].json);
        vk_text_free(json);
    }
}
END_TEST

START_TEST(test_secret_memory) {
    uint8_t *secret = vk_secret_alloc(40);
    ck_assert_ptr_nonnull(secret);
    memset(secret, 1, 40);
    vk_secret_free(secret, 40);
    vk_secret_free(NULL, 40);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_copy_printable);
    tcase_add_test(tests, test_u256_text);
    tcase_add_test(tests, test_u256_scaled);
    tcase_add_test(tests, test_u256_read_scaled);
    tcase_add_test(tests, test_wei_read);
    tcase_add_test(tests, test_u256_arithmetic);
    tcase_add_test(tests, test_hex_and_addresses);
    tcase_add_test(tests, test_base64);
    tcase_add_test(tests, test_keccak);
    tcase_add_test(tests, test_json_strict);
    tcase_add_test(tests, test_json_value_limit);
    tcase_add_test(tests, test_error_text);
    tcase_add_test(tests, test_json_print);
    tcase_add_test(tests, test_abi_reader_bounds);
    tcase_add_test(tests, test_buf_limits);
    tcase_add_test(tests, test_buf_printf_grows);
    tcase_add_test(tests, test_json_strings);
    tcase_add_test(tests, test_secret_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
