/*
 * The messages that the SDK signed with session keys for tests/vectors/message_signature.json,
 * through C_Sign: the account's whole signature must be the SDK's bytes. Their policy is sudo and
 * some are for other chains, so the SO has relaxed what can be.
 */
#include "support/client.h"
#include "support/so.h"
#include "unit/policy_support.h"

#include <valetkey/grant.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char sudo[] = "[{\"type\":\"sudo\"}]";

typedef struct counts {
    int same, undeployed, no_key;
} counts;

static char *grant_of(const cJSON *in) {
    char policies[] = "[{\"type\":\"sudo\",\"policyFlag\":\"0x0000\"}]";
    vk_serialized_account account = {
        .policies = policies, .account = vectors_address(in, "account"), .pre_installed = true};
    vectors_fixed(in, "permissionId", account.permission_id, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    vk_buf text = {0}, json = {0};
    ck_assert_int_eq(vk_serialized_write(&account, &text), VK_OK);
    vk_buf_printf(&json, "{\"chainId\":%s,\"kernelVersion\":\"%s\",\"serializedAccount\":\"%.*s\"}",
                  vectors_text(in, "chainId"), vectors_text(in, "kernelVersion"), (int)text.len,
                  (const char *)text.data);
    vk_buf_clear(&text);
    return vk_buf_take_text(&json);
}

/* What is signed: the bytes of a text, or JSON; and the mechanism that takes it bare. */
static vk_buf content_of(const cJSON *in, CK_MECHANISM_TYPE *mechanism) {
    vk_buf out = {0};
    *mechanism = CKM_VALETKEY_MESSAGE;
    if (cJSON_HasObjectItem(in, "typedDataJson")) {
        *mechanism = CKM_VALETKEY_TYPED_DATA;
        vk_buf_put_text(&out, vectors_text(in, "typedDataJson"));
    } else if (cJSON_HasObjectItem(in, "rawMessage")) {
        out = vectors_bytes(in, "rawMessage");
    } else {
        vk_buf_put_text(&out, vectors_text(vectors_get(in, "message"), "text"));
    }
    return out;
}

static vk_buf request_of(const cJSON *in) {
    CK_MECHANISM_TYPE mechanism;
    vk_buf content = content_of(in, &mechanism), out = {0};
    vk_buf_printf(&out, "{\"chainId\":%s,\"account\":\"%s\",\"replayable\":%s,",
                  vectors_text(in, "chainId"), vectors_text(in, "account"),
                  cJSON_IsTrue(vectors_get(in, "replayable")) ? "true" : "false");
    if (mechanism == CKM_VALETKEY_TYPED_DATA) {
        vk_buf_put_text(&out, "\"typedData\":");
        vk_buf_put(&out, content.data, content.len);
        vk_buf_put_text(&out, "}");
    } else {
        vk_buf_put_text(&out, "\"message\":{\"raw\":\"");
        vk_hex_put(&out, vk_buf_view(&content));
        vk_buf_put_text(&out, "\"}}");
    }
    vk_buf_clear(&content);
    return out;
}

/* Consumes payload. */
static void assert_signed(client *c, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism,
                          vk_buf payload, const cJSON *one) {
    CK_BYTE signature[512];
    CK_ULONG len = sizeof signature;
    const char *id = vectors_text(one, "id");
    vk_buf expected = vectors_bytes(vectors_get(one, "out"), "signature");
    CK_RV rv = client_sign(c, key, mechanism, vk_buf_view(&payload), signature, &len);
    ck_assert_msg(rv == CKR_OK, "%s: 0x%lx", id, rv);
    ck_assert_msg(vk_bytes_equal(vk_buf_view(&expected), (vk_bytes){signature, len}), "%s", id);
    vk_buf_clear(&expected);
    vk_buf_clear(&payload);
}

static void sign(client *c, CK_OBJECT_HANDLE key, const cJSON *one) {
    const cJSON *in = vectors_get(one, "in");
    CK_MECHANISM_TYPE mechanism;
    assert_signed(c, key, CKM_VALETKEY_MESSAGE_REQUEST, request_of(in), one);
    if (!cJSON_IsTrue(vectors_get(in, "replayable"))) {
        vk_buf content = content_of(in, &mechanism);
        assert_signed(c, key, mechanism, content, one);
    }
}

/* Several cases have the same session key. */
static CK_OBJECT_HANDLE key_of(client *c, const cJSON *in) {
    uint8_t secret[32];
    const char *label = vectors_text(in, "permissionId");
    CK_OBJECT_HANDLE key = client_private_key(c, label);
    if (key != CK_INVALID_HANDLE) {
        return key;
    }
    vectors_fixed(in, "sessionPrivateKey", secret, sizeof secret);
    key = client_import(c, label, secret, sudo);
    char *grant = grant_of(in);
    ck_assert_uint_eq(client_grant(c, label, grant), CKR_OK);
    vk_text_free(grant);
    return key;
}

static void play(client *c, const cJSON *one, counts *n) {
    const cJSON *in = vectors_get(one, "in");
    if (strncmp(vectors_text(in, "plugin"), "permission-", 11) != 0) {
        return;
    }
    if (!cJSON_HasObjectItem(in, "sessionPrivateKey")) {
        n->no_key++;
    } else if (!cJSON_IsTrue(vectors_get(in, "deployed"))) {
        n->undeployed++; /* the account is not that of the factory data: see test_grant_message */
    } else {
        sign(c, key_of(c, in), one);
        n->same++;
    }
}

START_TEST(test_messages) {
    client c;
    counts n = {0};
    cJSON *file = vectors_load("message_signature.json");
    client_start(&c, "messages");
    so_relax("messages", CLIENT_SO_PIN, vk_hardening_switchable());
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play(&c, one, &n);
    }
    client_stop(&c);
    cJSON_Delete(file);
    printf("%d signed as the SDK did; not played: %d undeployed, %d whose session key "
           "is not in the file\n",
           n.same, n.undeployed, n.no_key);
    fflush(stdout);
    ck_assert_int_eq(n.same, 18);
    ck_assert_int_eq(n.undeployed, 2);
    ck_assert_int_eq(n.no_key, 5);
}
END_TEST

int main(void) {
    char home[] = "/tmp/vk-sdk-XXXXXX", command[64];
    if (mkdtemp(home) == NULL || setenv("VALETKEY_HOME", home, 1) != 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("sdk messages");
    TCase *tests = tcase_create("messages");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_messages);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
