/* What the SDK installs, byte for byte. */
#include "policy_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void check_rule(const vk_rule *rule, const cJSON *vector) {
    uint8_t info[22];
    vectors_fixed(vector, "policyInfo", info, sizeof info);
    ck_assert_uint_eq(rule->flag, (unsigned)(info[0] << 8 | info[1]));
    ck_assert_mem_eq(rule->address.b, info + 2, 20);
    vk_buf expected = vectors_bytes(vector, "policyData"), data = {0}, text = {0};
    ck_assert_int_eq(vk_rule_encode(rule, &data), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&expected)));
    vk_rule_describe(rule, &text);
    ck_assert_int_eq(vk_buf_status(&text), VK_OK);
    ck_assert_uint_gt(text.len, 10);
    vk_buf_clear(&expected);
    vk_buf_clear(&data);
    vk_buf_clear(&text);
}

START_TEST(test_policy_data) {
    cJSON *file = vectors_load("policy_data.json");
    const cJSON *one;
    size_t count = 0;
    policy_refusals refusals = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *out = vectors_get(one, "out");
        cJSON *params = cJSON_CreateArray();
        cJSON_AddItemToArray(
            params, policy_params(vectors_get(one, "in"), cJSON_GetObjectItem(out, "permissions")));
        vk_policy policy = policy_of_params(params, &refusals);
        ck_assert_uint_eq(policy.count, 1);
        check_rule(&policy.rules[0], out);
        vk_policy_clear(&policy);
        count++;
    }
    ck_assert_uint_eq(count, 98);
    /* One of them has a foreign address as well, which is seen first. */
    ck_assert_uint_eq(refusals.address, 1);
    ck_assert_uint_eq(refusals.window, 0);
    cJSON_Delete(file);
}
END_TEST

/* ---- Whole permissions ---- */

static vk_signer signer_of(const cJSON *one) {
    const cJSON *in = vectors_get(vectors_get(one, "in"), "signer");
    const cJSON *out = vectors_get(one, "out");
    vk_signer signer = {.contract = vectors_address(out, "signerContract")};
    vk_buf data = vectors_bytes(out, "signerData");
    if (strcmp(vectors_text(in, "type"), "ecdsa") == 0) {
        signer.kind = VK_SIGNER_ECDSA;
        signer.address = vectors_address(in, "sessionAddress");
    } else {
        ck_assert_uint_eq(data.len, 96);
        signer.kind = VK_SIGNER_WEBAUTHN;
        memcpy(signer.x, data.data, 32);
        memcpy(signer.y, data.data + 32, 32);
        memcpy(signer.authenticator_id_hash.b, data.data + 64, 32);
    }
    vk_buf_clear(&data);
    return signer;
}

static void check_permission(const cJSON *one, const vk_policy *policy) {
    const cJSON *rule, *out = vectors_get(one, "out");
    size_t i = 0;
    cJSON_ArrayForEach(rule, vectors_get(vectors_get(one, "in"), "policies")) {
        check_rule(&policy->rules[i++], rule);
    }
    vk_signer signer = signer_of(one);
    uint8_t id[4], expected_id[4];
    ck_assert_int_eq(vk_policy_permission_id(policy, &signer, id), VK_OK);
    vectors_fixed(out, "permissionId", expected_id, sizeof expected_id);
    ck_assert_mem_eq(id, expected_id, sizeof id);
    vk_buf data = {0}, expected = vectors_bytes(out, "enableData");
    ck_assert_int_eq(vk_policy_enable_data(policy, &signer, &data), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&expected)));
    vk_buf_clear(&data);
    vk_buf_clear(&expected);
}

START_TEST(test_permissions) {
    cJSON *file = vectors_load("permission.json");
    const cJSON *one;
    size_t count = 0, without_policies = 0;
    policy_refusals refusals = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cJSON_GetArraySize(vectors_get(vectors_get(one, "in"), "policies")) == 0) {
            without_policies++;
            continue;
        }
        vk_policy policy = policy_of_case(vectors_get(one, "in"), &refusals);
        check_permission(one, &policy);
        vk_policy_clear(&policy);
        count++;
    }
    ck_assert_uint_eq(count, 29);
    ck_assert_uint_eq(without_policies, 2);
    ck_assert_uint_eq(refusals.address + refusals.window, 0);
    cJSON_Delete(file);
}
END_TEST

/* ---- Sessions that the SDK made ---- */

static vk_signer session_signer(const cJSON *session) {
    if (strcmp(vectors_text(session, "type"), "ecdsa") == 0) {
        vk_address address = vectors_address(session, "address");
        return vk_signer_ecdsa(&address);
    }
    uint8_t point[65] = {0x04};
    vectors_fixed(session, "x", point + 1, 32);
    vectors_fixed(session, "y", point + 33, 32);
    vk_hash id_hash = vectors_hash(session, "authenticatorIdHash");
    return vk_signer_webauthn(point, &id_hash);
}

static void check_session(const char *name) {
    cJSON *file = vectors_load(name);
    char *text = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    vk_policy policy = policy_good(text);
    ck_assert_uint_eq(policy.count, 3);
    ck_assert(vk_policy_has_state(&policy));
    ck_assert(!vk_policy_is_sudo(&policy));
    vk_signer signer = session_signer(vectors_get(file, "session"));
    uint8_t id[4], expected[4];
    ck_assert_int_eq(vk_policy_permission_id(&policy, &signer, id), VK_OK);
    vectors_fixed(file, "permissionId", expected, sizeof expected);
    ck_assert_mem_eq(id, expected, sizeof id);
    vk_policy_clear(&policy);
    cJSON_free(text);
    cJSON_Delete(file);
}

START_TEST(test_sessions) {
    check_session("session/ecdsa.json");
    check_session("session/passkey.json");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy-vectors");
    TCase *tests = tcase_create("policy-vectors");
    tcase_add_test(tests, test_policy_data);
    tcase_add_test(tests, test_permissions);
    tcase_add_test(tests, test_sessions);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
