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
    bool has_action_hook;
    vk_address action_hook; /* stored, but it never reaches the chain */
    vk_buf factory_data;    /* "initCode" of the SDK; empty under EIP-7702 */
    vk_address account;
    vk_buf enable_signature;
    char *eip7702_auth; /* JSON object of the signed authorization, as written; NULL: none */
    bool pre_installed;
    bool multi_chain;     /* the SDK's multi-chain form, which has no isPreInstalled */
    bool has_private_key; /* the text carried one; it is not kept */
} vk_serialized_account;

/* Reads the SDK's text (base64 of JSON). Unknown members are errors with their path. */
VK_API VK_MUST_USE vk_status vk_serialized_read(const char *text, size_t text_len,
                                                vk_serialized_account *out, vk_error *err);
/* Reads only the session key's private key out of such a text. VK_ERR_NOT_FOUND if it has none. The
 * caller wipes secret32, and text. */
VK_API VK_MUST_USE vk_status vk_serialized_read_private_key(const char *text, size_t text_len,
                                                            uint8_t secret32[32], vk_error *err);
/* Is the stored permissionId this one, recomputed from the policies and the session key?
 * VK_ERR_MISMATCH names both. */
VK_API VK_MUST_USE vk_status vk_serialized_check_id(const vk_serialized_account *account,
                                                    const uint8_t id4[4], vk_error *err);

/* Appends the text, without a private key. Member order as the SDK's. VK_ERR_FORMAT if the policies
 * are no array of objects; inside these the JSON is taken as it is. */
VK_API VK_MUST_USE vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out);
/* Appends the JSON that the text is the base64 of. With secret32 (or NULL) it holds the session
 * key's private key: whoever reads the text then owns the session. */
VK_API VK_MUST_USE vk_status vk_serialized_write_json(const vk_serialized_account *account,
                                                      const uint8_t *secret32, vk_buf *out);
VK_API void vk_serialized_clear(vk_serialized_account *account);

#ifdef __cplusplus
}
#endif
#endif
