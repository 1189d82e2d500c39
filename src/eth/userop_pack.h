/* The packed members of EntryPoint 0.7 on. */
#ifndef VK_ETH_USEROP_PACK_H
#define VK_ETH_USEROP_PACK_H

#include <valetkey/userop.h>

/* 0x7702 and 18 zero bytes. */
extern const vk_address vk_eip7702_marker;

/* Does a factory of the marker mean EIP-7702 to this EntryPoint? */
static inline bool vk_userop_knows_7702(vk_entry_point version) {
    return version == VK_ENTRY_POINT_0_8 || version == VK_ENTRY_POINT_0_9;
}

/* Appends what the hash covers of initCode, which may be that of EntryPoint 0.6. */
VK_MUST_USE vk_status vk_userop_put_hashed_init_code(const vk_userop *op, vk_bytes init_code,
                                                     vk_buf *out, vk_error *err);

/* The views of op point to somebody else's memory: copies what they show into op's storage, which
 * is empty before, and after a failure. */
VK_MUST_USE vk_status vk_userop_own(vk_userop *op, vk_error *err);

#endif
