/* Policies that are a thirdweb session, and grants of them. */
#include "pairing_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT "0x1111111111111111111111111111111111111111"
#define TARGET_A "0x00000000000000000000000000000000000000aa"
#define TARGET_B "0x00000000000000000000000000000000000000bb"
#define ZERO "0x0000000000000000000000000000000000000000"
#define EP06 "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"
#define CHAIN 10
#define SESSION(targets)                                                                           \
    "[{\"type\":\"thirdweb\",\"approvedTargets\":" targets                                         \
    ",\"nativeTokenLimitPerTransaction\":\"1000\",\"permissionStartTimestamp\":1700000000,"        \
    "\"permissionEndTimestamp\":1900000000}]"
#define POLICY SESSION("[\"" TARGET_A "\",\"" TARGET_B "\"]")

static pairing_key key, admin;
static vk_policy policy;
static vk_address targets[3];
static vk_address account;

static void load(void) {
    static const char *const texts[] = {TARGET_A, TARGET_B, TARGET_A};
    key = pairing_key_of(1, false);
    admin = pairing_key_of(2, false);
    policy = pairing_policy(POLICY);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(vk_address_read(texts[i], strlen(texts[i]), &targets[i]), VK_OK);
    }
    ck_assert_int_eq(vk_address_read(ACCOUNT, strlen(ACCOUNT), &account), VK_OK);
}

static void clear(void) {
    vk_policy_clear(&policy);
}

/* ---- Requests ---- */

/* The request that sets what the policy says; to be changed. */
static vk_thirdweb_request request_of(void) {
    return (vk_thirdweb_request){.signer = key.signer.address,
                                 .target_count = 2,
                                 .targets = targets,
                                 .native_limit = vk_u256_from_u64(1000),
                                 .start = vk_u256_from_u64(1700000000),
                                 .end = vk_u256_from_u64(1900000000),
                                 .request_end = vk_u256_from_u64(1800000000),
                                 .uid = {{7}}};
}

static vk_hash digest_of(const vk_thirdweb_request *request, uint64_t chain_id) {
    vk_thirdweb_hashes hashes;
    ck_assert_int_eq(vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, chain_id, &account,
                                      VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, &hashes,
                                      NULL),
                     VK_OK);
    return hashes.digest;
}

/* The grant of that request with that signature, and more members, each behind a comma. */
static char *json_with(const vk_thirdweb_request *request, const char *signature,
                       const char *members) {
    vk_buf text = {0};
    char admin_text[43], *json;
    vk_address_text(&admin.signer.address, admin_text);
    ck_assert_int_eq(vk_thirdweb_request_write(request, &text), VK_OK);
    ck_assert_int_gt(asprintf(&json,
                              "{\"kind\":\"thirdweb\",\"chainId\":%d,\"account\":\"" ACCOUNT
                              "\",\"admin\":\"%s\",\"request\":%.*s,\"signature\":\"%s\"%s}",
                              CHAIN, admin_text, (int)text.len, (const char *)text.data, signature,
                              members),
                     0);
    vk_buf_clear(&text);
    return json;
}

static char *json_of(const vk_thirdweb_request *request, const pairing_key *signer) {
    vk_hash digest = digest_of(request, CHAIN);
    char *signature = pairing_approval(signer, &digest);
    char *json = json_with(request, signature, ",\"entryPoint\":\"" EP06 "\"");
    vk_text_free(signature);
    return json;
}

static void refused(const vk_thirdweb_request *request, const pairing_key *signer, vk_status status,
                    const char *path, const char *words) {
    char *json = json_of(request, signer);
    pairing_refused(json, &policy, &key, status, path, words);
    free(json);
}

/* ---- Grants ---- */

START_TEST(test_good) {
    static const vk_address none;
    vk_thirdweb_request request = request_of();
    char *json = json_of(&request, &admin);
    vk_grant grant = pairing_good(json, &policy, &key);
    ck_assert_int_eq(grant.kind, VK_GRANT_THIRDWEB);
    ck_assert_int_eq(grant.kernel, VK_KERNEL_UNKNOWN);
    ck_assert_int_eq(grant.entry_point_version, VK_ENTRY_POINT_0_6);
    ck_assert(vk_address_equal(&grant.admin, &admin.signer.address));
    ck_assert(!vk_grant_is_token_only(&grant));
    ck_assert(!vk_grant_has_approval(&grant));
    ck_assert_mem_eq(grant.account.permission_id, none.b, 4);
    pairing_check_written(&grant, &policy, &key);
    vk_grant_clear(&grant);
    free(json);
}
END_TEST

/* The account keeps a set: order and duplicates mean nothing. */
START_TEST(test_same_targets) {
    vk_address reversed[] = {targets[1], targets[0], targets[1]};
    vk_thirdweb_request request = request_of();
    request.targets = reversed;
    request.target_count = 3;
    char *json = json_of(&request, &admin);
    vk_grant grant = pairing_good(json, &policy, &key);
    vk_grant_clear(&grant);
    free(json);
}
END_TEST

START_TEST(test_other_targets) {
    vk_address more[] = {targets[0], targets[1], account};
    vk_thirdweb_request request = request_of();
    request.targets = more;
    request.target_count = 3;
    refused(&request, &admin, VK_ERR_MISMATCH, "request.approvedTargets",
            "the request approves " ACCOUNT);
    request.target_count = 1;
    refused(&request, &admin, VK_ERR_MISMATCH, "request.approvedTargets",
            "the key's policy has the target");
}
END_TEST

START_TEST(test_other_permissions) {
    vk_thirdweb_request request = request_of();
    request.native_limit = vk_u256_from_u64(1001);
    refused(&request, &admin, VK_ERR_MISMATCH, "request.nativeTokenLimitPerTransaction",
            "says 1001, the key's policy 1000");
    request = request_of();
    request.start = vk_u256_from_u64(0);
    refused(&request, &admin, VK_ERR_MISMATCH, "request.permissionStartTimestamp",
            "says 0, the key's policy 1700000000");
    request = request_of();
    request.end = vk_u256_from_u64(1900000001);
    refused(&request, &admin, VK_ERR_MISMATCH, "request.permissionEndTimestamp", "1900000001");
    request = request_of();
    request.signer.b[0] ^= 1;
    refused(&request, &admin, VK_ERR_MISMATCH, "request.signer", "but the key is");
    request = request_of();
    request.is_admin = VK_THIRDWEB_ADD_ADMIN;
    refused(&request, &admin, VK_ERR_MISMATCH, "request.isAdmin", "isAdmin 1");
}
END_TEST

START_TEST(test_other_signatures) {
    vk_thirdweb_request request = request_of();
    refused(&request, &key, VK_ERR_SIGNATURE, "signature", "the admin is");
    vk_hash digest = digest_of(&request, CHAIN + 1);
    char *signature = pairing_approval(&admin, &digest);
    char *json = json_with(&request, signature, ",\"entryPoint\":\"" EP06 "\"");
    pairing_refused(json, &policy, &key, VK_ERR_SIGNATURE, "signature", "for another chain");
    vk_text_free(signature);
    free(json);
}
END_TEST

/* n - s with the other v is a signature too, which the account does not take. */
START_TEST(test_high_s) {
    static const char order_text[] =
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    vk_thirdweb_request request = request_of();
    vk_hash digest = digest_of(&request, CHAIN);
    vk_buf signature = pairing_approve(&admin, &digest), hex = {0};
    vk_u256 order, s = vk_u256_from_be(signature.data + 32, 32), high;
    ck_assert_int_eq(vk_u256_read_hex(order_text, strlen(order_text), &order), VK_OK);
    ck_assert(vk_u256_sub(&order, &s, &high));
    memcpy(signature.data + 32, high.be, 32);
    signature.data[64] ^= 27 ^ 28;
    vk_hex_put(&hex, vk_buf_view(&signature));
    char *text = vk_buf_take_text(&hex);
    char *json = json_with(&request, text, ",\"entryPoint\":\"" EP06 "\"");
    pairing_refused(json, &policy, &key, VK_ERR_SIGNATURE, "signature", "low s");
    vk_text_free(text);
    vk_buf_clear(&signature);
    free(json);
}
END_TEST

START_TEST(test_bad_members) {
    static const struct {
        const char *members;
        vk_status status;
        const char *path, *words;
    } cases[] = {
        {"", VK_ERR_FORMAT, "entryPoint", "0.6 and for 0.7"},
        {",\"entryPoint\":\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\"", VK_ERR_UNSUPPORTED,
         "entryPoint", "not with 0.8"},
        {",\"entryPoint\":\"" EP06 "\",\"preInstalled\":true", VK_ERR_FORMAT, "admin",
         "set already"},
        {",\"entryPoint\":\"" EP06 "\",\"kernelVersion\":\"0.3.1\"", VK_ERR_FORMAT, "kernelVersion",
         ""},
        {",\"entryPoint\":\"" EP06 "\",\"key\":\"" ACCOUNT "\"", VK_ERR_MISMATCH, "key",
         "another key"},
    };
    vk_thirdweb_request request = request_of();
    vk_hash digest = digest_of(&request, CHAIN);
    char *signature = pairing_approval(&admin, &digest);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *json = json_with(&request, signature, cases[i].members);
        pairing_refused(json, &policy, &key, cases[i].status, cases[i].path, cases[i].words);
        free(json);
    }
    vk_text_free(signature);
}
END_TEST

#define HEAD                                                                                       \
    "{\"kind\":\"thirdweb\",\"chainId\":10,\"entryPoint\":\"" EP06 "\",\"account\":\"" ACCOUNT "\""

START_TEST(test_without_a_request) {
    pairing_key passkey = pairing_key_of(3, true);
    vk_grant grant = pairing_good(HEAD ",\"preInstalled\":true}", &policy, &key);
    ck_assert(grant.account.pre_installed);
    pairing_check_written(&grant, &policy, &key);
    vk_grant_clear(&grant);
    pairing_refused(HEAD "}", &policy, &key, VK_ERR_FORMAT, "request", "preInstalled");
    pairing_refused(HEAD ",\"preInstalled\":false}", &policy, &key, VK_ERR_FORMAT, "request", "");
    pairing_refused(HEAD ",\"request\":{}}", &policy, &key, VK_ERR_FORMAT, "request.signer", "");
    pairing_refused(HEAD ",\"preInstalled\":true}", &policy, &passkey, VK_ERR_UNSUPPORTED, "kind",
                    "secp256k1");
}
END_TEST

/* Older accounts' requests have no isAdmin, and hash to something else. */
START_TEST(test_bad_requests) {
    static const struct {
        const char *from, *to;
        vk_status status;
        const char *path;
    } changes[] = {
        {"\"isAdmin\":0,", "", VK_ERR_FORMAT, "request.isAdmin"},
        {"\"isAdmin\":0", "\"isAdmin\":3", VK_ERR_RANGE, "request.isAdmin"},
        {"\"nativeTokenLimitPerTransaction\":\"1000\"", "\"nativeTokenLimitPerTransaction\":\"x\"",
         VK_ERR_FORMAT, "request.nativeTokenLimitPerTransaction"},
        {"\"permissionStartTimestamp\":\"1700000000\"",
         "\"permissionStartTimestamp\":\"0x100000000000000000000000000000000\"", VK_ERR_RANGE,
         "request.permissionStartTimestamp"},
        {"\"approvedTargets\":[", "\"approvedTargets\":[1,", VK_ERR_FORMAT,
         "request.approvedTargets[0]"},
        {"\"uid\":\"0x07", "\"uid\":\"0x", VK_ERR_FORMAT, "request.uid"},
        {"\"uid\"", "\"id\"", VK_ERR_FORMAT, "request.id"},
    };
    vk_thirdweb_request request = request_of();
    char *json = json_of(&request, &admin);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *at = strstr(json, changes[i].from), *changed;
        ck_assert_ptr_nonnull(at);
        ck_assert_int_gt(asprintf(&changed, "%.*s%s%s", (int)(at - json), json, changes[i].to,
                                  at + strlen(changes[i].from)),
                         0);
        pairing_refused(changed, &policy, &key, changes[i].status, changes[i].path, "");
        free(changed);
    }
    free(json);
}
END_TEST

/* What a wallet is shown hashes to what is signed. */
START_TEST(test_typed_data) {
    vk_thirdweb_request request = request_of();
    vk_buf json = {0};
    vk_hash typed, digest = digest_of(&request, CHAIN);
    ck_assert_int_eq(vk_thirdweb_typed_data(&request, CHAIN, &account, &json), VK_OK);
    ck_assert_int_eq(vk_typed_data_digest(vk_buf_view(&json), &typed, NULL), VK_OK);
    ck_assert_mem_eq(digest.b, typed.b, sizeof digest.b);
    vk_buf_clear(&json);
}
END_TEST

/* ---- Verdicts ---- */

/* execute(target, value, "") */
static void execute(const vk_address *target, uint64_t value, vk_buf *out) {
    vk_call call = {.target = *target, .value = vk_u256_from_u64(value)};
    vk_thirdweb_calls calls = {.count = 1, .calls = &call};
    ck_assert_int_eq(vk_thirdweb_calls_encode(&calls, out), VK_OK);
}

static vk_verdict judge(const vk_policy *session, const vk_address *target, uint64_t value,
                        uint64_t now, vk_hardening_set relaxed) {
    vk_grant grant = {.kind = VK_GRANT_THIRDWEB, .chain_id = CHAIN};
    vk_rule_state state = {.used = 0};
    vk_buf call_data = {0};
    vk_verdict verdict;
    execute(target, value, &call_data);
    vk_userop op = {
        .entry_point = VK_ENTRY_POINT_0_6, .sender = account, .call_data = vk_buf_view(&call_data)};
    vk_verdict_request asked = {.op = &op, .now = now, .relaxed = relaxed};
    ck_assert_int_eq(vk_grant_evaluate(&grant, session, &asked, &state, &verdict), VK_OK);
    vk_buf_clear(&call_data);
    return verdict;
}

static void check_verdict(const vk_address *target, uint64_t value, uint64_t now,
                          const char *rule) {
    vk_verdict verdict = judge(&policy, target, value, now, VK_HARDENING_NONE);
    ck_assert_uint_eq(verdict.count, 1);
    ck_assert(verdict.allowed == (rule == NULL));
    ck_assert_int_eq(verdict.rule_index, rule == NULL ? -1 : 0);
    ck_assert(rule == NULL || strcmp(verdict.rule, rule) == 0);
    ck_assert(rule == NULL || strcmp(verdict.reason, verdict.rules[0].reason) == 0);
    vk_verdict_clear(&verdict);
}

START_TEST(test_verdicts) {
    check_verdict(&targets[0], 1000, 1700000000, NULL);
    check_verdict(&targets[1], 0, 1899999999, NULL);
    check_verdict(&targets[0], 1001, 1700000000, "limit");
    check_verdict(&account, 0, 1700000000, "targets");
    check_verdict(&targets[0], 0, 1699999999, "window");
    check_verdict(&targets[0], 0, 1900000000, "window");
}
END_TEST

/* Named in the policy, and still only if the SO lets it. */
START_TEST(test_wildcard) {
    static const char *const texts[] = {SESSION("\"*\""), SESSION("[\"" ZERO "\"]")};
    vk_hardening_set any = vk_hardening_bit(VK_HARDENING_ANY_TARGET);
    for (size_t i = 0; i < 2; i++) {
        vk_policy session = pairing_policy(texts[i]);
        vk_verdict verdict = judge(&session, &targets[0], 1, 1700000000, VK_HARDENING_NONE);
        ck_assert(!verdict.allowed);
        ck_assert_str_eq(verdict.hardening, "any-target");
        vk_verdict_clear(&verdict);
        verdict = judge(&session, &targets[0], 1, 1700000000, any);
        ck_assert(verdict.allowed);
        vk_verdict_clear(&verdict);
        vk_policy_clear(&session);
    }
}
END_TEST

/* Kernel's verdict of the rule, should it ever get there. */
START_TEST(test_kernel_denies) {
    vk_rule_state state = {.used = 0};
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7};
    vk_verdict_request asked = {
        .op = &op, .now = 1700000000, .selector = vk_kernel_execute_selector};
    vk_verdict verdict;
    uint8_t id[4];
    ck_assert_int_eq(vk_policy_evaluate(&policy, &asked, &state, &verdict), VK_OK);
    ck_assert(!verdict.allowed);
    ck_assert_int_eq(verdict.rules[0].result, VK_RESULT_DENIED);
    vk_verdict_clear(&verdict);
    ck_assert_int_eq(vk_policy_permission_id(&policy, &key.signer, id), VK_ERR_UNSUPPORTED);
}
END_TEST

/* ---- The policy ---- */

START_TEST(test_bad_policies) {
    static const struct {
        const char *json;
        vk_status status;
        const char *path;
    } cases[] = {
        {SESSION("[]"), VK_ERR_POLICY, "policies[0].approvedTargets"},
        {SESSION("[\"" TARGET_A "\",\"" TARGET_A "\"]"), VK_ERR_POLICY,
         "policies[0].approvedTargets"},
        {SESSION("[1]"), VK_ERR_FORMAT, "policies[0].approvedTargets[0]"},
        {SESSION("\"any\""), VK_ERR_FORMAT, "policies[0].approvedTargets"},
        {"[{\"type\":\"thirdweb\",\"approvedTargets\":[\"" TARGET_A "\"]}]", VK_ERR_FORMAT,
         "policies[0].permissionEndTimestamp"},
        {"[{\"type\":\"thirdweb\",\"approvedTargets\":[\"" TARGET_A
         "\"],\"permissionStartTimestamp\":5,\"permissionEndTimestamp\":5}]",
         VK_ERR_POLICY, "policies[0].permissionEndTimestamp"},
        {"[{\"type\":\"thirdweb\",\"policyFlag\":\"0x0001\",\"approvedTargets\":[\"" TARGET_A
         "\"],\"permissionEndTimestamp\":5}]",
         VK_ERR_FORMAT, "policies[0].policyFlag"},
        {"[{\"type\":\"sudo\"},{\"type\":\"thirdweb\",\"approvedTargets\":[\"" TARGET_A
         "\"],\"permissionEndTimestamp\":5}]",
         VK_ERR_POLICY, "policies[1]"},
        {"{\"permissionFlag\":\"0x0001\",\"policies\":" POLICY "}", VK_ERR_POLICY, "policies[0]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_policy read;
        vk_error err = {0};
        vk_status status = vk_policy_read(cases[i].json, strlen(cases[i].json), &read, &err);
        ck_assert_msg(status == cases[i].status, "%zu: %d %s", i, status, err.message);
        ck_assert_str_eq(err.path, cases[i].path);
    }
}
END_TEST

START_TEST(test_policy_text) {
    vk_buf text = {0}, words = {0};
    ck_assert_int_eq(vk_policy_write(&policy, &text), VK_OK);
    vk_policy again;
    ck_assert_int_eq(vk_policy_read((const char *)text.data, text.len, &again, NULL), VK_OK);
    ck_assert_uint_eq(again.rules[0].u.thirdweb.count, 2);
    vk_rule_describe(&again.rules[0], &words);
    vk_buf_put_byte(&words, 0);
    ck_assert_str_eq((const char *)words.data,
                     "Session of a thirdweb account: may call every function of "
                     "0x00000000000000000000000000000000000000AA and "
                     "0x00000000000000000000000000000000000000bb, with at most 1000 wei of native "
                     "value a call, from 2023-11-14T22:13:20Z until before 2030-03-17T17:46:40Z.");
    vk_policy_clear(&again);
    vk_buf_clear(&text);
    vk_buf_clear(&words);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("thirdweb grants");
    TCase *tests = tcase_create("thirdweb grants");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_same_targets);
    tcase_add_test(tests, test_other_targets);
    tcase_add_test(tests, test_other_permissions);
    tcase_add_test(tests, test_other_signatures);
    tcase_add_test(tests, test_high_s);
    tcase_add_test(tests, test_bad_members);
    tcase_add_test(tests, test_without_a_request);
    tcase_add_test(tests, test_bad_requests);
    tcase_add_test(tests, test_typed_data);
    tcase_add_test(tests, test_verdicts);
    tcase_add_test(tests, test_wildcard);
    tcase_add_test(tests, test_kernel_denies);
    tcase_add_test(tests, test_bad_policies);
    tcase_add_test(tests, test_policy_text);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
