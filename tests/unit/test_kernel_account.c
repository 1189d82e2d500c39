/* Factory data and serialized accounts. */
#include "kernel_support.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- account_address.json ---- */

static vk_root_kind kind_of(const char *sudo) {
    if (strcmp(sudo, "ecdsa") == 0) {
        return VK_ROOT_ECDSA;
    }
    if (strcmp(sudo, "multichain") == 0) {
        return VK_ROOT_MULTI_CHAIN;
    }
    return strncmp(sudo, "passkey", 7) == 0 ? VK_ROOT_PASSKEY : VK_ROOT_UNKNOWN;
}

static void check_root(const vk_root *root, const cJSON *in) {
    ck_assert_int_eq(root->kind, kind_of(vectors_text(in, "sudo")));
    if (root->kind == VK_ROOT_UNKNOWN) {
        return;
    }
    vk_address validator = vectors_address(in, "validatorAddress");
    ck_assert(vk_address_equal(&root->validator, &validator));
    if (root->kind == VK_ROOT_PASSKEY) {
        uint8_t point65[65];
        kernel_passkey_point(vectors_get(in, "passkey"), point65);
        ck_assert_mem_eq(root->point65, point65, 65);
    } else {
        vk_address owner = vectors_address(in, "ownerAddress");
        ck_assert(vk_address_equal(&root->owner, &owner));
    }
}

/* What an ECDSA owner deploys without anything special is what we write, too. */
static bool check_written(vk_kernel_version kernel, const cJSON *in, vk_bytes factory_data) {
    if (strcmp(vectors_text(in, "sudo"), "ecdsa") != 0 ||
        !cJSON_IsTrue(vectors_get(in, "useMetaFactory")) ||
        cJSON_GetObjectItem(in, "hook") != NULL || cJSON_GetObjectItem(in, "initConfig") != NULL) {
        return false;
    }
    vk_address owner = vectors_address(in, "ownerAddress");
    vk_u256 index = vectors_u256(in, "index");
    vk_buf out = {0};
    ck_assert_int_eq(vk_account_init_write(kernel, &owner, &index, &out), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&out), factory_data));
    vk_buf_clear(&out);
    return true;
}

static bool check_account(const cJSON *in, const cJSON *out) {
    vk_kernel_version kernel = vk_kernel_read(vectors_text(in, "kernelVersion"));
    bool meta = cJSON_IsTrue(vectors_get(in, "useMetaFactory"));
    vk_buf data = vectors_bytes(out, "factoryData");
    vk_address expected = vectors_address(out, "address"), factory = vk_kernel_meta_factory();
    vk_account_init init;
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), kernel, &init, NULL), VK_OK);
    ck_assert_int_eq(init.kernel, kernel);
    ck_assert(vk_address_equal(&init.account, &expected));
    check_root(&init.root, in);
    /* Without a hint only deployWithFactory tells the version. */
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), VK_KERNEL_UNKNOWN, &init, NULL),
                     VK_OK);
    ck_assert_int_eq(init.kernel, meta ? kernel : VK_KERNEL_UNKNOWN);
    if (meta) {
        kernel_check_hex((vk_bytes){factory.b, 20}, vectors_text(out, "factory"));
    }
    bool written = check_written(kernel, in, vk_buf_view(&data));
    vk_buf_clear(&data);
    return written;
}

START_TEST(test_addresses) {
    cJSON *file = vectors_load("account_address.json");
    const cJSON *one;
    size_t count = 0, written = 0, skipped = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        if (!kernel_is_supported(in)) {
            skipped++;
            continue;
        }
        written += check_account(in, vectors_get(one, "out"));
        count++;
    }
    ck_assert_uint_eq(count, 52);
    ck_assert_uint_eq(written, 16);
    ck_assert_uint_eq(skipped, 45);
    cJSON_Delete(file);
}
END_TEST

static vk_buf example_init(void) {
    vk_address owner = {{1}};
    vk_u256 index = vk_u256_from_u64(0);
    vk_buf out = {0};
    ck_assert_int_eq(vk_account_init_write(VK_KERNEL_0_3_1, &owner, &index, &out), VK_OK);
    return out;
}

static void check_init_error(vk_bytes data, vk_kernel_version hint, vk_status expected,
                             const char *sentence) {
    vk_account_init init;
    vk_error err = {0};
    ck_assert_int_eq(vk_account_init_read(data, hint, &init, &err), expected);
    ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
}

START_TEST(test_init_errors) {
    vk_buf data = example_init();
    vk_address owner = {{1}};
    vk_u256 index = vk_u256_from_u64(0);
    ck_assert_int_eq(vk_account_init_write(VK_KERNEL_UNKNOWN, &owner, &index, &data),
                     VK_ERR_UNSUPPORTED);
    check_init_error(vk_buf_view(&data), VK_KERNEL_0_3_2, VK_ERR_MISMATCH, "0.3.1, not 0.3.2");
    data.data[4 + 31] ^= 1; /* the factory */
    check_init_error(vk_buf_view(&data), VK_KERNEL_0_3_1, VK_ERR_UNSUPPORTED, "the factory 0x");
    data.data[4 + 31] ^= 1;
    data.data[4 + 4 * 32] ^= 1; /* initialize */
    check_init_error(vk_buf_view(&data), VK_KERNEL_0_3_1, VK_ERR_FORMAT, "0x3c3b752b");
    data.data[4 + 4 * 32] ^= 1;
    data.data[0] ^= 1;
    check_init_error(vk_buf_view(&data), VK_KERNEL_0_3_1, VK_ERR_FORMAT, "0xc5265d5d");
    vk_buf_clear(&data);
}
END_TEST

START_TEST(test_init_truncated) {
    vk_buf data = example_init();
    for (size_t len = 0; len < data.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        vk_account_init init;
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, data.data, len);
        ck_assert_int_ne(
            vk_account_init_read((vk_bytes){copy, len}, VK_KERNEL_UNKNOWN, &init, NULL), VK_OK);
        free(copy);
    }
    vk_buf_clear(&data);
}
END_TEST

/* ---- serialized_account.json ---- */

static void fold_case(char *text) {
    for (char *p = text; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
}

/* JSON of a serialized account, hex case folded, without what is not kept. */
static cJSON *folded(const char *base64) {
    vk_buf text = {0};
    ck_assert_int_eq(vk_base64_read(base64, strlen(base64), &text), VK_OK);
    char *json = vk_buf_take_text(&text);
    ck_assert_ptr_nonnull(json);
    cJSON *out = cJSON_Parse(json);
    ck_assert_ptr_nonnull(out);
    free(json);
    char *printed = cJSON_PrintUnformatted(out);
    cJSON_Delete(out);
    fold_case(printed);
    out = cJSON_Parse(printed);
    cJSON_free(printed);
    cJSON_DeleteItemFromObject(out, "privatekey");
    if (cJSON_GetObjectItem(out, "ispreinstalled") == NULL) {
        cJSON_AddFalseToObject(out, "ispreinstalled"); /* the multi-chain form leaves it out */
    }
    return out;
}

static void check_written_back(const vk_serialized_account *account, const char *text) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_serialized_write(account, &out), VK_OK);
    char *own = vk_buf_take_text(&out);
    ck_assert_ptr_nonnull(own);
    cJSON *a = folded(own), *b = folded(text);
    /* Printed, so that the order of members counts as well. */
    char *a_text = cJSON_PrintUnformatted(a), *b_text = cJSON_PrintUnformatted(b);
    ck_assert_str_eq(a_text, b_text);
    cJSON_free(a_text);
    cJSON_free(b_text);
    cJSON_Delete(a);
    cJSON_Delete(b);
    vk_text_free(own);
}

static bool check_permission_id(const vk_serialized_account *account, const vk_signer *signer) {
    vk_policy policy;
    uint8_t id4[4];
    vk_status status = vk_policy_read(account->policies, strlen(account->policies), &policy, NULL);
    if (status != VK_OK) {
        return false;
    }
    ck_assert_int_eq(vk_policy_permission_id(&policy, signer, id4), VK_OK);
    ck_assert_mem_eq(id4, account->permission_id, 4);
    vk_policy_clear(&policy);
    return true;
}

typedef struct serialized_counts {
    size_t texts;
    size_t recomputed; /* permissionId, from the policies in the text and the signer */
    size_t refused;    /* no policy at all, or a window that is never open */
    size_t private_keys;
    size_t merkle;
} serialized_counts;

/* permissionId and approval, from the entries in the vector. The accounts' addresses were chosen
 * freely: they are not what the factory data deploys. */
static void check_approval(const cJSON *in, const vk_serialized_account *account,
                           const vk_signer *signer, uint64_t chain_id) {
    vk_enable enable = {.kernel = vk_kernel_read(vectors_text(in, "kernelVersion")),
                        .chain_id = chain_id,
                        .account = account->account,
                        .nonce = 1,
                        .selector = {0xe9, 0xae, 0x5c, 0x53}};
    kernel_entries entries = kernel_entries_of(vectors_get(in, "policies"));
    vk_buf data = {0};
    ck_assert_int_eq(vk_permission_enable_data(&entries.view, signer, 0, &data), VK_OK);
    ck_assert_int_eq(vk_permission_id(&entries.view, signer, 0, enable.permission_id), VK_OK);
    ck_assert_mem_eq(enable.permission_id, account->permission_id, 4);
    enable.enable_data = vk_buf_view(&data);

    vk_account_init init;
    vk_hash digest;
    vk_bytes factory_data = vk_buf_view(&account->factory_data);
    ck_assert_int_eq(vk_account_init_read(factory_data, enable.kernel, &init, NULL), VK_OK);
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    ck_assert_int_eq(
        vk_enable_verify(&init.root, &digest, vk_buf_view(&account->enable_signature), NULL),
        VK_OK);
    kernel_entries_clear(&entries);
    vk_buf_clear(&data);
}

static void check_text(const cJSON *in, const char *text, uint64_t chain_id,
                       serialized_counts *counts) {
    vk_serialized_account account;
    vk_signer signer = kernel_signer(vectors_get(in, "signer"));
    vk_address expected = vectors_address(in, "account");
    ck_assert_int_eq(vk_serialized_read(text, strlen(text), &account, NULL), VK_OK);
    ck_assert(vk_address_equal(&account.account, &expected));
    ck_assert_mem_eq(account.selector, vk_kernel_execute_selector, 4);
    ck_assert(vk_address_is_zero(&account.action_target));
    ck_assert(!account.pre_installed);
    check_written_back(&account, text);
    check_approval(in, &account, &signer, chain_id);
    *(check_permission_id(&account, &signer) ? &counts->recomputed : &counts->refused) += 1;
    counts->private_keys += account.has_private_key;
    counts->merkle += account.enable_signature.len != 65;
    counts->texts++;
    vk_serialized_clear(&account);
}

static void check_case(const cJSON *one, serialized_counts *counts) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out"), *chain;
    const cJSON *chains = cJSON_GetObjectItem(out, "chains");
    if (chains == NULL) {
        check_text(in, vectors_text(out, "serializedAccount"), vectors_u64(in, "chainId"), counts);
    }
    cJSON_ArrayForEach(chain, chains) {
        check_text(in, vectors_text(chain, "serializedAccount"), vectors_u64(chain, "chainId"),
                   counts);
    }
}

START_TEST(test_serialized) {
    cJSON *file = vectors_load("serialized_account.json");
    const cJSON *one;
    serialized_counts counts = {0};
    size_t cases = 0, skipped = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (!kernel_is_supported(vectors_get(one, "in"))) {
            skipped++;
            continue;
        }
        check_case(one, &counts);
        cases++;
    }
    ck_assert_uint_eq(cases, 22);
    ck_assert_uint_eq(skipped, 2); /* Kernel 0.3.0 */
    ck_assert_uint_eq(counts.texts, 35);
    ck_assert_uint_eq(counts.merkle, 21);
    ck_assert_uint_eq(counts.private_keys, 2);
    ck_assert_uint_eq(counts.recomputed, 29);
    ck_assert_uint_eq(counts.refused, 6);
    cJSON_Delete(file);
}
END_TEST

/* ---- Malformed texts ---- */

static char *example_json(void) {
    cJSON *file = vectors_load("session/ecdsa.json");
    const char *text = vectors_text(file, "serializedAccount");
    vk_buf json = {0};
    ck_assert_int_eq(vk_base64_read(text, strlen(text), &json), VK_OK);
    char *out = vk_buf_take_text(&json);
    ck_assert_ptr_nonnull(out);
    cJSON_Delete(file);
    return out;
}

static vk_status read_json(const char *json, size_t len, vk_serialized_account *out,
                           vk_error *err) {
    vk_buf text = {0};
    vk_base64_put(&text, (vk_bytes){(const uint8_t *)json, len});
    ck_assert_int_eq(vk_buf_status(&text), VK_OK);
    vk_status status = vk_serialized_read((const char *)text.data, text.len, out, err);
    vk_buf_clear(&text);
    return status;
}

/* The example with one text in place of another. */
static void check_replaced(const char *from, const char *to, vk_status expected, const char *path) {
    char *json = example_json();
    char *at = strstr(json, from);
    ck_assert_msg(at != NULL, "%s", from);
    vk_buf changed = {0};
    vk_buf_put(&changed, json, (size_t)(at - json));
    vk_buf_put_text(&changed, to);
    vk_buf_put_text(&changed, at + strlen(from));
    vk_serialized_account account;
    vk_error err = {0};
    vk_status status = read_json((const char *)changed.data, changed.len, &account, &err);
    ck_assert_msg(status == expected, "%s: %s", to, err.message);
    if (status == VK_OK) {
        vk_serialized_clear(&account);
    } else {
        ck_assert_str_eq(err.path, path);
        ck_assert_int_ne(err.message[0], '\0');
    }
    vk_buf_clear(&changed);
    vk_text_free(json);
}

START_TEST(test_serialized_members) {
    check_replaced("{\"permissionParams\"", "{\"extra\":1,\"permissionParams\"", VK_ERR_FORMAT,
                   "extra");
    check_replaced("\"action\":{\"selector\"", "\"action\":{\"Selector\"", VK_ERR_FORMAT,
                   "action.Selector");
    check_replaced("\"validityData\":{", "\"validityData\":{\"x\":0,", VK_ERR_FORMAT,
                   "validityData.x");
    check_replaced("\"validityData\"", "\"action\"", VK_ERR_FORMAT, "action"); /* twice */
}
END_TEST

START_TEST(test_serialized_paths) {
    check_replaced("\"accountAddress\":\"0x", "\"accountAddress\":\"0xzz", VK_ERR_FORMAT,
                   "accountParams.accountAddress");
    check_replaced("\"initCode\":\"0x", "\"initCode\":\"0x0", VK_ERR_FORMAT,
                   "accountParams.initCode");
    check_replaced("\"initCode\"", "\"initcode\"", VK_ERR_FORMAT, "accountParams.initcode");
    check_replaced("\"permissionId\":\"0x", "\"permissionId\":\"0x00", VK_ERR_FORMAT,
                   "permissionParams.permissionId");
    check_replaced("{\"policyParams\":", "{\"policy\":", VK_ERR_FORMAT,
                   "permissionParams.policies[0].policy");
    check_replaced("\"policies\":[", "\"policies\":[7,", VK_ERR_FORMAT,
                   "permissionParams.policies[0]");
    check_replaced("\"policies\":[", "\"policies\":[{\"policyParams\":[]},", VK_ERR_FORMAT,
                   "permissionParams.policies[0]");
    check_replaced("\"enableSignature\":\"0x", "\"enableSignature\":\"0xg", VK_ERR_FORMAT,
                   "enableSignature");
    check_replaced("\"isPreInstalled\":false", "\"isPreInstalled\":\"no\"", VK_ERR_FORMAT,
                   "isPreInstalled");
    check_replaced("\"isPreInstalled\":false", "\"eip7702Auth\":1", VK_ERR_FORMAT, "eip7702Auth");
    check_replaced("\"isPreInstalled\":false", "\"eip7702Auth\":{\"r\":\"0x1\"}", VK_OK, "");
    check_replaced("\"isPreInstalled\":false", "\"isPreInstalled\":true", VK_OK, "");
    check_replaced("},\"validityData\"", ",\"hook\":{\"address\":\"0x01\"}},\"validityData\"",
                   VK_ERR_FORMAT, "action.hook.address");
}
END_TEST

/* Cut after each byte: of the text, and of the JSON in it. */
START_TEST(test_serialized_truncated) {
    char *json = example_json();
    size_t json_len = strlen(json);
    vk_buf text = {0};
    vk_base64_put(&text, (vk_bytes){(const uint8_t *)json, json_len});
    for (size_t len = 0; len < json_len; len++) {
        vk_serialized_account account;
        ck_assert_int_ne(read_json(json, len, &account, NULL), VK_OK);
    }
    for (size_t len = 0; len < text.len; len++) {
        char *copy = malloc(len > 0 ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text.data, len);
        vk_serialized_account account;
        ck_assert_int_ne(vk_serialized_read(copy, len, &account, NULL), VK_OK);
        free(copy);
    }
    vk_buf_clear(&text);
    vk_text_free(json);
}
END_TEST

START_TEST(test_serialized_limits) {
    char *text = malloc(VK_SERIALIZED_MAX + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'A', VK_SERIALIZED_MAX + 1);
    vk_serialized_account account = {0};
    ck_assert_int_eq(vk_serialized_read(text, VK_SERIALIZED_MAX + 1, &account, NULL), VK_ERR_SIZE);
    ck_assert_int_eq(vk_serialized_read(text, VK_SERIALIZED_MAX, &account, NULL), VK_ERR_FORMAT);
    free(text);
    vk_buf out = {0};
    ck_assert_int_ne(vk_serialized_write(&account, &out), VK_OK); /* no policies */
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kernel");
    TCase *tcase = tcase_create("accounts");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, test_addresses);
    tcase_add_test(tcase, test_init_errors);
    tcase_add_test(tcase, test_init_truncated);
    tcase_add_test(tcase, test_serialized);
    tcase_add_test(tcase, test_serialized_members);
    tcase_add_test(tcase, test_serialized_paths);
    tcase_add_test(tcase, test_serialized_truncated);
    tcase_add_test(tcase, test_serialized_limits);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
