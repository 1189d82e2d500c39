/* Kind lint: every case of tests/unit/lint.json, and what the kind refuses. */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- The cases ---- */

static void copy(cJSON *to, const char *name, const cJSON *value) {
    if (value != NULL) {
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(value, true));
    }
}

/* A policy file, spelled as the members of the kind. */
static void put_policy(cJSON *in, const cJSON *policy) {
    if (cJSON_IsObject(policy)) {
        copy(in, "policies", vectors_get(policy, "policies"));
        copy(in, "flag", vectors_get(policy, "permissionFlag"));
    } else {
        copy(in, "policies", policy);
    }
}

static char *question(const cJSON *file, const cJSON *one, const cJSON *side) {
    cJSON *in = cJSON_CreateObject();
    const cJSON *policy = cJSON_GetObjectItem(side, "policy");
    copy(in, "now", vectors_get(file, "now"));
    copy(in, "account", cJSON_GetObjectItem(one, "account"));
    copy(in, "entryPointVersion", cJSON_GetObjectItem(one, "entryPointVersion"));
    copy(in, "request", cJSON_GetObjectItem(side, "request"));
    if (policy != NULL) {
        put_policy(in, policy);
    }
    char *text = cJSON_PrintUnformatted(in);
    cJSON_Delete(in);
    return text;
}

static bool is_listed(const cJSON *list, const cJSON *finding) {
    const cJSON *expected;
    cJSON_ArrayForEach(expected, list) {
        if (strcmp(cJSON_GetArrayItem(expected, 0)->valuestring, vectors_text(finding, "code")) ==
                0 &&
            strcmp(cJSON_GetArrayItem(expected, 1)->valuestring, vectors_text(finding, "path")) ==
                0) {
            return true;
        }
    }
    return false;
}

static void check_side(const cJSON *file, const cJSON *one, const cJSON *side) {
    char *text = question(file, one, side);
    cJSON *answer = batch_ask("lint", text, false);
    const cJSON *finding, *found, *list = vectors_get(side, "findings");
    ck_assert_msg(cJSON_IsTrue(vectors_get(answer, "ok")), "%s", text);
    found = vectors_get(vectors_get(answer, "out"), "findings");
    ck_assert_msg(cJSON_GetArraySize(found) == cJSON_GetArraySize(list), "%s", text);
    cJSON_ArrayForEach(finding, found) {
        ck_assert_msg(is_listed(list, finding), "%s", text);
        ck_assert_uint_gt(strlen(vectors_text(finding, "message")), 40);
    }
    cJSON_Delete(answer);
    cJSON_free(text);
}

static void check_cases(const char *name, int count) {
    cJSON *file = vectors_load("../unit/lint.json");
    const cJSON *one, *list = vectors_get(file, name);
    ck_assert_int_ge(cJSON_GetArraySize(list), count);
    cJSON_ArrayForEach(one, list) {
        check_side(file, one, vectors_get(one, "hit"));
        check_side(file, one, vectors_get(one, "miss"));
    }
    cJSON_Delete(file);
}

START_TEST(test_policies) {
    check_cases("policies", 90);
}
END_TEST

START_TEST(test_thirdweb) {
    check_cases("thirdweb", 15);
}
END_TEST

/* ---- Requests ---- */

#define ADDRESS "\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\""
#define REQUEST                                                                                    \
    "{\"signer\":" ADDRESS ",\"approvedTargets\":[" ADDRESS "],"                                   \
    "\"nativeTokenLimitPerTransaction\":\"5\",\"permissionStartTimestamp\":0,"                     \
    "\"permissionEndTimestamp\":9,\"reqValidityStartTimestamp\":0,\"reqValidityEndTimestamp\":9,"  \
    "\"uid\":\"0x1111111111111111111111111111111111111111111111111111111111111111\"}"

static const struct {
    const char *in;
    int findings;     /* -1: refused */
    const char *path; /* of the refusal */
} forms[] = {
    {"{\"policies\":[{\"type\":\"sudo\"}]}", 4, NULL},
    {"{\"policies\":[{\"type\":\"sudo\"}],\"flag\":\"0x0002\"}", 3, NULL},
    {"{\"policies\":[]}", 4, NULL},
    {"{\"request\":" REQUEST "}", 1, NULL},
    {"{\"request\":" REQUEST ",\"now\":9}", 3, NULL},
    {"{\"policies\":[],\"entryPoint\":\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\"}", 4, NULL},
    {"{}", -1, "in.policies"},
    {"{\"policies\":[{\"type\":\"all\"}]}", -1, "in.policies[0].type"},
    {"{\"policies\":[],\"request\":" REQUEST "}", -1, "in.policies"},
    {"{\"policies\":[],\"entryPointVersion\":\"0.5\"}", -1, "in.entryPointVersion"},
    {"{\"policies\":[],\"account\":\"0x12\"}", -1, "in.account"},
    {"{\"policies\":[],\"now\":-1}", -1, "in.now"},
    {"{\"request\":{\"signer\":" ADDRESS "}}", -1, "in.request.nativeTokenLimitPerTransaction"},
};

START_TEST(test_forms) {
    cJSON *answer = batch_ask("lint", forms[_i].in, false);
    const cJSON *out = cJSON_GetObjectItem(answer, "out");
    if (forms[_i].findings < 0) {
        ck_assert_str_eq(vectors_text(vectors_get(answer, "error"), "path"), forms[_i].path);
    } else {
        ck_assert_int_eq(cJSON_GetArraySize(vectors_get(out, "findings")), forms[_i].findings);
        ck_assert_ptr_null(cJSON_GetObjectItem(out, "more"));
    }
    cJSON_Delete(answer);
}
END_TEST

START_TEST(test_more) {
    vk_buf in = {0};
    vk_buf_put_text(&in, "{\"policies\":[{\"type\":\"call\",\"policyVersion\":\"0.0.4\","
                         "\"permissions\":[");
    for (size_t i = 0; i < 1010; i++) {
        vk_buf_printf(&in, "%s{\"target\":\"0x%040zx\"}", i == 0 ? "" : ",", i + 1);
    }
    vk_buf_put_text(&in, "]}]}");
    char *text = vk_buf_take_text(&in);
    cJSON *answer = batch_ask("lint", text, false);
    const cJSON *out = vectors_get(answer, "out");
    ck_assert_int_eq(cJSON_GetArraySize(vectors_get(out, "findings")), 1000);
    ck_assert_uint_gt(vectors_u64(out, "more"), 9);
    cJSON_Delete(answer);
    vk_text_free(text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch lint");
    TCase *tests = tcase_create("lint");
    tcase_add_test(tests, test_policies);
    tcase_add_test(tests, test_thirdweb);
    tcase_add_loop_test(tests, test_forms, 0, (int)(sizeof forms / sizeof forms[0]));
    tcase_add_test(tests, test_more);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
