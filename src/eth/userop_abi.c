#include "eth/abi.h"
#include "eth/userop_pack.h"

#include <string.h>

/* factory20 || factoryData */
#define FACTORY_LEN 20
/* paymaster20 || verificationGasLimit16 || postOpGasLimit16 || paymasterData */
#define PAYMASTER_LEN 52

static vk_bytes keep(vk_buf *storage, vk_bytes data) {
    size_t start = storage->len;
    vk_buf_put(storage, data.data, data.len);
    bool failed = storage->data == NULL || storage->len < start + data.len;
    return failed ? (vk_bytes){0} : (vk_bytes){storage->data + start, data.len};
}

static void set_u128(vk_u256 *out, const uint8_t be16[16]) {
    *out = vk_u256_from_be(be16, 16);
}

static vk_status set_init_code(vk_userop *op, vk_bytes init_code, vk_error *err) {
    if (init_code.len == 0) {
        return VK_OK;
    }
    if (init_code.len < FACTORY_LEN) {
        return vk_fail(err, VK_ERR_FORMAT, "initCode",
                       "initCode has %zu bytes, less than a factory", init_code.len);
    }
    op->has_factory = true;
    memcpy(op->factory.b, init_code.data, FACTORY_LEN);
    op->factory_data =
        keep(&op->storage, (vk_bytes){init_code.data + FACTORY_LEN, init_code.len - FACTORY_LEN});
    return VK_OK;
}

static vk_status set_paymaster(vk_userop *op, vk_bytes data, vk_error *err) {
    if (data.len == 0) {
        return VK_OK;
    }
    if (data.len < PAYMASTER_LEN) {
        return vk_fail(err, VK_ERR_FORMAT, "paymasterAndData",
                       "paymasterAndData has %zu bytes, less than the %d of a paymaster and its "
                       "gas limits",
                       data.len, PAYMASTER_LEN);
    }
    op->has_paymaster = true;
    memcpy(op->paymaster.b, data.data, 20);
    set_u128(&op->paymaster_verification_gas_limit, data.data + 20);
    set_u128(&op->paymaster_post_op_gas_limit, data.data + 36);
    op->paymaster_data =
        keep(&op->storage, (vk_bytes){data.data + PAYMASTER_LEN, data.len - PAYMASTER_LEN});
    return VK_OK;
}

vk_status vk_userop_unpack(const vk_userop_packed *packed, vk_userop *out, vk_error *err) {
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7,
                    .sender = packed->sender,
                    .nonce = packed->nonce,
                    .pre_verification_gas = packed->pre_verification_gas};
    /* All views point into one block: make room first so that it never moves. */
    size_t total = packed->init_code.len + packed->call_data.len + packed->paymaster_and_data.len +
                   packed->signature.len;
    vk_buf_put_zeros(&op.storage, total);
    op.storage.len = 0;
    vk_status status = set_init_code(&op, packed->init_code, err);
    if (status == VK_OK) {
        status = set_paymaster(&op, packed->paymaster_and_data, err);
    }
    op.call_data = keep(&op.storage, packed->call_data);
    op.signature = keep(&op.storage, packed->signature);
    set_u128(&op.verification_gas_limit, packed->account_gas_limits);
    set_u128(&op.call_gas_limit, packed->account_gas_limits + 16);
    set_u128(&op.max_priority_fee_per_gas, packed->gas_fees);
    set_u128(&op.max_fee_per_gas, packed->gas_fees + 16);
    if (status == VK_OK && vk_buf_status(&op.storage) != VK_OK) {
        status = vk_fail(err, vk_buf_status(&op.storage), NULL, "the operation is too large");
    }
    if (status != VK_OK) {
        vk_userop_clear(&op);
        return status;
    }
    *out = op;
    return VK_OK;
}

#define MEMBERS 9

vk_status vk_userop_write_abi(const vk_userop *op, uint64_t chain_id, const vk_address *entry_point,
                              vk_buf *out) {
    if (op->entry_point != VK_ENTRY_POINT_0_7) {
        return VK_ERR_UNSUPPORTED;
    }
    if (!vk_userop_fits_packed(op)) {
        return VK_ERR_RANGE;
    }
    vk_buf init_code = {0}, paymaster = {0};
    vk_userop_put_init_code(op, &init_code);
    vk_userop_put_paymaster_and_data(op, &paymaster);
    vk_bytes parts[] = {vk_buf_view(&init_code), op->call_data, vk_buf_view(&paymaster),
                        op->signature};
    uint64_t offsets[4], offset = MEMBERS * VK_WORD;
    for (size_t i = 0; i < 4; i++) {
        offsets[i] = offset;
        offset += vk_abi_bytes_size(parts[i].len);
    }
    uint8_t gas_limits[32], fees[32];
    vk_userop_account_gas_limits(op, gas_limits);
    vk_userop_gas_fees(op, fees);

    vk_abi_put_u64(out, chain_id);
    vk_abi_put_address(out, entry_point);
    vk_abi_put_u64(out, 3 * VK_WORD);
    vk_abi_put_address(out, &op->sender);
    vk_abi_put_u256(out, &op->nonce);
    vk_abi_put_u64(out, offsets[0]);
    vk_abi_put_u64(out, offsets[1]);
    vk_buf_put(out, gas_limits, sizeof gas_limits);
    vk_abi_put_u256(out, &op->pre_verification_gas);
    vk_buf_put(out, fees, sizeof fees);
    vk_abi_put_u64(out, offsets[2]);
    vk_abi_put_u64(out, offsets[3]);
    for (size_t i = 0; i < 4; i++) {
        vk_abi_put_bytes(out, parts[i]);
    }
    vk_status status = vk_buf_status(&init_code);
    status = status == VK_OK ? vk_buf_status(&paymaster) : status;
    vk_buf_clear(&init_code);
    vk_buf_clear(&paymaster);
    return status == VK_OK ? vk_buf_status(out) : status;
}

static vk_status read_packed(vk_bytes body, vk_userop_packed *out) {
    const uint8_t *gas_limits = NULL, *fees = NULL;
    vk_status results[] = {
        vk_abi_address(body, 0, &out->sender),
        vk_abi_u256(body, 1 * VK_WORD, &out->nonce),
        vk_abi_bytes(body, 2 * VK_WORD, &out->init_code),
        vk_abi_bytes(body, 3 * VK_WORD, &out->call_data),
        vk_abi_word(body, 4 * VK_WORD, &gas_limits),
        vk_abi_u256(body, 5 * VK_WORD, &out->pre_verification_gas),
        vk_abi_word(body, 6 * VK_WORD, &fees),
        vk_abi_bytes(body, 7 * VK_WORD, &out->paymaster_and_data),
        vk_abi_bytes(body, 8 * VK_WORD, &out->signature),
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (results[i] != VK_OK) {
            return results[i];
        }
    }
    memcpy(out->account_gas_limits, gas_limits, 32);
    memcpy(out->gas_fees, fees, 32);
    return VK_OK;
}

static vk_status check_canonical(vk_bytes abi, const vk_userop_request *request, vk_error *err) {
    vk_buf again = {0};
    vk_status status =
        vk_userop_write_abi(&request->op, request->chain_id, &request->entry_point, &again);
    if (status == VK_OK && !vk_bytes_equal(abi, vk_buf_view(&again))) {
        status =
            vk_fail(err, VK_ERR_FORMAT, NULL, "the ABI encoding of the operation is not canonical");
    }
    vk_buf_clear(&again);
    return status;
}

vk_status vk_userop_read_abi(vk_bytes abi, vk_userop_request *out, vk_error *err) {
    vk_userop_request request = {.has_chain_id = true, .has_entry_point = true};
    vk_userop_packed packed;
    vk_u256 chain_id = {{0}};
    vk_bytes body = {0};
    bool ok = vk_abi_u256(abi, 0, &chain_id) == VK_OK && vk_u256_fits(&chain_id, 64) &&
              vk_abi_address(abi, VK_WORD, &request.entry_point) == VK_OK &&
              vk_abi_tail(abi, 2 * VK_WORD, &body) == VK_OK && read_packed(body, &packed) == VK_OK;
    if (!ok) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "this is neither JSON nor the ABI encoding of (uint256 chainId, address "
                       "entryPoint, PackedUserOperation)");
    }
    request.chain_id = vk_u256_low64(&chain_id);
    vk_status status = vk_userop_unpack(&packed, &request.op, err);
    if (status == VK_OK) {
        status = check_canonical(abi, &request, err);
    }
    if (status != VK_OK) {
        vk_userop_clear(&request.op);
        return status;
    }
    *out = request;
    return VK_OK;
}
