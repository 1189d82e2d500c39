/* Registrations that say nothing of the authenticator: attestation "none" [WebAuthn 8.7]. */
#include "net/passkey.h"

#include "webauthn/attestation.h"
#include "webauthn/cbor.h"

#include <string.h>

vk_status vk_passkey_attest_none(const vk_auth_data *data, vk_buf *auth_data, vk_buf *object) {
    vk_buf statement = {0};
    vk_auth_data anonymous = *data;
    memset(anonymous.aaguid, 0, sizeof anonymous.aaguid);
    vk_status status = vk_auth_data_write(&anonymous, auth_data);
    if (status != VK_OK) {
        return status;
    }
    vk_cbor_put_map(&statement, 0);
    status = vk_buf_status(&statement);
    if (status == VK_OK) {
        status = vk_attestation_write(vk_attestation_format_text(VK_ATTESTATION_NONE),
                                      vk_buf_view(&statement), vk_buf_view(auth_data), object);
    }
    vk_buf_clear(&statement);
    return status;
}
