#include "net/node_config.h"

#include "net/header.h"
#include "net/url.h"
#include <string.h>

static void free_secret(char *text) {
    if (text != NULL) {
        vk_wipe(text, strlen(text));
        vk_text_free(text);
    }
}

void vk_node_config_clear(vk_node_config *config) {
    free_secret(config->url);
    for (size_t i = 0; i < config->header_count; i++) {
        free_secret(config->headers[i]);
    }
    *config = (vk_node_config){0};
}

static void wipe_texts(cJSON *value) {
    if (cJSON_IsString(value) || cJSON_IsRaw(value)) {
        vk_wipe(value->valuestring, strlen(value->valuestring));
    }
    for (cJSON *item = value == NULL ? NULL : value->child; item != NULL; item = item->next) {
        wipe_texts(item);
    }
}

void vk_json_free_secret(cJSON *value) {
    wipe_texts(value);
    cJSON_Delete(value);
}

/* ---- Headers ---- */

static vk_status read_header(const cJSON *item, const vk_path *path, char **out, vk_error *err) {
    vk_path at = vk_path_member(path, item->string);
    vk_buf line = {0};
    if (!vk_header_is_name(item->string) || vk_header_is_ours(item->string)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%.60s\" cannot be set as a header",
                       item->string);
    }
    if (!cJSON_IsString(item) || !vk_header_is_value(item->valuestring)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "a header must be a line of ASCII text without spaces at its ends");
    }
    vk_buf_printf(&line, "%s: ", item->string);
    vk_buf_put_text(&line, item->valuestring);
    *out = vk_buf_take_text(&line);
    return *out != NULL ? VK_OK : vk_fail(err, VK_ERR_MEMORY, NULL, "out of memory");
}

static vk_status read_headers(const cJSON *value, const vk_path *path, vk_node_config *out,
                              vk_error *err) {
    const cJSON *headers = vk_json_get(value, "headers"), *item;
    vk_path at = vk_path_member(path, "headers");
    vk_status status = VK_OK;
    if (headers != NULL && !cJSON_IsObject(headers)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"headers\" must be an object");
    }
    cJSON_ArrayForEach(item, headers) {
        if (out->header_count == VK_NODE_HEADERS_MAX) {
            return vk_fail(err, VK_ERR_SIZE, at.text, "there are more than %d headers",
                           VK_NODE_HEADERS_MAX);
        }
        status = read_header(item, &at, &out->headers[out->header_count], err);
        if (status != VK_OK) {
            break;
        }
        out->header_count++;
    }
    return status;
}

/* ---- The whole ---- */

static vk_status read_url(const cJSON *value, const vk_path *path, vk_node_config *out,
                          vk_error *err) {
    const char *text;
    vk_url url;
    vk_error why = {0};
    vk_status status = vk_json_text(value, "url", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_url_read(text, &url, &why);
    if (status != VK_OK) {
        vk_path at = vk_path_member(path, "url");
        return vk_fail(err, status, at.text, "%s", why.message);
    }
    vk_buf copy = {0};
    vk_buf_put_text(&copy, text);
    out->url = vk_buf_take_text(&copy);
    return out->url != NULL ? VK_OK : vk_fail(err, VK_ERR_MEMORY, NULL, "out of memory");
}

static vk_status read_max(const cJSON *value, const vk_path *path, vk_node_config *out,
                          vk_error *err) {
    out->max_blocks = VK_NODE_BLOCKS_DEFAULT;
    if (vk_json_get(value, "maxBlocks") == NULL) {
        return VK_OK;
    }
    vk_status status =
        vk_json_u64(value, "maxBlocks", path, VK_NODE_BLOCKS_MOST, &out->max_blocks, err);
    if (status == VK_OK && out->max_blocks == 0) {
        vk_path at = vk_path_member(path, "maxBlocks");
        status = vk_fail(err, VK_ERR_RANGE, at.text, "\"maxBlocks\" must be at least 1");
    }
    return status;
}

vk_status vk_node_config_server(const cJSON *value, const vk_path *path, vk_node_config *out,
                                vk_error *err) {
    *out = (vk_node_config){0};
    vk_status status = read_url(value, path, out, err);
    if (status == VK_OK) {
        status = read_headers(value, path, out, err);
    }
    if (status != VK_OK) {
        vk_node_config_clear(out);
    }
    return status;
}

vk_status vk_node_config_of(const cJSON *value, const vk_path *path, vk_node_config *out,
                            vk_error *err) {
    static const char *const names[] = {"url", "headers", "maxBlocks", NULL};
    *out = (vk_node_config){0};
    vk_status status = vk_json_only(value, names, path, err);
    if (status == VK_OK) {
        status = vk_node_config_server(value, path, out, err);
    }
    if (status == VK_OK) {
        status = read_max(value, path, out, err);
    }
    if (status != VK_OK) {
        vk_node_config_clear(out);
    }
    return status;
}

vk_status vk_node_config_read(vk_bytes json, vk_node_config *out, vk_error *err) {
    cJSON *value = NULL;
    *out = (vk_node_config){0};
    vk_status status = vk_json_parse(json, VK_NODE_CONFIG_MAX, &value, err);
    if (status == VK_OK) {
        status = vk_node_config_of(value, NULL, out, err);
    }
    vk_json_free_secret(value);
    return status;
}

vk_http_config vk_node_config_http(const vk_node_config *config) {
    return (vk_http_config){.url = config->url,
                            .headers = (const char *const *)config->headers,
                            .header_count = config->header_count,
                            .backoff_ms = config->backoff_ms,
                            .seconds = config->seconds};
}
