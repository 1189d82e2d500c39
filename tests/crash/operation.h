/*
 * Policies, grants and operations of the keys in a ledger, as the token takes them. The accounts
 * are Kernel 0.3.1 on EntryPoint 0.7; a key's account follows from its place in the ledger.
 */
#ifndef VK_TESTS_OPERATION_H
#define VK_TESTS_OPERATION_H

#include "crash/ledger.h"

#include <valetkey/valetkey.h>

#define OPERATION_CHAIN_ID 31337

/* The texts are freed with vk_text_free. All abort when something fails that is not about tokens.
 */

char *operation_policy(const ledger_key *key);
/* What the permission of a secp256k1 key with this address needs. */
vk_signer operation_signer(const uint8_t address20[20]);
/* A grant on a chain: the permission is installed, but for KIND_ENABLE, which the owner approves.
 */
char *operation_grant(const ledger *l, const ledger_key *key, uint64_t chain_id,
                      const vk_signer *signer);
/* The operation that the entry says was asked for: with what is around it, or the digest's bytes.
 */
vk_buf operation_payload(const ledger *l, const ledger_signature *signature, uint64_t chain_id);

/* Random gas and fee for an entry whose key, mode and nonce are known. */
void operation_price(ledger_signature *signature, dice *d);
#define OPERATION_GAS_MIN UINT64_C(1400000)
#define OPERATION_GAS_MAX UINT64_C(1500000)
#define OPERATION_FEE_MIN UINT64_C(1000000000) /* wei a unit */
#define OPERATION_FEE_MAX UINT64_C(2000000000)

/* Does what has left verify as the signature of what was asked for? Only of secp256k1 keys, by the
 * key's address; in enable mode only the session's part. */
bool operation_verifies(const ledger *l, const ledger_signature *signature,
                        const uint8_t address20[20]);

#endif
