/* What is in an X.509 certificate, as PKCS#11's attributes want it. */
#ifndef VK_PKCS11_CERTIFICATE_H
#define VK_PKCS11_CERTIFICATE_H

#include "pkcs11/ck3.h"
#include <valetkey/bytes.h>

/* Adds what the attributes (see token/attrs.h) do not say of the certificate in their CKA_VALUE:
 * subject, issuer, serial number, the time in which it is valid. One that cannot be read adds
 * nothing. */
VK_MUST_USE vk_status vk_certificate_complete(vk_buf *attrs);
/* Appends the SubjectPublicKeyInfo of a certificate in DER; nothing if it cannot be read. */
VK_MUST_USE vk_status vk_certificate_key_info(vk_bytes der, vk_buf *out);
/* Appends the first three bytes of its SHA-1; nothing of an empty one. */
VK_MUST_USE vk_status vk_certificate_check_value(vk_bytes der, vk_buf *out);

#endif
