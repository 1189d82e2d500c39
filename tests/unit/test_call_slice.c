/*
 * SLICE_EQUAL (call policy 0.0.5), also where an offset leads out of the call: compared with what
 * the contract reads in the calldata of checkUserOpPolicy, put together here by hand.
 */
#include "policy/call_slice.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD 32

/* ---- The operation, and the calldata that its policies get ---- */

static const uint8_t paymaster_data[3] = {0xd1, 0xd2, 0xd3};

/* A call of function 01020304 somewhere in the call data: its arguments begin with an offset. */
typedef struct call {
    vk_userop op;
    vk_buf call_data;
    size_t data_at, data_len;
} call;

static void put_word(vk_buf *out, uint64_t value) {
    uint8_t word[WORD] = {0};
    for (size_t i = 0; i < 8; i++) {
        word[WORD - 1 - i] = (uint8_t)(value >> 8 * i);
    }
    vk_buf_put(out, word, sizeof word);
}

/* Before the call stand 5 bytes, behind it these. */
static call begin(const vk_u256 *offset, const char *arguments, const char *behind) {
    call c = {.data_at = 5};
    vk_buf rest = vectors_hex(arguments), more = vectors_hex(behind);
    vk_buf_put(&c.call_data, "\xb1\xb2\xb3\xb4\xb5\x01\x02\x03\x04", 9);
    vk_buf_put(&c.call_data, offset->be, WORD);
    vk_buf_put(&c.call_data, rest.data, rest.len);
    c.data_len = c.call_data.len - c.data_at;
    vk_buf_put(&c.call_data, more.data, more.len);
    vk_buf_clear(&rest);
    vk_buf_clear(&more);
    c.op = (vk_userop){.entry_point = VK_ENTRY_POINT_0_7,
                       .sender = {{0xaa}},
                       .nonce = vk_u256_from_u64(40),
                       .call_gas_limit = vk_u256_from_u64(7),
                       .call_data = vk_buf_view(&c.call_data),
                       .has_paymaster = true,
                       .paymaster = {{0xbb}},
                       .paymaster_data = {paymaster_data, sizeof paymaster_data}};
    return c;
}

static void end(call *c) {
    vk_buf_clear(&c->call_data);
}

static void pad(vk_buf *out) {
    while (out->len % WORD != 4) {
        vk_buf_put_byte(out, 0);
    }
}

/* Selector, id, 64, the nine words of the operation, and its four byte strings. */
static vk_buf calldata_of(const call *c, size_t *arguments_at) {
    static const uint8_t sender[WORD] = {[12] = 0xaa}, limits[WORD] = {[31] = 7}, zeros[WORD];
    static const uint8_t paymaster[20] = {0xbb};
    size_t call_data_size = WORD + (c->call_data.len + 31) / 32 * 32;
    vk_buf out = {0};
    vk_buf_put(&out, zeros, 4);
    vk_buf_put(&out, zeros, WORD);
    put_word(&out, 0x40);
    vk_buf_put(&out, sender, WORD);
    put_word(&out, 40);
    put_word(&out, 9 * WORD);
    put_word(&out, 10 * WORD);
    vk_buf_put(&out, limits, WORD);
    put_word(&out, 0);
    put_word(&out, 0);
    put_word(&out, 10 * WORD + call_data_size);
    put_word(&out, 10 * WORD + call_data_size + 3 * WORD);
    put_word(&out, 0); /* initCode */
    put_word(&out, c->call_data.len);
    *arguments_at = out.len + c->data_at + 4;
    vk_buf_put(&out, c->call_data.data, c->call_data.len);
    pad(&out);
    put_word(&out, 20 + 32 + sizeof paymaster_data);
    vk_buf_put(&out, paymaster, sizeof paymaster);
    vk_buf_put(&out, zeros, WORD);
    vk_buf_put(&out, paymaster_data, sizeof paymaster_data);
    pad(&out);
    put_word(&out, 0); /* the policy's part of the signature */
    return out;
}

/* ---- Asking ---- */

static vk_slice_result ask(const call *c, const vk_u256 params[3], bool *inside) {
    vk_param_rule rule = {.condition = VK_COND_SLICE_EQUAL, .param_count = 3};
    rule.params = (vk_u256 *)(uintptr_t)params;
    vk_bytes data = {c->call_data.data + c->data_at, c->data_len};
    return vk_call_slice(&rule, data, &c->op, inside);
}

/* The slice of the argument is these bytes, and no others. */
static void check_equal(const call *c, uint64_t start, vk_bytes slice, bool expect_inside) {
    vk_hash hash = vk_keccak256(slice);
    vk_u256 params[3] = {vk_u256_from_u64(start), vk_u256_from_u64(slice.len),
                         vk_u256_from_be(hash.b, sizeof hash.b)};
    bool inside = !expect_inside;
    ck_assert_int_eq(ask(c, params, &inside), VK_SLICE_EQUAL);
    ck_assert(inside == expect_inside);
    params[2].be[31] ^= 1;
    ck_assert_int_eq(ask(c, params, &inside), VK_SLICE_DIFFERENT);
    ck_assert(inside == expect_inside);
}

static void check_short(const call *c, uint64_t start, uint64_t len) {
    vk_u256 params[3] = {vk_u256_from_u64(start), vk_u256_from_u64(len), {{0}}};
    bool inside = true;
    ck_assert_int_eq(ask(c, params, &inside), VK_SLICE_TOO_SHORT);
    ck_assert(!inside);
}

/* len bytes of the calldata from there, zeros behind it; vk_buf_clear it. */
static vk_buf expected_at(const vk_buf *calldata, size_t at, size_t len) {
    vk_buf out = {0};
    size_t there = at < calldata->len ? calldata->len - at : 0;
    vk_buf_put(&out, calldata->data + at, there < len ? there : len);
    vk_buf_put_zeros(&out, len - out.len);
    return out;
}

static size_t usual_arguments_at(void) {
    vk_u256 offset = vk_u256_from_u64(0);
    call c = begin(&offset, "0x", "0x");
    size_t arguments_at;
    vk_buf calldata = calldata_of(&c, &arguments_at);
    vk_buf_clear(&calldata);
    end(&c);
    return arguments_at;
}

/* The argument is said to stand at that place of the calldata: its length, then its bytes. */
static void check_outside(const call *c, size_t argument_at, uint64_t start, size_t len) {
    size_t arguments_at;
    vk_buf calldata = calldata_of(c, &arguments_at);
    vk_buf slice = expected_at(&calldata, argument_at + WORD + start, len);
    check_equal(c, start, vk_buf_view(&slice), false);
    vk_buf_clear(&slice);
    vk_buf_clear(&calldata);
}

/* ---- In the call ---- */

#define W(low) "000000000000000000000000000000000000000000000000000000000000" low
#define TEXT "0x" W("0005") "68656c6c6f000000000000000000000000000000000000000000000000000000"

START_TEST(test_inside) {
    vk_u256 offset = vk_u256_from_u64(WORD);
    call c = begin(&offset, TEXT, "0x");
    static const uint8_t hello[] = "hello";
    for (uint64_t start = 0; start <= 5; start++) {
        for (size_t len = 0; start + len <= 5; len++) {
            check_equal(&c, start, (vk_bytes){hello + start, len}, true);
        }
    }
    check_short(&c, 0, 6);
    check_short(&c, 5, 1);
    check_short(&c, 6, 0);
    check_short(&c, UINT64_MAX, 1);
    end(&c);
}
END_TEST

/* In the call data, but behind the call that the rule is about: another call's bytes. */
START_TEST(test_next_call) {
    vk_u256 offset = vk_u256_from_u64(WORD);
    call c = begin(&offset, "0x" W("0005") "6865", "0x6c6c6f99");
    static const uint8_t hello[] = "hello";
    check_equal(&c, 0, (vk_bytes){hello, 5}, false);
    check_equal(&c, 3, (vk_bytes){hello + 3, 2}, false);
    check_equal(&c, 0, (vk_bytes){hello, 2}, false); /* it is there, but not its argument */
    check_short(&c, 0, 6);
    end(&c);
}
END_TEST

/* ---- Behind the call data ---- */

static const struct {
    size_t behind; /* bytes of the arguments behind the length word */
    uint64_t len;  /* what the length word says */
    uint64_t start;
    size_t slice;
} tails[] = {
    {0, 5, 0, 5},     /* the padding of the call data */
    {3, 100, 0, 3},   /* wholly there, but the argument is not */
    {3, 300, 0, 300}, /* the paymaster, its data, the length of the signature, zeros */
    {3, 300, 20, 44}, /* some of them */
    {0, 0xffffffffffff, 0xfffffffffff0, 15}, /* beyond everything */
    {31, 4096, 1, 4095},
};

START_TEST(test_behind) {
    char arguments[2 + 2 * 64 + 1];
    vk_u256 offset = vk_u256_from_u64(WORD);
    snprintf(arguments, sizeof arguments, "0x%064llx", (unsigned long long)tails[_i].len);
    for (size_t i = 0; i < tails[_i].behind; i++) {
        strcat(arguments, "e7");
    }
    call c = begin(&offset, arguments, "0x");
    size_t arguments_at;
    vk_buf calldata = calldata_of(&c, &arguments_at);
    check_outside(&c, arguments_at + WORD, tails[_i].start, tails[_i].slice);
    vk_buf_clear(&calldata);
    end(&c);
}
END_TEST

/* The argument itself stands behind the call data, which ends after 5 + 4 + 32 bytes and is padded
 * to 64: its length is the paymaster's, then that of the signature. */
START_TEST(test_length_behind) {
    size_t arguments_at = usual_arguments_at();
    vk_u256 offset = vk_u256_from_u64(64 - 9);
    call c = begin(&offset, "0x", "0x");
    check_outside(&c, arguments_at + 64 - 9, 0, 55);
    check_outside(&c, arguments_at + 64 - 9, 20, 35);
    check_short(&c, 0, 56);
    end(&c);
    offset = vk_u256_from_u64(64 - 9 + 96);
    c = begin(&offset, "0x", "0x");
    check_outside(&c, arguments_at + 64 - 9 + 96, 0, 0);
    check_short(&c, 0, 1);
    end(&c);
    for (unsigned bit = 32; bit < 256; bit += 8) { /* far beyond */
        offset = vk_u256_from_u64(0);
        offset.be[31 - bit / 8] = 1;
        c = begin(&offset, "0x", "0x");
        check_equal(&c, 0, (vk_bytes){NULL, 0}, false);
        check_short(&c, 0, 1);
        end(&c);
    }
}
END_TEST

/* ---- Before the call: offsets that wrap around ---- */

static vk_u256 back_to(size_t arguments_at, size_t target) {
    vk_u256 out;
    ck_assert_uint_lt(target, arguments_at);
    memset(out.be, 0xff, sizeof out.be);
    uint64_t low = (uint64_t)0 - (uint64_t)(arguments_at - target);
    for (size_t i = 0; i < 8; i++) {
        out.be[31 - i] = (uint8_t)(low >> 8 * i);
    }
    return out;
}

/* The nonce, 40, is taken for the length; the 40 bytes behind it are two offsets' words. */
START_TEST(test_before) {
    size_t arguments_at = usual_arguments_at(), nonce_at = 4 + 2 * WORD + WORD;
    vk_u256 offset = back_to(arguments_at, nonce_at);
    call c = begin(&offset, "0x", "0x");
    check_outside(&c, nonce_at, 0, 40);
    check_outside(&c, nonce_at, 7, 33);
    check_short(&c, 0, 41);
    end(&c);
}
END_TEST

/* The selector and the id are not known here, so nothing is read that touches them. */
START_TEST(test_unknown) {
    size_t arguments_at = usual_arguments_at();
    for (size_t target = 0; target < 36; target++) {
        vk_u256 offset = back_to(arguments_at, target);
        call c = begin(&offset, "0x", "0x");
        check_short(&c, 0, 0);
        end(&c);
    }
    vk_u256 offset = back_to(arguments_at, 36); /* 64 is the length of what follows */
    call c = begin(&offset, "0x", "0x");
    check_outside(&c, 36, 0, 64);
    check_short(&c, 0, 65);
    end(&c);
}
END_TEST

/* ---- Numbers ---- */

START_TEST(test_overflow) {
    vk_u256 offset = vk_u256_from_u64(WORD), params[3] = {{{0}}};
    char arguments[] = "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    call c = begin(&offset, arguments, "0x");
    bool inside = true;
    memset(params[0].be, 0xff, WORD); /* start + length does not fit 256 bits */
    params[1] = vk_u256_from_u64(1);
    ck_assert_int_eq(ask(&c, params, &inside), VK_SLICE_TOO_SHORT);
    params[0] = vk_u256_from_u64(0); /* more than a block can hash */
    params[1] = vk_u256_from_u64((UINT64_C(1) << 22) + 1);
    ck_assert_int_eq(ask(&c, params, &inside), VK_SLICE_TOO_SHORT);
    memset(params[1].be, 0xff, WORD);
    ck_assert_int_eq(ask(&c, params, &inside), VK_SLICE_TOO_SHORT);
    ck_assert(!inside);
    end(&c);
}
END_TEST

START_TEST(test_params) {
    vk_u256 offset = vk_u256_from_u64(WORD), params[4] = {{{0}}};
    call c = begin(&offset, TEXT, "0x");
    vk_bytes data = {c.call_data.data + c.data_at, c.data_len};
    for (size_t count = 0; count <= 4; count++) {
        vk_param_rule rule = {
            .condition = VK_COND_SLICE_EQUAL, .param_count = count, .params = params};
        bool inside = true;
        vk_slice_result result = vk_call_slice(&rule, data, &c.op, &inside);
        ck_assert_int_eq(result, count == 3 ? VK_SLICE_DIFFERENT : VK_SLICE_TOO_SHORT);
        ck_assert(inside == (count == 3));
    }
    end(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("call-slice");
    TCase *tests = tcase_create("call-slice");
    tcase_add_test(tests, test_inside);
    tcase_add_test(tests, test_next_call);
    tcase_add_loop_test(tests, test_behind, 0, (int)(sizeof tails / sizeof tails[0]));
    tcase_add_test(tests, test_length_behind);
    tcase_add_test(tests, test_before);
    tcase_add_test(tests, test_unknown);
    tcase_add_test(tests, test_overflow);
    tcase_add_test(tests, test_params);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
