/* P-256 public keys in the two forms that WebAuthn carries. */
#include "webauthn/internal.h"

#include <inttypes.h>
#include <string.h>
#include <valetkey/credential.h>

static vk_status not_on_curve(vk_error *err) {
    return vk_fail(err, VK_ERR_FORMAT, NULL, "the public key is not a point of P-256");
}

/* ---- SubjectPublicKeyInfo ---- */

/* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING 0x04 || x || y }: without choices,
 * so that reading is comparing. */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

vk_status vk_p256_spki_read(vk_bytes der, uint8_t point65[65], vk_error *err) {
    if (der.len != VK_P256_SPKI_LEN) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the SubjectPublicKeyInfo has %zu bytes, that of a P-256 key %d", der.len,
                       VK_P256_SPKI_LEN);
    }
    if (memcmp(der.data, spki_head, sizeof spki_head) != 0) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the SubjectPublicKeyInfo is not one of a P-256 key");
    }
    if (vk_p256_check_point(der.data + sizeof spki_head) != VK_OK) {
        return not_on_curve(err);
    }
    memcpy(point65, der.data + sizeof spki_head, 65);
    return VK_OK;
}

void vk_p256_spki_write(const uint8_t point65[65], uint8_t out91[VK_P256_SPKI_LEN]) {
    memcpy(out91, spki_head, sizeof spki_head);
    memcpy(out91 + sizeof spki_head, point65, 65);
}

/* ---- COSE ---- */

enum { COSE_KTY = 1, COSE_ALG = 3, COSE_CRV = -1, COSE_X = -2, COSE_Y = -3 };
enum { KTY_EC2 = 2, CRV_P256 = 1 };

static vk_status read_key(vk_bytes *rest, vk_bytes *last, int64_t wanted, vk_error *err) {
    vk_cbor_item item;
    vk_bytes key = *rest;
    int64_t label = 0;
    vk_status status = vk_cbor_key(rest, last, &item);
    if (status == VK_OK) {
        status = vk_cbor_int(&key, &label);
    }
    return status == VK_OK && label == wanted
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, NULL,
                         "the COSE key must have %" PRId64 " as its next member", wanted);
}

static vk_status read_constant(vk_bytes *rest, vk_bytes *last, int64_t label, int64_t wanted,
                               vk_error *err) {
    int64_t value = 0;
    vk_status status = read_key(rest, last, label, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_cbor_int(rest, &value) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "member %" PRId64 " of the COSE key must be an integer", label);
    }
    if (value != wanted) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "member %" PRId64 " of the COSE key is %" PRId64 "; only %" PRId64
                       " (EC2, ES256, P-256) is supported",
                       label, value, wanted);
    }
    return VK_OK;
}

static vk_status read_coordinate(vk_bytes *rest, vk_bytes *last, int64_t label, uint8_t out32[32],
                                 vk_error *err) {
    vk_bytes bytes = {0};
    vk_status status = read_key(rest, last, label, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_cbor_bytes(rest, &bytes) != VK_OK || bytes.len != 32) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "member %" PRId64 " of the COSE key must be a byte string of 32 bytes",
                       label);
    }
    memcpy(out32, bytes.data, 32);
    return VK_OK;
}

static vk_status read_members(vk_bytes *rest, uint8_t point65[65], vk_error *err) {
    vk_bytes last = {0};
    vk_status status = read_constant(rest, &last, COSE_KTY, KTY_EC2, err);
    if (status == VK_OK) {
        status = read_constant(rest, &last, COSE_ALG, VK_COSE_ES256, err);
    }
    if (status == VK_OK) {
        status = read_constant(rest, &last, COSE_CRV, CRV_P256, err);
    }
    if (status == VK_OK) {
        status = read_coordinate(rest, &last, COSE_X, point65 + 1, err);
    }
    if (status == VK_OK) {
        status = read_coordinate(rest, &last, COSE_Y, point65 + 33, err);
    }
    return status;
}

vk_status vk_p256_cose_next(vk_bytes *rest, uint8_t point65[65], vk_error *err) {
    uint64_t count = 0;
    uint8_t point[65] = {0x04};
    if (vk_cbor_open(rest, VK_CBOR_MAP, &count) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, NULL, "the COSE key is not a CBOR map");
    }
    vk_status status = read_members(rest, point, err);
    if (status != VK_OK) {
        return status;
    }
    if (count != 5) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "the COSE key has %" PRIu64 " members, not the 5 of an EC2 key", count);
    }
    if (vk_p256_check_point(point) != VK_OK) {
        return not_on_curve(err);
    }
    memcpy(point65, point, sizeof point);
    return VK_OK;
}

vk_status vk_p256_cose_read(vk_bytes cbor, uint8_t point65[65], vk_error *err) {
    uint8_t point[65];
    vk_status status = vk_p256_cose_next(&cbor, point, err);
    if (status == VK_OK && cbor.len > 0) {
        status = vk_fail(err, VK_ERR_FORMAT, NULL, "%zu bytes follow the COSE key", cbor.len);
    }
    if (status == VK_OK) {
        memcpy(point65, point, sizeof point);
    }
    return status;
}

void vk_p256_cose_write(const uint8_t point65[65], uint8_t out77[VK_P256_COSE_LEN]) {
    static const uint8_t head[] = {0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20};
    static const uint8_t middle[] = {0x22, 0x58, 0x20};
    memcpy(out77, head, sizeof head);
    memcpy(out77 + sizeof head, point65 + 1, 32);
    memcpy(out77 + sizeof head + 32, middle, sizeof middle);
    memcpy(out77 + sizeof head + 32 + sizeof middle, point65 + 33, 32);
}
