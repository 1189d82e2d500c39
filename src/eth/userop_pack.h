/* The packed members of EntryPoint 0.7 on. */
#ifndef VK_ETH_USEROP_PACK_H
#define VK_ETH_USEROP_PACK_H

#include <valetkey/userop.h>

void vk_userop_account_gas_limits(const vk_userop *op, uint8_t out32[32]);
void vk_userop_gas_fees(const vk_userop *op, uint8_t out32[32]);
/* These append; nothing when there is no factory, no paymaster. */
void vk_userop_put_init_code(const vk_userop *op, vk_buf *out);
void vk_userop_put_paymaster_and_data(const vk_userop *op, vk_buf *out);
/* Do the packed numbers fit their 128 bits? */
bool vk_userop_fits_packed(const vk_userop *op);

/* The ABI form of a request; see vk_userop_read_request. */
VK_MUST_USE vk_status vk_userop_read_abi(vk_bytes abi, vk_userop_request *out, vk_error *err);

#endif
