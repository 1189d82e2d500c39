#include "net/bundler_read.h"

#include "base/utf8.h"
#include <string.h>

static const vk_path result_path = {"result"};

#define GAS_BITS 128 /* as the EntryPoint packs it */

static bool is_absent(const cJSON *object, const char *name) {
    const cJSON *item = vk_json_get(object, name);
    return item == NULL || cJSON_IsNull(item);
}

static vk_status get_object(const cJSON *object, const char *name, const vk_path *path,
                            const cJSON **out, vk_error *err) {
    vk_path at = vk_path_member(path, name);
    *out = vk_json_get(object, name);
    return cJSON_IsObject(*out)
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be an object", name);
}

/* ---- EntryPoints, gas, fees ---- */

vk_status vk_bundler_read_supports(const cJSON *reply, const vk_address *entry_point, bool *out,
                                   vk_error *err) {
    const cJSON *list = vk_json_get(reply, "result"), *item;
    bool found = false;
    size_t count = 0;
    if (!cJSON_IsArray(list)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "EntryPoints must be a JSON array");
    }
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(&result_path, count);
        vk_address one;
        if (++count > VK_ENTRY_POINTS_MAX) {
            return vk_fail(err, VK_ERR_SIZE, "result", "there are more than %d EntryPoints",
                           VK_ENTRY_POINTS_MAX);
        }
        if (!cJSON_IsString(item) ||
            vk_address_read(item->valuestring, strlen(item->valuestring), &one) != VK_OK) {
            return vk_fail(err, VK_ERR_FORMAT, at.text, "this is no address");
        }
        found = found || vk_address_equal(&one, entry_point);
    }
    *out = found;
    return VK_OK;
}

vk_status vk_bundler_read_estimate(const cJSON *reply, vk_gas_estimate *out, vk_error *err) {
    const cJSON *result;
    vk_gas_estimate read = {0};
    const struct {
        const char *name;
        vk_u256 *to;
    } members[] = {
        {"preVerificationGas", &read.pre_verification_gas},
        {"verificationGasLimit", &read.verification_gas_limit},
        {"callGasLimit", &read.call_gas_limit},
        {"paymasterVerificationGasLimit", &read.paymaster_verification_gas_limit},
        {"paymasterPostOpGasLimit", &read.paymaster_post_op_gas_limit},
    };
    vk_status status = get_object(reply, "result", NULL, &result, err);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == VK_OK; i++) {
        if (!is_absent(result, members[i].name)) {
            status =
                vk_json_bigint(result, members[i].name, &result_path, GAS_BITS, members[i].to, err);
        }
    }
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

vk_status vk_bundler_read_fees(const cJSON *reply, vk_fees *out, vk_error *err) {
    const cJSON *result, *standard;
    const vk_path path = vk_path_member(&result_path, "standard");
    vk_fees read = {0};
    vk_status status = get_object(reply, "result", NULL, &result, err);
    if (status == VK_OK) {
        status = get_object(result, "standard", &result_path, &standard, err);
    }
    if (status == VK_OK) {
        status =
            vk_json_bigint(standard, "maxFeePerGas", &path, GAS_BITS, &read.max_fee_per_gas, err);
    }
    if (status == VK_OK) {
        status = vk_json_bigint(standard, "maxPriorityFeePerGas", &path, GAS_BITS,
                                &read.max_priority_fee_per_gas, err);
    }
    if (status == VK_OK && vk_u256_cmp(&read.max_priority_fee_per_gas, &read.max_fee_per_gas) > 0) {
        status = vk_fail(err, VK_ERR_RANGE, path.text,
                         "\"maxPriorityFeePerGas\" is more than \"maxFeePerGas\"");
    }
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

/* ---- What became of an operation ---- */

vk_status vk_bundler_read_hash(const cJSON *reply, vk_hash *out, vk_error *err) {
    vk_hash read;
    vk_status status = vk_json_fixed(reply, "result", NULL, read.b, sizeof read.b, err);
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

vk_status vk_bundler_read_known(const cJSON *reply, bool *out, vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result");
    if (!cJSON_IsObject(result) && !cJSON_IsNull(result)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "an operation must be a JSON object or null");
    }
    *out = cJSON_IsObject(result);
    return VK_OK;
}

vk_status vk_bundler_read_status(const cJSON *reply, bool *out, vk_error *err) {
    static const char *const alive[] = {"not_submitted", "submitted", "included", "queued"};
    const cJSON *result;
    const char *text;
    vk_status status = get_object(reply, "result", NULL, &result, err);
    if (status == VK_OK) {
        status = vk_json_text(result, "status", &result_path, &text, err);
    }
    if (status != VK_OK) {
        return status;
    }
    *out = false;
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++) {
        *out = *out || strcmp(text, alive[i]) == 0;
    }
    return VK_OK;
}

static vk_status check_whose(const cJSON *result, const vk_hash *operation,
                             const vk_address *sender, vk_operation_receipt *out, vk_error *err) {
    vk_status status = vk_json_fixed(result, "userOpHash", &result_path, out->operation.b,
                                     sizeof out->operation.b, err);
    if (status == VK_OK) {
        status = vk_json_address(result, "sender", &result_path, &out->sender, err);
    }
    if (status == VK_OK && memcmp(&out->operation, operation, sizeof *operation) != 0) {
        status = vk_fail(err, VK_ERR_MISMATCH, "result.userOpHash",
                         "this is the receipt of another operation");
    }
    if (status == VK_OK && !vk_address_equal(&out->sender, sender)) {
        status = vk_fail(err, VK_ERR_MISMATCH, "result.sender",
                         "this is the receipt of another account's operation");
    }
    return status;
}

static vk_status read_outcome(const cJSON *result, vk_operation_receipt *out, vk_error *err) {
    vk_status status = vk_json_bool(result, "success", &result_path, &out->success, err);
    if (status == VK_OK) {
        status = vk_json_bigint(result, "nonce", &result_path, 256, &out->nonce, err);
    }
    if (status == VK_OK) {
        status =
            vk_json_bigint(result, "actualGasCost", &result_path, 256, &out->actual_gas_cost, err);
    }
    if (status == VK_OK) {
        status =
            vk_json_bigint(result, "actualGasUsed", &result_path, 256, &out->actual_gas_used, err);
    }
    return status;
}

/* Bundlers say why calls failed by a text, by revert data, or not at all. */
static vk_status read_reason(const cJSON *result, vk_operation_receipt *out, vk_error *err) {
    const char *text = "";
    vk_status status = is_absent(result, "reason")
                           ? VK_OK
                           : vk_json_text(result, "reason", &result_path, &text, err);
    vk_utf8_copy_printable(text, out->reason, sizeof out->reason);
    return status;
}

static vk_status read_transaction(const cJSON *result, vk_operation_receipt *out, vk_error *err) {
    const cJSON *receipt;
    const vk_path path = vk_path_member(&result_path, "receipt");
    vk_u256 block;
    vk_status status = get_object(result, "receipt", &result_path, &receipt, err);
    if (status == VK_OK) {
        status = vk_json_fixed(receipt, "transactionHash", &path, out->transaction.b,
                               sizeof out->transaction.b, err);
    }
    if (status == VK_OK) {
        status = vk_json_bigint(receipt, "blockNumber", &path, 64, &block, err);
    }
    if (status == VK_OK) {
        out->block = vk_u256_low64(&block);
    }
    return status;
}

vk_status vk_bundler_read_receipt(const cJSON *reply, const vk_hash *operation,
                                  const vk_address *sender, bool *found, vk_operation_receipt *out,
                                  vk_error *err) {
    const cJSON *result;
    vk_operation_receipt read = {0};
    if (cJSON_IsNull(vk_json_get(reply, "result"))) {
        *found = false;
        return VK_OK;
    }
    vk_status status = get_object(reply, "result", NULL, &result, err);
    if (status == VK_OK) {
        status = check_whose(result, operation, sender, &read, err);
    }
    if (status == VK_OK) {
        status = read_outcome(result, &read, err);
    }
    if (status == VK_OK) {
        status = read_reason(result, &read, err);
    }
    if (status == VK_OK) {
        status = read_transaction(result, &read, err);
    }
    if (status == VK_OK) {
        *out = read;
        *found = true;
    }
    return status;
}
