/* Grants of owners: the key is the root validator's own, of every Kernel version. */
#include "pairing_support.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT "\"0x1111111111111111111111111111111111111111\""
#define SUDO "[{\"type\":\"sudo\"}]"
#define ECDSA_V2 "0xd9AB5096a832b9ce79914329DAEE236f8Eea0390"
#define ECDSA_V3_1 "0x845ADb2C711129d4f3966735eD98a9F09fC4cE57"
#define MULTI_CHAIN "0x5C97aA67Ba578E3c54ec5942A7563Ea9130E4f5F"
#define PASSKEY_V3 "0x7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69"
#define PASSKEY_UNPATCHED "0xbA45a2BFb8De3D24cA9D7F1B551E14dFF5d690Fd"

static pairing_key ecdsa, passkey, other;
static vk_policy sudo;

static void load(void) {
    ecdsa = pairing_key_of(1, false);
    passkey = pairing_key_of(2, true);
    other = pairing_key_of(3, false);
    sudo = pairing_policy(SUDO);
}

static void clear(void) {
    vk_policy_clear(&sudo);
}

static char *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The members behind kind and chainId. */
static char *json_of(const char *format, ...) {
    char *members, *json;
    va_list args;
    va_start(args, format);
    ck_assert_int_gt(vasprintf(&members, format, args), 0);
    va_end(args);
    ck_assert_int_gt(asprintf(&json, "{\"kind\":\"owner\",\"chainId\":10,%s}", members), 0);
    free(members);
    return json;
}

static vk_grant good(char *json, const pairing_key *key) {
    vk_grant grant = pairing_good(json, &sudo, key);
    free(json);
    return grant;
}

static void refused(char *json, const pairing_key *key, vk_status status, const char *path,
                    const char *words) {
    pairing_refused(json, &sudo, key, status, path, words);
    free(json);
}

/* ---- What is read ---- */

static const struct {
    const char *version;
    vk_entry_point entry_point;
    bool has_mode; /* 00000000 in front of the signature */
} versions[] = {{"v1", VK_ENTRY_POINT_0_6, false},    {"0.0.2", VK_ENTRY_POINT_0_6, true},
                {"0.2.2", VK_ENTRY_POINT_0_6, true},  {"0.2.3", VK_ENTRY_POINT_0_6, true},
                {"0.2.4", VK_ENTRY_POINT_0_6, true},  {"0.3.0", VK_ENTRY_POINT_0_7, false},
                {"0.3.1", VK_ENTRY_POINT_0_7, false}, {"0.3.2", VK_ENTRY_POINT_0_7, false},
                {"0.3.3", VK_ENTRY_POINT_0_7, false}};

#define VERSIONS (sizeof versions / sizeof versions[0])

/* The signature is the part as it is, or behind its mode. */
static void check_attached(const vk_grant *grant, bool has_mode) {
    static const uint8_t expected[] = {0, 0, 0, 0, 'p', 'a', 'r', 't'};
    vk_userop op = {.entry_point = grant->entry_point_version};
    vk_bytes part = {expected + 4, 4}, whole = has_mode ? (vk_bytes){expected, 8} : part;
    vk_bytes found;
    vk_buf out = {0};
    ck_assert_int_eq(vk_grant_attach(grant, &op, part, &out), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&out), whole));
    ck_assert_uint_eq(vk_grant_attached_len(grant, &op, 4), whole.len);
    op.signature = whole;
    ck_assert_int_eq(vk_grant_detach(grant, &op, &found, NULL), VK_OK);
    ck_assert(vk_bytes_equal(found, part));
    op.signature = (vk_bytes){expected + 1, 3};
    ck_assert_int_eq(vk_grant_detach(grant, &op, &found, NULL),
                     has_mode ? VK_ERR_SIGNATURE : VK_OK);
    vk_buf_clear(&out);
    vk_grant_session_part(grant, part, &out);
    ck_assert(vk_bytes_equal(vk_buf_view(&out), part));
    vk_buf_clear(&out);
}

START_TEST(test_versions) {
    for (size_t i = 0; i < VERSIONS; i++) {
        vk_grant grant = good(
            json_of("\"kernelVersion\":\"%s\",\"account\":" ACCOUNT, versions[i].version), &ecdsa);
        vk_address entry_point = vk_entry_point_address(versions[i].entry_point);
        ck_assert_int_eq(grant.kind, VK_GRANT_OWNER);
        ck_assert_int_eq(grant.kernel, vk_kernel_read(versions[i].version));
        ck_assert(vk_address_equal(&grant.entry_point, &entry_point));
        ck_assert(vk_address_equal(&grant.root.owner, &ecdsa.signer.address));
        ck_assert(vk_address_is_zero(&grant.root.validator) == (i == 0));
        ck_assert(vk_grant_is_token_only(&grant));
        ck_assert(strstr(vk_grant_keeper_text(&grant), "this token alone") != NULL);
        ck_assert(!vk_grant_has_approval(&grant));
        check_attached(&grant, versions[i].has_mode);
        pairing_check_written(&grant, &sudo, &ecdsa);
        vk_grant_clear(&grant);
    }
}
END_TEST

START_TEST(test_passkeys) {
    for (size_t i = 2; i < VERSIONS; i++) {
        vk_grant grant =
            good(json_of("\"kernelVersion\":\"%s\",\"account\":" ACCOUNT, versions[i].version),
                 &passkey);
        ck_assert_int_eq(grant.root.kind, VK_ROOT_PASSKEY);
        pairing_check_written(&grant, &sudo, &passkey);
        vk_grant_clear(&grant);
    }
}
END_TEST

START_TEST(test_multi_chain) {
    vk_grant grant = good(json_of("\"kernelVersion\":\"0.3.2\",\"account\":" ACCOUNT
                                  ",\"rootValidator\":\"" MULTI_CHAIN "\""),
                          &ecdsa);
    ck_assert_int_eq(grant.root.kind, VK_ROOT_MULTI_CHAIN);
    pairing_check_written(&grant, &sudo, &ecdsa);
    vk_grant_clear(&grant);
}
END_TEST

/* An own deployment for a later EntryPoint. */
START_TEST(test_entry_point_0_8) {
    vk_grant grant = good(json_of("\"kernelVersion\":\"0.3.3\",\"account\":" ACCOUNT
                                  ",\"entryPoint\":\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\""),
                          &ecdsa);
    ck_assert_int_eq(grant.entry_point_version, VK_ENTRY_POINT_0_8);
    vk_grant_clear(&grant);
}
END_TEST

/* ---- With factory data ---- */

/* The factory data of the account of an ECDSA owner; *account is its address in quotes. */
static char *factory_data(vk_kernel_version kernel, const pairing_key *owner, char account[48]) {
    vk_u256 index = vk_u256_from_u64(7);
    vk_buf data = {0}, hex = {0};
    vk_account_init init;
    char text[43];
    ck_assert_int_eq(vk_account_init_write(kernel, &owner->signer.address, &index, &data), VK_OK);
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), kernel, &init, NULL), VK_OK);
    vk_address_text(&init.account, text);
    snprintf(account, 48, "\"%s\"", text);
    vk_hex_put(&hex, vk_buf_view(&data));
    vk_buf_clear(&data);
    return vk_buf_take_text(&hex);
}

START_TEST(test_factory_data) {
    char account[48];
    for (size_t i = 0; i < VERSIONS; i++) {
        vk_kernel_version kernel = vk_kernel_read(versions[i].version);
        char *data = factory_data(kernel, &ecdsa, account);
        bool known = kernel >= VK_KERNEL_0_2_2; /* the address */
        const char *at = known ? account : ACCOUNT;
        vk_grant grant = good(json_of("\"kernelVersion\":\"%s\",\"account\":%s,"
                                      "\"factoryData\":\"%s\"",
                                      versions[i].version, at, data),
                              &ecdsa);
        ck_assert_int_eq(grant.kernel, kernel);
        pairing_check_written(&grant, &sudo, &ecdsa);
        vk_grant_clear(&grant);
        refused(json_of("\"kernelVersion\":\"%s\",\"account\":%s,\"factoryData\":\"%s\"",
                        versions[i].version, at, data),
                &other, VK_ERR_MISMATCH, "owner", "is not the one in the account's factory data");
        vk_text_free(data);
    }
}
END_TEST

START_TEST(test_another_account) {
    char account[48];
    char *data = factory_data(VK_KERNEL_0_2_4, &ecdsa, account);
    refused(json_of("\"account\":" ACCOUNT ",\"factoryData\":\"%s\"", data), &ecdsa,
            VK_ERR_MISMATCH, "account", "deploys");
    refused(
        json_of("\"kernelVersion\":\"0.2.3\",\"account\":%s,\"factoryData\":\"%s\"", account, data),
        &ecdsa, VK_ERR_MISMATCH, "kernelVersion", "0.2");
    vk_text_free(data);
}
END_TEST

/* The validator is then the one that the account was made with. */
START_TEST(test_validator_of_factory_data) {
    char account[48];
    char *data = factory_data(VK_KERNEL_0_3_1, &ecdsa, account);
    refused(json_of("\"account\":%s,\"factoryData\":\"%s\",\"rootValidator\":\"" MULTI_CHAIN "\"",
                    account, data),
            &ecdsa, VK_ERR_MISMATCH, "owner", "another validator");
    refused(json_of("\"account\":%s,\"factoryData\":\"%s\","
                    "\"entryPoint\":\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\"",
                    account, data),
            &ecdsa, VK_ERR_UNSUPPORTED, "initCode", "EntryPoint 0.8");
    vk_text_free(data);
}
END_TEST

/* ---- What is refused ---- */

START_TEST(test_bad_members) {
    static const struct {
        const char *members;
        vk_status status;
        const char *path, *words;
    } cases[] = {
        {"\"kernelVersion\":\"0.2.5\",\"account\":" ACCOUNT, VK_ERR_UNSUPPORTED, "kernelVersion",
         "not known"},
        {"\"account\":" ACCOUNT, VK_ERR_FORMAT, "kernelVersion", "cannot be told"},
        {"\"kernelVersion\":\"0.2.4\"", VK_ERR_FORMAT, "account", "missing"},
        {"\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT
         ",\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"",
         VK_ERR_UNSUPPORTED, "entryPoint", "Kernel 0.2.4 works with EntryPoint 0.6"},
        {"\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT
         ",\"entryPoint\":\"0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789\"",
         VK_ERR_UNSUPPORTED, "entryPoint", "Kernel 0.3.1 works with EntryPoint 0.7"},
        {"\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT
         ",\"entryPoint\":\"0x1111111111111111111111111111111111111112\"",
         VK_ERR_UNSUPPORTED, "entryPoint", "none of the published EntryPoints"},
        {"\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT ",\"rootValidator\":\"" PASSKEY_V3 "\"",
         VK_ERR_MISMATCH, "rootValidator", "for ECDSA owners"},
        {"\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT
         ",\"rootValidator\":\"0x1111111111111111111111111111111111111112\"",
         VK_ERR_MISMATCH, "rootValidator", "not a validator of ZeroDev"},
        {"\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT ",\"rootValidator\":\"" ECDSA_V2 "\"",
         VK_ERR_UNSUPPORTED, "rootValidator", "the account is Kernel 0.3.1"},
        {"\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT ",\"rootValidator\":\"" ECDSA_V3_1 "\"",
         VK_ERR_UNSUPPORTED, "rootValidator", "the account is Kernel 0.2.4"},
        {"\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT ",\"owner\":" ACCOUNT, VK_ERR_FORMAT,
         "owner", "owner"},
        {"\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT ",\"key\":" ACCOUNT, VK_ERR_MISMATCH,
         "key", "another key"},
        {"\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT ",\"preInstalled\":true", VK_ERR_FORMAT,
         "preInstalled", "preInstalled"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refused(json_of("%s", cases[i].members), &ecdsa, cases[i].status, cases[i].path,
                cases[i].words);
    }
}
END_TEST

START_TEST(test_bad_passkeys) {
    refused(json_of("\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT
                    ",\"rootValidator\":\"" PASSKEY_UNPATCHED "\""),
            &passkey, VK_ERR_UNSUPPORTED, "rootValidator", "unpatched");
    refused(json_of("\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT
                    ",\"rootValidator\":\"" ECDSA_V3_1 "\""),
            &passkey, VK_ERR_MISMATCH, "rootValidator", "for passkey owners");
    refused(json_of("\"kernelVersion\":\"v1\",\"account\":" ACCOUNT), &passkey, VK_ERR_UNSUPPORTED,
            "kernelVersion", "secp256k1");
    refused(json_of("\"kernelVersion\":\"0.0.2\",\"account\":" ACCOUNT), &passkey,
            VK_ERR_UNSUPPORTED, "rootValidator", "not a validator");
}
END_TEST

START_TEST(test_bad_kinds) {
    pairing_refused("{\"kind\":\"admin\",\"chainId\":1}", &sudo, &ecdsa, VK_ERR_UNSUPPORTED, "kind",
                    "none of");
    pairing_refused("{\"kind\":\"thirdweb\",\"chainId\":1,\"account\":" ACCOUNT
                    ",\"entryPoint\":\"0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789\","
                    "\"preInstalled\":true}",
                    &sudo, &ecdsa, VK_ERR_MISMATCH, "kind", "thirdweb session");
    vk_policy session = pairing_policy("[{\"type\":\"thirdweb\",\"approvedTargets\":[" ACCOUNT
                                       "],\"permissionEndTimestamp\":2000000000}]");
    char *json = json_of("\"kernelVersion\":\"0.3.1\",\"account\":" ACCOUNT);
    pairing_refused(json, &session, &ecdsa, VK_ERR_MISMATCH, "kind", "must be of the kind");
    free(json);
    vk_policy_clear(&session);
}
END_TEST

/* ---- For this grant? ---- */

static vk_status match_nonce(const char *version, const char *nonce, char reason[VK_REASON_MAX]) {
    char field[32];
    vk_grant grant =
        good(json_of("\"kernelVersion\":\"%s\",\"account\":" ACCOUNT, version), &ecdsa);
    vk_userop_request request = {
        .op = {.entry_point = grant.entry_point_version, .sender = grant.account.account}};
    ck_assert_int_eq(vk_u256_read_hex(nonce, strlen(nonce), &request.op.nonce), VK_OK);
    vk_status status = vk_grant_match(&grant, &request, field, reason);
    ck_assert(status == VK_OK || strcmp(field, "nonce") == 0);
    vk_grant_clear(&grant);
    return status;
}

/* From 0.3.0 on the first two bytes say who signs; before, nothing does. */
START_TEST(test_nonces) {
    static const char root[] = "0x0000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    static const char *const others[] = {
        "0x0001ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0x0002ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0x0100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0x0200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    char reason[VK_REASON_MAX];
    for (size_t i = 0; i < VERSIONS; i++) {
        bool structured = versions[i].entry_point == VK_ENTRY_POINT_0_7;
        ck_assert_int_eq(match_nonce(versions[i].version, root, reason), VK_OK);
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            vk_status status = match_nonce(versions[i].version, others[j], reason);
            ck_assert_int_eq(status, structured ? VK_DENIED : VK_OK);
        }
        ck_assert(!structured || strstr(reason, "the account's owner") != NULL);
    }
}
END_TEST

/* A bare operation is of the version that it was read as. */
START_TEST(test_entry_points) {
    char field[32], reason[VK_REASON_MAX];
    vk_grant grant = good(json_of("\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT), &ecdsa);
    vk_userop_request request = {
        .op = {.entry_point = VK_ENTRY_POINT_0_7, .sender = grant.account.account}};
    ck_assert_int_eq(vk_grant_match(&grant, &request, field, reason), VK_DENIED);
    ck_assert_str_eq(field, "entryPoint");
    request.op.entry_point = VK_ENTRY_POINT_0_6;
    ck_assert_int_eq(vk_grant_match(&grant, &request, field, reason), VK_OK);
    vk_grant_clear(&grant);
}
END_TEST

/* The id says whose budget it is, though the account does not know it. */
START_TEST(test_permission_id) {
    uint8_t id[4];
    vk_grant grant = good(json_of("\"kernelVersion\":\"0.2.4\",\"account\":" ACCOUNT), &ecdsa);
    ck_assert_int_eq(vk_policy_permission_id(&sudo, &ecdsa.signer, id), VK_OK);
    ck_assert_mem_eq(grant.account.permission_id, id, sizeof id);
    vk_grant_clear(&grant);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("owner grants");
    TCase *tests = tcase_create("owner grants");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_add_test(tests, test_versions);
    tcase_add_test(tests, test_passkeys);
    tcase_add_test(tests, test_multi_chain);
    tcase_add_test(tests, test_entry_point_0_8);
    tcase_add_test(tests, test_factory_data);
    tcase_add_test(tests, test_another_account);
    tcase_add_test(tests, test_validator_of_factory_data);
    tcase_add_test(tests, test_bad_members);
    tcase_add_test(tests, test_bad_passkeys);
    tcase_add_test(tests, test_bad_kinds);
    tcase_add_test(tests, test_nonces);
    tcase_add_test(tests, test_entry_points);
    tcase_add_test(tests, test_permission_id);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
