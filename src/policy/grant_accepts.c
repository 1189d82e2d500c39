/* Signatures that were finished elsewhere: does the account take one for the grant's key? */
#include "policy/grant_form.h"
#include <valetkey/verify.h>

#include <string.h>

/* ---- Taking it apart ---- */

/* Where the session key's part must stand, if what is around it is the grant's own. */
static vk_status find_part(const vk_grant *grant, const vk_userop *op, vk_bytes *part,
                           vk_error *err) {
    vk_bytes whole = op->signature;
    vk_enable_parts parts;
    vk_error why = {0};
    if (grant->kind == VK_GRANT_PERMISSION && vk_grant_installs(grant, op)) {
        if (vk_enable_signature_read(whole, &parts, &why) != VK_OK) {
            return vk_fail(err, VK_ERR_SIGNATURE, "signature", "%s", why.message);
        }
        *part = parts.session_part;
        return VK_OK;
    }
    size_t around = vk_grant_attached_len(grant, op, 0);
    if (whole.len <= around) {
        return vk_fail(err, VK_ERR_SIGNATURE, "signature",
                       "the signature has %zu bytes, of which the key's part must be more than 0 "
                       "behind the first %zu",
                       whole.len, around);
    }
    *part = (vk_bytes){whole.data + around, whole.len - around};
    return VK_OK;
}

static vk_status fail_attach(vk_status status, vk_error *err) {
    return status == VK_ERR_UNSUPPORTED
               ? vk_fail(err, VK_ERR_SIGNATURE, "signature",
                         "the operation's nonce is of a mode for which the grant has no approval")
               : status;
}

vk_status vk_grant_detach(const vk_grant *grant, const vk_userop *op, vk_bytes *session_part,
                          vk_error *err) {
    vk_buf again = {0};
    vk_bytes part = {NULL, 0};
    vk_status status = find_part(grant, op, &part, err);
    if (status != VK_OK) {
        return status;
    }
    status = fail_attach(vk_grant_attach(grant, op, part, &again), err);
    if (status == VK_OK && !vk_bytes_equal(vk_buf_view(&again), op->signature)) {
        status = vk_fail(err, VK_ERR_SIGNATURE, "signature",
                         "what is around the key's part is not what the grant says: another "
                         "approval, or another mode");
    }
    vk_buf_clear(&again);
    *session_part = part;
    return status;
}

/* ---- Who made it ---- */

/* Where no contract is known to take more than the ordinary form, that one alone is good. */
static bool is_strict(const vk_grant *grant) {
    return grant->kind == VK_GRANT_THIRDWEB || grant->kernel < VK_KERNEL_0_3_0;
}

static vk_status refuse_unusual(unsigned unusual, vk_error *err) {
    vk_buf words = {0};
    vk_unusual_describe(unusual, &words);
    vk_status status = vk_fail(err, VK_ERR_SIGNATURE, "signature",
                               "this account does not take such a form of signature: %.*s",
                               (int)words.len, (const char *)words.data);
    vk_buf_clear(&words);
    return status;
}

vk_status vk_grant_accepts(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                           const vk_userop *op, unsigned *unusual, vk_error *err) {
    vk_hash hash;
    vk_bytes part;
    *unusual = 0;
    vk_status status = vk_grant_detach(grant, op, &part, err);
    if (status == VK_OK && grant->kind == VK_GRANT_PERMISSION) {
        status = vk_permission_signature_read(part, policy->count, &part, unusual, err);
    }
    if (status == VK_OK) {
        status = vk_userop_hash(op, grant->chain_id, &grant->entry_point, &hash);
    }
    if (status == VK_OK) {
        status = vk_signer_accepts(signer, &hash, part, unusual, err);
    }
    return status == VK_OK && *unusual != 0 && is_strict(grant) ? refuse_unusual(*unusual, err)
                                                                : status;
}
