/* Messages: the account's signature (ERC-1271) of texts and typed data, under the policy. */
#include "message_support.h"

#include "support/so.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUDO "[{\"type\":\"sudo\"}]"
#define OTHER "0x3333333333333333333333333333333333333333"
#define ONLY_CALLERS "[" CALLERS "]"

static CK_SESSION_HANDLE session;
static pair keys;

/* A logged-in user and a key with one installed grant. */
static void key_with(const char *policy) {
    session = login("plain", CKU_USER);
    keys = policy_key(session, secp256k1, sizeof secp256k1, policy);
    grant_installed(session, keys, CHAIN, 0);
}

static vk_hash text_hash(const char *text) {
    return vk_eip191_text_hash((vk_bytes){(const uint8_t *)text, strlen(text)});
}

static vk_hash typed_hash(const char *json) {
    vk_hash out;
    ck_assert_int_eq(
        vk_typed_data_digest((vk_bytes){(const uint8_t *)json, strlen(json)}, &out, NULL), VK_OK);
    return out;
}

static void relax(vk_hardening rule) {
    so_relax("plain", SO_PIN, vk_hardening_bit(rule));
}

/* Must be signed, and well. */
static void assert_signed(CK_MECHANISM_TYPE mechanism, const char *text, vk_hash hash,
                          uint64_t chain_id, unsigned index) {
    CK_BYTE signature[2048];
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(sign_text(session, keys, mechanism, text, signature, &len), CKR_OK);
    ck_assert(is_good(session, keys, &hash, chain_id, index, (vk_bytes){signature, len}));
}

/* The handle of the private half was good for one login. */
static void log_in_again(void) {
    ck_assert_int_eq(f->C_Logout(session), CKR_OK);
    ck_assert_int_eq(try_login(session, CKU_USER, USER_PIN), CKR_OK);
    keys.private_key = find_object(session, CKO_PRIVATE_KEY, "k");
}

/* ---- Signing ---- */

START_TEST(typed_data_is_signed) {
    key_with(ONLY_CALLERS);
    char *json = typed_data(CALLER, CHAIN);
    CK_BYTE once[128], parts[128];
    CK_ULONG len = 0, parts_len = sizeof parts;
    CK_MECHANISM mechanism = {CKM_VALETKEY_TYPED_DATA, NULL, 0};
    size_t json_len = strlen(json);
    vk_hash hash = typed_hash(json);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, hash, CHAIN, 0);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE *)json, json_len, NULL, &len), CKR_OK);
    ck_assert_uint_eq(len, 5 + 1 + 65);
    len--;
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE *)json, json_len, once, &len),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, 71);
    ck_assert_int_eq(f->C_Sign(session, (CK_BYTE *)json, json_len, once, &len), CKR_OK);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(session, (CK_BYTE *)json, 20), CKR_OK);
    ck_assert_int_eq(f->C_SignUpdate(session, (CK_BYTE *)json + 20, json_len - 20), CKR_OK);
    ck_assert_int_eq(f->C_SignFinal(session, parts, &parts_len), CKR_OK);
    ck_assert_uint_eq(parts_len, len);
    ck_assert_mem_eq(parts, once, len);
    vk_text_free(json);
}
END_TEST

START_TEST(malformed_is_no_decision) {
    static const char *const bad[] = {"", "hello", "{}", "{\"chainId\":1}"};
    CK_BYTE signature[128];
    CK_ULONG len = sizeof signature;
    key_with(ONLY_CALLERS);
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_int_eq(sign_text(session, keys, CKM_VALETKEY_TYPED_DATA, bad[i], signature, &len),
                         CKR_DATA_INVALID);
        ck_assert_int_eq(
            sign_text(session, keys, CKM_VALETKEY_MESSAGE_REQUEST, bad[i], signature, &len),
            CKR_DATA_INVALID);
    }
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_VALETKEY_LAST_DENIAL, signature, sizeof signature),
        0);
}
END_TEST

/* ---- The policy ---- */

START_TEST(only_for_allowed_callers) {
    key_with(ONLY_CALLERS);
    char *json = typed_data(OTHER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "signature-caller: 0x3333");
    vk_text_free(json);
    json = typed_data(CALLER, 1);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json,
                   "domain: the typed data is for a contract on chain 1, ");
    relax(VK_HARDENING_FOREIGN_CHAIN);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    vk_text_free(json);
}
END_TEST

/* A running client hears of what the SO decides. */
START_TEST(texts_need_the_switch) {
    CK_BYTE names[64];
    key_with(ONLY_CALLERS);
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE, "hello", "signature-caller: a text names");
    ck_assert_uint_eq(
        get_value(session, keys.private_key, CKA_VALETKEY_RELAXED, names, sizeof names), 0);
    relax(VK_HARDENING_UNKNOWN_CALLER);
    assert_signed(CKM_VALETKEY_MESSAGE, "hello", text_hash("hello"), CHAIN, 0);
    ck_assert_uint_eq(
        get_value(session, keys.public_key, CKA_VALETKEY_RELAXED, names, sizeof names), 14);
    ck_assert_mem_eq(names, "unknown-caller", 14);
    relax(VK_HARDENING_OPEN_SIGNATURE);
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE, "hello", "signature-caller: a text names");
}
END_TEST

/* What a text looks like does not matter: the mechanism says that it is one. */
START_TEST(a_text_is_no_request) {
    key_with(ONLY_CALLERS);
    relax(VK_HARDENING_UNKNOWN_CALLER);
    char *json = typed_data(CALLER, CHAIN), *request = request_of(json, CHAIN, 0, "");
    assert_signed(CKM_VALETKEY_MESSAGE, json, text_hash(json), CHAIN, 0);
    assert_signed(CKM_VALETKEY_MESSAGE, request, text_hash(request), CHAIN, 0);
    assert_signed(CKM_VALETKEY_MESSAGE_REQUEST, request, typed_hash(json), CHAIN, 0);
    vk_text_free(json);
    vk_text_free(request);
}
END_TEST

START_TEST(open_policies_sign_none) {
    key_with(SUDO);
    char *json = typed_data(CALLER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "signature: the policy does not");
    assert_refused(
        session, keys, CKM_VALETKEY_MESSAGE, "hello",
        "signature: the policy does not speak of message signatures, so the account "
        "would accept any message of this key, a token permit or an order included: give "
        "it a rule for signature callers (hardening rule open-signature)");
    relax(VK_HARDENING_OPEN_SIGNATURE);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    assert_signed(CKM_VALETKEY_MESSAGE, "", text_hash(""), CHAIN, 0);
    vk_text_free(json);
}
END_TEST

static bool lists(CK_MECHANISM_TYPE wanted) {
    CK_MECHANISM_TYPE types[16];
    CK_ULONG len =
        get_value(session, keys.private_key, CKA_ALLOWED_MECHANISMS, types, sizeof types);
    for (CK_ULONG i = 0; i < len / sizeof types[0]; i++) {
        if (types[i] == wanted) {
            return true;
        }
    }
    return false;
}

static void assert_listed(bool wanted) {
    static const CK_MECHANISM_TYPE messages[] = {CKM_VALETKEY_MESSAGE, CKM_VALETKEY_TYPED_DATA,
                                                 CKM_VALETKEY_MESSAGE_REQUEST};
    ck_assert(lists(CKM_VALETKEY_USEROP));
    for (size_t i = 0; i < COUNT(messages); i++) {
        ck_assert_int_eq(lists(messages[i]), wanted);
    }
}

START_TEST(allowed_mechanisms) {
    key_with(SUDO);
    assert_listed(false);
    relax(VK_HARDENING_OPEN_SIGNATURE);
    assert_listed(true);
}
END_TEST

/* Bit 1 of the permission flag: nothing that the SO could relax. */
START_TEST(not_for_signatures) {
    CK_MECHANISM mechanism = {CKM_VALETKEY_TYPED_DATA, NULL, 0};
    key_with("{\"policies\":" ONLY_CALLERS ",\"permissionFlag\":\"0x0002\"}");
    so_relax("plain", SO_PIN, vk_hardening_switchable());
    assert_listed(false);
    ck_assert_int_eq(f->C_SignInit(session, &mechanism, keys.private_key),
                     CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

/* The policy's own flag takes the rule away, and with it what speaks of signatures. */
START_TEST(rule_not_for_signatures) {
    key_with("[{\"type\":\"sudo\"},{\"type\":\"signature-caller\",\"policyFlag\":\"0x0002\","
             "\"allowedCallers\":[\"" CALLER "\"]}]");
    char *json = typed_data(CALLER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "signature: the policy does not");
    vk_text_free(json);
}
END_TEST

START_TEST(outside_the_window) {
    key_with("[" CALLERS ",{\"type\":\"timestamp\",\"validAfter\":0,\"validUntil\":1600000000}]");
    char *json = typed_data(CALLER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "timestamp: ");
    vk_text_free(json);
}
END_TEST

START_TEST(for_the_account_itself) {
    char account[43];
    key_with(SUDO);
    so_relax("plain", SO_PIN, vk_hardening_switchable());
    vk_address address = account_of_owner(0);
    vk_address_text(&address, account);
    char *json = typed_data(account, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "domain: the typed data is for ");
    vk_text_free(json);
    json = typed_data("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108", CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "domain: the typed data is for ");
    vk_text_free(json);
}
END_TEST

/* ---- Grants ---- */

START_TEST(no_grant) {
    session = login("plain", CKU_USER);
    keys = policy_key(session, secp256k1, sizeof secp256k1, ONLY_CALLERS);
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE, "hello", "grant: the key has no grant");
}
END_TEST

START_TEST(several_grants) {
    CK_BYTE signature[128];
    CK_ULONG len = sizeof signature;
    key_with(ONLY_CALLERS);
    grant_installed(session, keys, CHAIN, 1);
    grant_installed(session, keys, 10, 0);
    char *json = typed_data(CALLER, CHAIN), *request = request_of(json, CHAIN, 1, "");
    ck_assert_int_eq(sign_text(session, keys, CKM_VALETKEY_TYPED_DATA, json, signature, &len),
                     CKR_DATA_INVALID);
    assert_signed(CKM_VALETKEY_MESSAGE_REQUEST, request, typed_hash(json), CHAIN, 1);
    vk_text_free(request);
    request = request_of(json, 10, 0, "");
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE_REQUEST, request, "domain: ");
    vk_text_free(request);
    request = request_of(json, 10, 1, "");
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE_REQUEST, request,
                   "grant: the key has no grant for the account ");
    vk_text_free(request);
    vk_text_free(json);
}
END_TEST

/* An operation of one call, JSON; vk_text_free it. */
static char *operation(vk_nonce_mode mode, const vk_address *target) {
    char sender[43], nonce[67];
    vk_address account = account_of_owner(0);
    vk_kernel_nonce parts = {.mode = (uint8_t)mode, .type = VK_NONCE_PERMISSION};
    get_value(session, keys.private_key, CKA_VALETKEY_PERMISSION_ID, parts.identifier, 4);
    vk_u256 number = vk_kernel_nonce_encode(&parts);
    vk_address_text(&account, sender);
    vk_u256_hex(&number, nonce);
    vk_call call = {.target = *target};
    vk_execution execution = {.call_count = 1, .calls = &call};
    vk_buf data = {0}, out = {0};
    ck_assert_int_eq(vk_execution_encode(&execution, &data), VK_OK);
    vk_buf_printf(&out,
                  "{\"sender\":\"%s\",\"nonce\":\"%s\",\"callGasLimit\":\"0x1\","
                  "\"verificationGasLimit\":\"0x1\",\"preVerificationGas\":\"0x1\","
                  "\"maxFeePerGas\":\"0x1\",\"maxPriorityFeePerGas\":\"0x1\",\"callData\":\"",
                  sender, nonce);
    vk_hex_put(&out, vk_buf_view(&data));
    vk_buf_put_text(&out, "\"}");
    vk_buf_clear(&data);
    return vk_buf_take_text(&out);
}

static CK_RV sign_operation(vk_nonce_mode mode, const vk_address *target) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    char *text = operation(mode, target);
    CK_RV rv = sign_text(session, keys, CKM_VALETKEY_USEROP, text, signature, &len);
    vk_text_free(text);
    return rv;
}

/* The first operation, which installs the permission. */
static CK_RV sign_first_operation(void) {
    static const vk_address target = {{0x55}};
    return sign_operation(VK_NONCE_ENABLE, &target);
}

START_TEST(after_the_installation) {
    session = login("plain", CKU_USER);
    keys = policy_key(session, secp256k1, sizeof secp256k1, ONLY_CALLERS);
    grant_approved(session, keys, CHAIN, 0);
    char *json = typed_data(CALLER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "permission: the account does");
    ck_assert_int_eq(sign_first_operation(), CKR_OK);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    /* Another process knows it from the store. */
    log_in_again();
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    vk_text_free(json);
}
END_TEST

START_TEST(before_the_deployment) {
    CK_BYTE signature[4096];
    CK_ULONG len = sizeof signature;
    vk_erc6492 parts;
    key_with(ONLY_CALLERS);
    char *json = typed_data(CALLER, CHAIN);
    char *request = request_of(json, CHAIN, 0, ",\"deployed\":false");
    vk_hash hash = typed_hash(json);
    ck_assert_int_eq(
        sign_text(session, keys, CKM_VALETKEY_MESSAGE_REQUEST, request, signature, &len), CKR_OK);
    ck_assert_int_eq(vk_erc6492_unwrap((vk_bytes){signature, len}, &parts, NULL), VK_OK);
    vk_address factory = vk_kernel_meta_factory();
    ck_assert(vk_address_equal(&parts.factory, &factory));
    ck_assert(is_good(session, keys, &hash, CHAIN, 0, parts.signature));
    vk_text_free(json);
    vk_text_free(request);
}
END_TEST

START_TEST(good_on_every_chain) {
    key_with(ONLY_CALLERS);
    char *json = typed_data(CALLER, CHAIN);
    char *request = request_of(json, CHAIN, 0, ",\"replayable\":true");
    assert_refused(session, keys, CKM_VALETKEY_MESSAGE_REQUEST, request, "signature: a replay");
    relax(VK_HARDENING_REPLAYABLE_SIGNATURE);
    assert_signed(CKM_VALETKEY_MESSAGE_REQUEST, request, typed_hash(json), 1, 0);
    vk_text_free(json);
    vk_text_free(request);
}
END_TEST

/* ---- Operations under relaxed rules ---- */

/* The contracts that keep a session within its limits, which a gate without the grant's own would
 * not know. */
START_TEST(operations_are_relaxed_too) {
    static const vk_address zero = {{0}};
    vk_address guards[] = {vk_signer_ecdsa(&zero).contract, zero};
    ck_assert_int_eq(vk_address_read("0x845ADb2C711129d4f3966735eD98a9F09fC4cE57", 42, &guards[1]),
                     VK_OK);
    key_with(SUDO);
    for (size_t i = 0; i < COUNT(guards); i++) {
        char *text = operation(VK_NONCE_DEFAULT, &guards[i]);
        assert_refused(session, keys, CKM_VALETKEY_USEROP, text, "target: the call to ");
        vk_text_free(text);
    }
    relax(VK_HARDENING_PROTECTED_TARGET);
    for (size_t i = 0; i < COUNT(guards); i++) {
        ck_assert_int_eq(sign_operation(VK_NONCE_DEFAULT, &guards[i]), CKR_OK);
    }
}
END_TEST

/* ---- Passkeys ---- */

static uint32_t sign_count(void) {
    uint8_t be[4];
    ck_assert_uint_eq(get_value(session, keys.private_key, CKA_VALETKEY_SIGN_COUNT, be, sizeof be),
                      4);
    return (uint32_t)be[0] << 24 | (uint32_t)be[1] << 16 | (uint32_t)be[2] << 8 | be[3];
}

START_TEST(passkey_signs) {
    session = login("plain", CKU_USER);
    keys = policy_key(session, p256, sizeof p256, ONLY_CALLERS);
    grant_installed(session, keys, CHAIN, 0);
    char *json = typed_data(CALLER, CHAIN);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    ck_assert_uint_eq(sign_count(), 0);
    vk_text_free(json);
}
END_TEST

static pair counting_passkey(void) {
    static const char policy[] = ONLY_CALLERS;
    const CK_ATTRIBUTE extra[] = {
        {CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, sizeof policy - 1},
        ATTR(CKA_VALETKEY_USE_SIGN_COUNT, yes)};
    const pair_args args = {p256, sizeof p256, "k", extra, COUNT(extra)};
    pair made;
    ck_assert_int_eq(try_generate(session, &args, &made), CKR_OK);
    return made;
}

/* The count moves with every assertion, on the disk too, and with nothing else. */
START_TEST(passkey_counts) {
    session = login("plain", CKU_USER);
    keys = counting_passkey();
    grant_approved(session, keys, CHAIN, 0);
    char *json = typed_data(CALLER, CHAIN), *other = typed_data(OTHER, CHAIN);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, json, "permission: ");
    ck_assert_uint_eq(sign_count(), 0);
    ck_assert_int_eq(sign_first_operation(), CKR_OK);
    ck_assert_uint_eq(sign_count(), 1);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    assert_signed(CKM_VALETKEY_TYPED_DATA, json, typed_hash(json), CHAIN, 0);
    ck_assert_uint_eq(sign_count(), 3);
    assert_refused(session, keys, CKM_VALETKEY_TYPED_DATA, other, "signature-caller: ");
    log_in_again();
    ck_assert_uint_eq(sign_count(), 3);
    vk_text_free(json);
    vk_text_free(other);
}
END_TEST

Suite *message_suite(void) {
    const TTest *const tests[] = {typed_data_is_signed,
                                  malformed_is_no_decision,
                                  only_for_allowed_callers,
                                  texts_need_the_switch,
                                  a_text_is_no_request,
                                  open_policies_sign_none,
                                  allowed_mechanisms,
                                  not_for_signatures,
                                  rule_not_for_signatures,
                                  outside_the_window,
                                  for_the_account_itself,
                                  no_grant,
                                  several_grants,
                                  after_the_installation,
                                  before_the_deployment,
                                  operations_are_relaxed_too,
                                  good_on_every_chain,
                                  passkey_signs,
                                  passkey_counts};
    Suite *suite = suite_create("message");
    TCase *all = started_case("messages");
    for (size_t i = 0; i < COUNT(tests); i++) {
        tcase_add_test(all, tests[i]);
    }
    suite_add_tcase(suite, all);
    return suite;
}
