/* Revoking, asking and what comes back: selectors, the packages' bytes, hostile answers. */
#include "eth/abi.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

static bool has_selector(const vk_buf *data, const char *function) {
    vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)function, strlen(function)});
    return data->len >= 4 && memcmp(data->data, hash.b, 4) == 0;
}

/* ---- Calls ---- */

typedef struct ask_case {
    const char *function;
    size_t len;
} ask_case;

START_TEST(test_selectors) {
    static const ask_case cases[] = {
        {"invalidateNonce(uint32)", 36},
        {"currentNonce()", 4},
        {"validNonceFrom()", 4},
        {"permissionConfig(bytes4)", 36},
        {"validationConfig(bytes21)", 36},
        {"isInitialized(address)", 36},
        {"isModuleInstalled(uint256,address,bytes)", 132},
        {"installValidations(bytes21[],(uint32,address)[],bytes[],bytes[])", 516},
    };
    static const uint8_t id21[21] = {2, 1}, data[3] = {1, 2, 3};
    vk_address address = {{5}};
    vk_buf out[sizeof cases / sizeof cases[0]] = {{0}}, access = {0};
    vk_manage_invalidate_nonce(7, &out[0]);
    vk_manage_ask_current_nonce(&out[1]);
    vk_manage_ask_valid_nonce_from(&out[2]);
    vk_manage_ask_permission_config(id21, &out[3]);
    vk_manage_ask_validation_config(id21, &out[4]);
    vk_manage_ask_is_initialized(&address, &out[5]);
    vk_manage_ask_is_module_installed(VK_MODULE_VALIDATOR, &address, (vk_bytes){NULL, 0}, &out[6]);
    ck_assert_int_eq(vk_manage_init_config(id21, (vk_bytes){data, 3}, &out[7], &access), VK_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(has_selector(&out[i], cases[i].function), "%s", cases[i].function);
        ck_assert_uint_eq(out[i].len, cases[i].len);
        vk_buf_clear(&out[i]);
    }
    vk_buf_clear(&access);
}
END_TEST

/* The revocation is one call of the account on itself, of uninstallValidation with these members.
 */
START_TEST(test_revoke) {
    static const uint8_t id4[4] = {1, 2, 3, 4}, data[40] = {9}, hook_data[33] = {8};
    vk_address account = {{5}};
    vk_buf out = {0};
    ck_assert_int_eq(vk_manage_revoke(&account, id4, (vk_bytes){data, sizeof data},
                                      (vk_bytes){hook_data, sizeof hook_data}, &out),
                     VK_OK);
    vk_execution execution;
    ck_assert_int_eq(vk_execution_decode(vk_buf_view(&out), &execution, NULL), VK_OK);
    ck_assert_int_eq(execution.call_type, VK_CALL_SINGLE);
    const vk_call *call = &execution.calls[0];
    ck_assert(vk_address_equal(&call->target, &account));
    ck_assert(vk_u256_is_zero(&call->value));
    vk_buf inner = {0};
    vk_buf_put(&inner, call->data.data, call->data.len);
    ck_assert(has_selector(&inner, "uninstallValidation(bytes21,bytes,bytes)"));
    vk_bytes body = {inner.data + 4, inner.len - 4}, part;
    ck_assert_mem_eq(body.data, "\x02\x01\x02\x03\x04\x00", 6);
    ck_assert_int_eq(vk_abi_bytes(body, VK_WORD, &part), VK_OK);
    ck_assert(vk_bytes_equal(part, (vk_bytes){data, sizeof data}));
    ck_assert_int_eq(vk_abi_bytes(body, 2 * VK_WORD, &part), VK_OK);
    ck_assert(vk_bytes_equal(part, (vk_bytes){hook_data, sizeof hook_data}));
    vk_execution_clear(&execution);
    vk_buf_clear(&inner);
    vk_buf_clear(&out);
}
END_TEST

static void check_hex(const vk_buf *data, const char *hex) {
    vk_buf expected = vectors_hex(hex);
    ck_assert(vk_bytes_equal(vk_buf_view(data), vk_buf_view(&expected)));
    vk_buf_clear(&expected);
}

/* manage.json, from the enable data that it tells. */
START_TEST(test_vectors) {
    cJSON *file = vectors_load("manage.json");
    const cJSON *one;
    int count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        const cJSON *hook = cJSON_GetObjectItemCaseSensitive(in, "hook");
        const cJSON *config = vectors_get(out, "initConfig");
        vk_address account = vectors_address(in, "account");
        vk_buf data = vectors_bytes(out, "enableData"), hook_data = {0}, call = {0};
        vk_buf install = {0}, grant = {0};
        uint8_t id4[4];
        vectors_fixed(out, "permissionId", id4, sizeof id4);
        if (hook != NULL) {
            hook_data = vectors_bytes(hook, "data");
        }
        ck_assert_int_eq(
            vk_manage_revoke(&account, id4, vk_buf_view(&data), vk_buf_view(&hook_data), &call),
            VK_OK);
        check_hex(&call, vectors_text(out, "uninstallCallData"));
        ck_assert_int_eq(vk_manage_init_config(id4, vk_buf_view(&data), &install, &grant), VK_OK);
        check_hex(&install, cJSON_GetArrayItem(config, 0)->valuestring);
        check_hex(&grant, cJSON_GetArrayItem(config, 1)->valuestring);
        vk_buf *const bufs[] = {&data, &hook_data, &call, &install, &grant};
        for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
            vk_buf_clear(bufs[i]);
        }
        count++;
    }
    ck_assert_int_eq(count, 8);
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_invalidate_bounds) {
    vk_error err = {0};
    ck_assert_int_eq(vk_manage_check_invalidate(2, 1, 1, &err), VK_OK);
    ck_assert_int_eq(vk_manage_check_invalidate(11, 1, 1, &err), VK_OK);
    ck_assert_int_eq(vk_manage_check_invalidate(12, 1, 1, &err), VK_ERR_RANGE);
    ck_assert_str_eq(err.path, "nonceToSet");
    ck_assert_int_eq(vk_manage_check_invalidate(1, 1, 1, &err), VK_ERR_RANGE);
    ck_assert_int_eq(vk_manage_check_invalidate(0, 0, 5, &err), VK_ERR_RANGE);
    ck_assert_int_eq(vk_manage_check_invalidate(UINT32_MAX, 1, UINT32_MAX - 3, &err), VK_OK);
}
END_TEST

/* ---- Answers ---- */

START_TEST(test_numbers) {
    uint8_t word[2 * VK_WORD] = {0};
    uint32_t number = 77;
    bool yes = true;
    vk_error err = {0};
    word[31] = 1;
    ck_assert_int_eq(vk_manage_read_u32((vk_bytes){word, VK_WORD}, &number, NULL), VK_OK);
    ck_assert_uint_eq(number, 1);
    ck_assert_int_eq(vk_manage_read_bool((vk_bytes){word, VK_WORD}, &yes, NULL), VK_OK);
    ck_assert(yes);
    word[31] = 2;
    ck_assert_int_eq(vk_manage_read_bool((vk_bytes){word, VK_WORD}, &yes, &err), VK_ERR_FORMAT);
    word[27] = 1; /* 2^32 + 2 */
    ck_assert_int_eq(vk_manage_read_u32((vk_bytes){word, VK_WORD}, &number, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "answer");
    word[27] = 0;
    for (size_t len = 0; len <= sizeof word; len++) {
        vk_status expected = len == VK_WORD ? VK_OK : VK_ERR_FORMAT;
        ck_assert_int_eq(vk_manage_read_u32((vk_bytes){word, len}, &number, &err), expected);
    }
}
END_TEST

START_TEST(test_validation_config) {
    uint8_t words[2 * VK_WORD] = {0};
    words[31] = 3;
    words[63] = 1;
    vk_validation_config config;
    ck_assert_int_eq(
        vk_manage_read_validation_config((vk_bytes){words, sizeof words}, &config, NULL), VK_OK);
    ck_assert_uint_eq(config.nonce, 3);
    ck_assert_uint_eq(config.hook.b[19], 1);
    for (size_t len = 0; len < sizeof words; len++) {
        ck_assert_int_eq(vk_manage_read_validation_config((vk_bytes){words, len}, &config, NULL),
                         VK_ERR_FORMAT);
    }
    words[32] = 1; /* above the address */
    ck_assert_int_eq(
        vk_manage_read_validation_config((vk_bytes){words, sizeof words}, &config, NULL),
        VK_ERR_FORMAT);
}
END_TEST

static vk_buf config_answer(const vk_address *signer, size_t policies) {
    static const uint8_t flag[2] = {0x00, 0x02}, policy[22] = {0x00, 0x01, 0xaa};
    vk_buf out = {0};
    vk_abi_put_u64(&out, VK_WORD);
    vk_abi_put_fixed(&out, flag, sizeof flag);
    vk_abi_put_address(&out, signer);
    vk_abi_put_u64(&out, 3 * VK_WORD);
    vk_abi_put_u64(&out, policies);
    for (size_t i = 0; i < policies; i++) {
        vk_abi_put_fixed(&out, policy, sizeof policy);
    }
    return out;
}

START_TEST(test_permission_config) {
    vk_address session = {{7}};
    vk_signer signer = vk_signer_ecdsa(&session);
    vk_buf answer = config_answer(&signer.contract, 2);
    vk_permission_config config;
    ck_assert_int_eq(vk_manage_read_permission_config(vk_buf_view(&answer), &config, NULL), VK_OK);
    ck_assert_uint_eq(config.flag, VK_FLAG_NOT_FOR_SIGNATURE);
    ck_assert_uint_eq(config.policy_count, 2);
    ck_assert_uint_eq(config.policies[1].flag, VK_FLAG_NOT_FOR_USER_OP);
    ck_assert_uint_eq(config.policies[1].address.b[0], 0xaa);
    ck_assert(vk_manage_is_installed(&config, &signer));
    signer.contract.b[0] ^= 1;
    ck_assert(!vk_manage_is_installed(&config, &signer));
    vk_buf_clear(&answer);
    vk_address none = {{0}};
    answer = config_answer(&none, 0);
    ck_assert_int_eq(vk_manage_read_permission_config(vk_buf_view(&answer), &config, NULL), VK_OK);
    signer.contract = none;
    ck_assert(!vk_manage_is_installed(&config, &signer));
    vk_buf_clear(&answer);
}
END_TEST

START_TEST(test_hostile_permission_config) {
    vk_address session = {{7}};
    vk_signer signer = vk_signer_ecdsa(&session);
    vk_buf answer = config_answer(&signer.contract, 2);
    vk_permission_config config;
    vk_error err = {0};
    for (size_t len = 0; len < answer.len; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, answer.data, len);
        ck_assert_int_eq(vk_manage_read_permission_config((vk_bytes){exact, len}, &config, &err),
                         VK_ERR_FORMAT);
        free(exact);
    }
    static const size_t changed[] = {0, 31, 34, 64, 96, 127, 128, 159, 160 + 22, 192 + 31};
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        answer.data[changed[i]] ^= 0x40;
        ck_assert_int_eq(vk_manage_read_permission_config(vk_buf_view(&answer), &config, &err),
                         VK_ERR_FORMAT);
        answer.data[changed[i]] ^= 0x40;
    }
    vk_buf_clear(&answer);
    answer = config_answer(&signer.contract, VK_POLICIES_MAX + 1);
    ck_assert_int_eq(vk_manage_read_permission_config(vk_buf_view(&answer), &config, &err),
                     VK_ERR_SIZE);
    vk_buf_clear(&answer);
}
END_TEST

START_TEST(test_revoke_matches_installed) {
    vk_address session = {{7}};
    vk_signer signer = vk_signer_ecdsa(&session);
    static const uint8_t entry[22] = {0};
    const vk_bytes entries[] = {{entry, sizeof entry}, {entry, sizeof entry}};
    vk_policy_entries policies = {.count = 2, .entries = entries};
    vk_buf data = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_permission_enable_data(&policies, &signer, 0, &data), VK_OK);
    vk_permission_config config = {.signer = signer.contract, .policy_count = 2};
    ck_assert_int_eq(vk_manage_check_revoke(&config, vk_buf_view(&data), &err), VK_OK);
    config.policy_count = 3;
    ck_assert_int_eq(vk_manage_check_revoke(&config, vk_buf_view(&data), &err), VK_ERR_MISMATCH);
    ck_assert_str_eq(err.path, "enableData");
    ck_assert_int_eq(vk_manage_check_revoke(&config, (vk_bytes){data.data, 63}, &err),
                     VK_ERR_FORMAT);
    data.data[32] = 1; /* a count of 2^248 and more */
    ck_assert_int_eq(vk_manage_check_revoke(&config, vk_buf_view(&data), &err), VK_ERR_FORMAT);
    vk_buf_clear(&data);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("manage");
    TCase *tests = tcase_create("manage");
    tcase_add_test(tests, test_selectors);
    tcase_add_test(tests, test_revoke);
    tcase_add_test(tests, test_vectors);
    tcase_add_test(tests, test_invalidate_bounds);
    tcase_add_test(tests, test_numbers);
    tcase_add_test(tests, test_validation_config);
    tcase_add_test(tests, test_permission_config);
    tcase_add_test(tests, test_hostile_permission_config);
    tcase_add_test(tests, test_revoke_matches_installed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
