/*
 * execute and executeBatch. The reader takes what the contract's decoder takes, which is more than
 * what the writer writes: offsets may point anywhere, padding may hold anything.
 */
#include "thirdweb/calls.h"

#include "eth/abi.h"

#include <valetkey/thirdweb.h>

#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4
#define HEAD (3 * VK_WORD)

static const uint8_t execute_selector[SELECTOR_LEN] = {0xb6, 0x1d, 0x27, 0xf6};
static const uint8_t batch_selector[SELECTOR_LEN] = {0x47, 0xe1, 0xda, 0x2a};

/* ---- Writing ---- */

static void put_single(const vk_call *call, vk_buf *out) {
    vk_buf_put(out, execute_selector, SELECTOR_LEN);
    vk_abi_put_address(out, &call->target);
    vk_abi_put_u256(out, &call->value);
    vk_abi_put_u64(out, HEAD);
    vk_abi_put_bytes(out, call->data);
}

static void put_batch(const vk_thirdweb_calls *calls, vk_buf *out) {
    size_t list = (1 + calls->count) * VK_WORD;
    vk_buf_put(out, batch_selector, SELECTOR_LEN);
    for (size_t i = 0; i < 3; i++) {
        vk_abi_put_u64(out, HEAD + i * list);
    }
    vk_abi_put_u64(out, calls->count);
    for (size_t i = 0; i < calls->count; i++) {
        vk_abi_put_address(out, &calls->calls[i].target);
    }
    vk_abi_put_u64(out, calls->count);
    for (size_t i = 0; i < calls->count; i++) {
        vk_abi_put_u256(out, &calls->calls[i].value);
    }
    vk_abi_put_u64(out, calls->count);
    size_t offset = calls->count * VK_WORD;
    for (size_t i = 0; i < calls->count; i++) {
        vk_abi_put_u64(out, offset);
        offset += vk_abi_bytes_size(calls->calls[i].data.len);
    }
    for (size_t i = 0; i < calls->count; i++) {
        vk_abi_put_bytes(out, calls->calls[i].data);
    }
}

vk_status vk_thirdweb_calls_encode(const vk_thirdweb_calls *calls, vk_buf *out) {
    if (!calls->batch && calls->count != 1) {
        return VK_ERR_ARGUMENT;
    }
    if (calls->count > VK_CALLS_MAX) {
        return VK_ERR_SIZE;
    }
    if (calls->batch) {
        put_batch(calls, out);
    } else {
        put_single(&calls->calls[0], out);
    }
    return vk_buf_status(out);
}

/* ---- Reading ---- */

/* The `bytes` whose offset is at position; its padding may be missing or not zero. */
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

/* The array whose offset is at position: its elements, a word each, and what is behind. */
static bool read_array(vk_bytes body, size_t position, size_t *count, vk_bytes *elements) {
    vk_bytes tail;
    if (vk_abi_tail(body, position, &tail) != VK_OK ||
        vk_abi_size(tail, 0, tail.len / VK_WORD, count) != VK_OK ||
        *count > (tail.len - VK_WORD) / VK_WORD) {
        return false;
    }
    *elements = (vk_bytes){tail.data + VK_WORD, tail.len - VK_WORD};
    return true;
}

static bool read_single(vk_bytes body, vk_call *call) {
    if (vk_abi_address(body, 0, &call->target) != VK_OK ||
        vk_abi_u256(body, VK_WORD, &call->value) != VK_OK) {
        return false;
    }
    if (!read_bytes(body, 2 * VK_WORD, &call->data)) {
        call->data = (vk_bytes){NULL, 0};
    }
    return true;
}

/* All elements are decoded, so each must be in bounds, with a call or without. */
static bool read_data(vk_bytes body, vk_thirdweb_calls *out) {
    size_t count;
    vk_bytes elements;
    if (!read_array(body, 2 * VK_WORD, &count, &elements)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        vk_bytes data;
        if (!read_bytes(elements, i * VK_WORD, &data)) {
            return false;
        }
        if (i < out->count) {
            out->calls[i].data = data;
        }
    }
    return true;
}

static bool read_batch(vk_bytes body, vk_thirdweb_calls *out) {
    size_t targets, values;
    vk_bytes target_words, value_words;
    if (!read_array(body, 0, &targets, &target_words) ||
        !read_array(body, VK_WORD, &values, &value_words) || targets != out->count ||
        values < targets) {
        return false;
    }
    for (size_t i = 0; i < targets; i++) {
        if (vk_abi_address(target_words, i * VK_WORD, &out->calls[i].target) != VK_OK ||
            vk_abi_u256(value_words, i * VK_WORD, &out->calls[i].value) != VK_OK) {
            return false;
        }
    }
    return read_data(body, out);
}

static size_t encoded_size(const vk_thirdweb_calls *calls) {
    size_t size = SELECTOR_LEN + HEAD + (calls->batch ? 3 * VK_WORD : 0);
    for (size_t i = 0; i < calls->count; i++) {
        size += vk_abi_bytes_size(calls->calls[i].data.len) + (calls->batch ? HEAD : 0);
    }
    return size;
}

/* The size first: many calls may share the same large data. */
static vk_status compare(vk_bytes call_data, vk_thirdweb_calls *calls) {
    calls->canonical = false;
    if (encoded_size(calls) != call_data.len) {
        return VK_OK;
    }
    vk_buf again = {0};
    vk_status status = vk_thirdweb_calls_encode(calls, &again);
    calls->canonical = status == VK_OK && vk_bytes_equal(vk_buf_view(&again), call_data);
    vk_buf_clear(&again);
    return status;
}

static bool begins_with(vk_bytes call_data, const uint8_t selector[SELECTOR_LEN]) {
    return call_data.len >= SELECTOR_LEN && memcmp(call_data.data, selector, SELECTOR_LEN) == 0;
}

bool vk_thirdweb_is_execute(vk_bytes call_data) {
    return begins_with(call_data, execute_selector) || begins_with(call_data, batch_selector);
}

/* How many calls there will be. */
static vk_status read_shape(vk_bytes call_data, vk_thirdweb_calls *out, vk_bytes *body,
                            vk_error *err) {
    out->batch = begins_with(call_data, batch_selector);
    if (!vk_thirdweb_is_execute(call_data)) {
        return vk_fail(err, VK_ERR_FORMAT, "callData",
                       "this calls neither execute nor executeBatch");
    }
    *body = (vk_bytes){call_data.data + SELECTOR_LEN, call_data.len - SELECTOR_LEN};
    out->count = 1;
    vk_bytes elements;
    if (out->batch && !read_array(*body, 0, &out->count, &elements)) {
        return vk_fail(err, VK_ERR_FORMAT, "callData", "the targets are not in the bounds");
    }
    if (out->count > VK_CALLS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "callData", "%zu calls are more than %d", out->count,
                       VK_CALLS_MAX);
    }
    return VK_OK;
}

vk_status vk_thirdweb_calls_decode(vk_bytes call_data, vk_thirdweb_calls *out, vk_error *err) {
    vk_thirdweb_calls calls = {0};
    vk_bytes body;
    vk_status status = read_shape(call_data, &calls, &body, err);
    if (status != VK_OK) {
        return status;
    }
    calls.calls = calloc(calls.count + 1, sizeof *calls.calls);
    if (calls.calls == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, "callData", "out of memory");
    }
    bool good = calls.batch ? read_batch(body, &calls) : read_single(body, &calls.calls[0]);
    status = good ? compare(call_data, &calls)
                  : vk_fail(err, VK_ERR_FORMAT, "callData",
                            "the arguments of %s are cut short, out of bounds or no addresses",
                            calls.batch ? "executeBatch" : "execute");
    if (status != VK_OK) {
        vk_thirdweb_calls_clear(&calls);
        return status;
    }
    *out = calls;
    return VK_OK;
}

void vk_thirdweb_calls_clear(vk_thirdweb_calls *calls) {
    free(calls->calls);
    *calls = (vk_thirdweb_calls){0};
}
