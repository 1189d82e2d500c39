/* The types of EIP-712 typed data: read from JSON, resolved, hashed. */
#ifndef VK_ETH_TYPED_TYPES_H
#define VK_ETH_TYPED_TYPES_H

#include "base/json.h"

#include <valetkey/typed_data.h>

#define VK_TYPED_DOMAIN "EIP712Domain"

typedef enum vk_typed_base {
    VK_TYPED_STRUCT,
    VK_TYPED_UINT,
    VK_TYPED_INT,
    VK_TYPED_FIXED_BYTES,
    VK_TYPED_BYTES,
    VK_TYPED_STRING,
    VK_TYPED_BOOL,
    VK_TYPED_ADDRESS
} vk_typed_base;

/* "Person[2][]": a base of base_len characters, then the dimensions, the outermost last. */
typedef struct vk_typed_type {
    const char *text; /* of the JSON; not ended by a NUL at len */
    size_t len;
    size_t base_len;
    vk_typed_base base;
    unsigned size;    /* bits of UINT and INT, bytes of FIXED_BYTES */
    size_t structure; /* index of STRUCT */
} vk_typed_type;

typedef struct vk_typed_member {
    const char *name;
    vk_typed_type type;
} vk_typed_member;

typedef struct vk_typed_struct {
    const char *name;
    vk_typed_member *members; /* owned */
    size_t count;
    bool hashed;
    vk_hash type_hash; /* once hashed */
} vk_typed_struct;

typedef struct vk_typed_types {
    vk_typed_struct *structs; /* owned */
    size_t count;
    size_t name_bytes;
} vk_typed_types;

/*
 * Reads "types". Where it has no EIP712Domain, one is added by the members of domain. Texts belong
 * to the JSON. vk_typed_types_clear what was read, after a failure too.
 */
VK_MUST_USE vk_status vk_typed_types_read(const cJSON *types, const cJSON *domain,
                                          vk_typed_types *out, vk_error *err);
void vk_typed_types_clear(vk_typed_types *types);

/* The struct of this name, or NULL. */
vk_typed_struct *vk_typed_find(const vk_typed_types *types, const char *name, size_t len);
/* K(encodeType), computed once. */
vk_hash vk_typed_type_hash(const vk_typed_types *types, vk_typed_struct *structure);

static inline bool vk_typed_is_array(const vk_typed_type *type) {
    return type->len > type->base_len;
}
#define VK_TYPED_ANY_LENGTH SIZE_MAX
/* What an array is of, and how many there must be, or VK_TYPED_ANY_LENGTH. */
vk_typed_type vk_typed_element(const vk_typed_type *array, size_t *count);

#endif
