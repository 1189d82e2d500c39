/*
 * The codes with which an EntryPoint (0.6 to 0.9) refuses an operation, as they come with a
 * bundler's words ("AA23 reverted 0x..."). Source: eth-infinitism/account-abstraction
 * core/EntryPoint.sol. What the token expects a chain to say of an operation that it denies is in
 * src/policy/chain_error.c.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_AA_ERROR_H
#define VK_NET_AA_ERROR_H

#include <valetkey/bytes.h>

/*
 * Finds the first "AA" and two digits that stand alone in a text, and copies them to code with a
 * NUL; "" if there are none. Returns what that means for a session key and what to do next, one
 * sentence; NULL if there is no code, or it is none of an EntryPoint's.
 */
const char *vk_aa_meaning(const char *message, char code[5]);

#define VK_AA_REVERT_MAX 128

/*
 * Bundlers give what an account or a paymaster reverted with as data: "AA23 reverted 0x3e49...".
 * Makes of it the words in which a verdict predicts it ("AA23 reverted: PolicyFailed(1)",
 * vk_verdict.chain_error). False, and out "", if the text has no code with such data behind it, or
 * the error is none of Kernel's, its policies' and signers', or Solidity's own.
 */
bool vk_aa_revert(const char *message, char out[VK_AA_REVERT_MAX]);

/* Where the first code begins; NULL if there is none. */
const char *vk_aa_find(const char *message);

#endif
