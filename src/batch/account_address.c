/* Kind account_address: how an account is deployed, and where it then is. */
#include "batch/in_account.h"
#include "batch/kinds.h"

static void put_factory(const vk_account *account, vk_reply *reply, const vk_in *in) {
    vk_address factory;
    vk_buf data = {0};
    vk_error err = {0};
    vk_in_check_error(in, NULL, vk_account_factory(account, &factory, &err), &err);
    vk_in_check_error(in, NULL, vk_account_factory_data(account, &data, &err), &err);
    if (vk_in_status(in) == VK_OK) {
        vk_reply_address(reply, "factory", &factory);
        vk_reply_hex(reply, "factoryData", vk_buf_view(&data));
    }
    vk_buf_clear(&data);
}

vk_status vk_batch_account_address(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    vk_account account = vk_in_account(in);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    vk_address address = {{0}}, implementation = vk_account_implementation(&account);
    vk_error fault = {0};
    if (vk_address_is_zero(&account.eip7702)) {
        put_factory(&account, reply, in);
    }
    vk_in_check_error(in, NULL, vk_account_address(&account, &address, &fault), &fault);
    vk_reply_address(reply, "implementation", &implementation);
    vk_reply_address(reply, "address", &address);
    return vk_in_status(in);
}
