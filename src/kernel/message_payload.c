#include "eth/typed_data.h"

#include <valetkey/eth.h>
#include <valetkey/message_payload.h>

#include <string.h>

/* ---- Texts ---- */

static vk_status take_text(vk_bytes text, vk_message_payload *out, vk_error *err) {
    if (text.len > VK_MESSAGE_TEXT_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "message", "a message has at most %zu bytes, not %zu",
                       VK_MESSAGE_TEXT_MAX, text.len);
    }
    out->hash = vk_eip191_text_hash(text);
    return VK_OK;
}

static vk_status read_raw(const cJSON *message, vk_message_payload *out, vk_error *err) {
    static const char *const names[] = {"raw", NULL};
    const vk_path path = vk_path_member(NULL, "message");
    vk_buf bytes = {0};
    vk_status status = vk_json_only(message, names, &path, err);
    if (status == VK_OK) {
        status = vk_json_bytes(message, "raw", &path, VK_MESSAGE_TEXT_MAX, &bytes, err);
    }
    if (status == VK_OK) {
        status = take_text(vk_buf_view(&bytes), out, err);
    }
    vk_buf_clear(&bytes);
    return status;
}

static vk_status read_message(const cJSON *request, vk_message_payload *out, vk_error *err) {
    const char *text;
    const cJSON *message = vk_json_get(request, "message");
    if (cJSON_IsObject(message)) {
        return read_raw(message, out, err);
    }
    vk_status status = vk_json_text(request, "message", NULL, &text, err);
    return status == VK_OK ? take_text((vk_bytes){(const uint8_t *)text, strlen(text)}, out, err)
                           : status;
}

/* ---- Typed data ---- */

static vk_status read_typed_data(vk_bytes json, vk_message_payload *out, vk_error *err) {
    out->is_typed_data = true;
    return vk_typed_data_read(json, &out->hash, &out->domain, err);
}

/* ---- Requests ---- */

static vk_status read_content(const cJSON *request, vk_message_payload *out, vk_error *err) {
    const cJSON *message = vk_json_get(request, "message");
    const cJSON *typed_data = vk_json_get(request, "typedData");
    if ((message != NULL) == (typed_data != NULL)) {
        return vk_fail(err, VK_ERR_FORMAT, "message",
                       "the request must have either \"message\" or \"typedData\"");
    }
    if (message != NULL) {
        return read_message(request, out, err);
    }
    out->is_typed_data = true;
    return vk_typed_data_read_json(typed_data, &out->hash, &out->domain, err);
}

static vk_status read_flag(const cJSON *request, const char *name, bool *out, vk_error *err) {
    return vk_json_get(request, name) == NULL ? VK_OK : vk_json_bool(request, name, NULL, out, err);
}

static vk_status read_members(const cJSON *request, vk_message_payload *out, vk_error *err) {
    static const char *const names[] = {"chainId",  "account",    "message", "typedData",
                                        "deployed", "replayable", NULL};
    bool deployed = true;
    vk_status status = vk_json_only(request, names, NULL, err);
    if (status == VK_OK) {
        status = vk_json_u64(request, "chainId", NULL, UINT64_MAX, &out->chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(request, "account", NULL, &out->account, err);
    }
    if (status == VK_OK) {
        status = read_flag(request, "deployed", &deployed, err);
    }
    if (status == VK_OK) {
        status = read_flag(request, "replayable", &out->replayable, err);
    }
    out->has_account = true;
    out->undeployed = !deployed;
    return status == VK_OK ? read_content(request, out, err) : status;
}

static vk_status read_request(vk_bytes json, vk_message_payload *out, vk_error *err) {
    cJSON *request = NULL;
    vk_status status = vk_json_parse(json, VK_MESSAGE_REQUEST_MAX, &request, err);
    if (status == VK_OK) {
        status = read_members(request, out, err);
    }
    cJSON_Delete(request);
    return status;
}

vk_status vk_message_payload_read(vk_bytes payload, vk_payload_form form, vk_message_payload *out,
                                  vk_error *err) {
    vk_message_payload result = {0};
    vk_status status = VK_ERR_ARGUMENT;
    switch (form) {
    case VK_PAYLOAD_TEXT:
        status = take_text(payload, &result, err);
        break;
    case VK_PAYLOAD_TYPED_DATA:
        status = read_typed_data(payload, &result, err);
        break;
    case VK_PAYLOAD_REQUEST:
        status = read_request(payload, &result, err);
        break;
    }
    if (status == VK_OK) {
        *out = result;
    }
    return status;
}
