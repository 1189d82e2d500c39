/* What the benchmarks sign: a session key that sends USDC to one recipient, and its operations. */
#ifndef VK_BENCH_SESSION_KEY_H
#define VK_BENCH_SESSION_KEY_H

#include "support/client.h"

/* Ends the program with what failed unless ok. */
void must(int ok, const char *what);

/* Call and time window: nothing to remember. And with a gas budget that does not end. */
extern const char session_policies[];
extern const char session_policies_gas[];

/* Imports a secp256k1 or P-256 key under policies, with a grant; gives its permissionId. */
CK_OBJECT_HANDLE session_key_new(client *c, const char *label, bool p256, uint8_t seed,
                                 const char *policies, uint8_t id4[4]);
/* The JSON of an operation with this sequence number in its nonce; free with vk_buf_clear. */
vk_buf session_operation(const uint8_t id4[4], uint64_t sequence);

#endif
