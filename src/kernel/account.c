/* Kernel accounts: what can be, where it is, and how it is deployed. */
#include "kernel/account_data.h"
#include "kernel/version.h"

#include <valetkey/eth.h>

#include <string.h>

#define V1_OWNER_LEN 20

static vk_status unsupported(const vk_account *account, vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_UNSUPPORTED, NULL, "Kernel %s has no %s",
                   vk_kernel_text(account->kernel), what);
}

/* ---- Checking ---- */

static bool is_eip7702(const vk_account *account) {
    return !vk_address_is_zero(&account->eip7702);
}

static vk_status check_pair(const vk_account *account, vk_error *err) {
    vk_entry_point entry_point = account->entry_point == VK_ENTRY_POINT_UNKNOWN
                                     ? vk_kernel_entry_point(account->kernel)
                                     : account->entry_point;
    bool own = !vk_address_is_zero(&account->implementation) &&
               (is_eip7702(account) || !vk_address_is_zero(&account->factory));
    return vk_kernel_check_entry_point(account->kernel, entry_point, own, err);
}

static vk_status check_eip7702(const vk_account *account, vk_error *err) {
    return account->kernel == VK_KERNEL_0_3_3
               ? VK_OK
               : unsupported(account, err, "accounts under EIP-7702: 0.3.3 has them");
}

/* A factory of 0.3.x is built for one implementation. */
static vk_status check_implementation(const vk_account *account, vk_error *err) {
    vk_address published = vk_kernel_implementation(account->kernel);
    bool other = !vk_address_is_zero(&account->implementation) &&
                 !vk_address_equal(&account->implementation, &published);
    if (account->kernel >= VK_KERNEL_0_3_0 && other && vk_address_is_zero(&account->factory)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "implementation",
                       "the published factory of Kernel %s deploys the published implementation "
                       "only: another one needs its own factory",
                       vk_kernel_text(account->kernel));
    }
    return VK_OK;
}

static vk_status check_root(const vk_account *account, vk_error *err) {
    if (account->root_is_permission && !vk_kernel_has_permissions(account->kernel)) {
        return unsupported(account, err, "permissions: 0.3.0 on have them");
    }
    if (account->kernel == VK_KERNEL_V1 && account->enable_data.len != V1_OWNER_LEN) {
        return vk_fail(err, VK_ERR_FORMAT, "enableData",
                       "the owner of a Kernel v1 account is an address, not %zu bytes",
                       account->enable_data.len);
    }
    return VK_OK;
}

static vk_status check_extras(const vk_account *account, vk_error *err) {
    bool hook = !vk_address_is_zero(&account->hook) || account->hook_data.len > 0;
    if (hook && account->kernel < VK_KERNEL_0_3_0) {
        return unsupported(account, err, "hooks: 0.3.0 on have them");
    }
    if (account->init_config_count > 0 && account->kernel < VK_KERNEL_0_3_1) {
        return unsupported(account, err, "initConfig: 0.3.1 on have it");
    }
    if (account->init_config_count > VK_INIT_CONFIG_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "initConfig",
                       "an initConfig of %zu calls is over the limit of %d",
                       account->init_config_count, VK_INIT_CONFIG_MAX);
    }
    return VK_OK;
}

static vk_status check(const vk_account *account, vk_error *err) {
    vk_status status = check_pair(account, err);
    if (status == VK_OK && is_eip7702(account)) {
        return check_eip7702(account, err);
    }
    vk_status (*const checks[])(const vk_account *, vk_error *) = {check_implementation, check_root,
                                                                   check_extras};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && status == VK_OK; i++) {
        status = checks[i](account, err);
    }
    return status;
}

/* ---- Deploying ---- */

vk_address vk_account_implementation(const vk_account *account) {
    return vk_address_is_zero(&account->implementation) ? vk_kernel_implementation(account->kernel)
                                                        : account->implementation;
}

vk_status vk_account_factory(const vk_account *account, vk_address *out, vk_error *err) {
    vk_status status = check(account, err);
    if (status != VK_OK) {
        return status;
    }
    if (is_eip7702(account)) {
        *out = (vk_address){{0}};
    } else if (vk_factory_call_of(account) == VK_FACTORY_META) {
        *out = vk_kernel_meta_factory();
    } else {
        *out = vk_account_own_factory(account);
    }
    return VK_OK;
}

vk_status vk_account_factory_data(const vk_account *account, vk_buf *out, vk_error *err) {
    vk_status status = check(account, err);
    if (status != VK_OK || is_eip7702(account)) {
        return status;
    }
    vk_account_put_factory_data(vk_factory_call_of(account), vk_init_call_of(account->kernel),
                                account, out);
    status = vk_buf_status(out);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

/* ---- Addresses ---- */

vk_hash vk_account_proxy_hash(const vk_address *implementation) {
    static const uint8_t creation[] = {0x60, 0x3d, 0x3d, 0x81, 0x60, 0x22, 0x3d, 0x39, 0x73};
    static const uint8_t store[] = {0x60, 0x09, 0x51, 0x55, 0xf3, 0x36, 0x3d,
                                    0x3d, 0x37, 0x3d, 0x3d, 0x36, 0x3d, 0x7f};
    /* The storage slot of ERC-1967. */
    static const uint8_t slot[] = {0x36, 0x08, 0x94, 0xa1, 0x3b, 0xa1, 0xa3, 0x21, 0x06, 0x67, 0xc8,
                                   0x28, 0x49, 0x2d, 0xb9, 0x8d, 0xca, 0x3e, 0x20, 0x76, 0xcc, 0x37,
                                   0x35, 0xa9, 0x20, 0xa3, 0xca, 0x50, 0x5d, 0x38, 0x2b, 0xbc};
    static const uint8_t delegate[] = {0x54, 0x5a, 0xf4, 0x3d, 0x60, 0x00, 0x80, 0x3e, 0x60, 0x38,
                                       0x57, 0x3d, 0x60, 0x00, 0xfd, 0x5b, 0x3d, 0x60, 0x00, 0xf3};
    uint8_t code[sizeof creation + 20 + sizeof store + sizeof slot + sizeof delegate], *at = code;
    memcpy(at, creation, sizeof creation);
    at += sizeof creation;
    memcpy(at, implementation->b, sizeof implementation->b);
    at += sizeof implementation->b;
    memcpy(at, store, sizeof store);
    at += sizeof store;
    memcpy(at, slot, sizeof slot);
    at += sizeof slot;
    memcpy(at, delegate, sizeof delegate);
    return vk_keccak256((vk_bytes){code, sizeof code});
}

static vk_status code_hash(const vk_account *account, vk_hash *out, vk_error *err) {
    if (account->kernel >= VK_KERNEL_0_3_0) {
        vk_address implementation = vk_account_implementation(account);
        *out = vk_account_proxy_hash(&implementation);
        return VK_OK;
    }
    if (account->kernel < VK_KERNEL_0_2_2) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "the address of an account of Kernel %s cannot be computed: the code that "
                       "its factory deploys is not known",
                       vk_kernel_text(account->kernel));
    }
    vk_address published = vk_kernel_factory(account->kernel), factory = account->factory;
    if (!vk_address_is_zero(&factory) && !vk_address_equal(&factory, &published)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "factory",
                       "the address of an account of Kernel %s can be computed for the published "
                       "factory only: the code that another one deploys is not known",
                       vk_kernel_text(account->kernel));
    }
    *out = vk_kernel_deployed(account->kernel)->init_code_hash;
    return VK_OK;
}

/* K(init || index); Kernel 0.2.x keeps the low 96 bits. */
static vk_status salt_of(const vk_account *account, vk_hash *out) {
    vk_buf message = {0};
    vk_account_put_init(vk_init_call_of(account->kernel), account, &message);
    vk_buf_put(&message, account->index.be, sizeof account->index.be);
    vk_status status = vk_buf_status(&message);
    if (status == VK_OK) {
        *out = vk_keccak256(vk_buf_view(&message));
    }
    vk_buf_clear(&message);
    if (account->kernel < VK_KERNEL_0_3_0) {
        memset(out->b, 0, 20);
    }
    return status;
}

vk_status vk_account_address(const vk_account *account, vk_address *out, vk_error *err) {
    vk_status status = check(account, err);
    if (status == VK_OK && is_eip7702(account)) {
        *out = account->eip7702;
        return VK_OK;
    }
    vk_hash code, salt;
    if (status == VK_OK) {
        status = code_hash(account, &code, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = salt_of(account, &salt);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    vk_address factory = vk_account_own_factory(account);
    *out = vk_create2_address(&factory, &salt, &code);
    return VK_OK;
}
