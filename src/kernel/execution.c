/*
 * execute(bytes32 mode, bytes executionCalldata) of Kernel 0.3.x, there and back. The readers
 * accept only what the writers write, by walking the one canonical layout.
 */
#include "kernel/execution.h"

#include "eth/abi.h"

#include <string.h>

const uint8_t vk_kernel_execute_selector[4] = {0xe9, 0xae, 0x5c, 0x53};
static const uint8_t execute_user_op_selector[4] = {0x8d, 0xd7, 0x71, 0x2f};

#define ADDRESS_LEN 20
#define SINGLE_HEAD (ADDRESS_LEN + VK_WORD) /* target || value */

/* ---- Writing ---- */

static void put_mode(const vk_execution *execution, vk_buf *out) {
    uint8_t mode[VK_WORD] = {execution->call_type, execution->exec_type};
    vk_buf_put(out, mode, sizeof mode);
}

static void put_single(const vk_call *call, vk_buf *out) {
    vk_buf_put(out, call->target.b, ADDRESS_LEN);
    vk_buf_put(out, call->value.be, VK_WORD);
    vk_buf_put(out, call->data.data, call->data.len);
}

static void put_delegate(const vk_call *call, vk_buf *out) {
    vk_buf_put(out, call->target.b, ADDRESS_LEN);
    vk_buf_put(out, call->data.data, call->data.len);
}

/* A delegatecall has no place for a value. */
static bool loses_value(const vk_execution *execution) {
    return execution->call_type == VK_CALL_DELEGATE && !vk_u256_is_zero(&execution->calls[0].value);
}

vk_status vk_execution_encode(const vk_execution *execution, vk_buf *out) {
    vk_status status = vk_execution_check_shape(execution);
    if (status != VK_OK) {
        return status;
    }
    if (loses_value(execution)) {
        return VK_ERR_ARGUMENT;
    }
    vk_buf inner = {0};
    if (execution->call_type == VK_CALL_BATCH) {
        vk_execution_put_tuples(execution, &inner);
    } else if (execution->call_type == VK_CALL_DELEGATE) {
        put_delegate(&execution->calls[0], &inner);
    } else {
        put_single(&execution->calls[0], &inner);
    }
    status = vk_buf_status(&inner);
    if (execution->hooked) {
        vk_buf_put(out, execute_user_op_selector, VK_SELECTOR_LEN);
    }
    vk_buf_put(out, vk_kernel_execute_selector, VK_SELECTOR_LEN);
    put_mode(execution, out);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_bytes(out, vk_buf_view(&inner));
    vk_buf_clear(&inner);
    return status == VK_OK ? vk_buf_status(out) : status;
}

/* ---- Reading ---- */

static vk_status read_mode(vk_bytes body, vk_execution *out, vk_error *err) {
    const uint8_t *mode;
    if (vk_abi_word(body, 0, &mode) != VK_OK) {
        return vk_execution_malformed(err, "the call data ends before the execution mode");
    }
    for (size_t i = 2; i < VK_WORD; i++) {
        if (mode[i] != 0) {
            return vk_execution_malformed(err,
                                          "the execution mode has bytes set beyond the first two");
        }
    }
    out->call_type = mode[0];
    out->exec_type = mode[1];
    bool known_type =
        mode[0] == VK_CALL_SINGLE || mode[0] == VK_CALL_BATCH || mode[0] == VK_CALL_DELEGATE;
    if (!known_type) {
        return vk_fail(err, VK_ERR_FORMAT, "callData", "call type 0x%02x is unknown", mode[0]);
    }
    if (mode[1] > VK_EXEC_TRY) {
        return vk_fail(err, VK_ERR_FORMAT, "callData", "exec type 0x%02x is unknown", mode[1]);
    }
    return VK_OK;
}

static vk_status read_one(vk_bytes inner, vk_execution *out, vk_error *err) {
    bool delegate = out->call_type == VK_CALL_DELEGATE;
    size_t head = delegate ? ADDRESS_LEN : SINGLE_HEAD;
    if (inner.len < head) {
        return vk_execution_malformed(err, "the call is shorter than its target and value");
    }
    vk_status status = vk_execution_new_calls(1, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_call *call = &out->calls[0];
    memcpy(call->target.b, inner.data, ADDRESS_LEN);
    if (!delegate) {
        memcpy(call->value.be, inner.data + ADDRESS_LEN, VK_WORD);
    }
    call->data = (vk_bytes){inner.data + head, inner.len - head};
    return VK_OK;
}

static vk_status read_execution(vk_bytes body, vk_execution *out, vk_error *err) {
    vk_status status = read_mode(body, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes inner;
    if (!vk_execution_last_bytes(body, VK_WORD, 2 * VK_WORD, &inner)) {
        return vk_execution_malformed(
            err, "the call data is not the canonical encoding of "
                 "execute(bytes32,bytes), so the chain might read other calls in it");
    }
    return out->call_type == VK_CALL_BATCH ? vk_execution_read_tuples(inner, out, err)
                                           : read_one(inner, out, err);
}

vk_status vk_execution_decode(vk_bytes call_data, vk_execution *out, vk_error *err) {
    vk_execution execution = {0};
    execution.hooked = vk_execution_skip_selector(&call_data, execute_user_op_selector);
    if (!vk_execution_skip_selector(&call_data, vk_kernel_execute_selector)) {
        return vk_execution_malformed(err, "the call data does not begin with the selector of "
                                           "execute (0xe9ae5c53)");
    }
    vk_status status = read_execution(call_data, &execution, err);
    if (status != VK_OK) {
        vk_execution_clear(&execution);
        return status;
    }
    *out = execution;
    return VK_OK;
}
