/*
 * Kind webauthn: a credential from its registration, and its assertions as the chain takes them.
 * Bytes are hex without "0x" here, as browsers' cases have them.
 */
#include "batch/in_webauthn.h"
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"registration", "assertions", NULL};
static const char *const registration_members[] = {
    "attestationObject", "clientDataJSON", "challenge", "origin", "rpId", NULL};
static const char *const assertion_members[] = {"clientDataJSON", "authenticatorData",
                                                "signatureDer", "userOpHash", NULL};

/* ---- Bare hex, and texts as bytes ---- */

static vk_bytes read_bare_hex(const vk_in *in, const char *name) {
    const char *digits = vk_in_text(in, name);
    vk_buf text = {0}, bytes = {0};
    vk_buf_printf(&text, "0x%s", digits);
    vk_status status = vk_buf_status(&text);
    if (status == VK_OK) {
        status = vk_hex_read((const char *)text.data, text.len, text.len, &bytes);
    }
    if (status != VK_OK) {
        vk_in_fail(in, name, status, "\"%s\" must be an even number of hex digits, without \"0x\"",
                   name);
    }
    vk_bytes out = vk_in_keep(in, vk_buf_view(&bytes));
    vk_buf_clear(&text);
    vk_buf_clear(&bytes);
    return out;
}

static vk_bytes read_text_bytes(const vk_in *in, const char *name) {
    const char *text = vk_in_text(in, name);
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static void reply_bare_hex(vk_reply *reply, const char *name, vk_bytes bytes) {
    vk_buf text = {0};
    vk_hex_put(&text, bytes);
    char *digits = vk_buf_take_text(&text);
    vk_reply_text(reply, name, digits == NULL ? "" : digits + 2);
    vk_text_free(digits);
}

/* ---- Registration ---- */

/* A frame of another origin is the page's business, and a user who was not verified the chain's. */
static vk_ceremony read_ceremony(const vk_in *in) {
    return (vk_ceremony){
        .challenge = read_bare_hex(in, "challenge"),
        .origin = vk_in_text(in, "origin"),
        .rp_id = vk_in_text(in, "rpId"),
        .allow_cross_origin = true,
    };
}

static vk_credential read_registration(const vk_in *in) {
    vk_error err = {0};
    vk_credential credential = {0};
    vk_in registration = vk_in_object(in, "registration");
    vk_in_only(&registration, registration_members);
    vk_ceremony ceremony = read_ceremony(&registration);
    vk_bytes object = read_bare_hex(&registration, "attestationObject");
    vk_bytes client_data = read_text_bytes(&registration, "clientDataJSON");
    if (vk_in_status(in) == VK_OK) {
        vk_status status =
            vk_credential_register(&ceremony, object, client_data, NULL, &credential, &err);
        vk_in_check_error(&registration, NULL, status, &err);
    }
    return credential;
}

static void reply_credential(vk_reply *reply, const vk_credential *credential) {
    uint8_t signer_data[VK_WEBAUTHN_SIGNER_DATA_LEN];
    vk_webauthn_signer_data(credential->point65, &credential->id_hash, signer_data);
    reply_bare_hex(reply, "publicKeyX", (vk_bytes){credential->point65 + 1, 32});
    reply_bare_hex(reply, "publicKeyY", (vk_bytes){credential->point65 + 33, 32});
    reply_bare_hex(reply, "credentialId", credential->id);
    reply_bare_hex(reply, "authenticatorIdHash",
                   (vk_bytes){credential->id_hash.b, sizeof credential->id_hash.b});
    reply_bare_hex(reply, "signerData", (vk_bytes){signer_data, sizeof signer_data});
    vk_reply_text(reply, "attestationFormat", vk_attestation_format_text(credential->format));
    vk_reply_number(reply, "signCount", credential->sign_count);
}

/* ---- Assertions ---- */

typedef struct assertion {
    vk_webauthn_assertion parts;
    vk_auth_data auth_data;
    vk_hash challenge;
    bool verified; /* s as it was made */
} assertion;

static vk_hash read_challenge(const vk_in *in) {
    vk_hash out = {{0}};
    vk_bytes bytes = read_bare_hex(in, "userOpHash");
    if (bytes.len == sizeof out.b) {
        memcpy(out.b, bytes.data, sizeof out.b);
    } else {
        vk_in_fail(in, "userOpHash", VK_ERR_FORMAT, "\"userOpHash\" must have 32 bytes, not %zu",
                   bytes.len);
    }
    return out;
}

static void read_signature(const vk_in *in, const uint8_t point65[65], assertion *out) {
    vk_error err = {0};
    vk_hash digest = {{0}};
    uint8_t signature64[64] = {0};
    vk_bytes der = read_bare_hex(in, "signatureDer");
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_in_check_error(in, "signatureDer", vk_p256_signature_read(der, signature64, &err), &err);
    vk_in_check(in, NULL,
                vk_webauthn_digest(out->parts.auth_data, out->parts.client_data, &digest));
    out->verified = vk_p256_verify(point65, &digest, signature64) == VK_OK;
    vk_p256_lower_s(signature64 + 32);
    memcpy(out->parts.r, signature64, 32);
    memcpy(out->parts.s, signature64 + 32, 32);
}

static assertion read_assertion(const vk_in *in, const uint8_t point65[65]) {
    vk_error err = {0};
    assertion out = {0};
    vk_in_only(in, assertion_members);
    out.parts.client_data = read_text_bytes(in, "clientDataJSON");
    out.parts.auth_data = read_bare_hex(in, "authenticatorData");
    out.challenge = read_challenge(in);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, "authenticatorData",
                          vk_auth_data_read(out.parts.auth_data, &out.auth_data, &err), &err);
    }
    read_signature(in, point65, &out);
    return out;
}

/* Writes the encoding and says what the contract makes of it. */
static bool reply_encoding(const vk_in *in, vk_reply *reply, const char *name, const assertion *a,
                           bool precompiled, const uint8_t point65[65]) {
    vk_buf encoded = {0};
    vk_webauthn_assertion parts = a->parts;
    parts.use_precompiled = precompiled;
    vk_status status = vk_webauthn_encode(&parts, &encoded);
    if (status == VK_ERR_FORMAT) {
        vk_in_fail(in, "clientDataJSON", status,
                   "\"clientDataJSON\" has no \"type\":\"webauthn.get\"");
    }
    vk_in_check(in, NULL, status);
    reply_bare_hex(reply, name, vk_buf_view(&encoded));
    bool accepted =
        vk_webauthn_verify(vk_buf_view(&encoded), &a->challenge, point65, NULL) == VK_OK;
    vk_buf_clear(&encoded);
    return accepted;
}

static void answer_assertion(const vk_in *in, vk_reply *reply, const uint8_t point65[65]) {
    assertion a = read_assertion(in, point65);
    vk_reply_object(reply, NULL);
    vk_reply_bool(reply, "verified", a.verified);
    vk_reply_number(reply, "flags", a.auth_data.flags);
    vk_reply_number(reply, "signCount", a.auth_data.sign_count);
    reply_bare_hex(reply, "sNormalized", (vk_bytes){a.parts.s, sizeof a.parts.s});
    if (vk_in_status(in) == VK_OK) {
        bool accepted = reply_encoding(in, reply, "signaturePrecompile", &a, true, point65);
        reply_encoding(in, reply, "signatureFallback", &a, false, point65);
        vk_reply_bool(reply, "accepted", accepted);
    }
    vk_reply_object_end(reply);
}

vk_status vk_batch_webauthn(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    size_t count = 0;
    vk_in_only(in, members);
    vk_credential credential = read_registration(in);
    reply_credential(reply, &credential);
    vk_in list = vk_in_list(in, "assertions", &count);
    vk_reply_array(reply, "assertions");
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in element = vk_in_element(&list, i);
        answer_assertion(&element, reply, credential.point65);
    }
    vk_reply_array_end(reply);
    return vk_in_status(in);
}
