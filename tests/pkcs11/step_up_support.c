#include "step_up_support.h"
#include "../support/clock.h"

#include <string.h>

#define SUDO_AND_GAS "[{\"type\":\"sudo\"},{\"type\":\"gas\",\"allowed\":\"1000000\"}]"

/* ---- A key, its account, its rule ---- */

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

void write_rule(stepped *k, const char *above, const char *unless) {
    write_rule_of(k, 0, above, unless);
}

void write_rule_of(stepped *k, int number, const char *above, const char *unless) {
    vk_buf json = {0};
    vk_step_up_device device = credential_on(number);
    vk_step_up_write(&device, above, "small", unless, &json);
    ck_assert_uint_lt(json.len, sizeof k->rule);
    memcpy(k->rule, json.data, json.len);
    k->rule[json.len] = '\0';
    vk_buf_clear(&json);
}

CK_RV stepped_key(stepped *k, const char *policy) {
    const CK_ATTRIBUTE extra[] = {{CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, strlen(policy)},
                                  {CKA_VALETKEY_STEP_UP, k->rule, strlen(k->rule)}};
    const pair_args args = {secp256k1, sizeof secp256k1, "k", extra, 2};
    return try_generate(k->session, &args, &k->keys);
}

stepped stepped_with(const authn_options *options, const char *above, const char *unless) {
    stepped k = {.key = plug(0, options)};
    clock_set(NOON);
    write_rule(&k, above, unless);
    touch_initialize();
    k.session = login("plain", CKU_USER);
    ck_assert_int_eq(stepped_key(&k, SUDO_AND_GAS), CKR_OK);
    grant_installed(k.session, k.keys, CHAIN, 0);
    return k;
}

stepped stepped_new(void) {
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

char *operation_with(const stepped *k, unsigned number, const char *call_data) {
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

char *encode(const vk_execution *execution) {
    vk_buf encoded = {0}, out = {0};
    ck_assert_int_eq(vk_execution_encode(execution, &encoded), VK_OK);
    vk_hex_put(&out, vk_buf_view(&encoded));
    vk_buf_clear(&encoded);
    return vk_buf_take_text(&out);
}

vk_call call_to(const char *target, uint64_t value) {
    vk_call call = {.value = vk_u256_from_u64(value)};
    ck_assert_int_eq(vk_address_read(target, strlen(target), &call.target), VK_OK);
    return call;
}

char *paying(const stepped *k, unsigned number, const vk_call *calls, size_t count) {
    const vk_execution execution = {.call_type = count == 1 ? VK_CALL_SINGLE : VK_CALL_BATCH,
                                    .call_count = count,
                                    .calls = (vk_call *)(uintptr_t)calls};
    char *call_data = encode(&execution);
    char *text = operation_with(k, number, call_data);
    vk_text_free(call_data);
    return text;
}

CK_RV sign_operation(const stepped *k, const char *text) {
    CK_BYTE signature[8192];
    CK_ULONG len = sizeof signature;
    vk_bytes bytes = {(const uint8_t *)text, strlen(text)};
    return sign_once(k->session, k->keys.private_key, CKM_VALETKEY_USEROP, bytes, signature, &len);
}

CK_RV pay(const stepped *k, unsigned number, const char *target, uint64_t value) {
    const vk_call call = call_to(target, value);
    char *text = paying(k, number, &call, 1);
    CK_RV rv = sign_operation(k, text);
    vk_text_free(text);
    return rv;
}

void assert_denied_for(const stepped *k, const char *text) {
    char value[1024] = {0};
    get_value(k->session, k->keys.private_key, CKA_VALETKEY_LAST_DENIAL, value, sizeof value - 1);
    ck_assert_msg(strstr(value, text) != NULL, "%s is not in %s", text, value);
}
