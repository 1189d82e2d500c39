#include "gate/internal.h"

#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

#include <string.h>

static vk_status put_ecdsa(const vk_loaded *loaded, const vk_hash *userop_hash, vk_buf *out) {
    vk_hash digest = vk_eip191_hash(userop_hash);
    uint8_t signature65[65];
    int recovery_id = 0;
    vk_status status = vk_key_sign(loaded->key, &digest, signature65, &recovery_id);
    if (status == VK_OK) {
        signature65[64] = (uint8_t)(27 + recovery_id);
        vk_buf_put(out, signature65, sizeof signature65);
    }
    return status;
}

static vk_status put_assertion(const vk_loaded *loaded, vk_bytes auth_data, vk_bytes client_data,
                               bool use_precompiled, vk_buf *out) {
    vk_hash digest;
    uint8_t signature64[64];
    vk_status status = vk_webauthn_digest(auth_data, client_data, &digest);
    if (status == VK_OK) {
        status = vk_key_sign(loaded->key, &digest, signature64, NULL);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_webauthn_assertion assertion = {
        .auth_data = auth_data, .client_data = client_data, .use_precompiled = use_precompiled};
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    return vk_webauthn_encode(&assertion, out);
}

static vk_status put_webauthn(const vk_loaded *loaded, const vk_hash *userop_hash,
                              uint64_t chain_id, uint32_t sign_count, vk_buf *out) {
    uint8_t auth_data[VK_WEBAUTHN_AUTH_DATA_LEN];
    vk_buf client_data = {0};
    vk_status status = vk_webauthn_auth_data(
        loaded->record.rp_id, VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV, sign_count, auth_data);
    if (status == VK_OK) {
        status = vk_webauthn_client_data(userop_hash, loaded->record.origin, &client_data);
    }
    if (status == VK_OK) {
        status = put_assertion(loaded, (vk_bytes){auth_data, sizeof auth_data},
                               vk_buf_view(&client_data),
                               vk_webauthn_chain_has_precompile(chain_id), out);
    }
    vk_buf_clear(&client_data);
    return status;
}

vk_status vk_gate_signer_part(const vk_loaded *loaded, const vk_hash *userop_hash,
                              uint64_t chain_id, uint32_t sign_count, vk_buf *out) {
    vk_status status = loaded->signer.kind == VK_SIGNER_WEBAUTHN
                           ? put_webauthn(loaded, userop_hash, chain_id, sign_count, out)
                           : put_ecdsa(loaded, userop_hash, out);
    return status == VK_OK ? vk_buf_status(out) : status;
}
