#include "base/json.h"
#include "gate/login.h"

#include <stdlib.h>
#include <string.h>

void vk_login_request_clear(vk_login_request *request) {
    vk_buf_clear(&request->challenge);
    free(request->rp_id);
    free(request->origin);
    *request = (vk_login_request){0};
}

static vk_status read_challenge(const cJSON *json, vk_login_request *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(json, "challenge", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_base64url_read(text, strlen(text), &out->challenge) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, "challenge",
                       "the challenge is not base64url without padding");
    }
    bool fits = out->challenge.len >= VK_LOGIN_CHALLENGE_MIN &&
                out->challenge.len <= VK_LOGIN_CHALLENGE_MAX;
    return fits
               ? VK_OK
               : vk_fail(err, VK_ERR_SIZE, "challenge", "the challenge has %zu bytes, not %d to %d",
                         out->challenge.len, VK_LOGIN_CHALLENGE_MIN, VK_LOGIN_CHALLENGE_MAX);
}

static vk_status copy_text(const cJSON *json, const char *name, char **out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(json, name, NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    *out = strdup(text);
    return *out != NULL ? VK_OK
                        : vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
}

static vk_status read_members(const cJSON *json, vk_login_request *out, vk_error *err) {
    static const char *const names[] = {"challenge", "rpId", "origin", NULL};
    vk_status status = vk_json_only(json, names, NULL, err);
    if (status == VK_OK) {
        status = read_challenge(json, out, err);
    }
    if (status == VK_OK) {
        status = copy_text(json, "rpId", &out->rp_id, err);
    }
    if (status == VK_OK && vk_json_get(json, "origin") != NULL) {
        status = copy_text(json, "origin", &out->origin, err);
    }
    return status;
}

vk_status vk_login_request_read(vk_bytes json, vk_login_request *out, vk_error *err) {
    cJSON *parsed = NULL;
    *out = (vk_login_request){0};
    vk_status status = vk_json_parse(json, VK_LOGIN_REQUEST_MAX, &parsed, err);
    if (status == VK_OK) {
        status = read_members(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_login_request_clear(out);
    }
    return status;
}
