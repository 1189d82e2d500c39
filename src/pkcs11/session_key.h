/*
 * Keys of sessions: this process makes them for itself, and no account knows them. They sign any
 * digest, and no policy can be given to them.
 */
#ifndef VK_PKCS11_SESSION_KEY_H
#define VK_PKCS11_SESSION_KEY_H

#include "pkcs11/object.h"
#include "pkcs11/template.h"

/* Both halves of a new pair. The templates' attributes are taken over. */
CK_RV vk_session_pair(vk_session *session, vk_key_template *public_half,
                      vk_key_template *private_half, CK_OBJECT_HANDLE *public_key,
                      CK_OBJECT_HANDLE *private_key);
CK_RV vk_session_import(vk_session *session, vk_key_template *key, const uint8_t secret32[32],
                        CK_OBJECT_HANDLE *out);
CK_RV vk_session_public(vk_session *session, vk_key_template *key, const uint8_t point65[65],
                        CK_OBJECT_HANDLE *out);
/* C_CopyObject of a public key: into the session. */
CK_RV vk_copy_public_key(vk_session *session, const vk_object *object, const CK_ATTRIBUTE *templ,
                         CK_ULONG count, CK_OBJECT_HANDLE *out);

#endif
