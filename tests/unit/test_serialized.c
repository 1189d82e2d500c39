/* Serialized accounts: what comes out again, and what does not. */
#include "grant_support.h"

#include "base/json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static grant_session session;

static void load(void) {
    session = grant_session_load("session/ecdsa.json");
}

static void clear(void) {
    grant_session_clear(&session);
}

static vk_serialized_account read_json(const cJSON *json) {
    char *text = vk_json_print(json);
    vk_buf base64 = {0};
    vk_base64_put(&base64, (vk_bytes){(const uint8_t *)text, strlen(text)});
    vk_serialized_account account;
    vk_error err = {0};
    vk_status status = vk_serialized_read((const char *)base64.data, base64.len, &account, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    vk_buf_clear(&base64);
    vk_text_free(text);
    return account;
}

/* The JSON that is written. */
static char *written(const vk_serialized_account *account) {
    vk_buf base64 = {0}, json = {0};
    ck_assert_int_eq(vk_serialized_write(account, &base64), VK_OK);
    ck_assert_int_eq(vk_base64_read((const char *)base64.data, base64.len, &json), VK_OK);
    vk_buf_clear(&base64);
    return vk_buf_take_text(&json);
}

static cJSON *first_rule(cJSON *account) {
    cJSON *policies =
        cJSON_GetObjectItem(cJSON_GetObjectItem(account, "permissionParams"), "policies");
    cJSON *params = cJSON_GetObjectItem(cJSON_GetArrayItem(policies, 0), "policyParams");
    cJSON *permission = cJSON_GetArrayItem(cJSON_GetObjectItem(params, "permissions"), 0);
    return cJSON_GetArrayItem(cJSON_GetObjectItem(permission, "rules"), 0);
}

/* A printer with 15 digits would move the rule to another place of the call data. */
START_TEST(test_large_offsets) {
    static const uint64_t offsets[] = {1000000000000000, 4503599627370497, 9007199254740990,
                                       9007199254740991};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        cJSON *json = grant_account(&session);
        ck_assert(cJSON_ReplaceItemInObject(first_rule(json), "offset",
                                            cJSON_CreateNumber((double)offsets[i])));
        vk_serialized_account account = read_json(json);
        char *out = written(&account);
        cJSON *again = cJSON_Parse(out);
        ck_assert_uint_eq(vectors_u64(first_rule(again), "offset"), offsets[i]);
        vk_policy policy;
        ck_assert_int_eq(vk_policy_read(account.policies, strlen(account.policies), &policy, NULL),
                         VK_OK);
        ck_assert_uint_eq(policy.rules[0].u.call.permissions[0].rules[0].offset, offsets[i]);
        vk_policy_clear(&policy);
        vk_serialized_clear(&account);
        vk_text_free(out);
        cJSON_Delete(again);
        cJSON_Delete(json);
    }
}
END_TEST

START_TEST(test_private_key_is_not_kept) {
    static const char key[] = "0x1b8937b3ba73a8a9d0da16047a7628662bc0efa84a3196d703f49616dc15c870";
    cJSON *json = grant_account(&session);
    vk_serialized_account account = read_json(json);
    ck_assert(!account.has_private_key);
    vk_serialized_clear(&account);
    cJSON_AddStringToObject(json, "privateKey", key);
    account = read_json(json);
    ck_assert(account.has_private_key);
    char *out = written(&account);
    ck_assert_ptr_null(strstr(out, "privateKey"));
    ck_assert_ptr_null(strstr(out, key + 2));
    vk_text_free(out);
    vk_serialized_clear(&account);
    cJSON_Delete(json);
}
END_TEST

/* With base64 as files end: the SDK's text is read with the newline of an editor behind it. */
START_TEST(test_newline) {
    const char *text = vectors_text(session.file, "serializedAccount");
    vk_buf with = {0};
    vk_buf_printf(&with, "%s\r\n", text);
    vk_serialized_account account;
    ck_assert_int_eq(vk_serialized_read((const char *)with.data, with.len, &account, NULL), VK_OK);
    vk_serialized_clear(&account);
    vk_buf_clear(&with);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("serialized");
    TCase *tests = tcase_create("serialized");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_large_offsets);
    tcase_add_test(tests, test_private_key_is_not_kept);
    tcase_add_test(tests, test_newline);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
