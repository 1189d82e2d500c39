#include "eth/abi.h"

#include <valetkey/permission.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#define PARTS 5
#define HOOK_LEN 20

void vk_permission_signature(vk_bytes signer_part, vk_buf *out) {
    vk_buf_put_byte(out, 0xff);
    vk_buf_put(out, signer_part.data, signer_part.len);
}

vk_status vk_permission_stub(vk_signer_kind kind, vk_buf *out) {
    uint8_t signature65[65];
    vk_buf_put_byte(out, 0xff);
    if (kind == VK_SIGNER_WEBAUTHN) {
        return vk_webauthn_stub(out);
    }
    vk_ecdsa_stub(signature65);
    vk_buf_put(out, signature65, sizeof signature65);
    return kind == VK_SIGNER_ECDSA ? vk_buf_status(out) : VK_ERR_ARGUMENT;
}

vk_status vk_enable_signature(const vk_enable *enable, vk_bytes approval, vk_bytes session_part,
                              vk_buf *out) {
    uint8_t selector_data[VK_SELECTOR_DATA_LEN];
    vk_enable_selector_data(enable, selector_data);
    vk_bytes parts[PARTS] = {enable->enable_data, enable->hook_data,
                             (vk_bytes){selector_data, sizeof selector_data}, approval,
                             session_part};
    vk_buf_put(out, enable->hook.b, HOOK_LEN);
    uint64_t offset = PARTS * VK_WORD;
    for (size_t i = 0; i < PARTS; i++) {
        vk_abi_put_u64(out, offset);
        offset += vk_abi_bytes_size(parts[i].len);
    }
    for (size_t i = 0; i < PARTS; i++) {
        vk_abi_put_bytes(out, parts[i]);
    }
    return vk_buf_status(out);
}

size_t vk_enable_signature_len(const vk_enable *enable, size_t approval_len,
                               size_t session_part_len) {
    return HOOK_LEN + PARTS * VK_WORD + vk_abi_bytes_size(enable->enable_data.len) +
           vk_abi_bytes_size(enable->hook_data.len) + vk_abi_bytes_size(VK_SELECTOR_DATA_LEN) +
           vk_abi_bytes_size(approval_len) + vk_abi_bytes_size(session_part_len);
}
