/* Data objects that an application writes for a key: what their templates say. */
#ifndef VK_PKCS11_KEY_DATA_H
#define VK_PKCS11_KEY_DATA_H

#include "pkcs11/object.h"

/* Into the template; NULL: not there. There is a label or an id, and a value. */
typedef struct vk_key_data {
    const CK_ATTRIBUTE *application, *label, *id, *object_id, *value;
} vk_key_data;

CK_RV vk_key_data_read(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_key_data *out);
/* The one private key with this label and this id, of those that are there.
 * CKR_TEMPLATE_INCONSISTENT if there is none, or more than one. */
CK_RV vk_key_data_find(vk_slot *slot, const vk_key_data *data, int64_t *key_id);

bool vk_is_application(const CK_ATTRIBUTE *application, const char *text);

#endif
