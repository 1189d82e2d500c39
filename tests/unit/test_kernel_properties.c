/* Properties over generated input, the same at every run: what is written is read back, and what
 * is read from changed bytes is exactly what the bytes say. */
#include "generated.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- Calls ---- */

#define CALLS 5
#define DATA_MAX 100

typedef struct made_calls {
    vk_execution execution;
    vk_call calls[CALLS];
    uint8_t data[CALLS][DATA_MAX];
} made_calls;

static void generate(made_calls *out) {
    static const uint8_t types[] = {VK_CALL_SINGLE, VK_CALL_BATCH, VK_CALL_DELEGATE};
    *out = (made_calls){.execution = {.call_type = types[generated_below(3)],
                                      .exec_type = (uint8_t)generated_below(2),
                                      .hooked = generated_below(4) == 0}};
    bool batch = out->execution.call_type == VK_CALL_BATCH;
    out->execution.call_count = batch ? generated_below(CALLS + 1) : 1;
    out->execution.calls = out->calls;
    for (size_t i = 0; i < out->execution.call_count; i++) {
        size_t len = generated_below(DATA_MAX + 1);
        generated_fill(out->data[i], len);
        generated_fill(out->calls[i].target.b, 20);
        if (out->execution.call_type != VK_CALL_DELEGATE) {
            generated_fill(out->calls[i].value.be, 32);
        }
        out->calls[i].data = (vk_bytes){out->data[i], len};
    }
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

START_TEST(test_calls_come_back) {
    static made_calls made;
    for (size_t i = 0; i < 2000; i++) {
        generate(&made);
        vk_buf bytes = {0};
        vk_execution back;
        ck_assert_int_eq(vk_execution_encode(&made.execution, &bytes), VK_OK);
        ck_assert_int_eq(vk_execution_decode(vk_buf_view(&bytes), &back, NULL), VK_OK);
        check_equal(&made.execution, &back);
        vk_execution_clear(&back);
        vk_buf_clear(&bytes);
    }
}
END_TEST

/* Only one spelling of any calls is read. */
START_TEST(test_changed_calls) {
    static made_calls made;
    size_t read = 0;
    for (size_t i = 0; i < 20000; i++) {
        generate(&made);
        vk_buf bytes = {0}, again = {0};
        vk_execution back;
        ck_assert_int_eq(vk_execution_encode(&made.execution, &bytes), VK_OK);
        for (size_t changes = 1 + generated_below(3); changes > 0; changes--) {
            generated_change(&bytes);
        }
        if (vk_execution_decode(vk_buf_view(&bytes), &back, NULL) == VK_OK) {
            ck_assert_int_eq(vk_execution_encode(&back, &again), VK_OK);
            ck_assert(vk_bytes_equal(vk_buf_view(&bytes), vk_buf_view(&again)));
            vk_execution_clear(&back);
            read++;
        }
        vk_buf_clear(&bytes);
        vk_buf_clear(&again);
    }
    ck_assert_uint_gt(read, 100);
}
END_TEST

/* ---- Nonces ---- */

START_TEST(test_nonces_come_back) {
    for (size_t i = 0; i < 2000; i++) {
        vk_u256 nonce;
        generated_fill(nonce.be, sizeof nonce.be);
        vk_kernel_nonce parts = vk_kernel_nonce_decode(&nonce);
        vk_u256 again = vk_kernel_nonce_encode(&parts);
        ck_assert_int_eq(vk_u256_cmp(&nonce, &again), 0);
        ck_assert_mem_eq(parts.permission_id, parts.identifier, 4);
    }
}
END_TEST

/* ---- Assertions ---- */

static vk_buf assertion(void) {
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_webauthn_assertion parts = {.auth_data = {auth_data, sizeof auth_data},
                                   .use_precompiled = generated_below(2) == 1};
    vk_hash challenge;
    vk_buf client_data = {0}, out = {0};
    generated_fill(auth_data, sizeof auth_data);
    generated_fill(challenge.b, sizeof challenge.b);
    generated_fill(parts.r, sizeof parts.r);
    generated_fill(parts.s, sizeof parts.s);
    ck_assert_int_eq(vk_webauthn_client_data(&challenge, "https://a.example", &client_data), VK_OK);
    parts.client_data = vk_buf_view(&client_data);
    ck_assert_int_eq(vk_webauthn_encode(&parts, &out), VK_OK);
    vk_buf_clear(&client_data);
    return out;
}

START_TEST(test_changed_assertions) {
    size_t read = 0;
    for (size_t i = 0; i < 20000; i++) {
        vk_buf bytes = assertion(), again = {0};
        vk_webauthn_assertion parts;
        size_t location, type_at = 0;
        for (size_t changes = 1 + generated_below(3); changes > 0; changes--) {
            generated_change(&bytes);
        }
        if (vk_webauthn_decode(vk_buf_view(&bytes), &parts, &location, NULL) == VK_OK &&
            vk_webauthn_encode(&parts, &again) == VK_OK) {
            vk_webauthn_assertion same;
            ck_assert_int_eq(vk_webauthn_decode(vk_buf_view(&again), &same, &type_at, NULL), VK_OK);
            ck_assert(location != type_at ||
                      vk_bytes_equal(vk_buf_view(&bytes), vk_buf_view(&again)));
            read++;
        }
        vk_buf_clear(&bytes);
        vk_buf_clear(&again);
    }
    ck_assert_uint_gt(read, 100);
}
END_TEST

/* ---- Factory data ---- */

/* The address says whether it is the same account: it never is when the call of initialize or the
 * index changed. */
START_TEST(test_changed_factory_data) {
    size_t read = 0;
    for (size_t i = 0; i < 5000; i++) {
        vk_address owner;
        vk_u256 index;
        vk_buf bytes = {0};
        vk_account_init made, changed;
        generated_fill(owner.b, sizeof owner.b);
        generated_fill(index.be, sizeof index.be);
        ck_assert_int_eq(vk_account_init_write(VK_KERNEL_0_3_2, &owner, &index, &bytes), VK_OK);
        ck_assert_int_eq(vk_account_init_read(vk_buf_view(&bytes), VK_KERNEL_UNKNOWN, &made, NULL),
                         VK_OK);
        ck_assert(vk_address_equal(&made.root.owner, &owner));
        generated_change(&bytes);
        if (vk_account_init_read(vk_buf_view(&bytes), VK_KERNEL_UNKNOWN, &changed, NULL) == VK_OK) {
            bool same = changed.root.kind == made.root.kind &&
                        vk_address_equal(&changed.root.owner, &made.root.owner);
            ck_assert(same || !vk_address_equal(&changed.account, &made.account));
            read++;
        }
        vk_buf_clear(&bytes);
    }
    ck_assert_uint_gt(read, 100);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kernel-properties");
    TCase *tests = tcase_create("kernel-properties");
    tcase_add_checked_fixture(tests, generated_seed, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_calls_come_back);
    tcase_add_test(tests, test_changed_calls);
    tcase_add_test(tests, test_nonces_come_back);
    tcase_add_test(tests, test_changed_assertions);
    tcase_add_test(tests, test_changed_factory_data);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
