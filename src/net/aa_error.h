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

#endif
