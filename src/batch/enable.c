/*
 * Kind enable: the owner's approval of a permission, and the finished signature of an operation
 * under it.
 *
 * What the request has no keys or assertions for yet is left out of the answer: without the owner's
 * part, all from "enableSignature" on but the hash; without the session key's, "userOpSignature"
 * and "signature". So a wallet or an authenticator gets its digest from a first request.
 */
#include "batch/in_session.h"
#include "batch/in_webauthn.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"kernelVersion",
                                      "chainId",
                                      "entryPoint",
                                      "entryPointVersion",
                                      "account",
                                      "sudo",
                                      "sudoValidator",
                                      "ownerPrivateKey",
                                      "ownerAddress",
                                      "ownerPasskey",
                                      "ownerAssertion",
                                      "signer",
                                      "sessionAssertion",
                                      "policies",
                                      "flag",
                                      "action",
                                      "hook",
                                      "accountCurrentNonce",
                                      "userOp",
                                      "installed",
                                      "enableSignature",
                                      NULL};

typedef struct request {
    vk_session session;
    vk_enable enable;
    bool installed;
    bool sdk;
    vk_userop op;
    vk_hash op_hash;
    vk_bytes session_part; /* empty: it cannot be made yet */
    vk_buf stub;           /* owned: the session part for gas estimation */
} request;

/* ---- Reading ---- */

/* The lane of the permission, with the custom key of the operation's own nonce. */
static vk_kernel_nonce lane_of(const request *from) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&from->op.nonce);
    vk_kernel_nonce lane = {.mode = from->installed ? VK_NONCE_DEFAULT : VK_NONCE_ENABLE,
                            .type = VK_NONCE_PERMISSION,
                            .custom = nonce.custom};
    memcpy(lane.identifier, from->session.permission_id, sizeof from->session.permission_id);
    return lane;
}

static void check_op(const vk_in *in, const request *from) {
    vk_in op = vk_in_object(in, "userOp");
    if (!vk_address_equal(&from->op.sender, &from->enable.account)) {
        vk_in_fail(&op, "sender", VK_ERR_MISMATCH, "the operation's sender is not \"account\"");
    }
    vk_kernel_nonce lane = lane_of(from);
    lane.sequence = vk_u256_low64(&from->op.nonce);
    vk_u256 nonce = vk_kernel_nonce_encode(&lane);
    if (vk_u256_cmp(&nonce, &from->op.nonce) != 0) {
        const uint8_t *id = from->session.permission_id;
        vk_in_fail(&op, "nonce", VK_ERR_MISMATCH,
                   "the nonce is not in %s mode for the permission 0x%02x%02x%02x%02x",
                   from->installed ? "default" : "enable", id[0], id[1], id[2], id[3]);
    }
}

static void read_op(const vk_in *in, vk_kernel_version kernel, request *out) {
    vk_address entry_point;
    vk_entry_point version = vk_in_entry_point_of(in, kernel, &entry_point);
    vk_in_userop(in, "userOp", version, &out->op);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    check_op(in, out);
    vk_in_check(in, "userOp",
                vk_userop_hash(&out->op, out->enable.chain_id, &entry_point, &out->op_hash));
}

/* The answer of a session's passkey. The SDK encodes it, good or not. */
static vk_bytes read_assertion(const vk_in *in, const request *from) {
    const vk_signer *signer = &from->session.signer;
    uint64_t chain_id = from->enable.chain_id;
    uint8_t point65[65] = {0x04};
    vk_error err = {.status = VK_OK};
    memcpy(point65 + 1, signer->x, sizeof signer->x);
    memcpy(point65 + 33, signer->y, sizeof signer->y);
    vk_bytes encoded = vk_in_assertion(in, "sessionAssertion", &from->op_hash, chain_id, from->sdk);
    if (!from->sdk && vk_in_status(in) == VK_OK &&
        vk_webauthn_verify(encoded, &from->op_hash, point65, &err) != VK_OK) {
        vk_in_fail(in, "sessionAssertion", err.status, "%s", err.message);
    }
    return encoded;
}

static vk_bytes sign(const vk_in *in, const request *from) {
    uint8_t signature65[65];
    vk_in_check(in, "signer", vk_userop_sign(from->session.secret32, &from->op_hash, signature65));
    return vk_in_keep(in, (vk_bytes){signature65, sizeof signature65});
}

static void read_session_part(const vk_in *in, request *out) {
    vk_bytes signer_part = {NULL, 0};
    vk_buf part = {0};
    if (vk_in_has(in, "sessionAssertion")) {
        signer_part = read_assertion(in, out);
    } else if (out->session.secret32 != NULL) {
        signer_part = sign(in, out);
    }
    if (signer_part.len > 0) {
        vk_permission_signature(signer_part, &part);
        out->session_part = vk_in_keep(in, vk_buf_view(&part));
    }
    vk_buf_clear(&part);
}

static void read_request(const vk_in *in, bool sdk, request *out) {
    vk_in_only(in, members);
    vk_kernel_version kernel = vk_in_kernel_with_permissions(in);
    vk_address account = vk_in_address(in, "account");
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    out->sdk = sdk;
    out->installed = vk_in_bool(in, "installed", false);
    out->session = vk_in_session(in, sdk);
    out->enable = vk_in_enable(in, &out->session, kernel, &account, chain_id);
    if (vk_in_status(in) == VK_OK) {
        read_op(in, kernel, out);
    }
    if (vk_in_status(in) == VK_OK) {
        read_session_part(in, out);
        vk_in_check(in, "signer", vk_permission_stub(out->session.signer.kind, &out->stub));
    }
}

/* ---- Answering ---- */

static void put_ids(const request *from, vk_reply *reply) {
    vk_kernel_nonce lane = lane_of(from);
    vk_u256 whole = vk_kernel_nonce_encode(&lane);
    vk_u256 key = vk_u256_from_be(whole.be, 24);
    vk_reply_fixed(reply, "permissionId", from->session.permission_id,
                   sizeof from->session.permission_id);
    vk_reply_decimal(reply, "nonceKey", &key);
}

static void put_domain(const vk_enable *enable, vk_reply *reply) {
    vk_u256 chain_id = vk_u256_from_u64(enable->chain_id);
    vk_reply_object(reply, "domain");
    vk_reply_text(reply, "name", "Kernel");
    vk_reply_text(reply, "version", vk_kernel_domain_version(enable->kernel));
    vk_reply_decimal(reply, "chainId", &chain_id);
    vk_reply_address(reply, "verifyingContract", &enable->account);
    vk_reply_object_end(reply);
}

/* A number, or decimal text where a signed 32-bit reader would lose it. */
static void put_nonce(uint32_t nonce, vk_reply *reply) {
    vk_u256 number = vk_u256_from_u64(nonce);
    if (nonce <= INT32_MAX) {
        vk_reply_number(reply, "nonce", nonce);
    } else {
        vk_reply_decimal(reply, "nonce", &number);
    }
}

static void put_message(const vk_enable *enable, vk_reply *reply) {
    uint8_t id21[21], selector_data[VK_SELECTOR_DATA_LEN];
    vk_permission_validation_id(enable->permission_id, id21);
    vk_enable_selector_data(enable, selector_data);
    vk_reply_object(reply, "message");
    vk_reply_fixed(reply, "validationId", id21, sizeof id21);
    put_nonce(enable->nonce, reply);
    vk_reply_address(reply, "hook", &enable->hook);
    vk_reply_hex(reply, "validatorData", enable->enable_data);
    vk_reply_hex(reply, "hookData", enable->hook_data);
    vk_reply_fixed(reply, "selectorData", selector_data, sizeof selector_data);
    vk_reply_object_end(reply);
}

static void put_enable(const vk_enable *enable, const vk_enable_hashes *hashes, vk_reply *reply) {
    vk_reply_object(reply, "action");
    vk_reply_fixed(reply, "selector", enable->selector, sizeof enable->selector);
    vk_reply_address(reply, "address", &enable->action_target);
    vk_reply_address(reply, "hook", &enable->action_hook);
    vk_reply_object_end(reply);
    vk_reply_hex(reply, "enableData", enable->enable_data);
    vk_reply_object(reply, "enable");
    put_domain(enable, reply);
    put_message(enable, reply);
    vk_reply_hash(reply, "domainSeparator", &hashes->domain_separator);
    vk_reply_hash(reply, "structHash", &hashes->struct_hash);
    vk_reply_hash(reply, "digest", &hashes->digest);
    vk_reply_object_end(reply);
}

static void put_enable_signature(const vk_in *in, const char *name, const request *from,
                                 vk_bytes approval, vk_bytes session_part, vk_reply *reply) {
    vk_buf signature = {0};
    vk_in_check(in, NULL, vk_enable_signature(&from->enable, approval, session_part, &signature));
    vk_reply_hex(reply, name, vk_buf_view(&signature));
    vk_buf_clear(&signature);
}

static void answer_enable(const vk_in *in, const request *from, vk_reply *reply) {
    vk_enable_hashes hashes = {0};
    vk_bytes approval = {NULL, 0};
    vk_owner owner = vk_in_owner(in, &vk_session_owner, from->enable.kernel);
    vk_in_check(in, NULL, vk_enable_hash(&from->enable, &hashes));
    bool approved = vk_in_has_approval(in, &owner);
    if (approved) {
        approval = vk_in_approval(in, &owner, &hashes.digest, from->enable.chain_id, from->sdk);
    }
    put_enable(&from->enable, &hashes, reply);
    if (approved) {
        vk_reply_hex(reply, "enableSignature", approval);
    }
    vk_reply_hash(reply, "userOpHash", &from->op_hash);
    if (from->session_part.len > 0) {
        vk_reply_hex(reply, "userOpSignature", from->session_part);
    }
    if (approved && from->session_part.len > 0) {
        put_enable_signature(in, "signature", from, approval, from->session_part, reply);
    }
    if (approved) {
        put_enable_signature(in, "stubSignature", from, approval, vk_buf_view(&from->stub), reply);
    }
}

static void answer_installed(const request *from, vk_reply *reply) {
    vk_reply_hash(reply, "userOpHash", &from->op_hash);
    if (from->session_part.len > 0) {
        vk_reply_hex(reply, "signature", from->session_part);
    }
    vk_reply_hex(reply, "stubSignature", vk_buf_view(&from->stub));
}

vk_status vk_batch_enable(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    request from = {.sdk = sdk};
    read_request(in, sdk, &from);
    if (vk_in_status(in) == VK_OK) {
        put_ids(&from, reply);
        if (from.installed) {
            answer_installed(&from, reply);
        } else {
            answer_enable(in, &from, reply);
        }
    }
    vk_userop_clear(&from.op);
    vk_buf_clear(&from.stub);
    return vk_in_status(in);
}
