#include "eth/abi.h"
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

static vk_status check_assertion(const vk_webauthn_assertion *assertion, size_t type_at,
                                 const vk_hash *challenge, const uint8_t point65[65],
                                 vk_error *err) {
    vk_status status = check_flags(assertion->auth_data, err);
    if (status == VK_OK) {
        status = check_client_data(assertion->client_data, type_at, challenge, err);
    }
    return status == VK_OK ? check_signature(assertion, point65, err) : status;
}

vk_status vk_webauthn_verify(vk_bytes encoded, const vk_hash *challenge, const uint8_t point65[65],
                             vk_error *err) {
    vk_webauthn_assertion assertion;
    size_t type_at;
    if (vk_webauthn_decode(encoded, &assertion, &type_at, NULL) != VK_OK) {
        return refuse(err, "signature", "this is not a canonically encoded WebAuthn assertion");
    }
    return check_assertion(&assertion, type_at, challenge, point65, err);
}

/* ---- Any encoding that the contracts decode ---- */

/* The `bytes` whose offset is at position; what follows it is not looked at. */
static bool read_bytes(vk_bytes body, size_t position, vk_bytes *out) {
    vk_bytes tail;
    size_t len;
    if (vk_abi_tail(body, position, &tail) != VK_OK ||
        vk_abi_size(tail, 0, tail.len, &len) != VK_OK || len > tail.len - VK_WORD) {
        return false;
    }
    *out = (vk_bytes){tail.data + VK_WORD, len};
    return true;
}

static bool read_any(vk_bytes encoded, vk_webauthn_assertion *out, vk_u256 *type_at) {
    vk_u256 r, s;
    size_t flag;
    bool good = read_bytes(encoded, 0, &out->auth_data) &&
                read_bytes(encoded, VK_WORD, &out->client_data) &&
                vk_abi_u256(encoded, 2 * VK_WORD, type_at) == VK_OK &&
                vk_abi_u256(encoded, 3 * VK_WORD, &r) == VK_OK &&
                vk_abi_u256(encoded, 4 * VK_WORD, &s) == VK_OK &&
                vk_abi_size(encoded, 5 * VK_WORD, 1, &flag) == VK_OK;
    if (good) {
        memcpy(out->r, r.be, sizeof out->r);
        memcpy(out->s, s.be, sizeof out->s);
        out->use_precompiled = flag == 1;
    }
    return good;
}

static bool is_dummy(const vk_u256 *type_at) {
    vk_u256 max;
    memset(max.be, 0xff, sizeof max.be);
    return vk_u256_cmp(type_at, &max) == 0;
}

vk_status vk_webauthn_accepts(vk_bytes encoded, const vk_hash *challenge, const uint8_t point65[65],
                              bool patched, vk_webauthn_form *form, vk_error *err) {
    vk_webauthn_assertion assertion, canonical;
    vk_u256 type_at;
    size_t ignored;
    bool usual = vk_webauthn_decode(encoded, &canonical, &ignored, NULL) == VK_OK;
    *form = usual ? VK_WEBAUTHN_USUAL : VK_WEBAUTHN_ODD_ENCODING;
    if (!read_any(encoded, &assertion, &type_at)) {
        return refuse(err, "signature", "this is not an encoded WebAuthn assertion");
    }
    if (is_dummy(&type_at) && !patched) {
        *form = VK_WEBAUTHN_DUMMY;
        return check_signature(&assertion, point65, err);
    }
    if (!vk_u256_fits(&type_at, 32)) {
        return refuse(err, "clientDataJSON", "the type is not webauthn.get where it should be");
    }
    return check_assertion(&assertion, (size_t)vk_u256_low64(&type_at), challenge, point65, err);
}
