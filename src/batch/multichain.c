/* Kind multichain: one signature of a merkle root for the operations of several chains. */
#include "batch/in_owner.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"kernelVersion", "entryPoint",  "entryPointVersion",
                                      "validator",     "userOps",     "ownerPrivateKey",
                                      "ownerAddress",  "firstUserOp", NULL};
static const char *const op_members[] = {"chainId", "userOp", "userOpHash", NULL};
static const vk_owner_names names = {.validator = "validator",
                                     .secret = "ownerPrivateKey",
                                     .address = "ownerAddress",
                                     .assumed = "multichain"};

typedef struct request {
    vk_entry_point version;
    vk_address entry_point;
    size_t count;
    vk_hash *hashes;
    bool has_stub_hash; /* the first operation is there, not only its hash */
    vk_hash stub_hash;
} request;

/* The hash that the stub has in place of the operation's: gas limits are not known yet. */
static vk_status hash_for_stub(vk_userop *op, uint64_t chain_id, const vk_address *entry_point,
                               vk_hash *out) {
    op->call_gas_limit = op->verification_gas_limit = op->pre_verification_gas =
        vk_u256_from_u64(0);
    return vk_userop_hash(op, chain_id, entry_point, out);
}

static void read_stub_hash(const vk_in *in, const char *name, vk_userop *op, uint64_t chain_id,
                           request *out) {
    vk_in_check(in, name, hash_for_stub(op, chain_id, &out->entry_point, &out->stub_hash));
    out->has_stub_hash = true;
}

static void read_op(const vk_in *list, size_t i, request *out) {
    vk_in element = vk_in_element(list, i);
    vk_in_only(&element, op_members);
    uint64_t chain_id = vk_in_u64(&element, "chainId", UINT64_MAX);
    if (!vk_in_has(&element, "userOp")) {
        out->hashes[i] = vk_in_hash(&element, "userOpHash");
        return;
    }
    vk_userop op;
    vk_hash hash = {{0}};
    vk_in_userop(&element, "userOp", out->version, &op);
    if (vk_in_status(list) == VK_OK) {
        vk_in_check(&element, "userOp", vk_userop_hash(&op, chain_id, &out->entry_point, &hash));
        vk_in_same_bytes(&element, "userOpHash", (vk_bytes){hash.b, sizeof hash.b});
    }
    if (vk_in_status(list) == VK_OK && i == 0) {
        read_stub_hash(&element, "userOp", &op, chain_id, out);
    }
    out->hashes[i] = hash;
    vk_userop_clear(&op);
}

/* The first operation, where "userOps" has hashes only. */
static void read_first(const vk_in *in, request *out) {
    vk_userop op;
    vk_hash hash = {{0}};
    uint64_t chain_id = 0;
    vk_in_chain_userop(in, "firstUserOp", out->version, &chain_id, &op);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, "firstUserOp", vk_userop_hash(&op, chain_id, &out->entry_point, &hash));
    }
    if (vk_in_status(in) == VK_OK && memcmp(&hash, &out->hashes[0], sizeof hash) != 0) {
        vk_in_fail(in, "firstUserOp", VK_ERR_MISMATCH,
                   "\"firstUserOp\" has another hash than the first of \"userOps\"");
    }
    if (vk_in_status(in) == VK_OK) {
        read_stub_hash(in, "firstUserOp", &op, chain_id, out);
    }
    vk_userop_clear(&op);
}

static void read_ops(const vk_in *in, request *out) {
    vk_in list = vk_in_list(in, "userOps", &out->count);
    if (out->count == 0) {
        vk_in_fail(in, "userOps", VK_ERR_SIZE, "\"userOps\" is empty");
    }
    out->hashes = vk_in_alloc(in, out->count * sizeof *out->hashes);
    for (size_t i = 0; vk_in_status(in) == VK_OK && i < out->count; i++) {
        read_op(&list, i, out);
    }
    if (vk_in_status(in) == VK_OK && vk_in_has(in, "firstUserOp")) {
        read_first(in, out);
    }
}

static vk_status reply_signatures(const vk_owner *owner, const vk_merkle *tree, vk_reply *reply) {
    uint8_t signature65[65];
    vk_status status = vk_merkle_sign(owner->secret32, tree, signature65);
    vk_reply_hash(reply, "merkleRoot", &tree->root);
    vk_reply_array(reply, "signatures");
    for (size_t i = 0; status == VK_OK && i < tree->leaf_count; i++) {
        vk_buf signature = {0};
        status = vk_multichain_signature(signature65, tree, i, &signature);
        vk_reply_hex(reply, NULL, vk_buf_view(&signature));
        vk_buf_clear(&signature);
    }
    vk_reply_array_end(reply);
    return status;
}

static vk_status reply_stub(const request *from, vk_reply *reply) {
    vk_buf stub = {0};
    vk_status status = vk_multichain_stub(&from->stub_hash, from->count, &stub);
    vk_reply_hex(reply, "stubSignature", vk_buf_view(&stub));
    vk_buf_clear(&stub);
    return status;
}

vk_status vk_batch_multichain(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    request from = {0};
    vk_merkle tree = {0};
    vk_in_only(in, members);
    vk_kernel_version kernel = vk_in_kernel(in, "kernelVersion");
    from.version = vk_in_entry_point_of(in, kernel, &from.entry_point);
    vk_owner owner = vk_in_owner(in, &names, kernel);
    vk_in_owner_needs_secret(in, &owner);
    if (owner.root.kind != VK_ROOT_MULTI_CHAIN) {
        vk_in_fail(in, "validator", VK_ERR_UNSUPPORTED,
                   "only the multi-chain validator takes merkle signatures");
    }
    read_ops(in, &from);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_in_check(in, "userOps", vk_merkle_build(from.hashes, from.count, &tree));
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, reply_signatures(&owner, &tree, reply));
    }
    vk_merkle_clear(&tree);
    if (from.has_stub_hash) {
        vk_in_check(in, NULL, reply_stub(&from, reply));
    }
    return vk_in_status(in);
}
