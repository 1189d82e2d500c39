#include "base/json.h"
#include "webauthn/internal.h"

#include <stdlib.h>
#include <string.h>
#include <valetkey/credential.h>

static vk_status copy_text(const char *text, char **out) {
    *out = strdup(text);
    return *out == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status read_type(const cJSON *json, vk_client_data *out, vk_error *err) {
    const char *type = NULL;
    vk_status status = vk_json_text(json, "type", NULL, &type, err);
    if (status != VK_OK) {
        return status;
    }
    out->create = strcmp(type, "webauthn.create") == 0;
    return out->create || strcmp(type, "webauthn.get") == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, "type",
                         "the type of the client data is \"%.40s\", not webauthn.create or "
                         "webauthn.get",
                         type);
}

static vk_status read_challenge(const cJSON *json, vk_client_data *out, vk_error *err) {
    const char *text = NULL;
    vk_status status = vk_json_text(json, "challenge", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_base64url_read(text, strlen(text), &out->challenge);
    return status == VK_OK ? VK_OK
                           : vk_fail(err, status, "challenge",
                                     "the challenge of the client data is not base64url without "
                                     "padding");
}

static vk_status read_origins(const cJSON *json, vk_client_data *out, vk_error *err) {
    const char *origin = NULL, *top = NULL;
    vk_status status = vk_json_text(json, "origin", NULL, &origin, err);
    if (status == VK_OK && vk_json_get(json, "crossOrigin") != NULL) {
        status = vk_json_bool(json, "crossOrigin", NULL, &out->cross_origin, err);
    }
    if (status == VK_OK && vk_json_get(json, "topOrigin") != NULL) {
        status = vk_json_text(json, "topOrigin", NULL, &top, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = copy_text(origin, &out->origin);
    if (status == VK_OK && top != NULL) {
        status = copy_text(top, &out->top_origin);
    }
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

vk_status vk_client_data_read(vk_bytes json, vk_client_data *out, vk_error *err) {
    cJSON *parsed = NULL;
    vk_client_data data = {.raw = json};
    *out = (vk_client_data){0};
    vk_status status = vk_json_parse(json, VK_CLIENT_DATA_MAX, &parsed, err);
    if (status == VK_OK) {
        status = read_type(parsed, &data, err);
    }
    if (status == VK_OK) {
        status = read_challenge(parsed, &data, err);
    }
    if (status == VK_OK) {
        status = read_origins(parsed, &data, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_client_data_clear(&data);
        return status;
    }
    *out = data;
    return VK_OK;
}

void vk_client_data_clear(vk_client_data *data) {
    vk_buf_clear(&data->challenge);
    free(data->origin);
    free(data->top_origin);
    *data = (vk_client_data){0};
}
