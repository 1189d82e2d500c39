/* Amounts of the chain's coin as people write them. */
#ifndef VK_BASE_WEI_H
#define VK_BASE_WEI_H

#include <valetkey/bytes.h>

/* Wei, or a decimal number with the unit wei, gwei or ether: "4000000000000000", "0.004ether", "25
 * gwei". False, and *out untouched, for anything else, and for what is no integer below 2^256. */
bool vk_wei_read(const char *text, size_t len, vk_u256 *out);

#endif
