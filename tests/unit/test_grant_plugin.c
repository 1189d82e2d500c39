/* Grants of plug-ins of Kernel 0.2.x: the session key is a validator's beside the owner's. */
#include "pairing_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT PAIRING_ACCOUNT
#define CHAIN PAIRING_CHAIN
#define POLICY "[{\"type\":\"gas\",\"allowed\":\"1000\"},{\"type\":\"sudo\"}]"

static pairing_key ecdsa, passkey, ecdsa_owner, passkey_owner;
static vk_policy policy;

static void load(void) {
    ecdsa = pairing_key_of(1, false);
    passkey = pairing_key_of(2, true);
    ecdsa_owner = pairing_key_of(3, false);
    passkey_owner = pairing_key_of(4, true);
    policy = pairing_policy(POLICY);
}

static void clear(void) {
    vk_policy_clear(&policy);
}

/* ---- Approvals ---- */

static char *approval_of(const vk_enable_v2 *enable, const pairing_key *owner) {
    vk_hash digest;
    ck_assert_int_eq(vk_enable_v2_digest(enable, &digest, NULL), VK_OK);
    return pairing_approval(owner, &digest);
}

/* The ordinary approval of a session key by an owner. */
static char *good_approval(const pairing_key *session, const pairing_key *owner) {
    vk_buf data = {0};
    vk_enable_v2 enable = pairing_enable_v2(session, &data);
    char *approval = approval_of(&enable, owner);
    vk_buf_clear(&data);
    return approval;
}

/* members: behind the owner and the approval, beginning with a comma, or "". */
static char *json_of(const pairing_key *owner, const char *approval, const char *members) {
    char *owner_json = pairing_owner_json(owner), *json;
    ck_assert_int_gt(asprintf(&json,
                              "{\"kind\":\"plugin\",\"chainId\":%d,\"kernelVersion\":\"0.2.4\","
                              "\"account\":\"" ACCOUNT "\"%s,\"enableSignature\":\"%s\"%s}",
                              CHAIN, owner_json, approval, members),
                     0);
    vk_text_free(owner_json);
    return json;
}

static vk_grant good(const pairing_key *session, const pairing_key *owner) {
    char *approval = good_approval(session, owner), *json = json_of(owner, approval, "");
    vk_grant grant = pairing_good(json, &policy, session);
    vk_text_free(approval);
    free(json);
    return grant;
}

/* ---- What is read ---- */

static void check_good(const pairing_key *session, const pairing_key *owner) {
    uint8_t id[4];
    vk_grant grant = good(session, owner);
    ck_assert_int_eq(grant.kind, VK_GRANT_PLUGIN);
    ck_assert_int_eq(grant.entry_point_version, VK_ENTRY_POINT_0_6);
    ck_assert(vk_grant_is_token_only(&grant));
    ck_assert(vk_grant_has_approval(&grant));
    ck_assert_int_eq(vk_policy_permission_id(&policy, &session->signer, id), VK_OK);
    ck_assert_mem_eq(grant.account.permission_id, id, sizeof id);
    pairing_check_written(&grant, &policy, session);
    vk_grant_clear(&grant);
}

START_TEST(test_good) {
    check_good(&passkey, &ecdsa_owner);
    check_good(&ecdsa, &passkey_owner);
}
END_TEST

/* Of the one contract that keeps one key an account, whatever the approval. */
static void check_same_contract(const pairing_key *session, const pairing_key *owner,
                                const char *use) {
    char *approval = good_approval(session, owner), *json = json_of(owner, approval, "");
    pairing_refused(json, &policy, session, VK_ERR_UNSUPPORTED, "rootValidator",
                    "enabling this one would replace the owner");
    pairing_refused(json, &policy, session, VK_ERR_UNSUPPORTED, "rootValidator", use);
    vk_text_free(approval);
    free(json);
}

START_TEST(test_same_contract) {
    check_same_contract(&ecdsa, &ecdsa_owner, "Use a passkey key");
    check_same_contract(&passkey, &passkey_owner, "Use a secp256k1 key");
}
END_TEST

START_TEST(test_pre_installed) {
    static const char format[] =
        "{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"0.2.2\",\"account\":\"" ACCOUNT
        "\",\"preInstalled\":true}";
    vk_grant grant = pairing_good(format, &policy, &ecdsa);
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_6};
    ck_assert(!vk_grant_has_approval(&grant));
    ck_assert(!vk_grant_installs(&grant, &op));
    pairing_check_written(&grant, &policy, &ecdsa);
    vk_grant_clear(&grant);
}
END_TEST

/* ---- The window, in the contract's order ---- */

static char *window_approval(uint64_t after, uint64_t until, bool sdk) {
    vk_buf data = {0};
    vk_enable_v2 enable = pairing_enable_v2(&passkey, &data);
    enable.valid_after = after;
    enable.valid_until = until;
    enable.sdk = sdk;
    char *approval = approval_of(&enable, &ecdsa_owner);
    vk_buf_clear(&data);
    return approval;
}

START_TEST(test_window) {
    char *approval = window_approval(1700000000, 1800000000, false);
    char *json =
        json_of(&ecdsa_owner, approval, ",\"validAfter\":1700000000,\"validUntil\":1800000000");
    vk_grant grant = pairing_good(json, &policy, &passkey);
    ck_assert_uint_eq(grant.valid_after, 1700000000);
    ck_assert_uint_eq(grant.valid_until, 1800000000);
    pairing_check_written(&grant, &policy, &passkey);
    vk_grant_clear(&grant);
    free(json);
    json = json_of(&ecdsa_owner, approval, "");
    pairing_refused(json, &policy, &passkey, VK_ERR_SIGNATURE, "enableSignature", "");
    vk_text_free(approval);
    free(json);
}
END_TEST

/* The SDK writes an end where the contract reads the beginning: what it meant to hold until then
 * holds from then on. */
START_TEST(test_window_of_the_sdk) {
    char *approval = window_approval(0, 1800000000, true);
    char *json = json_of(&ecdsa_owner, approval, ",\"validAfter\":1800000000");
    vk_grant grant = pairing_good(json, &policy, &passkey);
    vk_grant_clear(&grant);
    free(json);
    json = json_of(&ecdsa_owner, approval, ",\"validUntil\":1800000000");
    pairing_refused(json, &policy, &passkey, VK_ERR_SIGNATURE, "enableSignature", "");
    vk_text_free(approval);
    free(json);
    approval = window_approval(1700000000, 1800000000, true);
    json = json_of(&ecdsa_owner, approval, ",\"validAfter\":1800000000,\"validUntil\":1700000000");
    pairing_refused(json, &policy, &passkey, VK_ERR_POLICY, "validAfter", "can never be open");
    vk_text_free(approval);
    free(json);
}
END_TEST

/* ---- What is refused ---- */

START_TEST(test_bad_members) {
    static const struct {
        const char *members;
        vk_status status;
        const char *path, *words;
    } cases[] = {
        {",\"selector\":\"0xe9ae5c53\"", VK_ERR_UNSUPPORTED, "selector", "none of execute"},
        {",\"selector\":\"0x34fcd5be\"", VK_ERR_SIGNATURE, "enableSignature", ""},
        {",\"selector\":\"0x34\"", VK_ERR_FORMAT, "selector", ""},
        {",\"validUntil\":281474976710656", VK_ERR_RANGE, "validUntil", ""},
        {",\"preInstalled\":true", VK_ERR_FORMAT, "enableSignature", "installed already"},
        {",\"preInstalled\":1", VK_ERR_FORMAT, "preInstalled", ""},
        {",\"executor\":\"" ACCOUNT "\"", VK_ERR_FORMAT, "executor", ""},
        {",\"key\":\"" ACCOUNT "\"", VK_ERR_MISMATCH, "key", "another key"},
        {",\"rootValidator\":\"0x845ADb2C711129d4f3966735eD98a9F09fC4cE57\"", VK_ERR_UNSUPPORTED,
         "rootValidator", "the account is Kernel 0.2.4"},
        {",\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"", VK_ERR_UNSUPPORTED,
         "entryPoint", "EntryPoint 0.6"},
    };
    char *approval = good_approval(&passkey, &ecdsa_owner);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *json = json_of(&ecdsa_owner, approval, cases[i].members);
        pairing_refused(json, &policy, &passkey, cases[i].status, cases[i].path, cases[i].words);
        free(json);
    }
    vk_text_free(approval);
}
END_TEST

static void refused(const char *json, vk_status status, const char *path, const char *words) {
    pairing_refused(json, &policy, &passkey, status, path, words);
}

START_TEST(test_bad_versions) {
    static const char *const versions[] = {"v1", "0.0.2", "0.3.0", "0.3.3"};
    char json[256];
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        snprintf(
            json, sizeof json,
            "{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"%s\",\"account\":\"" ACCOUNT
            "\",\"preInstalled\":true}",
            versions[i]);
        refused(json, VK_ERR_UNSUPPORTED, "kernelVersion", "0.2.2, 0.2.3 and 0.2.4");
    }
    refused("{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"0.2.4\",\"account\":\"" ACCOUNT
            "\"}",
            VK_ERR_FORMAT, "enableSignature", "missing");
    refused("{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"0.2.4\",\"account\":\"" ACCOUNT
            "\",\"enableSignature\":\"0x00\"}",
            VK_ERR_UNSUPPORTED, "owner", "give \"owner\"");
}
END_TEST

/* Signed by somebody else, or for another key, account, chain, version. */
START_TEST(test_bad_approvals) {
    vk_buf data = {0};
    for (int i = 0; i < 5; i++) {
        vk_enable_v2 enable = pairing_enable_v2(&passkey, &data);
        enable.account.b[19] ^= i == 1;
        enable.chain_id += i == 2;
        enable.kernel = i == 3 ? VK_KERNEL_0_2_3 : enable.kernel;
        data.data[0] ^= i == 4;
        char *approval = approval_of(&enable, i == 0 ? &ecdsa : &ecdsa_owner);
        char *json = json_of(&ecdsa_owner, approval, "");
        pairing_refused(json, &policy, &passkey, VK_ERR_SIGNATURE, "enableSignature", "");
        vk_text_free(approval);
        free(json);
    }
    vk_buf_clear(&data);
}
END_TEST

/* ---- At work ---- */

static const uint8_t plugin_mode[] = {0, 0, 0, 1}, enable_mode[] = {0, 0, 0, 2},
                     part_bytes[] = {'p', 'a', 'r', 't'};

/* The part is found again, unless what is around it is another grant's. */
static void check_detached(const vk_grant *grant, const vk_userop *op, vk_bytes signature) {
    vk_userop signed_op = *op;
    vk_bytes part;
    vk_error err = {0};
    uint8_t *copy = malloc(signature.len);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, signature.data, signature.len);
    signed_op.signature = (vk_bytes){copy, signature.len};
    ck_assert_int_eq(vk_grant_detach(grant, &signed_op, &part, &err), VK_OK);
    ck_assert(vk_bytes_equal(part, (vk_bytes){part_bytes, sizeof part_bytes}));
    for (size_t i = 4; i < signature.len - sizeof part_bytes; i++) {
        copy[i] ^= 1;
        ck_assert_int_eq(vk_grant_detach(grant, &signed_op, &part, &err), VK_ERR_SIGNATURE);
        copy[i] ^= 1;
    }
    copy[3] = 9; /* a mode that there is not */
    ck_assert_int_eq(vk_grant_detach(grant, &signed_op, &part, &err), VK_ERR_SIGNATURE);
    free(copy);
}

static bool attaches(const vk_grant *grant, const vk_userop *op, vk_bytes expected) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_grant_attach(grant, op, (vk_bytes){part_bytes, 4}, &out), VK_OK);
    bool same = vk_bytes_equal(vk_buf_view(&out), expected);
    ck_assert_uint_eq(vk_grant_attached_len(grant, op, 4), out.len);
    check_detached(grant, op, vk_buf_view(&out));
    vk_buf_clear(&out);
    return same;
}

START_TEST(test_attach) {
    static const uint8_t plugin[] = {0, 0, 0, 1, 'p', 'a', 'r', 't'};
    vk_grant grant = good(&passkey, &ecdsa_owner);
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_6};
    vk_enable_v2 enable;
    vk_buf whole = {0};
    vk_grant_enable_v2(&grant, &enable);
    ck_assert_int_eq(vk_enable_v2_signature(&enable, vk_buf_view(&grant.account.enable_signature),
                                            (vk_bytes){part_bytes, 4}, &whole, NULL),
                     VK_OK);
    ck_assert_mem_eq(whole.data, enable_mode, sizeof enable_mode);
    ck_assert(attaches(&grant, &op, vk_buf_view(&whole)));
    op.signature = (vk_bytes){enable_mode, sizeof enable_mode};
    ck_assert(attaches(&grant, &op, vk_buf_view(&whole)));
    op.signature = (vk_bytes){plugin_mode, sizeof plugin_mode};
    ck_assert(attaches(&grant, &op, (vk_bytes){plugin, sizeof plugin}));
    grant.account.pre_installed = true;
    op.signature = (vk_bytes){NULL, 0};
    ck_assert(attaches(&grant, &op, (vk_bytes){plugin, sizeof plugin}));
    vk_buf_clear(&whole);
    vk_grant_clear(&grant);
}
END_TEST

static vk_status check_mode(const vk_grant *grant, bool enabled, const uint8_t *mode,
                            bool *installs) {
    char reason[VK_REASON_MAX];
    vk_install install = {.enabled = enabled, .enable_nonce = vk_u256_from_u64(5)};
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_6, .signature = {mode, mode == NULL ? 0 : 4}};
    return vk_grant_check_mode(grant, &install, &op, installs, reason);
}

/* The approval may come again with every operation; without it something must have enabled. */
START_TEST(test_modes) {
    bool installs = false;
    vk_grant grant = good(&passkey, &ecdsa_owner);
    ck_assert_int_eq(check_mode(&grant, false, NULL, &installs), VK_OK);
    ck_assert(installs);
    ck_assert_int_eq(check_mode(&grant, true, NULL, &installs), VK_OK);
    ck_assert(installs);
    ck_assert_int_eq(check_mode(&grant, false, plugin_mode, &installs), VK_DENIED);
    ck_assert_int_eq(check_mode(&grant, true, plugin_mode, &installs), VK_OK);
    ck_assert(!installs);
    grant.account.pre_installed = true;
    ck_assert_int_eq(check_mode(&grant, false, NULL, &installs), VK_OK);
    ck_assert(!installs);
    vk_grant_clear(&grant);
}
END_TEST

/* What a wallet is shown hashes to what is signed. */
START_TEST(test_typed_data) {
    vk_buf data = {0}, json = {0};
    vk_hash digest, typed;
    vk_enable_v2 enable = pairing_enable_v2(&passkey, &data);
    for (int i = 0; i < 2; i++) {
        enable.valid_after = 1700000000;
        enable.valid_until = 1800000000;
        enable.sdk = i == 1;
        vk_buf_clear(&json);
        ck_assert_int_eq(vk_enable_v2_digest(&enable, &digest, NULL), VK_OK);
        ck_assert_int_eq(vk_enable_v2_typed_data(&enable, &json, NULL), VK_OK);
        ck_assert_int_eq(vk_typed_data_digest(vk_buf_view(&json), &typed, NULL), VK_OK);
        ck_assert_mem_eq(digest.b, typed.b, sizeof digest.b);
    }
    enable.kernel = VK_KERNEL_0_3_1;
    ck_assert_int_eq(vk_enable_v2_typed_data(&enable, &json, NULL), VK_ERR_UNSUPPORTED);
    vk_buf_clear(&data);
    vk_buf_clear(&json);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("plug-in grants");
    TCase *tests = tcase_create("plug-in grants");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_same_contract);
    tcase_add_test(tests, test_pre_installed);
    tcase_add_test(tests, test_window);
    tcase_add_test(tests, test_window_of_the_sdk);
    tcase_add_test(tests, test_bad_members);
    tcase_add_test(tests, test_bad_versions);
    tcase_add_test(tests, test_bad_approvals);
    tcase_add_test(tests, test_attach);
    tcase_add_test(tests, test_modes);
    tcase_add_test(tests, test_typed_data);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
