#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* An empty large-blob array, and the first 16 bytes of its digest. */
static const uint8_t no_large_blobs[] = {0x80, 0x76, 0xbe, 0x8b, 0x52, 0x8d, 0x00, 0x75, 0xf7,
                                         0xaa, 0xe9, 0x8d, 0x6f, 0xa5, 0x7a, 0x6d, 0x3c};

/* ---- Names ---- */

/* What is too long is cut, between characters. */
void name_set(short_name *out, vk_bytes text) {
    size_t len = text.len < NAME_MAX_BYTES ? text.len : NAME_MAX_BYTES;
    while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    out->present = text.data != NULL;
    out->len = len;
    if (len > 0) {
        memcpy(out->text, text.data, len);
    }
}

/* ---- Stored ---- */

static bool same_user(const credential *a, const credential *b) {
    return memcmp(a->rp_id_hash32, b->rp_id_hash32, 32) == 0 && a->user_id_len == b->user_id_len &&
           memcmp(a->user_id, b->user_id, a->user_id_len) == 0;
}

bool credential_add(authn *a, const credential *made) {
    for (size_t i = 0; i < a->store.count; i++) {
        if (same_user(&a->store.items[i], made)) {
            credential_delete(a, i);
            break;
        }
    }
    if (a->store.count == a->store.max) {
        return false;
    }
    a->store.items[a->store.count++] = *made;
    return true;
}

void credential_delete(authn *a, size_t index) {
    credential *items = a->store.items;
    a->store.count--;
    memmove(items + index, items + index + 1, (a->store.count - index) * sizeof *items);
    vk_wipe(items + a->store.count, sizeof *items);
}

void state_reset(authn *a) {
    vk_wipe(a->store.items, a->store.max * sizeof *a->store.items);
    a->store.count = 0;
    crypto_random(a->wrap_key32, 32);
    crypto_random(a->derive_key32, 32);
    vk_buf_clear(&a->large_blobs);
    vk_buf_put(&a->large_blobs, no_large_blobs, sizeof no_large_blobs);
    a->large_blobs_expected = 0;
    memset(&a->pin, 0, offsetof(pin_state, protocols));
    a->pin.retries = CTAP_PIN_RETRIES;
    a->pin.uv_retries = CTAP_UV_RETRIES;
}

/* ---- Wrapped: private key, level, hmac-secret, blob ---- */

#define WRAPPED_MIN (32 + 2)
#define WRAPPED_MAX (WRAPPED_MIN + CTAP_MAX_BLOB)

void credential_wrap(authn *a, const uint8_t rp_id_hash32[32], credential *made) {
    uint8_t plain[WRAPPED_MAX];
    vk_buf id = {0};
    memcpy(plain, made->key.private32, 32);
    plain[32] = made->protect;
    plain[33] = made->hmac_secret;
    memcpy(plain + WRAPPED_MIN, made->blob, made->blob_len);
    crypto_seal(a->wrap_key32, (vk_bytes){plain, WRAPPED_MIN + made->blob_len},
                (vk_bytes){rp_id_hash32, 32}, &id);
    memcpy(made->id, id.data, id.len);
    made->id_len = id.len;
    vk_buf_clear(&id);
    vk_wipe(plain, sizeof plain);
}

static bool unwrap(const authn *a, vk_bytes id, const uint8_t rp_id_hash32[32], credential *out) {
    uint8_t plain[WRAPPED_MAX];
    if (id.len < CRYPTO_SEAL_OVERHEAD + WRAPPED_MIN ||
        id.len > CRYPTO_SEAL_OVERHEAD + WRAPPED_MAX ||
        !crypto_open(a->wrap_key32, id, (vk_bytes){rp_id_hash32, 32}, plain)) {
        return false;
    }
    *out = (credential){.id_len = id.len, .protect = plain[32], .hmac_secret = plain[33] != 0};
    memcpy(out->id, id.data, id.len);
    memcpy(out->key.private32, plain, 32);
    out->blob_len = id.len - CRYPTO_SEAL_OVERHEAD - WRAPPED_MIN;
    memcpy(out->blob, plain + WRAPPED_MIN, out->blob_len);
    vk_wipe(plain, sizeof plain);
    return true;
}

bool credential_find(authn *a, vk_bytes id, const uint8_t rp_id_hash32[32], credential *out) {
    for (size_t i = 0; i < a->store.count; i++) {
        const credential *c = &a->store.items[i];
        if (c->id_len == id.len && memcmp(c->id, id.data, id.len) == 0 &&
            memcmp(c->rp_id_hash32, rp_id_hash32, 32) == 0) {
            *out = *c;
            return true;
        }
    }
    return unwrap(a, id, rp_id_hash32, out);
}

void credential_derive(const authn *a, const credential *c, const char *label, uint8_t out32[32]) {
    vk_buf message = {0};
    vk_buf_put_text(&message, label);
    vk_buf_put(&message, c->key.private32, 32);
    crypto_hmac(a->derive_key32, vk_buf_view(&message), out32);
    vk_buf_clear(&message);
}

/* ---- As CBOR ---- */

void credential_put_descriptor(vk_buf *out, const credential *c, const uint8_t *id) {
    wire_writer map = wire_begin(out);
    wire_member(&map, NAME("id"));
    wire_put_bytes(out, id, c->id_len);
    wire_member(&map, NAME("type"));
    wire_put_text(out, "public-key");
}

static void put_name(wire_writer *map, const char *key, const short_name *value) {
    if (value->present) {
        wire_member(map, NAME(key));
        wire_put_text_len(map->out, value->text, value->len);
    }
}

void credential_put_user(vk_buf *out, const credential *c, bool names) {
    wire_writer map = wire_begin(out);
    wire_member(&map, NAME("id"));
    wire_put_bytes(out, c->user_id, c->user_id_len);
    if (names) {
        put_name(&map, "name", &c->user_name);
        put_name(&map, "displayName", &c->display_name);
    }
}

void credential_put_public_key(vk_buf *out, const p256_key *key) {
    wire_writer cose = wire_begin(out);
    wire_member(&cose, KEY(1));
    wire_put_int(out, 2);
    wire_member(&cose, KEY(3));
    wire_put_int(out, CTAP_ES256);
    wire_member(&cose, KEY(-1));
    wire_put_int(out, 1);
    wire_member(&cose, KEY(-2));
    wire_put_bytes(out, key->x32, 32);
    wire_member(&cose, KEY(-3));
    wire_put_bytes(out, key->y32, 32);
}
