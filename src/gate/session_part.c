#include "gate/internal.h"

#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

#include <string.h>

static vk_status make_assertion(const vk_loaded *loaded, const vk_hash *userop_hash,
                                uint32_t sign_count, vk_gate_to_sign *out) {
    vk_status status =
        vk_webauthn_auth_data(loaded->record.rp_id, VK_WEBAUTHN_FLAG_UP | VK_WEBAUTHN_FLAG_UV,
                              sign_count, out->auth_data);
    if (status == VK_OK) {
        status = vk_webauthn_client_data(userop_hash, loaded->record.origin, &out->client_data);
    }
    if (status == VK_OK) {
        const vk_bytes auth_data = {out->auth_data, sizeof out->auth_data};
        status = vk_webauthn_digest(auth_data, vk_buf_view(&out->client_data), &out->digest);
    }
    return status;
}

vk_status vk_gate_to_sign_make(const vk_loaded *loaded, const vk_hash *userop_hash,
                               uint32_t sign_count, vk_gate_to_sign *out) {
    *out = (vk_gate_to_sign){0};
    if (loaded->signer.kind == VK_SIGNER_WEBAUTHN) {
        return make_assertion(loaded, userop_hash, sign_count, out);
    }
    out->digest = vk_eip191_hash(userop_hash);
    return VK_OK;
}

void vk_gate_to_sign_clear(vk_gate_to_sign *to_sign) {
    vk_buf_clear(&to_sign->client_data);
}

static void put_ecdsa(const uint8_t signature64[64], int recovery_id, vk_buf *out) {
    uint8_t signature65[65];
    memcpy(signature65, signature64, 64);
    signature65[64] = (uint8_t)(27 + recovery_id);
    vk_buf_put(out, signature65, sizeof signature65);
}

static vk_status put_assertion(const vk_gate_to_sign *made, const uint8_t signature64[64],
                               bool use_precompiled, vk_buf *out) {
    vk_webauthn_assertion assertion = {.auth_data = {made->auth_data, sizeof made->auth_data},
                                       .client_data = vk_buf_view(&made->client_data),
                                       .use_precompiled = use_precompiled};
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    return vk_webauthn_encode(&assertion, out);
}

static vk_status sign_and_put(const vk_gate_signing *signing, const vk_gate_to_sign *to_sign,
                              vk_buf *out) {
    uint8_t signature64[64];
    int recovery_id = 0;
    const vk_loaded *loaded = signing->loaded;
    vk_status status = vk_key_sign(loaded->key, &to_sign->digest, signature64, &recovery_id);
    if (status != VK_OK) {
        return status;
    }
    if (loaded->signer.kind == VK_SIGNER_WEBAUTHN) {
        uint64_t chain_id = signing->grant->grant.chain_id;
        return put_assertion(to_sign, signature64, vk_webauthn_chain_has_precompile(chain_id), out);
    }
    put_ecdsa(signature64, recovery_id, out);
    return VK_OK;
}

static vk_status sign_here(const vk_gate_signing *signing, vk_buf *out) {
    vk_gate_to_sign to_sign;
    vk_status status =
        vk_gate_to_sign_make(signing->loaded, &signing->challenge, signing->sign_count, &to_sign);
    if (status == VK_OK) {
        status = sign_and_put(signing, &to_sign, out);
    }
    vk_gate_to_sign_clear(&to_sign);
    return status == VK_OK ? vk_buf_status(out) : status;
}

vk_status vk_gate_signer_part(const vk_gate_signing *signing, vk_buf *out, vk_error *err) {
    if (signing->loaded->record.home == VK_HOME_FIDO2) {
        return vk_gate_device_sign(signing, out, err);
    }
    vk_status status = sign_here(signing, out);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}
