#include "kernel/execution.h"

#include "eth/abi.h"

#include <stdlib.h>
#include <string.h>

#define TUPLE_HEAD (3 * VK_WORD) /* target, value, offset of data */

vk_status vk_execution_malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "callData", "%s", what);
}

bool vk_execution_skip_selector(vk_bytes *data, const uint8_t selector[VK_SELECTOR_LEN]) {
    if (data->len < VK_SELECTOR_LEN || memcmp(data->data, selector, VK_SELECTOR_LEN) != 0) {
        return false;
    }
    data->data += VK_SELECTOR_LEN;
    data->len -= VK_SELECTOR_LEN;
    return true;
}

bool vk_execution_offset_is(vk_bytes body, size_t position, size_t value) {
    size_t offset;
    return vk_abi_size(body, position, SIZE_MAX >> 1, &offset) == VK_OK && offset == value;
}

bool vk_execution_last_bytes(vk_bytes body, size_t position, size_t head, vk_bytes *out) {
    return vk_execution_offset_is(body, position, head) &&
           vk_abi_bytes(body, position, out) == VK_OK &&
           body.len == head + vk_abi_bytes_size(out->len);
}

/* ---- Shapes ---- */

vk_status vk_execution_check_shape(const vk_execution *execution) {
    bool known_type = execution->call_type == VK_CALL_SINGLE ||
                      execution->call_type == VK_CALL_BATCH ||
                      execution->call_type == VK_CALL_DELEGATE;
    bool known_exec = execution->exec_type == VK_EXEC_REVERT || execution->exec_type == VK_EXEC_TRY;
    bool one = execution->call_type == VK_CALL_BATCH || execution->call_count == 1;
    if (!known_type || !known_exec || !one) {
        return VK_ERR_ARGUMENT;
    }
    return execution->call_count > VK_CALLS_MAX ? VK_ERR_SIZE : VK_OK;
}

vk_status vk_execution_new_calls(size_t count, vk_execution *out, vk_error *err) {
    if (count > VK_CALLS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "callData", "a batch of %zu calls is over the limit of %d",
                       count, VK_CALLS_MAX);
    }
    out->calls = calloc(count > 0 ? count : 1, sizeof *out->calls);
    if (out->calls == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, "callData", "out of memory");
    }
    out->call_count = count;
    return VK_OK;
}

void vk_execution_clear(vk_execution *execution) {
    free(execution->calls);
    *execution = (vk_execution){0};
}

/* ---- Lists of calls ---- */

void vk_execution_put_tuples(const vk_execution *execution, vk_buf *out) {
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

/* Reads the call whose tuple begins at *position, and moves behind it. */
static bool read_tuple(vk_bytes body, size_t *position, vk_call *out) {
    if (*position > body.len) {
        return false;
    }
    vk_bytes tuple = {body.data + *position, body.len - *position};
    if (vk_abi_address(tuple, 0, &out->target) != VK_OK ||
        vk_abi_u256(tuple, VK_WORD, &out->value) != VK_OK ||
        !vk_execution_offset_is(tuple, 2 * VK_WORD, TUPLE_HEAD) ||
        vk_abi_bytes(tuple, 2 * VK_WORD, &out->data) != VK_OK) {
        return false;
    }
    *position += TUPLE_HEAD + vk_abi_bytes_size(out->data.len);
    return true;
}

vk_status vk_execution_read_tuples(vk_bytes body, vk_execution *out, vk_error *err) {
    size_t count;
    if (!vk_execution_offset_is(body, 0, VK_WORD) ||
        vk_abi_size(body, VK_WORD, body.len / VK_WORD, &count) != VK_OK) {
        return vk_execution_malformed(err,
                                      "the batch is not an ABI-encoded array in canonical form");
    }
    vk_status status = vk_execution_new_calls(count, out, err);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes tuples = {body.data + 2 * VK_WORD, body.len - 2 * VK_WORD};
    size_t position = count * VK_WORD;
    for (size_t i = 0; i < count; i++) {
        if (!vk_execution_offset_is(tuples, i * VK_WORD, position) ||
            !read_tuple(tuples, &position, &out->calls[i])) {
            return vk_fail(err, VK_ERR_FORMAT, "callData",
                           "call %zu of the batch is not encoded canonically", i + 1);
        }
    }
    return position == tuples.len ? VK_OK
                                  : vk_execution_malformed(err, "there are bytes after the batch");
}
