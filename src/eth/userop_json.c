#include "eth/userop_json.h"
#include "base/json.h"

#include <string.h>

vk_status vk_userop_read_json(vk_bytes json, vk_entry_point version, vk_userop *out,
                              vk_error *err) {
    cJSON *object = NULL;
    vk_status status = vk_json_parse(json, VK_USEROP_MAX, &object, err);
    if (status == VK_OK) {
        status = vk_userop_read_object(object, NULL, version, &vk_userop_rpc_dialect, out, err);
    }
    cJSON_Delete(object);
    return status;
}

static vk_status check_entry_point(const vk_address *entry_point, vk_error *err) {
    if (vk_entry_point_of_address(entry_point) == VK_ENTRY_POINT_0_7) {
        return VK_OK;
    }
    vk_address supported = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    char given_text[43], supported_text[43];
    vk_address_text(entry_point, given_text);
    vk_address_text(&supported, supported_text);
    return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                   "entryPoint is %s, but only EntryPoint 0.7 is supported, %s", given_text,
                   supported_text);
}

static vk_status read_wrapper(const cJSON *object, vk_userop_request *out, vk_error *err) {
    static const char *const names[] = {"chainId", "entryPoint", "userOp", NULL};
    vk_userop_request request = {.has_chain_id = true, .has_entry_point = true};
    vk_u256 chain_id;
    vk_status status = vk_json_only(object, names, NULL, err);
    if (status == VK_OK) {
        status = vk_json_bigint(object, "chainId", NULL, 64, &chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(object, "entryPoint", NULL, &request.entry_point, err);
    }
    if (status == VK_OK) {
        status = check_entry_point(&request.entry_point, err);
    }
    if (status != VK_OK) {
        return status;
    }
    request.chain_id = vk_u256_low64(&chain_id);
    vk_path path = vk_path_member(NULL, "userOp");
    status = vk_userop_read_object(vk_json_get(object, "userOp"), &path, VK_ENTRY_POINT_0_7,
                                   &vk_userop_rpc_dialect, &request.op, err);
    if (status == VK_OK) {
        *out = request;
    }
    return status;
}

static vk_status read_json_request(vk_bytes json, vk_entry_point default_version,
                                   vk_userop_request *out, vk_error *err) {
    cJSON *object = NULL;
    vk_status status = vk_json_parse(json, VK_USEROP_MAX, &object, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_json_get(object, "userOp") != NULL) {
        status = read_wrapper(object, out, err);
    } else {
        vk_userop_request request = {0};
        status = vk_userop_read_object(object, NULL, default_version, &vk_userop_rpc_dialect,
                                       &request.op, err);
        if (status == VK_OK) {
            *out = request;
        }
    }
    cJSON_Delete(object);
    return status;
}

vk_status vk_userop_read_request(vk_bytes request, vk_entry_point default_version,
                                 vk_userop_request *out, vk_error *err) {
    if (default_version != VK_ENTRY_POINT_0_7) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                       "operations of EntryPoint %s are not supported, only of 0.7",
                       vk_entry_point_text(default_version));
    }
    if (request.len > VK_USEROP_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL, "%zu bytes are more than the limit of %zu",
                       request.len, VK_USEROP_MAX);
    }
    if (request.len > 0 && request.data[0] == '{') {
        return read_json_request(request, default_version, out, err);
    }
    /* The chain's number, in the first word of the ABI form, has 64 bits of 256. */
    if (request.len == 0 || request.data[0] != 0) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "this is neither JSON nor the ABI encoding of (uint256 chainId, address "
                       "entryPoint, PackedUserOperation)");
    }
    return vk_userop_read_abi(request, default_version, out, err);
}
