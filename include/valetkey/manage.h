/*
 * Managing permissions of Kernel 0.3.x: revoke one, revoke all of an age, ask for their state, and
 * install them when the account is deployed.
 *
 * Calls are built here and sent by somebody else: those that change something by the account itself
 * (an operation that its owner signs), those that ask by eth_call. Sources: zerodevapp/kernel v3.1
 * core/ValidationManager.sol, Kernel.sol; zerodevapp/sdk actions/account-client.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_MANAGE_H
#define VALETKEY_MANAGE_H

#include <valetkey/bytes.h>
#include <valetkey/permission.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Revoking ---- */

/*
 * Appends the callData of the operation that revokes a permission: execute of
 * uninstallValidation(bytes21,bytes,bytes) by the account on itself. enable_data is what the
 * permission was installed with, hook_data goes to its hook. A permission that was revoked cannot
 * be installed again under the same id: change a parameter of a policy.
 */
VK_API VK_MUST_USE vk_status vk_manage_revoke(const vk_address *account, const uint8_t id4[4],
                                              vk_bytes enable_data, vk_bytes hook_data,
                                              vk_buf *out);

/*
 * Appends invalidateNonce(uint32), callData as it is: everything that was approved with a nonce
 * below this one dies, the root validator excepted.
 */
VK_API void vk_manage_invalidate_nonce(uint32_t nonce, vk_buf *out);
/* Does the account take it? valid_nonce_from < nonce <= current_nonce + 10, else VK_ERR_RANGE. */
VK_API VK_MUST_USE vk_status vk_manage_check_invalidate(uint32_t nonce, uint32_t valid_nonce_from,
                                                        uint32_t current_nonce, vk_error *err);

/* ---- Asking the account ---- */

/* Append the call data of eth_call. All are sent to the account, but isInitialized, which is sent
 * to a validator. */
VK_API void vk_manage_ask_current_nonce(vk_buf *out);    /* currentNonce() -> uint32 */
VK_API void vk_manage_ask_valid_nonce_from(vk_buf *out); /* validNonceFrom() -> uint32 */
VK_API void vk_manage_ask_permission_config(const uint8_t id4[4], vk_buf *out);
VK_API void vk_manage_ask_validation_config(const uint8_t id21[21], vk_buf *out);
VK_API void vk_manage_ask_is_initialized(const vk_address *account, vk_buf *out); /* -> bool */

typedef enum vk_module_type {
    VK_MODULE_VALIDATOR = 1,
    VK_MODULE_EXECUTOR = 2,
    VK_MODULE_FALLBACK = 3,
    VK_MODULE_HOOK = 4,
    VK_MODULE_POLICY = 5,
    VK_MODULE_SIGNER = 6
} vk_module_type;
/* -> bool. A permission is no module: ask for its permissionConfig. */
VK_API void vk_manage_ask_is_module_installed(vk_module_type type, const vk_address *module,
                                              vk_bytes context, vk_buf *out);

/* ---- What the account answers ---- */

/* The answers are exactly the ABI encoding; anything else is VK_ERR_FORMAT, a policy count over
 * VK_POLICIES_MAX VK_ERR_SIZE. *out is untouched on failure. */
VK_API VK_MUST_USE vk_status vk_manage_read_u32(vk_bytes answer, uint32_t *out, vk_error *err);
VK_API VK_MUST_USE vk_status vk_manage_read_bool(vk_bytes answer, bool *out, vk_error *err);

/* (uint32 nonce, address hook). hook 0: not installed; 1: installed, no hook. */
typedef struct vk_validation_config {
    uint32_t nonce;
    vk_address hook;
} vk_validation_config;
VK_API VK_MUST_USE vk_status vk_manage_read_validation_config(vk_bytes answer,
                                                              vk_validation_config *out,
                                                              vk_error *err);

/* (bytes2 flag, address signer, bytes22[] policies): all zero when it is not installed. */
typedef struct vk_permission_config {
    uint16_t flag; /* VK_FLAG_* */
    vk_address signer;
    size_t policy_count;
    struct {
        uint16_t flag;
        vk_address address;
    } policies[VK_POLICIES_MAX];
} vk_permission_config;
VK_API VK_MUST_USE vk_status vk_manage_read_permission_config(vk_bytes answer,
                                                              vk_permission_config *out,
                                                              vk_error *err);
/* Is the permission with this session key's kind of signer installed? */
VK_API bool vk_manage_is_installed(const vk_permission_config *config, const vk_signer *signer);
/* Would revoking with this enable data revert? VK_ERR_MISMATCH unless it has one entry a policy
 * that is installed and one for the signer. */
VK_API VK_MUST_USE vk_status vk_manage_check_revoke(const vk_permission_config *config,
                                                    vk_bytes enable_data, vk_error *err);

/* ---- Installing at deployment ---- */

/*
 * The two calls of the initConfig of Kernel 0.3.3 that install a permission while the account is
 * deployed: installValidations, and a delegatecall that grants it execute. Append to install and
 * grant.
 */
VK_API VK_MUST_USE vk_status vk_manage_init_config(const uint8_t id4[4], vk_bytes enable_data,
                                                   vk_buf *install, vk_buf *grant);

#ifdef __cplusplus
}
#endif
#endif
