#include "net/paymaster_read.h"

#include "base/utf8.h"

static const vk_path result_path = {"result"};

#define GAS_BITS 128 /* as the EntryPoint packs it */

void vk_sponsoring_clear(vk_sponsoring *sponsoring) {
    vk_buf_clear(&sponsoring->paymaster_and_data);
    vk_buf_clear(&sponsoring->paymaster_data);
    *sponsoring = (vk_sponsoring){0};
}

static bool is_absent(const cJSON *object, const char *name) {
    const cJSON *item = vk_json_get(object, name);
    return item == NULL || cJSON_IsNull(item);
}

/* The paymaster's address and what follows it. */
static vk_status read_joined(const cJSON *result, vk_sponsoring *out, vk_error *err) {
    vk_address none = {{0}};
    vk_buf *joined = &out->paymaster_and_data;
    vk_status status =
        vk_json_bytes(result, "paymasterAndData", &result_path, VK_PAYMASTER_DATA_MAX, joined, err);
    if (status == VK_OK &&
        (joined->len < sizeof none.b || vk_bytes_equal((vk_bytes){joined->data, sizeof none.b},
                                                       (vk_bytes){none.b, sizeof none.b}))) {
        status = vk_fail(err, VK_ERR_FORMAT, "result.paymasterAndData",
                         "\"paymasterAndData\" does not begin with a paymaster's address");
    }
    return status;
}

static vk_status read_limit(const cJSON *result, const char *name, bool *has, vk_u256 *out,
                            vk_error *err) {
    if (is_absent(result, name)) {
        return VK_OK;
    }
    *has = true;
    return vk_json_bigint(result, name, &result_path, GAS_BITS, out, err);
}

static vk_status read_parts(const cJSON *result, vk_sponsoring *out, vk_error *err) {
    vk_status status = vk_json_address(result, "paymaster", &result_path, &out->paymaster, err);
    if (status == VK_OK && vk_address_is_zero(&out->paymaster)) {
        status = vk_fail(err, VK_ERR_FORMAT, "result.paymaster", "the paymaster's address is zero");
    }
    if (status == VK_OK && !is_absent(result, "paymasterData")) {
        status = vk_json_bytes(result, "paymasterData", &result_path, VK_PAYMASTER_DATA_MAX,
                               &out->paymaster_data, err);
    }
    if (status == VK_OK) {
        status = read_limit(result, "paymasterVerificationGasLimit",
                            &out->has_verification_gas_limit, &out->verification_gas_limit, err);
    }
    if (status == VK_OK) {
        status = read_limit(result, "paymasterPostOpGasLimit", &out->has_post_op_gas_limit,
                            &out->post_op_gas_limit, err);
    }
    return status;
}

static vk_status read_sponsor(const cJSON *result, vk_sponsoring *out, vk_error *err) {
    const cJSON *sponsor = vk_json_get(result, "sponsor");
    const vk_path path = vk_path_member(&result_path, "sponsor");
    const char *name;
    if (is_absent(result, "sponsor")) {
        return VK_OK;
    }
    if (!cJSON_IsObject(sponsor)) {
        return vk_fail(err, VK_ERR_FORMAT, path.text, "\"sponsor\" must be an object");
    }
    if (is_absent(sponsor, "name")) {
        return VK_OK;
    }
    vk_status status = vk_json_text(sponsor, "name", &path, &name, err);
    if (status == VK_OK) {
        vk_utf8_copy_printable(name, out->sponsor, sizeof out->sponsor);
    }
    return status;
}

vk_status vk_sponsoring_check(const cJSON *reply, const vk_userop *op, vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result");
    const struct {
        const char *name;
        const vk_u256 *value;
    } own[] = {{"callGasLimit", &op->call_gas_limit},
               {"verificationGasLimit", &op->verification_gas_limit},
               {"preVerificationGas", &op->pre_verification_gas},
               {"maxFeePerGas", &op->max_fee_per_gas},
               {"maxPriorityFeePerGas", &op->max_priority_fee_per_gas}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        vk_u256 value;
        const vk_path path = vk_path_member(&result_path, own[i].name);
        if (!is_absent(result, own[i].name) &&
            (vk_json_bigint(result, own[i].name, &result_path, 256, &value, NULL) != VK_OK ||
             vk_u256_cmp(&value, own[i].value) != 0)) {
            return vk_fail(err, VK_ERR_FORMAT, path.text,
                           "it wants another %s than the operation has", own[i].name);
        }
    }
    return VK_OK;
}

vk_status vk_sponsoring_read(const cJSON *reply, vk_entry_point version, vk_sponsoring *out,
                             vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result");
    *out = (vk_sponsoring){0};
    if (!cJSON_IsObject(result)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "what a paymaster gives must be an object");
    }
    vk_status status = version == VK_ENTRY_POINT_0_6 ? read_joined(result, out, err)
                                                     : read_parts(result, out, err);
    if (status == VK_OK && !is_absent(result, "isFinal")) {
        status = vk_json_bool(result, "isFinal", &result_path, &out->is_final, err);
    }
    if (status == VK_OK) {
        status = read_sponsor(result, out, err);
    }
    if (status != VK_OK) {
        vk_sponsoring_clear(out);
    }
    return status;
}
