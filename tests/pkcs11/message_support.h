/* Sessions for the tests of messages: a key with a policy and grants of accounts that need not be
 * on any chain. */
#ifndef VK_TESTS_PKCS11_MESSAGE_SUPPORT_H
#define VK_TESTS_PKCS11_MESSAGE_SUPPORT_H

#include "support.h"

#include <valetkey/valetkey.h>

#define CHAIN 8453
#define CALLER "0x2222222222222222222222222222222222222222"
#define CALLERS "{\"type\":\"signature-caller\",\"allowedCallers\":[\"" CALLER "\"]}"

/* A key pair with this policy on the token "plain", under the label "k". */
pair policy_key(CK_SESSION_HANDLE session, CK_BYTE *curve, CK_ULONG curve_len, const char *policy);

/* The account that the test's owner has on Kernel 0.3.3. */
vk_address account_of_owner(unsigned index);
/* Grants it to the key on a chain: as installed already, or with the owner's approval. */
void grant_installed(CK_SESSION_HANDLE session, pair keys, uint64_t chain_id, unsigned index);
void grant_approved(CK_SESSION_HANDLE session, pair keys, uint64_t chain_id, unsigned index);

/* Typed data for that contract on that chain; vk_text_free it. */
char *typed_data(const char *contract, uint64_t chain_id);
/* A request around such typed data for an account of the owner; rest begins with a comma or is "".
 */
char *request_of(const char *json, uint64_t chain_id, unsigned index, const char *rest);

/* C_SignInit and C_Sign of a text with the NUL left out. */
CK_RV sign_text(CK_SESSION_HANDLE session, pair keys, CK_MECHANISM_TYPE mechanism, const char *text,
                CK_BYTE *signature, CK_ULONG *len);
/* Must be refused, with a last denial that begins so. */
void assert_refused(CK_SESSION_HANDLE session, pair keys, CK_MECHANISM_TYPE mechanism,
                    const char *text, const char *denial);

/* Is it a signature that the account of this owner accepts for the hash on that chain? */
bool is_good(CK_SESSION_HANDLE session, pair keys, const vk_hash *hash, uint64_t chain_id,
             unsigned index, vk_bytes signature);

#endif
