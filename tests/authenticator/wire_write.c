#include "wire.h"

#include <stdlib.h>
#include <string.h>

static void put_head(vk_buf *out, wire_type type, uint64_t number) {
    unsigned bytes = number < 24 ? 0 : number <= 0xff ? 1 : number <= 0xffff ? 2 : 4;
    unsigned info = bytes == 0 ? (unsigned)number : bytes == 1 ? 24 : bytes == 2 ? 25 : 26;
    if (number > UINT32_MAX) {
        bytes = 8;
        info = 27;
    }
    vk_buf_put_byte(out, (uint8_t)((unsigned)type << 5 | info));
    while (bytes > 0) {
        bytes--;
        vk_buf_put_byte(out, (uint8_t)(number >> (8 * bytes)));
    }
}

void wire_put_int(vk_buf *out, int64_t value) {
    if (value < 0) {
        put_head(out, WIRE_NEGATIVE, (uint64_t)(-1 - value));
    } else {
        put_head(out, WIRE_UNSIGNED, (uint64_t)value);
    }
}

void wire_put_bytes(vk_buf *out, const void *data, size_t len) {
    put_head(out, WIRE_BYTES, len);
    vk_buf_put(out, data, len);
}

void wire_put_text_len(vk_buf *out, const char *text, size_t len) {
    put_head(out, WIRE_TEXT, len);
    vk_buf_put(out, text, len);
}

void wire_put_text(vk_buf *out, const char *text) {
    wire_put_text_len(out, text, strlen(text));
}

void wire_put_bool(vk_buf *out, bool value) {
    vk_buf_put_byte(out, value ? 0xf5 : 0xf4);
}

void wire_put_array(vk_buf *out, size_t count) {
    put_head(out, WIRE_ARRAY, count);
}

wire_writer wire_begin(vk_buf *out) {
    wire_writer map = {out, out->len};
    put_head(out, WIRE_MAP, 0);
    return map;
}

void wire_member(wire_writer *map, wire_key key) {
    uint8_t *head = map->out->data + map->head;
    if (*head == (WIRE_MAP << 5 | 23)) {
        abort();
    }
    *head += 1;
    if (key.text != NULL) {
        wire_put_text(map->out, key.text);
    } else {
        wire_put_int(map->out, key.number);
    }
}
