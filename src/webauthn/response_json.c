#include "webauthn/response_json.h"

#include <string.h>

/* ---- Bytes ---- */

static vk_status fail_at(const vk_path *path, const char *name, vk_status status, const char *what,
                         vk_error *err) {
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, status, at.text, "\"%s\" %s", name, what);
}

static vk_status too_long(const vk_path *path, const char *name, size_t max, vk_error *err) {
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, VK_ERR_SIZE, at.text, "\"%s\" has more than %zu bytes", name, max);
}

/* An rpIdHash can begin like that in base64url as well, but hex digits to the end make no
 * authenticatorData in base64url. */
static bool is_hex(const char *text) {
    size_t len = strlen(text);
    return strncmp(text, "0x", 2) == 0 && len % 2 == 0 &&
           strspn(text + 2, "0123456789abcdefABCDEF") == len - 2;
}

static vk_status decode(const char *text, bool or_hex, vk_buf *out) {
    size_t len = strlen(text);
    return or_hex && is_hex(text) ? vk_hex_read(text, len, VK_RESPONSE_MAX, out)
                                  : vk_base64url_read(text, len, out);
}

static vk_status read_bytes(const cJSON *object, const char *name, const vk_path *path, bool or_hex,
                            size_t max, vk_buf *out, vk_error *err) {
    const char *text = NULL;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    status = decode(text, or_hex, out);
    if (status != VK_OK) {
        return fail_at(path, name, status,
                       or_hex ? "must be base64url without padding, or \"0x\" and hex digits"
                              : "must be base64url without padding",
                       err);
    }
    if (out->len == 0) {
        return fail_at(path, name, VK_ERR_FORMAT, "is empty", err);
    }
    return out->len <= max ? VK_OK : too_long(path, name, max, err);
}

/* ---- What both answers have ---- */

static vk_status check_type(const cJSON *json, vk_error *err) {
    const char *type = NULL;
    vk_status status = vk_json_text(json, "type", NULL, &type, err);
    if (status == VK_OK && strcmp(type, "public-key") != 0) {
        status =
            vk_fail(err, VK_ERR_FORMAT, "type", "the type is \"%.40s\", not \"public-key\"", type);
    }
    return status;
}

/* The browser says the credential's id twice. */
static vk_status read_id(const cJSON *json, vk_buf *out, vk_error *err) {
    vk_buf raw = {0};
    vk_status status = check_type(json, err);
    if (status == VK_OK) {
        status = read_bytes(json, "id", NULL, false, VK_CREDENTIAL_ID_MAX, out, err);
    }
    if (status == VK_OK) {
        status = read_bytes(json, "rawId", NULL, false, VK_CREDENTIAL_ID_MAX, &raw, err);
    }
    if (status == VK_OK && !vk_bytes_equal(vk_buf_view(&raw), vk_buf_view(out))) {
        status = vk_fail(err, VK_ERR_MISMATCH, "rawId", "\"id\" and \"rawId\" are not the same");
    }
    vk_buf_clear(&raw);
    return status;
}

/* ---- Registrations ---- */

void vk_registration_response_clear(vk_registration_response *response) {
    vk_buf_clear(&response->id);
    vk_buf_clear(&response->attestation_object);
    vk_buf_clear(&response->client_data);
}

static vk_status read_registration(const cJSON *json, vk_registration_response *out,
                                   vk_error *err) {
    const cJSON *response = vk_json_get(json, "response");
    vk_path path = vk_path_member(NULL, "response");
    vk_status status = read_id(json, &out->id, err);
    if (status == VK_OK) {
        status = read_bytes(response, "attestationObject", &path, false, VK_ATTESTATION_MAX,
                            &out->attestation_object, err);
    }
    if (status == VK_OK) {
        status = read_bytes(response, "clientDataJSON", &path, false, VK_CLIENT_DATA_MAX,
                            &out->client_data, err);
    }
    return status;
}

vk_status vk_registration_response_read(vk_bytes json, vk_registration_response *out,
                                        vk_error *err) {
    cJSON *parsed = NULL;
    *out = (vk_registration_response){0};
    vk_status status = vk_json_parse(json, VK_RESPONSE_MAX, &parsed, err);
    if (status == VK_OK) {
        status = read_registration(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_registration_response_clear(out);
    }
    return status;
}

/* ---- Assertions ---- */

void vk_assertion_response_clear(vk_assertion_response *response) {
    vk_buf_clear(&response->id);
    vk_buf_clear(&response->auth_data);
    vk_buf_clear(&response->client_data);
    vk_buf_clear(&response->signature);
}

static vk_status read_members(const cJSON *object, const vk_path *path, bool or_hex,
                              vk_assertion_response *out, vk_error *err) {
    vk_status status = read_bytes(object, "authenticatorData", path, or_hex,
                                  VK_RESPONSE_AUTH_DATA_MAX, &out->auth_data, err);
    if (status == VK_OK) {
        status = read_bytes(object, "clientDataJSON", path, or_hex, VK_CLIENT_DATA_MAX,
                            &out->client_data, err);
    }
    if (status == VK_OK) {
        status =
            read_bytes(object, "signature", path, or_hex, VK_P256_DER_MAX, &out->signature, err);
    }
    return status;
}

vk_status vk_assertion_members_read(const cJSON *object, const vk_path *path,
                                    vk_assertion_response *out, vk_error *err) {
    static const char *const names[] = {"authenticatorData", "clientDataJSON", "signature", NULL};
    *out = (vk_assertion_response){0};
    vk_status status = vk_json_only(object, names, path, err);
    if (status == VK_OK) {
        status = read_members(object, path, true, out, err);
    }
    if (status != VK_OK) {
        vk_assertion_response_clear(out);
    }
    return status;
}

static vk_status read_answer(const cJSON *json, vk_assertion_response *out, vk_error *err) {
    vk_path path = vk_path_member(NULL, "response");
    vk_status status = read_id(json, &out->id, err);
    if (status == VK_OK) {
        status = read_members(vk_json_get(json, "response"), &path, false, out, err);
    }
    if (status != VK_OK) {
        vk_assertion_response_clear(out);
    }
    return status;
}

vk_status vk_assertion_response_read(vk_bytes json, vk_assertion_response *out, vk_error *err) {
    cJSON *parsed = NULL;
    *out = (vk_assertion_response){0};
    vk_status status = vk_json_parse(json, VK_RESPONSE_MAX, &parsed, err);
    if (status == VK_OK) {
        status = vk_json_get(parsed, "response") != NULL
                     ? read_answer(parsed, out, err)
                     : vk_assertion_members_read(parsed, NULL, out, err);
    }
    cJSON_Delete(parsed);
    return status;
}

static void put_member(const char *name, const vk_buf *value, vk_buf *out) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_base64url_put(out, vk_buf_view(value));
    vk_buf_put_byte(out, '"');
}

void vk_assertion_members_write(const vk_assertion_response *response, vk_buf *out) {
    vk_buf_put_byte(out, '{');
    put_member("authenticatorData", &response->auth_data, out);
    vk_buf_put_byte(out, ',');
    put_member("clientDataJSON", &response->client_data, out);
    vk_buf_put_byte(out, ',');
    put_member("signature", &response->signature, out);
    vk_buf_put_byte(out, '}');
}
