/*
 * Calls of Kernel 0.2.x: execute(address,uint256,bytes,uint8) with operation 0,
 * executeBatch((address,uint256,bytes)[]) and executeDelegateCall(address,bytes).
 */
#include "kernel/execution.h"

#include "eth/abi.h"

static const uint8_t execute_selector[VK_SELECTOR_LEN] = {0x51, 0x94, 0x54, 0x47};
static const uint8_t batch_selector[VK_SELECTOR_LEN] = {0x34, 0xfc, 0xd5, 0xbe};
static const uint8_t delegate_selector[VK_SELECTOR_LEN] = {0xb6, 0x8d, 0xf1, 0x6d};

#define EXECUTE_HEAD (4 * VK_WORD)  /* target, value, offset of data, operation */
#define DELEGATE_HEAD (2 * VK_WORD) /* target, offset of data */

static void put_single(const vk_call *call, vk_buf *out) {
    vk_buf_put(out, execute_selector, VK_SELECTOR_LEN);
    vk_abi_put_address(out, &call->target);
    vk_abi_put_u256(out, &call->value);
    vk_abi_put_u64(out, EXECUTE_HEAD);
    vk_abi_put_u64(out, 0);
    vk_abi_put_bytes(out, call->data);
}

static void put_delegate(const vk_call *call, vk_buf *out) {
    vk_buf_put(out, delegate_selector, VK_SELECTOR_LEN);
    vk_abi_put_address(out, &call->target);
    vk_abi_put_u64(out, DELEGATE_HEAD);
    vk_abi_put_bytes(out, call->data);
}

vk_status vk_execution_encode_v2(const vk_execution *execution, vk_buf *out) {
    if (execution->call_type == VK_CALL_BATCH) {
        vk_buf_put(out, batch_selector, VK_SELECTOR_LEN);
        vk_execution_put_tuples(execution, out);
    } else if (execution->call_type == VK_CALL_DELEGATE) {
        put_delegate(&execution->calls[0], out);
    } else {
        put_single(&execution->calls[0], out);
    }
    return vk_buf_status(out);
}

static vk_status read_single(vk_bytes body, vk_execution *out, vk_error *err) {
    size_t operation;
    vk_status status = vk_execution_new_calls(1, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_call *call = &out->calls[0];
    if (vk_abi_address(body, 0, &call->target) != VK_OK ||
        vk_abi_u256(body, VK_WORD, &call->value) != VK_OK ||
        vk_abi_size(body, 3 * VK_WORD, 0, &operation) != VK_OK ||
        !vk_execution_last_bytes(body, 2 * VK_WORD, EXECUTE_HEAD, &call->data)) {
        return vk_execution_malformed(err, "the call data is not the canonical encoding of "
                                           "execute(address,uint256,bytes,uint8) with operation 0");
    }
    return VK_OK;
}

static vk_status read_delegate(vk_bytes body, vk_execution *out, vk_error *err) {
    vk_status status = vk_execution_new_calls(1, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_call *call = &out->calls[0];
    if (vk_abi_address(body, 0, &call->target) != VK_OK ||
        !vk_execution_last_bytes(body, VK_WORD, DELEGATE_HEAD, &call->data)) {
        return vk_execution_malformed(err, "the call data is not the canonical encoding of "
                                           "executeDelegateCall(address,bytes)");
    }
    return VK_OK;
}

vk_status vk_execution_decode_v2(vk_bytes call_data, vk_execution *out, vk_error *err) {
    if (vk_execution_skip_selector(&call_data, execute_selector)) {
        out->call_type = VK_CALL_SINGLE;
        return read_single(call_data, out, err);
    }
    if (vk_execution_skip_selector(&call_data, batch_selector)) {
        out->call_type = VK_CALL_BATCH;
        return vk_execution_read_tuples(call_data, out, err);
    }
    if (vk_execution_skip_selector(&call_data, delegate_selector)) {
        out->call_type = VK_CALL_DELEGATE;
        return read_delegate(call_data, out, err);
    }
    return vk_execution_malformed(err, "the call data begins with the selector of none of execute "
                                       "(0x51945447), executeBatch (0x34fcd5be) and "
                                       "executeDelegateCall (0xb68df16d)");
}
