#include "token/attrs.h"

#define HEAD_LEN 12

static uint64_t read_be(const uint8_t *data, size_t len) {
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | data[i];
    }
    return value;
}

static void put_be(vk_buf *out, uint64_t value, size_t len) {
    while (len-- > 0) {
        vk_buf_put_byte(out, (uint8_t)(value >> (8 * len)));
    }
}

bool vk_attrs_next(const vk_buf *attrs, size_t *position, uint64_t *type, vk_bytes *value) {
    if (*position > attrs->len || attrs->len - *position < HEAD_LEN) {
        return false;
    }
    const uint8_t *head = attrs->data + *position;
    uint64_t len = read_be(head + 8, 4);
    if (len > VK_ATTRS_VALUE_MAX || len > attrs->len - *position - HEAD_LEN) {
        return false;
    }
    *type = read_be(head, 8);
    *value = (vk_bytes){head + HEAD_LEN, (size_t)len};
    *position += HEAD_LEN + (size_t)len;
    return true;
}

bool vk_attrs_get(const vk_buf *attrs, uint64_t type, vk_bytes *value) {
    size_t position = 0;
    uint64_t found;
    vk_bytes view;
    while (vk_attrs_next(attrs, &position, &found, &view) && found <= type) {
        if (found != type) {
            continue;
        }
        *value = view;
        return true;
    }
    return false;
}

/* Where the entries of smaller types end and those of greater types begin. */
static vk_status split(const vk_buf *attrs, uint64_t type, size_t *before, size_t *after) {
    size_t position = 0;
    uint64_t found, last = 0;
    bool first = true;
    vk_bytes value;
    *before = *after = 0;
    while (vk_attrs_next(attrs, &position, &found, &value)) {
        if (!first && found <= last) {
            return VK_ERR_FORMAT;
        }
        first = false;
        last = found;
        if (found < type) {
            *before = position;
        }
        if (found <= type) {
            *after = position;
        }
    }
    return position == attrs->len ? VK_OK : VK_ERR_FORMAT;
}

vk_status vk_attrs_set(vk_buf *attrs, uint64_t type, vk_bytes value) {
    size_t before, after;
    if (value.len > VK_ATTRS_VALUE_MAX) {
        return VK_ERR_SIZE;
    }
    vk_status status = split(attrs, type, &before, &after);
    if (status != VK_OK) {
        return status;
    }
    vk_buf changed = {0};
    if (before > 0) {
        vk_buf_put(&changed, attrs->data, before);
    }
    put_be(&changed, type, 8);
    put_be(&changed, value.len, 4);
    vk_buf_put(&changed, value.data, value.len);
    if (after < attrs->len) {
        vk_buf_put(&changed, attrs->data + after, attrs->len - after);
    }
    status = vk_buf_status(&changed);
    if (status != VK_OK) {
        vk_buf_clear(&changed);
        return status;
    }
    vk_buf_clear(attrs);
    *attrs = changed;
    return VK_OK;
}
