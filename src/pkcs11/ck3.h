/*
 * PKCS#11 types: p11-kit's 2.40 header, and what it lacks or has wrong.
 */
#ifndef VK_PKCS11_CK3_H
#define VK_PKCS11_CK3_H

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

/* Headers of 3.0 bring the interface types. */
#ifndef CKF_INTERFACE_FORK_SAFE
typedef struct CK_INTERFACE {
    CK_UTF8CHAR *pInterfaceName;
    CK_VOID_PTR pFunctionList;
    CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR interfaces, CK_ULONG_PTR count);
CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR interface,
                     CK_FLAGS flags);
#endif

#endif
