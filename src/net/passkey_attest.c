/* Registrations that say nothing of the authenticator: attestation "none" [WebAuthn 8.7]. */
#include "net/passkey.h"

#include <string.h>

/* The head of a byte string in its shortest form. */
static void put_head(vk_buf *out, size_t len) {
    if (len < 256) {
        vk_buf_put_byte(out, 0x58);
    } else {
        vk_buf_put_byte(out, 0x59);
        vk_buf_put_byte(out, (uint8_t)(len >> 8));
    }
    vk_buf_put_byte(out, (uint8_t)len);
}

vk_status vk_passkey_attest_none(const vk_auth_data *data, vk_buf *auth_data, vk_buf *object) {
    /* {"fmt": "none", "attStmt": {}, "authData": bytes}, up to the bytes */
    static const char head[] = "\xa3\x63"
                               "fmt\x64none\x67"
                               "attStmt\xa0\x68"
                               "authData";
    vk_auth_data anonymous = *data;
    memset(anonymous.aaguid, 0, sizeof anonymous.aaguid);
    vk_status status = vk_auth_data_write(&anonymous, auth_data);
    if (status == VK_OK && auth_data->len > UINT16_MAX) {
        status = VK_ERR_SIZE;
    }
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put(object, head, sizeof head - 1);
    put_head(object, auth_data->len);
    vk_buf_put(object, auth_data->data, auth_data->len);
    return vk_buf_status(object);
}
