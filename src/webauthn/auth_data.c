/* Authenticator data: rpIdHash32 || flags || u32 sign count
 *   [ || aaguid16 || u16 length || credential id || COSE key ] [ || extensions ]. */
#include "webauthn/internal.h"

#include <string.h>
#include <valetkey/credential.h>

static const uint8_t *take(vk_bytes *rest, size_t len) {
    if (rest->len < len) {
        return NULL;
    }
    const uint8_t *at = rest->data;
    *rest = (vk_bytes){at + len, rest->len - len};
    return at;
}

static vk_status too_short(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, NULL, "authenticatorData ends within the %s", what);
}

static vk_status read_attested(vk_bytes *rest, vk_auth_data *out, vk_error *err) {
    const uint8_t *aaguid = take(rest, sizeof out->aaguid);
    const uint8_t *length = take(rest, 2);
    if (aaguid == NULL || length == NULL) {
        return too_short(err, "attested credential data");
    }
    memcpy(out->aaguid, aaguid, sizeof out->aaguid);
    size_t id_len = (size_t)length[0] << 8 | length[1];
    if (id_len == 0 || id_len > VK_CREDENTIAL_ID_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL,
                       "the credential id of authenticatorData has %zu bytes, not 1 to %d", id_len,
                       VK_CREDENTIAL_ID_MAX);
    }
    const uint8_t *id = take(rest, id_len);
    if (id == NULL) {
        return too_short(err, "credential id");
    }
    out->credential_id = (vk_bytes){id, id_len};
    return vk_p256_cose_next(rest, out->point65, err);
}

/* A map from texts to anything. */
static vk_status check_extensions(vk_bytes *rest) {
    uint64_t count = 0;
    vk_bytes last = {0};
    vk_status status = vk_cbor_open(rest, VK_CBOR_MAP, &count);
    for (uint64_t i = 0; status == VK_OK && i < count; i++) {
        vk_cbor_item key;
        status = vk_cbor_key(rest, &last, &key);
        if (status == VK_OK && key.type != VK_CBOR_TEXT) {
            status = VK_ERR_FORMAT;
        }
        if (status == VK_OK) {
            status = vk_cbor_skip(rest, VK_CBOR_DEPTH_MAX - 1);
        }
    }
    return status;
}

static vk_status read_extensions(vk_bytes *rest, vk_bytes *out, vk_error *err) {
    vk_bytes before = *rest;
    vk_status status = check_extensions(rest);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL,
                       "the extensions of authenticatorData are not a canonical CBOR map of at "
                       "most %d levels with texts as its keys",
                       VK_CBOR_DEPTH_MAX);
    }
    *out = (vk_bytes){before.data, before.len - rest->len};
    return VK_OK;
}

static void read_fixed(const uint8_t fixed37[VK_WEBAUTHN_AUTH_DATA_LEN], vk_auth_data *out) {
    memcpy(out->rp_id_hash.b, fixed37, sizeof out->rp_id_hash.b);
    out->flags = fixed37[32];
    for (int i = 33; i < VK_WEBAUTHN_AUTH_DATA_LEN; i++) {
        out->sign_count = out->sign_count << 8 | fixed37[i];
    }
}

vk_status vk_auth_data_read(vk_bytes bytes, vk_auth_data *out, vk_error *err) {
    vk_auth_data data = {0};
    vk_bytes rest = bytes;
    vk_status status = VK_OK;
    const uint8_t *fixed = take(&rest, VK_WEBAUTHN_AUTH_DATA_LEN);
    if (fixed == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "authenticatorData has %zu bytes, less than %d",
                       bytes.len, VK_WEBAUTHN_AUTH_DATA_LEN);
    }
    read_fixed(fixed, &data);
    if ((data.flags & VK_WEBAUTHN_FLAG_AT) != 0) {
        status = read_attested(&rest, &data, err);
    }
    if (status == VK_OK && (data.flags & VK_WEBAUTHN_FLAG_ED) != 0) {
        status = read_extensions(&rest, &data.extensions, err);
    }
    if (status == VK_OK && rest.len > 0) {
        status =
            vk_fail(err, VK_ERR_FORMAT, NULL,
                    "authenticatorData has %zu bytes that its flags do not announce", rest.len);
    }
    if (status == VK_OK) {
        *out = data;
    }
    return status;
}

/* ---- Writing ---- */

static vk_status check_writable(const vk_auth_data *data) {
    if ((data->flags & VK_WEBAUTHN_FLAG_AT) != 0) {
        if (data->credential_id.len == 0 || data->credential_id.len > VK_CREDENTIAL_ID_MAX) {
            return VK_ERR_SIZE;
        }
        if (vk_p256_check_point(data->point65) != VK_OK) {
            return VK_ERR_FORMAT;
        }
    }
    if ((data->flags & VK_WEBAUTHN_FLAG_ED) != 0) {
        vk_bytes rest = data->extensions;
        vk_status status = check_extensions(&rest);
        return status == VK_OK && rest.len > 0 ? VK_ERR_FORMAT : status;
    }
    return VK_OK;
}

static void put_u32(vk_buf *out, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        vk_buf_put_byte(out, (uint8_t)(number >> shift));
    }
}

vk_status vk_auth_data_write(const vk_auth_data *data, vk_buf *out) {
    vk_status status = check_writable(data);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put(out, data->rp_id_hash.b, sizeof data->rp_id_hash.b);
    vk_buf_put_byte(out, data->flags);
    put_u32(out, data->sign_count);
    if ((data->flags & VK_WEBAUTHN_FLAG_AT) != 0) {
        uint8_t key[VK_P256_COSE_LEN];
        vk_p256_cose_write(data->point65, key);
        vk_buf_put(out, data->aaguid, sizeof data->aaguid);
        vk_buf_put_byte(out, (uint8_t)(data->credential_id.len >> 8));
        vk_buf_put_byte(out, (uint8_t)data->credential_id.len);
        vk_buf_put(out, data->credential_id.data, data->credential_id.len);
        vk_buf_put(out, key, sizeof key);
    }
    if ((data->flags & VK_WEBAUTHN_FLAG_ED) != 0) {
        vk_buf_put(out, data->extensions.data, data->extensions.len);
    }
    return vk_buf_status(out);
}
