/* Verifying attestation statements. */
#include "webauthn/certificate.h"
#include "webauthn/internal.h"

#include <openssl/err.h>
#include <string.h>
#include <valetkey/eth.h>

/* authData || clientDataHash: what packed signs. */
static vk_status put_packed(const vk_attestation *attestation, const vk_hash *client_data_hash,
                            vk_buf *out) {
    vk_buf_put(out, attestation->auth_data.data, attestation->auth_data.len);
    vk_buf_put(out, client_data_hash->b, sizeof client_data_hash->b);
    return vk_buf_status(out);
}

/* 0x00 || rpIdHash || clientDataHash || credential id || point65: what U2F signs. */
static vk_status put_u2f(const vk_auth_data *auth_data, const vk_hash *client_data_hash,
                         vk_buf *out) {
    vk_buf_put_byte(out, 0);
    vk_buf_put(out, auth_data->rp_id_hash.b, sizeof auth_data->rp_id_hash.b);
    vk_buf_put(out, client_data_hash->b, sizeof client_data_hash->b);
    vk_buf_put(out, auth_data->credential_id.data, auth_data->credential_id.len);
    vk_buf_put(out, auth_data->point65, sizeof auth_data->point65);
    return vk_buf_status(out);
}

static vk_status verify_self(const vk_attestation *attestation, const vk_auth_data *auth_data,
                             vk_bytes message, vk_error *err) {
    uint8_t signature64[64];
    vk_hash digest;
    if (attestation->algorithm != VK_COSE_ES256) {
        return vk_fail(err, VK_ERR_MISMATCH, "attStmt.alg",
                       "the statement's algorithm is %lld, that of the credential's key %d",
                       (long long)attestation->algorithm, VK_COSE_ES256);
    }
    vk_status status = vk_p256_signature_read(attestation->signature, signature64, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_sha256(message, &digest);
    if (status != VK_OK) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    return vk_p256_verify(auth_data->point65, &digest, signature64) == VK_OK
               ? VK_OK
               : vk_fail(err, VK_ERR_SIGNATURE, "attStmt.sig",
                         "the attestation signature is not one of the credential's key");
}

/* A U2F signature covers no aaguid, so there must be none to believe. */
static vk_status check_u2f(const vk_attestation *attestation, const vk_auth_data *auth_data,
                           X509 *certificate, vk_error *err) {
    static const uint8_t none[16];
    if (attestation->certificate_count != 1) {
        return vk_fail(err, VK_ERR_FORMAT, "attStmt.x5c",
                       "a fido-u2f statement has one certificate, not %zu",
                       attestation->certificate_count);
    }
    if (memcmp(auth_data->aaguid, none, sizeof none) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, "authData",
                       "the aaguid of a U2F authenticator must be zero");
    }
    return vk_certificate_check_p256(certificate, err);
}

static vk_status check_certificate(const vk_attestation *attestation, const vk_auth_data *auth_data,
                                   X509 *certificate, vk_error *err) {
    return attestation->format == VK_ATTESTATION_PACKED
               ? vk_certificate_check_packed(certificate, auth_data->aaguid, err)
               : check_u2f(attestation, auth_data, certificate, err);
}

static vk_status verify_certified(const vk_attestation *attestation, const vk_auth_data *auth_data,
                                  vk_bytes message, const vk_attestation_trust *trust,
                                  vk_error *err) {
    X509 *certificate = NULL;
    vk_status status = vk_certificate_read(attestation->certificates[0], &certificate, err);
    if (status == VK_OK) {
        status = check_certificate(attestation, auth_data, certificate, err);
    }
    if (status == VK_OK) {
        status = vk_certificate_verify(certificate, attestation->algorithm, message,
                                       attestation->signature, err);
    }
    if (status == VK_OK && trust != NULL) {
        status = vk_certificate_check_chain(certificate, attestation->certificates + 1,
                                            attestation->certificate_count - 1, trust, err);
    }
    X509_free(certificate);
    return status;
}

static vk_status verify_signed(const vk_attestation *attestation, const vk_auth_data *auth_data,
                               const vk_hash *client_data_hash, const vk_attestation_trust *trust,
                               vk_attestation_result *out, vk_error *err) {
    vk_buf message = {0};
    bool self = attestation->certificate_count == 0;
    vk_status status = attestation->format == VK_ATTESTATION_PACKED
                           ? put_packed(attestation, client_data_hash, &message)
                           : put_u2f(auth_data, client_data_hash, &message);
    if (status != VK_OK) {
        vk_fail(err, status, NULL, "%s", vk_status_text(status));
    } else if (self) {
        status = verify_self(attestation, auth_data, vk_buf_view(&message), err);
    } else {
        status = verify_certified(attestation, auth_data, vk_buf_view(&message), trust, err);
    }
    vk_buf_clear(&message);
    if (status == VK_OK) {
        *out = self ? VK_ATTESTED_SELF : trust == NULL ? VK_ATTESTED_SIGNED : VK_ATTESTED_TRUSTED;
    }
    return status;
}

vk_status vk_attestation_verify(const vk_attestation *attestation, const vk_auth_data *auth_data,
                                const vk_hash *client_data_hash, const vk_attestation_trust *trust,
                                vk_attestation_result *out, vk_error *err) {
    if ((auth_data->flags & VK_WEBAUTHN_FLAG_AT) == 0) {
        return vk_fail(err, VK_ERR_FORMAT, "authData",
                       "authenticatorData has no attested credential data (flag AT)");
    }
    if (attestation->format == VK_ATTESTATION_NONE) {
        *out = VK_ATTESTED_NOT;
        return VK_OK;
    }
    ERR_set_mark();
    vk_status status = verify_signed(attestation, auth_data, client_data_hash, trust, out, err);
    ERR_pop_to_mark();
    return status;
}
