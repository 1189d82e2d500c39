#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t vk_utf8_len(const uint8_t *p, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80       ? 1
                 : p[0] >> 5 == 6  ? 2
                 : p[0] >> 4 == 14 ? 3
                 : p[0] >> 3 == 30 ? 4
                                   : 0;
    if (len < 2 || len > left) {
        return len == 1 ? 1 : 0;
    }
    uint32_t code = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (p[i] & 63u);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[len] || code > 0x10ffff || surrogate ? 0 : len;
}

size_t vk_utf8_printable_len(const uint8_t *p, size_t left) {
    size_t len = vk_utf8_len(p, left);
    bool is_ascii_control = len == 1 && (p[0] < 0x20 || p[0] == 0x7f);
    bool is_control = len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
    /* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069 */
    bool is_mark = len == 3 && p[0] == 0xe2 && p[1] == 0x80 &&
                   ((p[2] & 0xfe) == 0x8e || (p[2] >= 0xa8 && p[2] <= 0xae));
    bool is_isolate = len == 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
    return is_ascii_control || is_control || is_mark || is_isolate ? 0 : len;
}

void vk_utf8_copy_printable(const char *text, char *out, size_t size) {
    const uint8_t *p = (const uint8_t *)text;
    size_t left = strlen(text), have = 0;
    while (left > 0) {
        size_t len = vk_utf8_printable_len(p, left);
        size_t taken = len > 0 ? len : 1;
        if (have + taken >= size) {
            break;
        }
        memcpy(out + have, len > 0 ? (const char *)p : "?", taken);
        have += taken;
        p += taken;
        left -= taken;
    }
    out[have] = '\0';
}

void vk_utf8_clean(char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        size_t len = vk_utf8_len((const uint8_t *)text, left);
        if (len == 0) {
            *text = '?';
            len = 1;
        }
        text += len;
        left -= len;
    }
}
