/* The EIP-712 domain of all thirdweb accounts. */
#ifndef VK_THIRDWEB_DOMAIN_H
#define VK_THIRDWEB_DOMAIN_H

#include <valetkey/eth.h>
#include <valetkey/thirdweb.h>

static inline vk_hash vk_thirdweb_domain(uint64_t chain_id, const vk_address *account) {
    return vk_eip712_domain("Account", "1", chain_id, account);
}

#endif
