/* Kind policy_data: what the contract of one policy is installed with. */
#include "batch/in_policy.h"
#include "batch/kinds.h"

vk_status vk_batch_policy_data(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    const vk_rule *rule = vk_in_rule(in, sdk);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_buf info = {0}, data = {0};
    vk_rule_put_info(rule, &info);
    vk_in_check(in, NULL, vk_rule_encode(rule, &data));
    vk_reply_hex(reply, "policyInfo", vk_buf_view(&info));
    vk_reply_hex(reply, "policyData", vk_buf_view(&data));
    vk_in_check(in, NULL, vk_buf_status(&info));
    vk_buf_clear(&info);
    vk_buf_clear(&data);
    return vk_in_status(in);
}
