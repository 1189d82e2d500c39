/*
 * Calls of v1 and 0.0.2: executeAndRevert or execute, both (address,uint256,bytes,uint8) with
 * operation 0 for a call and 1 for a delegatecall. A batch is a delegatecall to the MultiSend
 * contract of multiSend(bytes), whose argument packs operation1 || target20 || value32 ||
 * length32 || data of each call.
 */
#include "kernel/execution.h"

#include "eth/abi.h"

#include <string.h>

static const uint8_t execute_and_revert_selector[VK_SELECTOR_LEN] = {0x94, 0x0d, 0x3c, 0x60};
static const uint8_t execute_selector[VK_SELECTOR_LEN] = {0x51, 0x94, 0x54, 0x47};
static const uint8_t multi_send_selector[VK_SELECTOR_LEN] = {0x8d, 0x80, 0xff, 0x0a};
static const vk_address multi_send = {{0x8a, 0xe0, 0x1f, 0xcf, 0x7c, 0x65, 0x56, 0x55, 0xff, 0x2c,
                                       0x6e, 0xf9, 0x07, 0xb8, 0xb4, 0x71, 0x8a, 0xb4, 0xe1, 0x7c}};

#define OPERATION_CALL 0
#define OPERATION_DELEGATE 1
#define ADDRESS_LEN 20
#define HEAD (4 * VK_WORD)                         /* target, value, offset of data, operation */
#define ENTRY_HEAD (1 + ADDRESS_LEN + 2 * VK_WORD) /* operation, target, value, length */

static const uint8_t *selector_of(vk_kernel_version version) {
    return version == VK_KERNEL_V1 ? execute_and_revert_selector : execute_selector;
}

/* ---- Writing ---- */

static void put_call(vk_kernel_version version, const vk_call *call, uint64_t operation,
                     vk_buf *out) {
    vk_buf_put(out, selector_of(version), VK_SELECTOR_LEN);
    vk_abi_put_address(out, &call->target);
    vk_abi_put_u256(out, &call->value);
    vk_abi_put_u64(out, HEAD);
    vk_abi_put_u64(out, operation);
    vk_abi_put_bytes(out, call->data);
}

static void put_entry(const vk_call *call, vk_buf *out) {
    vk_buf_put_byte(out, OPERATION_CALL);
    vk_buf_put(out, call->target.b, ADDRESS_LEN);
    vk_buf_put(out, call->value.be, VK_WORD);
    vk_abi_put_u64(out, call->data.len);
    vk_buf_put(out, call->data.data, call->data.len);
}

static vk_status put_batch(vk_kernel_version version, const vk_execution *execution, vk_buf *out) {
    vk_buf entries = {0}, message = {0};
    for (size_t i = 0; i < execution->call_count; i++) {
        put_entry(&execution->calls[i], &entries);
    }
    vk_buf_put(&message, multi_send_selector, VK_SELECTOR_LEN);
    vk_abi_put_u64(&message, VK_WORD);
    vk_abi_put_bytes(&message, vk_buf_view(&entries));
    vk_status status = vk_buf_status(&entries);
    if (status == VK_OK) {
        status = vk_buf_status(&message);
    }
    if (status == VK_OK) {
        vk_call call = {.target = multi_send, .data = vk_buf_view(&message)};
        put_call(version, &call, OPERATION_DELEGATE, out);
    }
    vk_buf_clear(&entries);
    vk_buf_clear(&message);
    return status == VK_OK ? vk_buf_status(out) : status;
}

vk_status vk_execution_encode_v1(vk_kernel_version version, const vk_execution *execution,
                                 vk_buf *out) {
    if (execution->call_type == VK_CALL_BATCH) {
        return put_batch(version, execution, out);
    }
    bool delegate = execution->call_type == VK_CALL_DELEGATE;
    put_call(version, &execution->calls[0], delegate ? OPERATION_DELEGATE : OPERATION_CALL, out);
    return vk_buf_status(out);
}

/* ---- Reading ---- */

/* Reads the entry at *position, and moves behind it. */
static bool read_entry(vk_bytes entries, size_t *position, vk_call *out) {
    size_t left = entries.len - *position, len;
    if (left < ENTRY_HEAD || entries.data[*position] != OPERATION_CALL) {
        return false;
    }
    size_t target = *position + 1, value = target + ADDRESS_LEN, length = value + VK_WORD;
    if (vk_abi_size(entries, length, left - ENTRY_HEAD, &len) != VK_OK) {
        return false;
    }
    memcpy(out->target.b, entries.data + target, ADDRESS_LEN);
    memcpy(out->value.be, entries.data + value, VK_WORD);
    out->data = (vk_bytes){entries.data + length + VK_WORD, len};
    *position += ENTRY_HEAD + len;
    return true;
}

static bool count_entries(vk_bytes entries, size_t *count) {
    vk_call call;
    *count = 0;
    for (size_t position = 0; position < entries.len; ++*count) {
        if (!read_entry(entries, &position, &call)) {
            return false;
        }
    }
    return true;
}

static vk_status read_batch(vk_bytes message, vk_execution *out, vk_error *err) {
    vk_bytes entries;
    size_t count, position = 0;
    if (!vk_execution_skip_selector(&message, multi_send_selector) ||
        !vk_execution_last_bytes(message, 0, VK_WORD, &entries) ||
        !count_entries(entries, &count)) {
        return vk_execution_malformed(err, "the delegatecall to the MultiSend contract is not the "
                                           "canonical encoding of a batch of calls");
    }
    vk_status status = vk_execution_new_calls(count, out, err);
    for (size_t i = 0; status == VK_OK && i < count; i++) {
        status = read_entry(entries, &position, &out->calls[i]) ? VK_OK : VK_ERR_FORMAT;
    }
    return status;
}

static vk_status read_call(vk_bytes body, vk_call *out, size_t *operation, vk_error *err) {
    if (vk_abi_address(body, 0, &out->target) != VK_OK ||
        vk_abi_u256(body, VK_WORD, &out->value) != VK_OK ||
        vk_abi_size(body, 3 * VK_WORD, OPERATION_DELEGATE, operation) != VK_OK ||
        !vk_execution_last_bytes(body, 2 * VK_WORD, HEAD, &out->data)) {
        return vk_execution_malformed(err, "the call data is not the canonical encoding of "
                                           "(address,uint256,bytes,uint8) with operation 0 or 1");
    }
    return VK_OK;
}

vk_status vk_execution_decode_v1(vk_kernel_version version, vk_bytes call_data, vk_execution *out,
                                 vk_error *err) {
    vk_call call;
    size_t operation;
    if (!vk_execution_skip_selector(&call_data, selector_of(version))) {
        return vk_execution_malformed(err, version == VK_KERNEL_V1
                                               ? "the call data does not begin with the selector "
                                                 "of executeAndRevert (0x940d3c60)"
                                               : "the call data does not begin with the selector "
                                                 "of execute (0x51945447)");
    }
    vk_status status = read_call(call_data, &call, &operation, err);
    if (status != VK_OK) {
        return status;
    }
    bool delegate = operation == OPERATION_DELEGATE, value = !vk_u256_is_zero(&call.value);
    if (delegate && value &&
        (version != VK_KERNEL_V1 || vk_address_equal(&call.target, &multi_send))) {
        return vk_execution_malformed(err, "the delegatecall carries a value, which is ignored");
    }
    if (delegate && vk_address_equal(&call.target, &multi_send)) {
        out->call_type = VK_CALL_BATCH;
        return read_batch(call.data, out, err);
    }
    out->call_type = delegate ? VK_CALL_DELEGATE : VK_CALL_SINGLE;
    status = vk_execution_new_calls(1, out, err);
    if (status == VK_OK) {
        out->calls[0] = call;
    }
    return status;
}
