/* Calls: what the chain accepted is read and written the same; batches that are spelled differently
 * from the one canonical way are refused. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WORD 32

/* ---- What the chain accepted ---- */

static void check_same(vk_bytes call_data, const char *id) {
    vk_execution execution;
    vk_error err = {0};
    vk_status status = vk_execution_decode(call_data, &execution, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", id, err.message);
    vk_buf again = {0};
    ck_assert_int_eq(vk_execution_encode(&execution, &again), VK_OK);
    ck_assert_msg(vk_bytes_equal(call_data, vk_buf_view(&again)), "%s", id);
    vk_buf_clear(&again);
    vk_execution_clear(&execution);
}

/* An operation of an ordinary encoder that was included. */
static bool is_ordinary(const cJSON *step) {
    return cJSON_HasObjectItem(step, "userOp") &&
           cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept")) &&
           !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(step, "canonical"));
}

static size_t check_accepted(const char *name) {
    cJSON *file = vectors_load(name);
    const cJSON *one, *step;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
            if (is_ordinary(step)) {
                vk_buf call_data = vectors_bytes(vectors_get(step, "userOp"), "callData");
                check_same(vk_buf_view(&call_data), vectors_text(one, "id"));
                vk_buf_clear(&call_data);
                count++;
            }
        }
    }
    cJSON_Delete(file);
    return count;
}

START_TEST(test_accepted) {
    static const struct {
        const char *name;
        size_t count;
    } files[] = {{"verdicts/call.json", 153},      {"verdicts/sudo.json", 220},
                 {"verdicts/combo.json", 205},     {"verdicts/gas.json", 213},
                 {"verdicts/timestamp.json", 225}, {"verdicts/ratelimit.json", 230},
                 {"verdicts/enable.json", 19},     {"verdicts/ratelimit-reset.json", 422}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t count = check_accepted(files[i].name);
        ck_assert_msg(count == files[i].count, "%s: %zu", files[i].name, count);
    }
}
END_TEST

/* ---- Batches of two calls with 36 bytes of data each ---- */

#define DATA_LEN 36
#define INNER (4 + 3 * WORD) /* where the batch begins */
#define ARRAY_AT INNER
#define COUNT_AT (INNER + WORD)
#define OFFSET_AT(i) (INNER + (2 + (i)) * WORD)
#define TUPLE_LEN (4 * WORD + 2 * WORD)
#define TUPLE_AT(i) (OFFSET_AT(2) + (i)*TUPLE_LEN)

static vk_buf batch(void) {
    static const uint8_t data[DATA_LEN] = {0xa9, 0x05, 0x9c, 0xbb, [DATA_LEN - 1] = 0xff};
    vk_call calls[2] = {{.data = {data, DATA_LEN}}, {.data = {data, DATA_LEN}}};
    memset(calls[0].target.b, 0x11, 20);
    memset(calls[1].target.b, 0x22, 20);
    vk_execution execution = {.call_type = VK_CALL_BATCH, .call_count = 2, .calls = calls};
    vk_buf out = {0};
    ck_assert_int_eq(vk_execution_encode(&execution, &out), VK_OK);
    ck_assert_uint_eq(out.len, TUPLE_AT(2));
    check_same(vk_buf_view(&out), "batch");
    return out;
}

static vk_u256 word_at(const vk_buf *buf, size_t at) {
    return vk_u256_from_be(buf->data + at, WORD);
}

static void set_word(vk_buf *buf, size_t at, vk_u256 value) {
    ck_assert_uint_le(at + WORD, buf->len);
    memcpy(buf->data + at, value.be, WORD);
}

static void set_hex(vk_buf *buf, size_t at, const char *hex) {
    vk_u256 value;
    ck_assert_int_eq(vk_u256_read_hex(hex, strlen(hex), &value), VK_OK);
    set_word(buf, at, value);
}

static vk_status decode(const vk_buf *call_data) {
    vk_execution execution;
    vk_error err = {0};
    vk_status status = vk_execution_decode(vk_buf_view(call_data), &execution, &err);
    if (status == VK_OK) {
        vk_execution_clear(&execution);
    } else {
        ck_assert_int_eq(err.status, status);
        ck_assert_str_eq(err.path, "callData");
    }
    return status;
}

/* The batch with one word changed to each of the values. */
static void check_words(size_t at, const char *const *values) {
    for (; *values != NULL; values++) {
        vk_buf changed = batch();
        set_hex(&changed, at, *values);
        ck_assert_msg(decode(&changed) == VK_ERR_FORMAT, "%s at %zu", *values, at);
        vk_buf_clear(&changed);
    }
}

static const char *const counts[] = {
    "0x0",
    "0x1",
    "0x3",
    "0xe",
    "0x1000",
    "0x1001",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0xfffffffffffffffe",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "0x10000000000000002",
    "0x0800000000000000",
    "0x0800000000000002",
    "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    NULL};

START_TEST(test_counts) {
    check_words(COUNT_AT, counts);
}
END_TEST

static const char *const offsets[] = {
    "0x0",
    "0x20",
    "0x3f",
    "0x41",
    "0x60",
    "0xe0",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0xffffffffffffffc0",
    "0xffffffffffffffff",
    "0x10000000000000040",
    "0x10000000000000100",
    "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0",
    NULL};

START_TEST(test_offsets) {
    check_words(ARRAY_AT, (const char *const[]){"0x0", "0x21", "0x40", "0x10000000000000020",
                                                "0xffffffffffffffff", NULL});
    check_words(OFFSET_AT(0), offsets);
    check_words(OFFSET_AT(1), offsets);
    check_words(OFFSET_AT(1), (const char *const[]){"0x40", NULL});  /* the first call twice */
    check_words(OFFSET_AT(0), (const char *const[]){"0x100", NULL}); /* the second call twice */
    for (size_t i = 0; i < 2; i++) {
        check_words(TUPLE_AT(i) + 2 * WORD,
                    (const char *const[]){"0x0", "0x40", "0x61", "0x80", "0xc0", "0x120",
                                          "0x10000000000000060", "0xffffffffffffffff", NULL});
    }
}
END_TEST

/* The chain would read the calls in the other order. */
START_TEST(test_permuted) {
    vk_buf changed = batch();
    vk_u256 first = word_at(&changed, OFFSET_AT(0)), second = word_at(&changed, OFFSET_AT(1));
    set_word(&changed, OFFSET_AT(0), second);
    set_word(&changed, OFFSET_AT(1), first);
    ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
    vk_buf_clear(&changed);
}
END_TEST

/* The second call's bytes stand where the first one's data ends, one word early. */
START_TEST(test_overlapping) {
    vk_buf changed = batch();
    vk_u256 second = word_at(&changed, OFFSET_AT(1)), word = vk_u256_from_u64(WORD), earlier;
    ck_assert(vk_u256_sub(&second, &word, &earlier));
    set_word(&changed, OFFSET_AT(1), earlier);
    ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
    vk_buf_clear(&changed);
}
END_TEST

/* A gap between the calls, with offsets that are right for it. */
START_TEST(test_gap) {
    vk_buf good = batch(), changed = {0};
    vk_buf_put(&changed, good.data, TUPLE_AT(1));
    vk_buf_put_zeros(&changed, WORD);
    vk_buf_put(&changed, good.data + TUPLE_AT(1), good.len - TUPLE_AT(1));
    set_word(&changed, 4 + 2 * WORD, vk_u256_from_u64(changed.len - INNER));
    ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
    set_word(&changed, OFFSET_AT(1), vk_u256_from_u64(TUPLE_AT(1) + WORD - OFFSET_AT(0)));
    ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
    vk_buf_clear(&good);
    vk_buf_clear(&changed);
}
END_TEST

static void check_dirty(size_t from, size_t to) {
    for (size_t at = from; at < to; at++) {
        vk_buf changed = batch();
        ck_assert_uint_eq(changed.data[at], 0);
        changed.data[at] = 0x01;
        ck_assert_msg(decode(&changed) == VK_ERR_FORMAT, "byte %zu", at);
        vk_buf_clear(&changed);
    }
}

START_TEST(test_dirty_bytes) {
    for (size_t i = 0; i < 2; i++) {
        check_dirty(TUPLE_AT(i), TUPLE_AT(i) + 12);                      /* above the address */
        check_dirty(TUPLE_AT(i) + 4 * WORD + DATA_LEN, TUPLE_AT(i + 1)); /* after the data */
    }
}
END_TEST

static const char *const lengths[] = {"0x0",
                                      "0x20",
                                      "0x23",
                                      "0x41",
                                      "0x60",
                                      "0x7fffffffffffffff",
                                      "0xffffffffffffffdc",
                                      "0xffffffffffffffff",
                                      "0x10000000000000024",
                                      NULL};

START_TEST(test_lengths) {
    check_words(4 + 2 * WORD, lengths); /* execute's argument */
    check_words(TUPLE_AT(0) + 3 * WORD, lengths);
    check_words(TUPLE_AT(1) + 3 * WORD, lengths);
}
END_TEST

/* Behind execute's argument, and within it behind the batch. */
START_TEST(test_trailing_bytes) {
    for (size_t extra = 1; extra <= 2 * WORD; extra++) {
        vk_buf changed = batch();
        vk_buf_put_zeros(&changed, extra);
        ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
        size_t inner = changed.len - extra - INNER;
        set_word(&changed, 4 + 2 * WORD, vk_u256_from_u64(inner + extra));
        ck_assert_int_eq(decode(&changed), VK_ERR_FORMAT);
        vk_buf_clear(&changed);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kernel-calls");
    TCase *tests = tcase_create("kernel-calls");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_accepted);
    tcase_add_test(tests, test_counts);
    tcase_add_test(tests, test_offsets);
    tcase_add_test(tests, test_permuted);
    tcase_add_test(tests, test_overlapping);
    tcase_add_test(tests, test_gap);
    tcase_add_test(tests, test_dirty_bytes);
    tcase_add_test(tests, test_lengths);
    tcase_add_test(tests, test_trailing_bytes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
