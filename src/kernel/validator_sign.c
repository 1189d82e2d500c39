/* What owners sign user operations with, and the stubs that stand for it. */
#include <valetkey/eth.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#include <string.h>

vk_status vk_userop_sign(const uint8_t secret32[32], const vk_hash *userop_hash,
                         uint8_t signature65[65]) {
    vk_hash digest = vk_eip191_hash(userop_hash);
    return vk_ecdsa_sign(secret32, &digest, signature65);
}

void vk_ecdsa_stub(uint8_t signature65[65]) {
    /* 0xffff...f0, 0x7aaa...aa, 28: numbers in range, so that the contract does all its work. */
    memset(signature65, 0x00, 65);
    memset(signature65, 0xff, 15);
    signature65[15] = 0xf0;
    signature65[32] = 0x7a;
    memset(signature65 + 33, 0xaa, 31);
    signature65[64] = 28;
}

vk_status vk_root_stub(vk_root_kind kind, vk_buf *out) {
    uint8_t signature65[65];
    switch (kind) {
    case VK_ROOT_ECDSA:
    case VK_ROOT_MULTI_CHAIN:
        vk_ecdsa_stub(signature65);
        vk_buf_put(out, signature65, sizeof signature65);
        return vk_buf_status(out);
    case VK_ROOT_PASSKEY:
        return vk_webauthn_stub(out);
    case VK_ROOT_UNKNOWN:
        break;
    }
    return VK_ERR_UNSUPPORTED;
}
