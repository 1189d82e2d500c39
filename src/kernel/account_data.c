#include "kernel/account_data.h"

#include "eth/abi.h"

#include <string.h>

const uint8_t vk_factory_selectors[][VK_SELECTOR_LEN] = {
    [VK_FACTORY_V1] = {0x5f, 0xbf, 0xb9, 0xcf},   [VK_FACTORY_0_0_2] = {0x29, 0x66, 0x01, 0xcd},
    [VK_FACTORY_V2] = {0x29, 0x66, 0x01, 0xcd},   [VK_FACTORY_V3] = {0xea, 0x6d, 0x13, 0xac},
    [VK_FACTORY_META] = {0xc5, 0x26, 0x5d, 0x5d},
};

const uint8_t vk_init_selectors[][VK_SELECTOR_LEN] = {
    [VK_INIT_NONE] = {0},
    [VK_INIT_V2] = {0xd1, 0xf5, 0x78, 0x94},
    [VK_INIT_3_0] = {0x12, 0xaf, 0x32, 0x2c},
    [VK_INIT_3_1] = {0x3c, 0x3b, 0x75, 0x2b},
};

vk_address vk_account_own_factory(const vk_account *account) {
    return vk_address_is_zero(&account->factory) ? vk_kernel_factory(account->kernel)
                                                 : account->factory;
}

vk_factory_call vk_factory_call_of(const vk_account *account) {
    switch (account->kernel) {
    case VK_KERNEL_V1:
        return VK_FACTORY_V1;
    case VK_KERNEL_0_0_2:
        return VK_FACTORY_0_0_2;
    case VK_KERNEL_0_2_2:
    case VK_KERNEL_0_2_3:
    case VK_KERNEL_0_2_4:
        return VK_FACTORY_V2;
    default:
        return account->use_meta_factory ? VK_FACTORY_META : VK_FACTORY_V3;
    }
}

vk_account_init_call vk_init_call_of(vk_kernel_version kernel) {
    if (kernel <= VK_KERNEL_0_0_2) {
        return VK_INIT_NONE;
    }
    if (kernel < VK_KERNEL_0_3_0) {
        return VK_INIT_V2;
    }
    return kernel == VK_KERNEL_0_3_0 ? VK_INIT_3_0 : VK_INIT_3_1;
}

/* ---- initialize ---- */

static void put_root_id(const vk_account *account, vk_buf *out) {
    uint8_t id[21] = {account->root_is_permission ? VK_ROOT_ID_PERMISSION : VK_ROOT_ID_VALIDATOR};
    if (account->root_is_permission) {
        memcpy(id + 1, account->permission_id, sizeof account->permission_id);
    } else {
        memcpy(id + 1, account->validator.b, sizeof account->validator.b);
    }
    vk_abi_put_fixed(out, id, sizeof id);
}

static void put_init_v2(const vk_account *account, vk_buf *out) {
    vk_abi_put_address(out, &account->validator);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_bytes(out, account->enable_data);
}

static void put_init_v3(const vk_account *account, bool config, vk_buf *out) {
    size_t enable = (config ? 5 : 4) * VK_WORD;
    size_t hook = enable + vk_abi_bytes_size(account->enable_data.len);
    put_root_id(account, out);
    vk_abi_put_address(out, &account->hook);
    vk_abi_put_u64(out, enable);
    vk_abi_put_u64(out, hook);
    if (config) {
        vk_abi_put_u64(out, hook + vk_abi_bytes_size(account->hook_data.len));
    }
    vk_abi_put_bytes(out, account->enable_data);
    vk_abi_put_bytes(out, account->hook_data);
    if (config) {
        vk_abi_put_bytes_list(out, account->init_config, account->init_config_count);
    }
}

void vk_account_put_init(vk_account_init_call call, const vk_account *account, vk_buf *out) {
    if (call == VK_INIT_NONE) {
        return;
    }
    vk_buf_put(out, vk_init_selectors[call], VK_SELECTOR_LEN);
    if (call == VK_INIT_V2) {
        put_init_v2(account, out);
    } else {
        put_init_v3(account, call == VK_INIT_3_1, out);
    }
}

/* ---- The factory's call ---- */

static void put_v1(const vk_account *account, vk_buf *out) {
    vk_buf_put_zeros(out, VK_WORD - account->enable_data.len);
    vk_buf_put(out, account->enable_data.data, account->enable_data.len);
    vk_abi_put_u256(out, &account->index);
}

/* (address, bytes, uint256): all but V1 and V3. */
static void put_named(const vk_address *address, vk_bytes data, const vk_u256 *index, vk_buf *out) {
    vk_abi_put_address(out, address);
    vk_abi_put_u64(out, 3 * VK_WORD);
    vk_abi_put_u256(out, index);
    vk_abi_put_bytes(out, data);
}

static void put_v3(vk_bytes init, const vk_u256 *index, vk_buf *out) {
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_u256(out, index);
    vk_abi_put_bytes(out, init);
}

static void put_arguments(vk_factory_call call, vk_bytes init, const vk_account *account,
                          vk_buf *out) {
    vk_address address;
    switch (call) {
    case VK_FACTORY_V1:
        put_v1(account, out);
        break;
    case VK_FACTORY_0_0_2:
        put_named(&account->validator, account->enable_data, &account->index, out);
        break;
    case VK_FACTORY_V2:
        address = vk_account_implementation(account);
        put_named(&address, init, &account->index, out);
        break;
    case VK_FACTORY_V3:
        put_v3(init, &account->index, out);
        break;
    case VK_FACTORY_META:
        address = vk_account_own_factory(account);
        put_named(&address, init, &account->index, out);
        break;
    }
}

void vk_account_put_factory_data(vk_factory_call factory, vk_account_init_call init,
                                 const vk_account *account, vk_buf *out) {
    vk_buf data = {0};
    vk_account_put_init(init, account, &data);
    if (vk_buf_status(&data) != VK_OK && vk_buf_status(out) == VK_OK) {
        out->status = data.status;
    }
    vk_buf_put(out, vk_factory_selectors[factory], VK_SELECTOR_LEN);
    put_arguments(factory, vk_buf_view(&data), account, out);
    vk_buf_clear(&data);
}
