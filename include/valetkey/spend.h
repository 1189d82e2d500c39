/*
 * Spend rules: at most so much of a token, or of native value, in a period of time, summed over the
 * operations of several grants. No chain knows such a rule; a token keeps it.
 * Sources: ERC-20, ERC-2612, WETH9, OpenZeppelin ERC20 3.x (increaseAllowance).
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_SPEND_H
#define VALETKEY_SPEND_H

#include <valetkey/grant.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is counted. */
typedef struct vk_spend_asset {
    bool native; /* the chain's own coin, in wei */
    uint64_t chain_id;
    vk_address token; /* ERC-20, in its smallest unit; zero for native value */
} vk_spend_asset;

/*
 * How much of the asset can the account's calls take, at most? Native value: the sum of all calls'
 * values. A token: what transfer, transferFrom (from whomever), approve, increaseAllowance, permit
 * and WETH's withdraw name, in all calls together; an allowance counts as spent when it is given.
 * VK_DENIED, with the reason, where that cannot be told: a call to the token with another function
 * or with arguments that its decoder would not take, a delegatecall, a sum beyond 256 bits.
 */
VK_API VK_MUST_USE vk_status vk_spend_of_calls(const vk_spend_asset *asset,
                                               const vk_execution *execution, vk_u256 *amount,
                                               char reason[VK_REASON_MAX]);

/*
 * The same of an operation of the grant's account. VK_DENIED also where its call data cannot be
 * read as calls, and for a function of the account itself: that can spend without being seen.
 */
VK_API VK_MUST_USE vk_status vk_spend_of_operation(const vk_spend_asset *asset,
                                                   const vk_grant *grant, const vk_userop *op,
                                                   vk_u256 *amount, char reason[VK_REASON_MAX]);

#ifdef __cplusplus
}
#endif
#endif
