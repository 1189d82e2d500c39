/* Session keys that the ZeroDev SDK made, with their owner's approval, on the token "plain". */
#ifndef VK_TESTS_PKCS11_SDK_H
#define VK_TESTS_PKCS11_SDK_H

#include "../support/vectors.h"
#include "support.h"

typedef struct sdk_key {
    cJSON *vector; /* cJSON_Delete it */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key, grant;
} sdk_key;

/* The ECDSA key with the label "sdk", the user logged in. */
sdk_key sdk_ecdsa(void);
/* The passkey, into a session with the user logged in. */
sdk_key sdk_passkey(CK_SESSION_HANDLE session, char *label, bool counts);

const cJSON *sdk_operation(const sdk_key *sdk, int index);
/* Its text; free it. */
char *sdk_userop(const sdk_key *sdk, int index);
void expect_text(const sdk_key *sdk, CK_ATTRIBUTE_TYPE type, const char *expected);

#endif
