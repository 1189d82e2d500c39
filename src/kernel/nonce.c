#include <valetkey/eth.h>
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

vk_status vk_kernel_nonce_key(vk_kernel_version version, const vk_kernel_nonce *nonce,
                              const vk_u256 *custom, uint8_t key24[24]) {
    if (!vk_kernel_has_permissions(version)) {
        memcpy(key24, custom->be + 8, 24);
        return vk_u256_fits(custom, 192) ? VK_OK : VK_ERR_RANGE;
    }
    if (!vk_u256_fits(custom, 16)) {
        return VK_ERR_RANGE;
    }
    vk_kernel_nonce lane = *nonce;
    lane.custom = (uint16_t)vk_u256_low64(custom);
    vk_u256 whole = vk_kernel_nonce_encode(&lane);
    memcpy(key24, whole.be, 24);
    return VK_OK;
}

vk_u256 vk_kernel_custom_key(vk_entry_point version, vk_bytes text) {
    vk_hash hash = vk_keccak256(text);
    return vk_u256_from_be(hash.b, version == VK_ENTRY_POINT_0_6 ? 24 : 2);
}
