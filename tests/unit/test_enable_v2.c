/* Kernel 0.2.x: modes, and enabling a validator with an operation. The bytes against the SDK's are
 * tested by the batch kind enable_v2. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

static const uint8_t data[20] = {0xd0, 0xd1};
static const uint8_t approval[65] = {0xa0, 0xa1};
static const uint8_t signature[65] = {0x50, 0x51};

static vk_enable_v2 example(void) {
    return (vk_enable_v2){.kernel = VK_KERNEL_0_2_4,
                          .chain_id = 137,
                          .account = {{0x01}},
                          .selector = {0x51, 0x94, 0x54, 0x47},
                          .valid_after = 0x010203040506,
                          .valid_until = 0x111213141516,
                          .validator = {{0x02}},
                          .executor = {{0x03}},
                          .enable_data = {data, sizeof data}};
}

static vk_hash digest_of(const vk_enable_v2 *enable) {
    vk_hash digest;
    ck_assert_int_eq(vk_enable_v2_digest(enable, &digest, NULL), VK_OK);
    return digest;
}

START_TEST(test_modes) {
    vk_buf out = {0};
    vk_bytes inner = {signature, sizeof signature};
    ck_assert_int_eq(vk_v2_signature(VK_V2_ROOT, inner, &out), VK_OK);
    ck_assert_int_eq(vk_v2_signature(VK_V2_PLUGIN, inner, &out), VK_OK);
    ck_assert_uint_eq(out.len, 2 * 69);
    ck_assert_mem_eq(out.data, "\0\0\0\0", 4);
    ck_assert_mem_eq(out.data + 4, signature, 65);
    ck_assert_mem_eq(out.data + 69, "\0\0\0\1", 4);
    ck_assert_int_eq(vk_v2_signature(VK_V2_ENABLE, inner, &out), VK_ERR_ARGUMENT);
    ck_assert_uint_eq(out.len, 2 * 69);
    vk_buf_clear(&out);
}
END_TEST

/* mode || times || validator || executor || length || data || length || approval || signature */
START_TEST(test_layout) {
    vk_enable_v2 enable = example();
    vk_buf out = {0};
    ck_assert_int_eq(vk_enable_v2_signature(&enable, (vk_bytes){approval, sizeof approval},
                                            (vk_bytes){signature, sizeof signature}, &out, NULL),
                     VK_OK);
    ck_assert_uint_eq(out.len, 4 + 12 + 20 + 20 + 32 + 20 + 32 + 65 + 65);
    ck_assert_mem_eq(out.data, "\0\0\0\2\1\2\3\4\5\6\x11\x12\x13\x14\x15\x16\2", 17);
    ck_assert_uint_eq(out.data[36], 0x03);
    ck_assert_uint_eq(out.data[87], 20);
    ck_assert_mem_eq(out.data + 88, data, 20);
    ck_assert_uint_eq(out.data[139], 65);
    ck_assert_mem_eq(out.data + 140, approval, 65);
    ck_assert_mem_eq(out.data + 205, signature, 65);
    vk_buf_clear(&out);
}
END_TEST

/* The SDK's order of the window is that of a contract's window turned round. */
START_TEST(test_sdk_window) {
    vk_enable_v2 right = example(), sdk = example(), turned = example();
    sdk.sdk = true;
    turned.valid_after = right.valid_until;
    turned.valid_until = right.valid_after;
    vk_hash a = digest_of(&right), b = digest_of(&sdk), c = digest_of(&turned);
    ck_assert_mem_ne(&a, &b, sizeof a);
    ck_assert_mem_eq(&b, &c, sizeof b);
    right.valid_after = right.valid_until = sdk.valid_after = sdk.valid_until = 7;
    a = digest_of(&right);
    b = digest_of(&sdk);
    ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

/* Every member is in the digest. */
START_TEST(test_digest_covers) {
    vk_enable_v2 base = example();
    vk_hash original = digest_of(&base);
    for (int i = 0; i < 9; i++) {
        vk_enable_v2 e = example();
        vk_bytes shorter = {data, sizeof data - 1};
        e.kernel = i == 0 ? VK_KERNEL_0_2_3 : e.kernel;
        e.chain_id += i == 1;
        e.account.b[19] ^= i == 2;
        e.selector[3] ^= i == 3;
        e.valid_after += i == 4;
        e.valid_until += i == 5;
        e.validator.b[19] ^= i == 6;
        e.executor.b[19] ^= i == 7;
        e.enable_data = i == 8 ? shorter : e.enable_data;
        vk_hash changed = digest_of(&e);
        ck_assert_msg(memcmp(&changed, &original, sizeof changed) != 0, "member %d", i);
    }
}
END_TEST

static void refused(const vk_enable_v2 *enable, vk_status status, const char *path) {
    vk_error err = {.status = VK_OK};
    vk_hash digest;
    vk_buf out = {0};
    vk_bytes empty = {NULL, 0};
    ck_assert_int_eq(vk_enable_v2_digest(enable, &digest, &err), status);
    ck_assert_str_eq(err.path, path);
    ck_assert_int_eq(vk_enable_v2_signature(enable, empty, empty, &out, &err), status);
    ck_assert_str_eq(err.path, path);
    ck_assert_uint_eq(out.len, 0);
}

START_TEST(test_refused) {
    vk_enable_v2 enable = example();
    enable.valid_after = (uint64_t)1 << 48;
    refused(&enable, VK_ERR_RANGE, "validAfter");
    enable = example();
    enable.valid_until = UINT64_MAX;
    refused(&enable, VK_ERR_RANGE, "validUntil");
    enable.valid_until = ((uint64_t)1 << 48) - 1;
    (void)digest_of(&enable);
    static const vk_kernel_version others[] = {VK_KERNEL_UNKNOWN, VK_KERNEL_V1, VK_KERNEL_0_0_2,
                                               VK_KERNEL_0_3_0, VK_KERNEL_0_3_3};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        enable.kernel = others[i];
        refused(&enable, VK_ERR_UNSUPPORTED, "kernelVersion");
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("enable_v2");
    TCase *tests = tcase_create("enable_v2");
    tcase_add_test(tests, test_modes);
    tcase_add_test(tests, test_layout);
    tcase_add_test(tests, test_sdk_window);
    tcase_add_test(tests, test_digest_covers);
    tcase_add_test(tests, test_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
