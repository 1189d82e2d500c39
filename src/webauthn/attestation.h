/* Writing attestation objects; credential.h has the reader. */
#ifndef VK_WEBAUTHN_ATTESTATION_H
#define VK_WEBAUTHN_ATTESTATION_H

#include <valetkey/bytes.h>

/* Appends {"fmt": format, "attStmt": statement, "authData": auth_data}: the statement is a map that
 * is encoded already, and is not looked at. */
VK_MUST_USE vk_status vk_attestation_write(const char *format, vk_bytes statement,
                                           vk_bytes auth_data, vk_buf *out);

#endif
