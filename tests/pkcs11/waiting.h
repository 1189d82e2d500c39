/* Operations that wait to be signed as digests: writing them, finding their objects, signing. */
#ifndef VK_TESTS_PKCS11_WAITING_H
#define VK_TESTS_PKCS11_WAITING_H

#include "sdk.h"

#define NOON 1800000000u /* within the windows of the SDK's policies */

/* A template around an operation; further attributes may follow. */
typedef struct userop_templ {
    CK_ATTRIBUTE attrs[8];
    CK_ULONG count;
} userop_templ;

userop_templ userop_of(const char *label, const char *text);
CK_RV create(CK_SESSION_HANDLE session, userop_templ *templ, CK_OBJECT_HANDLE *out);
CK_RV write_userop(CK_SESSION_HANDLE session, const char *label, const char *text,
                   CK_OBJECT_HANDLE *out);
/* Writes an operation of the SDK's; the digest that waits then. */
CK_OBJECT_HANDLE pend(const sdk_key *sdk, const char *label, int index, CK_BYTE digest[32]);

CK_ULONG find_application(CK_SESSION_HANDLE session, const char *application,
                          CK_OBJECT_HANDLE *first);
/* How many objects of operations there are. */
CK_ULONG waiting(CK_SESSION_HANDLE session);
/* The object of this application that belongs to the operation of another object. */
CK_OBJECT_HANDLE beside(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE userop,
                        const char *application);
void digest_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE userop, CK_BYTE digest[32]);

CK_RV sign_digest(const sdk_key *sdk, const CK_BYTE digest[32], CK_BYTE signature[64]);
/* The SDK's signature has r || s in it. */
void assert_signature(const sdk_key *sdk, int index, const CK_BYTE signature[64]);
uint64_t gas_left(const sdk_key *sdk);

/* An operation of the SDK's with another member; free it. */
char *changed(const sdk_key *sdk, int index, const char *member, const char *value);
/* The same with another sequence number, the last digits of the nonce. */
char *numbered(const sdk_key *sdk, int index, unsigned number);

/* The ECDSA key, with its first operation signed: the others are in default mode. The clock stands
 * at NOON. */
sdk_key enabled_ecdsa(void);
void done(sdk_key *sdk);

#endif
