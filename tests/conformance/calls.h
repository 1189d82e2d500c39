/* One call of each function, with arguments that are right as far as they can be. */
#ifndef VK_TESTS_CONFORMANCE_CALLS_H
#define VK_TESTS_CONFORMANCE_CALLS_H

#include "conformance.h"

/* clang-format off */

#define CALLS_OF_MODULE(X) X(C_Finalize) X(C_GetInfo) X(C_GetSlotList) X(C_WaitForSlotEvent)
#define CALLS_OF_SLOTS(X)                                                                          \
    X(C_GetSlotInfo) X(C_GetTokenInfo) X(C_GetMechanismList) X(C_GetMechanismInfo) X(C_InitToken)  \
    X(C_OpenSession) X(C_CloseAllSessions)
#define CALLS_OF_SESSIONS(X)                                                                       \
    X(C_CloseSession) X(C_GetSessionInfo) X(C_InitPIN) X(C_SetPIN) X(C_Login) X(C_Logout)          \
    X(C_CreateObject) X(C_CopyObject) X(C_DestroyObject) X(C_GetObjectSize)                        \
    X(C_GetAttributeValue) X(C_SetAttributeValue) X(C_FindObjectsInit) X(C_FindObjects)            \
    X(C_FindObjectsFinal) X(C_DigestInit) X(C_Digest) X(C_DigestUpdate) X(C_DigestFinal)           \
    X(C_SignInit) X(C_Sign) X(C_SignUpdate) X(C_SignFinal) X(C_VerifyInit) X(C_Verify)             \
    X(C_VerifyUpdate) X(C_VerifyFinal) X(C_GenerateKeyPair) X(C_DeriveKey) X(C_SeedRandom)         \
    X(C_GenerateRandom)
#define CALLS_OF_3_0(X)                                                                            \
    X(C_LoginUser) X(C_SessionCancel) X(C_MessageSignInit) X(C_SignMessage)                        \
    X(C_SignMessageBegin) X(C_SignMessageNext) X(C_MessageSignFinal) X(C_MessageVerifyInit)        \
    X(C_VerifyMessage) X(C_VerifyMessageBegin) X(C_VerifyMessageNext) X(C_MessageVerifyFinal)
/* A module of keys that only sign has nothing to do for these. */
#define CALLS_OF_OTHERS(X)                                                                         \
    X(C_GetOperationState) X(C_SetOperationState) X(C_EncryptInit) X(C_Encrypt)                    \
    X(C_EncryptUpdate) X(C_EncryptFinal) X(C_DecryptInit) X(C_Decrypt) X(C_DecryptUpdate)          \
    X(C_DecryptFinal) X(C_DigestKey) X(C_SignRecoverInit) X(C_SignRecover)                         \
    X(C_VerifyRecoverInit) X(C_VerifyRecover) X(C_DigestEncryptUpdate)                             \
    X(C_DecryptDigestUpdate) X(C_SignEncryptUpdate) X(C_DecryptVerifyUpdate) X(C_GenerateKey)      \
    X(C_WrapKey) X(C_UnwrapKey)
#define CALLS_OF_OTHERS_3_0(X)                                                                     \
    X(C_MessageEncryptInit) X(C_EncryptMessage) X(C_EncryptMessageBegin)                           \
    X(C_EncryptMessageNext) X(C_MessageEncryptFinal) X(C_MessageDecryptInit) X(C_DecryptMessage)   \
    X(C_DecryptMessageBegin) X(C_DecryptMessageNext) X(C_MessageDecryptFinal)
#define CALLS_OF_LEGACY(X) X(C_GetFunctionStatus) X(C_CancelFunction)

/* clang-format on */

/* All but C_Initialize, C_GetFunctionList, C_GetInterface and C_GetInterfaceList. */
#define ALL_CALLS(X)                                                                               \
    CALLS_OF_MODULE(X)                                                                             \
    CALLS_OF_SLOTS(X)                                                                              \
    CALLS_OF_SESSIONS(X)                                                                           \
    CALLS_OF_3_0(X) CALLS_OF_OTHERS(X) CALLS_OF_OTHERS_3_0(X) CALLS_OF_LEGACY(X)

#define DECLARE_CALL(name) CK_RV call_##name(context *c);
ALL_CALLS(DECLARE_CALL)

#endif
