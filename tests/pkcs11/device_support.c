#include "device_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valetkey/pkcs11.h>

#define ACCOUNT "0x1111111111111111111111111111111111111111"

authn *device;

static char socket_path[64];

/* ---- The authenticator ---- */

void configure(const char *line) {
    char path[256];
    snprintf(path, sizeof path, "%s/valetkey.conf", getenv("VALETKEY_HOME"));
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s\n", line);
    ck_assert_int_eq(fclose(file), 0);
}

void replace_device(const authn_options *options) {
    authn_free(device);
    device = authn_new(options);
    ck_assert(authn_serve(device, socket_path));
}

static void serve(void) {
    char line[128];
    snprintf(socket_path, sizeof socket_path, "%s/key", getenv("VALETKEY_HOME"));
    snprintf(line, sizeof line, "fido2-device = unix:%s\nfido2-timeout = 20", socket_path);
    configure(line);
    const authn_options options = {.pin = DEVICE_PIN};
    device = NULL;
    replace_device(&options);
}

void start_device(void) {
    ck_assert_int_eq(setenv("VALETKEY_FIDO2", "configured", 1), 0);
    fresh_home();
    serve();
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
}

void stop_device(void) {
    f->C_Finalize(NULL);
    authn_free(device);
    remove_home();
}

/* ---- Slots ---- */

static bool is_device_slot(CK_SLOT_ID slot) {
    CK_SLOT_INFO info;
    ck_assert_int_eq(f->C_GetSlotInfo(slot, &info), CKR_OK);
    return (info.flags & CKF_HW_SLOT) != 0;
}

static CK_ULONG list_slots(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG max) {
    CK_ULONG count = 0, found = 0;
    ck_assert_int_eq(f->C_GetSlotList(present, NULL, &count), CKR_OK);
    count = max;
    ck_assert_int_eq(f->C_GetSlotList(present, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        if (is_device_slot(slots[i])) {
            slots[found++] = slots[i];
        }
    }
    return found;
}

CK_ULONG device_slots(bool present) {
    CK_SLOT_ID slots[16];
    return list_slots(present ? CK_TRUE : CK_FALSE, slots, 16);
}

CK_SLOT_ID device_slot(void) {
    CK_SLOT_ID slots[16];
    ck_assert_uint_ge(list_slots(CK_FALSE, slots, 16), 1);
    return slots[0];
}

CK_FLAGS device_flags(void) {
    CK_TOKEN_INFO info;
    ck_assert_int_eq(f->C_GetTokenInfo(device_slot(), &info), CKR_OK);
    return info.flags;
}

CK_SESSION_HANDLE device_session(void) {
    CK_SESSION_HANDLE session;
    ck_assert_int_eq(
        f->C_OpenSession(device_slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    return session;
}

CK_SESSION_HANDLE device_login(void) {
    CK_SESSION_HANDLE session = device_session();
    ck_assert_int_eq(try_login(session, CKU_USER, DEVICE_PIN), CKR_OK);
    return session;
}

/* ---- Keys ---- */

char sudo_policy[] =
    "[{\"type\":\"sudo\",\"policyAddress\":\"0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7\","
    "\"policyFlag\":\"0x0000\"}]";

pair device_key(CK_SESSION_HANDLE session, const char *label) {
    return device_key_under(session, label, sudo_policy);
}

pair device_key_under(CK_SESSION_HANDLE session, const char *label, char *json) {
    const CK_ATTRIBUTE policy = {CKA_VALETKEY_POLICY, json, strlen(json)};
    const pair_args args = {.curve = p256,
                            .curve_len = sizeof p256,
                            .label = label,
                            .extra = &policy,
                            .extra_count = 1};
    pair made;
    CK_OBJECT_HANDLE grant;
    ck_assert_int_eq(try_generate(session, &args, &made), CKR_OK);
    ck_assert_int_eq(write_data(session, VK_APPLICATION_GRANT, label,
                                "{\"kind\":\"owner\",\"chainId\":31337,\"kernelVersion\":\"0.3.1\","
                                "\"account\":\"" ACCOUNT "\"}",
                                &grant),
                     CKR_OK);
    return made;
}

char *device_operation(unsigned sequence) {
    char *text;
    ck_assert_int_gt(asprintf(&text,
                              "{\"sender\":\"" ACCOUNT
                              "\",\"nonce\":\"0x%x\",\"callData\":\"0xe9ae5c53%064d"
                              "%062d40%062d34"
                              "2222222222222222222222222222222222222222%064d%024d\","
                              "\"callGasLimit\":\"0x1\",\"verificationGasLimit\":\"0x1\","
                              "\"preVerificationGas\":\"0x1\",\"maxFeePerGas\":\"0x1\","
                              "\"maxPriorityFeePerGas\":\"0x1\"}",
                              sequence, 0, 0, 0, 0, 0),
                     0);
    return text;
}

CK_RV device_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, unsigned sequence,
                  CK_BYTE *signature, CK_ULONG *len) {
    char *operation = device_operation(sequence);
    CK_RV rv = sign_once(session, key, CKM_VALETKEY_USEROP,
                         (vk_bytes){(const uint8_t *)operation, strlen(operation)}, signature, len);
    free(operation);
    return rv;
}

const char *last_denial(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
    static char text[1024];
    CK_ULONG len = get_value(session, key, CKA_VALETKEY_LAST_DENIAL, text, sizeof text - 1);
    text[len] = '\0';
    return text;
}
