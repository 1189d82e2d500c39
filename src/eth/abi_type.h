/*
 * Types as JSON ABIs spell them: their canonical names, and how much of the call data they take.
 * Source: Solidity's ABI specification. Members that say nothing about types are not looked at.
 */
#ifndef VK_ETH_ABI_TYPE_H
#define VK_ETH_ABI_TYPE_H

#include "base/json.h"

/* Inputs of a function, or components of a tuple. */
#define VK_ABI_PARAMS_MAX 256
/* Brackets behind a type: uint256[][2] has two. */
#define VK_ABI_ARRAYS_MAX 16
/* A static type takes at most this many words. */
#define VK_ABI_WORDS_MAX (UINT64_C(1) << 32)

typedef enum vk_abi_kind {
    VK_ABI_UINT = 1,
    VK_ABI_INT,
    VK_ABI_ADDRESS,
    VK_ABI_BOOL,
    VK_ABI_FIXED_BYTES, /* bytes1 to bytes32; also "function", which is bytes24 */
    VK_ABI_BYTES,
    VK_ABI_STRING,
    VK_ABI_COMPOSITE /* tuple or array */
} vk_abi_kind;

typedef struct vk_abi_type {
    vk_abi_kind kind;
    unsigned size;  /* UINT, INT: bits; FIXED_BYTES: bytes */
    bool dynamic;   /* the head holds an offset */
    uint64_t words; /* in the head: 1 if dynamic */
} vk_abi_type;

/*
 * Reads {"type":...[,"components":[...]]} and appends the canonical name ("(address,uint8)[]").
 * VK_ERR_FORMAT for what is no type in its canonical spelling, VK_ERR_SIZE above the limits.
 */
VK_MUST_USE vk_status vk_abi_type_read(const cJSON *parameter, const vk_path *path, vk_buf *name,
                                       vk_abi_type *out, vk_error *err);

/*
 * Reads the inputs of {"name":...[,"inputs":[...]]} and appends the function's signature
 * ("transfer(address,uint256)"). types (NULL: not wanted) has room for VK_ABI_PARAMS_MAX.
 */
VK_MUST_USE vk_status vk_abi_function_read(const cJSON *function, const vk_path *path,
                                           vk_buf *signature, vk_abi_type *types, size_t *count,
                                           vk_error *err);

#endif
