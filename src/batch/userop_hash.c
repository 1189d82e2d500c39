/* Kind userop_hash: the hash of an operation, its packed members, and its JSON-RPC form. */
#include "batch/kinds.h"

static const char *const members[] = {"entryPointVersion", "entryPoint", "chainId", "userOp", NULL};

static void reply_packed(const vk_in *in, const vk_userop *op, vk_userop_purpose purpose,
                         const char *name, vk_reply *reply) {
    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_error err = {0};
    vk_status status = vk_userop_pack(op, purpose, &packed, &storage, &err);
    vk_in_check_error(in, "userOp", status, &err);
    if (status == VK_OK) {
        vk_reply_object(reply, name);
        vk_reply_hex(reply, "initCode", packed.init_code);
        vk_reply_fixed(reply, "accountGasLimits", packed.account_gas_limits,
                       sizeof packed.account_gas_limits);
        vk_reply_fixed(reply, "gasFees", packed.gas_fees, sizeof packed.gas_fees);
        vk_reply_hex(reply, "paymasterAndData", packed.paymaster_and_data);
        vk_reply_object_end(reply);
    }
    vk_buf_clear(&storage);
}

static void reply_rpc(const vk_in *in, const vk_userop *op, vk_reply *reply) {
    vk_buf text = {0};
    vk_in_check(in, "userOp", vk_userop_write_json(op, &text));
    char *json = vk_buf_take_text(&text);
    if (json == NULL) {
        vk_in_check(in, NULL, VK_ERR_MEMORY);
        return;
    }
    vk_reply_object(reply, "rpc");
    vk_reply_text(reply, "json", json);
    vk_reply_object_end(reply);
    vk_text_free(json);
}

static void reply_op(const vk_in *in, const vk_userop *op, const vk_address *entry_point,
                     vk_reply *reply) {
    vk_hash hash = {{0}};
    if (op->entry_point != VK_ENTRY_POINT_0_6) {
        reply_packed(in, op, VK_USEROP_TO_HASH, "hashForm", reply);
        reply_packed(in, op, VK_USEROP_TO_SEND, "sendForm", reply);
    }
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    vk_in_check(in, "userOp", vk_userop_hash(op, chain_id, entry_point, &hash));
    vk_reply_hash(reply, "userOpHash", &hash);
    reply_rpc(in, op, reply);
}

vk_status vk_batch_userop_hash(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_in_only(in, members);
    vk_address entry_point;
    vk_entry_point version = vk_in_entry_point(in, &entry_point);
    vk_userop op;
    vk_in_userop(in, "userOp", version, &op);
    if (vk_in_status(in) == VK_OK) {
        op.sdk = sdk;
        reply_op(in, &op, &entry_point, reply);
    }
    vk_userop_clear(&op);
    return vk_in_status(in);
}
