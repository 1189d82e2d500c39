/* Execute calldata of every Kernel version, there and back. */
#include "generated.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 5
#define DATA_MAX 100

static const vk_address multi_send = {{0x8a, 0xe0, 0x1f, 0xcf, 0x7c, 0x65, 0x56, 0x55, 0xff, 0x2c,
                                       0x6e, 0xf9, 0x07, 0xb8, 0xb4, 0x71, 0x8a, 0xb4, 0xe1, 0x7c}};

typedef struct made_calls {
    vk_execution execution;
    vk_call calls[CALLS];
    uint8_t data[CALLS][DATA_MAX];
} made_calls;

/* What the version can do, and no more. */
static void generate(vk_kernel_version version, uint8_t call_type, made_calls *out) {
    bool modern = version >= VK_KERNEL_0_3_0;
    *out = (made_calls){.execution = {.call_type = call_type, .calls = out->calls}};
    out->execution.exec_type = modern ? (uint8_t)generated_below(2) : VK_EXEC_REVERT;
    out->execution.hooked = modern && generated_below(4) == 0;
    out->execution.call_count = call_type == VK_CALL_BATCH ? generated_below(CALLS + 1) : 1;
    for (size_t i = 0; i < out->execution.call_count; i++) {
        size_t len = generated_below(DATA_MAX + 1);
        generated_fill(out->data[i], len);
        generated_fill(out->calls[i].target.b, 20);
        if (call_type != VK_CALL_DELEGATE || version == VK_KERNEL_V1) {
            generated_fill(out->calls[i].value.be, 32);
        }
        out->calls[i].data = (vk_bytes){out->data[i], len};
    }
}

static uint8_t any_type(void) {
    static const uint8_t types[] = {VK_CALL_SINGLE, VK_CALL_BATCH, VK_CALL_DELEGATE};
    return types[generated_below(3)];
}

static vk_buf encode(vk_kernel_version version, const vk_execution *execution) {
    vk_buf out = {0};
    vk_error err = {0};
    vk_status status = vk_execution_encode_for(version, NULL, execution, &out, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", vk_kernel_text(version), err.message);
    return out;
}

static void check_equal(const vk_execution *a, const vk_execution *b) {
    ck_assert_uint_eq(a->call_type, b->call_type);
    ck_assert_uint_eq(a->exec_type, b->exec_type);
    ck_assert(a->hooked == b->hooked);
    ck_assert_uint_eq(a->call_count, b->call_count);
    for (size_t i = 0; i < a->call_count; i++) {
        ck_assert(vk_address_equal(&a->calls[i].target, &b->calls[i].target));
        ck_assert_int_eq(vk_u256_cmp(&a->calls[i].value, &b->calls[i].value), 0);
        ck_assert(vk_bytes_equal(a->calls[i].data, b->calls[i].data));
    }
}

/* ---- Properties, for each version (the loop's index) ---- */

START_TEST(test_calls_come_back) {
    vk_kernel_version version = (vk_kernel_version)_i;
    static made_calls made;
    for (size_t i = 0; i < 500; i++) {
        generate(version, any_type(), &made);
        vk_buf bytes = encode(version, &made.execution);
        vk_execution back;
        ck_assert_int_eq(vk_execution_decode_for(version, vk_buf_view(&bytes), &back, NULL), VK_OK);
        check_equal(&made.execution, &back);
        vk_execution_clear(&back);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* Only one spelling of any calls is read. */
START_TEST(test_changed_calls) {
    vk_kernel_version version = (vk_kernel_version)_i;
    static made_calls made;
    size_t read = 0;
    for (size_t i = 0; i < 5000; i++) {
        generate(version, any_type(), &made);
        vk_buf bytes = encode(version, &made.execution);
        for (size_t changes = 1 + generated_below(3); changes > 0; changes--) {
            generated_change(&bytes);
        }
        vk_execution back;
        if (vk_execution_decode_for(version, vk_buf_view(&bytes), &back, NULL) == VK_OK) {
            vk_buf again = encode(version, &back);
            ck_assert(vk_bytes_equal(vk_buf_view(&bytes), vk_buf_view(&again)));
            vk_buf_clear(&again);
            vk_execution_clear(&back);
            read++;
        }
        vk_buf_clear(&bytes);
    }
    ck_assert_uint_gt(read, 100);
}
END_TEST

static void check_truncated(vk_kernel_version version, uint8_t call_type) {
    static made_calls made;
    generate(version, call_type, &made);
    vk_buf bytes = encode(version, &made.execution);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        vk_execution back;
        vk_error err = {0};
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes.data, len);
        ck_assert_int_eq(vk_execution_decode_for(version, (vk_bytes){copy, len}, &back, &err),
                         VK_ERR_FORMAT);
        ck_assert_str_eq(err.path, "callData");
        free(copy);
    }
    vk_buf_clear(&bytes);
}

START_TEST(test_truncated) {
    vk_kernel_version version = (vk_kernel_version)_i;
    check_truncated(version, VK_CALL_SINGLE);
    check_truncated(version, VK_CALL_BATCH);
    check_truncated(version, VK_CALL_DELEGATE);
}
END_TEST

/* ---- What the package wrote ---- */

static bool is_self_call(const cJSON *in) {
    const cJSON *calls = vectors_get(in, "calls");
    return cJSON_GetArraySize(calls) == 1 && strcmp(vectors_text(in, "callType"), "call") == 0 &&
           strcmp(vectors_text(calls->child, "to"), vectors_text(in, "account")) == 0;
}

static void check_read(const cJSON *in, vk_bytes call_data) {
    vk_kernel_version version = vk_kernel_read(vectors_text(in, "kernelVersion"));
    bool delegate = strcmp(vectors_text(in, "callType"), "delegatecall") == 0;
    vk_execution execution;
    size_t i = 0;
    ck_assert_int_eq(vk_execution_decode_for(version, call_data, &execution, NULL), VK_OK);
    const cJSON *call;
    cJSON_ArrayForEach(call, vectors_get(in, "calls")) {
        vk_address target = vectors_address(call, "to");
        vk_u256 value = delegate ? vk_u256_from_u64(0) : vectors_u256(call, "value");
        vk_buf data = vectors_bytes(call, "data");
        ck_assert_uint_lt(i, execution.call_count);
        ck_assert(vk_address_equal(&execution.calls[i].target, &target));
        ck_assert_int_eq(vk_u256_cmp(&execution.calls[i].value, &value), 0);
        ck_assert(vk_bytes_equal(execution.calls[i].data, vk_buf_view(&data)));
        vk_buf_clear(&data);
        i++;
    }
    ck_assert_uint_eq(i, execution.call_count);
    vk_buf again = encode(version, &execution);
    ck_assert(vk_bytes_equal(vk_buf_view(&again), call_data));
    vk_buf_clear(&again);
    vk_execution_clear(&execution);
}

START_TEST(test_package) {
    cJSON *file = vectors_load("execute_calldata.json");
    const cJSON *one;
    size_t read = 0, self = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        vk_buf call_data = vectors_bytes(vectors_get(one, "out"), "callData");
        if (is_self_call(in)) {
            self++;
        } else {
            check_read(in, vk_buf_view(&call_data));
            read++;
        }
        vk_buf_clear(&call_data);
    }
    ck_assert_uint_eq(read, 52);
    ck_assert_uint_eq(self, 12);
    cJSON_Delete(file);
}
END_TEST

/* ---- Calls of the account to itself ---- */

START_TEST(test_self_call) {
    static const uint8_t data[] = {0xde, 0xad, 0xbe, 0xef};
    vk_call calls[2] = {{.target = {{7}}, .data = {data, sizeof data}}, {.target = {{7}}}};
    vk_execution execution = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = calls};
    vk_kernel_version version = (vk_kernel_version)_i;
    vk_address account = {{7}}, other = {{8}};
    static const struct {
        uint8_t type;
        size_t count;
        bool itself, verbatim;
    } cases[] = {{VK_CALL_SINGLE, 1, true, true},
                 {VK_CALL_SINGLE, 1, false, false},
                 {VK_CALL_DELEGATE, 1, true, false},
                 {VK_CALL_BATCH, 1, true, false},
                 {VK_CALL_BATCH, 2, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_buf out = {0};
        execution.call_type = cases[i].type;
        execution.call_count = cases[i].count;
        ck_assert_int_eq(vk_execution_encode_for(version, cases[i].itself ? &account : &other,
                                                 &execution, &out, NULL),
                         VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&out), calls[0].data) == cases[i].verbatim);
        vk_buf_clear(&out);
    }
}
END_TEST

/* ---- Refusals ---- */

static void check_refused(vk_kernel_version version, const vk_execution *execution,
                          vk_status expected, const char *path) {
    vk_buf out = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_execution_encode_for(version, NULL, execution, &out, &err), expected);
    ck_assert_str_eq(err.path, path);
    ck_assert_int_ne(err.message[0], '\0');
    ck_assert_uint_eq(out.len, 0);
}

START_TEST(test_refused) {
    vk_call calls[2] = {{.target = {{1}}}, {.target = {{2}}}};
    vk_kernel_version version = (vk_kernel_version)_i;
    bool modern = version >= VK_KERNEL_0_3_0;
    vk_execution one = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = calls};
    vk_execution changed = one;
    check_refused(VK_KERNEL_UNKNOWN, &one, VK_ERR_UNSUPPORTED, "kernelVersion");
    changed.call_count = 2;
    check_refused(version, &changed, VK_ERR_ARGUMENT, "calls");
    changed.call_type = VK_CALL_DELEGATE;
    check_refused(version, &changed, VK_ERR_ARGUMENT, "calls");
    changed = one;
    changed.call_type = 0xfe;
    check_refused(version, &changed, VK_ERR_ARGUMENT, "calls");
    changed = (vk_execution){.call_type = VK_CALL_BATCH, .call_count = VK_CALLS_MAX + 1};
    check_refused(version, &changed, VK_ERR_SIZE, "calls");
    changed = one;
    changed.exec_type = VK_EXEC_TRY;
    if (!modern) {
        check_refused(version, &changed, VK_ERR_UNSUPPORTED, "");
    }
    changed = one;
    changed.hooked = true;
    if (!modern) {
        check_refused(version, &changed, VK_ERR_UNSUPPORTED, "");
    }
    changed = one;
    changed.call_type = VK_CALL_DELEGATE;
    calls[0].value = vk_u256_from_u64(1);
    if (version != VK_KERNEL_V1) {
        check_refused(version, &changed, VK_ERR_ARGUMENT, "calls[0].value");
    }
}
END_TEST

static void check_unreadable(vk_kernel_version version, vk_bytes call_data) {
    vk_execution execution;
    vk_error err = {0};
    ck_assert_int_eq(vk_execution_decode_for(version, call_data, &execution, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "callData");
    ck_assert_int_ne(err.message[0], '\0');
}

/* The call data of one version are not those of another family. */
START_TEST(test_other_family) {
    static const vk_kernel_version families[] = {VK_KERNEL_V1, VK_KERNEL_0_2_4, VK_KERNEL_0_3_1};
    vk_call call = {.target = {{1}}};
    vk_execution one = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = &call}, execution;
    for (size_t i = 0; i < 3; i++) {
        vk_buf bytes = encode(families[i], &one);
        check_unreadable(families[(i + 1) % 3], vk_buf_view(&bytes));
        check_unreadable(families[(i + 2) % 3], vk_buf_view(&bytes));
        ck_assert_int_eq(
            vk_execution_decode_for(VK_KERNEL_UNKNOWN, vk_buf_view(&bytes), &execution, NULL),
            VK_ERR_UNSUPPORTED);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* ---- MultiSend ---- */

/* Where the packed entries of a batch begin: selector, four words, length, selector, two words. */
#define ENTRIES (4 + 5 * 32 + 4 + 2 * 32)

START_TEST(test_multi_send_entries) {
    static const uint8_t data[] = {1, 2, 3};
    vk_call calls[2] = {{.target = {{1}}, .data = {data, sizeof data}}, {.target = {{2}}}};
    vk_execution batch = {.call_type = VK_CALL_BATCH, .call_count = 2, .calls = calls};
    vk_buf bytes = encode(VK_KERNEL_0_0_2, &batch);
    ck_assert_mem_eq(bytes.data + 4 + 12, multi_send.b, 20);
    bytes.data[ENTRIES] = 1; /* a delegatecall in the batch */
    check_unreadable(VK_KERNEL_0_0_2, vk_buf_view(&bytes));
    bytes.data[ENTRIES] = 0;
    bytes.data[ENTRIES + 84]++; /* the first call's length: 3 becomes 4 */
    check_unreadable(VK_KERNEL_0_0_2, vk_buf_view(&bytes));
    bytes.data[ENTRIES + 84] = 0xff;
    check_unreadable(VK_KERNEL_0_0_2, vk_buf_view(&bytes));
    vk_buf_clear(&bytes);
}
END_TEST

/* Whoever delegates to MultiSend runs a batch: nothing else is read there. */
START_TEST(test_multi_send_is_a_batch) {
    static const vk_kernel_version versions[] = {VK_KERNEL_V1, VK_KERNEL_0_0_2};
    for (size_t i = 0; i < 2; i++) {
        vk_call call = {.target = multi_send, .data = {(const uint8_t *)"\x8d\x80\xff\x0a", 4}};
        vk_execution one = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = &call}, back;
        vk_buf bytes = encode(versions[i], &one);
        check_unreadable(versions[i], vk_buf_view(&bytes));
        vk_buf_clear(&bytes);
        one.call_type = VK_CALL_SINGLE; /* a call of it is a call */
        bytes = encode(versions[i], &one);
        ck_assert_int_eq(vk_execution_decode_for(versions[i], vk_buf_view(&bytes), &back, NULL),
                         VK_OK);
        check_equal(&one, &back);
        vk_execution_clear(&back);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* 0.0.2 writes no value with a delegatecall; the contract would ignore it. */
START_TEST(test_delegatecall_value) {
    vk_call call = {.target = {{1}}};
    vk_execution one = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = &call};
    vk_buf bytes = encode(VK_KERNEL_0_0_2, &one);
    bytes.data[4 + 2 * 32 - 1] = 1;
    check_unreadable(VK_KERNEL_0_0_2, vk_buf_view(&bytes));
    vk_buf_clear(&bytes);
}
END_TEST

static void add_tests(TCase *tests) {
    const TTest *const of_each[] = {test_calls_come_back, test_changed_calls, test_truncated,
                                    test_self_call, test_refused};
    for (size_t i = 0; i < sizeof of_each / sizeof of_each[0]; i++) {
        tcase_add_loop_test(tests, of_each[i], VK_KERNEL_V1, VK_KERNEL_0_3_3 + 1);
    }
    tcase_add_test(tests, test_package);
    tcase_add_test(tests, test_other_family);
    tcase_add_test(tests, test_multi_send_entries);
    tcase_add_test(tests, test_multi_send_is_a_batch);
    tcase_add_test(tests, test_delegatecall_value);
}

int main(void) {
    Suite *suite = suite_create("execution");
    TCase *tests = tcase_create("versions");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, generated_seed, NULL);
    add_tests(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
