/* Grants at work: is an operation for one, and the signature field around the session's part. */
#include "kernel/version.h"

#include <valetkey/grant.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void vk_grant_enable(const vk_grant *grant, vk_enable *out) {
    *out = (vk_enable){.kernel = grant->kernel,
                       .chain_id = grant->chain_id,
                       .account = grant->account.account,
                       .nonce = grant->enable_nonce,
                       .hook = grant->hook,
                       .enable_data = vk_buf_view(&grant->enable_data),
                       .action_target = grant->account.action_target};
    memcpy(out->permission_id, grant->account.permission_id, sizeof out->permission_id);
    memcpy(out->selector, grant->account.selector, sizeof out->selector);
}

static vk_status mismatch(char field[32], char reason[VK_REASON_MAX], const char *name,
                          const char *given, const char *granted) {
    snprintf(field, 32, "%s", name);
    snprintf(reason, VK_REASON_MAX, "%s is %s, but the grant is for %s", name, given, granted);
    return VK_DENIED;
}

static vk_status match_address(const vk_address *given, const vk_address *granted, const char *name,
                               char field[32], char reason[VK_REASON_MAX]) {
    if (vk_address_equal(given, granted)) {
        return VK_OK;
    }
    char given_text[43], granted_text[43];
    vk_address_text(given, given_text);
    vk_address_text(granted, granted_text);
    return mismatch(field, reason, name, given_text, granted_text);
}

static vk_status match_chain(const vk_grant *grant, const vk_userop_request *request,
                             char field[32], char reason[VK_REASON_MAX]) {
    if (!request->has_chain_id || request->chain_id == grant->chain_id) {
        return VK_OK;
    }
    char given[24], granted[24];
    snprintf(given, sizeof given, "%" PRIu64, request->chain_id);
    snprintf(granted, sizeof granted, "%" PRIu64, grant->chain_id);
    return mismatch(field, reason, "chainId", given, granted);
}

static vk_status match_nonce(const vk_grant *grant, const vk_u256 *value, char field[32],
                             char reason[VK_REASON_MAX]) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(value);
    const uint8_t *given = nonce.permission_id, *granted = grant->account.permission_id;
    snprintf(field, 32, "nonce");
    if (nonce.mode > VK_NONCE_ENABLE) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce has mode %02x, but only 00 (default) and 01 (enable) are known",
                 nonce.mode);
        return VK_DENIED;
    }
    if (nonce.type != VK_NONCE_PERMISSION) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce has validation type %02x, but the grant is for a permission (02)",
                 nonce.type);
        return VK_DENIED;
    }
    if (memcmp(given, granted, 4) != 0) {
        snprintf(reason, VK_REASON_MAX,
                 "the nonce names permission 0x%02x%02x%02x%02x, but the grant is for "
                 "0x%02x%02x%02x%02x",
                 given[0], given[1], given[2], given[3], granted[0], granted[1], granted[2],
                 granted[3]);
        return VK_DENIED;
    }
    return VK_OK;
}

vk_status vk_grant_match(const vk_grant *grant, const vk_userop_request *request, char field[32],
                         char reason[VK_REASON_MAX]) {
    vk_status status = match_chain(grant, request, field, reason);
    if (status == VK_OK && request->has_entry_point) {
        status =
            match_address(&request->entry_point, &grant->entry_point, "entryPoint", field, reason);
    }
    if (status == VK_OK) {
        status =
            match_address(&request->op.sender, &grant->account.account, "sender", field, reason);
    }
    return status == VK_OK ? match_nonce(grant, &request->op.nonce, field, reason) : status;
}

size_t vk_grant_guards(const vk_grant *grant, const vk_signer *signer,
                       vk_address out[VK_GRANT_GUARDS_MAX]) {
    static const vk_root_kind kinds[] = {VK_ROOT_ECDSA, VK_ROOT_MULTI_CHAIN, VK_ROOT_PASSKEY};
    size_t count = 0;
    out[count++] = signer->contract;
    out[count++] = grant->entry_point;
    if (!vk_address_is_zero(&grant->root.validator)) {
        out[count++] = grant->root.validator;
        return count;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        out[count++] = vk_root_validator(kinds[i]);
    }
    return count;
}

vk_status vk_grant_attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                          vk_buf *out) {
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(&op->nonce);
    if (nonce.mode == VK_NONCE_DEFAULT) {
        vk_buf_put(out, session_part.data, session_part.len);
        return vk_buf_status(out);
    }
    if (nonce.mode != VK_NONCE_ENABLE || grant->account.pre_installed) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_enable enable;
    vk_grant_enable(grant, &enable);
    return vk_enable_signature(&enable, vk_buf_view(&grant->account.enable_signature), session_part,
                               out);
}
