/* Grants: what is read, what is refused and why, what is written. */
#include "grant_support.h"

#include "base/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_MEMBERS ""
#define EP_0_8 "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"
#define EP_0_9 "0x433709009B8330FDa32311DF1C2AFA402eD8D009"
#define OWNER ",\"owner\":\"0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE\""

static grant_session session;

static void load(void) {
    session = grant_session_load("session/ecdsa.json");
}

static void clear(void) {
    grant_session_clear(&session);
}

static cJSON *member(cJSON *object, const char *name) {
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_ptr_nonnull(item);
    return item;
}

static cJSON *account(void) {
    return grant_account(&session);
}

static vk_grant good(cJSON *changed, const char *members) {
    return grant_good(&session, grant_json(&session, changed, members));
}

static void refused(cJSON *changed, const char *members, vk_status status, const char *path) {
    grant_refused(&session, grant_json(&session, changed, members), status, path);
}

static vk_address address_of(const cJSON *object, const char *name) {
    return vectors_address(object, name);
}

/* ---- What is read ---- */

START_TEST(test_members) {
    vk_grant grant = good(account(), NO_MEMBERS);
    vk_address owner = address_of(vectors_get(session.file, "owner"), "address");
    vk_address entry_point = address_of(session.file, "entryPoint");
    vk_address of_file = address_of(session.file, "account");
    uint8_t id[4];
    vectors_fixed(session.file, "permissionId", id, sizeof id);
    ck_assert_uint_eq(grant.chain_id, 31337);
    ck_assert_int_eq(grant.kernel, VK_KERNEL_0_3_1);
    ck_assert_int_eq(grant.entry_point_version, VK_ENTRY_POINT_0_7);
    ck_assert(vk_address_equal(&grant.entry_point, &entry_point));
    ck_assert(vk_address_equal(&grant.account.account, &of_file));
    ck_assert_mem_eq(grant.account.permission_id, id, sizeof id);
    ck_assert_int_eq(grant.root.kind, VK_ROOT_ECDSA);
    ck_assert(vk_address_equal(&grant.root.owner, &owner));
    ck_assert_uint_eq(grant.enable_nonce, 1);
    ck_assert(vk_address_is_zero(&grant.hook));
    ck_assert_uint_eq(grant.installed_at, 0);
    vk_buf enable_data = {0};
    ck_assert_int_eq(vk_policy_enable_data(&session.policy, &session.signer, &enable_data), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&grant.enable_data), vk_buf_view(&enable_data)));
    vk_buf_clear(&enable_data);
    vk_grant_clear(&grant);
}
END_TEST

/* What the factory data tells may be said again. */
START_TEST(test_consistent_members) {
    static const char *const members[] = {
        ",\"kernelVersion\":\"0.3.1\"",
        ",\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"",
        OWNER,
        (OWNER ",\"rootValidator\":\"0x845ADb2C711129d4f3966735eD98a9F09fC4cE57\""),
        ",\"enableNonce\":1",
        ",\"hook\":\"0x0000000000000000000000000000000000000000\""};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        vk_grant grant = good(account(), members[i]);
        vk_grant_clear(&grant);
    }
}
END_TEST

START_TEST(test_pre_installed) {
    cJSON *changed = account();
    cJSON_ReplaceItemInObject(changed, "isPreInstalled", cJSON_CreateTrue());
    cJSON_DeleteItemFromObject(changed, "enableSignature");
    vk_grant grant = good(changed, ",\"installedAt\":1795000000");
    ck_assert(grant.account.pre_installed);
    ck_assert_uint_eq(grant.installed_at, 1795000000);
    vk_grant_clear(&grant);
}
END_TEST

/* An own deployment: the account is named, and so is its owner. */
START_TEST(test_own_deployment) {
    static const char *const entry_points[] = {
        OWNER ",\"kernelVersion\":\"0.3.3\",\"entryPoint\":\"" EP_0_8 "\"",
        OWNER ",\"kernelVersion\":\"0.3.1\",\"entryPoint\":\"" EP_0_9 "\""};
    for (int i = 0; i < 2; i++) {
        cJSON *changed = account();
        grant_set_text(member(changed, "accountParams"), "initCode", "0x");
        grant_approve(&session, changed, entry_points[i]);
        vk_grant grant = good(changed, entry_points[i]);
        ck_assert_int_eq(grant.entry_point_version,
                         i == 0 ? VK_ENTRY_POINT_0_8 : VK_ENTRY_POINT_0_9);
        ck_assert(!vk_grant_is_token_only(&grant));
        vk_grant_clear(&grant);
    }
    refused(account(), ",\"entryPoint\":\"" EP_0_8 "\"", VK_ERR_UNSUPPORTED, "initCode");
}
END_TEST

/* ---- What is refused ---- */

START_TEST(test_bad_members) {
    static const struct {
        const char *members;
        vk_status status;
        const char *path;
    } cases[] = {
        {",\"kernelVersion\":\"0.3.2\"", VK_ERR_MISMATCH, "kernelVersion"},
        {",\"kernelVersion\":\"0.2.4\"", VK_ERR_UNSUPPORTED, "kernelVersion"},
        {",\"kernelVersion\":3", VK_ERR_FORMAT, "kernelVersion"},
        {",\"entryPoint\":\"0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789\"", VK_ERR_UNSUPPORTED,
         "entryPoint"},
        {",\"entryPoint\":\"0x71\"", VK_ERR_FORMAT, "entryPoint"},
        {",\"owner\":\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"", VK_ERR_MISMATCH, "owner"},
        {OWNER ",\"rootValidator\":\"0x5C97aA67Ba578E3c54ec5942A7563Ea9130E4f5F\"", VK_ERR_MISMATCH,
         "owner"},
        {OWNER ",\"rootValidator\":\"0x7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69\"",
         VK_ERR_UNSUPPORTED, "rootValidator"},
        {",\"rootValidator\":\"0x845ADb2C711129d4f3966735eD98a9F09fC4cE57\"", VK_ERR_FORMAT,
         "rootValidator"},
        {",\"owner\":{\"x\":\"0x01\",\"y\":\"0x02\"}", VK_ERR_FORMAT, "owner.x"},
        {",\"owner\":{\"z\":1}", VK_ERR_FORMAT, "owner.z"},
        {",\"owner\":7", VK_ERR_FORMAT, "owner"},
        {",\"enableNonce\":2", VK_ERR_SIGNATURE, "enableSignature"},
        {",\"enableNonce\":4294967296", VK_ERR_RANGE, "enableNonce"},
        {",\"hook\":\"0x0000000000000000000000000000000000000001\"", VK_ERR_SIGNATURE,
         "enableSignature"},
        {",\"hook\":\"0x0000000000000000000000000000000000000002\"", VK_ERR_UNSUPPORTED, "hook"},
        {",\"installedAt\":1795000000", VK_ERR_FORMAT, "installedAt"},
        {",\"installedAt\":0", VK_ERR_FORMAT, "installedAt"},
        {",\"start\":7", VK_ERR_FORMAT, "start"},
        {",\"start\":{\"spent\":\"1\",\"used\":1}", VK_ERR_FORMAT, "start.at"},
        {",\"start\":{\"spent\":\"1\",\"at\":0}", VK_ERR_RANGE, "start.at"},
        {",\"start\":{\"at\":1,\"when\":1}", VK_ERR_FORMAT, "start.when"},
        {",\"color\":\"blue\"", VK_ERR_FORMAT, "color"},
        {",\"chainId\":31337", VK_ERR_FORMAT, "chainId"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refused(account(), cases[i].members, cases[i].status, cases[i].path);
    }
}
END_TEST

START_TEST(test_bad_installation_times) {
    static const struct {
        const char *members;
        vk_status status;
    } cases[] = {{",\"installedAt\":281474976710656", VK_ERR_RANGE},
                 {",\"installedAt\":-1", VK_ERR_RANGE},
                 {",\"installedAt\":\"1795000000\"", VK_ERR_FORMAT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *changed = account();
        cJSON_ReplaceItemInObject(changed, "isPreInstalled", cJSON_CreateTrue());
        refused(changed, cases[i].members, cases[i].status, "installedAt");
    }
}
END_TEST

/* What is signed for chain 0 is good on every chain. */
START_TEST(test_no_chain) {
    cJSON *changed = account();
    cJSON_ReplaceItemInObject(session.file, "chainId", cJSON_CreateNumber(0));
    cJSON_ReplaceItemInObject(changed, "isPreInstalled", cJSON_CreateTrue());
    refused(changed, NO_MEMBERS, VK_ERR_RANGE, "chainId");
}
END_TEST

START_TEST(test_another_chain) {
    cJSON_ReplaceItemInObject(session.file, "chainId", cJSON_CreateNumber(1));
    refused(account(), NO_MEMBERS, VK_ERR_SIGNATURE, "enableSignature");
}
END_TEST

START_TEST(test_another_permission_id) {
    cJSON *changed = account();
    grant_flip_digit(member(changed, "permissionParams"), "permissionId", 7);
    refused(changed, NO_MEMBERS, VK_ERR_MISMATCH, "permissionParams.permissionId");
}
END_TEST

START_TEST(test_another_session_key) {
    session.signer.address.b[19] ^= 1;
    refused(account(), NO_MEMBERS, VK_ERR_MISMATCH, "permissionParams.permissionId");
}
END_TEST

static cJSON *policy_params(cJSON *changed, int index) {
    cJSON *policies = member(member(changed, "permissionParams"), "policies");
    return member(cJSON_GetArrayItem(policies, index), "policyParams");
}

START_TEST(test_another_amount) {
    cJSON *changed = account();
    grant_set_text(policy_params(changed, 1), "allowed", "10000000000000001");
    refused(changed, NO_MEMBERS, VK_ERR_MISMATCH, "permissionParams.policies[1]");
}
END_TEST

START_TEST(test_another_flag) {
    cJSON *changed = account();
    grant_set_text(policy_params(changed, 2), "policyFlag", "0x0001");
    refused(changed, NO_MEMBERS, VK_ERR_MISMATCH, "permissionParams.policies[2]");
}
END_TEST

START_TEST(test_fewer_policies) {
    cJSON *changed = account();
    cJSON_DeleteItemFromArray(member(member(changed, "permissionParams"), "policies"), 0);
    refused(changed, NO_MEMBERS, VK_ERR_MISMATCH, "permissionParams.policies");
}
END_TEST

START_TEST(test_unreadable_policy) {
    cJSON *changed = account();
    grant_set_text(policy_params(changed, 1), "allowed", "all");
    refused(changed, NO_MEMBERS, VK_ERR_FORMAT, "policies[1].allowed");
}
END_TEST

START_TEST(test_another_account) {
    cJSON *changed = account();
    grant_set_text(member(changed, "accountParams"), "accountAddress",
                   "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    refused(changed, NO_MEMBERS, VK_ERR_MISMATCH, "accountParams.accountAddress");
}
END_TEST

/* Any other factory data is other data of another account, or none. */
START_TEST(test_another_factory_data) {
    static const struct {
        size_t digit;
        vk_status status;
        const char *path;
    } cases[] = {{0, VK_ERR_FORMAT, "initCode"},                         /* the function */
                 {70, VK_ERR_UNSUPPORTED, "initCode"},                   /* the factory */
                 {199, VK_ERR_MISMATCH, "accountParams.accountAddress"}, /* the index */
                 {290, VK_ERR_MISMATCH, "accountParams.accountAddress"}, /* the validator */
                 {600, VK_ERR_FORMAT, "initCode"}};                      /* the owner's length */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *changed = account();
        grant_flip_digit(member(changed, "accountParams"), "initCode", cases[i].digit);
        refused(changed, NO_MEMBERS, cases[i].status, cases[i].path);
    }
}
END_TEST

START_TEST(test_another_approval) {
    for (size_t digit = 0; digit < 130; digit++) {
        cJSON *changed = account();
        grant_flip_digit(changed, "enableSignature", digit);
        refused(changed, NO_MEMBERS, VK_ERR_SIGNATURE, "enableSignature");
    }
}
END_TEST

START_TEST(test_no_approval) {
    cJSON *changed = account();
    cJSON_DeleteItemFromObject(changed, "enableSignature");
    refused(changed, NO_MEMBERS, VK_ERR_SIGNATURE, "enableSignature");
}
END_TEST

START_TEST(test_another_action) {
    cJSON *changed = account();
    grant_flip_digit(member(changed, "action"), "selector", 3);
    refused(changed, NO_MEMBERS, VK_ERR_SIGNATURE, "enableSignature");
    changed = account();
    grant_flip_digit(member(changed, "action"), "address", 3);
    refused(changed, NO_MEMBERS, VK_ERR_SIGNATURE, "enableSignature");
}
END_TEST

/* ---- Truncation ---- */

START_TEST(test_truncated) {
    char *json = grant_json(&session, account(), NO_MEMBERS);
    for (size_t len = 0; len < strlen(json); len++) {
        vk_grant grant;
        char *part = malloc(len + 1); /* exact, for the sanitizer */
        memcpy(part, json, len);
        ck_assert_int_eq(vk_grant_read(part, len, &session.policy, &session.signer, &grant, NULL),
                         VK_ERR_FORMAT);
        free(part);
    }
    vk_text_free(json);
}
END_TEST

/* ---- Writing ---- */

static char *written(const vk_grant *grant) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_grant_write(grant, &out), VK_OK);
    return vk_buf_take_text(&out);
}

/* Reads, writes and reads again: the same grant, by its text. */
static void check_round_trip(cJSON *changed, const char *members) {
    vk_grant first = good(changed, members);
    char *text = written(&first);
    vk_grant second = grant_good(&session, strdup(text));
    char *again = written(&second);
    ck_assert_str_eq(text, again);
    ck_assert_int_eq(first.root.kind, second.root.kind);
    ck_assert(vk_address_equal(&first.root.owner, &second.root.owner));
    ck_assert(vk_address_equal(&first.root.validator, &second.root.validator));
    ck_assert_uint_eq(first.installed_at, second.installed_at);
    vk_text_free(text);
    vk_text_free(again);
    vk_grant_clear(&first);
    vk_grant_clear(&second);
}

START_TEST(test_round_trips) {
    check_round_trip(account(), NO_MEMBERS);
    cJSON *changed = account();
    cJSON_ReplaceItemInObject(changed, "isPreInstalled", cJSON_CreateTrue());
    check_round_trip(changed, ",\"installedAt\":281474976710655");
    changed = account();
    grant_approve(&session, changed, ",\"enableNonce\":4294967295");
    check_round_trip(changed, ",\"enableNonce\":4294967295");
    changed = account();
    static const char hook[] = ",\"hook\":\"0x0000000000000000000000000000000000000001\"";
    grant_approve(&session, changed, hook);
    check_round_trip(changed, hook);
}
END_TEST

START_TEST(test_unknown_time_is_not_written) {
    cJSON *changed = account();
    cJSON_ReplaceItemInObject(changed, "isPreInstalled", cJSON_CreateTrue());
    vk_grant grant = good(changed, ",\"installedAt\":0");
    char *text = written(&grant);
    ck_assert_ptr_null(strstr(text, "installedAt"));
    vk_text_free(text);
    vk_grant_clear(&grant);
}
END_TEST

/* ---- Owners that the account does not tell ---- */

/* The address of what the account's factory data deploys becomes the account's. */
static void move_account(cJSON *changed) {
    cJSON *params = member(changed, "accountParams");
    vk_buf data = vectors_bytes(params, "initCode");
    vk_account_init init;
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), VK_KERNEL_UNKNOWN, &init, NULL),
                     VK_OK);
    grant_set_hex(params, "accountAddress", (vk_bytes){init.account.b, sizeof init.account.b});
    vk_buf_clear(&data);
}

/* The factory data names a validator that is not ZeroDev's: the grant has to keep the owner. */
START_TEST(test_foreign_validator) {
    cJSON *changed = account();
    grant_flip_digit(member(changed, "accountParams"), "initCode", 290);
    move_account(changed);
    cJSON *without = cJSON_Duplicate(changed, true);
    grant_approve(&session, changed, OWNER);
    check_round_trip(changed, OWNER);
    refused(without, NO_MEMBERS, VK_ERR_UNSUPPORTED, "owner");
}
END_TEST

/* Under EIP-7702 there is no factory data, and the account is its own owner. */
START_TEST(test_eip7702) {
    static const char version[] = ",\"kernelVersion\":\"0.3.3\"";
    cJSON *changed = account();
    grant_set_text(member(changed, "accountParams"), "initCode", "0x");
    grant_set_text(member(changed, "accountParams"), "accountAddress",
                   "0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE");
    refused(cJSON_Duplicate(changed, true), NO_MEMBERS, VK_ERR_FORMAT, "kernelVersion");
    refused(cJSON_Duplicate(changed, true), version, VK_ERR_SIGNATURE, "enableSignature");
    grant_approve(&session, changed, version);
    check_round_trip(changed, version);
}
END_TEST

/* createAccount (0xea6d13ac) names no factory, so the version has to be given. */
START_TEST(test_create_account) {
    static const char version[] = ",\"kernelVersion\":\"0.3.1\"";
    cJSON *changed = account(), *params = member(changed, "accountParams");
    const char *init_code = vectors_text(params, "initCode");
    char *data = malloc(strlen(init_code) + 1);
    /* Without the factory's word, and with an offset that is one word less. */
    sprintf(data, "0xea6d13ac%s", init_code + 2 + 8 + 64);
    data[2 + 8 + 62] = '4';
    grant_set_text(params, "initCode", data);
    free(data);
    refused(cJSON_Duplicate(changed, true), NO_MEMBERS, VK_ERR_FORMAT, "kernelVersion");
    refused(cJSON_Duplicate(changed, true), ",\"kernelVersion\":\"0.3.2\"", VK_ERR_MISMATCH,
            "accountParams.accountAddress");
    check_round_trip(changed, version);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("grant");
    TCase *tests = tcase_create("grant");
    tcase_add_checked_fixture(tests, load, clear);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_members);
    tcase_add_test(tests, test_consistent_members);
    tcase_add_test(tests, test_pre_installed);
    tcase_add_test(tests, test_own_deployment);
    tcase_add_test(tests, test_bad_members);
    tcase_add_test(tests, test_bad_installation_times);
    tcase_add_test(tests, test_no_chain);
    tcase_add_test(tests, test_another_chain);
    tcase_add_test(tests, test_another_permission_id);
    tcase_add_test(tests, test_another_session_key);
    tcase_add_test(tests, test_another_amount);
    tcase_add_test(tests, test_another_flag);
    tcase_add_test(tests, test_fewer_policies);
    tcase_add_test(tests, test_unreadable_policy);
    tcase_add_test(tests, test_another_account);
    tcase_add_test(tests, test_another_factory_data);
    tcase_add_test(tests, test_another_approval);
    tcase_add_test(tests, test_no_approval);
    tcase_add_test(tests, test_another_action);
    tcase_add_test(tests, test_truncated);
    tcase_add_test(tests, test_round_trips);
    tcase_add_test(tests, test_unknown_time_is_not_written);
    tcase_add_test(tests, test_foreign_validator);
    tcase_add_test(tests, test_eip7702);
    tcase_add_test(tests, test_create_account);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
