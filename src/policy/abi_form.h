/*
 * The ABI form of a call permission: "abi", "functionName" and "args" in place of "selector" and
 * "rules". Source: zerodevapp/sdk plugins/permission/policies/toCallPolicy.ts.
 */
#ifndef VK_POLICY_ABI_FORM_H
#define VK_POLICY_ABI_FORM_H

#include "eth/abi_type.h"
#include <valetkey/policy.h>

/* What the form is read for. */
typedef struct vk_abi_form {
    vk_call_policy_version version;
    bool sdk; /* the SDK's bytes where they differ from what is right */
} vk_abi_form;

/* Has the permission any of the form's members? */
bool vk_abi_form_present(const cJSON *permission);

/*
 * Resolves the form to out->selector and, if rules is true, out->rules (owned by out, also after a
 * failure). An overloaded function needs "selector", or its whole signature as "functionName".
 */
VK_MUST_USE vk_status vk_abi_form_resolve(const cJSON *permission, const vk_path *path,
                                          const vk_abi_form *form, bool rules,
                                          vk_call_permission *out, vk_error *err);

/* ---- The function ---- */

typedef struct vk_abi_function {
    uint8_t selector[4];
    size_t count;
    vk_abi_type inputs[VK_ABI_PARAMS_MAX];
} vk_abi_function;

/*
 * The function that "abi" and "functionName" of the permission mean, and its 4-byte selector if one
 * is given (else NULL). sdk: the selector of a function that is alone of its name is not looked at.
 */
VK_MUST_USE vk_status vk_abi_function_find(const cJSON *permission, const vk_path *path,
                                           const uint8_t *selector, bool sdk, vk_abi_function *out,
                                           vk_error *err);

/* ---- Values ---- */

/* The word that an argument of that type is compared with. */
VK_MUST_USE vk_status vk_abi_value_word(const cJSON *value, const vk_abi_type *type, bool sdk,
                                        const vk_path *path, vk_u256 *out, vk_error *err);
/* Appends the content that part of a string or bytes argument is compared with. */
VK_MUST_USE vk_status vk_abi_value_bytes(const cJSON *value, const vk_abi_type *type,
                                         const vk_path *path, vk_buf *out, vk_error *err);

#endif
