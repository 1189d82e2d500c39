#include "session_key.h"

#include <valetkey/valetkey.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_AND_TIME                                                                              \
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":"                \
    "\"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48\",\"selector\":\"0xa9059cbb\",\"rules\":["       \
    "{\"condition\":0,\"offset\":0,\"params\":["                                                   \
    "\"0x00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8\"]},"                    \
    "{\"condition\":4,\"offset\":32,\"params\":["                                                  \
    "\"0x0000000000000000000000000000000000000000000000000000000005f5e100\"]}]}]},"                \
    "{\"type\":\"timestamp\",\"validAfter\":1767225600,\"validUntil\":1924992000}"

const char session_policies[] = CALL_AND_TIME "]";
const char session_policies_gas[] =
    CALL_AND_TIME ",{\"type\":\"gas\",\"allowed\":\"340282366920938463463374607431768211455\"}]";

static const char call_data[] =
    "0xe9ae5c53000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000040000000000000000000000000000000000000000000000000"
    "0000000000000078a0b86991c6218b36c1d19d4a2e9eb0ce3606eb4800000000000000000000000000000000"
    "00000000000000000000000000000000a9059cbb00000000000000000000000070997970c51812dc3a010c7d"
    "01b50e0d17dc79c800000000000000000000000000000000000000000000000000000000017d784000000000"
    "00000000";

void must(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

static void permission_id(client *c, CK_OBJECT_HANDLE key, uint8_t id4[4]) {
    CK_ATTRIBUTE attribute = {CKA_VALETKEY_PERMISSION_ID, id4, 4};
    must(c->f->C_GetAttributeValue(c->session, key, &attribute, 1) == CKR_OK, "permissionId");
}

static void grant(client *c, const char *label, const char *policies, const uint8_t id4[4]) {
    vk_serialized_account account = {.policies = (char *)(uintptr_t)policies,
                                     .pre_installed = true};
    memset(account.account.b, 0x11, sizeof account.account.b);
    memcpy(account.permission_id, id4, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    vk_buf text = {0}, json = {0};
    must(vk_serialized_write(&account, &text) == VK_OK, "serialize");
    vk_buf_printf(&json,
                  "{\"chainId\":31337,\"kernelVersion\":\"0.3.1\",\"entryPoint\":"
                  "\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\",\"serializedAccount\":\"%.*s\"}",
                  (int)text.len, (const char *)text.data);
    char *grant_json = vk_buf_take_text(&json);
    must(client_grant(c, label, grant_json) == CKR_OK, "grant");
    vk_text_free(grant_json);
    vk_buf_clear(&text);
}

CK_OBJECT_HANDLE session_key_new(client *c, const char *label, bool p256, uint8_t seed,
                                 const char *policies, uint8_t id4[4]) {
    uint8_t secret[32];
    memset(secret, seed, sizeof secret);
    CK_OBJECT_HANDLE key = p256 ? client_import_p256(c, label, secret, policies)
                                : client_import(c, label, secret, policies);
    must(key != CK_INVALID_HANDLE, "import");
    permission_id(c, key, id4);
    grant(c, label, policies, id4);
    return key;
}

vk_buf session_operation(const uint8_t id4[4], uint64_t sequence) {
    vk_buf json = {0};
    vk_buf_printf(
        &json,
        "{\"callData\":\"%s\",\"callGasLimit\":\"0x1d4c0\",\"maxFeePerGas\":\"0x3b9aca00\","
        "\"maxPriorityFeePerGas\":\"0x5f5e100\",\"nonce\":"
        "\"0x2%02x%02x%02x%02x%032x0000%016" PRIx64 "\",\"preVerificationGas\":\"0x13880\","
        "\"sender\":\"0x1111111111111111111111111111111111111111\","
        "\"verificationGasLimit\":\"0x124f80\"}",
        call_data, id4[0], id4[1], id4[2], id4[3], 0, sequence);
    must(vk_buf_status(&json) == VK_OK, "operation");
    return json;
}
