#include "ctap.h"
#include "wire.h"

#include "base/utf8.h"

#include <string.h>

#define DEPTH_MAX 4

static bool read_item(vk_bytes *rest, int levels, wire_item *out);

static bool take(vk_bytes *rest, uint64_t len, vk_bytes *out) {
    if (len > rest->len) {
        return false;
    }
    *out = (vk_bytes){rest->data, (size_t)len};
    rest->data += len;
    rest->len -= (size_t)len;
    return true;
}

/* The number in or behind the first byte, in its shortest form. */
static bool read_argument(vk_bytes *rest, unsigned info, uint64_t *out) {
    static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
    vk_bytes bytes;
    *out = info;
    if (info < 24) {
        return true;
    }
    if (info > 27 || !take(rest, (uint64_t)1 << (info - 24), &bytes)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        *out = *out << 8 | bytes.data[i];
    }
    return *out >= least[info - 24];
}

static bool read_elements(vk_bytes *rest, uint64_t count, int levels) {
    wire_item element;
    while (count > 0) {
        if (!read_item(rest, levels, &element)) {
            return false;
        }
        count--;
    }
    return true;
}

/* Keys of one type are ordered by length first, but that is in their first bytes. */
static bool is_after(vk_bytes key, vk_bytes last) {
    size_t common = key.len < last.len ? key.len : last.len;
    int order = common == 0 ? 0 : memcmp(key.data, last.data, common);
    return order > 0 || (order == 0 && key.len > last.len);
}

static bool read_pairs(vk_bytes *rest, uint64_t count, int levels) {
    vk_bytes last = {0};
    wire_item item;
    while (count > 0) {
        if (!read_item(rest, levels, &item) || !is_after(item.encoded, last)) {
            return false;
        }
        last = item.encoded;
        if (!read_item(rest, levels, &item)) {
            return false;
        }
        count--;
    }
    return true;
}

/* False, true, and others that no member of CTAP has. */
static bool read_simple(vk_bytes *rest, unsigned info, wire_item *out) {
    vk_bytes skipped;
    out->type = info == 20 || info == 21 ? WIRE_BOOL : WIRE_OTHER;
    out->number = info == 21;
    return info < 24 ||
           (info >= 25 && info <= 27 && take(rest, (uint64_t)1 << (info - 24), &skipped));
}

static bool is_utf8(vk_bytes text) {
    size_t len = 1;
    for (size_t at = 0; at < text.len && len > 0; at += len) {
        len = vk_utf8_len(text.data + at, text.len - at);
    }
    return len > 0;
}

static bool read_content(vk_bytes *rest, int levels, wire_item *out) {
    switch (out->type) {
    case WIRE_UNSIGNED:
    case WIRE_NEGATIVE:
        return true;
    case WIRE_BYTES:
        return take(rest, out->number, &out->content);
    case WIRE_TEXT:
        return take(rest, out->number, &out->content) && is_utf8(out->content);
    case WIRE_ARRAY:
        return levels > 0 && read_elements(rest, out->number, levels - 1);
    case WIRE_MAP:
        return levels > 0 && read_pairs(rest, out->number, levels - 1);
    default:
        return false; /* tags */
    }
}

static bool read_item(vk_bytes *rest, int levels, wire_item *out) {
    vk_bytes start = *rest, first;
    *out = (wire_item){0};
    if (!take(rest, 1, &first)) {
        return false;
    }
    unsigned info = first.data[0] & 0x1f;
    out->type = (wire_type)(first.data[0] >> 5);
    if (out->type == WIRE_BOOL) {
        if (!read_simple(rest, info, out)) {
            return false;
        }
    } else {
        if (!read_argument(rest, info, &out->number)) {
            return false;
        }
        out->content.data = rest->data;
        if (!read_content(rest, levels, out)) {
            return false;
        }
        out->content.len = (size_t)(rest->data - out->content.data);
    }
    out->encoded = (vk_bytes){start.data, (size_t)(rest->data - start.data)};
    return true;
}

bool wire_next(vk_bytes *rest, wire_item *out) {
    return read_item(rest, DEPTH_MAX, out);
}

/* ---- Members ---- */

wire_map wire_open(const wire_item *map) {
    return (wire_map){map->content, CTAP_OK};
}

void wire_require(wire_map *map, bool ok, uint8_t status) {
    if (map->status == CTAP_OK && !ok) {
        map->status = status;
    }
}

static bool is_key(const wire_item *item, wire_key key) {
    if (key.text != NULL) {
        return item->type == WIRE_TEXT && item->content.len == strlen(key.text) &&
               memcmp(item->content.data, key.text, item->content.len) == 0;
    }
    if (key.number < 0) {
        return item->type == WIRE_NEGATIVE && item->number == (uint64_t)(-1 - key.number);
    }
    return item->type == WIRE_UNSIGNED && item->number == (uint64_t)key.number;
}

wire_item wire_any(wire_map *map, wire_key key, wire_need need) {
    vk_bytes rest = map->content;
    wire_item name, value;
    while (map->status == CTAP_OK && rest.len > 0 && wire_next(&rest, &name) &&
           wire_next(&rest, &value)) {
        if (is_key(&name, key)) {
            return value;
        }
    }
    wire_require(map, need == WIRE_OPTIONAL, CTAP_MISSING_PARAMETER);
    return (wire_item){0};
}

wire_item wire_get(wire_map *map, wire_key key, wire_type type, wire_need need) {
    wire_item item = wire_any(map, key, need);
    if (item.encoded.data != NULL && item.type != type) {
        wire_require(map, false, CTAP_UNEXPECTED_TYPE);
        return (wire_item){0};
    }
    return item;
}

vk_bytes wire_get_bytes(wire_map *map, wire_key key, wire_need need) {
    return wire_get(map, key, WIRE_BYTES, need).content;
}

vk_bytes wire_get_text(wire_map *map, wire_key key, wire_need need) {
    return wire_get(map, key, WIRE_TEXT, need).content;
}

uint64_t wire_get_unsigned(wire_map *map, wire_key key, wire_need need, uint64_t absent) {
    wire_item item = wire_get(map, key, WIRE_UNSIGNED, need);
    return item.encoded.data == NULL ? absent : item.number;
}

int64_t wire_get_int(wire_map *map, wire_key key, wire_need need, int64_t absent) {
    wire_item item = wire_any(map, key, need);
    if (item.encoded.data == NULL) {
        return absent;
    }
    wire_require(map, item.type == WIRE_UNSIGNED || item.type == WIRE_NEGATIVE,
                 CTAP_UNEXPECTED_TYPE);
    wire_require(map, item.number <= INT64_MAX, CTAP_INVALID_PARAMETER);
    if (map->status != CTAP_OK) {
        return absent;
    }
    return item.type == WIRE_NEGATIVE ? -1 - (int64_t)item.number : (int64_t)item.number;
}

bool wire_get_bool(wire_map *map, wire_key key, bool absent) {
    wire_item item = wire_get(map, key, WIRE_BOOL, WIRE_OPTIONAL);
    return item.encoded.data == NULL ? absent : item.number != 0;
}
