/*
 * What the chain would have answered to an operation that is denied, in the words that bundlers
 * report. Sources: eth-infinitism/account-abstraction core/EntryPoint.sol, zerodevapp/kernel v3.1
 * core/ValidationManager.sol; tests/vectors/verdicts records them.
 */
#include "policy/rule.h"

#include <stdio.h>

void vk_chain_entry_point(vk_verdict *verdict, const char *error) {
    if (verdict->chain_error[0] == '\0') {
        snprintf(verdict->chain_error, sizeof verdict->chain_error, "%s", error);
    }
}

void vk_chain_revert(vk_verdict *verdict, const char *revert) {
    char error[VK_CHAIN_ERROR_MAX];
    snprintf(error, sizeof error, "AA23 reverted: %s", revert);
    vk_chain_entry_point(verdict, error);
}

void vk_chain_rule(vk_verdict *verdict, size_t index) {
    char failed[40];
    const char *revert = verdict->rules[index].revert;
    snprintf(failed, sizeof failed, "PolicyFailed(%zu)", index);
    vk_chain_revert(verdict, revert != NULL ? revert : failed);
}
