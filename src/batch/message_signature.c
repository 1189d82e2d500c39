/* Kind message_signature: what an account answers to ERC-1271 for a message or typed data. */
#include "batch/in_message.h"
#include "batch/in_owner.h"
#include "batch/in_webauthn.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {
    "kernelVersion",     "entryPoint",      "entryPointVersion", "account",
    "chainId",           "plugin",          "eip7702",           "validatorAddress",
    "ownerAddress",      "ownerPrivateKey", "passkey",           "assertion",
    "sessionPrivateKey", "sessionAddress",  "permissionId",      "replayable",
    "deployed",          "factory",         "factoryData",       "hash",
    "message",           "rawMessage",      "typedDataJson",     NULL};
static const vk_owner_names names = {.kind = "plugin",
                                     .validator = "validatorAddress",
                                     .secret = "ownerPrivateKey",
                                     .address = "ownerAddress",
                                     .passkey = "passkey"};
static const vk_owner_names session_names = {
    .secret = "sessionPrivateKey", .address = "sessionAddress", .passkey = "passkey"};

/* ---- The message ---- */

static vk_message read_message(const vk_in *in, bool sdk) {
    vk_message out = {.kernel = vk_in_kernel(in, "kernelVersion"), .sdk = sdk};
    (void)vk_in_entry_point_of(in, out.kernel, NULL);
    out.account = vk_in_address(in, "account");
    out.chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    out.replayable = vk_in_bool(in, "replayable", false);
    out.typed_data = vk_in_has(in, "typedDataJson");
    out.hash = vk_in_message_hash(in);
    return out;
}

/* ---- The signer ---- */

/* A session key signs like an owner of its kind, without a validator. */
static vk_owner read_session(const vk_in *in, bool passkey, vk_message_signer *signer) {
    vk_owner out = {.names = &session_names};
    signer->plugin = VK_MESSAGE_PERMISSION;
    vk_in_fixed(in, "permissionId", signer->permission_id, sizeof signer->permission_id);
    if (passkey) {
        (void)vk_in_passkey(in, session_names.passkey);
        out.root.kind = VK_ROOT_PASSKEY;
        return out;
    }
    out.root.kind = VK_ROOT_ECDSA;
    out.secret32 = vk_in_private_key(in, session_names.secret, &out.root.owner);
    vk_in_same_address(in, session_names.address, &out.root.owner);
    return out;
}

/* Under EIP-7702 the account is its owner, and signs as the unnamed root validator. */
static void check_delegated(const vk_in *in, const vk_owner *owner) {
    if (owner->root.kind != VK_ROOT_ECDSA) {
        vk_in_fail(in, "plugin", VK_ERR_UNSUPPORTED,
                   "the owner of an EIP-7702 account is its ECDSA key");
    }
    vk_in_same_address(in, "account", &owner->root.owner);
}

static vk_owner read_signer(const vk_in *in, vk_kernel_version kernel, vk_message_signer *out) {
    const char *plugin = vk_in_has(in, "plugin") ? vk_in_text(in, "plugin") : "";
    bool passkey = strcmp(plugin, "permission-webauthn") == 0;
    if (passkey || strcmp(plugin, "permission-ecdsa") == 0) {
        return read_session(in, passkey, out);
    }
    vk_owner owner = vk_in_owner(in, &names, kernel);
    *out = (vk_message_signer){.plugin = VK_MESSAGE_VALIDATOR, .validator = owner.root.validator};
    if (vk_in_bool(in, "eip7702", false)) {
        out->plugin = VK_MESSAGE_ROOT;
        check_delegated(in, &owner);
    }
    return owner;
}

/* ---- The signature ---- */

static vk_bytes key_signature(const vk_in *in, const vk_message *message, const vk_owner *owner) {
    vk_owner_task task = {
        .assertion = "assertion", .chain_id = message->chain_id, .sdk = message->sdk};
    vk_error err = {.status = VK_OK};
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL, vk_message_digest(message, &task.challenge, &err), &err);
    }
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL, vk_message_ecdsa_digest(message, &task.digest, &err), &err);
    }
    return vk_in_owner_signature(in, owner, &task);
}

/* ERC-6492 names the factory of an account that is not deployed; under EIP-7702 there is none. */
static bool is_wrapped(const vk_in *in, const vk_message_signer *signer) {
    bool has_factory = vk_in_has(in, "factory") || vk_in_has(in, "factoryData");
    return !vk_in_bool(in, "deployed", true) && (signer->plugin != VK_MESSAGE_ROOT || has_factory);
}

static void reply_wrapped(const vk_in *in, vk_bytes signature, vk_reply *reply) {
    vk_buf wrapped = {0};
    vk_erc6492 parts = {.factory = vk_in_address(in, "factory"),
                        .factory_data = vk_in_bytes(in, "factoryData"),
                        .signature = signature};
    vk_in_check(in, NULL, vk_erc6492_wrap(&parts, &wrapped));
    vk_reply_hex(reply, "signature", vk_buf_view(&wrapped));
    vk_buf_clear(&wrapped);
}

vk_status vk_batch_message_signature(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_in_only(in, members);
    vk_message message = read_message(in, sdk);
    vk_message_signer signer = {0};
    vk_owner owner = read_signer(in, message.kernel, &signer);
    vk_bytes key = key_signature(in, &message, &owner);
    vk_buf signature = {0};
    vk_error fault = {.status = VK_OK};
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL,
                          vk_message_signature(&message, &signer, key, &signature, &fault), &fault);
    }
    if (is_wrapped(in, &signer)) {
        reply_wrapped(in, vk_buf_view(&signature), reply);
    } else {
        vk_reply_hex(reply, "signature", vk_buf_view(&signature));
    }
    vk_buf_clear(&signature);
    return vk_in_status(in);
}
