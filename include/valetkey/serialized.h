/*
 * Serialized session accounts: the text in which the ZeroDev SDK hands an approved session key on.
 * Source: zerodevapp/sdk plugins/permission/serializePermissionAccount.ts.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_SERIALIZED_H
#define VALETKEY_SERIALIZED_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Serialized accounts ---- */

/* Text of a serialized account is at most this long. */
#define VK_SERIALIZED_MAX ((size_t)1 << 20)

typedef struct vk_serialized_account {
    char *policies;           /* JSON array of policyParams objects, as written there */
    uint8_t permission_id[4]; /* as stored: not to be trusted */
    uint8_t selector[4];
    vk_address action_target;
    vk_buf factory_data; /* "initCode" of the SDK; empty under EIP-7702 */
    vk_address account;
    vk_buf enable_signature;
    bool pre_installed;
    bool has_private_key; /* the text carried one; it is not kept */
} vk_serialized_account;

/* Reads the SDK's text (base64 of JSON). Unknown members are errors with their path. */
VK_API VK_MUST_USE vk_status vk_serialized_read(const char *text, size_t text_len,
                                                vk_serialized_account *out, vk_error *err);
/* Appends the text. Member order as the SDK's. */
VK_API VK_MUST_USE vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out);
VK_API void vk_serialized_clear(vk_serialized_account *account);

#ifdef __cplusplus
}
#endif
#endif
