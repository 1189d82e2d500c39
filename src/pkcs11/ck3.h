/*
 * PKCS#11 types: p11-kit's 2.40 header, and what it lacks or has wrong.
 */
#ifndef VK_PKCS11_CK3_H
#define VK_PKCS11_CK3_H

#include "pkcs11/functions.h"

#include <p11-kit/pkcs11.h>
#include <valetkey/pkcs11.h>

/* Debian 12's header gives these five the numbers 0x1C0 to 0x1C4. */
#undef CKR_EXCEEDED_MAX_ITERATIONS
#undef CKR_FIPS_SELF_TEST_FAILED
#undef CKR_LIBRARY_LOAD_FAILED
#undef CKR_PIN_TOO_WEAK
#undef CKR_PUBLIC_KEY_INVALID
#define CKR_EXCEEDED_MAX_ITERATIONS 0x1B5UL
#define CKR_FIPS_SELF_TEST_FAILED 0x1B6UL
#define CKR_LIBRARY_LOAD_FAILED 0x1B7UL
#define CKR_PIN_TOO_WEAK 0x1B8UL
#define CKR_PUBLIC_KEY_INVALID 0x1B9UL

#ifndef CKR_ACTION_PROHIBITED
#define CKR_ACTION_PROHIBITED 0x1BUL
#endif
#ifndef CKR_CURVE_NOT_SUPPORTED
#define CKR_CURVE_NOT_SUPPORTED 0x140UL
#endif
#ifndef CKA_UNIQUE_ID
#define CKA_UNIQUE_ID 0x4UL
#endif

#ifndef CKO_PROFILE
#define CKO_PROFILE 0x9UL
#define CKA_PROFILE_ID 0x601UL
#define CKP_BASELINE_PROVIDER 0x1UL
#define CKP_EXTENDED_PROVIDER 0x2UL
#endif
#ifndef CKR_OPERATION_CANCEL_FAILED
#define CKR_OPERATION_CANCEL_FAILED 0x202UL
#endif
#ifndef CKF_MESSAGE_SIGN
#define CKF_MESSAGE_SIGN 0x8UL
#define CKF_MESSAGE_VERIFY 0x10UL
#define CKF_MULTI_MESSAGE 0x20UL
#define CKF_FIND_OBJECTS 0x40UL
#endif

/* Headers of 3.0 bring the interface types and the new functions. */
#ifndef CKF_INTERFACE_FORK_SAFE
typedef struct CK_INTERFACE {
    CK_UTF8CHAR *pInterfaceName;
    CK_VOID_PTR pFunctionList;
    CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

#define VK_DECLARE(name, arguments)                                                                \
    typedef CK_RV(*CK_##name) arguments;                                                           \
    CK_RV name arguments

VK_DECLARE(C_GetInterfaceList, (CK_INTERFACE_PTR list, CK_ULONG_PTR count));
VK_DECLARE(C_GetInterface, (CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                            CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags));
VK_DECLARE(C_LoginUser, (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
                         CK_ULONG pin_len, CK_UTF8CHAR_PTR name, CK_ULONG name_len));
VK_DECLARE(C_SessionCancel, (CK_SESSION_HANDLE session, CK_FLAGS flags));
VK_DECLARE(C_MessageEncryptInit,
           (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
VK_DECLARE(C_EncryptMessage,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR plain, CK_ULONG plain_len,
            CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len));
VK_DECLARE(C_EncryptMessageBegin,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR associated, CK_ULONG associated_len));
VK_DECLARE(C_EncryptMessageNext,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR plain, CK_ULONG plain_len, CK_BYTE_PTR encrypted,
            CK_ULONG_PTR encrypted_len, CK_FLAGS flags));
VK_DECLARE(C_MessageEncryptFinal, (CK_SESSION_HANDLE session));
VK_DECLARE(C_MessageDecryptInit,
           (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
VK_DECLARE(C_DecryptMessage,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR encrypted,
            CK_ULONG encrypted_len, CK_BYTE_PTR plain, CK_ULONG_PTR plain_len));
VK_DECLARE(C_DecryptMessageBegin,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR associated, CK_ULONG associated_len));
VK_DECLARE(C_DecryptMessageNext,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR encrypted, CK_ULONG encrypted_len, CK_BYTE_PTR plain,
            CK_ULONG_PTR plain_len, CK_FLAGS flags));
VK_DECLARE(C_MessageDecryptFinal, (CK_SESSION_HANDLE session));
VK_DECLARE(C_MessageSignInit,
           (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
VK_DECLARE(C_SignMessage, (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                           CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                           CK_ULONG_PTR signature_len));
VK_DECLARE(C_SignMessageBegin,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len));
VK_DECLARE(C_SignMessageNext, (CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
                               CK_ULONG parameter_len, CK_BYTE_PTR part, CK_ULONG part_len,
                               CK_BYTE_PTR signature, CK_ULONG_PTR signature_len));
VK_DECLARE(C_MessageSignFinal, (CK_SESSION_HANDLE session));
VK_DECLARE(C_MessageVerifyInit,
           (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
VK_DECLARE(C_VerifyMessage,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG signature_len));
VK_DECLARE(C_VerifyMessageBegin,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len));
VK_DECLARE(C_VerifyMessageNext,
           (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
            CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR signature, CK_ULONG signature_len));
VK_DECLARE(C_MessageVerifyFinal, (CK_SESSION_HANDLE session));

#define VK_MEMBER(name) CK_##name name;
typedef struct CK_FUNCTION_LIST_3_0 {
    CK_VERSION version;
    VK_FUNCTIONS_2_40(VK_MEMBER, VK_MEMBER)
    VK_FUNCTIONS_3_0(VK_MEMBER)
} CK_FUNCTION_LIST_3_0;
#endif

#endif
