/* The SDK's approvals, from the policies' parameters on: what is installed and what its id is. */
#include "kernel_support.h"
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void check_case(const cJSON *one, policy_refusals *refusals) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
    vk_policy policy = policy_of_case(in, refusals);
    vk_signer signer = kernel_signer(vectors_get(in, "signer"));
    uint8_t id[4], expected[4];
    ck_assert_int_eq(vk_policy_permission_id(&policy, &signer, id), VK_OK);
    vectors_fixed(out, "permissionId", expected, sizeof expected);
    ck_assert_mem_eq(id, expected, sizeof id);
    if (cJSON_HasObjectItem(out, "enableData")) {
        vk_buf data = {0}, told = vectors_bytes(out, "enableData");
        ck_assert_int_eq(vk_policy_enable_data(&policy, &signer, &data), VK_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&told)));
        vk_buf_clear(&data);
        vk_buf_clear(&told);
    }
    vk_policy_clear(&policy);
}

START_TEST(test_enable) {
    cJSON *file = vectors_load("enable.json");
    const cJSON *one;
    policy_refusals refusals = {0};
    size_t count = 0, none = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cJSON_GetArraySize(vectors_get(vectors_get(one, "in"), "policies")) == 0) {
            none++; /* no key may have such a policy */
            continue;
        }
        check_case(one, &refusals);
        count++;
    }
    ck_assert_uint_eq(count, 25);
    ck_assert_uint_eq(none, 1);
    ck_assert_uint_eq(refusals.address, 0);
    ck_assert_uint_eq(refusals.window, 1);
    cJSON_Delete(file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("enable-policies");
    TCase *tests = tcase_create("enable-policies");
    tcase_add_test(tests, test_enable);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
