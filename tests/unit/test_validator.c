/* Validators: which contract for which Kernel version, their data, signatures and stubs; the SDK's
 * text of a passkey validator. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t secret32[32] = {[0] = 0x22, [31] = 0x05};

/* ---- Published contracts ---- */

#define ECDSA_V2 "0xd9AB5096a832b9ce79914329DAEE236f8Eea0390"
#define ECDSA_V30 "0x8104e3Ad430EA6d354d013A6789fDFc71E671c43"
#define ECDSA "0x845ADb2C711129d4f3966735eD98a9F09fC4cE57"
#define MULTI "0x5C97aA67Ba578E3c54ec5942A7563Ea9130E4f5F"
#define PASSKEY_V2 "0x1e02Ff20b604C2B2809193917Ea22D8602126837"
#define PASSKEY "0x7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69"
#define PASSKEY1 "0xD990393C670dCcE8b4d8F858FB98c9912dBFAa06"
#define PASSKEY2 "0xbA45a2BFb8De3D24cA9D7F1B551E14dFF5d690Fd"

typedef struct published {
    const char *kernel, *ecdsa, *multichain, *passkey, *passkey1, *passkey2;
} published;

static const published table[] = {
    {"v1", NULL, NULL, NULL, NULL, NULL},
    {"0.0.2", ECDSA_V2, NULL, NULL, NULL, NULL},
    {"0.2.2", ECDSA_V2, NULL, PASSKEY_V2, NULL, NULL},
    {"0.2.3", ECDSA_V2, NULL, PASSKEY_V2, NULL, NULL},
    {"0.2.4", ECDSA_V2, NULL, PASSKEY_V2, NULL, NULL},
    {"0.3.0", ECDSA_V30, MULTI, PASSKEY, PASSKEY1, PASSKEY2},
    {"0.3.1", ECDSA, MULTI, PASSKEY, PASSKEY1, PASSKEY2},
    {"0.3.2", ECDSA, MULTI, PASSKEY, PASSKEY1, PASSKEY2},
    {"0.3.3", ECDSA, MULTI, PASSKEY, PASSKEY1, PASSKEY2},
};

static void check_named(const char *name, const char *kernel, const char *expected) {
    const vk_validator *found = vk_validator_named(name, vk_kernel_read(kernel));
    ck_assert_msg((found == NULL) == (expected == NULL), "%s of %s", name, kernel);
    if (expected != NULL) {
        char text[43];
        vk_address_text(&found->address, text);
        ck_assert_str_eq(text, expected);
        ck_assert_ptr_eq(vk_validator_at(&found->address), found);
        ck_assert_int_eq(found->unpatched, strlen(name) == strlen("passkey1"));
    }
}

START_TEST(test_table) {
    const published *row = &table[_i];
    check_named("ecdsa", row->kernel, row->ecdsa);
    check_named("multichain", row->kernel, row->multichain);
    check_named("passkey", row->kernel, row->passkey);
    check_named("passkey1", row->kernel, row->passkey1);
    check_named("passkey2", row->kernel, row->passkey2);
    check_named("passkey3", row->kernel, NULL);
    check_named("", row->kernel, NULL);
}
END_TEST

static vk_address address_of(const char *text) {
    vk_address out;
    ck_assert_int_eq(vk_address_read(text, strlen(text), &out), VK_OK);
    return out;
}

static vk_status accept(const char *text, vk_kernel_version kernel, bool unpatched) {
    vk_address address = address_of(text);
    vk_error err = {.status = VK_OK};
    const vk_validator *found = NULL;
    vk_status status = vk_validator_accept(&address, kernel, unpatched, &found, &err);
    ck_assert_int_eq(status == VK_OK, found != NULL);
    ck_assert_int_eq(status, err.status);
    return status;
}

START_TEST(test_accept) {
    ck_assert_int_eq(accept(PASSKEY, VK_KERNEL_0_3_1, false), VK_OK);
    ck_assert_int_eq(accept(PASSKEY1, VK_KERNEL_0_3_1, false), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(accept(PASSKEY2, VK_KERNEL_0_3_1, false), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(accept(PASSKEY1, VK_KERNEL_0_3_1, true), VK_OK);
    ck_assert_int_eq(accept(PASSKEY2, VK_KERNEL_0_3_0, true), VK_OK);
    ck_assert_int_eq(accept(PASSKEY1, VK_KERNEL_0_2_4, true), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(accept(ECDSA, VK_KERNEL_0_3_0, true), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(accept(ECDSA_V2, VK_KERNEL_0_0_2, false), VK_OK);
    ck_assert_int_eq(accept(ECDSA_V2, VK_KERNEL_V1, false), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(accept("0x0000000000000000000000000000000000000001", VK_KERNEL_0_3_1, true),
                     VK_ERR_UNSUPPORTED);
}
END_TEST

/* ---- Enable data ---- */

/* A passkey of the vectors, with its text. */
static vk_passkey_text passkey_of_vectors(char **serialized) {
    cJSON *file = vectors_load("validators.json");
    const cJSON *one;
    vk_passkey_text out = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *text = cJSON_GetObjectItem(vectors_get(one, "out"), "serializedData");
        if (text != NULL) {
            *serialized = strdup(text->valuestring);
            break;
        }
    }
    cJSON_Delete(file);
    ck_assert_ptr_nonnull(*serialized);
    ck_assert_int_eq(vk_passkey_text_read(*serialized, strlen(*serialized), &out, NULL), VK_OK);
    return out;
}

START_TEST(test_enable_data_of_address) {
    vk_root root = {.kind = VK_ROOT_MULTI_CHAIN, .owner = address_of(ECDSA)}, read = root;
    vk_buf data = {0};
    ck_assert_int_eq(vk_root_enable_data(&root, &data), VK_OK);
    ck_assert_uint_eq(data.len, 20);
    vk_buf_put_zeros(&data, 5);
    read.owner = (vk_address){{0}};
    for (size_t len = 0; len <= data.len; len++) {
        vk_error err = {.status = VK_OK};
        vk_status status = vk_root_read_enable_data((vk_bytes){data.data, len}, &read, &err);
        ck_assert_int_eq(status, len == 20 ? VK_OK : VK_ERR_FORMAT);
        ck_assert_int_eq(vk_address_equal(&read.owner, &root.owner), len >= 20);
    }
    vk_buf_clear(&data);
}
END_TEST

START_TEST(test_enable_data_of_passkey) {
    char *text = NULL;
    vk_passkey_text passkey = passkey_of_vectors(&text);
    vk_root read = {.kind = VK_ROOT_PASSKEY};
    vk_buf data = {0};
    ck_assert_int_eq(vk_root_enable_data(&passkey.root, &data), VK_OK);
    ck_assert_uint_eq(data.len, VK_ROOT_DATA_MAX);
    for (size_t len = 0; len < data.len; len++) {
        ck_assert_int_eq(vk_root_read_enable_data((vk_bytes){data.data, len}, &read, NULL),
                         VK_ERR_FORMAT);
    }
    ck_assert_int_eq(vk_root_read_enable_data(vk_buf_view(&data), &read, NULL), VK_OK);
    ck_assert_mem_eq(read.point65, passkey.root.point65, 65);
    ck_assert_mem_eq(&read.authenticator_id_hash, &passkey.root.authenticator_id_hash, 32);
    vk_root untouched = {.kind = VK_ROOT_PASSKEY};
    data.data[63] ^= 1;
    ck_assert_int_eq(vk_root_read_enable_data(vk_buf_view(&data), &untouched, NULL), VK_ERR_FORMAT);
    ck_assert_uint_eq(untouched.point65[0], 0);
    vk_buf_clear(&data);
    vk_passkey_text_clear(&passkey);
    free(text);
}
END_TEST

START_TEST(test_unknown_kind) {
    vk_root root = {.kind = VK_ROOT_UNKNOWN};
    vk_buf out = {0};
    ck_assert_int_eq(vk_root_enable_data(&root, &out), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_root_stub(VK_ROOT_UNKNOWN, &out), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_root_read_enable_data((vk_bytes){NULL, 0}, &root, NULL), VK_OK);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* ---- Signatures ---- */

START_TEST(test_userop_sign) {
    static const uint8_t zero[32];
    vk_hash hash = {{7}}, personal = vk_eip191_hash(&hash);
    uint8_t signature65[65];
    vk_address owner, signer;
    ck_assert_int_eq(vk_ecdsa_address(secret32, &owner), VK_OK);
    ck_assert_int_eq(vk_userop_sign(secret32, &hash, signature65), VK_OK);
    ck_assert_int_eq(vk_ecdsa_recover(&personal, signature65, &signer), VK_OK);
    ck_assert(vk_address_equal(&owner, &signer));
    ck_assert_int_eq(vk_userop_sign(zero, &hash, signature65), VK_ERR_RANGE);
}
END_TEST

/* Recoverable for any digest, or the contract would revert while gas is estimated. */
START_TEST(test_stubs) {
    uint8_t stub65[65];
    vk_buf hex = {0}, ecdsa = {0}, multi = {0}, passkey = {0}, webauthn = {0};
    vk_ecdsa_stub(stub65);
    vk_hex_put(&hex, (vk_bytes){stub65, sizeof stub65});
    ck_assert_uint_eq(hex.len, 132);
    ck_assert_mem_eq(hex.data,
                     "0xfffffffffffffffffffffffffffffff0000000000000000000000000000000007a"
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c",
                     132);
    for (uint8_t i = 0; i < 50; i++) {
        vk_hash digest = vk_keccak256((vk_bytes){&i, 1});
        vk_address nobody;
        ck_assert_int_eq(vk_ecdsa_recover(&digest, stub65, &nobody), VK_OK);
    }
    ck_assert_int_eq(vk_root_stub(VK_ROOT_ECDSA, &ecdsa), VK_OK);
    ck_assert_int_eq(vk_root_stub(VK_ROOT_MULTI_CHAIN, &multi), VK_OK);
    ck_assert_int_eq(vk_root_stub(VK_ROOT_PASSKEY, &passkey), VK_OK);
    ck_assert_int_eq(vk_webauthn_stub(&webauthn), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&ecdsa), (vk_bytes){stub65, sizeof stub65}));
    ck_assert(vk_bytes_equal(vk_buf_view(&ecdsa), vk_buf_view(&multi)));
    ck_assert(vk_bytes_equal(vk_buf_view(&passkey), vk_buf_view(&webauthn)));
    vk_buf_clear(&hex);
    vk_buf_clear(&ecdsa);
    vk_buf_clear(&multi);
    vk_buf_clear(&passkey);
    vk_buf_clear(&webauthn);
}
END_TEST

/* ---- The SDK's text ---- */

START_TEST(test_text_round_trip) {
    char *text = NULL;
    vk_passkey_text passkey = passkey_of_vectors(&text);
    vk_buf again = {0};
    ck_assert_int_eq(vk_passkey_text_write(&passkey, &again), VK_OK);
    ck_assert_uint_eq(again.len, strlen(text));
    ck_assert_mem_eq(again.data, text, again.len);
    ck_assert_int_eq(passkey.entry_point_version, VK_ENTRY_POINT_0_7);
    ck_assert_int_eq(passkey.root.kind, VK_ROOT_PASSKEY);
    vk_buf_clear(&again);
    vk_passkey_text_clear(&passkey);
    ck_assert_ptr_null(passkey.credential_id.data);
    free(text);
}
END_TEST

START_TEST(test_text_truncated) {
    char *text = NULL;
    vk_passkey_text passkey = passkey_of_vectors(&text), untouched = {0};
    for (size_t len = 0; len < strlen(text); len++) {
        vk_error err = {.status = VK_OK};
        ck_assert_int_eq(vk_passkey_text_read(text, len, &untouched, &err), VK_ERR_FORMAT);
        ck_assert_ptr_null(untouched.credential_id.data);
        ck_assert_str_ne(err.message, "");
    }
    ck_assert_int_eq(vk_passkey_text_read(text, VK_PASSKEY_TEXT_MAX + 1, &untouched, NULL),
                     VK_ERR_SIZE);
    vk_passkey_text_clear(&passkey);
    free(text);
}
END_TEST

typedef struct replacement {
    const char *member, *value; /* value NULL: the member is taken away */
    vk_status status;
    const char *path;
} replacement;

static const replacement replacements[] = {
    {"validatorAddress", NULL, VK_ERR_FORMAT, "validatorAddress"},
    {"validatorAddress", "\"0x00\"", VK_ERR_FORMAT, "validatorAddress"},
    {"entryPoint", NULL, VK_ERR_FORMAT, "entryPoint"},
    {"entryPoint", "{\"address\":\"0x0000000071727de22e5e9d8baf0edac6f37da032\"}", VK_ERR_FORMAT,
     "entryPoint.version"},
    {"entryPoint",
     "{\"address\":\"0x0000000071727de22e5e9d8baf0edac6f37da032\",\"version\":\"0.5\"}",
     VK_ERR_UNSUPPORTED, "entryPoint.version"},
    {"pubKeyX", "\"1\"", VK_ERR_FORMAT, "pubKeyX"},
    {"pubKeyX",
     "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"",
     VK_ERR_RANGE, "pubKeyX"},
    {"pubKeyY", NULL, VK_ERR_FORMAT, "pubKeyY"},
    {"authenticatorId", "\"!\"", VK_ERR_FORMAT, "authenticatorId"},
    {"authenticatorId", "\"AAAA\"", VK_ERR_MISMATCH, "authenticatorIdHash"},
    {"authenticatorIdHash", "\"0x00\"", VK_ERR_FORMAT, "authenticatorIdHash"},
    {"more", "1", VK_ERR_FORMAT, "more"},
};

/* The vectors' text with one member replaced. */
static vk_buf with_replacement(const replacement *change) {
    char *text = NULL;
    vk_buf json = {0}, out = {0};
    vk_passkey_text passkey = passkey_of_vectors(&text);
    ck_assert_int_eq(vk_base64_read(text, strlen(text), &json), VK_OK);
    cJSON *object = cJSON_ParseWithLength((const char *)json.data, json.len);
    cJSON_DeleteItemFromObject(object, change->member);
    if (change->value != NULL) {
        cJSON_AddItemToObject(object, change->member, cJSON_Parse(change->value));
    }
    char *printed = cJSON_PrintUnformatted(object);
    vk_base64_put(&out, (vk_bytes){(const uint8_t *)printed, strlen(printed)});
    cJSON_free(printed);
    cJSON_Delete(object);
    vk_buf_clear(&json);
    vk_passkey_text_clear(&passkey);
    free(text);
    return out;
}

START_TEST(test_text_members) {
    const replacement *change = &replacements[_i];
    vk_buf text = with_replacement(change);
    vk_passkey_text out = {0};
    vk_error err = {.status = VK_OK};
    vk_status status = vk_passkey_text_read((const char *)text.data, text.len, &out, &err);
    ck_assert_msg(status == change->status, "%s: %s", change->member, err.message);
    ck_assert_str_eq(err.path, change->path);
    ck_assert_ptr_null(out.credential_id.data);
    vk_buf_clear(&text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("validator");
    TCase *tests = tcase_create("validator");
    tcase_add_loop_test(tests, test_table, 0, sizeof table / sizeof table[0]);
    tcase_add_test(tests, test_accept);
    tcase_add_test(tests, test_enable_data_of_address);
    tcase_add_test(tests, test_enable_data_of_passkey);
    tcase_add_test(tests, test_unknown_kind);
    tcase_add_test(tests, test_userop_sign);
    tcase_add_test(tests, test_stubs);
    tcase_add_test(tests, test_text_round_trip);
    tcase_add_test(tests, test_text_truncated);
    tcase_add_loop_test(tests, test_text_members, 0, sizeof replacements / sizeof replacements[0]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
