/* Accounts of every Kernel version: factory data, there and back, and addresses. */
#include "generated.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t owner[20] = {0x11, 0x22, 0x33};
static const uint8_t some_data[] = {1, 2, 3, 4, 5};

/* An account of the version with all that it can have. */
static vk_account example(vk_kernel_version version) {
    static vk_bytes init_config[3];
    init_config[0] = (vk_bytes){some_data, 4};
    init_config[1] = (vk_bytes){owner, 20};
    init_config[2] = (vk_bytes){NULL, 0};
    const vk_validator *validator = vk_validator_named("ecdsa", version);
    vk_account out = {.kernel = version,
                      .enable_data = {owner, sizeof owner},
                      .index = vk_u256_from_u64(70000),
                      .use_meta_factory = version >= VK_KERNEL_0_3_0};
    if (validator != NULL) {
        out.validator = validator->address;
    }
    if (version >= VK_KERNEL_0_3_0) {
        out.hook = (vk_address){{0x99}};
        out.hook_data = (vk_bytes){some_data, sizeof some_data};
    }
    if (version >= VK_KERNEL_0_3_1) {
        out.init_config = init_config;
        out.init_config_count = 3;
    }
    return out;
}

static vk_buf write(const vk_account *account) {
    vk_buf out = {0};
    vk_error err = {0};
    vk_status status = vk_account_factory_data(account, &out, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", vk_kernel_text(account->kernel), err.message);
    return out;
}

static void check_equal(const vk_account *a, const vk_account *b) {
    ck_assert_int_eq(a->kernel, b->kernel);
    ck_assert(a->root_is_permission == b->root_is_permission);
    ck_assert(vk_address_equal(&a->validator, &b->validator));
    ck_assert_mem_eq(a->permission_id, b->permission_id, 4);
    ck_assert(vk_bytes_equal(a->enable_data, b->enable_data));
    ck_assert(vk_address_equal(&a->hook, &b->hook));
    ck_assert(vk_bytes_equal(a->hook_data, b->hook_data));
    ck_assert_uint_eq(a->init_config_count, b->init_config_count);
    for (size_t i = 0; i < a->init_config_count; i++) {
        ck_assert(vk_bytes_equal(a->init_config[i], b->init_config[i]));
    }
    ck_assert_int_eq(vk_u256_cmp(&a->index, &b->index), 0);
    ck_assert(a->use_meta_factory == b->use_meta_factory);
    ck_assert(vk_address_equal(&a->factory, &b->factory));
    ck_assert(vk_address_equal(&a->implementation, &b->implementation));
}

static void check_round_trip(const vk_account *account) {
    vk_buf data = write(account);
    vk_account back;
    ck_assert_int_eq(vk_account_read(vk_buf_view(&data), account->kernel, &back, NULL), VK_OK);
    check_equal(account, &back);
    vk_account_clear(&back);
    vk_buf_clear(&data);
}

/* ---- Round trips, for each version (the loop's index) ---- */

START_TEST(test_round_trip) {
    vk_account account = example((vk_kernel_version)_i);
    check_round_trip(&account);
    memset(account.index.be, 0xff, sizeof account.index.be);
    check_round_trip(&account);
    if (account.kernel >= VK_KERNEL_0_3_0) {
        account.use_meta_factory = false;
        check_round_trip(&account);
        account.root_is_permission = true;
        account.validator = (vk_address){{0}};
        memcpy(account.permission_id, "\xab\xcd\xef\x01", 4);
        check_round_trip(&account);
    }
}
END_TEST

START_TEST(test_truncated) {
    vk_account account = example((vk_kernel_version)_i);
    vk_buf data = write(&account);
    for (size_t len = 0; len < data.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        vk_account back;
        vk_error err = {0};
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, data.data, len);
        ck_assert_int_eq(vk_account_read((vk_bytes){copy, len}, account.kernel, &back, &err),
                         VK_ERR_FORMAT);
        ck_assert_str_eq(err.path, "initCode");
        free(copy);
    }
    vk_buf_put_byte(&data, 0);
    vk_account back;
    ck_assert_int_eq(vk_account_read(vk_buf_view(&data), account.kernel, &back, NULL),
                     VK_ERR_FORMAT);
    vk_buf_clear(&data);
}
END_TEST

/* What is read from changed bytes is exactly what the bytes say, and is another account. */
START_TEST(test_changed) {
    vk_account account = example((vk_kernel_version)_i);
    vk_buf good = write(&account);
    size_t read = 0;
    for (size_t i = 0; i < 5000; i++) {
        vk_buf data = {0};
        vk_account back;
        vk_buf_put(&data, good.data, good.len);
        generated_change(&data);
        if (vk_account_read(vk_buf_view(&data), account.kernel, &back, NULL) == VK_OK) {
            vk_buf again = write(&back);
            ck_assert(vk_bytes_equal(vk_buf_view(&again), vk_buf_view(&data)));
            vk_buf_clear(&again);
            vk_account_clear(&back);
            read++;
        }
        vk_buf_clear(&data);
    }
    ck_assert_uint_gt(read, 100);
    vk_buf_clear(&good);
}
END_TEST

START_TEST(test_ecdsa_owner) {
    vk_kernel_version version = (vk_kernel_version)_i;
    vk_address address;
    vk_u256 index = vk_u256_from_u64(5);
    vk_buf data = {0};
    vk_account_init init;
    memcpy(address.b, owner, sizeof owner);
    ck_assert_int_eq(vk_account_init_write(version, &address, &index, &data), VK_OK);
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), VK_KERNEL_UNKNOWN, &init, NULL),
                     VK_OK);
    ck_assert_int_eq(init.kernel, version);
    ck_assert_int_eq(init.root.kind, VK_ROOT_ECDSA);
    ck_assert(vk_address_equal(&init.root.owner, &address));
    ck_assert(vk_address_is_zero(&init.account) == (version <= VK_KERNEL_0_0_2));
    vk_buf_clear(&data);
}
END_TEST

/* ---- What the package wrote ---- */

static void check_list(const cJSON *in, const vk_account *account) {
    const cJSON *list = cJSON_GetObjectItem(in, "initConfig"), *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vk_buf bytes = vectors_hex(item->valuestring);
        ck_assert_uint_lt(i, account->init_config_count);
        ck_assert(vk_bytes_equal(account->init_config[i++], vk_buf_view(&bytes)));
        vk_buf_clear(&bytes);
    }
    ck_assert_uint_eq(i, account->init_config_count);
}

static void check_members(const cJSON *in, const vk_account *account) {
    const cJSON *hook = cJSON_GetObjectItem(in, "hook");
    bool v1 = account->kernel == VK_KERNEL_V1;
    vk_u256 index = vectors_u256(in, "index");
    vk_buf data = vectors_bytes(in, v1 ? "ownerAddress" : "validatorEnableData");
    ck_assert_int_eq(vk_u256_cmp(&account->index, &index), 0);
    ck_assert(vk_bytes_equal(account->enable_data, vk_buf_view(&data)));
    vk_buf_clear(&data);
    if (!v1) {
        vk_address validator = vectors_address(in, "validatorAddress");
        ck_assert(vk_address_equal(&account->validator, &validator));
    }
    if (hook != NULL) {
        vk_address address = vectors_address(hook, "address");
        data = vectors_bytes(hook, "data");
        ck_assert(vk_address_equal(&account->hook, &address));
        ck_assert(vk_bytes_equal(account->hook_data, vk_buf_view(&data)));
        vk_buf_clear(&data);
    } else {
        ck_assert(vk_address_is_zero(&account->hook));
    }
    check_list(in, account);
}

static void check_package(const cJSON *in, const cJSON *out) {
    vk_kernel_version version = vk_kernel_read(vectors_text(in, "kernelVersion"));
    vk_buf data = vectors_bytes(out, "factoryData");
    /* The package repeats the factory's address here. */
    size_t skip = version == VK_KERNEL_0_0_2 ? 20 : 0;
    vk_bytes call = {data.data + skip, data.len - skip};
    vk_account account, unhinted;
    vk_address factory, expected = vectors_address(out, "factory");
    ck_assert_int_eq(vk_account_read(call, version, &account, NULL), VK_OK);
    check_members(in, &account);
    vk_buf again = write(&account);
    ck_assert(vk_bytes_equal(vk_buf_view(&again), call));
    ck_assert_int_eq(vk_account_factory(&account, &factory, NULL), VK_OK);
    ck_assert(vk_address_equal(&factory, &expected));
    /* All but the direct factory of 0.3.1 on tell their version. */
    bool silent = version >= VK_KERNEL_0_3_1 && !account.use_meta_factory;
    ck_assert_int_eq(vk_account_read(call, VK_KERNEL_UNKNOWN, &unhinted, NULL), VK_OK);
    ck_assert_int_eq(unhinted.kernel, silent ? VK_KERNEL_UNKNOWN : version);
    if (cJSON_GetObjectItem(out, "address") != NULL) {
        vk_address address;
        expected = vectors_address(out, "address");
        ck_assert_int_eq(vk_account_address(&account, &address, NULL), VK_OK);
        ck_assert(vk_address_equal(&address, &expected));
    }
    vk_buf_clear(&again);
    vk_account_clear(&account);
    vk_account_clear(&unhinted);
    vk_buf_clear(&data);
}

static size_t check_file(const char *name) {
    cJSON *file = vectors_load(name);
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_package(vectors_get(one, "in"), vectors_get(one, "out"));
        count++;
    }
    cJSON_Delete(file);
    return count;
}

START_TEST(test_package) {
    ck_assert_uint_eq(check_file("account_address.json"), 97);
    ck_assert_uint_eq(check_file("factory_data.json"), 18);
}
END_TEST

/* ---- Addresses ---- */

/* The published init code hashes of 0.3.0 to 0.3.3 come out of the published implementations. */
START_TEST(test_proxy_hash) {
    static const char *const hashes[] = {
        "0x6fe6e6ea30eddce942b9618033ab8429f9ddac594053bec8a6744fffc71976e2",
        "0x85d96aa1c9a65886d094915d76ccae85f14027a02c1647dde659f869460f03e6",
        "0xc7c48c9dd12de68b8a4689b6f8c8c07b61d4d6fa4ddecdd86a6980d045fa67eb",
        "0xc452397f1e7518f8cea0566ac057e243bb1643f6298aba8eec8cdee78ee3b3dd"};
    for (int i = 0; i < 4; i++) {
        vk_address implementation =
            vk_kernel_implementation((vk_kernel_version)(VK_KERNEL_0_3_0 + i));
        vk_hash hash = vk_account_proxy_hash(&implementation);
        vk_buf expected = vectors_hex(hashes[i]);
        ck_assert(vk_bytes_equal((vk_bytes){hash.b, sizeof hash.b}, vk_buf_view(&expected)));
        vk_buf_clear(&expected);
    }
}
END_TEST

static vk_address address_of(const vk_account *account) {
    vk_address out;
    vk_error err = {0};
    ck_assert_msg(vk_account_address(account, &out, &err) == VK_OK, "%s", err.message);
    return out;
}

START_TEST(test_same_address) {
    vk_account v2 = example(VK_KERNEL_0_2_2), v3 = example(VK_KERNEL_0_3_2);
    vk_address first = address_of(&v2), meta = address_of(&v3), other;
    for (int i = VK_KERNEL_0_2_3; i <= VK_KERNEL_0_2_4; i++) {
        v2.kernel = (vk_kernel_version)i;
        other = address_of(&v2);
        ck_assert(vk_address_equal(&first, &other));
    }
    v3.use_meta_factory = false;
    other = address_of(&v3);
    ck_assert(vk_address_equal(&meta, &other));
    v3.index = vk_u256_from_u64(1);
    other = address_of(&v3);
    ck_assert(!vk_address_equal(&meta, &other));
}
END_TEST

/* A deployment of one's own: the factory deploys proxies of the implementation. */
START_TEST(test_own_deployment) {
    vk_account account = example(VK_KERNEL_0_3_1);
    vk_address published = address_of(&account), factory;
    account.entry_point = VK_ENTRY_POINT_0_8;
    account.factory = (vk_address){{0xfa}};
    account.implementation = (vk_address){{0x1e}};
    account.use_meta_factory = false;
    vk_address own = address_of(&account);
    ck_assert(!vk_address_equal(&own, &published));
    ck_assert_int_eq(vk_account_factory(&account, &factory, NULL), VK_OK);
    ck_assert(vk_address_equal(&factory, &account.factory));
    account.implementation = (vk_address){{0x1f}};
    vk_address other = address_of(&account);
    ck_assert(!vk_address_equal(&own, &other));
    /* The published contracts, named, are the published contracts. */
    account.entry_point = VK_ENTRY_POINT_UNKNOWN;
    account.factory = vk_kernel_factory(VK_KERNEL_0_3_1);
    account.implementation = vk_kernel_implementation(VK_KERNEL_0_3_1);
    other = address_of(&account);
    ck_assert(vk_address_equal(&other, &published));
    /* Through the meta factory, whose call then names the factory. */
    account.factory = (vk_address){{0xfa}};
    account.use_meta_factory = true;
    vk_buf data = write(&account);
    ck_assert_mem_eq(data.data + 4 + 12, account.factory.b, 20);
    vk_buf_clear(&data);
}
END_TEST

START_TEST(test_eip7702) {
    vk_account account = {.kernel = VK_KERNEL_0_3_3, .eip7702 = {{0x77, 0x02}}};
    vk_address delegate = vk_kernel_delegate(), published, factory = {{1}};
    vk_buf data = {0};
    published = vk_account_implementation(&account);
    ck_assert(vk_address_equal(&published, &delegate));
    vk_address address = address_of(&account);
    ck_assert(vk_address_equal(&address, &account.eip7702));
    ck_assert_int_eq(vk_account_factory(&account, &factory, NULL), VK_OK);
    ck_assert(vk_address_is_zero(&factory));
    ck_assert_int_eq(vk_account_factory_data(&account, &data, NULL), VK_OK);
    ck_assert_uint_eq(data.len, 0);
    account.entry_point = VK_ENTRY_POINT_0_8;
    ck_assert_int_eq(vk_account_address(&account, &address, NULL), VK_ERR_UNSUPPORTED);
    account.implementation = (vk_address){{1}};
    ck_assert_int_eq(vk_account_address(&account, &address, NULL), VK_OK);
    account = (vk_account){.kernel = VK_KERNEL_0_3_2, .eip7702 = {{0x77, 0x02}}};
    ck_assert_int_eq(vk_account_address(&account, &address, NULL), VK_ERR_UNSUPPORTED);
}
END_TEST

/* ---- Refusals ---- */

/* All pairs of a version and an EntryPoint, with and without a deployment of one's own. */
START_TEST(test_pairs) {
    for (int version = VK_KERNEL_V1; version <= VK_KERNEL_0_3_3; version++) {
        for (int point = VK_ENTRY_POINT_UNKNOWN; point <= VK_ENTRY_POINT_0_9 + 1; point++) {
            bool v3 = version >= VK_KERNEL_0_3_0;
            bool published = point == (v3 ? VK_ENTRY_POINT_0_7 : VK_ENTRY_POINT_0_6);
            bool own = v3 && (point == VK_ENTRY_POINT_0_8 || point == VK_ENTRY_POINT_0_9);
            vk_error err = {0};
            vk_status alone = vk_kernel_check_entry_point((vk_kernel_version)version,
                                                          (vk_entry_point)point, false, &err);
            ck_assert_int_eq(alone, published ? VK_OK : VK_ERR_UNSUPPORTED);
            ck_assert_str_eq(err.path, published ? "" : "entryPointVersion");
            ck_assert(published || strstr(err.message, vk_kernel_text((vk_kernel_version)version)));
            ck_assert_int_eq(vk_kernel_check_entry_point((vk_kernel_version)version,
                                                         (vk_entry_point)point, true, NULL),
                             published || own ? VK_OK : VK_ERR_UNSUPPORTED);
        }
    }
    ck_assert_int_eq(vk_kernel_check_entry_point(VK_KERNEL_UNKNOWN, VK_ENTRY_POINT_0_7, true, NULL),
                     VK_ERR_UNSUPPORTED);
}
END_TEST

/* None of the three functions does anything for it. */
static void check_refused(const vk_account *account, vk_status expected, const char *path) {
    vk_address out = {{0x5a}};
    vk_buf data = {0};
    vk_error err = {0};
    ck_assert_int_eq(vk_account_factory(account, &out, &err), expected);
    ck_assert_int_eq(vk_account_factory_data(account, &data, NULL), expected);
    ck_assert_int_eq(vk_account_address(account, &out, NULL), expected);
    ck_assert_str_eq(err.path, path);
    ck_assert_int_ne(err.message[0], '\0');
    ck_assert_uint_eq(out.b[0], 0x5a);
    ck_assert_uint_eq(data.len, 0);
}

START_TEST(test_not_of_the_version) {
    vk_account account = example(VK_KERNEL_0_2_4);
    account.hook = (vk_address){{1}};
    check_refused(&account, VK_ERR_UNSUPPORTED, "");
    account = example(VK_KERNEL_0_2_4);
    account.root_is_permission = true;
    check_refused(&account, VK_ERR_UNSUPPORTED, "");
    account = example(VK_KERNEL_0_3_1);
    account.kernel = VK_KERNEL_0_3_0;
    check_refused(&account, VK_ERR_UNSUPPORTED, ""); /* initConfig */
    account = example(VK_KERNEL_0_3_1);
    account.entry_point = VK_ENTRY_POINT_0_6;
    check_refused(&account, VK_ERR_UNSUPPORTED, "entryPointVersion");
    account.entry_point = VK_ENTRY_POINT_0_9;
    account.factory = (vk_address){{1}};
    check_refused(&account, VK_ERR_UNSUPPORTED, "entryPointVersion"); /* no implementation */
    account = example(VK_KERNEL_0_3_1);
    account.implementation = (vk_address){{1}};
    check_refused(&account, VK_ERR_UNSUPPORTED, "implementation"); /* no factory */
    account.kernel = VK_KERNEL_UNKNOWN;
    check_refused(&account, VK_ERR_UNSUPPORTED, "kernelVersion");
    account = example(VK_KERNEL_V1);
    account.enable_data.len = 19;
    check_refused(&account, VK_ERR_FORMAT, "enableData");
}
END_TEST

START_TEST(test_too_long) {
    vk_bytes *calls = calloc(VK_INIT_CONFIG_MAX + 1, sizeof *calls);
    vk_account account = example(VK_KERNEL_0_3_3), back;
    ck_assert_ptr_nonnull(calls);
    account.init_config = calls;
    account.init_config_count = VK_INIT_CONFIG_MAX;
    check_round_trip(&account);
    account.init_config_count++;
    check_refused(&account, VK_ERR_SIZE, "initConfig");
    /* One more in the data: the count's word, before as many offsets and lengths. */
    account.init_config_count--;
    vk_buf data = write(&account);
    size_t init = 4 + 4 * 32, list = init + 4 + 5 * 32 + 2 * 32 + 2 * 32;
    ck_assert_uint_eq(data.data[list + 30], VK_INIT_CONFIG_MAX >> 8);
    data.data[list + 31] = 1;
    ck_assert_int_eq(vk_account_read(vk_buf_view(&data), VK_KERNEL_0_3_3, &back, NULL),
                     VK_ERR_FORMAT);
    vk_buf_clear(&data);
    free(calls);
}
END_TEST

START_TEST(test_no_address) {
    vk_account accounts[] = {example(VK_KERNEL_V1), example(VK_KERNEL_0_0_2),
                             example(VK_KERNEL_0_2_3)};
    accounts[2].factory = (vk_address){{1}};
    for (size_t i = 0; i < 3; i++) {
        vk_address out;
        vk_error err = {0};
        vk_buf data = write(&accounts[i]); /* it can be deployed all the same */
        ck_assert_int_eq(vk_account_address(&accounts[i], &out, &err), VK_ERR_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(err.message, "not known"));
        vk_buf_clear(&data);
    }
}
END_TEST

/* A hint must not contradict the data. */
START_TEST(test_hints) {
    for (int i = VK_KERNEL_V1; i <= VK_KERNEL_0_3_3; i++) {
        vk_account account = example((vk_kernel_version)i), back;
        vk_buf data = write(&account);
        for (int hint = VK_KERNEL_V1; hint <= VK_KERNEL_0_3_3; hint++) {
            vk_error err = {0};
            vk_status status =
                vk_account_read(vk_buf_view(&data), (vk_kernel_version)hint, &back, &err);
            if (hint == i) {
                ck_assert_int_eq(status, VK_OK);
                vk_account_clear(&back);
            } else {
                /* As 0.2.x, the data of 0.0.2 have no call of initialize where one belongs. */
                bool unlike =
                    i == VK_KERNEL_0_0_2 && hint >= VK_KERNEL_0_2_2 && hint <= VK_KERNEL_0_2_4;
                ck_assert_int_eq(status, unlike ? VK_ERR_FORMAT : VK_ERR_MISMATCH);
                ck_assert_str_eq(err.path, unlike ? "initCode" : "kernelVersion");
            }
        }
        vk_buf_clear(&data);
    }
}
END_TEST

/* An implementation of 0.2.x that is not published is read if the version is said. */
START_TEST(test_other_implementation) {
    vk_account account = example(VK_KERNEL_0_2_4), back;
    vk_address published = address_of(&account), address;
    account.implementation = (vk_address){{0x1e}};
    vk_buf data = write(&account);
    ck_assert_int_eq(vk_account_read(vk_buf_view(&data), VK_KERNEL_0_2_4, &back, NULL), VK_OK);
    check_equal(&account, &back);
    address = address_of(&back);
    ck_assert(vk_address_equal(&address, &published)); /* it is no part of the salt */
    ck_assert_int_eq(vk_account_read(vk_buf_view(&data), VK_KERNEL_UNKNOWN, &back, NULL), VK_OK);
    ck_assert_int_eq(back.kernel, VK_KERNEL_UNKNOWN);
    vk_buf_clear(&data);
}
END_TEST

static void add_tests(TCase *tests) {
    const TTest *const of_each[] = {test_round_trip, test_truncated, test_changed,
                                    test_ecdsa_owner};
    const TTest *const once[] = {
        test_package,    test_proxy_hash, test_same_address,        test_own_deployment,
        test_eip7702,    test_pairs,      test_not_of_the_version,  test_too_long,
        test_no_address, test_hints,      test_other_implementation};
    for (size_t i = 0; i < sizeof of_each / sizeof of_each[0]; i++) {
        tcase_add_loop_test(tests, of_each[i], VK_KERNEL_V1, VK_KERNEL_0_3_3 + 1);
    }
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        tcase_add_test(tests, once[i]);
    }
}

int main(void) {
    Suite *suite = suite_create("account");
    TCase *tests = tcase_create("versions");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, generated_seed, NULL);
    add_tests(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
