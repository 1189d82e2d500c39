#include "base/buf.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* One group: 1 to 3 bytes at p as 4 characters. */
static void encode(const uint8_t *p, size_t left, const char *alphabet, uint8_t text[4]) {
    uint32_t group = (uint32_t)p[0] << 16;
    group |= left > 1 ? (uint32_t)p[1] << 8 : 0;
    group |= left > 2 ? p[2] : 0;
    text[0] = (uint8_t)alphabet[group >> 18];
    text[1] = (uint8_t)alphabet[group >> 12 & 63];
    text[2] = (uint8_t)(left > 1 ? alphabet[group >> 6 & 63] : '=');
    text[3] = (uint8_t)(left > 2 ? alphabet[group & 63] : '=');
}

static void put(vk_buf *out, vk_bytes bytes, const char *alphabet, bool pad) {
    size_t whole = bytes.len / 3, rest = bytes.len % 3;
    uint8_t *text = whole > 0 ? vk_buf_reserve(out, 4 * whole) : NULL;
    for (size_t i = 0; text != NULL && i < whole; i++) {
        encode(bytes.data + 3 * i, 3, alphabet, text + 4 * i);
    }
    if (rest > 0) {
        uint8_t last[4];
        encode(bytes.data + 3 * whole, rest, alphabet, last);
        vk_buf_put(out, last, pad ? sizeof last : rest + 1);
    }
}

void vk_base64_put(vk_buf *out, vk_bytes bytes) {
    put(out, bytes, standard, true);
}

void vk_base64url_put(vk_buf *out, vk_bytes bytes) {
    put(out, bytes, url, false);
}

static int value_of(char c, const char *alphabet) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == alphabet[62]) {
        return 62;
    }
    return c == alphabet[63] ? 63 : -1;
}

/* text without padding. */
static vk_status read_digits(const char *text, size_t len, const char *alphabet, vk_buf *out) {
    if (len % 4 == 1) {
        return VK_ERR_FORMAT;
    }
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i], alphabet);
        if (value < 0) {
            return VK_ERR_FORMAT;
        }
        group = group << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            vk_buf_put_byte(out, (uint8_t)(group >> bits));
            group &= (1u << bits) - 1;
        }
    }
    return group == 0 ? vk_buf_status(out) : VK_ERR_FORMAT;
}

static vk_status read_or_restore(const char *text, size_t len, const char *alphabet, vk_buf *out) {
    size_t start = out->len;
    vk_status status = read_digits(text, len, alphabet, out);
    if (status != VK_OK) {
        out->len = start;
    }
    return status;
}

vk_status vk_base64_read(const char *text, size_t text_len, vk_buf *out) {
    if (text_len % 4 != 0) {
        return VK_ERR_FORMAT;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text_len && text[text_len - 1 - padding] == '=') {
        padding++;
    }
    return read_or_restore(text, text_len - padding, standard, out);
}

vk_status vk_base64url_read(const char *text, size_t text_len, vk_buf *out) {
    return read_or_restore(text, text_len, url, out);
}
