#include "eth/abi.h"

#include "base/buf.h"

#include <string.h>

/* Appends a word of zeros to fill in; NULL with the failure noted. */
static uint8_t *new_word(vk_buf *out) {
    uint8_t *word = vk_buf_reserve(out, VK_WORD);
    return word == NULL ? NULL : memset(word, 0, VK_WORD);
}

void vk_abi_put_u64(vk_buf *out, uint64_t value) {
    uint8_t *word = new_word(out);
    for (size_t i = VK_WORD; word != NULL && value > 0; value >>= 8) {
        word[--i] = (uint8_t)value;
    }
}

void vk_abi_put_u256(vk_buf *out, const vk_u256 *value) {
    vk_buf_put(out, value->be, sizeof value->be);
}

void vk_abi_put_address(vk_buf *out, const vk_address *address) {
    uint8_t *word = new_word(out);
    if (word != NULL) {
        memcpy(word + VK_WORD - sizeof address->b, address->b, sizeof address->b);
    }
}

void vk_abi_put_fixed(vk_buf *out, const void *data, size_t len) {
    uint8_t *word = new_word(out);
    if (word != NULL) {
        memcpy(word, data, len);
    }
}

void vk_abi_put_bytes(vk_buf *out, vk_bytes data) {
    vk_abi_put_u64(out, data.len);
    vk_buf_put(out, data.data, data.len);
    vk_buf_put_zeros(out, vk_abi_padded(data.len) - data.len);
}

void vk_abi_put_bytes_list(vk_buf *out, const vk_bytes *items, size_t count) {
    vk_abi_put_u64(out, count);
    size_t offset = count * VK_WORD;
    for (size_t i = 0; i < count; i++) {
        vk_abi_put_u64(out, offset);
        offset += vk_abi_bytes_size(items[i].len);
    }
    for (size_t i = 0; i < count; i++) {
        vk_abi_put_bytes(out, items[i]);
    }
}

void vk_abi_put_bytes_array(vk_buf *out, const vk_bytes *items, size_t count) {
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_bytes_list(out, items, count);
}

static bool all_zero(const uint8_t *data, size_t len) {
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any |= data[i];
    }
    return any == 0;
}

vk_status vk_abi_word(vk_bytes body, size_t position, const uint8_t **out) {
    if (position > body.len || body.len - position < VK_WORD) {
        return VK_ERR_FORMAT;
    }
    *out = body.data + position;
    return VK_OK;
}

vk_status vk_abi_u256(vk_bytes body, size_t position, vk_u256 *out) {
    const uint8_t *word;
    vk_status status = vk_abi_word(body, position, &word);
    if (status == VK_OK) {
        memcpy(out->be, word, sizeof out->be);
    }
    return status;
}

vk_status vk_abi_address(vk_bytes body, size_t position, vk_address *out) {
    const uint8_t *word;
    vk_status status = vk_abi_word(body, position, &word);
    if (status != VK_OK) {
        return status;
    }
    if (!all_zero(word, 12)) {
        return VK_ERR_FORMAT;
    }
    memcpy(out->b, word + 12, sizeof out->b);
    return VK_OK;
}

vk_status vk_abi_size(vk_bytes body, size_t position, size_t max, size_t *out) {
    vk_u256 value;
    vk_status status = vk_abi_u256(body, position, &value);
    if (status != VK_OK) {
        return status;
    }
    if (!vk_u256_fits(&value, 63) || vk_u256_low64(&value) > max) {
        return VK_ERR_FORMAT;
    }
    *out = (size_t)vk_u256_low64(&value);
    return VK_OK;
}

vk_status vk_abi_tail(vk_bytes body, size_t position, vk_bytes *out) {
    size_t offset;
    vk_status status = vk_abi_size(body, position, body.len, &offset);
    if (status != VK_OK) {
        return status;
    }
    *out = (vk_bytes){body.data + offset, body.len - offset};
    return VK_OK;
}

vk_status vk_abi_bytes(vk_bytes body, size_t position, vk_bytes *out) {
    vk_bytes tail;
    vk_status status = vk_abi_tail(body, position, &tail);
    if (status != VK_OK) {
        return status;
    }
    size_t len;
    status = vk_abi_size(tail, 0, tail.len, &len);
    if (status != VK_OK) {
        return status;
    }
    if (vk_abi_padded(len) > tail.len - VK_WORD ||
        !all_zero(tail.data + VK_WORD + len, vk_abi_padded(len) - len)) {
        return VK_ERR_FORMAT;
    }
    *out = (vk_bytes){tail.data + VK_WORD, len};
    return VK_OK;
}
