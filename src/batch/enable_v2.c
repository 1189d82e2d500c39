/* Kind enable_v2: an operation of a Kernel 0.2.x account, signed by its owner or by a plug-in. */
#include "batch/in_owner.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"kernelVersion",
                                      "chainId",
                                      "account",
                                      "entryPoint",
                                      "entryPointVersion",
                                      "mode",
                                      "sudoValidator",
                                      "ownerPrivateKey",
                                      "ownerAddress",
                                      "ownerPasskey",
                                      "ownerAssertion",
                                      "regularValidator",
                                      "regularPrivateKey",
                                      "regularAddress",
                                      "regularPasskey",
                                      "regularAssertion",
                                      "regularEnableData",
                                      "validAfter",
                                      "validUntil",
                                      "action",
                                      "userOp",
                                      "userOpHash",
                                      NULL};
static const vk_owner_names sudo_names = {.validator = "sudoValidator",
                                          .secret = "ownerPrivateKey",
                                          .address = "ownerAddress",
                                          .passkey = "ownerPasskey"};
static const vk_owner_names regular_names = {.validator = "regularValidator",
                                             .secret = "regularPrivateKey",
                                             .address = "regularAddress",
                                             .passkey = "regularPasskey"};

typedef struct request {
    vk_v2_mode mode;
    vk_enable_v2 enable;
    vk_userop op; /* owned */
    vk_hash hash;
    vk_owner sudo, regular;
    bool sdk;
} request;

static vk_v2_mode read_mode(const vk_in *in) {
    const char *mode = vk_in_text(in, "mode");
    if (strcmp(mode, "enable") == 0) {
        return VK_V2_ENABLE;
    }
    if (strcmp(mode, "plugin") == 0) {
        return VK_V2_PLUGIN;
    }
    if (strcmp(mode, "sudo") != 0) {
        vk_in_fail(in, "mode", VK_ERR_FORMAT,
                   "\"mode\" must be \"sudo\", \"enable\" or \"plugin\"");
    }
    return VK_V2_ROOT;
}

static vk_kernel_version read_kernel(const vk_in *in) {
    vk_kernel_version kernel = vk_in_kernel(in, "kernelVersion");
    if (kernel < VK_KERNEL_0_2_2 || kernel > VK_KERNEL_0_2_4) {
        vk_in_fail(in, "kernelVersion", VK_ERR_UNSUPPORTED,
                   "Kernel %s has no modes in its signatures: 0.2.2, 0.2.3 and 0.2.4 have",
                   vk_kernel_text(kernel));
    }
    return kernel;
}

static void read_op(const vk_in *in, request *out) {
    vk_address entry_point;
    vk_entry_point version = vk_in_entry_point_of(in, out->enable.kernel, &entry_point);
    vk_in_userop(in, "userOp", version, &out->op);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, "userOp",
                    vk_userop_hash(&out->op, out->enable.chain_id, &entry_point, &out->hash));
    }
    vk_in_same_bytes(in, "userOpHash", (vk_bytes){out->hash.b, sizeof out->hash.b});
}

static void read_action(const vk_in *in, vk_enable_v2 *out) {
    static const char *const action_members[] = {"selector", "address", NULL};
    static const uint8_t execute[4] = {0x51, 0x94, 0x54, 0x47};
    memcpy(out->selector, execute, sizeof out->selector);
    if (!vk_in_has(in, "action")) {
        return;
    }
    vk_in action = vk_in_object(in, "action");
    vk_in_only(&action, action_members);
    vk_in_fixed(&action, "selector", out->selector, sizeof out->selector);
    out->executor = vk_in_address_or_zero(&action, "address");
}

static void read_regular(const vk_in *in, request *out) {
    vk_buf data = {0};
    out->regular = vk_in_owner(in, &regular_names, out->enable.kernel);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_root_enable_data(&out->regular.root, &data));
    }
    vk_in_same_bytes(in, "regularEnableData", vk_buf_view(&data));
    out->enable.enable_data = vk_in_keep(in, vk_buf_view(&data));
    out->enable.validator = out->regular.root.validator;
    vk_buf_clear(&data);
}

static void read_request(const vk_in *in, request *out) {
    vk_in_only(in, members);
    out->mode = read_mode(in);
    out->enable.kernel = read_kernel(in);
    out->enable.chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    out->enable.valid_after = vk_in_u64_or(in, "validAfter", UINT64_MAX, 0);
    out->enable.valid_until = vk_in_u64_or(in, "validUntil", UINT64_MAX, 0);
    out->enable.sdk = out->sdk;
    read_op(in, out);
    out->enable.account = out->op.sender;
    vk_in_same_address(in, "account", &out->op.sender);
    read_action(in, &out->enable);
    if (out->mode != VK_V2_PLUGIN || vk_in_has(in, "sudoValidator")) {
        out->sudo = vk_in_owner(in, &sudo_names, out->enable.kernel);
    }
    if (out->mode != VK_V2_ROOT) {
        read_regular(in, out);
    }
}

/* What the owner signs: the digest itself, as typed data is signed. */
static vk_bytes approve(const vk_in *in, const request *from) {
    vk_hash digest = {{0}};
    vk_error err = {.status = VK_OK};
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL, vk_enable_v2_digest(&from->enable, &digest, &err), &err);
    }
    vk_owner_task task = {.digest = digest,
                          .challenge = digest,
                          .assertion = "ownerAssertion",
                          .chain_id = from->enable.chain_id,
                          .sdk = from->sdk};
    return vk_in_owner_signature(in, &from->sudo, &task);
}

static vk_bytes sign(const vk_in *in, const request *from) {
    bool root = from->mode == VK_V2_ROOT;
    return vk_in_owner_userop_signature(in, root ? &from->sudo : &from->regular, &from->hash,
                                        root ? "ownerAssertion" : "regularAssertion",
                                        from->enable.chain_id, from->sdk);
}

/* The whole signature around the validator's. */
static void reply_signature(const vk_in *in, const request *from, const char *name,
                            vk_bytes approval, vk_bytes signature, vk_reply *reply) {
    vk_buf whole = {0};
    vk_error err = {.status = VK_OK};
    if (vk_in_status(in) == VK_OK) {
        vk_status status =
            from->mode == VK_V2_ENABLE
                ? vk_enable_v2_signature(&from->enable, approval, signature, &whole, &err)
                : vk_v2_signature(from->mode, signature, &whole);
        vk_in_check_error(in, NULL, status, &err);
    }
    vk_reply_hex(reply, name, vk_buf_view(&whole));
    vk_buf_clear(&whole);
}

static void reply_signatures(const vk_in *in, const request *from, vk_reply *reply) {
    vk_bytes approval = {NULL, 0};
    vk_buf stub = {0};
    const vk_owner *signer = from->mode == VK_V2_ROOT ? &from->sudo : &from->regular;
    if (from->mode == VK_V2_ENABLE) {
        approval = approve(in, from);
        vk_reply_hex(reply, "enableSignature", approval);
    }
    reply_signature(in, from, "signature", approval, sign(in, from), reply);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_root_stub(signer->root.kind, &stub));
    }
    reply_signature(in, from, "stubSignature", approval, vk_buf_view(&stub), reply);
    vk_buf_clear(&stub);
}

vk_status vk_batch_enable_v2(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    request from = {.sdk = sdk};
    read_request(in, &from);
    vk_reply_hash(reply, "userOpHash", &from.hash);
    reply_signatures(in, &from, reply);
    vk_userop_clear(&from.op);
    return vk_in_status(in);
}
