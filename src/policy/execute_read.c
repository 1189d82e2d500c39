#include "policy/execute_read.h"

#include "eth/abi.h"

#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4
#define ADDRESS_LEN 20
#define SINGLE_HEAD (ADDRESS_LEN + VK_WORD) /* target || value */
#define TUPLE_HEAD (3 * VK_WORD)            /* target, value, offset of the data */

/* The `bytes` whose offset is at position; what follows it is not looked at. */
static bool read_bytes(vk_bytes body, size_t position, vk_bytes *out) {
    vk_bytes tail;
    size_t len;
    if (vk_abi_tail(body, position, &tail) != VK_OK ||
        vk_abi_size(tail, 0, tail.len, &len) != VK_OK || len > tail.len - VK_WORD) {
        return false;
    }
    *out = (vk_bytes){tail.data + VK_WORD, len};
    return true;
}

/* target || value || data, or without the value. */
static bool read_packed(vk_bytes inner, size_t head, vk_call *out) {
    if (inner.len < head) {
        return false;
    }
    *out = (vk_call){.data = {inner.data + head, inner.len - head}};
    memcpy(out->target.b, inner.data, ADDRESS_LEN);
    if (head == SINGLE_HEAD) {
        memcpy(out->value.be, inner.data + ADDRESS_LEN, VK_WORD);
    }
    return true;
}

bool vk_execute_old_delegate(vk_bytes inner, vk_call *out) {
    return read_packed(inner, SINGLE_HEAD, out);
}

static bool read_tuple(vk_bytes elements, size_t index, vk_call *out) {
    vk_bytes tuple;
    return vk_abi_tail(elements, index * VK_WORD, &tuple) == VK_OK && tuple.len >= TUPLE_HEAD &&
           vk_abi_address(tuple, 0, &out->target) == VK_OK &&
           vk_abi_u256(tuple, VK_WORD, &out->value) == VK_OK &&
           read_bytes(tuple, 2 * VK_WORD, &out->data);
}

static vk_status new_calls(size_t count, vk_execution *out) {
    if (count > VK_CALLS_MAX) {
        return VK_ERR_SIZE;
    }
    out->calls = calloc(count + 1, sizeof *out->calls);
    out->call_count = out->calls == NULL ? 0 : count;
    return out->calls == NULL ? VK_ERR_MEMORY : VK_OK;
}

static vk_status read_batch(vk_bytes inner, vk_execution *out) {
    vk_bytes list;
    size_t count;
    if (vk_abi_tail(inner, 0, &list) != VK_OK ||
        vk_abi_size(list, 0, list.len / VK_WORD, &count) != VK_OK) {
        return VK_ERR_FORMAT;
    }
    vk_status status = new_calls(count, out);
    vk_bytes elements = {list.data + VK_WORD, list.len - VK_WORD};
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = read_tuple(elements, i, &out->calls[i]) ? VK_OK : VK_ERR_FORMAT;
    }
    return status;
}

static vk_status read_one(vk_bytes inner, size_t head, vk_execution *out) {
    vk_status status = new_calls(1, out);
    if (status == VK_OK && !read_packed(inner, head, &out->calls[0])) {
        status = VK_ERR_FORMAT;
    }
    return status;
}

static vk_status read_calls(vk_bytes inner, vk_execution *out) {
    switch (out->call_type) {
    case VK_CALL_SINGLE:
        return read_one(inner, SINGLE_HEAD, out);
    case VK_CALL_DELEGATE:
        return read_one(inner, ADDRESS_LEN, out);
    case VK_CALL_BATCH:
        return read_batch(inner, out);
    default:
        return VK_OK;
    }
}

vk_status vk_execute_read(vk_bytes call_data, vk_execution *out, vk_bytes *inner) {
    const uint8_t *mode;
    if (call_data.len < SELECTOR_LEN ||
        memcmp(call_data.data, vk_kernel_execute_selector, SELECTOR_LEN) != 0) {
        return VK_ERR_FORMAT;
    }
    vk_bytes body = {call_data.data + SELECTOR_LEN, call_data.len - SELECTOR_LEN};
    if (vk_abi_word(body, 0, &mode) != VK_OK || !read_bytes(body, VK_WORD, inner)) {
        return VK_ERR_FORMAT;
    }
    vk_execution execution = {.call_type = mode[0], .exec_type = mode[1]};
    vk_status status = read_calls(*inner, &execution);
    if (status != VK_OK) {
        vk_execution_clear(&execution);
        return status;
    }
    *out = execution;
    return VK_OK;
}

bool vk_execution_calls_itself(const vk_execution *execution, const vk_address *account) {
    for (size_t i = 0; i < execution->call_count; i++) {
        const vk_call *call = &execution->calls[i];
        if (vk_address_equal(&call->target, account) && call->data.len > 0) {
            return true;
        }
    }
    return false;
}
