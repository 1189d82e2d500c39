/* Signing and verifying, whichever function of Cryptoki asks for it. */
#ifndef VK_PKCS11_SIGN_H
#define VK_PKCS11_SIGN_H

#include "pkcs11/session.h"

/* r || s. */
#define VK_SIGNATURE_LEN 64

/* Begins an operation, or one of_messages. Without a mechanism one that is active is cancelled. */
CK_RV vk_sign_init(vk_session *session, const CK_MECHANISM *wanted, CK_OBJECT_HANDLE handle,
                   bool of_messages);
/* CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN (context login). */
CK_RV vk_sign_ready(const vk_signing *signing, bool of_messages);
/* Through the gate. With signature NULL only the length is asked for. */
CK_RV vk_sign_payload(vk_session *session, vk_bytes payload, CK_BYTE *signature,
                      CK_ULONG *signature_len);
/* The length was asked for, or the buffer was too small: the same can be asked again. */
bool vk_sign_was_asked(CK_RV rv, const CK_BYTE *signature);

CK_RV vk_verify_init(vk_session *session, const CK_MECHANISM *wanted, CK_OBJECT_HANDLE handle,
                     bool of_messages);
CK_RV vk_verify_ready(const vk_verifying *verifying, bool of_messages);
CK_RV vk_verify_payload(const vk_verifying *verifying, vk_bytes payload, const CK_BYTE *signature,
                        CK_ULONG signature_len);

#endif
