/*
 * Attestation objects: {"fmt": text, "attStmt": map, "authData": bytes}. Statements:
 *   none      {}
 *   packed    {"alg": int, "sig": bytes[, "x5c": [bytes ...]]}
 *   fido-u2f  {"sig": bytes, "x5c": [bytes]}
 */
#include "webauthn/attestation.h"
#include "webauthn/internal.h"

#include <string.h>
#include <valetkey/credential.h>

static const char *const names[] = {
    [VK_ATTESTATION_NONE] = "none",
    [VK_ATTESTATION_PACKED] = "packed",
    [VK_ATTESTATION_FIDO_U2F] = "fido-u2f",
};

const char *vk_attestation_format_text(vk_attestation_format format) {
    bool known = format >= VK_ATTESTATION_NONE && format <= VK_ATTESTATION_FIDO_U2F;
    return known ? names[format] : "unknown";
}

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, NULL,
                   "the attestation object is not canonical CBOR with %s in its place", what);
}

/* Registered names are of these characters; others are not repeated in a message. */
static bool is_printable(vk_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return text.len > 0;
}

static vk_status read_format(vk_bytes *rest, vk_bytes *last, vk_attestation *out, vk_error *err) {
    vk_bytes text = {0};
    if (vk_cbor_key_is(rest, last, "fmt") != VK_OK || vk_cbor_text(rest, &text) != VK_OK ||
        !is_printable(text)) {
        return malformed(err, "\"fmt\"");
    }
    for (int i = VK_ATTESTATION_NONE; i <= VK_ATTESTATION_FIDO_U2F; i++) {
        if (vk_bytes_equal(text, (vk_bytes){(const uint8_t *)names[i], strlen(names[i])})) {
            out->format = (vk_attestation_format)i;
            return VK_OK;
        }
    }
    return vk_fail(err, VK_ERR_UNSUPPORTED, "fmt",
                   "attestation format \"%.*s\" is not supported: none, packed and fido-u2f are",
                   (int)(text.len < 32 ? text.len : 32), (const char *)text.data);
}

static vk_status read_certificates(vk_bytes *rest, vk_attestation *out, vk_error *err) {
    uint64_t count = 0;
    if (vk_cbor_open(rest, VK_CBOR_ARRAY, &count) != VK_OK) {
        return malformed(err, "the array \"x5c\"");
    }
    if (count == 0 || count > VK_ATTESTATION_CERTIFICATES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "attStmt.x5c",
                       "the statement has %llu certificates, not 1 to %d",
                       (unsigned long long)count, VK_ATTESTATION_CERTIFICATES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (vk_cbor_bytes(rest, &out->certificates[i]) != VK_OK) {
            return malformed(err, "byte strings in \"x5c\"");
        }
    }
    out->certificate_count = (size_t)count;
    return VK_OK;
}

static vk_status read_signature(vk_bytes *rest, vk_bytes *last, vk_attestation *out,
                                vk_error *err) {
    if (vk_cbor_key_is(rest, last, "sig") != VK_OK ||
        vk_cbor_bytes(rest, &out->signature) != VK_OK) {
        return malformed(err, "\"sig\"");
    }
    return VK_OK;
}

static vk_status read_x5c(vk_bytes *rest, vk_bytes *last, vk_attestation *out, vk_error *err) {
    if (vk_cbor_key_is(rest, last, "x5c") != VK_OK) {
        return malformed(err, "\"x5c\"");
    }
    return read_certificates(rest, out, err);
}

static vk_status read_packed(vk_bytes *rest, uint64_t count, vk_attestation *out, vk_error *err) {
    vk_bytes last = {0};
    if (count != 2 && count != 3) {
        return malformed(err, "\"alg\", \"sig\" and perhaps \"x5c\"");
    }
    if (vk_cbor_key_is(rest, &last, "alg") != VK_OK || vk_cbor_int(rest, &out->algorithm)) {
        return malformed(err, "\"alg\"");
    }
    vk_status status = read_signature(rest, &last, out, err);
    return status == VK_OK && count == 3 ? read_x5c(rest, &last, out, err) : status;
}

static vk_status read_u2f(vk_bytes *rest, uint64_t count, vk_attestation *out, vk_error *err) {
    vk_bytes last = {0};
    if (count != 2) {
        return malformed(err, "\"sig\" and \"x5c\" alone");
    }
    out->algorithm = VK_COSE_ES256;
    vk_status status = read_signature(rest, &last, out, err);
    return status == VK_OK ? read_x5c(rest, &last, out, err) : status;
}

static vk_status read_statement(vk_bytes *rest, vk_bytes *last, vk_attestation *out,
                                vk_error *err) {
    uint64_t count = 0;
    if (vk_cbor_key_is(rest, last, "attStmt") != VK_OK ||
        vk_cbor_open(rest, VK_CBOR_MAP, &count) != VK_OK) {
        return malformed(err, "\"attStmt\"");
    }
    switch (out->format) {
    case VK_ATTESTATION_PACKED:
        return read_packed(rest, count, out, err);
    case VK_ATTESTATION_FIDO_U2F:
        return read_u2f(rest, count, out, err);
    default:
        return count == 0 ? VK_OK : malformed(err, "an empty \"attStmt\"");
    }
}

static vk_status read_members(vk_bytes *rest, vk_attestation *out, vk_error *err) {
    vk_bytes last = {0};
    uint64_t count = 0;
    if (vk_cbor_open(rest, VK_CBOR_MAP, &count) != VK_OK || count != 3) {
        return malformed(err, "\"fmt\", \"attStmt\" and \"authData\"");
    }
    vk_status status = read_format(rest, &last, out, err);
    if (status == VK_OK) {
        status = read_statement(rest, &last, out, err);
    }
    if (status != VK_OK) {
        return status;
    }
    if (vk_cbor_key_is(rest, &last, "authData") != VK_OK ||
        vk_cbor_bytes(rest, &out->auth_data) != VK_OK) {
        return malformed(err, "\"authData\"");
    }
    return rest->len == 0 ? VK_OK : malformed(err, "nothing");
}

vk_status vk_attestation_read(vk_bytes object, vk_attestation *out, vk_error *err) {
    vk_attestation attestation = {0};
    if (object.len > VK_ATTESTATION_MAX) {
        return vk_fail(err, VK_ERR_SIZE, NULL,
                       "the attestation object has %zu bytes, more than %zu", object.len,
                       VK_ATTESTATION_MAX);
    }
    vk_bytes rest = object;
    vk_status status = read_members(&rest, &attestation, err);
    if (status == VK_OK) {
        *out = attestation;
    }
    return status;
}

/* ---- Writing ---- */

vk_status vk_attestation_write(const char *format, vk_bytes statement, vk_bytes auth_data,
                               vk_buf *out) {
    vk_cbor_put_map(out, 3);
    vk_cbor_put_text(out, "fmt");
    vk_cbor_put_text(out, format);
    vk_cbor_put_text(out, "attStmt");
    vk_buf_put(out, statement.data, statement.len);
    vk_cbor_put_text(out, "authData");
    vk_cbor_put_bytes(out, auth_data);
    return vk_buf_status(out);
}
