/* ERC-1271 steps of tests/vectors/verdicts through C_Sign. */
#ifndef VK_TESTS_PLAY_MESSAGE_H
#define VK_TESTS_PLAY_MESSAGE_H

#include "support/client.h"
#include "unit/policy_support.h"

typedef struct message_counts {
    int signed_good;      /* which the chain accepts from that caller */
    int denied;           /* as the chain denies them */
    int hardened;         /* accepted by the chain, denied by a hardening rule */
    int other_signatures; /* not played: the vector's signature is none of this key's */
    int wrong;
} message_counts;

/*
 * The step's hash has no known preimage, so the key signs another message for the same caller:
 * typed data whose verifyingContract the caller is. The verdicts must be the same, and what is
 * signed must be a good signature for it.
 */
void play_message(client *c, CK_OBJECT_HANDLE key, const cJSON *one, const cJSON *step,
                  message_counts *n);

#endif
