#include "batch/in_webauthn.h"

#include <string.h>

/* WebAuthn's own limit for a credential id. */
#define CREDENTIAL_ID_MAX 1023

/* ---- Passkeys ---- */

static vk_bytes read_credential_id(const vk_in *in) {
    const char *text = vk_in_free_text(in, "authenticatorId");
    vk_buf raw = {0};
    vk_status status = vk_base64url_read(text, strlen(text), &raw);
    if (status != VK_OK) {
        vk_in_fail(in, "authenticatorId", status,
                   "\"authenticatorId\" must be the credential id in base64url without padding");
    } else if (raw.len > CREDENTIAL_ID_MAX) {
        vk_in_fail(in, "authenticatorId", VK_ERR_SIZE,
                   "\"authenticatorId\" has %zu bytes, more than %d", raw.len, CREDENTIAL_ID_MAX);
    }
    vk_bytes out = vk_in_keep(in, vk_buf_view(&raw));
    vk_buf_clear(&raw);
    return out;
}

static void read_name(const vk_in *in, vk_in_passkey_key *out) {
    if (!vk_in_has(in, "authenticatorId")) {
        out->authenticator_id_hash = vk_in_hash(in, "authenticatorIdHash");
        return;
    }
    out->credential_id = read_credential_id(in);
    out->authenticator_id_hash = vk_keccak256(out->credential_id);
    vk_in_same_bytes(in, "authenticatorIdHash",
                     (vk_bytes){out->authenticator_id_hash.b, sizeof(vk_hash)});
}

static void read_point(const vk_in *in, uint8_t point65[65]) {
    vk_u256 x = vk_in_u256(in, "pubX", 256), y = vk_in_u256(in, "pubY", 256);
    point65[0] = 0x04;
    memcpy(point65 + 1, x.be, sizeof x.be);
    memcpy(point65 + 33, y.be, sizeof y.be);
    if (vk_in_status(in) == VK_OK && vk_p256_check_point(point65) != VK_OK) {
        vk_in_fail(in, NULL, VK_ERR_FORMAT, "(pubX, pubY) is not a point of P-256");
    }
}

vk_in_passkey_key vk_in_passkey(const vk_in *in, const char *name) {
    static const char *const members[] = {"pubX", "pubY", "authenticatorId", "authenticatorIdHash",
                                          "rpID", NULL};
    vk_in_passkey_key out = {0};
    vk_in passkey = vk_in_object(in, name);
    vk_in_only(&passkey, members);
    read_point(&passkey, out.point65);
    read_name(&passkey, &out);
    return out;
}

/* ---- Assertions ---- */

void vk_in_p256_signature(const vk_in *in, const char *name, uint8_t signature64[64]) {
    vk_error err = {0};
    memset(signature64, 0, 64);
    vk_bytes der = vk_in_bytes(in, name);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, name, vk_p256_signature_read(der, signature64, &err), &err);
    }
    vk_p256_lower_s(signature64 + 32);
}

/* What follows from the other members. */
static void check_redundant(const vk_in *in, const vk_webauthn_assertion *assertion,
                            const vk_hash *challenge) {
    vk_hash digest = {{0}};
    if (challenge != NULL) {
        vk_in_same_bytes(in, "challenge", (vk_bytes){challenge->b, sizeof challenge->b});
    } else if (vk_in_has(in, "challenge")) {
        vk_in_hash(in, "challenge");
    }
    if (vk_in_has(in, "clientDataJSONText")) {
        const char *text = vk_in_text(in, "clientDataJSONText");
        if (!vk_bytes_equal(assertion->client_data,
                            (vk_bytes){(const uint8_t *)text, strlen(text)})) {
            vk_in_fail(in, "clientDataJSONText", VK_ERR_MISMATCH,
                       "\"clientDataJSONText\" is not the text of \"clientDataJSON\"");
        }
    }
    vk_in_check(in, NULL,
                vk_webauthn_digest(assertion->auth_data, assertion->client_data, &digest));
    vk_in_same_bytes(in, "signedDigest", (vk_bytes){digest.b, sizeof digest.b});
}

static vk_bytes encode(const vk_in *in, const vk_webauthn_assertion *assertion, bool sdk) {
    vk_buf encoded = {0};
    vk_status status = sdk ? vk_webauthn_encode_as_sdk(assertion, &encoded)
                           : vk_webauthn_encode(assertion, &encoded);
    if (status == VK_ERR_FORMAT) {
        vk_in_fail(in, "clientDataJSON", status,
                   "\"clientDataJSON\" has no \"type\":\"webauthn.get\"");
    }
    vk_in_check(in, NULL, status);
    vk_bytes out = vk_in_keep(in, vk_buf_view(&encoded));
    vk_buf_clear(&encoded);
    return out;
}

vk_bytes vk_in_assertion(const vk_in *in, const char *name, const vk_hash *challenge,
                         uint64_t chain_id, bool sdk) {
    static const char *const members[] = {"challenge",
                                          "authenticatorData",
                                          "clientDataJSON",
                                          "clientDataJSONText",
                                          "signatureDer",
                                          "signedDigest",
                                          NULL};
    vk_in object = vk_in_object(in, name);
    vk_in_only(&object, members);
    uint8_t signature64[64];
    vk_in_p256_signature(&object, "signatureDer", signature64);
    vk_webauthn_assertion assertion = {
        .auth_data = vk_in_bytes(&object, "authenticatorData"),
        .client_data = vk_in_bytes(&object, "clientDataJSON"),
        .use_precompiled = vk_webauthn_chain_has_precompile(chain_id),
    };
    memcpy(assertion.r, signature64, 32);
    memcpy(assertion.s, signature64 + 32, 32);
    check_redundant(&object, &assertion, challenge);
    return vk_in_status(in) == VK_OK ? encode(&object, &assertion, sdk) : (vk_bytes){NULL, 0};
}
