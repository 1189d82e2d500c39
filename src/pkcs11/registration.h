/* Passkeys of browsers: C_CreateObject of a public key with its registration. */
#ifndef VK_PKCS11_REGISTRATION_H
#define VK_PKCS11_REGISTRATION_H

#include "pkcs11/session.h"
#include "pkcs11/template.h"

/* Does the template speak of one? Policies and relying parties are nothing of other public keys. */
bool vk_is_registration(const vk_key_template *key);
/* Verifies it, and makes the key. */
CK_RV vk_create_registered(vk_session *session, const vk_key_template *key, CK_OBJECT_HANDLE *out);

#endif
