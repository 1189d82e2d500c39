/*
 * Kernel accounts: factory data and counterfactual addresses.
 * Sources: zerodevapp/sdk accounts/kernel/createKernelAccount.ts, zerodevapp/kernel factory/.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_ACCOUNT_H
#define VALETKEY_ACCOUNT_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>
#include <valetkey/validator.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Accounts ---- */

/* What deploys an account: factory data as the SDK keeps it (no factory address). */
typedef struct vk_account_init {
    vk_kernel_version kernel; /* by the factory in it; UNKNOWN if it names none */
    vk_root root;
    vk_address account; /* counterfactual; only if kernel is known */
} vk_account_init;

/*
 * Reads factory data (deployWithFactory 0xc5265d5d or createAccount 0xea6d13ac) and computes the
 * address. kernel_hint is used for createAccount, which names no factory. A validator that is not
 * one of ZeroDev's gives root.kind VK_ROOT_UNKNOWN.
 */
VK_API VK_MUST_USE vk_status vk_account_init_read(vk_bytes factory_data,
                                                  vk_kernel_version kernel_hint,
                                                  vk_account_init *out, vk_error *err);
/* Appends factory data (through the meta factory) for an ECDSA owner. */
VK_API VK_MUST_USE vk_status vk_account_init_write(vk_kernel_version kernel,
                                                   const vk_address *owner, const vk_u256 *index,
                                                   vk_buf *out);
#ifdef __cplusplus
}
#endif
#endif
