/*
 * execute(bytes32 mode, bytes executionCalldata), there and back. The readers accept only what the
 * writers write, by walking the one canonical layout.
 */
#include "eth/abi.h"

#include <valetkey/kernel.h>

#include <stdlib.h>
#include <string.h>

const uint8_t vk_kernel_execute_selector[4] = {0xe9, 0xae, 0x5c, 0x53};
static const uint8_t execute_user_op_selector[4] = {0x8d, 0xd7, 0x71, 0x2f};

#define SELECTOR_LEN 4
#define ADDRESS_LEN 20
#define SINGLE_HEAD (ADDRESS_LEN + VK_WORD) /* target || value */
#define TUPLE_HEAD (3 * VK_WORD)            /* target, value, offset of data */

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

static void put_batch(const vk_execution *execution, vk_buf *out) {
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_u64(out, execution->call_count);
    uint64_t offset = execution->call_count * VK_WORD;
    for (size_t i = 0; i < execution->call_count; i++) {
        vk_abi_put_u64(out, offset);
        offset += TUPLE_HEAD + vk_abi_bytes_size(execution->calls[i].data.len);
    }
    for (size_t i = 0; i < execution->call_count; i++) {
        const vk_call *call = &execution->calls[i];
        vk_abi_put_address(out, &call->target);
        vk_abi_put_u256(out, &call->value);
        vk_abi_put_u64(out, TUPLE_HEAD);
        vk_abi_put_bytes(out, call->data);
    }
}

/* A delegatecall has no place for a value. */
static bool loses_value(const vk_execution *execution) {
    return execution->call_type == VK_CALL_DELEGATE && !vk_u256_is_zero(&execution->calls[0].value);
}

static vk_status check_shape(const vk_execution *execution) {
    bool known_type = execution->call_type == VK_CALL_SINGLE ||
                      execution->call_type == VK_CALL_BATCH ||
                      execution->call_type == VK_CALL_DELEGATE;
    bool known_exec = execution->exec_type == VK_EXEC_REVERT || execution->exec_type == VK_EXEC_TRY;
    bool one = execution->call_type == VK_CALL_BATCH || execution->call_count == 1;
    if (!known_type || !known_exec || !one || loses_value(execution)) {
        return VK_ERR_ARGUMENT;
    }
    return execution->call_count > VK_CALLS_MAX ? VK_ERR_SIZE : VK_OK;
}

vk_status vk_execution_encode(const vk_execution *execution, vk_buf *out) {
    vk_status status = check_shape(execution);
    if (status != VK_OK) {
        return status;
    }
    vk_buf inner = {0};
    if (execution->call_type == VK_CALL_BATCH) {
        put_batch(execution, &inner);
    } else if (execution->call_type == VK_CALL_DELEGATE) {
        put_delegate(&execution->calls[0], &inner);
    } else {
        put_single(&execution->calls[0], &inner);
    }
    status = vk_buf_status(&inner);
    if (execution->hooked) {
        vk_buf_put(out, execute_user_op_selector, SELECTOR_LEN);
    }
    vk_buf_put(out, vk_kernel_execute_selector, SELECTOR_LEN);
    put_mode(execution, out);
    vk_abi_put_u64(out, 2 * VK_WORD);
    vk_abi_put_bytes(out, vk_buf_view(&inner));
    vk_buf_clear(&inner);
    return status == VK_OK ? vk_buf_status(out) : status;
}

/* ---- Reading ---- */

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "callData", "%s", what);
}

static bool skip_selector(vk_bytes *data, const uint8_t selector[SELECTOR_LEN]) {
    if (data->len < SELECTOR_LEN || memcmp(data->data, selector, SELECTOR_LEN) != 0) {
        return false;
    }
    data->data += SELECTOR_LEN;
    data->len -= SELECTOR_LEN;
    return true;
}

/* The offset at position has the one value that it has in the canonical layout.
 */
static bool offset_is(vk_bytes body, size_t position, size_t value) {
    size_t offset;
    return vk_abi_size(body, position, SIZE_MAX >> 1, &offset) == VK_OK && offset == value;
}

static vk_status read_mode(vk_bytes body, vk_execution *out, vk_error *err) {
    const uint8_t *mode;
    if (vk_abi_word(body, 0, &mode) != VK_OK) {
        return malformed(err, "the call data ends before the execution mode");
    }
    for (size_t i = 2; i < VK_WORD; i++) {
        if (mode[i] != 0) {
            return malformed(err, "the execution mode has bytes set beyond the first two");
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

static vk_status new_calls(size_t count, vk_execution *out) {
    out->calls = calloc(count > 0 ? count : 1, sizeof *out->calls);
    out->call_count = count;
    return out->calls == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status read_one(vk_bytes inner, vk_execution *out, vk_error *err) {
    bool delegate = out->call_type == VK_CALL_DELEGATE;
    size_t head = delegate ? ADDRESS_LEN : SINGLE_HEAD;
    if (inner.len < head) {
        return malformed(err, "the call is shorter than its target and value");
    }
    vk_status status = new_calls(1, out);
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

/* Reads the call whose tuple begins at *position, and moves behind it. */
static bool read_tuple(vk_bytes body, size_t *position, vk_call *out) {
    if (*position > body.len) {
        return false;
    }
    vk_bytes tuple = {body.data + *position, body.len - *position};
    if (vk_abi_address(tuple, 0, &out->target) != VK_OK ||
        vk_abi_u256(tuple, VK_WORD, &out->value) != VK_OK ||
        !offset_is(tuple, 2 * VK_WORD, TUPLE_HEAD) ||
        vk_abi_bytes(tuple, 2 * VK_WORD, &out->data) != VK_OK) {
        return false;
    }
    *position += TUPLE_HEAD + vk_abi_bytes_size(out->data.len);
    return true;
}

static vk_status read_batch(vk_bytes inner, vk_execution *out, vk_error *err) {
    size_t count;
    if (!offset_is(inner, 0, VK_WORD) ||
        vk_abi_size(inner, VK_WORD, inner.len / VK_WORD, &count) != VK_OK) {
        return malformed(err, "the batch is not an ABI-encoded array in canonical form");
    }
    if (count > VK_CALLS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "callData", "a batch of %zu calls is over the limit of %d",
                       count, VK_CALLS_MAX);
    }
    vk_status status = new_calls(count, out);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes body = {inner.data + 2 * VK_WORD, inner.len - 2 * VK_WORD};
    size_t position = count * VK_WORD;
    for (size_t i = 0; i < count; i++) {
        if (!offset_is(body, i * VK_WORD, position) ||
            !read_tuple(body, &position, &out->calls[i])) {
            return vk_fail(err, VK_ERR_FORMAT, "callData",
                           "call %zu of the batch is not encoded canonically", i + 1);
        }
    }
    return position == body.len ? VK_OK : malformed(err, "there are bytes after the batch");
}

static vk_status read_execution(vk_bytes body, vk_execution *out, vk_error *err) {
    vk_status status = read_mode(body, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes inner;
    if (!offset_is(body, VK_WORD, 2 * VK_WORD) || vk_abi_bytes(body, VK_WORD, &inner) != VK_OK ||
        body.len != 2 * VK_WORD + vk_abi_bytes_size(inner.len)) {
        return malformed(err, "the call data is not the canonical encoding of "
                              "execute(bytes32,bytes), so the chain might read other calls in it");
    }
    return out->call_type == VK_CALL_BATCH ? read_batch(inner, out, err)
                                           : read_one(inner, out, err);
}

vk_status vk_execution_decode(vk_bytes call_data, vk_execution *out, vk_error *err) {
    vk_execution execution = {0};
    execution.hooked = skip_selector(&call_data, execute_user_op_selector);
    if (!skip_selector(&call_data, vk_kernel_execute_selector)) {
        return malformed(err, "the call data does not begin with the selector of execute "
                              "(0xe9ae5c53)");
    }
    vk_status status = read_execution(call_data, &execution, err);
    if (status != VK_OK) {
        vk_execution_clear(&execution);
        return status;
    }
    *out = execution;
    return VK_OK;
}

void vk_execution_clear(vk_execution *execution) {
    free(execution->calls);
    *execution = (vk_execution){0};
}
