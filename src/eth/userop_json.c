#include "base/json.h"
#include "eth/userop_pack.h"

#include <string.h>

static const char *const members[] = {"callData",
                                      "callGasLimit",
                                      "factory",
                                      "factoryData",
                                      "maxFeePerGas",
                                      "maxPriorityFeePerGas",
                                      "nonce",
                                      "paymaster",
                                      "paymasterData",
                                      "paymasterPostOpGasLimit",
                                      "paymasterVerificationGasLimit",
                                      "preVerificationGas",
                                      "sender",
                                      "signature",
                                      "verificationGasLimit",
                                      "eip7702Auth",
                                      NULL};

/* A reader of the members of one object: after a failure nothing more is read. */
typedef struct reader {
    const cJSON *object;
    const vk_path *path;
    vk_userop *op;
    vk_error *err;
    vk_status status;
} reader;

static void number(reader *r, const char *name, unsigned bits, vk_u256 *out) {
    if (r->status == VK_OK) {
        r->status = vk_json_quantity(r->object, name, r->path, bits, out, r->err);
    }
}

static void address(reader *r, const char *name, vk_address *out) {
    if (r->status == VK_OK) {
        r->status = vk_json_address(r->object, name, r->path, out, r->err);
    }
}

/* storage has room for all of the object's bytes, so the views never move. */
static void bytes(reader *r, const char *name, vk_bytes *out) {
    if (r->status == VK_OK) {
        size_t start = r->op->storage.len;
        r->status = vk_json_bytes(r->object, name, r->path, VK_USEROP_MAX, &r->op->storage, r->err);
        size_t len = r->op->storage.len - start;
        *out = (vk_bytes){len == 0 ? NULL : r->op->storage.data + start, len};
    }
}

static bool has(const reader *r, const char *name) {
    return vk_json_get(r->object, name) != NULL;
}

/* A member of a group without the member that leads it. */
static void refuse_alone(reader *r, const char *name, const char *leader) {
    if (r->status == VK_OK && has(r, name)) {
        vk_path at = vk_path_member(r->path, name);
        r->status =
            vk_fail(r->err, VK_ERR_FORMAT, at.text, "\"%s\" is given without \"%s\"", name, leader);
    }
}

static void read_factory(reader *r) {
    r->op->has_factory = has(r, "factory");
    if (r->op->has_factory) {
        address(r, "factory", &r->op->factory);
        bytes(r, "factoryData", &r->op->factory_data);
    } else {
        refuse_alone(r, "factoryData", "factory");
    }
}

static void read_paymaster(reader *r) {
    r->op->has_paymaster = has(r, "paymaster");
    if (!r->op->has_paymaster) {
        refuse_alone(r, "paymasterData", "paymaster");
        refuse_alone(r, "paymasterVerificationGasLimit", "paymaster");
        refuse_alone(r, "paymasterPostOpGasLimit", "paymaster");
        return;
    }
    address(r, "paymaster", &r->op->paymaster);
    number(r, "paymasterVerificationGasLimit", 128, &r->op->paymaster_verification_gas_limit);
    number(r, "paymasterPostOpGasLimit", 128, &r->op->paymaster_post_op_gas_limit);
    if (has(r, "paymasterData")) {
        bytes(r, "paymasterData", &r->op->paymaster_data);
    }
}

static void read_authorization(reader *r) {
    const cJSON *authorization = vk_json_get(r->object, "eip7702Auth");
    if (r->status == VK_OK && authorization != NULL && !cJSON_IsObject(authorization)) {
        vk_path at = vk_path_member(r->path, "eip7702Auth");
        r->status = vk_fail(r->err, VK_ERR_FORMAT, at.text, "\"eip7702Auth\" must be an object");
    }
}

static vk_status read_members(reader *r) {
    vk_userop *op = r->op;
    address(r, "sender", &op->sender);
    number(r, "nonce", 256, &op->nonce);
    read_factory(r);
    bytes(r, "callData", &op->call_data);
    number(r, "callGasLimit", 128, &op->call_gas_limit);
    number(r, "verificationGasLimit", 128, &op->verification_gas_limit);
    number(r, "preVerificationGas", 256, &op->pre_verification_gas);
    number(r, "maxFeePerGas", 128, &op->max_fee_per_gas);
    number(r, "maxPriorityFeePerGas", 128, &op->max_priority_fee_per_gas);
    read_paymaster(r);
    if (has(r, "signature")) {
        bytes(r, "signature", &op->signature);
    }
    read_authorization(r);
    return r->status;
}

/* An upper bound of the bytes that the object's hex texts decode to. */
static size_t hex_bytes(const cJSON *object) {
    size_t total = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        total += cJSON_IsString(item) ? strlen(item->valuestring) / 2 : 0;
    }
    return total;
}

static vk_status read_object(const cJSON *object, const vk_path *path, vk_entry_point version,
                             vk_userop *out, vk_error *err) {
    if (version != VK_ENTRY_POINT_0_7) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                       "operations of EntryPoint %s are not supported, only of 0.7",
                       vk_entry_point_text(version));
    }
    vk_status status = vk_json_only(object, members, path, err);
    if (status != VK_OK) {
        return status;
    }
    vk_userop op = {.entry_point = version};
    vk_buf_put_zeros(&op.storage, hex_bytes(object));
    op.storage.len = 0;
    status = vk_buf_status(&op.storage);
    if (status == VK_OK) {
        reader r = {.object = object, .path = path, .op = &op, .err = err};
        status = read_members(&r);
    }
    if (status != VK_OK) {
        vk_userop_clear(&op);
        return status;
    }
    *out = op;
    return VK_OK;
}

vk_status vk_userop_read_json(vk_bytes json, vk_entry_point version, vk_userop *out,
                              vk_error *err) {
    cJSON *object = NULL;
    vk_status status = vk_json_parse(json, VK_USEROP_MAX, &object, err);
    if (status == VK_OK) {
        status = read_object(object, NULL, version, out, err);
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
    status =
        read_object(vk_json_get(object, "userOp"), &path, VK_ENTRY_POINT_0_7, &request.op, err);
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
        status = read_object(object, NULL, default_version, &request.op, err);
        if (status == VK_OK) {
            *out = request;
        }
    }
    cJSON_Delete(object);
    return status;
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
