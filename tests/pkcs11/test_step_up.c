/* Keys in software that want the touch of a security key for what is more than usual: for what, and
 * who says so. */
#include "../support/clock.h"
#include "step_up_support.h"
#include "support/so.h"

#include <string.h>

#define THRESHOLD 100

static const char to_bob[] =
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"0x" BOB
    "\",\"valueLimit\":\"1000\"}]}]";

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
    assert_denied_for(&k, "touch: the touch was declined on the security key \"blue key\"");
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
    touch_initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(stepped_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    const vk_call call = call_to("0x" BOB, 0);
    const vk_execution execution = {
        .call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = (vk_call *)(uintptr_t)&call};
    char *call_data = encode(&execution);
    char *text = operation_with(&k, 1, call_data);
    authn_set_touch(k.key, AUTHN_TOUCH_DENIED, 0);
    ck_assert_int_eq(sign_operation(&k, text), CKR_FUNCTION_REJECTED);
    assert_denied_for(&k, "touch: ");
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
    touch_initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(stepped_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
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
    touch_initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(stepped_key(&k, "[{\"type\":\"sudo\"}]"), CKR_OK);
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
    assert_denied_for(&k, "touch: a key that wants touches agrees on no secrets");
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
    touch_initialize();
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
    assert_denied_for(&k, "touch: ");
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

/* ---- Who sets the rule ---- */

START_TEST(a_rule_that_is_none_makes_no_key) {
    static const char no_point[] =
        "{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":\"0x01\","
        "\"publicKey\":\"0x04\"},\"above\":\"1\"}";
    const char *const bad[] = {"{}", "null", "[]", "{\"above\":\"1\"}", no_point};
    stepped k = {.key = plug(0, NULL)};
    touch_initialize();
    k.session = login("plain", CKU_USER);
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(k.rule, sizeof k.rule, "%s", bad[i]);
        ck_assert_int_eq(stepped_key(&k, "[{\"type\":\"sudo\"}]"), CKR_ATTRIBUTE_VALUE_INVALID);
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
    touch_initialize();
    k.session = login("plain", CKU_USER);
    k.keys.private_key = find_object(k.session, CKO_PRIVATE_KEY, "k");
    ck_assert_int_eq(get_rv(k.session, k.keys.private_key, CKA_VALETKEY_STEP_UP),
                     CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_int_eq(pay(&k, 1, "0x" BOB, 1), CKR_DEVICE_ERROR);
    assert_denied_for(&k, "integrity: ");
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
    add_outcomes(suite);
    TCase *rules = touch_case("rules");
    tcase_add_test(rules, a_rule_that_is_none_makes_no_key);
    tcase_add_test(rules, everybody_can_read_it);
    tcase_add_test(rules, the_user_cannot_change_it);
    tcase_add_test(rules, the_so_changes_it);
    tcase_add_test(rules, an_edited_rule_makes_the_key_unusable);
    suite_add_tcase(suite, rules);
    return suite;
}
