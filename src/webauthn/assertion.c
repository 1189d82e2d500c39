#include "eth/abi.h"
#include "webauthn/internal.h"

#include <valetkey/eth.h>

#include <string.h>

#define HEAD_WORDS 6

vk_status vk_webauthn_auth_data(const char *rp_id, uint8_t flags, uint32_t sign_count,
                                uint8_t out37[VK_WEBAUTHN_AUTH_DATA_LEN]) {
    vk_hash rp_id_hash;
    vk_status status = vk_sha256((vk_bytes){(const uint8_t *)rp_id, strlen(rp_id)}, &rp_id_hash);
    if (status != VK_OK) {
        return status;
    }
    memcpy(out37, rp_id_hash.b, sizeof rp_id_hash.b);
    out37[32] = flags;
    for (int i = 0; i < 4; i++) {
        out37[33 + i] = (uint8_t)(sign_count >> (24 - 8 * i));
    }
    return VK_OK;
}

static void put_challenge(vk_bytes challenge, vk_buf *out) {
    vk_buf_put_text(out, "\"challenge\":\"");
    vk_base64url_put(out, challenge);
    vk_buf_put_byte(out, '"');
}

void vk_webauthn_put_challenge(const vk_hash *challenge, vk_buf *out) {
    put_challenge((vk_bytes){challenge->b, sizeof challenge->b}, out);
}

/* Is it an origin that can stand in the text as it is? */
static bool is_plain(const char *origin) {
    for (const char *p = origin; *p != '\0'; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '"' || *p == '\\') {
            return false;
        }
    }
    return true;
}

static void put_origin(const char *origin, vk_buf *out) {
    vk_buf_put_text(out, "\"origin\":\"");
    vk_buf_put_text(out, origin);
    vk_buf_put_byte(out, '"');
}

static vk_status put_usual(const char *type, vk_bytes challenge, const char *origin, vk_buf *out) {
    if (!is_plain(origin)) {
        return VK_ERR_FORMAT;
    }
    vk_buf_put_byte(out, '{');
    vk_buf_put_text(out, type);
    vk_buf_put_byte(out, ',');
    put_challenge(challenge, out);
    vk_buf_put_byte(out, ',');
    put_origin(origin, out);
    vk_buf_put_text(out, ",\"crossOrigin\":false}");
    return vk_buf_status(out);
}

vk_status vk_webauthn_client_data(const vk_hash *challenge, const char *origin, vk_buf *out) {
    return put_usual(VK_CLIENT_DATA_TYPE, (vk_bytes){challenge->b, sizeof challenge->b}, origin,
                     out);
}

vk_status vk_webauthn_create_client_data(vk_bytes challenge, const char *origin, vk_buf *out) {
    return put_usual("\"type\":\"webauthn.create\"", challenge, origin, out);
}

vk_status vk_webauthn_login_client_data(vk_bytes challenge, const char *origin, vk_buf *out) {
    if (!is_plain(origin)) {
        return VK_ERR_FORMAT;
    }
    vk_buf_put_text(out, "{" VK_CLIENT_DATA_TYPE ",");
    put_origin(origin, out);
    vk_buf_put_text(out, ",\"crossOrigin\":false,");
    put_challenge(challenge, out);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

vk_status vk_webauthn_digest(vk_bytes auth_data, vk_bytes client_data, vk_hash *out) {
    vk_hash client_hash;
    vk_status status = vk_sha256(client_data, &client_hash);
    if (status != VK_OK) {
        return status;
    }
    vk_buf message = {0};
    vk_buf_put(&message, auth_data.data, auth_data.len);
    vk_buf_put(&message, client_hash.b, sizeof client_hash.b);
    status = vk_buf_status(&message);
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&message), out);
    }
    vk_buf_clear(&message);
    return status;
}

/* The last place, as the SDK looks for it. */
static bool find_type(vk_bytes client_data, size_t *out) {
    static const char type[] = VK_CLIENT_DATA_TYPE;
    size_t len = sizeof type - 1;
    for (size_t i = client_data.len < len ? 0 : client_data.len - len + 1; i > 0; i--) {
        if (memcmp(client_data.data + i - 1, type, len) == 0) {
            *out = i - 1;
            return true;
        }
    }
    return false;
}

size_t vk_webauthn_encoded_len(size_t auth_data_len, size_t client_data_len) {
    return HEAD_WORDS * VK_WORD + vk_abi_bytes_size(auth_data_len) +
           vk_abi_bytes_size(client_data_len);
}

static void put_encoding(const vk_webauthn_assertion *assertion, size_t location, vk_buf *out) {
    uint64_t head = HEAD_WORDS * VK_WORD;
    vk_abi_put_u64(out, head);
    vk_abi_put_u64(out, head + vk_abi_bytes_size(assertion->auth_data.len));
    vk_abi_put_u64(out, location);
    vk_buf_put(out, assertion->r, sizeof assertion->r);
    vk_buf_put(out, assertion->s, sizeof assertion->s);
    vk_abi_put_u64(out, assertion->use_precompiled ? 1 : 0);
    vk_abi_put_bytes(out, assertion->auth_data);
    vk_abi_put_bytes(out, assertion->client_data);
}

vk_status vk_webauthn_encode(const vk_webauthn_assertion *assertion, vk_buf *out) {
    size_t location;
    if (!find_type(assertion->client_data, &location)) {
        return VK_ERR_FORMAT;
    }
    put_encoding(assertion, location, out);
    return vk_buf_status(out);
}

/* The location stays that of the bytes as they were. */
vk_status vk_webauthn_encode_as_sdk(const vk_webauthn_assertion *assertion, vk_buf *out) {
    size_t location;
    vk_buf text = {0};
    if (!find_type(assertion->client_data, &location)) {
        return VK_ERR_FORMAT;
    }
    for (size_t i = 0; i < assertion->client_data.len; i++) {
        uint8_t byte = assertion->client_data.data[i];
        if (byte >= 0x80) {
            vk_buf_put_byte(&text, (uint8_t)(0xc0 | byte >> 6));
            byte = 0x80 | (byte & 0x3f);
        }
        vk_buf_put_byte(&text, byte);
    }
    vk_webauthn_assertion twice = *assertion;
    twice.client_data = vk_buf_view(&text);
    vk_status status = vk_buf_status(&text);
    if (status == VK_OK) {
        put_encoding(&twice, location, out);
        status = vk_buf_status(out);
    }
    vk_buf_clear(&text);
    return status;
}

static vk_status read_members(vk_bytes encoded, vk_webauthn_assertion *out, size_t *location) {
    vk_u256 r, s;
    size_t flag = 0;
    vk_status results[] = {
        vk_abi_bytes(encoded, 0, &out->auth_data),
        vk_abi_bytes(encoded, VK_WORD, &out->client_data),
        vk_abi_size(encoded, 2 * VK_WORD, encoded.len, location),
        vk_abi_u256(encoded, 3 * VK_WORD, &r),
        vk_abi_u256(encoded, 4 * VK_WORD, &s),
        vk_abi_size(encoded, 5 * VK_WORD, 1, &flag),
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (results[i] != VK_OK) {
            return results[i];
        }
    }
    memcpy(out->r, r.be, sizeof out->r);
    memcpy(out->s, s.be, sizeof out->s);
    out->use_precompiled = flag == 1;
    return VK_OK;
}

vk_status vk_webauthn_decode(vk_bytes encoded, vk_webauthn_assertion *out,
                             size_t *response_type_location, vk_error *err) {
    vk_webauthn_assertion assertion;
    size_t location = 0;
    vk_status status = read_members(encoded, &assertion, &location);
    if (status != VK_OK) {
        return vk_fail(err, status, "signature", "this is not an encoded WebAuthn assertion");
    }
    vk_buf again = {0};
    put_encoding(&assertion, location, &again);
    bool canonical = vk_buf_status(&again) == VK_OK && vk_bytes_equal(encoded, vk_buf_view(&again));
    vk_buf_clear(&again);
    if (!canonical) {
        return vk_fail(err, VK_ERR_FORMAT, "signature",
                       "the encoding of the WebAuthn assertion is not canonical");
    }
    *out = assertion;
    *response_type_location = location;
    return VK_OK;
}
