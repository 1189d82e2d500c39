/*
 * A session key for a Kernel account, from policy to finished signature: the owner approves a
 * permission, and the session key signs the UserOperation that installs it.
 *
 *     cc -std=c11 session.c -o session $(pkg-config --cflags --libs valetkey)
 *
 * The keys stand in the program because it is an example. Owners sign in wallets, and session keys
 * belong on a token, which asks their policy first: see valetkey(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

static const char policies[] =
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{"
    "\"target\":\"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48\",\"selector\":\"0xa9059cbb\","
    "\"valueLimit\":\"0\",\"rules\":[]}]},"
    "{\"type\":\"timestamp\",\"validAfter\":1767225600,\"validUntil\":1924992000}]";

/* The nonce is filled in by main: its lane names the permission. */
static const char operation[] =
    "{\"sender\":\"%s\",\"nonce\":\"%s\",\"factory\":\"%s\",\"factoryData\":\"%s\","
    "\"callData\":\"0x\",\"callGasLimit\":\"0x186a0\",\"verificationGasLimit\":\"0x7a120\","
    "\"preVerificationGas\":\"0xc350\",\"maxFeePerGas\":\"0x3b9aca00\","
    "\"maxPriorityFeePerGas\":\"0xf4240\",\"signature\":\"0x\"}";

static const uint8_t owner_secret32[32] = {[31] = 1};
static const uint8_t session_secret32[32] = {[31] = 2};
#define CHAIN_ID 8453

static void must(vk_status status, const char *what, const vk_error *err) {
    if (status != VK_OK) {
        fprintf(stderr, "%s: %s %s\n", what, err == NULL ? "" : err->path,
                err == NULL || err->message[0] == '\0' ? vk_status_text(status) : err->message);
        exit(1);
    }
}

static void print_hex(const char *name, vk_bytes bytes) {
    vk_buf hex = {0};
    vk_hex_put(&hex, bytes);
    char *text = vk_buf_take_text(&hex);
    printf("%s %s\n", name, text == NULL ? "(out of memory)" : text);
    vk_text_free(text);
}

static char *hex_text(vk_bytes bytes) {
    vk_buf hex = {0};
    vk_hex_put(&hex, bytes);
    char *text = vk_buf_take_text(&hex);
    must(text == NULL ? VK_ERR_MEMORY : VK_OK, "hex", NULL);
    return text;
}

/* What the owner approves: the permission, for execute, on this account and chain. */
static vk_enable make_enable(const vk_policy *policy, const vk_signer *signer,
                             const vk_account_init *account, vk_buf *enable_data) {
    vk_enable enable = {
        .kernel = VK_KERNEL_0_3_1, .chain_id = CHAIN_ID, .account = account->account, .nonce = 1};
    must(vk_policy_permission_id(policy, signer, enable.permission_id), "permission id", NULL);
    must(vk_policy_enable_data(policy, signer, enable_data), "enable data", NULL);
    enable.enable_data = vk_buf_view(enable_data);
    memcpy(enable.selector, vk_kernel_execute_selector, sizeof enable.selector);
    return enable;
}

/* The operation as a wallet program would hand it over, in the lane of the permission. */
static vk_userop read_operation(const vk_enable *enable, const vk_buf *factory_data) {
    vk_kernel_nonce lane = {.mode = VK_NONCE_ENABLE, .type = VK_NONCE_PERMISSION};
    memcpy(lane.identifier, enable->permission_id, sizeof enable->permission_id);
    memcpy(lane.permission_id, enable->permission_id, sizeof enable->permission_id);
    vk_u256 nonce = vk_kernel_nonce_encode(&lane);
    vk_address factory = vk_kernel_meta_factory();
    char sender[43], factory_text[43], number[67];
    vk_address_text(&enable->account, sender);
    vk_address_text(&factory, factory_text);
    vk_u256_hex(&nonce, number);
    char *data = hex_text(vk_buf_view(factory_data));
    vk_buf json = {0};
    vk_buf_printf(&json, operation, sender, number, factory_text, data);
    vk_userop op;
    vk_error err = {0};
    must(vk_userop_read_json(vk_buf_view(&json), VK_ENTRY_POINT_0_7, &op, &err), "operation", &err);
    vk_text_free(data);
    vk_buf_clear(&json);
    return op;
}

static void sign_operation(const vk_userop *op, const vk_enable *enable, vk_bytes approval) {
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    vk_hash hash;
    uint8_t signature65[65];
    vk_buf part = {0}, finished = {0};
    must(vk_userop_hash(op, enable->chain_id, &entry_point, &hash), "hash", NULL);
    must(vk_userop_sign(session_secret32, &hash, signature65), "signature", NULL);
    vk_permission_signature((vk_bytes){signature65, sizeof signature65}, &part);
    must(vk_enable_signature(enable, approval, vk_buf_view(&part), &finished), "signature", NULL);
    print_hex("userOpHash", (vk_bytes){hash.b, sizeof hash.b});
    print_hex("signature", vk_buf_view(&finished));
    vk_buf_clear(&part);
    vk_buf_clear(&finished);
}

/* The text that the ZeroDev SDK's deserializePermissionAccount takes. */
static void print_serialized(const vk_enable *enable, vk_bytes approval, vk_buf *factory_data) {
    vk_serialized_account account = {.account = enable->account, .factory_data = *factory_data};
    vk_buf text = {0}, list = {0};
    vk_buf_put_text(&list, policies);
    account.policies = vk_buf_take_text(&list);
    must(account.policies == NULL ? VK_ERR_MEMORY : VK_OK, "policies", NULL);
    memcpy(account.permission_id, enable->permission_id, sizeof account.permission_id);
    memcpy(account.selector, enable->selector, sizeof account.selector);
    vk_buf_put(&account.enable_signature, approval.data, approval.len);
    must(vk_serialized_write(&account, &text), "serialized account", NULL);
    printf("serializedAccount %.*s\n", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    vk_buf_clear(&account.enable_signature);
    vk_text_free(account.policies);
}

int main(void) {
    vk_error err = {0};
    vk_address owner, session;
    must(vk_ecdsa_address(owner_secret32, &owner), "owner", NULL);
    must(vk_ecdsa_address(session_secret32, &session), "session key", NULL);

    vk_policy policy;
    must(vk_policy_read(policies, strlen(policies), &policy, &err), "policy", &err);
    vk_signer signer = vk_signer_ecdsa(&session);

    vk_buf factory_data = {0}, enable_data = {0};
    vk_u256 index = vk_u256_from_u64(0);
    vk_account_init account;
    must(vk_account_init_write(VK_KERNEL_0_3_1, &owner, &index, &factory_data), "account", NULL);
    must(vk_account_init_read(vk_buf_view(&factory_data), VK_KERNEL_UNKNOWN, &account, &err),
         "account", &err);
    print_hex("account", (vk_bytes){account.account.b, sizeof account.account.b});

    vk_enable enable = make_enable(&policy, &signer, &account, &enable_data);
    vk_hash digest;
    uint8_t approval65[65];
    must(vk_enable_digest(&enable, &digest), "digest", NULL);
    must(vk_ecdsa_sign(owner_secret32, &digest, approval65), "approval", NULL);
    print_hex("permissionId", (vk_bytes){enable.permission_id, sizeof enable.permission_id});
    print_hex("digest", (vk_bytes){digest.b, sizeof digest.b});
    must(vk_enable_verify(&account.root, &digest, (vk_bytes){approval65, 65}, &err), "approval",
         &err);

    vk_userop op = read_operation(&enable, &factory_data);
    sign_operation(&op, &enable, (vk_bytes){approval65, sizeof approval65});
    print_serialized(&enable, (vk_bytes){approval65, sizeof approval65}, &factory_data);

    vk_userop_clear(&op);
    vk_policy_clear(&policy);
    vk_buf_clear(&factory_data);
    vk_buf_clear(&enable_data);
    return 0;
}
