/* authenticatorLargeBlobs (CTAP 2.1, 6.10). */
#include "internal.h"

#include <string.h>

#define DIGEST_LEN 16
#define LEAST (1 + DIGEST_LEN)

typedef struct request {
    bool get;
    uint64_t get_len, offset, length;
    vk_bytes fragment;
    bool has_length;
    vk_bytes auth_param;
    uint64_t protocol;
} request;

static uint8_t read_request(const wire_item *map, request *out) {
    wire_map members = wire_open(map);
    *out = (request){0};
    out->get = wire_any(&members, KEY(1), WIRE_OPTIONAL).encoded.data != NULL;
    out->get_len = wire_get_unsigned(&members, KEY(1), WIRE_OPTIONAL, 0);
    out->fragment = wire_get_bytes(&members, KEY(2), WIRE_OPTIONAL);
    wire_require(&members, out->get != (out->fragment.data != NULL), CTAP_INVALID_PARAMETER);
    out->offset = wire_get_unsigned(&members, KEY(3), WIRE_REQUIRED, 0);
    out->has_length = wire_any(&members, KEY(4), WIRE_OPTIONAL).encoded.data != NULL;
    out->length = wire_get_unsigned(&members, KEY(4), WIRE_OPTIONAL, 0);
    out->auth_param = wire_get_bytes(&members, KEY(5), WIRE_OPTIONAL);
    out->protocol = wire_get_unsigned(&members, KEY(6), WIRE_OPTIONAL, 0);
    return members.status;
}

static uint8_t get(const authn *a, const request *r, vk_buf *reply) {
    if (r->has_length || r->auth_param.data != NULL || r->protocol != 0) {
        return CTAP_INVALID_PARAMETER;
    }
    if (r->get_len > CTAP_MAX_FRAGMENT) {
        return CTAP_INVALID_LENGTH;
    }
    if (r->offset > a->large_blobs.len) {
        return CTAP_INVALID_PARAMETER;
    }
    size_t left = a->large_blobs.len - (size_t)r->offset;
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    wire_put_bytes(reply, a->large_blobs.data + r->offset,
                   r->get_len < left ? (size_t)r->get_len : left);
    return CTAP_OK;
}

/* ---- Writing ---- */

static uint8_t check_place(authn *a, const request *r) {
    if (r->fragment.len > CTAP_MAX_FRAGMENT) {
        return CTAP_INVALID_LENGTH;
    }
    if (r->offset > 0) {
        if (r->has_length) {
            return CTAP_INVALID_PARAMETER;
        }
        bool next = a->large_blobs_expected > 0 && r->offset == a->large_blobs_new.len;
        return next ? CTAP_OK : CTAP_INVALID_SEQ;
    }
    if (!r->has_length) {
        return CTAP_INVALID_PARAMETER;
    }
    if (r->length > a->options.max_large_blobs) {
        return CTAP_LARGE_BLOB_STORAGE_FULL;
    }
    return r->length < LEAST ? CTAP_INVALID_PARAMETER : CTAP_OK;
}

/* The message: 32 bytes ff, the command, the offset in little endian, the fragment's digest. */
static bool verify(authn *a, const request *r) {
    vk_buf message = {0};
    uint8_t digest32[32];
    for (int i = 0; i < 32; i++) {
        vk_buf_put_byte(&message, 0xff);
    }
    vk_buf_put_byte(&message, CTAP_LARGE_BLOBS);
    vk_buf_put_byte(&message, 0);
    for (int shift = 0; shift < 32; shift += 8) {
        vk_buf_put_byte(&message, (uint8_t)(r->offset >> shift));
    }
    crypto_sha256(r->fragment, digest32);
    vk_buf_put(&message, digest32, sizeof digest32);
    bool ok = token_verify(a, r->protocol, vk_buf_view(&message), r->auth_param,
                           CTAP_PERMIT_LARGE_BLOB_WRITE);
    vk_buf_clear(&message);
    return ok;
}

static uint8_t authorize(authn *a, const request *r) {
    if (!uv_protected(a) && !has_feature(a, AUTHN_ALWAYS_UV)) {
        return CTAP_OK;
    }
    if (r->auth_param.data == NULL) {
        return CTAP_PUAT_REQUIRED;
    }
    if (r->protocol == 0) {
        return CTAP_MISSING_PARAMETER;
    }
    if (!pin_protocol_supported(a, r->protocol)) {
        return CTAP_INVALID_PARAMETER;
    }
    return verify(a, r) ? CTAP_OK : CTAP_PIN_AUTH_INVALID;
}

static bool digest_is_right(const vk_buf *array) {
    uint8_t digest32[32];
    crypto_sha256((vk_bytes){array->data, array->len - DIGEST_LEN}, digest32);
    return memcmp(digest32, array->data + array->len - DIGEST_LEN, DIGEST_LEN) == 0;
}

/* The new array takes the place of the old one when all of it is there. */
static uint8_t append(authn *a, const request *r) {
    vk_buf *array = &a->large_blobs_new;
    if (r->offset == 0) {
        vk_buf_clear(array);
        a->large_blobs_expected = (size_t)r->length;
    }
    if (r->fragment.len > a->large_blobs_expected - array->len) {
        return CTAP_INVALID_PARAMETER;
    }
    vk_buf_put(array, r->fragment.data, r->fragment.len);
    if (array->len < a->large_blobs_expected) {
        return CTAP_OK;
    }
    a->large_blobs_expected = 0;
    if (!digest_is_right(array)) {
        return CTAP_INTEGRITY_FAILURE;
    }
    vk_buf_clear(&a->large_blobs);
    a->large_blobs = *array;
    *array = (vk_buf){0};
    return CTAP_OK;
}

uint8_t ctap_large_blobs(authn *a, const wire_item *map, vk_buf *reply) {
    request r;
    uint8_t status = read_request(map, &r);
    if (status != CTAP_OK) {
        return status;
    }
    if (r.get) {
        return get(a, &r, reply);
    }
    status = check_place(a, &r);
    if (status == CTAP_OK) {
        status = authorize(a, &r);
    }
    return status == CTAP_OK ? append(a, &r) : status;
}
