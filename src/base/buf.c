#include "base/buf.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vk_wipe(void *data, size_t len) {
    if (data != NULL) {
        OPENSSL_cleanse(data, len);
    }
}

bool vk_equal_secret(const void *a, const void *b, size_t len) {
    return CRYPTO_memcmp(a, b, len) == 0;
}

bool vk_bytes_equal(vk_bytes a, vk_bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool vk_address_equal(const vk_address *a, const vk_address *b) {
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool vk_address_is_zero(const vk_address *a) {
    static const vk_address zero;
    return vk_address_equal(a, &zero);
}

#define FIRST_CAP 1024

/* Moves to a new block by hand, since realloc would leave a copy unwiped. */
static bool grow(vk_buf *buf, size_t needed) {
    size_t cap = buf->cap < FIRST_CAP ? FIRST_CAP : buf->cap;
    while (cap < needed) {
        cap *= 2;
    }
    uint8_t *data = malloc(cap);
    if (data == NULL) {
        buf->status = VK_ERR_MEMORY;
        return false;
    }
    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
    }
    vk_wipe(buf->data, buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = cap;
    return true;
}

uint8_t *vk_buf_reserve(vk_buf *buf, size_t len) {
    if (buf->status != VK_OK) {
        return NULL;
    }
    if (len > VK_BUF_MAX || buf->len > VK_BUF_MAX - len) {
        buf->status = VK_ERR_SIZE;
        return NULL;
    }
    size_t needed = buf->len + len;
    if (needed > buf->cap && !grow(buf, needed)) {
        return NULL;
    }
    uint8_t *start = buf->data + buf->len;
    buf->len = needed;
    return start;
}

void vk_buf_put(vk_buf *buf, const void *data, size_t len) {
    if (len == 0) {
        return;
    }
    uint8_t *start = vk_buf_reserve(buf, len);
    if (start != NULL) {
        memcpy(start, data, len);
    }
}

void vk_buf_put_byte(vk_buf *buf, uint8_t byte) {
    vk_buf_put(buf, &byte, 1);
}

void vk_buf_put_zeros(vk_buf *buf, size_t count) {
    if (count == 0) {
        return;
    }
    uint8_t *start = vk_buf_reserve(buf, count);
    if (start != NULL) {
        memset(start, 0, count);
    }
}

void vk_buf_put_text(vk_buf *buf, const char *text) {
    vk_buf_put(buf, text, strlen(text));
}

/* Tries the room that there is before it makes more. */
void vk_buf_printf(vk_buf *buf, const char *format, ...) {
    if (buf->status != VK_OK) {
        return;
    }
    va_list args, again;
    size_t room = buf->cap - buf->len;
    uint8_t *start = room > 0 ? buf->data + buf->len : NULL;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf((char *)start, room, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < room) {
        buf->len += (size_t)len;
    } else if (len >= 0) {
        vk_wipe(start, room);
        start = vk_buf_reserve(buf, (size_t)len + 1);
        if (start != NULL) {
            vsnprintf((char *)start, (size_t)len + 1, format, again);
            buf->len--;
        }
    }
    va_end(again);
}

vk_status vk_buf_status(const vk_buf *buf) {
    return buf->status;
}

vk_bytes vk_buf_view(const vk_buf *buf) {
    return (vk_bytes){.data = buf->data, .len = buf->len};
}

void vk_buf_clear(vk_buf *buf) {
    vk_wipe(buf->data, buf->len);
    free(buf->data);
    *buf = (vk_buf){0};
}

char *vk_buf_take_text(vk_buf *buf) {
    vk_buf_put_byte(buf, 0);
    if (buf->status != VK_OK) {
        vk_buf_clear(buf);
        return NULL;
    }
    char *text = (char *)buf->data;
    *buf = (vk_buf){0};
    return text;
}

void vk_text_free(char *text) {
    if (text != NULL) {
        vk_wipe(text, strlen(text));
        free(text);
    }
}
