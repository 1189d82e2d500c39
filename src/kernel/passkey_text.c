#include "base/json.h"

#include <valetkey/eth.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#include <string.h>

/* ---- Writing ---- */

static void put_address(vk_buf *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, "\"%s\":\"%s\",", name, text);
}

static void put_coordinate(vk_buf *out, const char *name, const uint8_t be[32]) {
    char text[79];
    vk_u256 value = vk_u256_from_be(be, 32);
    vk_u256_decimal(&value, text);
    vk_buf_printf(out, "\"%s\":\"%s\",", name, text);
}

static void put_json(const vk_passkey_text *from, vk_buf *out) {
    vk_buf_put_text(out, "{\"entryPoint\":{");
    put_address(out, "address", &from->entry_point);
    vk_buf_printf(out, "\"version\":\"%s\"},", vk_entry_point_text(from->entry_point_version));
    put_address(out, "validatorAddress", &from->root.validator);
    put_coordinate(out, "pubKeyX", from->root.point65 + 1);
    put_coordinate(out, "pubKeyY", from->root.point65 + 33);
    vk_buf_put_text(out, "\"authenticatorId\":\"");
    vk_base64url_put(out, vk_buf_view(&from->credential_id));
    vk_buf_put_text(out, "\",\"authenticatorIdHash\":\"");
    vk_hex_put(out, (vk_bytes){from->root.authenticator_id_hash.b, 32});
    vk_buf_put_text(out, "\"}");
}

vk_status vk_passkey_text_write(const vk_passkey_text *from, vk_buf *out) {
    vk_buf json = {0};
    put_json(from, &json);
    vk_status status = vk_buf_status(&json);
    if (status == VK_OK) {
        vk_base64_put(out, vk_buf_view(&json));
        status = vk_buf_status(out);
    }
    vk_buf_clear(&json);
    return status;
}

/* ---- Reading ---- */

static vk_status read_entry_point(const cJSON *object, vk_passkey_text *out, vk_error *err) {
    static const char *const members[] = {"address", "version", NULL};
    const cJSON *entry_point = vk_json_get(object, "entryPoint");
    vk_path path = vk_path_member(NULL, "entryPoint");
    const char *version = NULL;
    vk_status status = vk_json_only(entry_point, members, &path, err);
    if (status == VK_OK) {
        status = vk_json_address(entry_point, "address", &path, &out->entry_point, err);
    }
    if (status == VK_OK) {
        status = vk_json_text(entry_point, "version", &path, &version, err);
    }
    if (status != VK_OK) {
        return status;
    }
    out->entry_point_version = vk_entry_point_read(version);
    return out->entry_point_version != VK_ENTRY_POINT_UNKNOWN
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint.version",
                         "EntryPoint \"%.20s\" is not known: 0.6, 0.7, 0.8 and 0.9 are", version);
}

static vk_status read_coordinate(const cJSON *object, const char *name, uint8_t be[32],
                                 vk_error *err) {
    vk_u256 value;
    vk_status status = vk_json_bigint(object, name, NULL, 256, &value, err);
    if (status == VK_OK) {
        memcpy(be, value.be, sizeof value.be);
    }
    return status;
}

static vk_status read_point(const cJSON *object, uint8_t point65[65], vk_error *err) {
    point65[0] = 0x04;
    vk_status status = read_coordinate(object, "pubKeyX", point65 + 1, err);
    if (status == VK_OK) {
        status = read_coordinate(object, "pubKeyY", point65 + 33, err);
    }
    if (status == VK_OK && vk_p256_check_point(point65) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, "pubKeyX", "(pubKeyX, pubKeyY) is no point of P-256");
    }
    return status;
}

static vk_status read_credential(const cJSON *object, vk_passkey_text *out, vk_error *err) {
    const char *id;
    vk_hash *hash = &out->root.authenticator_id_hash;
    vk_status status = vk_json_text(object, "authenticatorId", NULL, &id, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_base64url_read(id, strlen(id), &out->credential_id) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, "authenticatorId", "this is not base64url");
    }
    status = vk_json_fixed(object, "authenticatorIdHash", NULL, hash->b, sizeof hash->b, err);
    vk_hash computed = vk_keccak256(vk_buf_view(&out->credential_id));
    if (status == VK_OK && memcmp(computed.b, hash->b, sizeof hash->b) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, "authenticatorIdHash",
                       "this is not the Keccak-256 hash of authenticatorId");
    }
    return status;
}

static vk_status read_object(const cJSON *object, vk_passkey_text *out, vk_error *err) {
    static const char *const members[] = {"entryPoint", "validatorAddress", "pubKeyX",
                                          "pubKeyY",    "authenticatorId",  "authenticatorIdHash",
                                          NULL};
    vk_status status = vk_json_only(object, members, NULL, err);
    if (status == VK_OK) {
        status = read_entry_point(object, out, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(object, "validatorAddress", NULL, &out->root.validator, err);
    }
    if (status == VK_OK) {
        status = read_point(object, out->root.point65, err);
    }
    return status == VK_OK ? read_credential(object, out, err) : status;
}

vk_status vk_passkey_text_read(const char *text, size_t len, vk_passkey_text *out, vk_error *err) {
    vk_passkey_text value = {.root.kind = VK_ROOT_PASSKEY};
    vk_buf json = {0};
    cJSON *object = NULL;
    if (len > VK_PASSKEY_TEXT_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "the text has more than %d characters",
                       VK_PASSKEY_TEXT_MAX);
    }
    vk_status status = vk_base64_read(text, len, &json);
    if (status == VK_OK) {
        status = vk_json_parse(vk_buf_view(&json), VK_PASSKEY_TEXT_MAX, &object, err);
    } else {
        vk_fail(err, status, NULL, "the text is not base64 of JSON");
    }
    if (status == VK_OK) {
        status = read_object(object, &value, err);
    }
    cJSON_Delete(object);
    vk_buf_clear(&json);
    if (status != VK_OK) {
        vk_passkey_text_clear(&value);
        return status;
    }
    *out = value;
    return VK_OK;
}

void vk_passkey_text_clear(vk_passkey_text *value) {
    vk_buf_clear(&value->credential_id);
    *value = (vk_passkey_text){0};
}
