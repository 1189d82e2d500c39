/*
 * The operations that the SDK signed for tests/vectors/enable.json, through C_Sign. Most of them
 * break their own random policies: those must be refused by a rule that is named; whatever is
 * signed must be the SDK's bytes.
 */
#include "base/json.h"
#include "support/client.h"
#include "unit/kernel_support.h"
#include "unit/policy_support.h"

#include <valetkey/eth.h>
#include <valetkey/grant.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct counts {
    int same, refused, no_key, no_policy;
} counts;

static void put_owner(const cJSON *in, vk_buf *out) {
    if (cJSON_HasObjectItem(in, "ownerPasskey")) {
        uint8_t point65[65];
        kernel_passkey_point(vectors_get(in, "ownerPasskey"), point65);
        vk_buf_put_text(out, ",\"owner\":{\"x\":\"");
        vk_hex_put(out, (vk_bytes){point65 + 1, 32});
        vk_buf_put_text(out, "\",\"y\":\"");
        vk_hex_put(out, (vk_bytes){point65 + 33, 32});
        vk_buf_put_text(out, "\"}");
    } else {
        vk_hash any = {{1}};
        uint8_t signature65[65];
        vk_address owner;
        char text[43];
        kernel_sign(in, "ownerPrivateKey", &any, signature65);
        ck_assert_int_eq(vk_ecdsa_recover(&any, signature65, &owner), VK_OK);
        vk_address_text(&owner, text);
        vk_buf_printf(out, ",\"owner\":\"%s\"", text);
    }
    vk_buf_printf(out, ",\"rootValidator\":\"%s\"", vectors_text(in, "sudoValidator"));
}

/* The account's currentNonce; the SDK takes 1 for none and for 0. */
static unsigned enable_nonce(const cJSON *in) {
    bool known = !cJSON_IsNull(vectors_get(in, "accountCurrentNonce"));
    uint64_t nonce = known ? vectors_u64(in, "accountCurrentNonce") : 0;
    return nonce > 0 ? (unsigned)nonce : 1;
}

static char *grant_of(const cJSON *one, char *policies) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
    bool installed = !cJSON_HasObjectItem(out, "enableSignature");
    vk_serialized_account account = {.policies = policies,
                                     .account = vectors_address(in, "account"),
                                     .pre_installed = installed};
    vectors_fixed(out, "permissionId", account.permission_id, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    vk_buf text = {0}, json = {0};
    if (!installed) {
        const cJSON *action = vectors_get(out, "action");
        vectors_fixed(action, "selector", account.selector, sizeof account.selector);
        account.action_target = vectors_address(action, "address");
        account.enable_signature = vectors_bytes(out, "enableSignature");
    }
    ck_assert_int_eq(vk_serialized_write(&account, &text), VK_OK);
    vk_buf_clear(&account.enable_signature);
    vk_buf_printf(&json, "{\"chainId\":%s,\"kernelVersion\":\"%s\",\"serializedAccount\":\"%.*s\"",
                  vectors_text(in, "chainId"), vectors_text(in, "kernelVersion"), (int)text.len,
                  (const char *)text.data);
    vk_buf_clear(&text);
    if (!installed) {
        put_owner(in, &json);
        vk_buf_printf(&json, ",\"enableNonce\":%u", enable_nonce(in));
    }
    vk_buf_put_byte(&json, '}');
    return vk_buf_take_text(&json);
}

/* The vector's numbers are decimal; an operation's are hex. */
static char *operation_of(const cJSON *in) {
    cJSON *op = cJSON_CreateObject();
    const cJSON *item;
    cJSON_ArrayForEach(item, vectors_get(in, "userOp")) {
        char hex[67];
        const char *text = item->valuestring;
        if (strncmp(text, "0x", 2) != 0) {
            vk_u256 number = vectors_u256(vectors_get(in, "userOp"), item->string);
            vk_u256_hex(&number, hex);
            text = hex;
        }
        cJSON_AddStringToObject(op, item->string, text);
    }
    char *json = vk_json_print(op);
    cJSON_Delete(op);
    return json;
}

static void assert_rule_named(client *c, CK_OBJECT_HANDLE key, const char *id) {
    static const char *const rules[] = {
        "call: ", "gas: ", "timestamp: ", "rate-limit: ", "callData: ", "selector: "};
    char text[1024] = "";
    CK_ATTRIBUTE attribute = {CKA_VALETKEY_LAST_DENIAL, text, sizeof text - 1};
    ck_assert_uint_eq(c->f->C_GetAttributeValue(c->session, key, &attribute, 1), CKR_OK);
    bool named = false;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        named |= strncmp(text, rules[i], strlen(rules[i])) == 0;
    }
    ck_assert_msg(named, "%s: %s", id, text);
}

static void sign(client *c, CK_OBJECT_HANDLE key, const cJSON *one, counts *n) {
    static CK_BYTE signature[1 << 15];
    CK_ULONG len = sizeof signature;
    const char *id = vectors_text(one, "id");
    char *op = operation_of(vectors_get(one, "in"));
    CK_RV rv = client_sign(c, key, CKM_VALETKEY_USEROP, (vk_bytes){(const uint8_t *)op, strlen(op)},
                           signature, &len);
    vk_text_free(op);
    if (rv == CKR_OK) {
        vk_buf expected = vectors_bytes(vectors_get(one, "out"), "signature");
        ck_assert_msg(vk_bytes_equal(vk_buf_view(&expected), (vk_bytes){signature, len}), "%s", id);
        vk_buf_clear(&expected);
        n->same++;
    } else {
        ck_assert_msg(rv == CKR_FUNCTION_REJECTED, "%s: 0x%lx", id, rv);
        assert_rule_named(c, key, id);
        n->refused++;
    }
}

static void play(client *c, const cJSON *one, counts *n) {
    const cJSON *in = vectors_get(one, "in");
    const cJSON *signer = vectors_get(in, "signer");
    const char *id = vectors_text(one, "id");
    if (!cJSON_HasObjectItem(signer, "sessionPrivateKey")) {
        n->no_key++;
        return;
    }
    uint8_t secret[32];
    vectors_fixed(signer, "sessionPrivateKey", secret, sizeof secret);
    char *policies = policy_params_text(in), *grant = grant_of(one, policies);
    CK_OBJECT_HANDLE key = client_import(c, id, secret, policies);
    if (key == CK_INVALID_HANDLE) {
        n->no_policy++;
    } else {
        ck_assert_msg(client_grant(c, id, grant) == CKR_OK, "%s", id);
        sign(c, key, one, n);
    }
    vk_text_free(policies);
    vk_text_free(grant);
}

START_TEST(test_enable) {
    client c;
    counts n = {0};
    cJSON *file = vectors_load("enable.json");
    client_start(&c, "enable");
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play(&c, one, &n);
    }
    client_stop(&c);
    cJSON_Delete(file);
    printf("%d signed as the SDK did, %d refused by a named rule; not played: %d whose session key "
           "is not in the file, %d whose policy no key may have\n",
           n.same, n.refused, n.no_key, n.no_policy);
    fflush(stdout);
    ck_assert_int_eq(n.same + n.refused, 20);
    ck_assert_int_eq(n.no_key, 4);
    ck_assert_int_eq(n.no_policy, 2);
    ck_assert_int_gt(n.same, 0);
}
END_TEST

int main(void) {
    char home[] = "/tmp/vk-sdk-XXXXXX", command[64];
    if (mkdtemp(home) == NULL || setenv("VALETKEY_HOME", home, 1) != 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("sdk operations");
    TCase *tests = tcase_create("enable");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_enable);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
