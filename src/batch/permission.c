/* Kind permission: what a permission installs, and its ids. */
#include "batch/in_policy.h"
#include "batch/kinds.h"

static const char *const members[] = {"flag", "signer", "policies", NULL};

static void put_signer(const vk_signer *signer, vk_reply *reply, const vk_in *in) {
    vk_buf data = {0};
    vk_in_check(in, "signer", vk_signer_data(signer, &data));
    vk_reply_address(reply, "signerContract", &signer->contract);
    vk_reply_hex(reply, "signerData", vk_buf_view(&data));
    vk_buf_clear(&data);
}

static void put_ids(const vk_policy *policy, const vk_signer *signer, vk_reply *reply,
                    const vk_in *in) {
    uint8_t id[4] = {0};
    vk_buf policy_id = {0}, signer_id = {0};
    vk_in_check(in, "policies", vk_policy_id(policy, &policy_id));
    vk_in_check(in, "signer", vk_permission_signer_id(signer, &signer_id));
    vk_in_check(in, NULL, vk_policy_permission_id(policy, signer, id));
    vk_reply_hex(reply, "policyId", vk_buf_view(&policy_id));
    vk_reply_hex(reply, "signerId", vk_buf_view(&signer_id));
    vk_reply_fixed(reply, "permissionId", id, sizeof id);
    vk_buf_clear(&policy_id);
    vk_buf_clear(&signer_id);
}

vk_status vk_batch_permission(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_in_only(in, members);
    const vk_policy *policy = vk_in_policies(in, "policies", "flag", sdk);
    vk_signer signer = vk_in_signer(in, "signer", NULL);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_buf enable_data = {0}, stub = {0};
    put_signer(&signer, reply, in);
    put_ids(policy, &signer, reply, in);
    vk_in_check(in, NULL, vk_policy_enable_data(policy, &signer, &enable_data));
    vk_in_check(in, NULL, vk_permission_stub(signer.kind, &stub));
    vk_reply_hex(reply, "enableData", vk_buf_view(&enable_data));
    vk_reply_hex(reply, "stubSignature", vk_buf_view(&stub));
    vk_reply_text(reply, "validatorType", "PERMISSION");
    vk_buf_clear(&enable_data);
    vk_buf_clear(&stub);
    return vk_in_status(in);
}
