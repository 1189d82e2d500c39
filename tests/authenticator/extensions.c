/* credBlob, credProtect, hmac-secret, largeBlobKey, minPinLength (CTAP 2.1, 12). What is switched
 * off is ignored, like any extension that an authenticator does not know. */
#include "internal.h"

#include <string.h>

#define SALT_LEN 32

static bool wanted(wire_map *members, const authn *a, authn_feature feature, const char *name) {
    return has_feature(a, feature) && wire_get_bool(members, NAME(name), false);
}

/* "largeBlobKey": false is an error, and so is one for a credential that is not stored. */
static void read_large_blob_key(wire_map *members, const authn *a, bool possible,
                                extension_request *out) {
    wire_item item = wire_any(members, NAME("largeBlobKey"), WIRE_OPTIONAL);
    if (!has_feature(a, AUTHN_LARGE_BLOBS) || item.encoded.data == NULL) {
        return;
    }
    wire_require(members, item.type == WIRE_BOOL, CTAP_UNEXPECTED_TYPE);
    wire_require(members, item.number != 0 && possible, CTAP_INVALID_OPTION);
    out->large_blob_key = true;
}

static void read_protect(wire_map *members, const authn *a, extension_request *out) {
    if (has_feature(a, AUTHN_CRED_PROTECT)) {
        uint64_t level = wire_get_unsigned(members, NAME("credProtect"), WIRE_OPTIONAL, 0);
        bool given = wire_any(members, NAME("credProtect"), WIRE_OPTIONAL).encoded.data != NULL;
        wire_require(members, level <= 3 && (level >= 1 || !given), CTAP_INVALID_OPTION);
        out->protect = (uint8_t)level;
    }
}

uint8_t extensions_read_creation(const authn *a, const operation *op, extension_request *out) {
    wire_map members = wire_open(&op->extensions);
    *out = (extension_request){0};
    if (has_feature(a, AUTHN_CRED_BLOB)) {
        out->blob_value = wire_get_bytes(&members, NAME("credBlob"), WIRE_OPTIONAL);
        out->blob = out->blob_value.data != NULL;
    }
    read_protect(&members, a, out);
    out->hmac_secret = wanted(&members, a, AUTHN_HMAC_SECRET, "hmac-secret");
    read_large_blob_key(&members, a, op->rk, out);
    out->min_pin_length = wanted(&members, a, AUTHN_MIN_PIN_LENGTH, "minPinLength");
    return members.status;
}

/* ---- hmac-secret in an assertion ---- */

static uint8_t read_salts(const authn *a, const wire_item *map, extension_request *out) {
    wire_map members = wire_open(map);
    vk_buf salts = {0};
    wire_item key = wire_get(&members, KEY(1), WIRE_MAP, WIRE_REQUIRED);
    vk_bytes sealed = wire_get_bytes(&members, KEY(2), WIRE_REQUIRED);
    vk_bytes mac = wire_get_bytes(&members, KEY(3), WIRE_REQUIRED);
    uint64_t protocol = wire_get_unsigned(&members, KEY(4), WIRE_OPTIONAL, 1);
    wire_require(&members, pin_protocol_supported(a, protocol), CTAP_INVALID_PARAMETER);
    if (members.status != CTAP_OK) {
        return members.status;
    }
    uint8_t status = pin_agree(a, (unsigned)protocol, &key, &out->secret);
    if (status == CTAP_OK && !pin_verify(&out->secret, sealed, mac)) {
        status = CTAP_PIN_AUTH_INVALID;
    }
    if (status == CTAP_OK && (!pin_decrypt(&out->secret, sealed, &salts) ||
                              (salts.len != SALT_LEN && salts.len != 2 * SALT_LEN))) {
        status = CTAP_INVALID_LENGTH;
    }
    if (status == CTAP_OK) {
        memcpy(out->salts, salts.data, salts.len);
        out->salts_len = salts.len;
        out->hmac_secret = true;
    }
    vk_buf_clear(&salts);
    return status;
}

uint8_t extensions_read_assertion(const authn *a, const operation *op, extension_request *out) {
    wire_map members = wire_open(&op->extensions);
    *out = (extension_request){0};
    out->blob = wanted(&members, a, AUTHN_CRED_BLOB, "credBlob");
    wire_item salts = {0};
    if (has_feature(a, AUTHN_HMAC_SECRET)) {
        salts = wire_get(&members, NAME("hmac-secret"), WIRE_MAP, WIRE_OPTIONAL);
        wire_require(&members, salts.encoded.data == NULL || op->up, CTAP_UNSUPPORTED_OPTION);
    }
    read_large_blob_key(&members, a, true, out);
    if (members.status != CTAP_OK || salts.encoded.data == NULL) {
        return members.status;
    }
    return read_salts(a, &salts, out);
}

/* ---- Outputs ---- */

static bool may_learn_pin_length(const authn *a, const operation *op) {
    return op->rp_id.len == strlen(a->pin_rp) &&
           memcmp(op->rp_id.data, a->pin_rp, op->rp_id.len) == 0;
}

void extensions_put_creation(authn *a, const operation *op, const extension_request *request,
                             const credential *c, vk_buf *out) {
    wire_writer map = wire_begin(out);
    if (request->blob) {
        wire_member(&map, NAME("credBlob"));
        wire_put_bool(out, c->blob_len == request->blob_value.len);
    }
    if (request->protect > 0) {
        wire_member(&map, NAME("credProtect"));
        wire_put_int(out, request->protect);
    }
    if (request->hmac_secret) {
        wire_member(&map, NAME("hmac-secret"));
        wire_put_bool(out, true);
    }
    if (request->min_pin_length && may_learn_pin_length(a, op)) {
        wire_member(&map, NAME("minPinLength"));
        wire_put_int(out, a->options.min_pin_length);
    }
    if (out->data[map.head] == WIRE_MAP << 5) {
        out->len = map.head;
    }
}

static void put_blob(const authn *a, const credential *c, vk_buf *out) {
    uint8_t blob[CTAP_MAX_BLOB];
    memcpy(blob, c->blob, sizeof blob);
    blob[0] ^= has_mistake(a, AUTHN_WRONG_BLOB);
    wire_put_bytes(out, blob, c->blob_len);
}

static void put_hmac(const authn *a, const extension_request *request, const credential *c,
                     bool verified, vk_buf *out) {
    uint8_t random32[32], outputs[64];
    vk_buf sealed = {0};
    credential_derive(a, c, verified ? "secret with UV" : "secret without UV", random32);
    for (size_t at = 0; at < request->salts_len; at += SALT_LEN) {
        crypto_hmac(random32, (vk_bytes){request->salts + at, SALT_LEN}, outputs + at);
    }
    pin_encrypt(&request->secret, (vk_bytes){outputs, request->salts_len}, &sealed);
    wire_put_bytes(out, sealed.data, sealed.len);
    vk_buf_clear(&sealed);
    vk_wipe(outputs, sizeof outputs);
}

void extensions_put_assertion(authn *a, const extension_request *request, const credential *c,
                              bool verified, vk_buf *out) {
    wire_writer map = wire_begin(out);
    if (request->blob) {
        wire_member(&map, NAME("credBlob"));
        put_blob(a, c, out);
    }
    if (request->hmac_secret && c->hmac_secret) {
        wire_member(&map, NAME("hmac-secret"));
        put_hmac(a, request, c, verified, out);
    }
    if (out->data[map.head] == WIRE_MAP << 5) {
        out->len = map.head;
    }
}
