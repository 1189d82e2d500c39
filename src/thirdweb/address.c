/* Where an account is, and how its factory makes it. */
#include "eth/abi.h"
#include "eth/keccak.h"

#include <valetkey/eth.h>
#include <valetkey/thirdweb.h>

/* abi(address, bytes) */
static void put_admin_and_data(const vk_address *admin, vk_bytes data, vk_buf *out) {
    vk_abi_put_address(out, admin);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_bytes(out, data);
}

vk_status vk_thirdweb_create_account(const vk_address *admin, vk_bytes data, vk_buf *out) {
    static const uint8_t selector[4] = {0xd8, 0xfd, 0x8f, 0x44};
    vk_buf_put(out, selector, sizeof selector);
    put_admin_and_data(admin, data, out);
    return vk_buf_status(out);
}

/* The hash of the code that deploys a minimal proxy to implementation. */
static vk_hash clone_code_hash(const vk_address *implementation) {
    static const uint8_t before[] = {0x3d, 0x60, 0x2d, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x81, 0xf3,
                                     0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73};
    static const uint8_t after[] = {0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d,
                                    0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3};
    vk_keccak keccak = {0};
    vk_keccak_put(&keccak, before, sizeof before);
    vk_keccak_put(&keccak, implementation->b, sizeof implementation->b);
    vk_keccak_put(&keccak, after, sizeof after);
    return vk_keccak_end(&keccak);
}

vk_status vk_thirdweb_account_address(const vk_address *factory, const vk_address *implementation,
                                      const vk_address *admin, vk_bytes data, vk_address *out) {
    vk_buf arguments = {0};
    put_admin_and_data(admin, data, &arguments);
    vk_status status = vk_buf_status(&arguments);
    if (status == VK_OK) {
        vk_hash salt = vk_keccak256(vk_buf_view(&arguments));
        vk_hash code = clone_code_hash(implementation);
        *out = vk_create2_address(factory, &salt, &code);
    }
    vk_buf_clear(&arguments);
    return status;
}
