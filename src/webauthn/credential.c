/* What a relying party checks of a registration and of an assertion. */
#include "webauthn/internal.h"

#include <string.h>
#include <valetkey/credential.h>
#include <valetkey/eth.h>

static vk_status check_origin(const vk_ceremony *ceremony, const vk_client_data *data,
                              vk_error *err) {
    if (strcmp(data->origin, ceremony->origin) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, "clientDataJSON.origin",
                       "the origin is \"%.100s\", not \"%.100s\"", data->origin, ceremony->origin);
    }
    if (data->cross_origin && !ceremony->allow_cross_origin) {
        return vk_fail(err, VK_ERR_PROHIBITED, "clientDataJSON.crossOrigin",
                       "the credential was used in a frame of another origin");
    }
    return VK_OK;
}

static vk_status check_members(const vk_ceremony *ceremony, const vk_client_data *data, bool create,
                               vk_error *err) {
    if (data->create != create) {
        return vk_fail(err, VK_ERR_MISMATCH, "clientDataJSON.type", "the type is %s, not %s",
                       data->create ? "webauthn.create" : "webauthn.get",
                       create ? "webauthn.create" : "webauthn.get");
    }
    if (!vk_bytes_equal(vk_buf_view(&data->challenge), ceremony->challenge)) {
        return vk_fail(err, VK_ERR_MISMATCH, "clientDataJSON.challenge",
                       "the challenge is not the one that was sent");
    }
    return check_origin(ceremony, data, err);
}

static vk_status check_client_data(const vk_ceremony *ceremony, vk_bytes json, bool create,
                                   vk_error *err) {
    vk_error inner = {0};
    vk_client_data data;
    vk_status status = vk_client_data_read(json, &data, &inner);
    if (status != VK_OK) {
        return vk_fail(err, status, "clientDataJSON", "%s", inner.message);
    }
    status = check_members(ceremony, &data, create, err);
    vk_client_data_clear(&data);
    return status;
}

static vk_status check_flags(const vk_ceremony *ceremony, uint8_t flags, vk_error *err) {
    const char *fault = NULL;
    if ((flags & VK_WEBAUTHN_FLAG_UP) == 0) {
        fault = "the user was not present (flag UP)";
    } else if (ceremony->require_user_verified && (flags & VK_WEBAUTHN_FLAG_UV) == 0) {
        fault = "the user was not verified (flag UV)";
    } else if ((flags & VK_WEBAUTHN_FLAG_BS) != 0 && (flags & VK_WEBAUTHN_FLAG_BE) == 0) {
        fault = "backed up (flag BS) but not eligible (flag BE)";
    }
    return fault == NULL ? VK_OK
                         : vk_fail(err, VK_ERR_PROHIBITED, "authenticatorData", "%s", fault);
}

static vk_status check_auth_data(const vk_ceremony *ceremony, const vk_auth_data *data,
                                 vk_error *err) {
    vk_hash expected;
    vk_status status =
        vk_sha256((vk_bytes){(const uint8_t *)ceremony->rp_id, strlen(ceremony->rp_id)}, &expected);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    if (memcmp(expected.b, data->rp_id_hash.b, sizeof expected.b) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, "authenticatorData",
                       "rpIdHash is not that of \"%.100s\"", ceremony->rp_id);
    }
    return check_flags(ceremony, data->flags, err);
}

static vk_status read_auth_data(vk_bytes bytes, vk_auth_data *out, vk_error *err) {
    vk_error inner = {0};
    vk_status status = vk_auth_data_read(bytes, out, &inner);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "authenticatorData", "%s", inner.message);
}

/* ---- Registration ---- */

static vk_status read_object(vk_bytes object, vk_attestation *attestation, vk_auth_data *auth_data,
                             vk_error *err) {
    vk_error inner = {0};
    vk_status status = vk_attestation_read(object, attestation, &inner);
    if (status != VK_OK) {
        return vk_fail(err, status, "attestationObject", "%s", inner.message);
    }
    return read_auth_data(attestation->auth_data, auth_data, err);
}

static vk_status verify_attestation(const vk_attestation *attestation,
                                    const vk_auth_data *auth_data, vk_bytes client_data,
                                    const vk_attestation_trust *trust, vk_attestation_result *out,
                                    vk_error *err) {
    vk_error inner = {0};
    vk_hash hash;
    vk_status status = vk_sha256(client_data, &hash);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    status = vk_attestation_verify(attestation, auth_data, &hash, trust, out, &inner);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "attestationObject", "%s", inner.message);
}

static void fill(vk_credential *out, const vk_attestation *attestation, const vk_auth_data *data,
                 vk_attestation_result result) {
    *out = (vk_credential){
        .id = data->credential_id,
        .id_hash = vk_keccak256(data->credential_id),
        .flags = data->flags,
        .sign_count = data->sign_count,
        .format = attestation->format,
        .attestation = result,
    };
    memcpy(out->point65, data->point65, sizeof out->point65);
    memcpy(out->aaguid, data->aaguid, sizeof out->aaguid);
}

vk_status vk_credential_register(const vk_ceremony *ceremony, vk_bytes attestation_object,
                                 vk_bytes client_data, const vk_attestation_trust *trust,
                                 vk_credential *out, vk_error *err) {
    vk_attestation attestation;
    vk_auth_data auth_data;
    vk_attestation_result result = VK_ATTESTED_NOT;
    vk_status status = check_client_data(ceremony, client_data, true, err);
    if (status == VK_OK) {
        status = read_object(attestation_object, &attestation, &auth_data, err);
    }
    if (status == VK_OK) {
        status = check_auth_data(ceremony, &auth_data, err);
    }
    if (status == VK_OK) {
        status = verify_attestation(&attestation, &auth_data, client_data, trust, &result, err);
    }
    if (status == VK_OK) {
        fill(out, &attestation, &auth_data, result);
    }
    return status;
}

/* ---- Assertions ---- */

static vk_status verify_signature(const vk_credential *credential,
                                  const vk_credential_answer *answer, vk_error *err) {
    vk_error inner = {0};
    uint8_t signature64[64];
    vk_hash digest;
    vk_status status = vk_p256_signature_read(answer->signature_der, signature64, &inner);
    if (status != VK_OK) {
        return vk_fail(err, status, "signature", "%s", inner.message);
    }
    status = vk_webauthn_digest(answer->auth_data, answer->client_data, &digest);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    return vk_p256_verify(credential->point65, &digest, signature64) == VK_OK
               ? VK_OK
               : vk_fail(err, VK_ERR_SIGNATURE, "signature",
                         "the signature is not one of the credential's key");
}

/* Authenticators that count, and only those, show that they were not copied. */
static vk_status check_count(uint32_t before, uint32_t now, vk_error *err) {
    if ((before == 0 && now == 0) || now > before) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_MISMATCH, "authenticatorData",
                   "the sign count is %lu and was %lu: the authenticator may have been copied",
                   (unsigned long)now, (unsigned long)before);
}

vk_status vk_credential_verify(const vk_ceremony *ceremony, const vk_credential *credential,
                               const vk_credential_answer *answer, uint32_t *sign_count,
                               vk_error *err) {
    vk_auth_data auth_data;
    vk_status status = check_client_data(ceremony, answer->client_data, false, err);
    if (status == VK_OK) {
        status = read_auth_data(answer->auth_data, &auth_data, err);
    }
    if (status == VK_OK) {
        status = check_auth_data(ceremony, &auth_data, err);
    }
    if (status == VK_OK) {
        status = verify_signature(credential, answer, err);
    }
    if (status == VK_OK) {
        status = check_count(credential->sign_count, auth_data.sign_count, err);
    }
    if (status == VK_OK) {
        *sign_count = auth_data.sign_count;
    }
    return status;
}
