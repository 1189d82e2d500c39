/* PKCS#11 objects of the session's token. */
#ifndef VK_CLI_OBJECT_H
#define VK_CLI_OBJECT_H

#include "cli/cli.h"

/* A template under construction. The values must live as long as it does. */
#define VK_TEMPLATE_MAX 24
typedef struct vk_template {
    CK_ATTRIBUTE attrs[VK_TEMPLATE_MAX];
    CK_ULONG count;
} vk_template;

void vk_template_bytes(vk_template *t, CK_ATTRIBUTE_TYPE type, vk_bytes value);
void vk_template_text(vk_template *t, CK_ATTRIBUTE_TYPE type, const char *value);
void vk_template_bool(vk_template *t, CK_ATTRIBUTE_TYPE type, bool value);
/* value: one that stays, not a temporary. */
void vk_template_ulong(vk_template *t, CK_ATTRIBUTE_TYPE type, const CK_ULONG *value);

typedef struct vk_handles {
    CK_OBJECT_HANDLE *list; /* owned: free() */
    size_t count;
} vk_handles;

/* Appends an attribute's value. *present (may be NULL) is false where the object has none; without
 * present that is a failure. */
VK_MUST_USE vk_exit vk_object_get(vk_cli *cli, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                                  vk_buf *out, bool *present);
VK_MUST_USE vk_exit vk_object_find(vk_cli *cli, const vk_template *wanted, vk_handles *out);

extern const CK_OBJECT_CLASS vk_class_private, vk_class_public, vk_class_data;
extern const CK_KEY_TYPE vk_key_type_ec;
/* DER of the named curve. */
vk_bytes vk_curve_params(bool p256);

#endif
