/* Keys in software that want the touch of a security key for what is more than usual. */
#include "../support/clock.h"
#include "message_support.h"
#include "policy/step_up.h"
#include "support/so.h"
#include "token/journal.h"
#include "touch_support.h"
#include "waiting.h"

#include <stdio.h>
#include <string.h>

#define BOB "70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define EVE "90f79bf6eb2c4f870365e785982e1f101e93b906"
#define THRESHOLD 100

#define SUDO_AND_GAS "[{\"type\":\"sudo\"},{\"type\":\"gas\",\"allowed\":\"1000000\"}]"

static const char to_bob[] =
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"0x" BOB
    "\",\"valueLimit\":\"1000\"}]}]";

/* ---- A key, its account, its rule ---- */

typedef struct stepped {
    CK_SESSION_HANDLE session;
    pair keys;
    char rule[4096];
    authn *key;
} stepped;

static vk_step_up_device credential_on(int number) {
    vk_step_up_device made;
    vk_device *device;
    vk_fido2_info info;
    vk_error err = {0};
    ck_assert_int_eq(vk_device_new(place_of(number), TOUCH_SECONDS, &device), VK_OK);
    ck_assert_int_eq(vk_fido2_get_info(vk_device_fido2(device), &info, &err), VK_OK);
    if (info.has_pin) {
        const uint8_t *pin = (const uint8_t *)DEVICE_PIN;
        ck_assert_int_eq(vk_device_log_in(device, NULL, pin, strlen(DEVICE_PIN), &err), VK_OK);
    }
    vk_status status = vk_device_make_step_up(device, "blue key", &made, &err);
    ck_assert_msg(status == VK_OK, "%s", err.message);
    vk_device_free(device);
    return made;
}

static void write_rule(stepped *k, const char *above, const char *unless) {
    vk_buf json = {0};
    vk_step_up_device device = credential_on(0);
    vk_step_up_write(&device, above, "small", unless, &json);
    ck_assert_uint_lt(json.len, sizeof k->rule);
    memcpy(k->rule, json.data, json.len);
    k->rule[json.len] = '\0';
    vk_buf_clear(&json);
}

static CK_RV make_key(stepped *k, const char *policy) {
    const CK_ATTRIBUTE extra[] = {{CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, strlen(policy)},
                                  {CKA_VALETKEY_STEP_UP, k->rule, strlen(k->rule)}};
    const pair_args args = {secp256k1, sizeof secp256k1, "k", extra, 2};
    return try_generate(k->session, &args, &k->keys);
}

static void initialize(void) {
    CK_ULONG count;
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
}

/* On the token "plain", with an account on the chain CHAIN. */
static stepped stepped_with(const authn_options *options, const char *above, const char *unless) {
    stepped k = {.key = plug(0, options)};
    clock_set(NOON);
    write_rule(&k, above, unless);
    initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(make_key(&k, SUDO_AND_GAS), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    return k;
}

static stepped stepped_new(void) {
    return stepped_with(NULL, "100", NULL);
}

/* ---- Operations ---- */

static char *nonce_of(const stepped *k, unsigned number) {
    CK_BYTE id[4];
    vk_buf out = {0};
    get_value(k->session, k->keys.private_key, CKA_VALETKEY_PERMISSION_ID, id, sizeof id);
    vk_buf_printf(&out, "0x0002%02x%02x%02x%02x%052x", id[0], id[1], id[2], id[3], number);
    return vk_buf_take_text(&out);
}

static char *operation_with(const stepped *k, unsigned number, const char *call_data) {
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

static char *encode(const vk_execution *execution) {
    vk_buf encoded = {0}, out = {0};
    ck_assert_int_eq(vk_execution_encode(execution, &encoded), VK_OK);
    vk_hex_put(&out, vk_buf_view(&encoded));
    vk_buf_clear(&encoded);
    return vk_buf_take_text(&out);
}

static vk_call call_to(const char *target, uint64_t value) {
    vk_call call = {.value = vk_u256_from_u64(value)};
    ck_assert_int_eq(vk_address_read(target, strlen(target), &call.target), VK_OK);
    return call;
}

static char *paying(const stepped *k, unsigned number, const vk_call *calls, size_t count) {
    const vk_execution execution = {.call_type = count == 1 ? VK_CALL_SINGLE : VK_CALL_BATCH,
                                    .call_count = count,
                                    .calls = (vk_call *)(uintptr_t)calls};
    char *call_data = encode(&execution);
    char *text = operation_with(k, number, call_data);
    vk_text_free(call_data);
    return text;
}

static CK_RV sign_operation(const stepped *k, const char *text) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    return sign_once(k->session, k->keys.private_key, CKM_VALETKEY_USEROP, bytes, signature, &len);
}

static CK_RV pay(const stepped *k, unsigned number, const char *target, uint64_t value) {
    const vk_call call = call_to(target, value);
    char *text = paying(k, number, &call, 1);
    CK_RV rv = sign_operation(k, text);
    vk_text_free(text);
    return rv;
}

static uint64_t left(const stepped *k) {
    const sdk_key as_sdk = {.session = k->session, .key = k->keys.private_key};
    return gas_left(&as_sdk);
}

static void assert_denial(const stepped *k, const char *text) {
    char value[1024] = {0};
    get_value(k->session, k->keys.private_key, CKA_VALETKEY_LAST_DENIAL, value, sizeof value - 1);
    ck_assert_msg(strstr(value, text) != NULL, "%s is not in %s", text, value);
}

/* ---- What needs it ---- */

START_TEST(less_than_the_threshold_needs_no_touch) {
    stepped k = stepped_new();
    authn_unplug(k.key);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, THRESHOLD), CKR_OK);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, THRESHOLD + 1), CKR_DEVICE_REMOVED);
}
END_TEST

START_TEST(more_than_the_threshold_is_touched_for) {
    stepped k = stepped_new();
    uint32_t before = authn_counter(k.key);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, THRESHOLD), CKR_OK);
    ck_assert_uint_eq(authn_counter(k.key), before);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, THRESHOLD + 1), CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
}
END_TEST

START_TEST(a_batch_counts_as_one) {
    stepped k = stepped_new();
    const vk_call calls[] = {call_to("0x" BOB, 60), call_to("0x" EVE, 41)};
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    char *text = paying(&k, 1, calls, 2);
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "touch: the touch was declined on the security key \"blue key\"");
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(sign_operation(&k, text), CKR_OK);
    vk_text_free(text);
    const vk_call few[] = {call_to("0x" BOB, 60), call_to("0x" EVE, 40)};
    authn_unplug(k.key);
    text = paying(&k, 2, few, 2);
    ck_assert_int_eq(sign_operation(&k, text), CKR_OK);
    vk_text_free(text);
}
END_TEST

START_TEST(what_is_not_named_is_touched_for) {
    stepped k = stepped_with(NULL, NULL, to_bob);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 1000), CKR_OK);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 1001), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(pay(&k, 3, "0x" EVE, 0), CKR_FUNCTION_REJECTED);
    const vk_call calls[] = {call_to("0x" BOB, 1), call_to("0x" EVE, 1)};
    char *text = paying(&k, 4, calls, 2);
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(sign_operation(&k, text), CKR_OK);
    vk_text_free(text);
}
END_TEST

START_TEST(with_both_either_is_enough) {
    stepped k = stepped_with(NULL, "100", to_bob);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 100), CKR_OK);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 101), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(pay(&k, 3, "0x" EVE, 1), CKR_FUNCTION_REJECTED);
}
END_TEST

/* What a delegatecall moves nobody can tell. */
START_TEST(what_cannot_be_told_is_touched_for) {
    stepped k = {.key = plug(0, NULL)};
    clock_set(NOON);
    write_rule(&k, "100", NULL);
    initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(make_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    const vk_call call = call_to("0x" BOB, 0);
    const vk_execution execution = {
        .call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = (vk_call *)(uintptr_t)&call};
    char *call_data = encode(&execution);
    char *text = operation_with(&k, 1, call_data);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "touch: ");
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(sign_operation(&k, text), CKR_OK);
    vk_text_free(text);
    vk_text_free(call_data);
}
END_TEST

START_TEST(messages_and_digests_are_touched_for) {
    stepped k = {.key = plug(0, NULL)};
    CK_BYTE signature[2048];
    CK_ULONG len = sizeof signature;
    const uint8_t digest[32] = {1};
    const vk_bytes bytes = {digest, sizeof digest};
    clock_set(NOON);
    write_rule(&k, "100", NULL);
    initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(make_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    so_relax("plain", SO_PIN,
             vk_hardening_bit(VK_HARDENING_OPEN_SIGNATURE) |
                 vk_hardening_bit(VK_HARDENING_UNKNOWN_CALLER));
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    assert_refused(k.session, k.keys, CKM_VALETKEY_MESSAGE, "hello", "touch: ");
    ck_assert_int_eq(sign_once(k.session, k.keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_FUNCTION_REJECTED);
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    uint32_t before = authn_counter(k.key);
    len = sizeof signature;
    ck_assert_int_eq(sign_text(k.session, k.keys, CKM_VALETKEY_MESSAGE, "hello", signature, &len),
                     CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
    before = authn_counter(k.key);
    len = sizeof signature;
    ck_assert_int_eq(sign_once(k.session, k.keys.private_key, CKM_ECDSA, bytes, signature, &len),
                     CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
    before = authn_counter(k.key);
    /* What the verdict refuses is not touched for. */
    so_relax("plain", SO_PIN, VK_HARDENING_NONE);
    assert_refused(k.session, k.keys, CKM_VALETKEY_MESSAGE, "hello", "signature");
    ck_assert_uint_eq(authn_counter(k.key), before);
}
END_TEST

START_TEST(a_key_that_wants_touches_agrees_on_no_secrets) {
    stepped k = {.key = plug(0, NULL)};
    write_rule(&k, "100", NULL);
    initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(make_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
    CK_BYTE point[67];
    CK_ULONG len = get_value(k.session, k.keys.public_key, CKA_EC_POINT, point, sizeof point);
    struct {
        CK_ULONG kdf, shared_len;
        CK_BYTE *shared;
        CK_ULONG public_len;
        CK_BYTE *public;
    } parameters = {1 /* CKD_NULL */, 0, NULL, len, point};
    CK_MECHANISM ecdh = {0x1050 /* CKM_ECDH1_DERIVE */, &parameters, sizeof parameters};
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, secret), ATTR(CKA_KEY_TYPE, generic),
                            ATTR(CKA_TOKEN, no)};
    CK_OBJECT_HANDLE out;
    ck_assert_int_ne(
        f->C_DeriveKey(k.session, &ecdh, k.keys.private_key, templ, COUNT(templ), &out), CKR_OK);
    assert_denial(&k, "touch: a key that wants touches agrees on no secrets");
}
END_TEST

/* A passkey that counts its logins: one that was not touched for is none. */
START_TEST(logins_are_touched_for) {
    static const char request[] =
        "{\"challenge\":\"AQIDBAUGBwgJCgsMDQ4PEA\",\"rpId\":\"a.example\"}";
    stepped k = {.key = plug(0, NULL)};
    CK_BYTE answer[2048];
    CK_ULONG len = sizeof answer;
    write_rule(&k, "100", NULL);
    initialize();
    k.session = login("plain", CKU_USER);
    const CK_ATTRIBUTE extra[] = {TEXT(CKA_VALETKEY_RP_ID, "a.example"),
                                  TEXT(CKA_VALETKEY_ORIGIN, "https://a.example"),
                                  ATTR(CKA_VALETKEY_USE_SIGN_COUNT, yes),
                                  {CKA_VALETKEY_STEP_UP, k.rule, strlen(k.rule)}};
    const pair_args args = {p256, sizeof p256, "k", extra, COUNT(extra)};
    ck_assert_int_eq(try_generate(k.session, &args, &k.keys), CKR_OK);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(
        sign_text(k.session, k.keys, CKM_VALETKEY_PASSKEY_LOGIN, request, answer, &len),
        CKR_FUNCTION_REJECTED);
    assert_denial(&k, "touch: ");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM budget WHERE sign_count > 0"), 0);
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    uint32_t before = authn_counter(k.key);
    len = sizeof answer;
    ck_assert_int_eq(
        sign_text(k.session, k.keys, CKM_VALETKEY_PASSKEY_LOGIN, request, answer, &len), CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
    ck_assert_int_eq(count_rows("SELECT sign_count FROM budget"), 1);
    /* The refusal, and what was signed. */
    ck_assert_int_eq(count_rows("SELECT count(*) FROM journal WHERE rule = 'touch'"), 2);
}
END_TEST

/* ---- What becomes of it ---- */

START_TEST(nothing_is_spent_without_it) {
    stepped k = stepped_new();
    uint64_t before = left(&k);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_FUNCTION_REJECTED);
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_FUNCTION_CANCELED);
    authn_unplug(k.key);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_DEVICE_REMOVED);
    ck_assert_uint_eq(left(&k), before);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
    ck_assert(authn_plug(k.key));
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    ck_assert_uint_lt(left(&k), before);
}
END_TEST

START_TEST(the_verdict_comes_first) {
    stepped k = stepped_new();
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    char *text = operation_with(&k, 1, "0x12345678");
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "selector: ");
    vk_text_free(text);
}
END_TEST

START_TEST(a_length_needs_no_touch) {
    stepped k = stepped_new();
    const vk_call call = call_to("0x" BOB, 101);
    CK_ULONG len = 0;
    CK_BYTE one;
    char *text = paying(&k, 1, &call, 1);
    const vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    authn_unplug(k.key);
    ck_assert_int_eq(
        sign_once(k.session, k.keys.private_key, CKM_VALETKEY_USEROP, bytes, NULL, &len), CKR_OK);
    ck_assert_uint_gt(len, 65);
    CK_ULONG few = 1;
    ck_assert_int_eq(f->C_Sign(k.session, (CK_BYTE *)(uintptr_t)text, bytes.len, &one, &few),
                     CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(few, len);
    vk_text_free(text);
}
END_TEST

START_TEST(another_security_key_is_not_asked) {
    stepped k = stepped_new();
    authn_unplug(k.key);
    authn *other = plug(1, NULL);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_DEVICE_REMOVED);
    ck_assert(authn_plug(k.key));
    uint32_t before = authn_counter(other);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    ck_assert_uint_eq(authn_counter(other), before);
}
END_TEST

START_TEST(a_wrong_answer_is_no_touch) {
    static const uint32_t mistakes[] = {AUTHN_WRONG_KEY, AUTHN_WRONG_RP_ID, AUTHN_NO_UP,
                                        AUTHN_GARBAGE};
    stepped k = stepped_new();
    uint64_t before = left(&k);
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        authn_misbehave(k.key, mistakes[i]);
        CK_RV rv = pay(&k, 1, "0x" BOB, 101);
        ck_assert_msg(rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED, "mistake %zu: 0x%lx", i,
                      rv);
        authn_misbehave(k.key, 0);
    }
    ck_assert_uint_eq(left(&k), before);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
}
END_TEST

/* A finger, where the security key has a reader. */
START_TEST(a_verified_touch_is_one_of_its_user) {
    const authn_options options = {.uv = AUTHN_UV_SUCCEEDS};
    stepped k = stepped_with(&options, "100", NULL);
    ck_assert_ptr_nonnull(strstr(k.rule, "\"verified\":true"));
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_OK);
    authn_set_uv(k.key, AUTHN_UV_FAILS);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 101), CKR_PIN_INCORRECT);
}
END_TEST

/* ---- Waiting ---- */

static CK_RV pay_call(void *context) {
    return pay(context, 1, "0x" BOB, 101);
}

START_TEST(session_cancel_ends_the_wait) {
    stepped k = stepped_new();
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(load_3_0()->C_SessionCancel(k.session, CKF_SIGN), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

START_TEST(finalize_ends_the_wait) {
    stepped k = stepped_new();
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    ck_assert_int_eq(end_waiting(&w), CKR_FUNCTION_CANCELED);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

/* A logout ends what it was for. */
START_TEST(a_logout_in_the_meantime) {
    stepped k = stepped_new();
    CK_SESSION_HANDLE other = open_session("plain", true);
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    ck_assert_int_eq(f->C_Logout(other), CKR_OK);
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_ne(end_waiting(&w), CKR_OK);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
}
END_TEST

START_TEST(others_sign_meanwhile) {
    stepped k = stepped_new();
    stepped other = k;
    waiting_call w;
    authn_set_touch(k.key, AUTHN_TOUCH_NEVER, 0);
    begin_waiting(&w, pay_call, &k, k.key);
    other.session = open_session("plain", true);
    ck_assert_int_eq(pay(&other, 7, "0x" BOB, 100), CKR_OK);
    CK_SESSION_HANDLE sudo = login("sudo", CKU_USER);
    GENERATE(sudo, secp256k1, "of another token");
    ck_assert(!atomic_load(&w.is_over));
    ck_assert(authn_touch(k.key, 1000));
    ck_assert_int_eq(end_waiting(&w), CKR_OK);
}
END_TEST

/* ---- Operations that wait to be signed as digests ---- */

START_TEST(what_waits_is_touched_for_when_it_is_signed) {
    stepped k = stepped_new();
    const vk_call call = call_to("0x" BOB, 101);
    CK_BYTE digest[32], signature[64];
    CK_OBJECT_HANDLE userop;
    const sdk_key as_sdk = {.session = k.session, .key = k.keys.private_key};
    char *text = paying(&k, 1, &call, 1);
    uint32_t before = authn_counter(k.key);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(write_userop(k.session, "k", text, &userop), CKR_OK);
    digest_of(k.session, userop, digest);
    ck_assert_int_eq(sign_digest(&as_sdk, digest, signature), CKR_FUNCTION_REJECTED);
    assert_denial(&k, "touch: ");
    ck_assert_int_eq(count_rows("SELECT count(*) FROM nonce"), 0);
    authn_set_touch(k.key, AUTHN_TOUCH_NOW, 0);
    ck_assert_int_eq(sign_digest(&as_sdk, digest, signature), CKR_OK);
    ck_assert_uint_gt(authn_counter(k.key), before);
    ck_assert_uint_eq(waiting(k.session), 0);
    vk_text_free(text);
}
END_TEST

/* ---- The record ---- */

typedef struct seen {
    int touched, others;
    char reason[256];
} seen;

static vk_status look_at(void *context, const vk_journal_record *record) {
    seen *s = context;
    if (record->event != VK_EVENT_SIGNED) {
        return VK_OK;
    }
    bool is_touched = record->rule.len == 5 && memcmp(record->rule.data, "touch", 5) == 0;
    s->touched += is_touched;
    s->others += !is_touched;
    if (is_touched) {
        snprintf(s->reason, sizeof s->reason, "%.*s", (int)record->reason.len,
                 (const char *)record->reason.data);
    }
    return VK_OK;
}

START_TEST(the_journal_says_that_it_was_touched_for) {
    stepped k = stepped_new();
    seen s = {0};
    vk_journal_check check;
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 100), CKR_OK);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 101), CKR_OK);
    vk_token *token = open_token("plain", VK_ROLE_USER);
    ck_assert_int_eq(vk_journal_each(token, 0, look_at, &s, NULL), VK_OK);
    ck_assert_int_eq(s.touched, 1);
    ck_assert_int_eq(s.others, 1);
    ck_assert_msg(strstr(s.reason, "the security key \"blue key\" was touched: ") == s.reason, "%s",
                  s.reason);
    ck_assert_int_eq(vk_journal_verify(token, NULL, NULL, &check, NULL), VK_OK);
    ck_assert_int_eq(check.findings, 0);
    vk_token_close(token);
}
END_TEST

/* ---- Who sets the rule ---- */

START_TEST(a_rule_that_is_none_makes_no_key) {
    static const char no_point[] =
        "{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
        "\"publicKey\":\"0x04\"},\"above\":\"1\"}";
    const char *const bad[] = {"{}", "null", "[]", "{\"above\":\"1\"}", no_point};
    stepped k = {.key = plug(0, NULL)};
    initialize();
    k.session = login("plain", CKU_USER);
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(k.rule, sizeof k.rule, "%s", bad[i]);
        ck_assert_int_eq(make_key(&k, "[{\"type\":\"sudo\"}]"), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    CK_ATTRIBUTE label = TEXT(CKA_LABEL, "k");
    ck_assert_uint_eq(find_all(k.session, &label, 1, NULL), 0);
}
END_TEST

START_TEST(everybody_can_read_it) {
    stepped k = stepped_new();
    char text[4096] = {0};
    ck_assert_int_eq(f->C_Logout(k.session), CKR_OK);
    get_value(k.session, k.keys.public_key, CKA_VALETKEY_STEP_UP, text, sizeof text - 1);
    ck_assert_str_eq(text, k.rule);
    CK_OBJECT_HANDLE data;
    ck_assert_uint_eq(find_application(k.session, VK_APPLICATION_STEP_UP, &data), 1);
    memset(text, 0, sizeof text);
    get_value(k.session, data, CKA_VALUE, text, sizeof text - 1);
    ck_assert_str_eq(text, k.rule);
}
END_TEST

START_TEST(the_user_cannot_change_it) {
    stepped k = stepped_new();
    CK_OBJECT_HANDLE data, out;
    CK_ATTRIBUTE attribute = {CKA_VALETKEY_STEP_UP, k.rule, strlen(k.rule)};
    ck_assert_int_eq(write_data(k.session, VK_APPLICATION_STEP_UP, "k", k.rule, &out),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_int_eq(f->C_SetAttributeValue(k.session, k.keys.private_key, &attribute, 1),
                     CKR_ATTRIBUTE_READ_ONLY);
    ck_assert_uint_eq(find_application(k.session, VK_APPLICATION_STEP_UP, &data), 1);
    ck_assert_int_eq(f->C_DestroyObject(k.session, data), CKR_ACTION_PROHIBITED);
    attribute.type = CKA_VALUE;
    ck_assert_int_eq(f->C_SetAttributeValue(k.session, data, &attribute, 1), CKR_ACTION_PROHIBITED);
    authn_unplug(k.key);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 101), CKR_DEVICE_REMOVED);
}
END_TEST

START_TEST(the_so_changes_it) {
    stepped k = stepped_new();
    CK_OBJECT_HANDLE data;
    char other[4096];
    ck_assert_int_eq(f->C_Logout(k.session), CKR_OK);
    ck_assert_int_eq(write_data(k.session, VK_APPLICATION_STEP_UP, "k", k.rule, &data),
                     CKR_USER_NOT_LOGGED_IN);
    ck_assert_int_eq(try_login(k.session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_int_eq(write_data(k.session, VK_APPLICATION_STEP_UP, "k", "{}", &data),
                     CKR_ATTRIBUTE_VALUE_INVALID);
    char *above = strstr(k.rule, "\"above\":\"100\"");
    ck_assert_ptr_nonnull(above);
    snprintf(other, sizeof other, "%.*s\"above\":\"7\"}", (int)(above - k.rule), k.rule);
    ck_assert_int_eq(write_data(k.session, VK_APPLICATION_STEP_UP, "k", other, &data), CKR_OK);
    ck_assert_int_eq(f->C_Logout(k.session), CKR_OK);
    ck_assert_int_eq(try_login(k.session, CKU_USER, USER_PIN), CKR_OK);
    k.keys.private_key = find_object(k.session, CKO_PRIVATE_KEY, "k");
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 7), CKR_OK);
    ck_assert_int_eq(pay(&k, 2, "0x" BOB, 8), CKR_FUNCTION_REJECTED);
    ck_assert_int_eq(f->C_Logout(k.session), CKR_OK);
    ck_assert_int_eq(try_login(k.session, CKU_SO, SO_PIN), CKR_OK);
    ck_assert_uint_eq(find_application(k.session, VK_APPLICATION_STEP_UP, &data), 1);
    ck_assert_int_eq(f->C_DestroyObject(k.session, data), CKR_OK);
    ck_assert_uint_eq(find_application(k.session, VK_APPLICATION_STEP_UP, &data), 0);
    ck_assert_int_eq(f->C_Logout(k.session), CKR_OK);
    ck_assert_int_eq(try_login(k.session, CKU_USER, USER_PIN), CKR_OK);
    k.keys.private_key = find_object(k.session, CKO_PRIVATE_KEY, "k");
    ck_assert_int_eq(get_rv(k.session, k.keys.private_key, CKA_VALETKEY_STEP_UP),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(pay(&k, 3, "0x" BOB, 1000), CKR_OK);
}
END_TEST

/* Who takes the rule out of the file has a key that signs nothing, not one that signs more. */
START_TEST(an_edited_rule_makes_the_key_unusable) {
    stepped k = stepped_new();
    ck_assert_int_eq(f->C_Finalize(NULL), CKR_OK);
    edit_tokens("UPDATE key SET private_attrs = substr(private_attrs, 1,"
                " instr(private_attrs, x'0000000080564b43') - 1)"
                " WHERE instr(private_attrs, x'0000000080564b43') > 0");
    initialize();
    k.session = login("plain", CKU_USER);
    k.keys.private_key = find_object(k.session, CKO_PRIVATE_KEY, "k");
    ck_assert_int_eq(get_rv(k.session, k.keys.private_key, CKA_VALETKEY_STEP_UP),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 1), CKR_DEVICE_ERROR);
    assert_denial(&k, "integrity: ");
}
END_TEST

Suite *step_up_suite(void) {
    Suite *suite = suite_create("step-up");
    TCase *needs = touch_case("needs");
    tcase_add_test(needs, less_than_the_threshold_needs_no_touch);
    tcase_add_test(needs, more_than_the_threshold_is_touched_for);
    tcase_add_test(needs, a_batch_counts_as_one);
    tcase_add_test(needs, what_is_not_named_is_touched_for);
    tcase_add_test(needs, with_both_either_is_enough);
    tcase_add_test(needs, what_cannot_be_told_is_touched_for);
    tcase_add_test(needs, messages_and_digests_are_touched_for);
    tcase_add_test(needs, logins_are_touched_for);
    tcase_add_test(needs, a_key_that_wants_touches_agrees_on_no_secrets);
    suite_add_tcase(suite, needs);
    TCase *outcomes = touch_case("outcomes");
    tcase_add_test(outcomes, nothing_is_spent_without_it);
    tcase_add_test(outcomes, the_verdict_comes_first);
    tcase_add_test(outcomes, a_length_needs_no_touch);
    tcase_add_test(outcomes, another_security_key_is_not_asked);
    tcase_add_test(outcomes, a_wrong_answer_is_no_touch);
    tcase_add_test(outcomes, a_verified_touch_is_one_of_its_user);
    tcase_add_test(outcomes, session_cancel_ends_the_wait);
    tcase_add_test(outcomes, finalize_ends_the_wait);
    tcase_add_test(outcomes, a_logout_in_the_meantime);
    tcase_add_test(outcomes, others_sign_meanwhile);
    tcase_add_test(outcomes, what_waits_is_touched_for_when_it_is_signed);
    tcase_add_test(outcomes, the_journal_says_that_it_was_touched_for);
    suite_add_tcase(suite, outcomes);
    TCase *rules = touch_case("rules");
    tcase_add_test(rules, a_rule_that_is_none_makes_no_key);
    tcase_add_test(rules, everybody_can_read_it);
    tcase_add_test(rules, the_user_cannot_change_it);
    tcase_add_test(rules, the_so_changes_it);
    tcase_add_test(rules, an_edited_rule_makes_the_key_unusable);
    suite_add_tcase(suite, rules);
    return suite;
}
