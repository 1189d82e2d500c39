/* Kind validators: an owner's validator, its data, and the owner's signature of an operation. */
#include "batch/in_owner.h"
#include "batch/kinds.h"

static const char *const members[] = {"kernelVersion",
                                      "entryPoint",
                                      "entryPointVersion",
                                      "chainId",
                                      "kind",
                                      "validatorAddress",
                                      "enableData",
                                      "ownerPrivateKey",
                                      "ownerAddress",
                                      "passkey",
                                      "assertion",
                                      "userOp",
                                      "userOpHash",
                                      NULL};
static const vk_owner_names names = {.kind = "kind",
                                     .validator = "validatorAddress",
                                     .secret = "ownerPrivateKey",
                                     .address = "ownerAddress",
                                     .passkey = "passkey"};

typedef struct entry_point {
    vk_entry_point version;
    vk_address address;
} entry_point;

static void reply_owner(const vk_in *in, const vk_owner *owner, vk_reply *reply) {
    vk_buf data = {0};
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_in_check(in, NULL, vk_root_enable_data(&owner->root, &data));
    vk_in_same_bytes(in, "enableData", vk_buf_view(&data));
    vk_reply_address(reply, "validatorAddress", &owner->root.validator);
    vk_reply_address(reply, "identifier", &owner->root.validator);
    vk_reply_hex(reply, "enableData", vk_buf_view(&data));
    vk_buf_clear(&data);
}

static vk_hash read_hash(const vk_in *in, const entry_point *at, uint64_t chain_id) {
    vk_userop op;
    vk_hash hash = {{0}};
    vk_in_userop(in, "userOp", at->version, &op);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, "userOp", vk_userop_hash(&op, chain_id, &at->address, &hash));
    }
    vk_in_same_bytes(in, "userOpHash", (vk_bytes){hash.b, sizeof hash.b});
    vk_userop_clear(&op);
    return hash;
}

static void reply_stub(const vk_in *in, const vk_owner *owner, vk_reply *reply) {
    vk_buf stub = {0};
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_root_stub(owner->root.kind, &stub));
    }
    vk_reply_hex(reply, "stubSignature", vk_buf_view(&stub));
    vk_buf_clear(&stub);
}

static void reply_serialized(const vk_in *in, const vk_owner *owner, const entry_point *at,
                             vk_reply *reply) {
    vk_buf text = {0};
    vk_passkey_text from = {at->version, at->address, owner->root, {0}};
    vk_buf_put(&from.credential_id, owner->credential_id.data, owner->credential_id.len);
    vk_in_check(in, NULL, vk_buf_status(&from.credential_id));
    vk_in_check(in, NULL, vk_passkey_text_write(&from, &text));
    char *ended = vk_buf_take_text(&text);
    vk_reply_text(reply, "serializedData", ended == NULL ? "" : ended);
    vk_text_free(ended);
    vk_passkey_text_clear(&from);
}

vk_status vk_batch_validators(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    entry_point at;
    vk_in_only(in, members);
    vk_kernel_version kernel = vk_in_kernel(in, "kernelVersion");
    at.version = vk_in_entry_point_of(in, kernel, &at.address);
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    vk_owner owner = vk_in_owner(in, &names, kernel);
    reply_owner(in, &owner, reply);
    vk_hash hash = read_hash(in, &at, chain_id);
    vk_bytes signature =
        vk_in_owner_userop_signature(in, &owner, &hash, "assertion", chain_id, sdk);
    vk_reply_hash(reply, "userOpHash", &hash);
    vk_reply_hex(reply, "signature", signature);
    reply_stub(in, &owner, reply);
    if (owner.credential_id.len > 0) {
        reply_serialized(in, &owner, &at, reply);
    }
    return vk_in_status(in);
}
