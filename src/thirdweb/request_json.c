/* Requests as text: for grants and files, and as typed data for the admin's wallet. */
#include "thirdweb/request_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BITS_LIMIT 256
#define BITS_TIME 128

/* ---- Reading ---- */

static vk_status read_target(const cJSON *item, const vk_path *path, vk_address *out,
                             vk_error *err) {
    if (!cJSON_IsString(item) ||
        vk_address_read(item->valuestring, strlen(item->valuestring), out) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text,
                       "a target must be an address: \"0x\" and 40 hex digits, with the right "
                       "checksum if in mixed case");
    }
    return VK_OK;
}

static vk_status read_list(const cJSON *list, const vk_path *path, vk_address *targets,
                           vk_error *err) {
    const cJSON *item;
    size_t i = 0;
    vk_status status = VK_OK;
    cJSON_ArrayForEach(item, list) {
        vk_path element = vk_path_index(path, i);
        status = status == VK_OK ? read_target(item, &element, &targets[i], err) : status;
        i++;
    }
    return status;
}

static vk_status read_targets(const cJSON *object, const vk_path *path, vk_thirdweb_request *out,
                              vk_error *err) {
    const cJSON *list = vk_json_get(object, "approvedTargets");
    vk_path at = vk_path_member(path, "approvedTargets");
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > VK_THIRDWEB_TARGETS_MAX) {
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "\"approvedTargets\" must be an array of at most %d addresses",
                       VK_THIRDWEB_TARGETS_MAX);
    }
    size_t count = (size_t)cJSON_GetArraySize(list);
    vk_address *targets = calloc(count + 1, sizeof *targets);
    if (targets == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, at.text, "out of memory");
    }
    out->targets = targets;
    out->target_count = count;
    return read_list(list, &at, targets, err);
}

static vk_status read_numbers(const cJSON *object, const vk_path *path, vk_thirdweb_request *out,
                              vk_error *err) {
    const struct {
        const char *name;
        unsigned bits;
        vk_u256 *value;
    } numbers[] = {{"nativeTokenLimitPerTransaction", BITS_LIMIT, &out->native_limit},
                   {"permissionStartTimestamp", BITS_TIME, &out->start},
                   {"permissionEndTimestamp", BITS_TIME, &out->end},
                   {"reqValidityStartTimestamp", BITS_TIME, &out->request_start},
                   {"reqValidityEndTimestamp", BITS_TIME, &out->request_end}};
    vk_status status = VK_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == VK_OK; i++) {
        status =
            vk_json_bigint(object, numbers[i].name, path, numbers[i].bits, numbers[i].value, err);
    }
    return status;
}

static vk_status read_is_admin(const cJSON *object, const vk_path *path, uint8_t *out,
                               vk_error *err) {
    uint64_t value = 0;
    vk_status status = vk_json_u64(object, "isAdmin", path, VK_THIRDWEB_REMOVE_ADMIN, &value, err);
    *out = (uint8_t)value;
    return status;
}

static vk_status read_members(const cJSON *object, const vk_path *path, vk_thirdweb_request *out,
                              vk_error *err) {
    vk_status status = vk_json_address(object, "signer", path, &out->signer, err);
    if (status == VK_OK) {
        status = read_is_admin(object, path, &out->is_admin, err);
    }
    if (status == VK_OK) {
        status = read_targets(object, path, out, err);
    }
    if (status == VK_OK) {
        status = read_numbers(object, path, out, err);
    }
    return status == VK_OK ? vk_json_fixed(object, "uid", path, out->uid.b, sizeof out->uid.b, err)
                           : status;
}

vk_status vk_thirdweb_request_read(const cJSON *object, const vk_path *path,
                                   vk_thirdweb_request *out, vk_error *err) {
    static const char *const names[] = {"signer",
                                        "isAdmin",
                                        "approvedTargets",
                                        "nativeTokenLimitPerTransaction",
                                        "permissionStartTimestamp",
                                        "permissionEndTimestamp",
                                        "reqValidityStartTimestamp",
                                        "reqValidityEndTimestamp",
                                        "uid",
                                        NULL};
    vk_thirdweb_request request = {0};
    vk_status status = vk_json_only(object, names, path, err);
    if (status == VK_OK) {
        status = read_members(object, path, &request, err);
    }
    if (status != VK_OK) {
        vk_thirdweb_request_free(&request);
        return status;
    }
    *out = request;
    return VK_OK;
}

void vk_thirdweb_request_free(vk_thirdweb_request *request) {
    free((void *)(uintptr_t)request->targets);
    *request = (vk_thirdweb_request){0};
}

/* ---- Writing ---- */

static void put_address(const vk_address *address, vk_buf *out) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, "\"%s\"", text);
}

static void put_number(const char *name, const vk_u256 *value, vk_buf *out) {
    char text[79];
    vk_u256_decimal(value, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

vk_status vk_thirdweb_request_write(const vk_thirdweb_request *request, vk_buf *out) {
    vk_buf_put_text(out, "{\"signer\":");
    put_address(&request->signer, out);
    vk_buf_printf(out, ",\"isAdmin\":%d,\"approvedTargets\":[", request->is_admin);
    for (size_t i = 0; i < request->target_count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_address(&request->targets[i], out);
    }
    vk_buf_put_byte(out, ']');
    put_number("nativeTokenLimitPerTransaction", &request->native_limit, out);
    put_number("permissionStartTimestamp", &request->start, out);
    put_number("permissionEndTimestamp", &request->end, out);
    put_number("reqValidityStartTimestamp", &request->request_start, out);
    put_number("reqValidityEndTimestamp", &request->request_end, out);
    vk_buf_put_text(out, ",\"uid\":\"");
    vk_hex_put(out, (vk_bytes){request->uid.b, sizeof request->uid.b});
    vk_buf_put_text(out, "\"}");
    return vk_buf_status(out);
}

static const char types[] = "{\"types\":{\"EIP712Domain\":["
                            "{\"name\":\"name\",\"type\":\"string\"},"
                            "{\"name\":\"version\",\"type\":\"string\"},"
                            "{\"name\":\"chainId\",\"type\":\"uint256\"},"
                            "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
                            "\"SignerPermissionRequest\":["
                            "{\"name\":\"signer\",\"type\":\"address\"},"
                            "{\"name\":\"isAdmin\",\"type\":\"uint8\"},"
                            "{\"name\":\"approvedTargets\",\"type\":\"address[]\"},"
                            "{\"name\":\"nativeTokenLimitPerTransaction\",\"type\":\"uint256\"},"
                            "{\"name\":\"permissionStartTimestamp\",\"type\":\"uint128\"},"
                            "{\"name\":\"permissionEndTimestamp\",\"type\":\"uint128\"},"
                            "{\"name\":\"reqValidityStartTimestamp\",\"type\":\"uint128\"},"
                            "{\"name\":\"reqValidityEndTimestamp\",\"type\":\"uint128\"},"
                            "{\"name\":\"uid\",\"type\":\"bytes32\"}]},"
                            "\"primaryType\":\"SignerPermissionRequest\",";

vk_status vk_thirdweb_typed_data(const vk_thirdweb_request *request, uint64_t chain_id,
                                 const vk_address *account, vk_buf *out) {
    vk_buf_put_text(out, types);
    vk_buf_printf(out,
                  "\"domain\":{\"name\":\"Account\",\"version\":\"1\",\"chainId\":%" PRIu64
                  ",\"verifyingContract\":",
                  chain_id);
    put_address(account, out);
    vk_buf_put_text(out, "},\"message\":");
    vk_status status = vk_thirdweb_request_write(request, out);
    vk_buf_put_byte(out, '}');
    return status == VK_OK ? vk_buf_status(out) : status;
}
