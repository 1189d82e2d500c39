/* Lint: which limits limit nothing, and which contracts are more than others. */
#include "policy/lint.h"

#include <string.h>
#include <valetkey/webauthn.h>

/* ---- Amounts ---- */

static bool at_least(const vk_u256 *value, const char *decimal) {
    vk_u256 bound;
    return vk_u256_read_decimal(decimal, strlen(decimal), &bound) == VK_OK &&
           vk_u256_cmp(value, &bound) >= 0;
}

/* 10^15 coins of 18 decimals: the chain with the most has 990 trillion. An ether that was scaled
 * twice is above it. */
bool vk_lint_is_no_limit(const vk_u256 *wei) {
    return at_least(wei, "1000000000000000000000000000000000");
}

/* 10^38, below 2^128 - 1: over a hundred thousand times the supply of the largest tokens. */
bool vk_lint_is_no_amount(const vk_u256 *amount) {
    return at_least(amount, "100000000000000000000000000000000000000");
}

/* ---- Contracts ---- */

static bool is_at(const vk_address *address, const char *text) {
    vk_address known;
    return vk_address_read(text, strlen(text), &known) == VK_OK &&
           vk_address_equal(&known, address);
}

static bool is_policy(const vk_address *address) {
    static const vk_rule_kind single[] = {VK_RULE_SUDO, VK_RULE_GAS, VK_RULE_SIGNATURE_CALLER,
                                          VK_RULE_TIMESTAMP};
    vk_address plain = vk_rate_limit_contract(false), refilling = vk_rate_limit_contract(true);
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (is_at(address, vk_rule_type_of(single[i])->published)) {
            return true;
        }
    }
    for (size_t i = 0; i < VK_CALL_VERSIONS; i++) {
        if (is_at(address, vk_call_published[i])) {
            return true;
        }
    }
    return vk_address_equal(address, &plain) || vk_address_equal(address, &refilling);
}

static bool is_signer(const vk_address *address) {
    static const char *const versions[] = {"0.0.1", "0.0.2", "0.0.3", "0.0.4"};
    vk_signer ecdsa = vk_signer_ecdsa(address);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        vk_address contract;
        if (vk_webauthn_signer_contract(versions[i], &contract) &&
            vk_address_equal(address, &contract)) {
            return true;
        }
    }
    return vk_address_equal(address, &ecdsa.contract);
}

const char *vk_lint_privileged(const vk_lint_context *context, const vk_address *address) {
    if (context->account != NULL && vk_address_equal(address, context->account)) {
        return "the account itself";
    }
    if (vk_entry_point_of_address(address) != VK_ENTRY_POINT_UNKNOWN) {
        return "the EntryPoint";
    }
    if (is_policy(address)) {
        return "a policy contract";
    }
    if (is_signer(address)) {
        return "a signer contract";
    }
    return vk_validator_at(address) != NULL ? "a validator contract" : NULL;
}
