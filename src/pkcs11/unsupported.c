/* The functions of Cryptoki that make no sense for keys that only sign. */
#include "pkcs11/entry.h"

/* The parameters are Cryptoki's; only the session is looked at. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static CK_RV unsupported(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state,
                          CK_ULONG_PTR operation_state_len) {
    return unsupported(session);
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR operation_state,
                          CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
                          CK_OBJECT_HANDLE authentication_key) {
    return unsupported(session);
}

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
                CK_BYTE_PTR encrypted_data, CK_ULONG_PTR encrypted_data_len) {
    return unsupported(session);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,
                      CK_BYTE_PTR encrypted_part, CK_ULONG_PTR encrypted_part_len) {
    return unsupported(session);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_encrypted_part,
                     CK_ULONG_PTR last_encrypted_part_len) {
    return unsupported(session);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_data, CK_ULONG encrypted_data_len,
                CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
    return unsupported(session);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,
                      CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len) {
    return unsupported(session);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_part, CK_ULONG_PTR last_part_len) {
    return unsupported(session);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                        CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
                    CK_BYTE_PTR signature, CK_ULONG_PTR signature_len) {
    return unsupported(session);
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len,
                      CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
    return unsupported(session);
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,
                            CK_BYTE_PTR encrypted_part, CK_ULONG_PTR encrypted_part_len) {
    return unsupported(session);
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,
                            CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len) {
    return unsupported(session);
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,
                          CK_BYTE_PTR encrypted_part, CK_ULONG_PTR encrypted_part_len) {
    return unsupported(session);
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,
                            CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len) {
    return unsupported(session);
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR templ,
                    CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
    return unsupported(session);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped_key,
                CK_ULONG_PTR wrapped_key_len) {
    return unsupported(session);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped_key,
                  CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR templ, CK_ULONG attribute_count,
                  CK_OBJECT_HANDLE_PTR key) {
    return unsupported(session);
}

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                           CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                       CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR plain,
                       CK_ULONG plain_len, CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
    return unsupported(session);
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                            CK_ULONG parameter_len, CK_BYTE_PTR associated,
                            CK_ULONG associated_len) {
    return unsupported(session);
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                           CK_BYTE_PTR plain, CK_ULONG plain_len, CK_BYTE_PTR encrypted,
                           CK_ULONG_PTR encrypted_len, CK_FLAGS flags) {
    return unsupported(session);
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session) {
    return unsupported(session);
}

CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                           CK_OBJECT_HANDLE key) {
    return unsupported(session);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                       CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR encrypted,
                       CK_ULONG encrypted_len, CK_BYTE_PTR plain, CK_ULONG_PTR plain_len) {
    return unsupported(session);
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                            CK_ULONG parameter_len, CK_BYTE_PTR associated,
                            CK_ULONG associated_len) {
    return unsupported(session);
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                           CK_BYTE_PTR encrypted, CK_ULONG encrypted_len, CK_BYTE_PTR plain,
                           CK_ULONG_PTR plain_len, CK_FLAGS flags) {
    return unsupported(session);
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session) {
    return unsupported(session);
}

/* Left over from Cryptoki 1: no function runs in parallel. */
static CK_RV not_parallel(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session) {
    return not_parallel(session);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session) {
    return not_parallel(session);
}
