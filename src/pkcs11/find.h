/* What C_FindObjectsInit looks for, and where. */
#ifndef VK_PKCS11_FIND_H
#define VK_PKCS11_FIND_H

#include "pkcs11/object.h"

/* What is looked for. */
typedef struct vk_find {
    const CK_ATTRIBUTE *templ;
    CK_ULONG count;
    unsigned kinds;   /* that can match at all */
    unsigned unknown; /* those of them that have to be read to be told */
    bool is_user;     /* who looks for it */
    vk_buf scratch;
} vk_find;

/* Does the object match, and may it be seen? */
bool vk_find_matches(const vk_object *object, vk_find *query);
CK_RV vk_find_push(vk_search *search, CK_OBJECT_HANDLE handle);
/* What the template says of a name, and the filter that looks for it; both stay when it says
 * nothing. */
void vk_find_name(const vk_find *query, CK_ATTRIBUTE_TYPE type, vk_bytes *name,
                  const vk_bytes **filter);
/* Objects of the token's keys. */
CK_RV vk_find_in_token(vk_slot *slot, vk_find *query, vk_search *search);

#endif
