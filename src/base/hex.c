#include "base/buf.h"

#include <valetkey/eth.h>

#include <string.h>

static const char digits[] = "0123456789abcdef";

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool has_prefix(const char *text, size_t len) {
    return len >= 2 && text[0] == '0' && text[1] == 'x';
}

static vk_status decode(const char *text, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return VK_ERR_FORMAT;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return VK_OK;
}

void vk_hex_put(vk_buf *out, vk_bytes bytes) {
    vk_buf_put_text(out, "0x");
    uint8_t *text = bytes.len > 0 ? vk_buf_reserve(out, 2 * bytes.len) : NULL;
    for (size_t i = 0; text != NULL && i < bytes.len; i++) {
        text[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
}

vk_status vk_hex_read_fixed(const char *text, size_t text_len, uint8_t *out, size_t len) {
    if (!has_prefix(text, text_len) || text_len != 2 + 2 * len) {
        return VK_ERR_FORMAT;
    }
    return decode(text + 2, out, len);
}

vk_status vk_hex_read(const char *text, size_t text_len, size_t max, vk_buf *out) {
    if (!has_prefix(text, text_len) || text_len % 2 != 0) {
        return VK_ERR_FORMAT;
    }
    size_t count = text_len / 2 - 1;
    if (count > max) {
        return VK_ERR_SIZE;
    }
    size_t start = out->len;
    vk_buf_put_zeros(out, count);
    if (vk_buf_status(out) != VK_OK || count == 0) {
        return vk_buf_status(out);
    }
    vk_status status = decode(text + 2, out->data + start, count);
    if (status != VK_OK) {
        out->len = start;
    }
    return status;
}

void vk_address_text(const vk_address *address, char text43[43]) {
    memcpy(text43, "0x", 2);
    for (size_t i = 0; i < 20; i++) {
        text43[2 + 2 * i] = digits[address->b[i] >> 4];
        text43[3 + 2 * i] = digits[address->b[i] & 15];
    }
    text43[42] = '\0';
    vk_hash hash = vk_keccak256((vk_bytes){(const uint8_t *)text43 + 2, 40});
    for (size_t i = 0; i < 40; i++) {
        uint8_t nibble = i % 2 == 0 ? hash.b[i / 2] >> 4 : hash.b[i / 2] & 15;
        char *c = &text43[2 + i];
        if (nibble >= 8 && *c >= 'a') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
}

static bool one_case(const char *text, size_t len) {
    bool upper = false, lower = false;
    for (size_t i = 0; i < len; i++) {
        upper |= text[i] >= 'A' && text[i] <= 'F';
        lower |= text[i] >= 'a' && text[i] <= 'f';
    }
    return !(upper && lower);
}

vk_status vk_address_read(const char *text, size_t text_len, vk_address *out) {
    vk_address address;
    vk_status status = vk_hex_read_fixed(text, text_len, address.b, sizeof address.b);
    if (status != VK_OK) {
        return status;
    }
    if (!one_case(text + 2, text_len - 2)) {
        char checksummed[43];
        vk_address_text(&address, checksummed);
        if (memcmp(checksummed, text, text_len) != 0) {
            return VK_ERR_FORMAT;
        }
    }
    *out = address;
    return VK_OK;
}
