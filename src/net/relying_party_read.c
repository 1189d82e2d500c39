/* What clients of the passkey server send. */
#include "net/member.h"
#include "net/relying_party.h"

#include <string.h>

#define TEXT_MAX 256
#define USER_HANDLE_MAX 128
#define AUTH_DATA_MAX 4096

static vk_status parse(vk_bytes text, cJSON **out, vk_error *err) {
    *out = NULL;
    vk_status status = vk_json_parse(text, VK_RP_BODY_MAX, out, err);
    if (status == VK_OK && !cJSON_IsObject(*out)) {
        status = vk_fail(err, VK_ERR_FORMAT, NULL, "the body is not a JSON object");
    }
    return status;
}

static vk_status read_rp_id(const cJSON *json, char **out, vk_error *err) {
    return vk_json_get(json, "rpID") != NULL
               ? vk_member_text(json, "rpID", NULL, TEXT_MAX, out, err)
               : VK_OK;
}

static vk_status read_name(const cJSON *json, char **out, vk_error *err) {
    vk_status status = vk_member_text(json, "username", NULL, VK_PASSKEY_USER_TEXT_MAX, out, err);
    if (status == VK_OK && !vk_member_is_printable(*out, VK_PASSKEY_USER_TEXT_MAX)) {
        status = vk_member_wrong(err, NULL, "username", "a text without control characters");
    }
    return status;
}

/* ---- Options ---- */

void vk_rp_options_clear(vk_rp_options *options) {
    vk_text_free(options->username);
    vk_text_free(options->rp_id);
    *options = (vk_rp_options){0};
}

vk_status vk_rp_options_read(vk_bytes json, bool registers, vk_rp_options *out, vk_error *err) {
    cJSON *parsed;
    *out = (vk_rp_options){0};
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK && registers) {
        status = read_name(parsed, &out->username, err);
    }
    if (status == VK_OK) {
        status = read_rp_id(parsed, &out->rp_id, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_rp_options_clear(out);
    }
    return status;
}

/* ---- Credentials ---- */

static const vk_path cred_path = {"cred"}, response_path = {"cred.response"};

/* Its id stands there twice. */
static vk_status read_cred(const cJSON *json, vk_buf *id, const cJSON **response, vk_error *err) {
    const cJSON *cred;
    vk_buf raw = {0};
    vk_status status = vk_member_object(json, "cred", NULL, &cred, err);
    if (status == VK_OK) {
        status = vk_member_base64url(cred, "id", &cred_path, 1, VK_CREDENTIAL_ID_MAX, id, err);
    }
    if (status == VK_OK) {
        status = vk_member_base64url(cred, "rawId", &cred_path, 1, VK_CREDENTIAL_ID_MAX, &raw, err);
    }
    if (status == VK_OK && !vk_bytes_equal(vk_buf_view(id), vk_buf_view(&raw))) {
        status = vk_member_wrong(err, &cred_path, "rawId", "the same as \"id\"");
    }
    if (status == VK_OK && !vk_member_is(vk_json_get(cred, "type"), "public-key")) {
        status = vk_member_wrong(err, &cred_path, "type", "\"public-key\"");
    }
    vk_buf_clear(&raw);
    return status == VK_OK ? vk_member_object(cred, "response", &cred_path, response, err) : status;
}

static vk_status read_bytes(const cJSON *response, const char *name, size_t max, vk_buf *out,
                            vk_error *err) {
    return vk_member_base64url(response, name, &response_path, 1, max, out, err);
}

/* ---- Registration ---- */

void vk_rp_registration_clear(vk_rp_registration *registration) {
    vk_text_free(registration->user_id);
    vk_text_free(registration->username);
    vk_text_free(registration->rp_id);
    vk_buf_clear(&registration->credential_id);
    vk_buf_clear(&registration->attestation);
    vk_buf_clear(&registration->client_data);
    vk_buf_clear(&registration->public_key);
    *registration = (vk_rp_registration){0};
}

static bool is_transport(const char *name) {
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

/* Only a hint for logins: what does not fit is left out. */
static void read_transports(const cJSON *response, char out[VK_PASSKEY_TRANSPORTS_MAX + 1]) {
    const cJSON *list = vk_json_get(response, "transports"), *item;
    size_t len = 0;
    out[0] = '\0';
    if (!cJSON_IsArray(list)) {
        return;
    }
    cJSON_ArrayForEach(item, list) {
        size_t more = cJSON_IsString(item) ? strlen(item->valuestring) : 0;
        if (more > 0 && is_transport(item->valuestring) &&
            len + (len > 0) + more <= VK_PASSKEY_TRANSPORTS_MAX) {
            out[len] = ',';
            len += len > 0;
            memcpy(out + len, item->valuestring, more + 1);
            len += more;
        }
    }
}

static vk_status read_response(const cJSON *response, vk_rp_registration *out, vk_error *err) {
    vk_status status =
        read_bytes(response, "attestationObject", VK_ATTESTATION_MAX, &out->attestation, err);
    if (status == VK_OK) {
        status = read_bytes(response, "clientDataJSON", VK_CLIENT_DATA_MAX, &out->client_data, err);
    }
    if (status == VK_OK && vk_json_get(response, "publicKey") != NULL) {
        status = read_bytes(response, "publicKey", TEXT_MAX, &out->public_key, err);
    }
    if (status == VK_OK) {
        read_transports(response, out->transports);
    }
    return status;
}

static vk_status read_registration(const cJSON *json, vk_rp_registration *out, vk_error *err) {
    const cJSON *response;
    vk_status status =
        vk_member_text(json, "userId", NULL, VK_PASSKEY_USER_TEXT_MAX, &out->user_id, err);
    if (status == VK_OK) {
        status = read_name(json, &out->username, err);
    }
    if (status == VK_OK) {
        status = read_rp_id(json, &out->rp_id, err);
    }
    if (status == VK_OK) {
        status = read_cred(json, &out->credential_id, &response, err);
    }
    return status == VK_OK ? read_response(response, out, err) : status;
}

vk_status vk_rp_registration_read(vk_bytes json, vk_rp_registration *out, vk_error *err) {
    cJSON *parsed;
    *out = (vk_rp_registration){0};
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = read_registration(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_rp_registration_clear(out);
    }
    return status;
}

/* ---- Login ---- */

void vk_rp_login_clear(vk_rp_login *login) {
    vk_text_free(login->rp_id);
    vk_text_free(login->user_handle);
    vk_buf_clear(&login->credential_id);
    vk_buf_clear(&login->auth_data);
    vk_buf_clear(&login->client_data);
    vk_buf_clear(&login->signature);
    *login = (vk_rp_login){0};
}

/* Browsers say null where the authenticator has none. */
static vk_status read_user_handle(const cJSON *response, char **out, vk_error *err) {
    const cJSON *handle = vk_json_get(response, "userHandle");
    return handle == NULL || cJSON_IsNull(handle)
               ? VK_OK
               : vk_member_text(response, "userHandle", &response_path, USER_HANDLE_MAX, out, err);
}

static vk_status read_login(const cJSON *json, vk_rp_login *out, vk_error *err) {
    const cJSON *response;
    vk_status status = read_rp_id(json, &out->rp_id, err);
    if (status == VK_OK) {
        status = read_cred(json, &out->credential_id, &response, err);
    }
    if (status == VK_OK) {
        status = read_bytes(response, "authenticatorData", AUTH_DATA_MAX, &out->auth_data, err);
    }
    if (status == VK_OK) {
        status = read_bytes(response, "clientDataJSON", VK_CLIENT_DATA_MAX, &out->client_data, err);
    }
    if (status == VK_OK) {
        status = read_bytes(response, "signature", VK_P256_DER_MAX, &out->signature, err);
    }
    return status == VK_OK ? read_user_handle(response, &out->user_handle, err) : status;
}

vk_status vk_rp_login_read(vk_bytes json, vk_rp_login *out, vk_error *err) {
    cJSON *parsed;
    *out = (vk_rp_login){0};
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = read_login(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_rp_login_clear(out);
    }
    return status;
}
