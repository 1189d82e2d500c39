/* authenticatorGetAssertion and authenticatorGetNextAssertion (CTAP 2.1, 6.2 and 6.3). */
#include "internal.h"

#include <string.h>

static uint8_t read_request(const wire_item *map, operation *out) {
    wire_map members = wire_open(map);
    *out = (operation){0};
    out->rp_id = wire_get_text(&members, KEY(1), WIRE_REQUIRED);
    out->client_data_hash = wire_get_bytes(&members, KEY(2), WIRE_REQUIRED);
    wire_require(&members, out->client_data_hash.len == 32, CTAP_INVALID_LENGTH);
    out->list = wire_get(&members, KEY(3), WIRE_ARRAY, WIRE_OPTIONAL);
    out->extensions = wire_get(&members, KEY(4), WIRE_MAP, WIRE_OPTIONAL);
    operation_read_options(&members, 5, 6, out);
    if (members.status != CTAP_OK) {
        return members.status;
    }
    crypto_sha256(out->rp_id, out->rp_id_hash32);
    return operation_read_list(&out->list);
}

static uint8_t check_options(const authn *a, operation *op) {
    if (op->auth_param.data != NULL) {
        op->uv = false;
    }
    if (op->uv && a->options.uv == AUTHN_UV_NONE) {
        return CTAP_INVALID_OPTION;
    }
    return op->has_rk ? CTAP_UNSUPPORTED_OPTION : CTAP_OK;
}

static uint8_t check(authn *a, operation *op, extension_request *extensions) {
    uint8_t status = operation_check_param(a, op);
    if (status == CTAP_OK) {
        status = check_options(a, op);
    }
    if (status == CTAP_OK) {
        status = operation_check_always_uv(a, op);
    }
    if (status == CTAP_OK) {
        status = operation_verify_user(a, op, CTAP_PERMIT_GET_ASSERTION);
    }
    return status == CTAP_OK ? extensions_read_assertion(a, op, extensions) : status;
}

/* ---- Which credential ---- */

/* The first of the list; those of level 3 are there only for who is verified. */
static bool find_listed(authn *a, const operation *op, credential *out) {
    vk_bytes rest = op->list.content;
    wire_item element;
    while (rest.len > 0 && wire_next(&rest, &element)) {
        wire_map descriptor = wire_open(&element);
        vk_bytes id = wire_get_bytes(&descriptor, NAME("id"), WIRE_REQUIRED);
        if (credential_find(a, id, op->rp_id_hash32, out) && (out->protect < 3 || op->verified)) {
            return true;
        }
    }
    return false;
}

/* The newest first; those above level 1 are there only for who is verified. */
static void find_discoverable(authn *a, const operation *op) {
    walk_begin(a, CTAP_GET_ASSERTION, 0);
    for (size_t i = a->store.count; i > 0; i--) {
        const credential *c = &a->store.items[i - 1];
        if (memcmp(c->rp_id_hash32, op->rp_id_hash32, 32) == 0 &&
            (c->protect < 2 || op->verified)) {
            walk_add(a, i - 1);
        }
    }
}

/* ---- The reply ---- */

static void sign(authn *a, const credential *c, const vk_buf *auth_data,
                 const uint8_t client_data_hash32[32], vk_buf *out) {
    vk_buf message = {0};
    p256_key other;
    vk_buf_put(&message, auth_data->data, auth_data->len);
    vk_buf_put(&message, client_data_hash32, 32);
    p256_generate(&other);
    p256_sign(has_mistake(a, AUTHN_WRONG_KEY) ? &other : &c->key, vk_buf_view(&message),
              has_mistake(a, AUTHN_HIGH_S), out);
    vk_buf_clear(&message);
}

/* w: what it was asked for. total: 0 unless there are more. */
static void put_reply(authn *a, const walk *w, const credential *c, bool names, size_t total,
                      vk_buf *reply) {
    vk_buf auth_data = {0}, extensions = {0}, signature = {0};
    uint8_t id[CREDENTIAL_ID_MAX], key32[32];
    extensions_put_assertion(a, &w->extensions, c, w->verified, &extensions);
    auth_data_put(a, w->rp_id_hash32, (w->present ? CTAP_UP : 0) | (w->verified ? CTAP_UV : 0),
                  NULL, &extensions, &auth_data);
    sign(a, c, &auth_data, w->client_data_hash32, &signature);
    memcpy(id, c->id, c->id_len);
    id[0] ^= has_mistake(a, AUTHN_WRONG_ID);
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    credential_put_descriptor(reply, c, id);
    wire_member(&map, KEY(2));
    wire_put_bytes(reply, auth_data.data, auth_data.len);
    wire_member(&map, KEY(3));
    wire_put_bytes(reply, signature.data, signature.len);
    if (c->discoverable) {
        wire_member(&map, KEY(4));
        credential_put_user(reply, c, names);
    }
    if (total > 1) {
        wire_member(&map, KEY(5));
        wire_put_int(reply, (int64_t)total);
    }
    if (w->extensions.large_blob_key && c->large_blob) {
        credential_derive(a, c, "large blob", key32);
        wire_member(&map, KEY(7));
        wire_put_bytes(reply, key32, 32);
    }
    vk_buf_clear(&auth_data);
    vk_buf_clear(&extensions);
    vk_buf_clear(&signature);
}

static void remember(walk *w, const operation *op, const extension_request *extensions) {
    memcpy(w->client_data_hash32, op->client_data_hash.data, 32);
    memcpy(w->rp_id_hash32, op->rp_id_hash32, 32);
    w->present = op->present && op->up;
    w->verified = op->verified;
    w->extensions = *extensions;
}

uint8_t ctap_get_assertion(authn *a, const wire_item *map, vk_buf *reply) {
    operation op;
    extension_request extensions;
    credential listed;
    uint8_t status = read_request(map, &op);
    if (status == CTAP_OK) {
        status = check(a, &op, &extensions);
    }
    if (status != CTAP_OK) {
        return status;
    }
    bool by_list = op.list.number > 0;
    if (by_list ? !find_listed(a, &op, &listed) : (find_discoverable(a, &op), a->walk.count == 0)) {
        return CTAP_NO_CREDENTIALS;
    }
    status = op.up ? operation_touch(a, &op) : CTAP_OK;
    if (status != CTAP_OK) {
        return status;
    }
    remember(&a->walk, &op, &extensions);
    if (by_list) {
        put_reply(a, &a->walk, &listed, false, 0, reply);
        vk_wipe(&listed, sizeof listed);
    } else {
        size_t total = a->walk.count;
        const credential *first = walk_next(a, CTAP_GET_ASSERTION, 0);
        put_reply(a, &a->walk, first, op.verified && total > 1, total, reply);
    }
    return CTAP_OK;
}

uint8_t ctap_get_next_assertion(authn *a, const wire_item *map, vk_buf *reply) {
    (void)map;
    const credential *c = walk_next(a, CTAP_GET_ASSERTION, 0);
    if (c == NULL) {
        return CTAP_NOT_ALLOWED;
    }
    put_reply(a, &a->walk, c, a->walk.verified, 0, reply);
    return CTAP_OK;
}
