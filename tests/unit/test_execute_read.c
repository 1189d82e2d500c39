/*
 * execute calldata as the policies' contracts read it: odd encodings that they follow, and those
 * that are refused unread.
 */
#include "policy/execute_read.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- Pieces of call data ---- */

#define Z24 "000000000000000000000000"
#define W(low) Z24 Z24 "00000000" low /* a word with these last 4 bytes */
#define FULL "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define MODE(two) two Z24 Z24 "000000000000"
#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define EXECUTE(two) "0xe9ae5c53" MODE(two)

/* target || value 5 || data of 4 bytes: 56 bytes; the padding to 64 */
#define SINGLE A W("00000005") "a9059cbb"
#define PAD8 "0000000000000000"
/* target || data of 4 bytes */
#define DELEGATE A "a9059cbb"

/* Tuples of 5 words: target, value, 96, length 4, data. */
#define TUPLE(address, value, data)                                                                \
    Z24 address W(value) W("00000060") W("00000004") data "00000000" Z24 Z24

#define ROOM 3

/* What is read: calls as "target20 value4 data", in hex. */
static const struct {
    const char *call_data;
    uint8_t call_type, exec_type;
    const char *calls[ROOM]; /* ends with NULL or with the array */
} taken[] = {
    /* ---- One call ---- */
    {EXECUTE("0000") W("00000040") W("00000038") SINGLE PAD8, 0, 0, {"0x" A "00000005a9059cbb"}},
    /* Padding: anything, or none; bytes behind it. */
    {EXECUTE("0000") W("00000040") W("00000038") SINGLE "ffffffffffffffff",
     0,
     0,
     {"0x" A "00000005a9059cbb"}},
    {EXECUTE("0000") W("00000040") W("00000038") SINGLE, 0, 0, {"0x" A "00000005a9059cbb"}},
    {EXECUTE("0000") W("00000040") W("00000038") SINGLE PAD8 FULL "77",
     0,
     0,
     {"0x" A "00000005a9059cbb"}},
    /* The length cuts the data off. */
    {EXECUTE("0000") W("00000040") W("00000036") SINGLE, 0, 0, {"0x" A "00000005a905"}},
    {EXECUTE("0000") W("00000040") W("00000034") SINGLE, 0, 0, {"0x" A "00000005"}},
    /* A hole before it, of a word and of a byte. */
    {EXECUTE("0000") W("00000060") FULL W("00000038") SINGLE, 0, 0, {"0x" A "00000005a9059cbb"}},
    {EXECUTE("0000") W("00000041") "ff" W("00000038") SINGLE, 0, 0, {"0x" A "00000005a9059cbb"}},
    /* Mode bytes that the policies do not look at; an exec type that there is not. */
    {"0xe9ae5c530077" Z24 Z24 "0102030405ff" W("00000040") W("00000038") SINGLE,
     0,
     0x77,
     {"0x" A "00000005a9059cbb"}},
    {"0xe9ae5c53" MODE("0001") W("00000040") W("00000038") SINGLE,
     0,
     1,
     {"0x" A "00000005a9059cbb"}},
    /* Call types that there are not have no calls. */
    {EXECUTE("0200") W("00000040") W("00000038") SINGLE, 2, 0, {NULL}},
    {EXECUTE("fe00") W("00000040") W("00000000"), 0xfe, 0, {NULL}},
    /* ---- A delegatecall ---- */
    {EXECUTE("ff00") W("00000040") W("00000018") DELEGATE, 0xff, 0, {"0x" A "00000000a9059cbb"}},
    {EXECUTE("ff00") W("00000040") W("00000014") DELEGATE, 0xff, 0, {"0x" A "00000000"}},
    /* Its offset is its length as well. */
    {EXECUTE("ff00") W("00000020") DELEGATE "0102030405060708",
     0xff,
     0,
     {"0x" A "00000000a9059cbb0102030405060708"}},
    /* ---- Batches ---- */
    {EXECUTE("0100") W("00000040") W("00000040") W("00000020") W("00000000"), 1, 0, {NULL}},
    {EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000020")
         TUPLE(A, "00000005", "a9059cbb"),
     1,
     0,
     {"0x" A "00000005a9059cbb"}},
    {EXECUTE("0100") W("00000040") W("000001c0") W("00000020") W("00000002") W("00000040")
         W("000000e0") TUPLE(A, "00000005", "a9059cbb") TUPLE(B, "00000006", "01020304"),
     1,
     0,
     {"0x" A "00000005a9059cbb", "0x" B "0000000601020304"}},
    /* The tuples in the other order; twice the same one; the list behind a hole of a byte. */
    {EXECUTE("0100") W("00000040") W("000001c0") W("00000020") W("00000002") W("000000e0")
         W("00000040") TUPLE(A, "00000005", "a9059cbb") TUPLE(B, "00000006", "01020304"),
     1,
     0,
     {"0x" B "0000000601020304", "0x" A "00000005a9059cbb"}},
    {EXECUTE("0100") W("00000040") W("00000120") W("00000020") W("00000002") W("00000040")
         W("00000040") TUPLE(A, "00000005", "a9059cbb"),
     1,
     0,
     {"0x" A "00000005a9059cbb", "0x" A "00000005a9059cbb"}},
    {EXECUTE("0100") W("00000040") W("00000101") W("00000021") "ff" W("00000001") W("00000020")
         TUPLE(A, "00000005", "a9059cbb"),
     1,
     0,
     {"0x" A "00000005a9059cbb"}},
    /* The list at offset 0: its offset is its length, which is none. */
    {EXECUTE("0100") W("00000040") W("00000100") W("00000000") W("00000001") W("00000020")
         TUPLE(A, "00000005", "a9059cbb"),
     1,
     0,
     {NULL}},
    /* Bytes behind the list; the last padding missing. */
    {EXECUTE("0100") W("00000040") W("00000120") W("00000020") W("00000001") W("00000020")
         TUPLE(A, "00000005", "a9059cbb") FULL,
     1,
     0,
     {"0x" A "00000005a9059cbb"}},
    {EXECUTE("0100") W("00000040") W("000000e4") W("00000020") W("00000001") W("00000020")
         TUPLE(A, "00000005", "a9059cbb"),
     1,
     0,
     {"0x" A "00000005a9059cbb"}},
    /* The tuple begins in the list's head: its target is its own offset. */
    {EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000000")
         W("00000006") W("00000060") W("00000004") "01020304" Z24 Z24 "00000000" FULL,
     1,
     0,
     {"0x000000000000000000000000000000000000000000000006"
      "01020304"}},
    /* The data's offset points at the value, which is then the length. */
    {EXECUTE("0100") W("00000040") W("000000c0") W("00000020") W("00000001") W("00000020")
         Z24 A W("00000004") W("00000020"),
     1,
     0,
     {"0x" A "0000000400000000"}},
};

static const char *const refused[] = {
    /* Too short for a target and a value; longer than what is there. */
    EXECUTE("0000") W("00000040") W("00000033") SINGLE,
    EXECUTE("0000") W("00000040") W("00000039") SINGLE,
    EXECUTE("0000") W("00000040") FULL SINGLE,
    /* Offsets into the head: 32 is its own length; 0 is the mode. */
    EXECUTE("0000") W("00000020") SINGLE PAD8,
    EXECUTE("0000") W("00000000") SINGLE PAD8,
    EXECUTE("0000") W("00000020") W("00000038") SINGLE,
    /* Offsets out of bounds: by one, and up to those that wrap around. */
    EXECUTE("0000") W("00000040"),
    EXECUTE("0000") W("00000041") W("00000000"),
    EXECUTE("0000") W("80000000") W("00000038") SINGLE,
    EXECUTE("0000") Z24 Z24 "8000000000000040" W("00000038") SINGLE,
    EXECUTE("0000") FULL W("00000038") SINGLE,
    /* Cut short in the head; another function; wrapped. */
    "0x",
    "0xe9ae5c",
    "0xe9ae5c53",
    "0xe9ae5c53" Z24 Z24 "00000000000000",
    EXECUTE("0000"),
    EXECUTE("0000") Z24 Z24 "00000000000000",
    "0xe9ae5c54" MODE("0000") W("00000040") W("00000038") SINGLE,
    "0x8dd7712fe9ae5c53" MODE("0000") W("00000040") W("00000038") SINGLE,
    /* Too short for a target. */
    EXECUTE("ff00") W("00000040") W("00000013") DELEGATE,
    /* The length of the batch says more than there is; less. */
    EXECUTE("0100") W("00000040") W("00000180") W("00000020") W("00000001") W("00000020")
        TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("000000e3") W("00000020") W("00000001") W("00000020")
        TUPLE(A, "00000005", "a9059cbb"),
    /* At the target, whose number is too long. */
    EXECUTE("0100") W("00000040") W("000000c0") W("00000020") W("00000001") W("00000020")
        Z24 A W("00000004") W("00000000"),
    /* A target with bits above its 160. */
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001")
        W("00000020") "000000000000000000000001" A W("00000005") W("00000060")
            W("00000004") "a9059cbb"
                          "00000000" Z24 Z24,
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001")
        W("00000020") "800000000000000000000000" A W("00000005") W("00000060")
            W("00000004") "a9059cbb"
                          "00000000" Z24 Z24,
    /* Numbers of calls, and offsets, that are out of bounds. */
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000002") W("00000020")
        TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") FULL W("00000020")
        TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001")
        FULL TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000080")
        TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("00000100") W("000000e1") W("00000001") W("00000020")
        TUPLE(A, "00000005", "a9059cbb"),
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000020")
        Z24 A W("00000005") W("00000061") W("00000004") "a9059cbb"
                                                        "00000000" Z24 Z24,
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000020")
        Z24 A W("00000005") FULL W("00000004") "a9059cbb"
                                               "00000000" Z24 Z24,
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000020")
        Z24 A W("00000005") W("00000060") W("00000021") "a9059cbb"
                                                        "00000000" Z24 Z24,
    EXECUTE("0100") W("00000040") W("00000100") W("00000020") W("00000001") W("00000020")
        Z24 A W("00000005") W("00000060") FULL "a9059cbb"
                                               "00000000" Z24 Z24,
    /* Batches without room for their list. */
    EXECUTE("0100") W("00000040") W("00000000"),
    EXECUTE("0100") W("00000040") W("0000001f") W("00000020"),
    EXECUTE("0100") W("00000040") W("00000020") W("00000020"),
};

/* ---- Comparing ---- */

static void inside(vk_bytes view, vk_bytes whole) {
    ck_assert(view.len == 0 ||
              (view.data >= whole.data && view.data + view.len <= whole.data + whole.len));
}

static void check_call(const vk_call *call, const char *expected, vk_bytes whole) {
    vk_buf wanted = vectors_hex(expected), got = {0};
    vk_buf_put(&got, call->target.b, sizeof call->target.b);
    vk_buf_put(&got, call->value.be + 28, 4);
    vk_buf_put(&got, call->data.data, call->data.len);
    ck_assert(vk_u256_fits(&call->value, 32));
    ck_assert(vk_bytes_equal(vk_buf_view(&got), vk_buf_view(&wanted)));
    inside(call->data, whole);
    vk_buf_clear(&wanted);
    vk_buf_clear(&got);
}

static void check_execution(const vk_execution *execution, int i, vk_bytes whole) {
    ck_assert_uint_eq(execution->call_type, taken[i].call_type);
    ck_assert_uint_eq(execution->exec_type, taken[i].exec_type);
    ck_assert(!execution->hooked);
    size_t count = 0;
    for (; count < ROOM && taken[i].calls[count] != NULL; count++) {
        ck_assert_uint_lt(count, execution->call_count);
        check_call(&execution->calls[count], taken[i].calls[count], whole);
    }
    ck_assert_uint_eq(execution->call_count, count);
}

/* In memory of just its length. */
static vk_bytes copy_of(vk_bytes bytes) {
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    ck_assert_ptr_nonnull(copy);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return (vk_bytes){copy, bytes.len};
}

START_TEST(test_taken) {
    vk_buf hex = vectors_hex(taken[_i].call_data);
    vk_bytes call_data = copy_of(vk_buf_view(&hex)), inner = {NULL, 0};
    vk_execution execution;
    ck_assert_int_eq(vk_execute_read(call_data, &execution, &inner), VK_OK);
    inside(inner, call_data);
    check_execution(&execution, _i, call_data);
    vk_execution_clear(&execution);
    free((void *)(uintptr_t)call_data.data);
    vk_buf_clear(&hex);
}
END_TEST

START_TEST(test_refused) {
    vk_buf hex = vectors_hex(refused[_i]);
    vk_bytes call_data = copy_of(vk_buf_view(&hex)), inner = {NULL, 0};
    vk_execution execution = {.call_count = 77};
    ck_assert_int_eq(vk_execute_read(call_data, &execution, &inner), VK_ERR_FORMAT);
    ck_assert_uint_eq(execution.call_count, 77);
    free((void *)(uintptr_t)call_data.data);
    vk_buf_clear(&hex);
}
END_TEST

/* Cut at every length: whatever is read then lies in what is there. */
START_TEST(test_cut) {
    vk_buf hex = vectors_hex(taken[_i].call_data);
    for (size_t len = 0; len < hex.len; len++) {
        vk_bytes call_data = copy_of((vk_bytes){hex.data, len}), inner = {NULL, 0};
        vk_execution execution = {0};
        if (vk_execute_read(call_data, &execution, &inner) == VK_OK) {
            inside(inner, call_data);
            for (size_t k = 0; k < execution.call_count; k++) {
                inside(execution.calls[k].data, call_data);
            }
        }
        vk_execution_clear(&execution);
        free((void *)(uintptr_t)call_data.data);
    }
    vk_buf_clear(&hex);
}
END_TEST

/* ---- What the strict reader takes, the loose one reads alike ---- */

static vk_buf batch_of(size_t count) {
    vk_call *calls = calloc(count + 1, sizeof *calls);
    vk_buf out = {0};
    ck_assert_ptr_nonnull(calls);
    for (size_t i = 0; i < count; i++) {
        calls[i] = (vk_call){.target = {{(uint8_t)i, (uint8_t)(i >> 8)}},
                             .value = vk_u256_from_u64(i),
                             .data = {(const uint8_t *)"abcdefg", i % 8}};
    }
    vk_execution execution = {.call_type = VK_CALL_BATCH, .call_count = count, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&execution, &out), VK_OK);
    free(calls);
    return out;
}

START_TEST(test_canonical) {
    static const size_t counts[] = {0, 1, 2, 9, VK_CALLS_MAX};
    vk_buf call_data = batch_of(counts[_i]);
    vk_execution loose, strict;
    vk_bytes inner;
    ck_assert_int_eq(vk_execute_read(vk_buf_view(&call_data), &loose, &inner), VK_OK);
    ck_assert_int_eq(vk_execution_decode(vk_buf_view(&call_data), &strict, NULL), VK_OK);
    ck_assert_uint_eq(loose.call_count, counts[_i]);
    for (size_t i = 0; i < counts[_i]; i++) {
        ck_assert(vk_address_equal(&loose.calls[i].target, &strict.calls[i].target));
        ck_assert_int_eq(vk_u256_cmp(&loose.calls[i].value, &strict.calls[i].value), 0);
        ck_assert_ptr_eq(loose.calls[i].data.data, strict.calls[i].data.data);
        ck_assert_uint_eq(loose.calls[i].data.len, strict.calls[i].data.len);
    }
    vk_execution_clear(&loose);
    vk_execution_clear(&strict);
    vk_buf_clear(&call_data);
}
END_TEST

/* Many offsets to one tuple make a batch longer than a canonical one of these bytes. */
START_TEST(test_too_many) {
    vk_buf call_data = vectors_hex(EXECUTE("0100") W("00000040"));
    vk_buf tuple = vectors_hex("0x" TUPLE(A, "00000005", "a9059cbb")), inner = {0};
    uint8_t word[32] = {0};
    word[31] = 0x20;
    vk_buf_put(&inner, word, sizeof word);
    word[30] = 0x10, word[31] = 0x01; /* 4,097 */
    vk_buf_put(&inner, word, sizeof word);
    word[29] = 0x02, word[30] = 0x00, word[31] = 0x20; /* behind as many words */
    for (size_t i = 0; i <= VK_CALLS_MAX; i++) {
        vk_buf_put(&inner, word, sizeof word);
    }
    vk_buf_put(&inner, tuple.data, tuple.len);
    memset(word, 0, sizeof word);
    word[29] = (uint8_t)(inner.len >> 16), word[30] = (uint8_t)(inner.len >> 8);
    word[31] = (uint8_t)inner.len;
    vk_buf_put(&call_data, word, sizeof word);
    vk_buf_put(&call_data, inner.data, inner.len);
    vk_execution execution = {0};
    vk_bytes view;
    ck_assert_int_eq(vk_execute_read(vk_buf_view(&call_data), &execution, &view), VK_ERR_SIZE);
    ck_assert_ptr_null(execution.calls);
    vk_buf_clear(&call_data);
    vk_buf_clear(&tuple);
    vk_buf_clear(&inner);
}
END_TEST

/* ---- Delegatecalls before 0.0.3 ---- */

START_TEST(test_old_delegate) {
    vk_buf inner = vectors_hex("0x" SINGLE);
    vk_call call;
    ck_assert(vk_execute_old_delegate(vk_buf_view(&inner), &call));
    check_call(&call, "0x" A "00000005a9059cbb", vk_buf_view(&inner));
    ck_assert(vk_execute_old_delegate((vk_bytes){inner.data, 52}, &call));
    ck_assert_uint_eq(call.data.len, 0);
    ck_assert(!vk_execute_old_delegate((vk_bytes){inner.data, 51}, &call));
    ck_assert(!vk_execute_old_delegate((vk_bytes){NULL, 0}, &call));
    vk_buf_clear(&inner);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void) {
    Suite *suite = suite_create("execute-read");
    TCase *tests = tcase_create("execute-read");
    tcase_add_loop_test(tests, test_taken, 0, COUNT(taken));
    tcase_add_loop_test(tests, test_refused, 0, COUNT(refused));
    tcase_add_loop_test(tests, test_cut, 0, COUNT(taken));
    tcase_add_loop_test(tests, test_canonical, 0, 5);
    tcase_add_test(tests, test_too_many);
    tcase_add_test(tests, test_old_delegate);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
