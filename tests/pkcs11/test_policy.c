/* Policies and grants through data objects, and signing UserOperations with them. */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WEI_ALLOWED 10000000000000000u

static CK_BYTE sudo_policy[] =
    "[{\"type\":\"sudo\",\"policyAddress\":\"0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7\","
    "\"policyFlag\":\"0x0000\"}]";

static CK_RV write_policy(CK_SESSION_HANDLE session, const char *label, const char *json) {
    CK_OBJECT_HANDLE out;
    return write_data(session, VK_APPLICATION_POLICY, label, json, &out);
}

/* ---- valetkey-policy ---- */

START_TEST(the_so_sets_a_policy) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    GENERATE(session, secp256k1, "k");
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_BYTE value[512];
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(write_policy(session, "other", (char *)sudo_policy),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(write_policy(session, "k", "[]"), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(write_policy(session, "k", "{"), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(write_policy(session, "k", ""), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(write_policy(session, "k", (char *)sudo_policy), CKR_OK);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    CK_OBJECT_HANDLE policy = find_object(session, CKO_DATA, "k");
    ck_assert_uint_eq(get_value(session, policy, CKA_VALUE, value, sizeof value),
                      sizeof sudo_policy - 1);
    ck_assert_mem_eq(value, sudo_policy, sizeof sudo_policy - 1);
    ck_assert(!get_bool(session, policy, CKA_MODIFIABLE));
    ck_assert_uint_eq(get_value(session, policy, CKA_APPLICATION, value, sizeof value), 15);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &ecdsa, find_object(session, CKO_PRIVATE_KEY, "k")),
                     CKR_OK);
}
END_TEST

/* The search index is not authenticated: names are compared with what the key itself says. */
START_TEST(an_edited_index_misleads_no_policy) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    GENERATE(session, secp256k1, "meant");
    GENERATE(session, secp256k1, "other");
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    edit_tokens("UPDATE key SET private_label = CASE private_label WHEN CAST('meant' AS BLOB)"
                " THEN CAST('other' AS BLOB) ELSE CAST('meant' AS BLOB) END,"
                " public_label = NULL");
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(write_policy(session, "meant", (char *)sudo_policy),
                     CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

START_TEST(nobody_else_sets_a_policy) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER), ro = open_session("plain", false);
    GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(write_policy(ro, "k", (char *)sudo_policy), CKR_SESSION_READ_ONLY);
    ck_assert_int_eq(write_policy(session, "k", (char *)sudo_policy), CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(write_policy(session, "k", (char *)sudo_policy), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

START_TEST(bad_policies_make_no_key) {
    CK_SESSION_HANDLE session = login("plain", CKU_USER);
    CK_ATTRIBUTE bad = TEXT(CKA_VALETKEY_POLICY, "[{\"type\":\"unknown\"}]");
    const pair_args args = {secp256k1, sizeof secp256k1, "k", &bad, 1};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(find_all(session, NULL, 0, NULL), 0);
}
END_TEST

/* ---- valetkey.conf ---- */

static void write_settings(const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/valetkey.conf", getenv("VALETKEY_HOME"));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static CK_RV make_with_sudo(const char *token, const char *label) {
    CK_ATTRIBUTE policy = TEXT(CKA_VALETKEY_POLICY, sudo_policy);
    pair_args args = {secp256k1, sizeof secp256k1, label, &policy, 1};
    CK_SESSION_HANDLE session = login(token, CKU_USER);
    pair keys;
    CK_RV rv = try_generate(session, &args, &keys);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    return rv;
}

/* What lint finds is an error for every way to a policy, but not for the token's own default. */
START_TEST(the_settings_make_findings_errors) {
    write_settings("lint = warn\n");
    ck_assert_int_eq(make_with_sudo("plain", "warned"), CKR_OK);
    write_settings("lint = error\n");
    ck_assert_int_eq(make_with_sudo("plain", "refused"), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_SESSION_HANDLE session = login("sudo", CKU_USER);
    GENERATE(session, secp256k1, "default");
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    session = login("plain", CKU_USER);
    GENERATE(session, secp256k1, "k");
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(write_policy(session, "k", (char *)sudo_policy), CKR_ATTRIBUTE_VALUE_INVALID);
    write_settings("lint = error\n"
                   "lint-allow = no-call-limit no-expiry no-gas-limit signatures-open\n");
    ck_assert_int_eq(write_policy(session, "k", (char *)sudo_policy), CKR_OK);
    ck_assert_int_eq(f->C_CloseSession(session), CKR_OK);
    ck_assert_int_eq(make_with_sudo("plain", "allowed"), CKR_OK);
    write_settings("lint = maybe\n");
    ck_assert_int_ne(make_with_sudo("plain", "unreadable"), CKR_OK);
}
END_TEST

/* ---- A session key that the SDK made ---- */

/* In two parts, as pkcs11-tool does. */
static CK_RV sign_in_parts(const sdk_key *sdk, const char *text, CK_BYTE *signature,
                           CK_ULONG *len) {
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_ULONG half = strlen(text) / 2;
    ck_assert_int_eq(f->C_SignInit(sdk->session, &userop, sdk->key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(sdk->session, (CK_BYTE_PTR)text, half), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(sdk->session, (CK_BYTE_PTR)text + half, strlen(text) - half),
                     CKR_OK);
    return f->C_SignFinal(sdk->session, signature, len);
}

static void check_operation(const sdk_key *sdk, const cJSON *op) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    char *text = cJSON_PrintUnformatted(vectors_get(op, "userOp"));
    vk_buf expected = vectors_bytes(op, "signature");
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(op, "verdict"), "accept"));
    CK_RV rv = sign_in_parts(sdk, text, signature, &len);
    ck_assert_msg(rv == (accepted ? CKR_OK : CKR_FUNCTION_REJECTED), "%s: 0x%lx",
                  vectors_text(op, "name"), rv);
    if (accepted) {
        ck_assert_uint_eq(len, expected.len);
        ck_assert_mem_eq(signature, expected.data, len);
    }
    vk_buf_clear(&expected);
    free(text);
}

START_TEST(operations_of_the_sdk) {
    sdk_key sdk = sdk_ecdsa();
    int count = 0;
    const cJSON *op;
    cJSON_ArrayForEach(op, vectors_get(sdk.vector, "operations")) {
        check_operation(&sdk, op);
        count++;
    }
    ck_assert_int_eq(count, 11);
    cJSON_Delete(sdk.vector);
}
END_TEST

START_TEST(nothing_is_spent_by_asking) {
    sdk_key sdk = sdk_ecdsa();
    const cJSON *op = sdk_operation(&sdk, 0);
    CK_BYTE left[32], signature[8192], allowed[32];
    CK_ULONG len = 0;
    char *text = cJSON_PrintUnformatted(vectors_get(op, "userOp"));
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_BYTE_PTR data = (CK_BYTE_PTR)text;
    ck_assert_int_eq(f->C_SignInit(sdk.session, &userop, sdk.key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(sdk.session, data, strlen(text), NULL, &len), CKR_OK);
    ck_assert_uint_gt(len, 1000);
    len = 100;
    ck_assert_int_eq(f->C_Sign(sdk.session, data, strlen(text), signature, &len),
                     CKR_BUFFER_TOO_SMALL);
    get_value(sdk.session, sdk.key, CKA_VALETKEY_GAS_ALLOWED, allowed, sizeof allowed);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_GAS_LEFT, left, sizeof left),
                      32);
    ck_assert_mem_eq(left, allowed, sizeof left);
    ck_assert_int_eq(f->C_Sign(sdk.session, data, strlen(text), signature, &len), CKR_OK);
    get_value(sdk.session, sdk.key, CKA_VALETKEY_GAS_LEFT, left, sizeof left);
    ck_assert_int_lt(memcmp(left, allowed, sizeof left), 0);
    free(text);
    cJSON_Delete(sdk.vector);
}
END_TEST

static CK_RV sign_text(const sdk_key *sdk, const char *text, size_t len) {
    CK_BYTE signature[8192];
    CK_ULONG signature_len = sizeof signature;
    return sign_once(sdk->session, sdk->key, CKM_VALETKEY_USEROP_SESSION,
                     (vk_bytes){(const uint8_t *)text, len}, signature, &signature_len);
}

START_TEST(grants_that_are_refused) {
    sdk_key sdk = sdk_ecdsa();
    CK_BYTE grant[16384];
    CK_OBJECT_HANDLE none;
    CK_ULONG len = get_value(sdk.session, sdk.grant, CKA_VALUE, grant, sizeof grant - 1);
    grant[len] = '\0';
    ck_assert_int_eq(write_data(sdk.session, VK_APPLICATION_GRANT, "sdk", (char *)grant, &none),
                     CKR_TEMPLATE_INCONSISTENT);
    ck_assert_int_eq(write_data(sdk.session, VK_APPLICATION_GRANT, "sdk", "{}", &none),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    cJSON_Delete(sdk.vector);
}
END_TEST

START_TEST(payloads_that_are_no_operation) {
    sdk_key sdk = sdk_ecdsa();
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    char *long_text = calloc(1, VK_USEROP_MAX + 1);
    ck_assert_ptr_nonnull(long_text);
    ck_assert_int_eq(sign_text(&sdk, "", 0), CKR_DATA_INVALID);
    ck_assert_int_eq(sign_text(&sdk, "{", 1), CKR_DATA_INVALID);
    ck_assert_int_eq(sign_text(&sdk, "{\"sender\":1}", 12), CKR_DATA_INVALID);
    ck_assert_int_eq(sign_text(&sdk, long_text, 4096), CKR_DATA_INVALID);
    ck_assert_int_eq(sign_text(&sdk, long_text, VK_USEROP_MAX + 1), CKR_DATA_LEN_RANGE);
    ck_assert_int_eq(f->C_SignInit(sdk.session, &ecdsa, sdk.key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    free(long_text);
    cJSON_Delete(sdk.vector);
}
END_TEST

/* ---- What can be read of it ---- */

START_TEST(the_policy_is_readable) {
    sdk_key sdk = sdk_ecdsa();
    CK_BYTE bytes[256], id[4];
    vk_address account = vectors_address(sdk.vector, "account");
    vk_address address = vectors_address(vectors_get(sdk.vector, "session"), "address");
    vectors_fixed(sdk.vector, "permissionId", id, sizeof id);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_PERMISSION_ID, bytes, 256), 4);
    ck_assert_mem_eq(bytes, id, 4);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_ADDRESS, bytes, 256), 20);
    ck_assert_mem_eq(bytes, address.b, 20);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_ACCOUNTS, bytes, 256), 20);
    ck_assert_mem_eq(bytes, account.b, 20);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_CHAIN_IDS, bytes, 256), 8);
    ck_assert_mem_eq(bytes, "\0\0\0\0\0\0\x7a\x69", 8);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_GAS_ALLOWED, bytes, 256), 32);
    vk_u256 allowed = vk_u256_from_be(bytes, 32);
    ck_assert_uint_eq(vk_u256_low64(&allowed), WEI_ALLOWED);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_END_DATE, bytes, 256), 8);
    ck_assert_uint_eq(get_value(sdk.session, sdk.key, CKA_VALETKEY_VALID_UNTIL, bytes, 256), 8);
    ck_assert_int_eq(get_rv(sdk.session, sdk.key, CKA_VALETKEY_INTERVAL),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    expect_text(&sdk, CKA_VALETKEY_RULES, "call,gas,timestamp");
    expect_text(&sdk, CKA_VALETKEY_CALL_VERSION, "0.0.4");
    expect_text(&sdk, CKA_VALETKEY_KERNEL_VERSIONS, "0.3.1");
    expect_text(&sdk, CKA_VALETKEY_STATE, "\"enabled\":false");
    cJSON_Delete(sdk.vector);
}
END_TEST

START_TEST(anybody_reads_the_data_objects) {
    sdk_key sdk = sdk_ecdsa();
    static char value[65536];
    ck_assert_int_eq(f->C_Logout(sdk.session), CKR_OK);
    CK_ATTRIBUTE data[] = {ATTR(CKA_CLASS, class_data), TEXT(CKA_LABEL, "sdk")};
    CK_ATTRIBUTE account[] = {TEXT(CKA_APPLICATION, VK_APPLICATION_ACCOUNT)};
    CK_OBJECT_HANDLE object;
    ck_assert_int_eq(find_all(sdk.session, data, COUNT(data), NULL), 3);
    ck_assert_int_eq(find_all(sdk.session, account, 1, &object), 1);
    CK_ULONG len = get_value(sdk.session, object, CKA_VALUE, value, sizeof value);
    ck_assert_uint_gt(len, 500);
    ck_assert_mem_eq(value, "eyJ", 3);
    cJSON_Delete(sdk.vector);
}
END_TEST

START_TEST(a_refusal_is_remembered_and_the_policy_stays) {
    sdk_key sdk = sdk_ecdsa();
    char *text = sdk_userop(&sdk, 0);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "");
    char *sender = strstr(text, "\"sender\":\"0x") + 12;
    sender[0] = sender[0] == '1' ? '2' : '1';
    for (char *c = sender; *c != '"'; c++) {
        *c = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;
    }
    ck_assert_int_eq(sign_text(&sdk, text, strlen(text)), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "0x");
    free(text);
    ck_assert_int_eq(f->C_Logout(sdk.session), CKR_OK);
    ck_assert_int_eq(try_login(sdk.session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(write_policy(sdk.session, "sdk", (char *)sudo_policy), CKR_ACTION_PROHIBITED);
    cJSON_Delete(sdk.vector);
}
END_TEST

Suite *policy_suite(void) {
    Suite *suite = suite_create("policy");
    TCase *policy = started_case("policy");
    tcase_add_test(policy, the_so_sets_a_policy);
    tcase_add_test(policy, nobody_else_sets_a_policy);
    tcase_add_test(policy, an_edited_index_misleads_no_policy);
    tcase_add_test(policy, bad_policies_make_no_key);
    tcase_add_test(policy, the_settings_make_findings_errors);
    suite_add_tcase(suite, policy);
    TCase *sdk = started_case("a key of the SDK");
    tcase_add_test(sdk, operations_of_the_sdk);
    tcase_add_test(sdk, nothing_is_spent_by_asking);
    tcase_add_test(sdk, grants_that_are_refused);
    tcase_add_test(sdk, payloads_that_are_no_operation);
    tcase_add_test(sdk, the_policy_is_readable);
    tcase_add_test(sdk, anybody_reads_the_data_objects);
    tcase_add_test(sdk, a_refusal_is_remembered_and_the_policy_stays);
    suite_add_tcase(suite, sdk);
    return suite;
}
