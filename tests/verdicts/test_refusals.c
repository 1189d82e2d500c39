/*
 * What the token must refuse, on a session that the SDK made (tests/vectors/session/ecdsa.json):
 * bad input, operations for elsewhere, odd encodings, an edited database. Nothing of it may cost
 * budget.
 */
#include "support/client.h"
#include "support/vectors.h"

#include <valetkey/valetkey.h>

#include <check.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static client c;
static cJSON *session;
static CK_OBJECT_HANDLE key;

#define LABEL "usdc"

static char *serialized_policies(void) {
    vk_serialized_account account;
    const char *text = vectors_text(session, "serializedAccount");
    ck_assert_int_eq(vk_serialized_read(text, strlen(text), &account, NULL), VK_OK);
    char *policies = strdup(account.policies);
    vk_serialized_clear(&account);
    return policies;
}

static char *grant_text(void) {
    vk_buf json = {0};
    vk_buf_printf(&json, "{\"chainId\":31337,\"serializedAccount\":\"%s\"}",
                  vectors_text(session, "serializedAccount"));
    return vk_buf_take_text(&json);
}

/* A directory of its own for each test. */
static void new_home(void) {
    char home[] = "/tmp/vk-refusals-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(setenv("VALETKEY_HOME", home, 1), 0);
}

static void remove_home(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", getenv("VALETKEY_HOME"));
    ck_assert_int_eq(system(command), 0);
}

static void set_up(void) {
    new_home();
    session = vectors_load("session/ecdsa.json");
    client_start(&c, "refusals");
    uint8_t secret[32];
    vectors_fixed(vectors_get(session, "session"), "privateKey", secret, sizeof secret);
    char *policies = serialized_policies(), *grant = grant_text();
    key = client_import(&c, LABEL, secret, policies);
    ck_assert_uint_ne(key, CK_INVALID_HANDLE);
    ck_assert_uint_eq(client_grant(&c, LABEL, grant), CKR_OK);
    free(policies);
    vk_text_free(grant);
}

static void tear_down(void) {
    client_stop(&c);
    cJSON_Delete(session);
    remove_home();
}

/* The session's first operation, with one member changed. NULL name: unchanged. */
static char *operation(const char *name, const char *value) {
    const cJSON *first = cJSON_GetArrayItem(vectors_get(session, "operations"), 0);
    cJSON *op = cJSON_Duplicate(vectors_get(first, "userOp"), true);
    if (name != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(op, name);
        if (value != NULL) {
            cJSON_AddStringToObject(op, name, value);
        }
    }
    char *text = cJSON_PrintUnformatted(op);
    cJSON_Delete(op);
    return text;
}

static CK_RV sign_bytes(const void *data, size_t len) {
    static CK_BYTE signature[1 << 14];
    CK_ULONG signature_len = sizeof signature;
    return client_sign(&c, key, CKM_VALETKEY_USEROP, (vk_bytes){data, len}, signature,
                       &signature_len);
}

static CK_RV sign_text(char *text) {
    CK_RV rv = sign_bytes(text, strlen(text));
    free(text);
    return rv;
}

static void read_attribute(CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG *len) {
    CK_ATTRIBUTE attribute = {type, out, *len};
    ck_assert_uint_eq(c.f->C_GetAttributeValue(c.session, key, &attribute, 1), CKR_OK);
    *len = attribute.ulValueLen;
}

static void assert_denied_because(const char *part) {
    char text[1024];
    CK_ULONG len = sizeof text - 1;
    read_attribute(CKA_VALETKEY_LAST_DENIAL, text, &len);
    text[len] = '\0';
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

static void assert_nothing_spent(void) {
    uint8_t left[32];
    CK_ULONG len = sizeof left;
    read_attribute(CKA_VALETKEY_GAS_LEFT, left, &len);
    vk_u256 value = vk_u256_from_be(left, len);
    char text[79];
    vk_u256_decimal(&value, text);
    ck_assert_str_eq(text, "10000000000000000");
}

START_TEST(test_malformed) {
    static char big[10 << 20];
    memset(big, ' ', sizeof big);
    big[0] = '{';
    ck_assert_uint_eq(sign_bytes("not json", 8), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_bytes("{", 1), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_text(operation("surprise", "0x")), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_text(operation("sender", NULL)), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_text(operation("callData", "0xabc")), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_text(operation("callGasLimit", "0x100000000000000000000000000000000")),
                      CKR_DATA_INVALID);
    char *trailing = operation(NULL, NULL);
    size_t len = strlen(trailing);
    trailing = realloc(trailing, len + 2);
    strcpy(trailing + len, "x");
    ck_assert_uint_eq(sign_text(trailing), CKR_DATA_INVALID);
    ck_assert_uint_eq(sign_bytes(big, sizeof big), CKR_DATA_LEN_RANGE);
    assert_nothing_spent();
}
END_TEST

static CK_RV sign_wrapped(const char *chain_id, const char *entry_point) {
    char *op = operation(NULL, NULL);
    vk_buf text = {0};
    vk_buf_printf(&text, "{\"chainId\":%s,\"entryPoint\":\"%s\",\"userOp\":%s}", chain_id,
                  entry_point, op);
    free(op);
    CK_RV rv = sign_bytes(text.data, text.len);
    vk_buf_clear(&text);
    return rv;
}

START_TEST(test_for_elsewhere) {
    const char *here = vectors_text(session, "entryPoint");
    ck_assert_uint_eq(sign_text(operation("sender", "0x1111111111111111111111111111111111111111")),
                      CKR_FUNCTION_REJECTED);
    assert_denied_because("sender is 0x1111111111111111111111111111111111111111, but the grant is "
                          "for 0x364fe8e7d96fC0cE795E3602928df956E382c4b3");
    ck_assert_uint_eq(sign_wrapped("1", here), CKR_FUNCTION_REJECTED);
    assert_denied_because("chainId is 1, but the grant is for 31337");
    ck_assert_uint_eq(sign_wrapped("31337", "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"),
                      CKR_FUNCTION_REJECTED);
    assert_denied_because("entryPoint is 0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108, but the grant "
                          "is for 0x0000000071727De22E5E9d8BAf0edAc6f37da032");
    ck_assert_uint_eq(sign_wrapped("31337", "0x4337084d9e255ff0702461cf8895ce9e3b5ff000"),
                      CKR_FUNCTION_REJECTED);
    assert_denied_because("none of the published EntryPoints");
    ck_assert_uint_eq(
        sign_text(operation("nonce",
                            "0x102deadbeef0000000000000000000000000000000000000000000000000000")),
        CKR_FUNCTION_REJECTED);
    assert_denied_because("the nonce names permission 0xdeadbeef, but the grant is for 0x2bed801e");
    ck_assert_uint_eq(sign_text(operation("nonce", "0x0")), CKR_FUNCTION_REJECTED);
    assert_denied_because("validation type 00");
    ck_assert_uint_eq(
        sign_text(
            operation("nonce", "0x22bed801e0000000000000000000000000000000000000000000000000000")),
        CKR_FUNCTION_REJECTED);
    assert_denied_because("not installed yet");
    assert_nothing_spent();
}
END_TEST

/* Moves the offset of the execution calldata, and gives it bytes behind its end. */
START_TEST(test_odd_encodings) {
    char *op = operation(NULL, NULL);
    cJSON *json = cJSON_Parse(op);
    char *data = strdup(vectors_text(json, "callData"));
    cJSON_Delete(json);
    free(op);
    /* What the contracts cannot read the call rule refuses, as they do. */
    static const char unread[] = "call: the call data is not an execute call";
    static const struct {
        size_t at;
        char digit;
        const char *reason;
    } changes[] = {
        {2 + 8 + 64 + 62, '6', unread},  /* offset 0x40 becomes 0x60 */
        {2 + 8 + 64, 'f', unread},       /* an offset that wraps */
        {2 + 8 + 4, '1', "callData: "},  /* a mode byte that the chain ignores */
        {2 + 8 + 128 + 60, 'f', unread}, /* a length beyond the end */
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char before = data[changes[i].at];
        data[changes[i].at] = changes[i].digit;
        ck_assert_uint_eq(sign_text(operation("callData", data)), CKR_FUNCTION_REJECTED);
        assert_denied_because(changes[i].reason);
        data[changes[i].at] = before;
    }
    data[strlen(data) - 1] = '1'; /* padding */
    ck_assert_uint_eq(sign_text(operation("callData", data)), CKR_FUNCTION_REJECTED);
    assert_denied_because("callData: ");
    free(data);
    assert_nothing_spent();
}
END_TEST

START_TEST(test_small_buffer) {
    char *op = operation(NULL, NULL);
    CK_MECHANISM mechanism = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_BYTE signature[4096];
    CK_ULONG len = 0, small = 100;
    ck_assert_uint_eq(c.f->C_SignInit(c.session, &mechanism, key), CKR_OK);
    ck_assert_uint_eq(c.f->C_Sign(c.session, (CK_BYTE *)op, strlen(op), NULL, &len), CKR_OK);
    ck_assert_uint_eq(c.f->C_Sign(c.session, (CK_BYTE *)op, strlen(op), signature, &small),
                      CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(small, len);
    assert_nothing_spent();
    ck_assert_uint_le(len, sizeof signature);
    ck_assert_uint_eq(c.f->C_Sign(c.session, (CK_BYTE *)op, strlen(op), signature, &len), CKR_OK);
    const cJSON *first = cJSON_GetArrayItem(vectors_get(session, "operations"), 0);
    vk_buf expected = vectors_bytes(first, "signature");
    ck_assert_uint_eq(len, expected.len);
    ck_assert_mem_eq(signature, expected.data, len);
    vk_buf_clear(&expected);
    free(op);
}
END_TEST

/* An identical retry and a fee bump cost the difference, another nonce the whole. */
START_TEST(test_same_nonce_is_charged_once) {
    uint8_t left[32];
    CK_ULONG len = sizeof left;
    ck_assert_uint_eq(sign_text(operation(NULL, NULL)), CKR_OK);
    read_attribute(CKA_VALETKEY_GAS_LEFT, left, &len);
    vk_u256 once = vk_u256_from_be(left, len);
    ck_assert_uint_eq(sign_text(operation(NULL, NULL)), CKR_OK);
    len = sizeof left;
    read_attribute(CKA_VALETKEY_GAS_LEFT, left, &len);
    vk_u256 twice = vk_u256_from_be(left, len);
    ck_assert_int_eq(vk_u256_cmp(&once, &twice), 0);
    ck_assert_uint_eq(sign_text(operation("maxFeePerGas", "0x77359400")), CKR_OK);
    len = sizeof left;
    read_attribute(CKA_VALETKEY_GAS_LEFT, left, &len);
    vk_u256 bumped = vk_u256_from_be(left, len), budget, spent_once, spent_bumped;
    const char *text = "10000000000000000";
    ck_assert_int_eq(vk_u256_read_decimal(text, strlen(text), &budget), VK_OK);
    ck_assert(vk_u256_sub(&budget, &once, &spent_once));
    ck_assert(vk_u256_sub(&budget, &bumped, &spent_bumped));
    ck_assert(vk_u256_add(&spent_once, &spent_once, &spent_once));
    ck_assert_int_eq(vk_u256_cmp(&spent_once, &spent_bumped), 0);
    /* The approval cannot be used by a second operation. */
    ck_assert_uint_eq(
        sign_text(operation("nonce",
                            "0x1022bed801e0000000000000000000000000000000000000000000000000001")),
        CKR_FUNCTION_REJECTED);
    assert_denied_because("the approval was used already");
}
END_TEST

/* ---- An edited database ---- */

static void edit(const char *sql) {
    const char *home = getenv("VALETKEY_HOME");
    DIR *dir = opendir(home);
    ck_assert_ptr_nonnull(dir);
    struct dirent *entry;
    char path[1024] = "";
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > 3 && strcmp(entry->d_name + len - 3, ".db") == 0) {
            snprintf(path, sizeof path, "%s/%s", home, entry->d_name);
        }
    }
    closedir(dir);
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    char *message = NULL;
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
    ck_assert_int_gt(sqlite3_changes(db), 0);
    sqlite3_close(db);
    /* Other processes' changes are noticed within a millisecond. */
    struct timespec wait = {.tv_nsec = 5000000};
    nanosleep(&wait, NULL);
}

static const char *const edits[] = {
    "UPDATE key SET policy = replace(policy, '05f5e100', '15f5e100')",
    "UPDATE key SET point = (SELECT CAST(substr(point, 1, 64) || x'00' AS BLOB) FROM key)",
    "UPDATE approval SET account = x'1111111111111111111111111111111111111111'",
    "UPDATE approval SET json = replace(json, '31337', '1')",
    "UPDATE budget SET rules = zeroblob(length(rules)), enabled = 1",
    "DELETE FROM budget",
    "UPDATE key SET private_attrs = CAST(private_attrs || x'00' AS BLOB)",
};

START_TEST(test_edited_database) {
    ck_assert_uint_eq(sign_text(operation(NULL, NULL)), CKR_OK);
    edit(edits[_i]);
    CK_RV rv = sign_text(operation(NULL, NULL));
    ck_assert_msg(rv == CKR_DEVICE_ERROR, "%s: 0x%lx", edits[_i], rv);
    assert_denied_because("integrity check");
}
END_TEST

/* ---- What the user may not do ---- */

START_TEST(test_user_limits) {
    char value[64];
    CK_ATTRIBUTE read = {CKA_VALUE, value, sizeof value};
    ck_assert_uint_eq(c.f->C_GetAttributeValue(c.session, key, &read, 1), CKR_ATTRIBUTE_SENSITIVE);
    char sudo[] = "[{\"type\":\"sudo\"}]";
    CK_ATTRIBUTE policy = {CKA_VALETKEY_POLICY, sudo, sizeof sudo - 1};
    ck_assert_uint_eq(c.f->C_SetAttributeValue(c.session, key, &policy, 1),
                      CKR_ATTRIBUTE_READ_ONLY);
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    ck_assert_uint_eq(c.f->C_SignInit(c.session, &ecdsa, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_uint_eq(c.f->C_Logout(c.session), CKR_OK);
    CK_MECHANISM userop = {CKM_VALETKEY_USEROP, NULL, 0};
    CK_RV rv = c.f->C_SignInit(c.session, &userop, key);
    ck_assert(rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_KEY_HANDLE_INVALID);
}
END_TEST

/* Under sudo a key signs digests, as often as its rate limit says: each digest counts once. */
START_TEST(test_counted_digests) {
    static const char policy[] = "[{\"type\":\"sudo\"},{\"type\":\"rate-limit\",\"interval\":0,"
                                 "\"count\":2,\"startAt\":0}]";
    uint8_t secret[32], digest[32] = {0};
    CK_BYTE signature[64];
    memset(secret, 6, sizeof secret);
    key = client_import(&c, "counted", secret, policy);
    ck_assert_uint_ne(key, CK_INVALID_HANDLE);
    static const struct {
        uint8_t digest;
        CK_RV rv;
    } steps[] = {{1, CKR_OK}, {1, CKR_OK}, {2, CKR_OK}, {3, CKR_FUNCTION_REJECTED}, {2, CKR_OK}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CK_ULONG len = sizeof signature;
        digest[0] = steps[i].digest;
        CK_RV rv =
            client_sign(&c, key, CKM_ECDSA, (vk_bytes){digest, sizeof digest}, signature, &len);
        ck_assert_msg(rv == steps[i].rv, "step %zu: 0x%lx", i, rv);
    }
    assert_denied_because("rate-limit: all 2 operations are used");
}
END_TEST

static const char *const bad_policies[] = {
    "[{\"type\":\"unknown\"}]",
    "[{\"type\":\"sudo\",\"extra\":1}]",
    "[{\"type\":\"timestamp\",\"validAfter\":2000000000,\"validUntil\":1000000000}]",
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":["
    "{\"target\":\"0x1111111111111111111111111111111111111111\",\"selector\":\"0x12345678\"},"
    "{\"target\":\"0x1111111111111111111111111111111111111111\",\"selector\":\"0x12345678\"}]}]",
    "[]",
    "{",
};

START_TEST(test_bad_policies) {
    uint8_t secret[32];
    memset(secret, 5, sizeof secret);
    ck_assert_uint_eq(client_import(&c, "bad", secret, bad_policies[_i]), CK_INVALID_HANDLE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("refusals");
    TCase *tests = tcase_create("refusals");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_malformed);
    tcase_add_test(tests, test_for_elsewhere);
    tcase_add_test(tests, test_odd_encodings);
    tcase_add_test(tests, test_small_buffer);
    tcase_add_test(tests, test_same_nonce_is_charged_once);
    tcase_add_loop_test(tests, test_edited_database, 0, sizeof edits / sizeof edits[0]);
    tcase_add_test(tests, test_user_limits);
    tcase_add_test(tests, test_counted_digests);
    tcase_add_loop_test(tests, test_bad_policies, 0, sizeof bad_policies / sizeof bad_policies[0]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
