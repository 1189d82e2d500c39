/* Calls on an account about its permissions. */
#include "eth/abi.h"

#include <valetkey/manage.h>

#include <inttypes.h>
#include <string.h>

#define SELECTOR_LEN 4
#define NONCE_AHEAD 10 /* Kernel's MAX_NONCE_INCREMENT_SIZE */

static const uint8_t uninstall_validation[SELECTOR_LEN] = {0xe6, 0xf3, 0xd5, 0x0a};
static const uint8_t invalidate_nonce[SELECTOR_LEN] = {0x1f, 0x1b, 0x92, 0xe3};
static const uint8_t current_nonce[SELECTOR_LEN] = {0xad, 0xb6, 0x10, 0xa3};
static const uint8_t valid_nonce_from[SELECTOR_LEN] = {0x90, 0xef, 0x88, 0x62};
static const uint8_t permission_config[SELECTOR_LEN] = {0xc3, 0xe5, 0x89, 0x78};
static const uint8_t validation_config[SELECTOR_LEN] = {0xb8, 0xaf, 0xe1, 0x7d};
static const uint8_t is_initialized[SELECTOR_LEN] = {0xd6, 0x0b, 0x34, 0x7f};
static const uint8_t is_module_installed[SELECTOR_LEN] = {0x11, 0x2d, 0x3a, 0x7d};
static const uint8_t install_validations[SELECTOR_LEN] = {0x91, 0x98, 0xbd, 0xf5};
static const uint8_t grant_access[SELECTOR_LEN] = {0xb9, 0xb8, 0x29, 0x41};

/* ---- Revoking ---- */

/* uninstallValidation(bytes21 id, bytes enableData, bytes hookData) */
static void put_uninstall(const uint8_t id4[4], vk_bytes enable_data, vk_bytes hook_data,
                          vk_buf *out) {
    uint8_t id21[21];
    vk_permission_validation_id(id4, id21);
    vk_buf_put(out, uninstall_validation, SELECTOR_LEN);
    vk_abi_put_fixed(out, id21, sizeof id21);
    vk_abi_put_u64(out, 3 * VK_WORD);
    vk_abi_put_u64(out, 3 * VK_WORD + vk_abi_bytes_size(enable_data.len));
    vk_abi_put_bytes(out, enable_data);
    vk_abi_put_bytes(out, hook_data);
}

static vk_status put_execution(uint8_t call_type, const vk_address *target, const vk_buf *data,
                               vk_buf *out) {
    vk_call call = {.target = *target, .data = vk_buf_view(data)};
    vk_execution execution = {.call_type = call_type, .call_count = 1, .calls = &call};
    vk_status status = vk_buf_status(data);
    return status == VK_OK ? vk_execution_encode(&execution, out) : status;
}

vk_status vk_manage_revoke(const vk_address *account, const uint8_t id4[4], vk_bytes enable_data,
                           vk_bytes hook_data, vk_buf *out) {
    vk_buf data = {0};
    put_uninstall(id4, enable_data, hook_data, &data);
    vk_status status = put_execution(VK_CALL_SINGLE, account, &data, out);
    vk_buf_clear(&data);
    return status;
}

void vk_manage_invalidate_nonce(uint32_t nonce, vk_buf *out) {
    vk_buf_put(out, invalidate_nonce, SELECTOR_LEN);
    vk_abi_put_u64(out, nonce);
}

vk_status vk_manage_check_invalidate(uint32_t nonce, uint32_t valid_from, uint32_t current,
                                     vk_error *err) {
    if (nonce <= valid_from) {
        return vk_fail(err, VK_ERR_RANGE, "nonceToSet",
                       "the nonce %" PRIu32 " must be above the account's validNonceFrom, %" PRIu32,
                       nonce, valid_from);
    }
    uint64_t last = (uint64_t)current + NONCE_AHEAD;
    if (nonce > last) {
        return vk_fail(err, VK_ERR_RANGE, "nonceToSet",
                       "the nonce %" PRIu32 " is more than %d above the account's currentNonce, "
                       "%" PRIu32,
                       nonce, NONCE_AHEAD, current);
    }
    return VK_OK;
}

/* ---- Asking ---- */

void vk_manage_ask_current_nonce(vk_buf *out) {
    vk_buf_put(out, current_nonce, SELECTOR_LEN);
}

void vk_manage_ask_valid_nonce_from(vk_buf *out) {
    vk_buf_put(out, valid_nonce_from, SELECTOR_LEN);
}

void vk_manage_ask_permission_config(const uint8_t id4[4], vk_buf *out) {
    vk_buf_put(out, permission_config, SELECTOR_LEN);
    vk_abi_put_fixed(out, id4, 4);
}

void vk_manage_ask_validation_config(const uint8_t id21[21], vk_buf *out) {
    vk_buf_put(out, validation_config, SELECTOR_LEN);
    vk_abi_put_fixed(out, id21, 21);
}

void vk_manage_ask_is_initialized(const vk_address *account, vk_buf *out) {
    vk_buf_put(out, is_initialized, SELECTOR_LEN);
    vk_abi_put_address(out, account);
}

void vk_manage_ask_is_module_installed(vk_module_type type, const vk_address *module,
                                       vk_bytes context, vk_buf *out) {
    vk_buf_put(out, is_module_installed, SELECTOR_LEN);
    vk_abi_put_u64(out, (uint64_t)type);
    vk_abi_put_address(out, module);
    vk_abi_put_u64(out, 3 * VK_WORD);
    vk_abi_put_bytes(out, context);
}

/* ---- Installing at deployment ---- */

/* installValidations(bytes21[], (uint32 nonce, address hook)[], bytes[] enableData,
 * bytes[] hookData), one of each: nonce 1, no hook, no hook data. */
static void put_install(const uint8_t id21[21], vk_bytes enable_data, vk_buf *out) {
    size_t ids = 4 * VK_WORD, configs = ids + 2 * VK_WORD, data = configs + 3 * VK_WORD;
    size_t hooks = data + 2 * VK_WORD + vk_abi_bytes_size(enable_data.len);
    vk_buf_put(out, install_validations, SELECTOR_LEN);
    vk_abi_put_u64(out, ids);
    vk_abi_put_u64(out, configs);
    vk_abi_put_u64(out, data);
    vk_abi_put_u64(out, hooks);
    vk_abi_put_u64(out, 1);
    vk_abi_put_fixed(out, id21, 21);
    vk_abi_put_u64(out, 1);
    vk_abi_put_u64(out, 1);
    vk_abi_put_u64(out, 0);
    vk_abi_put_u64(out, 1);
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_bytes(out, enable_data);
    vk_abi_put_u64(out, 1);
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_bytes(out, (vk_bytes){NULL, 0});
}

vk_status vk_manage_init_config(const uint8_t id4[4], vk_bytes enable_data, vk_buf *install,
                                vk_buf *grant) {
    uint8_t id21[21];
    vk_address implementation = vk_kernel_implementation(VK_KERNEL_0_3_3);
    vk_buf access = {0};
    vk_permission_validation_id(id4, id21);
    put_install(id21, enable_data, install);
    vk_buf_put(&access, grant_access, SELECTOR_LEN);
    vk_abi_put_fixed(&access, id21, sizeof id21);
    vk_abi_put_fixed(&access, vk_kernel_execute_selector, SELECTOR_LEN);
    vk_abi_put_u64(&access, 1);
    vk_status status = put_execution(VK_CALL_DELEGATE, &implementation, &access, grant);
    vk_buf_clear(&access);
    return status == VK_OK ? vk_buf_status(install) : status;
}
