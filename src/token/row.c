#include "token/store.h"

vk_status vk_row_broken(vk_error *err) {
    return vk_fail(err, VK_ERR_INTEGRITY, NULL, "%s", vk_status_text(VK_ERR_INTEGRITY));
}

void vk_row_head(vk_buf *out, const char *kind, const char *serial) {
    vk_canonical_text(out, kind);
    vk_canonical_text(out, serial);
}

vk_status vk_row_mac(const vk_token_keys *keys, vk_buf *data, uint8_t mac32[32]) {
    vk_status status = vk_buf_status(data);
    if (status == VK_OK) {
        status = vk_crypt_mac(keys->mac_of, keys->mac, vk_buf_view(data), mac32);
    }
    vk_buf_clear(data);
    return status;
}

vk_status vk_row_check(const vk_token *token, vk_buf *data, vk_bytes mac, vk_error *err) {
    uint8_t expected[32];
    if (token->role == VK_ROLE_NONE) {
        vk_buf_clear(data);
        return VK_OK;
    }
    vk_status status = vk_row_mac(token->keys, data, expected);
    if (status != VK_OK) {
        return status;
    }
    bool same = mac.len == sizeof expected && vk_equal_secret(mac.data, expected, sizeof expected);
    return same ? VK_OK : vk_row_broken(err);
}

vk_status vk_row_budgets_mac(const vk_token_keys *keys, const char *serial, int64_t count,
                             uint8_t mac32[32]) {
    vk_buf data = {0};
    vk_row_head(&data, "budgets", serial);
    vk_canonical_u64(&data, (uint64_t)count);
    return vk_row_mac(keys, &data, mac32);
}
