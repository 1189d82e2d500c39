/* Kind factory_data: what deploys an account. */
#include "batch/in_account.h"
#include "batch/kinds.h"

vk_status vk_batch_factory_data(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_account account = vk_in_account(in);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_address factory = {{0}};
    vk_buf data = {0};
    vk_error fault = {0};
    if (!vk_address_is_zero(&account.eip7702)) {
        vk_in_fail(in, "eip7702Account", VK_ERR_UNSUPPORTED,
                   "an account under EIP-7702 has no factory");
    }
    vk_in_check_error(in, NULL, vk_account_factory(&account, &factory, &fault), &fault);
    if (sdk && account.kernel == VK_KERNEL_0_0_2) {
        /* The package's call data begin with the factory's address, which is then there twice. */
        vk_buf_put(&data, factory.b, sizeof factory.b);
    }
    vk_in_check_error(in, NULL, vk_account_factory_data(&account, &data, &fault), &fault);
    vk_reply_address(reply, "factory", &factory);
    vk_reply_hex(reply, "factoryData", vk_buf_view(&data));
    vk_buf_clear(&data);
    return vk_in_status(in);
}
