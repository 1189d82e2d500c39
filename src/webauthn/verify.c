#include "webauthn/internal.h"

#include <string.h>

static vk_status refuse(vk_error *err, const char *path, const char *message) {
    return vk_fail(err, VK_ERR_SIGNATURE, path, "%s", message);
}

static vk_status check_flags(vk_bytes auth_data, vk_error *err) {
    if (auth_data.len < VK_WEBAUTHN_AUTH_DATA_LEN) {
        return refuse(err, "authenticatorData", "authenticatorData has less than 37 bytes");
    }
    uint8_t flags = auth_data.data[32];
    if ((flags & VK_WEBAUTHN_FLAG_UP) == 0) {
        return refuse(err, "authenticatorData", "the user was not present (flag UP)");
    }
    if ((flags & VK_WEBAUTHN_FLAG_UV) == 0) {
        return refuse(err, "authenticatorData", "the user was not verified (flag UV)");
    }
    if ((flags & VK_WEBAUTHN_FLAG_BS) != 0 && (flags & VK_WEBAUTHN_FLAG_BE) == 0) {
        return refuse(err, "authenticatorData", "backed up (flag BS) but not eligible (flag BE)");
    }
    return VK_OK;
}

static bool stands_at(vk_bytes text, size_t at, vk_bytes part) {
    return at <= text.len && part.len <= text.len - at &&
           memcmp(text.data + at, part.data, part.len) == 0;
}

static vk_status check_client_data(vk_bytes client_data, size_t type_at, const vk_hash *challenge,
                                   vk_error *err) {
    static const char type[] = VK_CLIENT_DATA_TYPE;
    if (!stands_at(client_data, type_at, (vk_bytes){(const uint8_t *)type, sizeof type - 1})) {
        return refuse(err, "clientDataJSON", "the type is not webauthn.get where it should be");
    }
    vk_buf expected = {0};
    vk_webauthn_put_challenge(challenge, &expected);
    bool found = vk_buf_status(&expected) == VK_OK &&
                 stands_at(client_data, VK_CLIENT_DATA_CHALLENGE_AT, vk_buf_view(&expected));
    vk_buf_clear(&expected);
    return found ? VK_OK
                 : refuse(err, "clientDataJSON", "the challenge is another one, or elsewhere");
}

static vk_status check_signature(const vk_webauthn_assertion *assertion, const uint8_t point65[65],
                                 vk_error *err) {
    if (!vk_p256_s_is_low(assertion->s)) {
        return refuse(err, "signature", "s is in the upper half of the order");
    }
    vk_hash digest;
    vk_status status = vk_webauthn_digest(assertion->auth_data, assertion->client_data, &digest);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    uint8_t signature64[64];
    memcpy(signature64, assertion->r, 32);
    memcpy(signature64 + 32, assertion->s, 32);
    return vk_p256_verify(point65, &digest, signature64) == VK_OK
               ? VK_OK
               : refuse(err, "signature", "the signature is not one of this public key");
}

vk_status vk_webauthn_verify(vk_bytes encoded, const vk_hash *challenge, const uint8_t point65[65],
                             vk_error *err) {
    vk_webauthn_assertion assertion;
    size_t type_at;
    if (vk_webauthn_decode(encoded, &assertion, &type_at, NULL) != VK_OK) {
        return refuse(err, "signature", "this is not a canonically encoded WebAuthn assertion");
    }
    vk_status status = check_flags(assertion.auth_data, err);
    if (status == VK_OK) {
        status = check_client_data(assertion.client_data, type_at, challenge, err);
    }
    return status == VK_OK ? check_signature(&assertion, point65, err) : status;
}
