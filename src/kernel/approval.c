/* Does the account's root validator accept the owner's approval? */
#include <valetkey/multichain.h>
#include <valetkey/permission.h>
#include <valetkey/webauthn.h>

#define SIGNATURE_LEN 65

static vk_status check(const vk_root *root, const vk_hash *digest, vk_bytes signature,
                       vk_error *err) {
    switch (root->kind) {
    case VK_ROOT_ECDSA:
        if (signature.len != SIGNATURE_LEN) {
            return vk_fail(err, VK_ERR_SIGNATURE, NULL,
                           "these %zu bytes are not the 65 of an ECDSA owner's signature",
                           signature.len);
        }
        return vk_multichain_verify(&root->owner, digest, signature, err);
    case VK_ROOT_MULTI_CHAIN:
        return vk_multichain_verify(&root->owner, digest, signature, err);
    case VK_ROOT_PASSKEY:
        return vk_webauthn_verify(signature, digest, root->point65, err);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                   "the account's root validator is unknown, so its approval "
                   "cannot be verified");
}

vk_status vk_enable_verify(const vk_root *root, const vk_hash *digest, vk_bytes signature,
                           vk_error *err) {
    vk_error reason = {.status = VK_OK};
    vk_status status = check(root, digest, signature, &reason);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "enableSignature", "%s", reason.message);
}
