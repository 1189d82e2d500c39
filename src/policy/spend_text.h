/* Spend rules in words. Everything appends ASCII text. */
#ifndef VK_POLICY_SPEND_TEXT_H
#define VK_POLICY_SPEND_TEXT_H

#include "policy/text.h"
#include <valetkey/spend.h>

/* "40 USDC", "0.5 ether", "5000 units of 0x..." */
void vk_put_spend_amount(vk_buf *out, const vk_spend_asset *asset, const vk_u256 *amount);
/* "native value on Base (chain 8453)", "USDC (0x...) on ..." */
void vk_put_spend_asset(vk_buf *out, const vk_spend_asset *asset);
/* The other way round of an amount: smallest units, or a decimal number and the unit ("40USDC",
 * "0.5 ether"). VK_ERR_FORMAT; VK_ERR_RANGE. */
VK_MUST_USE vk_status vk_spend_read_amount(const vk_spend_asset *asset, const char *text,
                                           vk_u256 *out);

/* How a rule stands when an operation comes. */
typedef struct vk_spend_standing {
    const char *name;
    vk_spend_asset asset;
    vk_u256 limit;
    uint64_t period; /* seconds */
    vk_u256 spent;   /* or reserved */
    vk_u256 more;    /* that the operation takes */
} vk_spend_standing;

/* Does it fit? */
bool vk_spend_fits(const vk_spend_standing *standing);
/* "the spend rule "daily" allows 100 USDC in 1 day; 40 USDC are spent or reserved, this operation
 * takes 61 USDC more" */
void vk_put_spend_standing(vk_buf *out, const vk_spend_standing *standing);

/* Why a key with a grant that a rule names does not sign these. */
extern const char vk_spend_no_message[], vk_spend_no_digest[];

#endif
