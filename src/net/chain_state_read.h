/* What a node answers of fees and accounts. Replies are those of reply.h. */
#ifndef VK_NET_CHAIN_STATE_READ_H
#define VK_NET_CHAIN_STATE_READ_H

#include "net/bundler.h"
#include "net/reply.h"

#define VK_FEE_BLOCKS 10 /* that eth_feeHistory is asked for */

/* VK_ERR_FORMAT, VK_ERR_RANGE or VK_ERR_SIZE; *out is then untouched. */
VK_MUST_USE vk_status vk_fee_history_read(const cJSON *reply, vk_fees *out, vk_error *err);
/* Is there code? */
VK_MUST_USE vk_status vk_code_read(const cJSON *reply, bool *out, vk_error *err);

#define VK_RULE_NUMBERS_MAX 3
/* What a rate limit's contract returns: exactly count words of 48 bits. *out is untouched if it is
 * something else. */
VK_MUST_USE bool vk_rule_numbers_read(vk_bytes answer, size_t count, uint64_t *out);

#endif
