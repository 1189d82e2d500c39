/*
 * Kernel accounts of all versions: factory data, there and back, and counterfactual addresses.
 * Sources: zerodevapp/sdk accounts/kernel/createKernelAccount.ts, v1/, v2/; zerodevapp/kernel
 * factory/.
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

/* An account is initialized with at most this many calls (initConfig); more is VK_ERR_SIZE. */
#define VK_INIT_CONFIG_MAX 1024

/*
 * What an account is made of. The views and the list belong to the caller; in what vk_account_read
 * fills in, the views point into the factory data and the list is freed by vk_account_clear.
 */
typedef struct vk_account {
    vk_kernel_version kernel;
    vk_entry_point entry_point; /* UNKNOWN: the one that kernel is published for */
    vk_address eip7702; /* the account, if it is an EOA that delegates to Kernel; else zero. All
                           below but implementation is then without meaning. */

    /* The root validator: a contract, or (0.3.0 on) a permission. */
    bool root_is_permission;
    vk_address validator; /* zero for v1, which has none */
    uint8_t permission_id[4];
    vk_bytes enable_data; /* v1: the owner's address, 20 bytes */

    /* 0.3.0 on: runs around every operation of the root validator. Zero: none. */
    vk_address hook;
    vk_bytes hook_data;
    /* 0.3.1 on: calls that the new account makes to itself. */
    vk_bytes *init_config;
    size_t init_config_count;

    vk_u256 index;         /* tells the accounts of one root apart */
    bool use_meta_factory; /* 0.3.0 on: through the meta factory; the same address */
    /* Zero: the published ones. */
    vk_address factory;
    vk_address implementation;
} vk_account;

/*
 * All three fail with VK_ERR_UNSUPPORTED, and say why, for an account that cannot be: a version and
 * an EntryPoint that do not go together (vk_kernel_check_entry_point), or something that the
 * version does not have.
 */

/* The factory to put into a UserOperation; zero under EIP-7702. */
VK_API VK_MUST_USE vk_status vk_account_factory(const vk_account *account, vk_address *out,
                                                vk_error *err);
/* Appends the factory's call data, without the factory's address; nothing under EIP-7702. */
VK_API VK_MUST_USE vk_status vk_account_factory_data(const vk_account *account, vk_buf *out,
                                                     vk_error *err);
/*
 * The address that the factory gives it. VK_ERR_UNSUPPORTED also for v1 and 0.0.2, whose factories
 * deploy code that is not known here, and for a factory of 0.2.x that is not the published one.
 */
VK_API VK_MUST_USE vk_status vk_account_address(const vk_account *account, vk_address *out,
                                                vk_error *err);
/* The implementation behind the account (under EIP-7702: what the EOA delegates to). Zero where
 * none is known. */
VK_API vk_address vk_account_implementation(const vk_account *account);

/* The hash of the proxy code that the factories of Kernel 0.3.x deploy for an implementation. */
VK_API vk_hash vk_account_proxy_hash(const vk_address *implementation);

/* ---- Reading factory data ---- */

/*
 * Reads factory data as any version's SDK writes it (no factory address in front): only the
 * canonical encoding, anything else is VK_ERR_FORMAT. The version is told by the factory or the
 * implementation that is named in it, or by the form; kernel_hint (may be UNKNOWN) says it where
 * they do not, and must not contradict: VK_ERR_MISMATCH. The kernel of the result is UNKNOWN if
 * nothing tells it. Error paths are "initCode" and "kernelVersion".
 */
VK_API VK_MUST_USE vk_status vk_account_read(vk_bytes factory_data, vk_kernel_version kernel_hint,
                                             vk_account *out, vk_error *err);
VK_API void vk_account_clear(vk_account *account);

/* An account as its factory data tells it. */
typedef struct vk_account_init {
    vk_kernel_version kernel; /* UNKNOWN if nothing tells it */
    vk_root root;
    vk_address account; /* counterfactual; zero if kernel is UNKNOWN, v1 or 0.0.2 */
} vk_account_init;

/*
 * The same, with the owner read and the address computed. A validator that is not one of ZeroDev's,
 * or a permission, gives root.kind VK_ROOT_UNKNOWN.
 */
VK_API VK_MUST_USE vk_status vk_account_init_read(vk_bytes factory_data,
                                                  vk_kernel_version kernel_hint,
                                                  vk_account_init *out, vk_error *err);
/* Appends factory data (through the meta factory, if the version has one) for an ECDSA owner. */
VK_API VK_MUST_USE vk_status vk_account_init_write(vk_kernel_version kernel,
                                                   const vk_address *owner, const vk_u256 *index,
                                                   vk_buf *out);
#ifdef __cplusplus
}
#endif
#endif
