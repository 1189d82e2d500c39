#include "batch/in_session.h"

#include "batch/in_account.h"
#include "batch/in_webauthn.h"

#include <string.h>

/* ---- The permission ---- */

vk_session vk_session_of(const vk_in *in, const vk_policy *policy, const vk_signer *signer) {
    vk_session out = {.policy = policy, .signer = *signer};
    vk_buf data = {0};
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_policy_enable_data(policy, signer, &data));
        vk_in_check(in, NULL, vk_policy_permission_id(policy, signer, out.permission_id));
        out.enable_data = vk_in_keep(in, vk_buf_view(&data));
    }
    vk_buf_clear(&data);
    return out;
}

vk_session vk_in_session(const vk_in *in, bool sdk) {
    const uint8_t *secret32 = NULL;
    const vk_policy *policy = vk_in_policies(in, "policies", "flag", sdk);
    vk_signer signer = vk_in_signer(in, "signer", &secret32);
    vk_session out = vk_session_of(in, policy, &signer);
    out.secret32 = secret32;
    return out;
}

vk_kernel_version vk_in_kernel_with_permissions(const vk_in *in) {
    vk_kernel_version kernel = vk_in_kernel(in, "kernelVersion");
    if (vk_in_status(in) == VK_OK && !vk_kernel_has_permissions(kernel)) {
        vk_in_fail(in, "kernelVersion", VK_ERR_UNSUPPORTED,
                   "Kernel %s has no permissions: they came with 0.3.0", vk_kernel_text(kernel));
    }
    return kernel;
}

/* ---- What is approved ---- */

/* It never reaches the chain, so it is only checked. */
static void check_action_hook(const vk_in *action) {
    static const char *const members[] = {"address", NULL};
    if (!vk_in_has(action, "hook")) {
        return;
    }
    if (cJSON_IsString(vk_json_get(action->value, "hook"))) {
        (void)vk_in_address(action, "hook");
        return;
    }
    vk_in hook = vk_in_object(action, "hook");
    vk_in_only(&hook, members);
    (void)vk_in_address(&hook, "address");
}

vk_in_action_data vk_in_action(const vk_in *in) {
    static const char *const members[] = {"selector", "address", "hook", NULL};
    vk_in_action_data out = {.target = {{0}}};
    memcpy(out.selector, vk_kernel_execute_selector, sizeof out.selector);
    if (!vk_in_has(in, "action")) {
        return out;
    }
    vk_in action = vk_in_object(in, "action");
    vk_in_only(&action, members);
    vk_in_fixed(&action, "selector", out.selector, sizeof out.selector);
    out.target = vk_in_address_or_zero(&action, "address");
    check_action_hook(&action);
    return out;
}

static uint32_t read_nonce(const vk_in *in) {
    uint64_t nonce = vk_in_u64_or(in, "accountCurrentNonce", UINT32_MAX, 1);
    return nonce == 0 ? 1 : (uint32_t)nonce;
}

vk_enable vk_in_enable(const vk_in *in, const vk_session *session, vk_kernel_version kernel,
                       const vk_address *account, uint64_t chain_id) {
    vk_in_action_data action = vk_in_action(in);
    vk_enable out = {.kernel = kernel,
                     .chain_id = chain_id,
                     .account = *account,
                     .nonce = read_nonce(in),
                     .enable_data = session->enable_data,
                     .action_target = action.target};
    memcpy(out.permission_id, session->permission_id, sizeof out.permission_id);
    memcpy(out.selector, action.selector, sizeof out.selector);
    out.action_hook = vk_enable_action_hook(kernel, action.selector, &action.target);
    vk_in_hook(in, &out.hook, &out.hook_data);
    return out;
}

/* ---- The approval ---- */

const vk_owner_names vk_session_owner = {.kind = "sudo",
                                         .validator = "sudoValidator",
                                         .secret = "ownerPrivateKey",
                                         .address = "ownerAddress",
                                         .passkey = "ownerPasskey"};

bool vk_in_has_approval(const vk_in *in, const vk_owner *owner) {
    return vk_in_has(in, "enableSignature") || owner->secret32 != NULL ||
           vk_in_has(in, "ownerAssertion");
}

static vk_bytes make_approval(const vk_in *in, const vk_owner *owner, const vk_hash *digest,
                              uint64_t chain_id, bool sdk) {
    vk_owner_task task = {.digest = *digest,
                          .challenge = *digest,
                          .assertion = "ownerAssertion",
                          .chain_id = chain_id,
                          .sdk = sdk};
    return vk_in_owner_signature(in, owner, &task);
}

/* What is verified is the right encoding of an assertion, also where the SDK's is asked for. */
vk_bytes vk_in_approval(const vk_in *in, const vk_owner *owner, const vk_hash *digest,
                        uint64_t chain_id, bool sdk) {
    bool given = vk_in_has(in, "enableSignature");
    vk_error err = {.status = VK_OK};
    vk_bytes approval = given ? vk_in_bytes(in, "enableSignature")
                              : make_approval(in, owner, digest, chain_id, sdk);
    bool check = given || !sdk; /* the SDK encodes what a passkey answered, good or not */
    if (check && vk_in_status(in) == VK_OK) {
        vk_status status = vk_enable_verify(&owner->root, digest, approval, &err);
        if (status != VK_OK) {
            vk_in_fail(in, given ? "enableSignature" : NULL, status, "%s", err.message);
        }
    }
    return approval;
}
