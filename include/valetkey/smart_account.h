/*
 * Smart accounts that a token keeps: what an account is made of, who owns it, and where the owner's
 * key is, so that sessions can be made for it by name. On a token each is a public CKO_DATA object
 * (VK_APPLICATION_SMART_ACCOUNT in valetkey/pkcs11.h) whose value is the JSON below. Nothing in it
 * is secret, and nothing is believed: whatever can be computed is computed again when it is read.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_SMART_ACCOUNT_H
#define VALETKEY_SMART_ACCOUNT_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>
#include <valetkey/validator.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_smart_account_kind {
    VK_SMART_ACCOUNT_KERNEL = 0,
    VK_SMART_ACCOUNT_THIRDWEB
} vk_smart_account_kind;

/* The JSON is at most this long, each of the three texts this long. */
#define VK_SMART_ACCOUNT_MAX ((size_t)1 << 16)
#define VK_SMART_ACCOUNT_TEXT_MAX 1023

/*
 * JSON of a Kernel account:
 *   "kind":"kernel"
 *   "kernelVersion":"0.3.1"
 *   "entryPoint":"0x..."        0.6 to 0.9
 *   "validator":"ecdsa"         the owner's: "ecdsa", "multichain" (0.3.0 on), "passkey" (0.2.2 on)
 *   "owner":"0x..." | {"x":"0x...","y":"0x...","authenticatorIdHash":"0x..."}
 *   "index":"N"                 decimal
 *   "account":"0x..."
 *   "factory":"0x..."
 *   "factoryData":"0x..."
 * without the last two, and without the index, if the version is not published for the EntryPoint:
 * then somebody has deployed it, and only he knows the address. The same of an owner's address that
 * is the account itself (EIP-7702; 0.3.3, validator "ecdsa"), and that one has
 *   "eip7702":true
 * JSON of a thirdweb account:
 *   "kind":"thirdweb"
 *   "entryPoint":"0x..."        0.6 or 0.7
 *   "owner":"0x..."             the admin who comes with the account
 *   "factory":"0x..."
 *   "implementation":"0x..."    factory.accountImplementation()
 *   "account":"0x..."
 *   "factoryData":"0x..."
 * and of either, optional:
 *   "ownerKey":"pkcs11:..."     where the owner's key is (RFC 7512); has no PIN, no source of one,
 *                               and no module
 *   "rpId":"...", "origin":"..."  what a passkey owner's assertions say; no contract looks at it
 */
typedef struct vk_smart_account {
    vk_smart_account_kind kind;
    vk_kernel_version kernel; /* UNKNOWN: thirdweb */
    vk_entry_point entry_point;
    vk_root root; /* thirdweb: ECDSA, the admin, no validator */
    bool eip7702; /* the account is the owner's address, whose code points to Kernel */
    /* Where there is a factory: zeros and nothing elsewhere. */
    vk_u256 index; /* Kernel */
    vk_address factory;
    vk_address implementation; /* thirdweb */
    vk_address account;
    vk_buf factory_data; /* owned */
    /* Owned, NULL where not said. */
    char *owner_key;
    char *rp_id, *origin;
} vk_smart_account;

/*
 * Computes what follows from kind, kernel, root (its kind and the owner), index, and of thirdweb
 * factory and implementation: the EntryPoint if it is UNKNOWN, the validator, the factory, the
 * factory data, the address. Of Kernel v1 and 0.0.2, and of an own deployment, the address cannot
 * be computed: it must be there. VK_ERR_UNSUPPORTED, VK_ERR_FORMAT: no such account can be, and err
 * says why.
 */
VK_API VK_MUST_USE vk_status vk_smart_account_settle(vk_smart_account *account, vk_error *err);
/* Can the address be computed? */
VK_API bool vk_smart_account_is_computed(const vk_smart_account *account);
/* Is it deployed by a factory that is known? No: by its owner, in a way of his own. */
VK_API bool vk_smart_account_has_factory(const vk_smart_account *account);

/* "kernel", "thirdweb" */
VK_API const char *vk_smart_account_kind_text(vk_smart_account_kind kind);
/* "ecdsa", "multichain", "passkey"; NULL for VK_ROOT_UNKNOWN. */
VK_API const char *vk_root_kind_text(vk_root_kind kind);
/* VK_ROOT_UNKNOWN for any other text. */
VK_API vk_root_kind vk_root_kind_read(const char *text);

/* Appends the JSON of a settled account. */
VK_API VK_MUST_USE vk_status vk_smart_account_write(const vk_smart_account *account, vk_buf *out);
/* Reads it, and computes it again: VK_ERR_MISMATCH if it says something else. */
VK_API VK_MUST_USE vk_status vk_smart_account_read(const char *json, size_t json_len,
                                                   vk_smart_account *out, vk_error *err);
VK_API void vk_smart_account_clear(vk_smart_account *account);

#ifdef __cplusplus
}
#endif
#endif
