/*
 * Lint: for every code, policies that it is found in, and near misses that it is not. Each case of
 * lint.json has all the findings of both, in order.
 */
#include "policy/lint.h"
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

#define CASES "../unit/lint.json"

static const vk_address alice = {{0x70}};

/* ---- The cases ---- */

static vk_lint_context context_of(const cJSON *one, uint64_t now, vk_address *account) {
    const cJSON *version = cJSON_GetObjectItem(one, "entryPointVersion");
    vk_lint_context context = {.now = now};
    if (version != NULL) {
        context.entry_point = vk_entry_point_read(version->valuestring);
    }
    if (cJSON_GetObjectItem(one, "account") != NULL) {
        *account = vectors_address(one, "account");
        context.account = account;
    }
    return context;
}

/* Printed by cJSON, which keeps 15 digits: the cases have longer numbers as text. */
static vk_policy policy_of(const cJSON *json) {
    vk_policy policy;
    vk_error err = {0};
    char *text = cJSON_PrintUnformatted(json);
    vk_status status = vk_policy_read(text, strlen(text), &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s: %s", text, err.path, err.message);
    cJSON_free(text);
    return policy;
}

static vk_thirdweb_request request_of(const cJSON *json, vk_address targets[4]) {
    const cJSON *item;
    vk_thirdweb_request request = {
        .signer = vectors_address(json, "signer"),
        .is_admin = (uint8_t)vectors_u64(json, "isAdmin"),
        .targets = targets,
        .native_limit = vectors_u256(json, "nativeTokenLimitPerTransaction"),
        .start = vectors_u256(json, "permissionStartTimestamp"),
        .end = vectors_u256(json, "permissionEndTimestamp"),
        .request_start = vectors_u256(json, "reqValidityStartTimestamp"),
        .request_end = vectors_u256(json, "reqValidityEndTimestamp"),
    };
    cJSON_ArrayForEach(item, vectors_get(json, "approvedTargets")) {
        ck_assert_int_eq(vk_address_read(item->valuestring, strlen(item->valuestring),
                                         &targets[request.target_count++]),
                         VK_OK);
    }
    return request;
}

static vk_lint_findings findings_of(const cJSON *side, const vk_lint_context *context) {
    const cJSON *json = cJSON_GetObjectItem(side, "policy");
    vk_lint_findings findings;
    if (json != NULL) {
        vk_policy policy = policy_of(json);
        ck_assert_int_eq(vk_lint_policy(&policy, context, &findings), VK_OK);
        vk_policy_clear(&policy);
        return findings;
    }
    vk_address targets[4];
    vk_thirdweb_request request = request_of(vectors_get(side, "request"), targets);
    ck_assert_int_eq(vk_lint_thirdweb(&request, context, &findings), VK_OK);
    return findings;
}

static void check_sentence(const vk_lint_finding *finding) {
    size_t len = strlen(finding->message);
    ck_assert_msg(len > 40 && len < sizeof finding->message - 1, "%s", finding->message);
    ck_assert_msg(finding->message[len - 1] != '.', "%s", finding->message);
    ck_assert_msg(strchr(finding->message, '?') == NULL, "%s", finding->message);
}

static void check_side(const cJSON *one, const char *name, uint64_t now, bool seen[VK_LINT_CODES]) {
    vk_address account;
    const cJSON *side = vectors_get(one, name), *expected, *list = vectors_get(side, "findings");
    vk_lint_context context = context_of(one, now, &account);
    vk_lint_findings found = findings_of(side, &context);
    size_t matched = 0;
    for (size_t i = 0; i < found.count; i++) {
        const vk_lint_finding *finding = &found.list[i];
        bool listed = false;
        cJSON_ArrayForEach(expected, list) {
            listed = listed ||
                     (strcmp(cJSON_GetArrayItem(expected, 0)->valuestring,
                             vk_lint_code_text(finding->code)) == 0 &&
                      strcmp(cJSON_GetArrayItem(expected, 1)->valuestring, finding->path) == 0);
        }
        check_sentence(finding);
        ck_assert_msg(listed, "%s of %s: %s at %s: %s", name, vectors_text(one, "code"),
                      vk_lint_code_text(finding->code), finding->path, finding->message);
        matched++;
        seen[finding->code] = true;
    }
    char *text = cJSON_PrintUnformatted(side);
    ck_assert_msg(matched == (size_t)cJSON_GetArraySize(list), "%s of %s: %zu findings, in %s",
                  name, vectors_text(one, "code"), matched, text);
    cJSON_free(text);
    vk_lint_clear(&found);
}

static void check_cases(const char *name, bool seen[VK_LINT_CODES]) {
    cJSON *file = vectors_load(CASES);
    const cJSON *one;
    uint64_t now = vectors_u64(file, "now");
    cJSON_ArrayForEach(one, vectors_get(file, name)) {
        check_side(one, "hit", now, seen);
        check_side(one, "miss", now, seen);
    }
    cJSON_Delete(file);
}

START_TEST(test_cases) {
    bool seen[VK_LINT_CODES] = {false};
    check_cases("policies", seen);
    check_cases("thirdweb", seen);
    for (size_t i = 0; i < VK_LINT_CODES; i++) {
        ck_assert_msg(seen[i], "%s is found in no case", vk_lint_code_text((vk_lint_code)i));
    }
}
END_TEST

/* ---- What is not known, what is allowed, what is too much ---- */

static vk_lint_findings lint(const char *json, const vk_lint_context *context) {
    vk_policy policy;
    vk_lint_findings findings;
    vk_error err = {0};
    ck_assert_msg(vk_policy_parse(json, strlen(json), false, &policy, &err) == VK_OK, "%s",
                  err.message);
    ck_assert_int_eq(vk_lint_policy(&policy, context, &findings), VK_OK);
    vk_policy_clear(&policy);
    return findings;
}

static bool has(const vk_lint_findings *findings, vk_lint_code code) {
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].code == code) {
            return true;
        }
    }
    return false;
}

START_TEST(test_unknown) {
    static const vk_lint_context nothing, later = {.now = 2000};
    static const char json[] =
        "[{\"type\":\"timestamp\",\"validUntil\":1000},{\"type\":\"rate-limit\",\"policyAddress\":"
        "\"0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B\",\"count\":1,\"interval\":60}]";
    vk_lint_findings findings = lint(json, &nothing);
    ck_assert(!has(&findings, VK_LINT_EXPIRED));
    ck_assert(!has(&findings, VK_LINT_REFILL_NEVER_VALID));
    vk_lint_clear(&findings);
    findings = lint(json, &later);
    ck_assert(has(&findings, VK_LINT_EXPIRED));
    vk_lint_clear(&findings);
}
END_TEST

START_TEST(test_allowed) {
    vk_lint_context context = {0};
    vk_lint_findings findings = lint("[{\"type\":\"sudo\"}]", &context);
    ck_assert_uint_eq(findings.count, 4);
    for (size_t i = 0; i < findings.count; i++) {
        vk_lint_context without = {.allowed = VK_LINT_BIT(findings.list[i].code)};
        vk_lint_findings rest = lint("[{\"type\":\"sudo\"}]", &without);
        ck_assert_uint_eq(rest.count, 3);
        ck_assert(!has(&rest, findings.list[i].code));
        context.allowed |= without.allowed;
        vk_lint_clear(&rest);
    }
    vk_lint_clear(&findings);
    findings = lint("[{\"type\":\"sudo\"}]", &context);
    ck_assert_uint_eq(findings.count, 0);
    vk_lint_clear(&findings);
}
END_TEST

/* 1100 permissions with a zero selector and nothing else. */
START_TEST(test_many) {
    vk_lint_context context = {0};
    vk_buf json = {0};
    vk_buf_put_text(&json, "[");
    for (size_t i = 0; i < 1100; i++) {
        vk_buf_printf(&json, "%s{\"target\":\"0x%040zx\"}",
                      i % 550 != 0 ? ","
                      : i == 0
                          ? "{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":["
                          : "]},{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[",
                      i + 1);
    }
    vk_buf_put_text(&json, "]}]");
    char *text = vk_buf_take_text(&json);
    vk_lint_findings findings = lint(text, &context);
    ck_assert_uint_eq(findings.count, VK_LINT_FINDINGS_MAX);
    ck_assert_uint_gt(findings.more, 100);
    vk_lint_clear(&findings);
    vk_text_free(text);
}
END_TEST

/* What only vk_policy_parse takes: rules without values, unknown conditions and call types. */
START_TEST(test_loose) {
    static const char *const texts[] = {
        "[]",
        "[{\"type\":\"call\",\"policyVersion\":\"0.0.5\",\"permissions\":[{\"target\":"
        "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\",\"callType\":\"0xfe\",\"selector\":"
        "\"0xa22cb465\",\"rules\":[{\"condition\":0,\"offset\":32,\"params\":[]},{\"condition\":3,"
        "\"offset\":0,\"params\":[]},{\"condition\":7,\"offset\":0,\"params\":[]},{\"condition\":1,"
        "\"offset\":\"18446744073709551615\",\"params\":[]}]}]}]",
        "[{\"type\":\"timestamp\",\"validAfter\":281474976710655,\"validUntil\":1}]"};
    static const vk_lint_code found[] = {VK_LINT_NO_CALL_LIMIT, VK_LINT_NEVER_MATCHES,
                                         VK_LINT_NEVER_OPEN};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vk_lint_context context = {.now = 1};
        vk_lint_findings findings = lint(texts[i], &context);
        ck_assert_msg(has(&findings, found[i]), "%s", texts[i]);
        vk_lint_clear(&findings);
    }
}
END_TEST

/* The policy of the test sessions has one finding that nobody can help, and open signatures. */
START_TEST(test_session) {
    cJSON *file = vectors_load("session/ecdsa.json");
    vk_policy policy = policy_of(vectors_get(file, "policies"));
    vk_lint_context context = {.now = 1767225600, .entry_point = VK_ENTRY_POINT_0_7};
    vk_lint_findings findings;
    ck_assert_int_eq(vk_lint_policy(&policy, &context, &findings), VK_OK);
    ck_assert_uint_eq(findings.count, 2);
    ck_assert(has(&findings, VK_LINT_BATCH_MULTIPLIES));
    ck_assert(has(&findings, VK_LINT_SIGNATURES_OPEN));
    vk_lint_clear(&findings);
    vk_policy_clear(&policy);
    cJSON_Delete(file);
}
END_TEST

/* ---- Texts ---- */

START_TEST(test_codes) {
    uint64_t bits = 7;
    vk_error err = {0};
    ck_assert_ptr_null(vk_lint_code_text(VK_LINT_CODES));
    for (size_t i = 0; i < VK_LINT_CODES; i++) {
        const char *text = vk_lint_code_text((vk_lint_code)i);
        ck_assert_int_eq(strspn(text, "abcdefghijklmnopqrstuvwxyz-"), strlen(text));
        ck_assert_int_eq(vk_lint_codes_read(text, &bits, &err), VK_OK);
        ck_assert(bits == VK_LINT_BIT(i));
    }
    ck_assert_int_eq(vk_lint_codes_read("", &bits, &err), VK_OK);
    ck_assert(bits == 0);
    ck_assert_int_eq(vk_lint_codes_read(" admin,,no-expiry ", &bits, &err), VK_OK);
    ck_assert(bits == (VK_LINT_BIT(VK_LINT_ADMIN) | VK_LINT_BIT(VK_LINT_NO_EXPIRY)));
    ck_assert_int_eq(vk_lint_codes_read("admin,expire", &bits, &err), VK_ERR_FORMAT);
    ck_assert_str_eq(err.message, "lint knows no code \"expire\"");
}
END_TEST

START_TEST(test_levels) {
    vk_lint_level level;
    ck_assert(vk_lint_level_read("warn", &level) && level == VK_LINT_WARN);
    ck_assert(vk_lint_level_read("off", &level) && level == VK_LINT_OFF);
    ck_assert(vk_lint_level_read("error", &level) && level == VK_LINT_ERROR);
    ck_assert(!vk_lint_level_read("", &level));
    ck_assert(!vk_lint_level_read("errors", &level));
}
END_TEST

START_TEST(test_selectors) {
    for (size_t i = 0; i < VK_LINT_FUNCTIONS; i++) {
        const vk_lint_function *function = &vk_lint_functions[i];
        vk_hash hash = vk_keccak256(
            (vk_bytes){(const uint8_t *)function->signature, strlen(function->signature)});
        ck_assert_msg(memcmp(hash.b, function->selector, 4) == 0, "%s", function->signature);
        ck_assert_ptr_eq(vk_lint_function_of(function->selector), function);
        ck_assert_msg(vk_lint_is_address(function, 32 * function->who), "%s", function->signature);
    }
    ck_assert_ptr_null(vk_lint_function_of(alice.b));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lint");
    TCase *tests = tcase_create("lint");
    tcase_add_test(tests, test_cases);
    tcase_add_test(tests, test_unknown);
    tcase_add_test(tests, test_allowed);
    tcase_add_test(tests, test_many);
    tcase_add_test(tests, test_loose);
    tcase_add_test(tests, test_session);
    tcase_add_test(tests, test_codes);
    tcase_add_test(tests, test_levels);
    tcase_add_test(tests, test_selectors);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
