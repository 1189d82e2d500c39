/* The struct of the contract as an ABI tuple: PackedUserOperation, or UserOperation of 0.6. */
#ifndef VK_ETH_USEROP_TUPLE_H
#define VK_ETH_USEROP_TUPLE_H

#include <valetkey/userop.h>

/* Appends head and data. err names the member. */
VK_MUST_USE vk_status vk_userop_put_tuple(const vk_userop *op, vk_buf *out, vk_error *err);
/* Reads the tuple at the start of body. Copies; clear *out. */
VK_MUST_USE vk_status vk_userop_get_tuple(vk_bytes body, vk_entry_point version, vk_userop *out,
                                          vk_error *err);

#endif
