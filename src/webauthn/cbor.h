/*
 * CBOR in the canonical form of CTAP2, item by item, on top of libcbor's stateless decoder (which
 * takes any form, allocates nothing and follows no nesting). A reader takes the bytes that are left
 * and moves them past what it read; after a failure they are unspecified.
 */
#ifndef VK_WEBAUTHN_CBOR_H
#define VK_WEBAUTHN_CBOR_H

#include <valetkey/bytes.h>

/* Levels of arrays and maps, as in CTAP2. */
#define VK_CBOR_DEPTH_MAX 4

typedef enum vk_cbor_type {
    VK_CBOR_UNSIGNED,
    VK_CBOR_NEGATIVE, /* -1 - number */
    VK_CBOR_BYTES,
    VK_CBOR_TEXT,
    VK_CBOR_ARRAY, /* number elements follow */
    VK_CBOR_MAP,   /* number pairs follow */
    VK_CBOR_SIMPLE /* false, true, null or a floating-point number */
} vk_cbor_type;

typedef struct vk_cbor_item {
    vk_cbor_type type;
    uint64_t number;
    vk_bytes string;  /* bytes or text */
    vk_bytes encoded; /* the head, with the string */
} vk_cbor_item;

/* One item; of an array or map only the head. */
VK_MUST_USE vk_status vk_cbor_next(vk_bytes *rest, vk_cbor_item *out);
/* One item with all that is in it, at most levels deep. */
VK_MUST_USE vk_status vk_cbor_skip(vk_bytes *rest, int levels);

/* Typed items: VK_ERR_FORMAT for another type. */
VK_MUST_USE vk_status vk_cbor_bytes(vk_bytes *rest, vk_bytes *out);
VK_MUST_USE vk_status vk_cbor_text(vk_bytes *rest, vk_bytes *out);
/* VK_ERR_RANGE if it does not fit. */
VK_MUST_USE vk_status vk_cbor_int(vk_bytes *rest, int64_t *out);
/* The head of an array or map, with its length. */
VK_MUST_USE vk_status vk_cbor_open(vk_bytes *rest, vk_cbor_type type, uint64_t *count);

/* The next key of a map. *last, empty at first, is the one before: keys ascend. */
VK_MUST_USE vk_status vk_cbor_key(vk_bytes *rest, vk_bytes *last, vk_cbor_item *key);
/* A key that must be this text. */
VK_MUST_USE vk_status vk_cbor_key_is(vk_bytes *rest, vk_bytes *last, const char *text);

/* ---- Writing: in the shortest form; appends ---- */

void vk_cbor_put_bytes(vk_buf *out, vk_bytes bytes);
void vk_cbor_put_text(vk_buf *out, const char *text);
/* The head of a map with so many pairs, which follow. */
void vk_cbor_put_map(vk_buf *out, size_t pairs);

#endif
