#include <valetkey/kernel.h>

#include <string.h>

vk_kernel_nonce vk_kernel_nonce_decode(const vk_u256 *nonce) {
    vk_kernel_nonce out = {.mode = nonce->be[0],
                           .type = nonce->be[1],
                           .custom = (uint16_t)(nonce->be[22] << 8 | nonce->be[23]),
                           .sequence = vk_u256_low64(nonce)};
    memcpy(out.identifier, nonce->be + 2, sizeof out.identifier);
    memcpy(out.permission_id, out.identifier, sizeof out.permission_id);
    return out;
}

vk_u256 vk_kernel_nonce_encode(const vk_kernel_nonce *nonce) {
    vk_u256 out = vk_u256_from_u64(nonce->sequence);
    out.be[0] = nonce->mode;
    out.be[1] = nonce->type;
    memcpy(out.be + 2, nonce->identifier, sizeof nonce->identifier);
    out.be[22] = (uint8_t)(nonce->custom >> 8);
    out.be[23] = (uint8_t)nonce->custom;
    return out;
}
