/*
 * Kind thirdweb: everything of thirdweb accounts. The members that are there say what is asked:
 *
 * - request: a SignerPermissionRequest with chainId, account and abi_version ("isAdmin" or "v1"):
 *   its hashes; with adminPrivateKey, or a signature made elsewhere, also the call. Any target or
 *   any amount only with allowAnyTarget, allowAnyAmount.
 * - call: a function of thirdweb's package (addSessionKey with permissions, removeSessionKey,
 *   addAdmin, removeAdmin) with target: makes the request of now (seconds) and uid, or checks the
 *   request that is given, and answers as above. approvedTargets "*" asks for any target.
 * - function and calls: the callData of execute or executeBatch; callData alone: the way back.
 * - admin and data: the callData of createAccount; with factory and implementation the address too.
 * - account and isAdmin: the callData of setAdmin (older accounts).
 * - message, rawMessage, typedDataJson or hash, with chainId and account: the AccountMessage digest
 *   (messageHash) that makes an ERC-1271 signature; with privateKey the signature.
 * - userOpHash: the digest that signs an operation; with privateKey the signature.
 */
#include "batch/in_message.h"
#include "batch/kinds.h"
#include "batch/thirdweb_request.h"

#include <string.h>

/* ---- Calls ---- */

static vk_call read_call(const vk_in *list, size_t index) {
    static const char *const members[] = {"target", "value", "data", NULL};
    vk_in element = vk_in_element(list, index);
    vk_in_only(&element, members);
    return (vk_call){.target = vk_in_address(&element, "target"),
                     .value = vk_in_u256(&element, "value", 256),
                     .data = vk_in_bytes(&element, "data")};
}

static bool read_function(const vk_in *in) {
    const char *function = vk_in_text(in, "function");
    bool batch = strcmp(function, "executeBatch") == 0;
    if (!batch && strcmp(function, "execute") != 0) {
        vk_in_fail(in, "function", VK_ERR_UNSUPPORTED,
                   "\"function\" is \"%.40s\", but must be execute or executeBatch", function);
    }
    return batch;
}

static void encode_calls(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {"function", "calls", NULL};
    vk_in_only(in, members);
    vk_thirdweb_calls calls = {.batch = read_function(in)};
    vk_in list = vk_in_list(in, "calls", &calls.count);
    calls.calls = vk_in_alloc(in, (calls.count + 1) * sizeof *calls.calls);
    for (size_t i = 0; calls.calls != NULL && i < calls.count; i++) {
        calls.calls[i] = read_call(&list, i);
    }
    if (!calls.batch && calls.count != 1) {
        vk_in_fail(in, "calls", VK_ERR_FORMAT, "execute takes one call, not %zu", calls.count);
    }
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_buf call_data = {0};
    vk_in_check(in, "calls", vk_thirdweb_calls_encode(&calls, &call_data));
    vk_reply_hex(reply, "callData", vk_buf_view(&call_data));
    vk_buf_clear(&call_data);
}

static void decode_calls(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {"callData", NULL};
    vk_in_only(in, members);
    vk_thirdweb_calls calls = {0};
    vk_error err = {0};
    vk_status status = vk_thirdweb_calls_decode(vk_in_bytes(in, "callData"), &calls, &err);
    vk_in_check_error(in, NULL, status, &err);
    vk_reply_text(reply, "function", calls.batch ? "executeBatch" : "execute");
    vk_reply_bool(reply, "canonical", calls.canonical);
    vk_reply_array(reply, "calls");
    for (size_t i = 0; i < calls.count; i++) {
        vk_reply_object(reply, NULL);
        vk_reply_address(reply, "target", &calls.calls[i].target);
        vk_reply_decimal(reply, "value", &calls.calls[i].value);
        vk_reply_hex(reply, "data", calls.calls[i].data);
        vk_reply_object_end(reply);
    }
    vk_reply_array_end(reply);
    vk_thirdweb_calls_clear(&calls);
}

/* ---- Accounts ---- */

static void create_account(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {"admin", "data", "factory", "implementation", NULL};
    vk_in_only(in, members);
    vk_address admin = vk_in_address(in, "admin");
    vk_bytes data = vk_in_bytes_or_empty(in, "data");
    vk_buf call_data = {0};
    vk_in_check(in, "data", vk_thirdweb_create_account(&admin, data, &call_data));
    vk_reply_hex(reply, "callData", vk_buf_view(&call_data));
    vk_buf_clear(&call_data);
    if (vk_in_has(in, "factory") || vk_in_has(in, "implementation")) {
        vk_address factory = vk_in_address(in, "factory"), account = {{0}};
        vk_address implementation = vk_in_address(in, "implementation");
        vk_in_check(in, "data",
                    vk_thirdweb_account_address(&factory, &implementation, &admin, data, &account));
        vk_reply_address(reply, "address", &account);
    }
}

static void set_admin(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {"account", "isAdmin", NULL};
    vk_in_only(in, members);
    vk_address admin = vk_in_address(in, "account");
    vk_buf call_data = {0};
    vk_in_check(in, NULL,
                vk_thirdweb_set_admin(&admin, vk_in_bool(in, "isAdmin", false), &call_data));
    vk_reply_hex(reply, "callData", vk_buf_view(&call_data));
    vk_buf_clear(&call_data);
}

/* ---- Signatures ---- */

static void reply_signature(const vk_in *in, const vk_hash *digest, vk_reply *reply) {
    uint8_t signature65[65] = {0};
    vk_address signer;
    if (!vk_in_has(in, "privateKey")) {
        return;
    }
    const uint8_t *secret = vk_in_private_key(in, "privateKey", &signer);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_in_same_address(in, "signer", &signer);
    vk_in_check(in, "privateKey", vk_ecdsa_sign(secret, digest, signature65));
    vk_reply_fixed(reply, "signature", signature65, sizeof signature65);
}

static void sign_message(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {
        "chainId", "account", "privateKey", "signer", VK_IN_MESSAGE_MEMBERS, NULL};
    vk_in_only(in, members);
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    vk_address account = vk_in_address(in, "account");
    vk_hash hash = vk_in_message_hash(in);
    vk_hash digest = vk_thirdweb_message_digest(chain_id, &account, &hash);
    vk_reply_hash(reply, "hash", &hash);
    vk_reply_hash(reply, "messageHash", &digest);
    reply_signature(in, &digest, reply);
}

static void sign_userop(const vk_in *in, vk_reply *reply) {
    static const char *const members[] = {"userOpHash", "privateKey", "signer", NULL};
    vk_in_only(in, members);
    vk_hash hash = vk_in_hash(in, "userOpHash");
    vk_hash digest = vk_thirdweb_userop_digest(&hash);
    vk_reply_hash(reply, "digest", &digest);
    reply_signature(in, &digest, reply);
}

vk_status vk_batch_thirdweb(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    if (vk_in_has(in, "request") || vk_in_has(in, "call")) {
        vk_thirdweb_answer_request(in, sdk, reply);
    } else if (vk_in_has(in, "function")) {
        encode_calls(in, reply);
    } else if (vk_in_has(in, "callData")) {
        decode_calls(in, reply);
    } else if (vk_in_has(in, "admin")) {
        create_account(in, reply);
    } else if (vk_in_has(in, "isAdmin")) {
        set_admin(in, reply);
    } else if (vk_in_has(in, "userOpHash")) {
        sign_userop(in, reply);
    } else {
        sign_message(in, reply);
    }
    return vk_in_status(in);
}
