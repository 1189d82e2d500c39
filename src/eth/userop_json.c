#include "eth/userop_json.h"
#include "base/json.h"
#include "eth/abi.h"

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

/* The address says in which form the operation is. */
static vk_status find_version(const vk_address *entry_point, vk_entry_point *out, vk_error *err) {
    *out = vk_entry_point_of_address(entry_point);
    if (*out != VK_ENTRY_POINT_UNKNOWN) {
        return VK_OK;
    }
    char text[43];
    vk_address_text(entry_point, text);
    return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                   "entryPoint is %s, none of the published EntryPoints 0.6, 0.7, 0.8 and 0.9",
                   text);
}

vk_status vk_userop_read_request_object(const cJSON *object, const char *extra,
                                        vk_userop_request *out, vk_error *err) {
    const char *const names[] = {"chainId", "entryPoint", "userOp", extra, NULL};
    vk_userop_request request = {.has_chain_id = true, .has_entry_point = true};
    vk_u256 chain_id;
    vk_entry_point version = VK_ENTRY_POINT_UNKNOWN;
    vk_status status = vk_json_only(object, names, NULL, err);
    if (status == VK_OK) {
        status = vk_json_bigint(object, "chainId", NULL, 64, &chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(object, "entryPoint", NULL, &request.entry_point, err);
    }
    if (status == VK_OK) {
        status = find_version(&request.entry_point, &version, err);
    }
    if (status != VK_OK) {
        return status;
    }
    request.chain_id = vk_u256_low64(&chain_id);
    vk_path path = vk_path_member(NULL, "userOp");
    status = vk_userop_read_object(vk_json_get(object, "userOp"), &path, version,
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
        status = vk_userop_read_request_object(object, NULL, out, err);
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

/* Of an EntryPoint that is not published: a well-formed operation all the same, in either form? */
static vk_status read_foreign(vk_bytes abi, const vk_address *entry_point, vk_error *err) {
    vk_userop_request request = {0};
    vk_entry_point version;
    vk_status status = vk_userop_read_abi(abi, VK_ENTRY_POINT_0_6, &request, err);
    if (status != VK_OK) {
        status = vk_userop_read_abi(abi, VK_ENTRY_POINT_0_7, &request, err);
    }
    vk_userop_clear(&request.op);
    return status == VK_OK ? find_version(entry_point, &version, err) : status;
}

static vk_status read_abi_request(vk_bytes abi, vk_userop_request *out, vk_error *err) {
    vk_address entry_point = {{0}};
    bool whole = vk_abi_address(abi, VK_WORD, &entry_point) == VK_OK;
    vk_entry_point version = vk_entry_point_of_address(&entry_point);
    return whole && version != VK_ENTRY_POINT_UNKNOWN ? vk_userop_read_abi(abi, version, out, err)
                                                      : read_foreign(abi, &entry_point, err);
}

vk_status vk_userop_read_request(vk_bytes request, vk_entry_point default_version,
                                 vk_userop_request *out, vk_error *err) {
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
                       "entryPoint, operation)");
    }
    return read_abi_request(request, out, err);
}
