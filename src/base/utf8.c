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
