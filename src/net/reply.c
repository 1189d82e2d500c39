#include "net/reply.h"

#include "base/utf8.h"
#include <inttypes.h>
#include <string.h>

#define CODE_MOST 9007199254740991.0 /* 2^53 - 1: what a JSON number holds exactly */

static vk_status read_refusal(const cJSON *reply, vk_refusal *out, vk_error *err) {
    const cJSON *error = vk_json_get(reply, "error");
    const cJSON *code = vk_json_get(error, "code");
    const char *message;
    vk_path path = vk_path_member(NULL, "error");
    vk_status status = vk_json_text(error, "message", &path, &message, err);
    if (status != VK_OK) {
        return status;
    }
    if (!cJSON_IsNumber(code) || code->valuedouble > CODE_MOST || code->valuedouble < -CODE_MOST) {
        return vk_fail(err, VK_ERR_FORMAT, "error.code", "\"code\" must be a number");
    }
    out->code = (int64_t)code->valuedouble;
    vk_utf8_copy_printable(message, out->words, sizeof out->words);
    return VK_OK;
}

static vk_status server_error(const cJSON *reply, vk_refusal *refusal, vk_error *err) {
    vk_refusal read;
    vk_status status = read_refusal(reply, &read, err);
    if (status != VK_OK) {
        return status;
    }
    if (refusal != NULL) {
        *refusal = read;
    }
    return vk_fail(err, VK_ERR_SERVER, NULL, "the server answers with error %" PRId64 ": %s",
                   read.code, read.words);
}

static vk_status check_reply(const cJSON *reply, uint64_t id, vk_error *err) {
    const char *version;
    uint64_t answered;
    vk_status status = vk_json_text(reply, "jsonrpc", NULL, &version, err);
    if (status == VK_OK && strcmp(version, "2.0") != 0) {
        status = vk_fail(err, VK_ERR_FORMAT, "jsonrpc", "\"jsonrpc\" is \"%.20s\", not \"2.0\"",
                         version);
    }
    if (status == VK_OK) {
        status = vk_json_u64(reply, "id", NULL, UINT64_MAX, &answered, err);
    }
    if (status == VK_OK && answered != id) {
        status = vk_fail(err, VK_ERR_FORMAT, "id",
                         "the reply is to call %" PRIu64 ", not to %" PRIu64, answered, id);
    }
    return status;
}

static vk_status check_outcome(const cJSON *reply, vk_refusal *refusal, vk_error *err) {
    bool has_result = vk_json_get(reply, "result") != NULL;
    bool has_error = vk_json_get(reply, "error") != NULL;
    if (has_result == has_error) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "the reply has %s",
                       has_result ? "both \"result\" and \"error\""
                                  : "neither \"result\" nor \"error\"");
    }
    return has_error ? server_error(reply, refusal, err) : VK_OK;
}

/* A server that cannot read a call does not know its id: null is right then. */
static bool is_error_without_id(const cJSON *reply) {
    return cJSON_IsNull(vk_json_get(reply, "id")) && cJSON_IsObject(vk_json_get(reply, "error")) &&
           vk_json_get(reply, "result") == NULL;
}

vk_status vk_reply_read(vk_bytes text, uint64_t id, cJSON **reply, vk_refusal *refusal,
                        vk_error *err) {
    cJSON *read = NULL;
    vk_status status = vk_json_parse(text, VK_REPLY_MAX, &read, err);
    if (status != VK_OK) {
        return status;
    }
    if (!cJSON_IsObject(read)) {
        status = vk_fail(err, VK_ERR_FORMAT, NULL, "the reply is not a JSON object");
    } else if (!is_error_without_id(read)) {
        status = check_reply(read, id, err);
    }
    if (status == VK_OK) {
        status = check_outcome(read, refusal, err);
    }
    if (status != VK_OK) {
        cJSON_Delete(read);
        return status;
    }
    *reply = read;
    return VK_OK;
}

vk_status vk_reply_quantity(const cJSON *object, const char *name, const vk_path *path,
                            unsigned bits, vk_u256 *out, vk_error *err) {
    vk_u256 value;
    char canonical[67];
    vk_status status = vk_json_quantity(object, name, path, bits, &value, err);
    if (status != VK_OK) {
        return status;
    }
    vk_u256_hex(&value, canonical);
    if (strlen(canonical) != strlen(vk_json_get(object, name)->valuestring)) {
        vk_path at = vk_path_member(path, name);
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" has leading zeros", name);
    }
    *out = value;
    return VK_OK;
}

vk_status vk_reply_u64(const cJSON *object, const char *name, const vk_path *path, uint64_t *out,
                       vk_error *err) {
    vk_u256 value;
    vk_status status = vk_reply_quantity(object, name, path, 64, &value, err);
    if (status == VK_OK) {
        *out = vk_u256_low64(&value);
    }
    return status;
}
