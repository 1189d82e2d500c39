#include "net/aa_error.h"

#include <string.h>

/*
 * Kernel reverts while it validates (AA23) if a policy says no, if the permission is not installed,
 * or if an approval is not good; it answers "failed" (AA24) if the session key's own signature is
 * not good. thirdweb accounts revert for calls that the key may not make, and answer "failed" for
 * the rest.
 */
static const struct {
    char code[3];
    const char *meaning;
} meanings[] = {
    {"10", "the account is deployed already, but the operation deploys it: leave out the factory "
           "and its data (initCode)"},
    {"13", "the account's deployment reverts or runs out of gas: check the factory and its data, "
           "and raise verificationGasLimit"},
    {"14", "the factory deploys another account than the operation's sender: the owner, the index "
           "or the Kernel version is another one than the address was computed with"},
    {"15", "the factory was called, and the sender still has no code: check the factory's address "
           "and its data"},
    {"20", "the account is not deployed, and the operation does not deploy it: its first operation "
           "needs the factory and its data (initCode)"},
    {"21", "the account has not enough to pay for the gas: send ether to it, make a deposit in the "
           "EntryPoint, or use a paymaster"},
    {"22", "the operation is outside of the time in which the session key is valid: wait until the "
           "time begins, or have the owner approve a new session"},
    {"23", "the account reverts while it validates, as Kernel does if a policy of the session key "
           "says no, if the permission is not installed or was revoked, if the owner's approval is "
           "not good or used up, or if verificationGasLimit is too low: \"valetkey explain\" says "
           "what the policies make of the operation"},
    {"24", "the signature is not the session key's for this operation: another key, chain, "
           "EntryPoint or gas value was signed than was sent; sign the operation again as it is"},
    {"25", "the nonce was used already, or there is a gap before it: ask the EntryPoint for the "
           "next nonce of the lane and sign the operation again, after looking whether an earlier "
           "one was included"},
    {"26", "validating the operation takes more gas than verificationGasLimit: raise it and sign "
           "again"},
    {"27", "the operation is outside of the blocks in which it is valid: wait for the first of "
           "them, or have the owner approve a new session"},
    {"30", "the paymaster is no contract on this chain: check whose service the configuration "
           "names, and for which chain"},
    {"31", "the paymaster has not enough in the EntryPoint to pay for this: its operator has to "
           "add to the deposit; use another one, or let the account pay"},
    {"32", "the paymaster's consent has run out or is not valid yet: ask it again and sign the "
           "operation again"},
    {"33", "the paymaster reverts while it validates: it does not pay for this operation, or the "
           "operation was changed after it was asked; ask it again, or let the account pay"},
    {"34", "the paymaster's signature is not good for this operation: it was changed after the "
           "paymaster was asked; ask again and sign the operation again"},
    {"36", "the paymaster takes more gas than paymasterVerificationGasLimit: raise it, ask the "
           "paymaster again and sign again"},
    {"37", "the paymaster's consent is for other blocks than this one: ask it again and sign the "
           "operation again"},
    {"40", "validating the operation takes more gas than verificationGasLimit: raise it and sign "
           "again"},
    {"41", "verificationGasLimit leaves too little gas for the paymaster: raise it and sign again"},
    {"50", "the paymaster reverts after the calls were made: that is for its operator to look at; "
           "use another one, or let the account pay"},
    {"51", "the gas cost more than was paid in advance: raise the gas limits and sign again"},
    {"90", "the bundler named nobody to pay: that is the bundler's mistake; try again, or use "
           "another one"},
    {"91", "the bundler could not be paid: that is the bundler's mistake; try again, or use "
           "another one"},
    {"92", "something else than the EntryPoint called what only it may call: that is the "
           "bundler's mistake; use another one"},
    {"93", "paymasterAndData is too short: the paymaster gave what this EntryPoint cannot read; "
           "check that it is for this EntryPoint's version"},
    {"94", "a gas limit or a fee is too large: estimate them again"},
    {"95", "the bundler gave its transaction too little gas for the operation: try again, and "
           "lower the gas limits if that does not help"},
    {"96", "the account asks for an aggregator of signatures, which session keys have none of: "
           "check that the sender is the account that the session is for"},
    {"97", "something else than the EntryPoint called what only it may call: that is the "
           "bundler's mistake; use another one"},
    {"98", "the paymaster's address is not a valid one: check whose service the configuration "
           "names, and for which EntryPoint"},
    {"99", "initCode is too short to name a factory: leave it out, or give the factory and its "
           "data"},
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Not as a part of a longer word, such as hex digits. */
const char *vk_aa_find(const char *message) {
    const char *at = message;
    while ((at = strstr(at, "AA")) != NULL) {
        bool begins = at == message || !is_alphanumeric(at[-1]);
        if (begins && is_digit(at[2]) && is_digit(at[3]) && !is_alphanumeric(at[4])) {
            return at;
        }
        at++;
    }
    return NULL;
}

const char *vk_aa_meaning(const char *message, char code[5]) {
    const char *at = vk_aa_find(message);
    code[0] = '\0';
    if (at == NULL) {
        return NULL;
    }
    memcpy(code, at, 4);
    code[4] = '\0';
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (strcmp(meanings[i].code, code + 2) == 0) {
            return meanings[i].meaning;
        }
    }
    return NULL;
}
