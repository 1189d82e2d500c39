/* The module and the token that fuzzed calls meet. */
#ifndef VK_TESTS_FUZZ_CALLS_TOKEN_H
#define VK_TESTS_FUZZ_CALLS_TOKEN_H

#include "pkcs11/ck3.h"

#include <valetkey/bytes.h>

typedef struct calls_token {
    CK_FUNCTION_LIST_3_0 *f;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE home; /* read-write, with the user's login; never the input's */
} calls_token;

#define CALLS_SO_PIN "so-pin-1234"
#define CALLS_USER_PIN "user-pin-1234"

/* The token before an input: the user is logged in, and it holds one key pair of each curve that
 * signs anything. */
calls_token *calls_token_ready(void);
/* After an input: nothing of it is left. */
void calls_token_restore(calls_token *t);

#endif
