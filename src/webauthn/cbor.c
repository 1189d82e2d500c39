#include "webauthn/cbor.h"

#include <cbor.h>
#include <string.h>

/* ---- What libcbor calls ---- */

typedef struct found {
    vk_cbor_item item;
    bool accepted; /* a type that this reader takes */
} found;

static void set(void *context, vk_cbor_type type, uint64_t number) {
    found *f = context;
    f->item.type = type;
    f->item.number = number;
    f->accepted = true;
}

static void on_uint8(void *context, uint8_t value) {
    set(context, VK_CBOR_UNSIGNED, value);
}
static void on_uint16(void *context, uint16_t value) {
    set(context, VK_CBOR_UNSIGNED, value);
}
static void on_uint32(void *context, uint32_t value) {
    set(context, VK_CBOR_UNSIGNED, value);
}
static void on_uint64(void *context, uint64_t value) {
    set(context, VK_CBOR_UNSIGNED, value);
}
static void on_negint8(void *context, uint8_t value) {
    set(context, VK_CBOR_NEGATIVE, value);
}
static void on_negint16(void *context, uint16_t value) {
    set(context, VK_CBOR_NEGATIVE, value);
}
static void on_negint32(void *context, uint32_t value) {
    set(context, VK_CBOR_NEGATIVE, value);
}
static void on_negint64(void *context, uint64_t value) {
    set(context, VK_CBOR_NEGATIVE, value);
}
static void on_bytes(void *context, cbor_data data, size_t len) {
    set(context, VK_CBOR_BYTES, len);
    ((found *)context)->item.string = (vk_bytes){data, len};
}
static void on_text(void *context, cbor_data data, size_t len) {
    set(context, VK_CBOR_TEXT, len);
    ((found *)context)->item.string = (vk_bytes){data, len};
}
static void on_array(void *context, size_t count) {
    set(context, VK_CBOR_ARRAY, count);
}
static void on_map(void *context, size_t count) {
    set(context, VK_CBOR_MAP, count);
}
static void on_boolean(void *context, bool value) {
    set(context, VK_CBOR_SIMPLE, value);
}
static void on_null(void *context) {
    set(context, VK_CBOR_SIMPLE, 0);
}
static void on_float(void *context, float value) {
    (void)value;
    set(context, VK_CBOR_SIMPLE, 0);
}
static void on_double(void *context, double value) {
    (void)value;
    set(context, VK_CBOR_SIMPLE, 0);
}

/* Indefinite lengths, tags and undefined find an empty callback: not accepted. */
static struct cbor_callbacks callbacks(void) {
    struct cbor_callbacks c = cbor_empty_callbacks;
    c.uint8 = on_uint8;
    c.uint16 = on_uint16;
    c.uint32 = on_uint32;
    c.uint64 = on_uint64;
    c.negint8 = on_negint8;
    c.negint16 = on_negint16;
    c.negint32 = on_negint32;
    c.negint64 = on_negint64;
    c.byte_string = on_bytes;
    c.string = on_text;
    c.array_start = on_array;
    c.map_start = on_map;
    c.boolean = on_boolean;
    c.null = on_null;
    c.float2 = on_float;
    c.float4 = on_float;
    c.float8 = on_double;
    return c;
}

/* ---- Items ---- */

static size_t shortest_head(uint64_t number) {
    return number < 24            ? 1
           : number <= 0xff       ? 2
           : number <= 0xffff     ? 3
           : number <= 0xffffffff ? 5
                                  : 9;
}

vk_status vk_cbor_next(vk_bytes *rest, vk_cbor_item *out) {
    found f = {0};
    struct cbor_callbacks c = callbacks();
    if (rest->len == 0) {
        return VK_ERR_FORMAT;
    }
    struct cbor_decoder_result result = cbor_stream_decode(rest->data, rest->len, &c, &f);
    if (result.status != CBOR_DECODER_FINISHED || !f.accepted) {
        return VK_ERR_FORMAT;
    }
    size_t head = result.read - f.item.string.len;
    if (f.item.type != VK_CBOR_SIMPLE && head != shortest_head(f.item.number)) {
        return VK_ERR_FORMAT;
    }
    f.item.encoded = (vk_bytes){rest->data, result.read};
    *rest = (vk_bytes){rest->data + result.read, rest->len - result.read};
    *out = f.item;
    return VK_OK;
}

static vk_status skip_map(vk_bytes *rest, uint64_t count, int levels) {
    vk_bytes last = {0};
    vk_cbor_item key;
    vk_status status = VK_OK;
    for (uint64_t i = 0; status == VK_OK && i < count; i++) {
        status = vk_cbor_key(rest, &last, &key);
        if (status == VK_OK) {
            status = vk_cbor_skip(rest, levels);
        }
    }
    return status;
}

/* Counts are not trusted, but every element takes a byte at least. */
vk_status vk_cbor_skip(vk_bytes *rest, int levels) {
    vk_cbor_item item;
    vk_status status = vk_cbor_next(rest, &item);
    if (status != VK_OK || (item.type != VK_CBOR_ARRAY && item.type != VK_CBOR_MAP)) {
        return status;
    }
    if (levels == 0) {
        return VK_ERR_SIZE;
    }
    if (item.type == VK_CBOR_MAP) {
        return skip_map(rest, item.number, levels - 1);
    }
    for (uint64_t i = 0; status == VK_OK && i < item.number; i++) {
        status = vk_cbor_skip(rest, levels - 1);
    }
    return status;
}

static vk_status string_of(vk_bytes *rest, vk_cbor_type type, vk_bytes *out) {
    vk_cbor_item item;
    vk_status status = vk_cbor_next(rest, &item);
    if (status == VK_OK && item.type != type) {
        status = VK_ERR_FORMAT;
    }
    if (status == VK_OK) {
        *out = item.string;
    }
    return status;
}

vk_status vk_cbor_bytes(vk_bytes *rest, vk_bytes *out) {
    return string_of(rest, VK_CBOR_BYTES, out);
}

vk_status vk_cbor_text(vk_bytes *rest, vk_bytes *out) {
    return string_of(rest, VK_CBOR_TEXT, out);
}

vk_status vk_cbor_int(vk_bytes *rest, int64_t *out) {
    vk_cbor_item item;
    vk_status status = vk_cbor_next(rest, &item);
    if (status != VK_OK) {
        return status;
    }
    if (item.type != VK_CBOR_UNSIGNED && item.type != VK_CBOR_NEGATIVE) {
        return VK_ERR_FORMAT;
    }
    if (item.number > INT64_MAX) {
        return VK_ERR_RANGE;
    }
    *out = item.type == VK_CBOR_UNSIGNED ? (int64_t)item.number : -1 - (int64_t)item.number;
    return VK_OK;
}

vk_status vk_cbor_open(vk_bytes *rest, vk_cbor_type type, uint64_t *count) {
    vk_cbor_item item;
    vk_status status = vk_cbor_next(rest, &item);
    if (status == VK_OK && item.type != type) {
        status = VK_ERR_FORMAT;
    }
    if (status == VK_OK) {
        *count = item.number;
    }
    return status;
}

/* ---- Keys ---- */

/* The order of CTAP2: by type, then the shorter, then by bytes. */
static bool ascends(vk_bytes a, vk_bytes b) {
    if (a.len == 0) {
        return true;
    }
    int type_a = a.data[0] >> 5, type_b = b.data[0] >> 5;
    if (type_a != type_b) {
        return type_a < type_b;
    }
    return a.len != b.len ? a.len < b.len : memcmp(a.data, b.data, a.len) < 0;
}

vk_status vk_cbor_key(vk_bytes *rest, vk_bytes *last, vk_cbor_item *key) {
    vk_status status = vk_cbor_next(rest, key);
    if (status != VK_OK) {
        return status;
    }
    if (key->type > VK_CBOR_TEXT || !ascends(*last, key->encoded)) {
        return VK_ERR_FORMAT;
    }
    *last = key->encoded;
    return VK_OK;
}

vk_status vk_cbor_key_is(vk_bytes *rest, vk_bytes *last, const char *text) {
    vk_cbor_item key;
    vk_bytes wanted = {(const uint8_t *)text, strlen(text)};
    vk_status status = vk_cbor_key(rest, last, &key);
    if (status == VK_OK && (key.type != VK_CBOR_TEXT || !vk_bytes_equal(key.string, wanted))) {
        status = VK_ERR_FORMAT;
    }
    return status;
}

/* ---- Writing ---- */

#define HEAD_MAX 9

void vk_cbor_put_bytes(vk_buf *out, vk_bytes bytes) {
    uint8_t head[HEAD_MAX];
    vk_buf_put(out, head, cbor_encode_bytestring_start(bytes.len, head, sizeof head));
    vk_buf_put(out, bytes.data, bytes.len);
}

void vk_cbor_put_text(vk_buf *out, const char *text) {
    uint8_t head[HEAD_MAX];
    vk_buf_put(out, head, cbor_encode_string_start(strlen(text), head, sizeof head));
    vk_buf_put_text(out, text);
}

void vk_cbor_put_map(vk_buf *out, size_t pairs) {
    uint8_t head[HEAD_MAX];
    vk_buf_put(out, head, cbor_encode_map_start(pairs, head, sizeof head));
}
