#include "gate/denial.h"
#include "gate/internal.h"

#include <valetkey/webauthn.h>

#include <string.h>

#define PREFIX_LEN 1 /* 0xff */
#define ECDSA_LEN 65 /* r || s || v */

/* The grant that the operation is for, or the reason why it is for none of them. */
static vk_status choose(const vk_loaded *loaded, const vk_userop_request *request,
                        vk_loaded_grant **out, vk_error *err) {
    char field[32], reason[VK_REASON_MAX];
    const vk_loaded_grant *nearest = &loaded->grants[0];
    for (size_t i = 0; i < loaded->grant_count; i++) {
        vk_loaded_grant *candidate = &loaded->grants[i];
        if (vk_grant_match(&candidate->grant, request, field, reason) == VK_OK) {
            *out = candidate;
            return VK_OK;
        }
        if (vk_address_equal(&candidate->record.account, &request->op.sender)) {
            nearest = candidate;
        }
    }
    vk_status status = vk_grant_match(&nearest->grant, request, field, reason);
    return status == VK_DENIED ? vk_gate_deny(err, field, reason) : status;
}

static vk_status check_countable(const vk_loaded *loaded, vk_error *err) {
    if (loaded->policy.count == 0) {
        return vk_gate_deny(err, "policy",
                            "the key has no policy, so it signs nothing: the SO can give "
                            "it one with a valetkey-policy data object");
    }
    if (loaded->grant_count == 0) {
        return vk_gate_deny(err, "grant",
                            "the key has no grant: no account's owner has approved it yet "
                            "(see valetkey approve)");
    }
    return VK_OK;
}

vk_status vk_gate_signer_len(const vk_loaded *loaded, size_t *out) {
    vk_buf client_data = {0};
    vk_hash any = {{0}};
    *out = ECDSA_LEN;
    if (loaded->signer.kind != VK_SIGNER_WEBAUTHN) {
        return VK_OK;
    }
    vk_status status = vk_webauthn_client_data(&any, loaded->record.origin, &client_data);
    *out = vk_webauthn_encoded_len(vk_gate_device_auth_data_len(loaded), client_data.len);
    vk_buf_clear(&client_data);
    return status;
}

void vk_gate_request_measure(vk_gate_request *request, size_t signer_len) {
    const vk_grant *grant = &request->grant->grant;
    request->session_len = signer_len + (grant->kind == VK_GRANT_PERMISSION ? PREFIX_LEN : 0);
    request->full_len = vk_grant_attached_len(grant, &request->request.op, request->session_len);
}

static vk_status measure(const vk_loaded *loaded, vk_gate_request *out) {
    size_t signer_len;
    vk_status status = vk_gate_signer_len(loaded, &signer_len);
    if (status == VK_OK) {
        vk_gate_request_measure(out, signer_len);
    }
    return status;
}

/* As the operation itself says, else as the grant does. */
static vk_status hash_operation(const vk_loaded_grant *grant, vk_gate_request *out) {
    const vk_userop_request *request = &out->request;
    bool is_named = request->has_chain_id && request->has_entry_point;
    if (!is_named && grant == NULL) {
        return VK_OK;
    }
    uint64_t chain_id = request->has_chain_id ? request->chain_id : grant->grant.chain_id;
    const vk_address *entry_point =
        request->has_entry_point ? &request->entry_point : &grant->grant.entry_point;
    vk_status status = vk_userop_hash(&request->op, chain_id, entry_point, &out->hash);
    out->has_hash = status == VK_OK;
    return status;
}

static vk_status fail_hash(vk_error *err, vk_status status, const vk_grant *grant) {
    return vk_fail(err, status, "userOp",
                   "EntryPoint %s has no hash for this operation: a number is too large, or a "
                   "marker of EIP-7702 has no authorization",
                   vk_entry_point_text(grant->entry_point_version));
}

/* A bare operation is of the one account's EntryPoint. */
static vk_entry_point bare_version(const vk_loaded *loaded) {
    return loaded->grant_count == 1 ? loaded->grants[0].grant.entry_point_version
                                    : VK_ENTRY_POINT_0_7;
}

static vk_status find_grant(const vk_loaded *loaded, vk_gate_request *out, vk_error *err) {
    vk_status status = check_countable(loaded, err);
    if (status == VK_OK && !out->request.has_chain_id && loaded->grant_count > 1) {
        status = vk_fail(err, VK_ERR_FORMAT, "chainId",
                         "the key has %zu grants: say which one is meant with {\"chainId\":N,"
                         "\"entryPoint\":\"0x...\",\"userOp\":{...}}",
                         loaded->grant_count);
    }
    return status == VK_OK ? choose(loaded, &out->request, &out->grant, err) : status;
}

/* A refusal is of an operation with a hash, too, as far as that is known; and what has none is
 * found out before anything is spent. */
vk_status vk_gate_request_complete(const vk_loaded *loaded, vk_gate_request *out, vk_error *err) {
    const vk_loaded_grant *only = loaded->grant_count > 0 ? &loaded->grants[0] : NULL;
    vk_status status = find_grant(loaded, out, err);
    vk_status hashed = hash_operation(status == VK_OK ? out->grant : only, out);
    if (status != VK_OK) {
        return status;
    }
    const vk_grant *grant = &out->grant->grant;
    if (hashed != VK_OK) {
        return fail_hash(err, hashed, grant);
    }
    out->uses_approval =
        grant->kind == VK_GRANT_PERMISSION && vk_grant_installs(grant, &out->request.op);
    return measure(loaded, out);
}

vk_status vk_gate_request_read(const vk_loaded *loaded, vk_bytes payload, vk_gate_request *out,
                               vk_error *err) {
    *out = (vk_gate_request){0};
    vk_status status = vk_userop_read_request(payload, bare_version(loaded), &out->request, err);
    if (status == VK_ERR_UNSUPPORTED) {
        /* Not malformed, but for another EntryPoint: that is a decision, and err names it. */
        return VK_DENIED;
    }
    if (status != VK_OK) {
        return status;
    }
    status = vk_gate_request_complete(loaded, out, err);
    if (status != VK_OK) {
        vk_gate_request_clear(out);
    }
    return status;
}

void vk_gate_request_clear(vk_gate_request *request) {
    vk_userop_clear(&request->request.op);
}
