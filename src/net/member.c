#include "net/member.h"

#include "base/utf8.h"
#include <string.h>

vk_status vk_member_wrong(vk_error *err, const vk_path *path, const char *name, const char *wants) {
    vk_path at = vk_path_member(path, name);
    return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be %s", name, wants);
}

vk_status vk_member_object(const cJSON *object, const char *name, const vk_path *path,
                           const cJSON **out, vk_error *err) {
    *out = vk_json_get(object, name);
    return cJSON_IsObject(*out) ? VK_OK : vk_member_wrong(err, path, name, "an object");
}

vk_status vk_member_text(const cJSON *object, const char *name, const vk_path *path, size_t max,
                         char **out, vk_error *err) {
    const char *text;
    vk_buf copy = {0};
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (text[0] == '\0' || strlen(text) > max) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be a text of 1 to %zu bytes", name,
                       max);
    }
    vk_buf_put_text(&copy, text);
    *out = vk_buf_take_text(&copy);
    return *out != NULL ? VK_OK
                        : vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
}

vk_status vk_member_base64url(const cJSON *object, const char *name, const vk_path *path,
                              size_t min, size_t max, vk_buf *out, vk_error *err) {
    const char *text;
    size_t before = out->len;
    vk_status status = vk_json_text(object, name, path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    bool ok = vk_base64url_read(text, strlen(text), out) == VK_OK && out->len - before >= min &&
              out->len - before <= max;
    if (!ok) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "\"%s\" must be base64url without padding, of %zu to %zu bytes", name, min,
                       max);
    }
    return VK_OK;
}

bool vk_member_is(const cJSON *value, const char *text) {
    return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

bool vk_member_is_printable(const char *text, size_t max) {
    size_t len = strlen(text), at = 0;
    while (at < len) {
        size_t step = vk_utf8_printable_len((const uint8_t *)text + at, len - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return len > 0 && len <= max;
}
