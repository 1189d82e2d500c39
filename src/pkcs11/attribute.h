/* Attribute values of objects. */
#ifndef VK_PKCS11_ATTRIBUTE_H
#define VK_PKCS11_ATTRIBUTE_H

#include "pkcs11/object.h"

/* Appends the value, as C_GetAttributeValue gives it. CKR_ATTRIBUTE_TYPE_INVALID: the object has no
 * such attribute; CKR_ATTRIBUTE_SENSITIVE: nobody may read it. */
CK_RV vk_attribute_get(const vk_object *object, CK_ATTRIBUTE_TYPE type, vk_buf *out);
/* Does the object have this value? */
bool vk_attribute_is(const vk_object *object, const CK_ATTRIBUTE *wanted, vk_buf *scratch);

/* The same, as far as its kind alone tells. */
typedef enum vk_match { VK_MATCH_NO, VK_MATCH_YES, VK_MATCH_UNKNOWN } vk_match;
vk_match vk_attribute_of_kind(vk_kind kind, const CK_ATTRIBUTE *wanted);

typedef CK_RV (*vk_attribute_getter)(const vk_object *object, vk_buf *out);

typedef enum vk_attribute_source {
    VK_FROM_TRUE = 1,
    VK_FROM_FALSE,
    VK_FROM_NUMBER,       /* the row's number, as a CK_ULONG */
    VK_FROM_STORED_TRUE,  /* a kept CK_BBOOL, CK_TRUE when there is none */
    VK_FROM_STORED_FALSE, /* the same with CK_FALSE */
    VK_FROM_STORED_BYTES, /* kept bytes, empty when there are none */
    VK_FROM_SECRET,       /* CKR_ATTRIBUTE_SENSITIVE */
    VK_FROM_GETTER
} vk_attribute_source;

typedef struct vk_attribute_row {
    CK_ATTRIBUTE_TYPE type;
    unsigned kinds; /* vk_kind, or-ed */
    vk_attribute_source source;
    CK_ULONG number;
    vk_attribute_getter get;
} vk_attribute_row;

typedef struct vk_attribute_table {
    const vk_attribute_row *rows;
    size_t count;
} vk_attribute_table;

extern const vk_attribute_table vk_standard_attributes;
extern const vk_attribute_table vk_policy_attributes;
extern const vk_attribute_table vk_signer_attributes;
extern const vk_attribute_table vk_grant_attributes;
extern const vk_attribute_table vk_pending_attributes;
extern const vk_attribute_table vk_ordinary_attributes;

/* What a session object keeps may be changed by another session, but not while it is locked. For
 * other objects these two do nothing. */
void vk_object_lock(const vk_object *object);
void vk_object_unlock(const vk_object *object);
/* The stored bytes, good until attrs changes; empty when there are none. */
vk_bytes vk_stored_bytes(const vk_buf *attrs, CK_ATTRIBUTE_TYPE type);
/* The stored CK_BBOOL, or what it is when there is none. */
bool vk_stored_bool(const vk_buf *attrs, CK_ATTRIBUTE_TYPE type, bool absent);
bool vk_object_bool(const vk_object *object, CK_ATTRIBUTE_TYPE type, bool absent);
/* Does its CKA_ALLOWED_MECHANISMS, if it has one, name the mechanism? */
bool vk_object_allows(const vk_object *object, CK_MECHANISM_TYPE type);

/* When a policy lets the key sign at all: every timestamp rule of it, or thirdweb's session. False:
 * it has none. */
typedef struct vk_window {
    uint64_t after, until; /* seconds since 1970; until 0: no end */
} vk_window;
bool vk_policy_window(const vk_policy *policy, vk_window *out);
/* The policy's first rule of one of two kinds (the same twice for one), or NULL. */
const vk_rule *vk_policy_rule(const vk_policy *policy, vk_rule_kind kind, vk_rule_kind or_kind);
/* Appends a number, big-endian. */
void vk_put_u64(vk_buf *out, uint64_t value);

#endif
