/* Spend rules as a PKCS#11 client meets them. */
#include "../support/clock.h"
#include "message_support.h"
#include "support/so.h"
#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USDC "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
#define USDC_UNIT 1000000
#define LOCAL_CHAIN 31337
#define BOB "70997970c51812dc3a010c7d01b50e0d17dc79c8"

static void set_rule(const char *name, uint64_t chain_id, uint64_t limit, const char *label) {
    vk_spend_rule rule = {.asset = {.chain_id = chain_id}, .period = 86400};
    snprintf(rule.name, sizeof rule.name, "%s", name);
    rule.limit = vk_u256_from_u64(limit);
    ck_assert_int_eq(vk_address_read(USDC, strlen(USDC), &rule.asset.token), VK_OK);
    so_spend("plain", SO_PIN, &rule, label);
}

static CK_RV sign_userop(const sdk_key *sdk, int index) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    char *text = sdk_userop(sdk, index);
    vk_bytes data = {(const uint8_t *)text, strlen(text)};
    CK_RV rv = sign_once(sdk->session, sdk->key, CKM_VALETKEY_USEROP, data, signature, &len);
    free(text);
    return rv;
}

/* ---- Operations ---- */

/* Operation 0 takes 25 USDC, number 1 takes 100. */
START_TEST(operations_share_a_limit) {
    clock_set(NOON);
    sdk_key sdk = sdk_ecdsa();
    expect_text(&sdk, CKA_VALETKEY_SPENDS, "\"rules\":[]");
    set_rule("daily", LOCAL_CHAIN, 124 * USDC_UNIT, "sdk");
    ck_assert_int_eq(sign_userop(&sdk, 0), CKR_OK);
    uint64_t gas = gas_left(&sdk);
    ck_assert_int_eq(sign_userop(&sdk, 1), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL,
                "spend: the spend rule \"daily\" allows 124 USDC in 1 day; 25 USDC are spent or "
                "reserved, this operation takes 100 USDC more");
    ck_assert_uint_eq(gas_left(&sdk), gas);
    ck_assert_int_eq(sign_userop(&sdk, 0), CKR_OK);
    expect_text(&sdk, CKA_VALETKEY_SPENDS,
                "\"rules\":[{\"name\":\"daily\",\"token\":"
                "\"0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48\",\"limit\":\"124000000\","
                "\"period\":86400,\"open\":\"25000000\",\"included\":\"0\"}]");
    /* What the SO changes while the module has the key at hand. */
    set_rule("daily", LOCAL_CHAIN, 125 * USDC_UNIT, "nobody");
    ck_assert_int_eq(sign_userop(&sdk, 1), CKR_OK);
    done(&sdk);
}
END_TEST

START_TEST(an_operation_that_waits_is_counted_when_it_is_signed) {
    CK_BYTE digest[32], signature[64];
    CK_OBJECT_HANDLE none;
    sdk_key sdk = enabled_ecdsa();
    pend(&sdk, "sdk", 1, digest);
    set_rule("daily", LOCAL_CHAIN, 99 * USDC_UNIT, "sdk");
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_FUNCTION_REJECTED);
    expect_text(&sdk, CKA_VALETKEY_LAST_DENIAL, "spend: ");
    char *text = sdk_userop(&sdk, 1);
    ck_assert_int_eq(write_userop(sdk.session, "sdk", text, &none), CKR_FUNCTION_REJECTED);
    free(text);
    set_rule("daily", LOCAL_CHAIN, 100 * USDC_UNIT, "nobody");
    ck_assert_int_eq(sign_digest(&sdk, digest, signature), CKR_OK);
    expect_text(&sdk, CKA_VALETKEY_SPENDS, "\"open\":\"100000000\"");
    done(&sdk);
}
END_TEST

/* ---- A key that may do everything ---- */

/* Calls of a sudo key whose account is installed already: its policy keeps no state. */
typedef struct sudo_key {
    CK_SESSION_HANDLE session;
    pair keys;
} sudo_key;

static sudo_key sudo_new(void) {
    clock_set(NOON);
    sudo_key k = {.session = login("plain", CKU_USER)};
    k.keys = policy_key(k.session, secp256k1, sizeof secp256k1, "[{\"type\":\"sudo\"}]");
    grant_installed(k.session, k.keys, CHAIN, 0);
    return k;
}

static char *nonce_of(const sudo_key *k, unsigned number) {
    CK_BYTE id[4];
    vk_buf out = {0};
    get_value(k->session, k->keys.private_key, CKA_VALETKEY_PERMISSION_ID, id, sizeof id);
    vk_buf_printf(&out, "0x0002%02x%02x%02x%02x%052x", id[0], id[1], id[2], id[3], number);
    return vk_buf_take_text(&out);
}

static char *operation_of(const sudo_key *k, unsigned number, const char *call_data) {
    vk_buf out = {0};
    char account[43], *nonce = nonce_of(k, number);
    vk_address sender = account_of_owner(0);
    vk_address_text(&sender, account);
    vk_buf_printf(&out,
                  "{\"sender\":\"%s\",\"nonce\":\"%s\",\"callData\":\"%s\","
                  "\"callGasLimit\":\"0x1\",\"verificationGasLimit\":\"0x1\","
                  "\"preVerificationGas\":\"0x1\",\"maxFeePerGas\":\"0x1\","
                  "\"maxPriorityFeePerGas\":\"0x1\",\"signature\":\"0x\"}",
                  account, nonce, call_data);
    vk_text_free(nonce);
    return vk_buf_take_text(&out);
}

static char *call_data_of(const char *target, const char *data) {
    vk_buf bytes = vectors_hex(data), encoded = {0}, out = {0};
    vk_call call = {.data = vk_buf_view(&bytes)};
    vk_execution execution = {.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = &call};
    ck_assert_int_eq(vk_address_read(target, strlen(target), &call.target), VK_OK);
    ck_assert_int_eq(vk_execution_encode(&execution, &encoded), VK_OK);
    vk_hex_put(&out, vk_buf_view(&encoded));
    vk_buf_clear(&bytes);
    vk_buf_clear(&encoded);
    return vk_buf_take_text(&out);
}

static CK_RV sign_call(const sudo_key *k, unsigned number, const char *target, const char *data) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    char *call_data = call_data_of(target, data);
    char *text = operation_of(k, number, call_data);
    vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    CK_RV rv =
        sign_once(k->session, k->keys.private_key, CKM_VALETKEY_USEROP, bytes, signature, &len);
    vk_text_free(call_data);
    vk_text_free(text);
    return rv;
}

static void assert_denial(const sudo_key *k, const char *text) {
    char value[1024] = {0};
    get_value(k->session, k->keys.private_key, CKA_VALETKEY_LAST_DENIAL, value, sizeof value - 1);
    ck_assert_msg(strstr(value, text) != NULL, "%s is not in %s", text, value);
}

#define WORD_BOB "000000000000000000000000" BOB
#define SIX "0000000000000000000000000000000000000000000000000000000000000006"

START_TEST(a_policy_without_state_is_counted) {
    sudo_key k = sudo_new();
    set_rule("few", CHAIN, 11, "k");
    ck_assert_int_eq(sign_call(&k, 1, USDC, "0xa9059cbb" WORD_BOB SIX), CKR_OK);
    ck_assert_int_eq(sign_call(&k, 2, USDC, "0x095ea7b3" WORD_BOB SIX), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "spend: the spend rule \"few\" allows 11 units of 0xA0b8");
    ck_assert_int_eq(sign_call(&k, 3, "0x" BOB, "0x095ea7b3" WORD_BOB SIX), CKR_OK);
}
END_TEST

START_TEST(what_cannot_be_counted_is_refused) {
    sudo_key k = sudo_new();
    char account[43];
    vk_address own = account_of_owner(0);
    vk_address_text(&own, account);
    ck_assert_int_eq(sign_call(&k, 1, USDC, "0x12345678"), CKR_OK);
    set_rule("few", CHAIN, 11, "k");
    ck_assert_int_eq(sign_call(&k, 2, USDC, "0x12345678"), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "spend: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 is counted, but how much "
                      "of it function 0x12345678 takes is not known");
    ck_assert_int_eq(sign_call(&k, 3, USDC, "0xa9059cbb" WORD_BOB), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "cannot be read from its arguments");
    so_relax("plain", SO_PIN, vk_hardening_bit(VK_HARDENING_PROTECTED_TARGET));
    ck_assert_int_eq(sign_call(&k, 4, account, "0x12345678"), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "spend: what a function of the account itself takes cannot be counted");
}
END_TEST

static CK_RV sign_plain(const sudo_key *k, CK_RV *init) {
    static const CK_BYTE digest[32] = {1};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    *init = f->C_SignInit(k->session, &ecdsa, k->keys.private_key);
    return *init == CKR_OK
               ? f->C_Sign(k->session, (CK_BYTE *)(uintptr_t)digest, sizeof digest, signature, &len)
               : *init;
}

START_TEST(digests_and_messages_are_not_signed) {
    sudo_key k = sudo_new();
    CK_BYTE signature[2048];
    CK_ULONG len = sizeof signature;
    CK_RV init;
    CK_OBJECT_HANDLE userop;
    so_relax("plain", SO_PIN,
             vk_hardening_bit(VK_HARDENING_OPEN_SIGNATURE) |
                 vk_hardening_bit(VK_HARDENING_UNKNOWN_CALLER));
    ck_assert_int_eq(sign_plain(&k, &init), CKR_OK);
    ck_assert_int_eq(sign_text(k.session, k.keys, CKM_VALETKEY_MESSAGE, "hello", signature, &len),
                     CKR_OK);
    set_rule("few", CHAIN, 11, "k");
    ck_assert_int_eq(sign_plain(&k, &init), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_denial(&k,
                  "spend: a spend rule names a grant of this key: a digest hides what it spends");
    assert_refused(k.session, k.keys, CKM_VALETKEY_MESSAGE, "hello",
                   "spend: a spend rule names this grant: what a message spends cannot be counted");
    /* While an operation waits, only its digest is signed. */
    char *call_data = call_data_of(USDC, "0xa9059cbb" WORD_BOB SIX);
    char *text = operation_of(&k, 1, call_data);
    ck_assert_int_eq(write_userop(k.session, "k", text, &userop), CKR_OK);
    ck_assert_int_eq(sign_plain(&k, &init), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(init, CKR_OK);
    assert_denial(&k, "spend: a spend rule names a grant of this key");
    vk_text_free(call_data);
    vk_text_free(text);
}
END_TEST

/* Whoever removes the grant from the file does not free the key of the rule that names it. */
START_TEST(a_grant_that_is_removed_behind_the_token) {
    sudo_key k = sudo_new();
    CK_RV init;
    set_rule("few", CHAIN, 11, "k");
    ck_assert_int_eq(sign_plain(&k, &init), CKR_KEY_FUNCTION_NOT_PERMITTED);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    edit_tokens("DELETE FROM approval");
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    k.session = login("plain", CKU_USER);
    k.keys.private_key = find_object(k.session, CKO_PRIVATE_KEY, "k");
    ck_assert_int_eq(sign_plain(&k, &init), CKR_DEVICE_ERROR);
}
END_TEST

Suite *spend_suite(void) {
    Suite *suite = suite_create("spend rules");
    TCase *tests = started_case("spend rules");
    tcase_add_test(tests, operations_share_a_limit);
    tcase_add_test(tests, an_operation_that_waits_is_counted_when_it_is_signed);
    tcase_add_test(tests, a_policy_without_state_is_counted);
    tcase_add_test(tests, what_cannot_be_counted_is_refused);
    tcase_add_test(tests, digests_and_messages_are_not_signed);
    tcase_add_test(tests, a_grant_that_is_removed_behind_the_token);
    suite_add_tcase(suite, tests);
    return suite;
}
