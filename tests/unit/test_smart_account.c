/* Smart accounts that a token keeps: what follows from what they are made of, and the JSON. */
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const vk_address an_owner = {{0x11, 0x22, 0x33}};

static char *text_of(const char *text) {
    vk_buf buf = {0};
    vk_buf_put_text(&buf, text);
    return vk_buf_take_text(&buf);
}

static vk_smart_account kernel_account(vk_kernel_version version, vk_root_kind kind) {
    return (vk_smart_account){
        .kernel = version, .root = {.kind = kind, .owner = an_owner}, .index = vk_u256_from_u64(7)};
}

static char *write(const vk_smart_account *account) {
    vk_buf json = {0};
    ck_assert_int_eq(vk_smart_account_write(account, &json), VK_OK);
    return vk_buf_take_text(&json);
}

static void check_equal(const vk_smart_account *a, const vk_smart_account *b) {
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_int_eq(a->kernel, b->kernel);
    ck_assert_int_eq(a->entry_point, b->entry_point);
    ck_assert_mem_eq(&a->root, &b->root, sizeof a->root);
    ck_assert_int_eq(vk_u256_cmp(&a->index, &b->index), 0);
    ck_assert(vk_address_equal(&a->account, &b->account));
    ck_assert(vk_address_equal(&a->factory, &b->factory));
    ck_assert(vk_address_equal(&a->implementation, &b->implementation));
    ck_assert(vk_bytes_equal(vk_buf_view(&a->factory_data), vk_buf_view(&b->factory_data)));
}

static void check_round_trip(const vk_smart_account *account) {
    vk_smart_account again;
    vk_error err = {0};
    char *json = write(account);
    vk_status status = vk_smart_account_read(json, strlen(json), &again, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.message, json);
    check_equal(account, &again);
    char *twice = write(&again);
    ck_assert_str_eq(json, twice);
    vk_text_free(twice);
    vk_text_free(json);
    vk_smart_account_clear(&again);
}

/* ---- The addresses of the vectors ---- */

static bool is_plain(const cJSON *in) {
    static const char *const others[] = {"hook", "initConfig", "permission", "implementation",
                                         "factory"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(in, others[i]);
        if (member != NULL && !cJSON_IsNull(member)) {
            return false;
        }
    }
    return cJSON_IsTrue(vectors_get(in, "useMetaFactory")) &&
           vk_root_kind_read(vectors_text(in, "sudo")) != VK_ROOT_UNKNOWN;
}

static void check_vector(const cJSON *in, const cJSON *out) {
    vk_smart_account account = {.kernel = vk_kernel_read(vectors_text(in, "kernelVersion")),
                                .root.kind = vk_root_kind_read(vectors_text(in, "sudo")),
                                .index = vectors_u256(in, "index")};
    vk_buf data = vectors_bytes(in, "validatorEnableData");
    vk_buf factory_data = vectors_bytes(out, "factoryData");
    vk_address address = vectors_address(out, "address"), factory = vectors_address(out, "factory");
    vk_error err = {0};
    ck_assert_int_eq(vk_root_read_enable_data(vk_buf_view(&data), &account.root, &err), VK_OK);
    ck_assert_msg(vk_smart_account_settle(&account, &err) == VK_OK, "%s", err.message);
    ck_assert(vk_address_equal(&account.account, &address));
    ck_assert(vk_address_equal(&account.factory, &factory));
    ck_assert(vk_bytes_equal(vk_buf_view(&account.factory_data), vk_buf_view(&factory_data)));
    check_round_trip(&account);
    vk_buf_clear(&data);
    vk_buf_clear(&factory_data);
    vk_smart_account_clear(&account);
}

START_TEST(test_vectors) {
    cJSON *file = vectors_load("account_address.json");
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (is_plain(vectors_get(one, "in"))) {
            check_vector(vectors_get(one, "in"), vectors_get(one, "out"));
            count++;
        }
    }
    ck_assert_uint_ge(count, 60);
    cJSON_Delete(file);
}
END_TEST

static bool is_text(const cJSON *in, const char *name, const char *text) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(in, name);
    return cJSON_IsString(member) && strcmp(member->valuestring, text) == 0;
}

static bool is_plain_thirdweb(const cJSON *in) {
    return is_text(in, "what", "account address") && is_text(in, "data", "0x");
}

START_TEST(test_thirdweb_vectors) {
    cJSON *file = vectors_load("onchain_thirdweb.json");
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        if (!is_plain_thirdweb(in)) {
            continue;
        }
        vk_smart_account account = {
            .kind = VK_SMART_ACCOUNT_THIRDWEB,
            .entry_point = VK_ENTRY_POINT_0_6,
            .factory = vectors_address(in, "factory"),
            .implementation = vectors_address(in, "implementation"),
            .root = {.kind = VK_ROOT_ECDSA, .owner = vectors_address(in, "admin")}};
        vk_address address = vectors_address(vectors_get(one, "out"), "address");
        ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
        ck_assert(vk_address_equal(&account.account, &address));
        check_round_trip(&account);
        vk_smart_account_clear(&account);
        count++;
    }
    ck_assert_uint_ge(count, 3);
    cJSON_Delete(file);
}
END_TEST

/* ---- What cannot be ---- */

static void check_impossible(vk_smart_account account, vk_status status, const char *path) {
    vk_error err = {0};
    ck_assert_int_eq(vk_smart_account_settle(&account, &err), status);
    ck_assert_str_eq(err.path, path);
    vk_smart_account_clear(&account);
}

START_TEST(test_impossible) {
    check_impossible(kernel_account(VK_KERNEL_UNKNOWN, VK_ROOT_ECDSA), VK_ERR_UNSUPPORTED,
                     "kernelVersion");
    check_impossible(kernel_account(VK_KERNEL_0_3_1, VK_ROOT_UNKNOWN), VK_ERR_UNSUPPORTED,
                     "validator");
    check_impossible(kernel_account(VK_KERNEL_0_2_4, VK_ROOT_MULTI_CHAIN), VK_ERR_UNSUPPORTED,
                     "validator");
    check_impossible(kernel_account(VK_KERNEL_0_0_2, VK_ROOT_PASSKEY), VK_ERR_UNSUPPORTED,
                     "validator");
    check_impossible(kernel_account(VK_KERNEL_0_3_1, VK_ROOT_PASSKEY), VK_ERR_FORMAT, "owner");
    check_impossible(kernel_account(VK_KERNEL_0_0_2, VK_ROOT_ECDSA), VK_ERR_UNSUPPORTED, "account");
    vk_smart_account thirdweb = {.kind = VK_SMART_ACCOUNT_THIRDWEB,
                                 .entry_point = VK_ENTRY_POINT_0_8,
                                 .root.kind = VK_ROOT_ECDSA};
    check_impossible(thirdweb, VK_ERR_UNSUPPORTED, "entryPoint");
    thirdweb.root.kind = VK_ROOT_PASSKEY;
    check_impossible(thirdweb, VK_ERR_UNSUPPORTED, "owner");
    vk_smart_account other = kernel_account(VK_KERNEL_0_3_1, VK_ROOT_ECDSA);
    other.entry_point = VK_ENTRY_POINT_0_6;
    vk_error err = {0};
    ck_assert_int_eq(vk_smart_account_settle(&other, &err), VK_ERR_UNSUPPORTED);
    vk_smart_account_clear(&other);
}
END_TEST

START_TEST(test_address_that_is_given) {
    vk_smart_account account = kernel_account(VK_KERNEL_V1, VK_ROOT_ECDSA);
    ck_assert(!vk_smart_account_is_computed(&account));
    account.account = (vk_address){{0x99}};
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    ck_assert_int_eq(account.account.b[0], 0x99);
    check_round_trip(&account);
    vk_smart_account_clear(&account);
}
END_TEST

/* ---- Deployed by the owner ---- */

static vk_smart_account own_deployment(void) {
    vk_smart_account account = kernel_account(VK_KERNEL_0_3_3, VK_ROOT_ECDSA);
    account.entry_point = VK_ENTRY_POINT_0_8;
    account.account = (vk_address){{0x99}};
    return account;
}

START_TEST(test_own_deployment) {
    vk_smart_account account = own_deployment();
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    ck_assert(!vk_smart_account_has_factory(&account));
    ck_assert(!vk_smart_account_is_computed(&account));
    ck_assert_int_eq(account.account.b[0], 0x99);
    ck_assert_uint_eq(account.factory_data.len, 0);
    check_round_trip(&account);
    vk_smart_account_clear(&account);
    account = own_deployment();
    account.account = (vk_address){{0}};
    check_impossible(account, VK_ERR_UNSUPPORTED, "account");
    account = own_deployment();
    account.root.kind = VK_ROOT_MULTI_CHAIN;
    check_impossible(account, VK_ERR_UNSUPPORTED, "validator");
    account = own_deployment();
    account.kernel = VK_KERNEL_0_2_4;
    check_impossible(account, VK_ERR_UNSUPPORTED, "entryPointVersion");
}
END_TEST

START_TEST(test_eip7702) {
    vk_smart_account account = kernel_account(VK_KERNEL_0_3_3, VK_ROOT_ECDSA);
    account.eip7702 = true;
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    ck_assert(vk_smart_account_is_computed(&account));
    ck_assert(!vk_smart_account_has_factory(&account));
    ck_assert(vk_address_equal(&account.account, &an_owner));
    ck_assert(vk_address_is_zero(&account.root.validator));
    check_round_trip(&account);
    account.kernel = VK_KERNEL_0_3_2;
    check_impossible(account, VK_ERR_UNSUPPORTED, "eip7702");
}
END_TEST

/* ---- What was changed outside ---- */

/* The JSON with the first appearance of one text replaced. */
static char *replaced(const char *json, const char *from, const char *to) {
    vk_buf out = {0};
    const char *at = strstr(json, from);
    ck_assert_ptr_nonnull(at);
    vk_buf_put(&out, (const uint8_t *)json, (size_t)(at - json));
    vk_buf_put_text(&out, to);
    vk_buf_put_text(&out, at + strlen(from));
    return vk_buf_take_text(&out);
}

static void check_changed(const char *json, const char *from, const char *to, vk_status status,
                          const char *path) {
    char *changed = replaced(json, from, to);
    vk_smart_account account;
    vk_error err = {0};
    ck_assert_msg(vk_smart_account_read(changed, strlen(changed), &account, &err) == status,
                  "%s instead of %s: %s", to, from, err.message);
    ck_assert_str_eq(err.path, path);
    vk_text_free(changed);
}

START_TEST(test_changed) {
    vk_smart_account account = kernel_account(VK_KERNEL_0_3_1, VK_ROOT_MULTI_CHAIN);
    account.owner_key = text_of("pkcs11:token=cold;object=owner");
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    char *json = write(&account);
    check_changed(json, "\"index\":\"7\"", "\"index\":\"8\"", VK_ERR_MISMATCH, "account");
    check_changed(json, "multichain", "ecdsa", VK_ERR_MISMATCH, "account");
    check_changed(json, "multichain", "passkey1", VK_ERR_UNSUPPORTED, "validator");
    check_changed(json, "\"factory\":\"0xd7", "\"factory\":\"0xd8", VK_ERR_FORMAT, "factory");
    check_changed(json, "0xc5265d5d", "0xc5265d5e", VK_ERR_MISMATCH, "factoryData");
    check_changed(json, "0.3.1", "0.3.9", VK_ERR_UNSUPPORTED, "kernelVersion");
    check_changed(json, "\"kernel\"", "\"safe\"", VK_ERR_UNSUPPORTED, "kind");
    check_changed(json, "\"index\":\"7\",", "", VK_ERR_FORMAT, "index");
    check_changed(json, "\"index\"", "\"indices\"", VK_ERR_FORMAT, "indices");
    check_changed(json, "pkcs11:", "file:", VK_ERR_FORMAT, "ownerKey");
    check_changed(json, "owner\"}", "owner?pin-value=1\"}", VK_ERR_FORMAT, "ownerKey");
    check_changed(json, "owner\"}", "owner?pin-source=/p\"}", VK_ERR_FORMAT, "ownerKey");
    check_changed(json, "owner\"}", "owner?module-path=/m.so\"}", VK_ERR_FORMAT, "ownerKey");
    check_changed(json, "owner\"}", "owner?module-name=m\"}", VK_ERR_FORMAT, "ownerKey");
    check_changed(json, "owner\"}", "o\\u00e9\"}", VK_ERR_FORMAT, "ownerKey");
    vk_text_free(json);
    vk_smart_account_clear(&account);
}
END_TEST

START_TEST(test_changed_without_factory) {
    vk_smart_account account = kernel_account(VK_KERNEL_0_3_3, VK_ROOT_ECDSA);
    account.eip7702 = true;
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    char *json = write(&account);
    check_changed(json, "true", "false", VK_ERR_FORMAT, "index");
    check_changed(json, "true", "1", VK_ERR_FORMAT, "eip7702");
    check_changed(json, "true", "true,\"index\":\"0\"", VK_ERR_FORMAT, "index");
    check_changed(json, "\"account\":\"0x11", "\"account\":\"0x12", VK_ERR_MISMATCH, "account");
    vk_text_free(json);
    vk_smart_account_clear(&account);
}
END_TEST

START_TEST(test_texts) {
    vk_smart_account account = kernel_account(VK_KERNEL_0_3_1, VK_ROOT_ECDSA), again;
    char long_text[VK_SMART_ACCOUNT_TEXT_MAX + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    account.rp_id = text_of(long_text);
    ck_assert_int_eq(vk_smart_account_settle(&account, NULL), VK_OK);
    char *json = write(&account);
    ck_assert_int_eq(vk_smart_account_read(json, strlen(json), &again, NULL), VK_ERR_SIZE);
    vk_text_free(json);
    account.rp_id[VK_SMART_ACCOUNT_TEXT_MAX] = '\0';
    account.origin = text_of("https://wallet.example");
    json = write(&account);
    ck_assert_int_eq(vk_smart_account_read(json, strlen(json), &again, NULL), VK_OK);
    ck_assert_str_eq(again.rp_id, account.rp_id);
    ck_assert_str_eq(again.origin, account.origin);
    ck_assert_ptr_null(again.owner_key);
    vk_text_free(json);
    vk_smart_account_clear(&account);
    vk_smart_account_clear(&again);
}
END_TEST

START_TEST(test_names) {
    for (int kind = VK_ROOT_ECDSA; kind <= VK_ROOT_PASSKEY; kind++) {
        ck_assert_int_eq(vk_root_kind_read(vk_root_kind_text((vk_root_kind)kind)), kind);
    }
    ck_assert_ptr_null(vk_root_kind_text(VK_ROOT_UNKNOWN));
    ck_assert_int_eq(vk_root_kind_read("passkey2"), VK_ROOT_UNKNOWN);
    ck_assert_str_eq(vk_smart_account_kind_text(VK_SMART_ACCOUNT_KERNEL), "kernel");
    ck_assert_str_eq(vk_smart_account_kind_text(VK_SMART_ACCOUNT_THIRDWEB), "thirdweb");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("smart_account");
    TCase *tcase = tcase_create("smart_account");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_vectors);
    tcase_add_test(tcase, test_thirdweb_vectors);
    tcase_add_test(tcase, test_impossible);
    tcase_add_test(tcase, test_address_that_is_given);
    tcase_add_test(tcase, test_own_deployment);
    tcase_add_test(tcase, test_eip7702);
    tcase_add_test(tcase, test_changed);
    tcase_add_test(tcase, test_changed_without_factory);
    tcase_add_test(tcase, test_texts);
    tcase_add_test(tcase, test_names);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
