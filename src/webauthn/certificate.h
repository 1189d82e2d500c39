/* The certificate of an attestation statement, on top of OpenSSL's X.509. */
#ifndef VK_WEBAUTHN_CERTIFICATE_H
#define VK_WEBAUTHN_CERTIFICATE_H

#include <openssl/x509.h>
#include <valetkey/credential.h>

/* One certificate in DER, with no bytes after it. Free with X509_free. */
VK_MUST_USE vk_status vk_certificate_read(vk_bytes der, X509 **out, vk_error *err);
/* Is signature good for message under the certificate's key and a COSE algorithm? */
VK_MUST_USE vk_status vk_certificate_verify(X509 *certificate, int64_t algorithm, vk_bytes message,
                                            vk_bytes signature, vk_error *err);
/* What [8.2.1] asks of the certificate of a packed statement. */
VK_MUST_USE vk_status vk_certificate_check_packed(X509 *certificate, const uint8_t aaguid[16],
                                                  vk_error *err);
/* What [8.6] asks of that of a fido-u2f statement: a P-256 key. */
VK_MUST_USE vk_status vk_certificate_check_p256(X509 *certificate, vk_error *err);
/* Does the certificate chain to an anchor, over the others of the statement? */
VK_MUST_USE vk_status vk_certificate_check_chain(X509 *certificate, const vk_bytes *others,
                                                 size_t count, const vk_attestation_trust *trust,
                                                 vk_error *err);

#endif
