/* authenticatorMakeCredential (CTAP 2.1, 6.1). */
#include "internal.h"

#include <string.h>

typedef struct request {
    operation op;
    wire_item parameters;
    vk_bytes user_id, user_name, display_name, rp_name;
    bool enterprise;
    extension_request extensions;
} request;

/* ---- The request ---- */

static void read_rp(wire_map *members, request *out) {
    wire_item rp = wire_get(members, KEY(2), WIRE_MAP, WIRE_REQUIRED);
    if (members->status != CTAP_OK) {
        return;
    }
    wire_map names = wire_open(&rp);
    out->op.rp_id = wire_get_text(&names, NAME("id"), WIRE_REQUIRED);
    out->rp_name = wire_get_text(&names, NAME("name"), WIRE_OPTIONAL);
    wire_require(&names, out->op.rp_id.len < sizeof((credential *)0)->rp_id, CTAP_LIMIT_EXCEEDED);
    wire_require(members, names.status == CTAP_OK, names.status);
    crypto_sha256(out->op.rp_id, out->op.rp_id_hash32);
}

static void read_user(wire_map *members, request *out) {
    wire_item user = wire_get(members, KEY(3), WIRE_MAP, WIRE_REQUIRED);
    if (members->status != CTAP_OK) {
        return;
    }
    wire_map names = wire_open(&user);
    out->user_id = wire_get_bytes(&names, NAME("id"), WIRE_REQUIRED);
    out->user_name = wire_get_text(&names, NAME("name"), WIRE_OPTIONAL);
    out->display_name = wire_get_text(&names, NAME("displayName"), WIRE_OPTIONAL);
    wire_require(&names, out->user_id.len >= 1 && out->user_id.len <= 64, CTAP_INVALID_LENGTH);
    wire_require(members, names.status == CTAP_OK, names.status);
}

static uint8_t read_request(const wire_item *map, request *out) {
    wire_map members = wire_open(map);
    *out = (request){0};
    out->op.client_data_hash = wire_get_bytes(&members, KEY(1), WIRE_REQUIRED);
    wire_require(&members, out->op.client_data_hash.len == 32, CTAP_INVALID_LENGTH);
    read_rp(&members, out);
    read_user(&members, out);
    out->parameters = wire_get(&members, KEY(4), WIRE_ARRAY, WIRE_REQUIRED);
    out->op.list = wire_get(&members, KEY(5), WIRE_ARRAY, WIRE_OPTIONAL);
    out->op.extensions = wire_get(&members, KEY(6), WIRE_MAP, WIRE_OPTIONAL);
    operation_read_options(&members, 7, 8, &out->op);
    wire_get_unsigned(&members, KEY(10), WIRE_OPTIONAL, 0);
    out->enterprise = wire_any(&members, KEY(10), WIRE_OPTIONAL).encoded.data != NULL;
    return members.status == CTAP_OK ? operation_read_list(&out->op.list) : members.status;
}

/* ES256 must be among the pairs of type and algorithm, of which all must be whole. */
static uint8_t check_parameters(const wire_item *parameters) {
    vk_bytes rest = parameters->content;
    wire_item element;
    bool found = false;
    while (rest.len > 0 && wire_next(&rest, &element)) {
        wire_map pair = wire_open(&element);
        wire_require(&pair, element.type == WIRE_MAP, CTAP_UNEXPECTED_TYPE);
        vk_bytes type = wire_get_text(&pair, NAME("type"), WIRE_REQUIRED);
        int64_t algorithm = wire_get_int(&pair, NAME("alg"), WIRE_REQUIRED, 0);
        if (pair.status != CTAP_OK) {
            return pair.status;
        }
        found |=
            algorithm == CTAP_ES256 && type.len == 10 && memcmp(type.data, "public-key", 10) == 0;
    }
    return found ? CTAP_OK : CTAP_UNSUPPORTED_ALGORITHM;
}

static uint8_t check_options(const authn *a, request *r) {
    operation *op = &r->op;
    if (op->auth_param.data != NULL) {
        op->uv = false;
    }
    if ((op->uv && a->options.uv == AUTHN_UV_NONE) || !op->up) {
        return CTAP_INVALID_OPTION;
    }
    if (op->rk && !has_feature(a, AUTHN_RESIDENT_KEYS)) {
        return CTAP_UNSUPPORTED_OPTION;
    }
    return r->enterprise ? CTAP_INVALID_PARAMETER : CTAP_OK;
}

/* Does this request need user verification that it has none of? */
static uint8_t check_unverified(const authn *a, const operation *op) {
    if (!uv_protected(a) || op->uv || op->auth_param.data != NULL) {
        return CTAP_OK;
    }
    if (has_feature(a, AUTHN_MAKE_CRED_UV_NOT_RQD) && !op->rk) {
        return CTAP_OK;
    }
    return operation_uv_missing(a);
}

static uint8_t check(authn *a, request *r) {
    uint8_t status = operation_check_param(a, &r->op);
    if (status == CTAP_OK) {
        status = check_parameters(&r->parameters);
    }
    if (status == CTAP_OK) {
        status = check_options(a, r);
    }
    if (status == CTAP_OK) {
        status = operation_check_always_uv(a, &r->op);
    }
    if (status == CTAP_OK) {
        status = check_unverified(a, &r->op);
    }
    return status == CTAP_OK ? extensions_read_creation(a, &r->op, &r->extensions) : status;
}

/* A credential of level 3 exists only for those who are verified. */
static bool is_excluded(authn *a, const operation *op) {
    vk_bytes rest = op->list.content;
    wire_item element;
    credential found;
    while (rest.len > 0 && wire_next(&rest, &element)) {
        wire_map descriptor = wire_open(&element);
        vk_bytes id = wire_get_bytes(&descriptor, NAME("id"), WIRE_REQUIRED);
        if (credential_find(a, id, op->rp_id_hash32, &found) &&
            (found.protect < 3 || op->verified)) {
            return true;
        }
    }
    return false;
}

/* ---- The credential ---- */

static uint8_t make(authn *a, const request *r, credential *out) {
    const operation *op = &r->op;
    const extension_request *wanted = &r->extensions;
    *out = (credential){.discoverable = op->rk,
                        .protect = wanted->protect == 0 ? 1 : wanted->protect,
                        .hmac_secret = wanted->hmac_secret,
                        .large_blob = wanted->large_blob_key};
    p256_generate(&out->key);
    if (wanted->blob && wanted->blob_value.len <= CTAP_MAX_BLOB) {
        memcpy(out->blob, wanted->blob_value.data, wanted->blob_value.len);
        out->blob_len = wanted->blob_value.len;
    }
    if (!op->rk) {
        credential_wrap(a, op->rp_id_hash32, out);
        return CTAP_OK;
    }
    out->id_len = 32;
    crypto_random(out->id, out->id_len);
    memcpy(out->rp_id_hash32, op->rp_id_hash32, 32);
    memcpy(out->rp_id, op->rp_id.data, op->rp_id.len);
    memcpy(out->user_id, r->user_id.data, r->user_id.len);
    out->user_id_len = r->user_id.len;
    name_set(&out->rp_name, r->rp_name);
    name_set(&out->user_name, r->user_name);
    name_set(&out->display_name, r->display_name);
    return credential_add(a, out) ? CTAP_OK : CTAP_KEY_STORE_FULL;
}

/* ---- The reply ---- */

static void put_statement(authn *a, const credential *made, const vk_buf *auth_data,
                          vk_bytes client_data_hash, vk_buf *out) {
    bool x5c = has_feature(a, AUTHN_X5C);
    vk_buf message = {0}, signature = {0};
    vk_buf_put(&message, auth_data->data, auth_data->len);
    vk_buf_put(&message, client_data_hash.data, client_data_hash.len);
    p256_sign(x5c ? &a->attestation_key : &made->key, vk_buf_view(&message),
              has_mistake(a, AUTHN_HIGH_S), &signature);
    signature.data[signature.len - 1] ^= has_mistake(a, AUTHN_BAD_ATTESTATION);
    wire_writer map = wire_begin(out);
    wire_member(&map, NAME("alg"));
    wire_put_int(out, CTAP_ES256);
    wire_member(&map, NAME("sig"));
    wire_put_bytes(out, signature.data, signature.len);
    if (x5c) {
        wire_member(&map, NAME("x5c"));
        wire_put_array(out, 1);
        wire_put_bytes(out, a->attestation_leaf.data, a->attestation_leaf.len);
    }
    vk_buf_clear(&message);
    vk_buf_clear(&signature);
}

static void put_reply(authn *a, const request *r, const credential *made, vk_buf *reply) {
    vk_buf auth_data = {0}, extensions = {0};
    uint8_t key32[32];
    extensions_put_creation(a, &r->op, &r->extensions, made, &extensions);
    auth_data_put(a, r->op.rp_id_hash32, CTAP_UP | (r->op.verified ? CTAP_UV : 0), made,
                  &extensions, &auth_data);
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    wire_put_text(reply, "packed");
    wire_member(&map, KEY(2));
    wire_put_bytes(reply, auth_data.data, auth_data.len);
    wire_member(&map, KEY(3));
    put_statement(a, made, &auth_data, r->op.client_data_hash, reply);
    if (made->large_blob) {
        credential_derive(a, made, "large blob", key32);
        wire_member(&map, KEY(5));
        wire_put_bytes(reply, key32, 32);
    }
    vk_buf_clear(&auth_data);
    vk_buf_clear(&extensions);
}

uint8_t ctap_make_credential(authn *a, const wire_item *map, vk_buf *reply) {
    request r;
    credential made;
    uint8_t status = read_request(map, &r);
    if (status == CTAP_OK) {
        status = check(a, &r);
    }
    if (status == CTAP_OK) {
        status = operation_verify_user(a, &r.op, CTAP_PERMIT_MAKE_CREDENTIAL);
    }
    if (status == CTAP_OK) {
        status = operation_touch(a, &r.op);
    }
    if (status == CTAP_OK && is_excluded(a, &r.op)) {
        status = CTAP_CREDENTIAL_EXCLUDED;
    }
    if (status == CTAP_OK) {
        status = make(a, &r, &made);
    }
    if (status == CTAP_OK) {
        put_reply(a, &r, &made, reply);
        vk_wipe(&made, sizeof made);
    }
    return status;
}
