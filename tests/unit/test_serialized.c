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

static vk_buf base64_of(const char *json) {
    vk_buf out = {0};
    vk_base64_put(&out, (vk_bytes){(const uint8_t *)json, strlen(json)});
    return out;
}

/* What is written for the policies in that text; NULL if it is refused. */
static char *policies_of(char *text) {
    vk_serialized_account account = {.policies = text};
    vk_buf out = {0};
    vk_status status = vk_serialized_write_json(&account, NULL, &out);
    if (status != VK_OK) {
        ck_assert_int_eq(status, VK_ERR_FORMAT);
        vk_buf_clear(&out);
        return NULL;
    }
    char *json = vk_buf_take_text(&out), *end = strstr(json, "],\"permissionId\"");
    static const char start[] = "{\"permissionParams\":{\"policies\":[";
    ck_assert_ptr_nonnull(end);
    ck_assert_int_eq(strncmp(json, start, strlen(start)), 0);
    char *found = strndup(json + strlen(start), (size_t)(end - json) - strlen(start));
    vk_text_free(json);
    return found;
}

START_TEST(test_policies_text) {
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"[]", ""},
        {" [ ] \n", ""},
        {"[{}]", "{\"policyParams\":{}}"},
        {"[{\"a\":1},{\"b\":[2,{}]}]",
         "{\"policyParams\":{\"a\":1}},{\"policyParams\":{\"b\":[2,{}]}}"},
        {" [ { \"a b\" :\t[ 1 , 2 ] }\r\n, { } ] ",
         "{\"policyParams\":{\"a b\":[1,2]}},{\"policyParams\":{}}"},
        {"[{\"a\":\"]}, \\\"{[ \\\\\"}]", "{\"policyParams\":{\"a\":\"]}, \\\"{[ \\\\\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = strdup(cases[i].text), *found = policies_of(text);
        ck_assert_msg(found != NULL, "%s", text);
        ck_assert_str_eq(found, cases[i].written);
        free(found);
        free(text);
    }
}
END_TEST

/* None of these may end the array early, or take what follows it in. */
START_TEST(test_bad_policies_text) {
    static const char *const bad[] = {
        "",      " ",          "{}",           "null",        "[",       "[{}",
        "[{},]", "[,{}]",      "[{}{}]",       "[1]",         "[\"a\"]", "[[{}]]",
        "[{]",   "[{}}]",      "[{\"a\":[}]}", "[{\"a\":1]}", "[{\"a}]", "[{\"a\\\"}]",
        "[{}]]", "[{}],\"a\"", "[{}] x",       "[{\"a\\",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *text = strdup(bad[i]);
        ck_assert_msg(policies_of(text) == NULL, "%s", bad[i]);
        free(text);
    }
    ck_assert_ptr_null(policies_of(NULL));
}
END_TEST

START_TEST(test_deep_policies_text) {
    for (size_t depth = 1; depth < 100; depth++) {
        char text[512] = "[{\"a\":";
        for (size_t i = 1; i < depth; i++) {
            strcat(text, "[");
        }
        for (size_t i = 1; i < depth; i++) {
            strcat(text, "]");
        }
        strcat(text, "}]");
        char *found = policies_of(text);
        ck_assert_int_eq(found != NULL, depth <= 64);
        free(found);
    }
}
END_TEST

/* It is written only when given, and read only by the function for it. */
START_TEST(test_private_key_on_request) {
    static const char key[] = "0x1b8937b3ba73a8a9d0da16047a7628662bc0efa84a3196d703f49616dc15c870";
    cJSON *json = grant_account(&session);
    vk_serialized_account account = read_json(json);
    uint8_t secret[32], again[32] = {0};
    vk_buf with = {0};
    ck_assert_int_eq(vk_hex_read_fixed(key, strlen(key), secret, sizeof secret), VK_OK);
    ck_assert_int_eq(vk_serialized_write_json(&account, secret, &with), VK_OK);
    char *text = vk_buf_take_text(&with);
    ck_assert_ptr_nonnull(strstr(text, key));
    vk_buf base64 = base64_of(text);
    ck_assert_int_eq(
        vk_serialized_read_private_key((const char *)base64.data, base64.len, again, NULL), VK_OK);
    ck_assert_mem_eq(again, secret, sizeof secret);
    vk_buf_clear(&base64);
    vk_text_free(text);

    vk_error err = {0};
    ck_assert_int_eq(vk_serialized_write(&account, &base64), VK_OK);
    ck_assert_int_eq(
        vk_serialized_read_private_key((const char *)base64.data, base64.len, again, &err),
        VK_ERR_NOT_FOUND);
    ck_assert_str_eq(err.path, "privateKey");
    ck_assert_mem_eq(again, secret, sizeof secret);
    vk_buf_clear(&base64);
    vk_serialized_clear(&account);
    cJSON_Delete(json);
}
END_TEST

START_TEST(test_bad_private_keys) {
    static const struct {
        const char *json;
        vk_status status;
    } cases[] = {
        {"{\"privateKey\":\"0x00\"}", VK_ERR_FORMAT},
        {"{\"privateKey\":7}", VK_ERR_FORMAT},
        {"{\"privateKey\":\"0x0000000000000000000000000000000000000000000000000000000000000000\"}",
         VK_ERR_RANGE},
        {"{\"privateKey\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}",
         VK_ERR_RANGE},
        {"[]", VK_ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t secret[32] = {0x55}, before[32] = {0x55};
        vk_buf text = base64_of(cases[i].json);
        ck_assert_int_eq(
            vk_serialized_read_private_key((const char *)text.data, text.len, secret, NULL),
            cases[i].status);
        ck_assert_mem_eq(secret, before, sizeof secret);
        vk_buf_clear(&text);
    }
}
END_TEST

/* The members that not every text has come out again as they went in. */
START_TEST(test_optional_members) {
    static const char *const actions[] = {
        "{\"selector\":\"0xe9ae5c53\",\"address\":\"0x0000000000000000000000000000000000000000\"}",
        "{\"selector\":\"0xe9ae5c53\",\"address\":\"0x0000000000000000000000000000000000000000\","
        "\"hook\":{\"address\":\"0xb230f0a1c7c95fa11001647383c8c7a8f316b900\"}}"};
    for (int i = 0; i < 8; i++) {
        cJSON *json = grant_account(&session);
        cJSON_ReplaceItemInObject(json, "action", cJSON_Parse(actions[i & 1]));
        if (i & 2) {
            cJSON_AddItemToObject(json, "eip7702Auth",
                                  cJSON_Parse("{\"chainId\":1,\"nonce\":9007199254740991}"));
        }
        if (i & 4) {
            cJSON_DeleteItemFromObject(json, "isPreInstalled");
        }
        vk_serialized_account account = read_json(json);
        ck_assert_int_eq(account.has_action_hook, i & 1);
        ck_assert_int_eq(account.eip7702_auth != NULL, (i & 2) != 0);
        ck_assert_int_eq(account.multi_chain, (i & 4) != 0);
        char *out = written(&account);
        cJSON *again = cJSON_Parse(out);
        ck_assert_int_eq(cJSON_HasObjectItem(again, "isPreInstalled"), (i & 4) == 0);
        vk_serialized_account twice = read_json(again);
        char *second = written(&twice);
        ck_assert_str_eq(out, second);
        ck_assert(i & 2 ? strstr(out, "9007199254740991") != NULL : true);
        vk_text_free(second);
        vk_text_free(out);
        vk_serialized_clear(&twice);
        vk_serialized_clear(&account);
        cJSON_Delete(again);
        cJSON_Delete(json);
    }
}
END_TEST

START_TEST(test_stored_id) {
    cJSON *json = grant_account(&session);
    vk_serialized_account account = read_json(json);
    uint8_t id4[4];
    vk_error err = {0};
    ck_assert_int_eq(vk_policy_permission_id(&session.policy, &session.signer, id4), VK_OK);
    ck_assert_int_eq(vk_serialized_check_id(&account, id4, &err), VK_OK);
    for (size_t i = 0; i < sizeof id4; i++) {
        id4[i] ^= 1;
        ck_assert_int_eq(vk_serialized_check_id(&account, id4, &err), VK_ERR_MISMATCH);
        ck_assert_str_eq(err.path, "permissionParams.permissionId");
        id4[i] ^= 1;
    }
    vk_serialized_clear(&account);
    cJSON_Delete(json);
}
END_TEST

/* Every prefix of a text is refused, with out untouched. */
START_TEST(test_truncated) {
    const char *text = vectors_text(session.file, "serializedAccount");
    vk_serialized_account account = {.pre_installed = true};
    vk_error err;
    for (size_t len = 0; len < strlen(text); len++) {
        char *exact = malloc(len + 1);
        memcpy(exact, text, len);
        ck_assert_int_eq(vk_serialized_read(exact, len, &account, &err), VK_ERR_FORMAT);
        ck_assert(account.pre_installed && account.policies == NULL);
        free(exact);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("serialized");
    TCase *tests = tcase_create("serialized");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_large_offsets);
    tcase_add_test(tests, test_private_key_is_not_kept);
    tcase_add_test(tests, test_newline);
    tcase_add_test(tests, test_policies_text);
    tcase_add_test(tests, test_bad_policies_text);
    tcase_add_test(tests, test_deep_policies_text);
    tcase_add_test(tests, test_private_key_on_request);
    tcase_add_test(tests, test_bad_private_keys);
    tcase_add_test(tests, test_optional_members);
    tcase_add_test(tests, test_stored_id);
    tcase_add_test(tests, test_truncated);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
