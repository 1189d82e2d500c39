#include "eth/userop_json.h"
#include "base/json.h"
#include "eth/userop_pack.h"

#include <string.h>

vk_status vk_userop_read_json(vk_bytes json, vk_entry_point version, vk_userop *out,
                              vk_error *err) {
    cJSON *object = NULL;
    vk_status status = vk_json_parse(json, VK_USEROP_MAX, &object, err);
    if (status == VK_OK) {
        status = vk_userop_read_object(object, NULL, version, &vk_userop_rpc_form, out, err);
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
                                   &vk_userop_rpc_form, &request.op, err);
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
        status = vk_userop_read_object(object, NULL, default_version, &vk_userop_rpc_form,
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
    return vk_userop_read_abi(request, out, err);
}

static void put_number(vk_buf *out, const char *name, const vk_u256 *value) {
    char text[67];
    vk_u256_hex(value, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void put_address(vk_buf *out, const char *name, const vk_address *value) {
    char text[43];
    vk_address_text(value, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void put_bytes(vk_buf *out, const char *name, vk_bytes value) {
    vk_buf_printf(out, ",\"%s\":\"", name);
    vk_hex_put(out, value);
    vk_buf_put_byte(out, '"');
}

vk_status vk_userop_write_json(const vk_userop *op, vk_buf *out) {
    if (op->entry_point != VK_ENTRY_POINT_0_7) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_buf_put_text(out, "{\"callData\":\"");
    vk_hex_put(out, op->call_data);
    vk_buf_put_byte(out, '"');
    put_number(out, "callGasLimit", &op->call_gas_limit);
    if (op->has_factory) {
        put_address(out, "factory", &op->factory);
        put_bytes(out, "factoryData", op->factory_data);
    }
    put_number(out, "maxFeePerGas", &op->max_fee_per_gas);
    put_number(out, "maxPriorityFeePerGas", &op->max_priority_fee_per_gas);
    put_number(out, "nonce", &op->nonce);
    if (op->has_paymaster) {
        put_address(out, "paymaster", &op->paymaster);
        put_bytes(out, "paymasterData", op->paymaster_data);
        put_number(out, "paymasterPostOpGasLimit", &op->paymaster_post_op_gas_limit);
        put_number(out, "paymasterVerificationGasLimit", &op->paymaster_verification_gas_limit);
    }
    put_number(out, "preVerificationGas", &op->pre_verification_gas);
    put_address(out, "sender", &op->sender);
    put_bytes(out, "signature", op->signature);
    put_number(out, "verificationGasLimit", &op->verification_gas_limit);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

void vk_userop_clear(vk_userop *op) {
    vk_buf_clear(&op->storage);
    *op = (vk_userop){0};
}
