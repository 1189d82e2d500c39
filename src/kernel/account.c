#include "eth/abi.h"
#include "kernel/version.h"
#include <valetkey/account.h>
#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

#include <string.h>

#define SELECTOR_LEN 4
#define VALIDATOR_TYPE 0x01
#define PASSKEY_DATA_LEN 96 /* x || y || authenticatorIdHash */

static const uint8_t deploy_with_factory[SELECTOR_LEN] = {0xc5, 0x26, 0x5d, 0x5d};
static const uint8_t create_account[SELECTOR_LEN] = {0xea, 0x6d, 0x13, 0xac};
static const uint8_t initialize[SELECTOR_LEN] = {0x3c, 0x3b, 0x75, 0x2b};

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "initCode", "%s", what);
}

static bool begins_with(vk_bytes data, const uint8_t selector[SELECTOR_LEN]) {
    return data.len >= SELECTOR_LEN && memcmp(data.data, selector, SELECTOR_LEN) == 0;
}

static vk_bytes after_selector(vk_bytes data) {
    return (vk_bytes){data.data + SELECTOR_LEN, data.len - SELECTOR_LEN};
}

/* The factory call's arguments. */
typedef struct deployment {
    vk_kernel_version kernel;
    vk_bytes init;
    vk_u256 index;
} deployment;

static vk_status read_deployment(vk_bytes data, vk_kernel_version hint, deployment *out,
                                 vk_error *err) {
    bool meta = begins_with(data, deploy_with_factory);
    if (!meta && !begins_with(data, create_account)) {
        return malformed(err, "the factory data is neither deployWithFactory (0xc5265d5d) nor "
                              "createAccount (0xea6d13ac)");
    }
    vk_bytes body = after_selector(data);
    size_t at = meta ? VK_WORD : 0;
    vk_address factory;
    if ((meta && vk_abi_address(body, 0, &factory) != VK_OK) ||
        vk_abi_bytes(body, at, &out->init) != VK_OK ||
        vk_abi_u256(body, at + VK_WORD, &out->index) != VK_OK) {
        return malformed(err, "the factory data is not well encoded");
    }
    out->kernel = meta ? vk_kernel_of_factory(&factory) : hint;
    if (meta && out->kernel < VK_KERNEL_0_3_1) {
        char text[43];
        vk_address_text(&factory, text);
        return vk_fail(err, VK_ERR_UNSUPPORTED, "initCode",
                       "the factory %s is not that of Kernel 0.3.1, 0.3.2 or 0.3.3", text);
    }
    if (hint != VK_KERNEL_UNKNOWN && out->kernel != hint) {
        return vk_fail(err, VK_ERR_MISMATCH, "kernelVersion",
                       "the factory data is of Kernel %s, not %s", vk_kernel_text(out->kernel),
                       vk_kernel_text(hint));
    }
    return VK_OK;
}

static vk_status read_owner(vk_bytes enable_data, vk_root *out, vk_error *err) {
    if (out->kind == VK_ROOT_PASSKEY) {
        if (enable_data.len != PASSKEY_DATA_LEN) {
            return malformed(err, "the passkey validator's data has not 96 bytes");
        }
        out->point65[0] = 0x04;
        memcpy(out->point65 + 1, enable_data.data, 64);
        if (vk_p256_check_point(out->point65) != VK_OK) {
            return malformed(err, "the owner's passkey is not a point of P-256");
        }
    } else if (out->kind != VK_ROOT_UNKNOWN) {
        if (enable_data.len != sizeof out->owner.b) {
            return malformed(err, "the ECDSA validator's data is not an address");
        }
        memcpy(out->owner.b, enable_data.data, sizeof out->owner.b);
    }
    return VK_OK;
}

static vk_status read_root(vk_bytes init, vk_root *out, vk_error *err) {
    if (!begins_with(init, initialize)) {
        return malformed(err, "the account's initialization is not that of Kernel 0.3.1 on "
                              "(0x3c3b752b)");
    }
    vk_bytes body = after_selector(init), enable_data;
    const uint8_t *root_id;
    if (vk_abi_word(body, 0, &root_id) != VK_OK ||
        vk_abi_bytes(body, 2 * VK_WORD, &enable_data) != VK_OK) {
        return malformed(err, "the account's initialization is not well encoded");
    }
    memcpy(out->validator.b, root_id + 1, sizeof out->validator.b);
    out->kind = root_id[0] == VALIDATOR_TYPE ? vk_root_kind_of(&out->validator) : VK_ROOT_UNKNOWN;
    return read_owner(enable_data, out, err);
}

static vk_status compute_address(const deployment *from, vk_address *out) {
    const vk_kernel_deployment *kernel = vk_kernel_deployed(from->kernel);
    if (kernel == NULL) {
        return VK_OK;
    }
    vk_buf message = {0};
    vk_buf_put(&message, from->init.data, from->init.len);
    vk_buf_put(&message, from->index.be, sizeof from->index.be);
    vk_status status = vk_buf_status(&message);
    if (status == VK_OK) {
        vk_hash salt = vk_keccak256(vk_buf_view(&message));
        *out = vk_create2_address(&kernel->factory, &salt, &kernel->init_code_hash);
    }
    vk_buf_clear(&message);
    return status;
}

vk_status vk_account_init_read(vk_bytes factory_data, vk_kernel_version kernel_hint,
                               vk_account_init *out, vk_error *err) {
    deployment from;
    vk_account_init result = {0};
    vk_status status = read_deployment(factory_data, kernel_hint, &from, err);
    if (status == VK_OK) {
        status = read_root(from.init, &result.root, err);
    }
    if (status == VK_OK) {
        result.kernel = from.kernel;
        status = compute_address(&from, &result.account);
    }
    if (status == VK_OK) {
        *out = result;
    }
    return status;
}

/* initialize(bytes21, address hook, bytes enableData, bytes hookData, bytes[] initConfig) */
static void put_init(const vk_address *owner, vk_buf *out) {
    uint8_t root_id[21] = {VALIDATOR_TYPE};
    vk_address validator = vk_root_validator(VK_ROOT_ECDSA), no_hook = {{0}};
    size_t head = 5 * VK_WORD;
    memcpy(root_id + 1, validator.b, sizeof validator.b);
    vk_buf_put(out, initialize, SELECTOR_LEN);
    vk_abi_put_fixed(out, root_id, sizeof root_id);
    vk_abi_put_address(out, &no_hook);
    vk_abi_put_u64(out, head);
    vk_abi_put_u64(out, head + vk_abi_bytes_size(sizeof owner->b));
    vk_abi_put_u64(out, head + vk_abi_bytes_size(sizeof owner->b) + vk_abi_bytes_size(0));
    vk_abi_put_bytes(out, (vk_bytes){owner->b, sizeof owner->b});
    vk_abi_put_bytes(out, (vk_bytes){NULL, 0});
    vk_abi_put_u64(out, 0);
}

vk_status vk_account_init_write(vk_kernel_version kernel, const vk_address *owner,
                                const vk_u256 *index, vk_buf *out) {
    const vk_kernel_deployment *deployed = vk_kernel_deployed(kernel);
    if (deployed == NULL) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_buf init = {0};
    put_init(owner, &init);
    vk_buf_put(out, deploy_with_factory, SELECTOR_LEN);
    vk_abi_put_address(out, &deployed->factory);
    vk_abi_put_u64(out, 3 * VK_WORD);
    vk_abi_put_u256(out, index);
    vk_abi_put_bytes(out, vk_buf_view(&init));
    vk_status status = vk_buf_status(&init);
    vk_buf_clear(&init);
    return status == VK_OK ? vk_buf_status(out) : status;
}
