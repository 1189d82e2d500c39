/* Session keys that are with a browser: how they come in, and how their assertions become
 * signatures. Here is no private key to ask: everything that is asked was answered already. */
#include "gate/internal.h"

#include "eth/userop_json.h"
#include "webauthn/response_json.h"

#include <string.h>
#include <valetkey/credential.h>

/* ---- Coming in ---- */

#define CHALLENGE_MIN 16
#define CHALLENGE_MAX 1024

static vk_status check_challenge(vk_bytes challenge, vk_error *err) {
    return challenge.len >= CHALLENGE_MIN && challenge.len <= CHALLENGE_MAX
               ? VK_OK
               : vk_fail(err, VK_ERR_SIZE, "CKA_VALETKEY_REGISTRATION_CHALLENGE",
                         "a challenge has %d to %d bytes, not %zu", CHALLENGE_MIN, CHALLENGE_MAX,
                         challenge.len);
}

/* Formats without a certificate say nothing that an anchor could vouch for. */
static vk_status check_trust(const vk_gate_registration *registration,
                             const vk_credential *credential, vk_error *err) {
    return registration->anchor_count == 0 || credential->attestation == VK_ATTESTED_TRUSTED
               ? VK_OK
               : vk_fail(err, VK_ERR_SIGNATURE, "attestationObject",
                         "the attestation (%s) has no certificate that a trust anchor could vouch "
                         "for",
                         vk_attestation_format_text(credential->format));
}

static vk_status check_point(const vk_gate_registration *registration,
                             const vk_credential *credential, vk_error *err) {
    const uint8_t *point65 = registration->point65;
    return point65 == NULL || memcmp(point65, credential->point65, 65) == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, "CKA_EC_POINT",
                         "the registration is of another public key");
}

static vk_status verify_registration(const vk_key_record *record,
                                     const vk_gate_registration *registration, vk_credential *out,
                                     vk_error *err) {
    const vk_ceremony ceremony = {.challenge = registration->challenge,
                                  .rp_id = record->rp_id,
                                  .origin = record->origin,
                                  .require_user_verified = true};
    const vk_attestation_trust trust = {.anchor_count = registration->anchor_count,
                                        .anchors = registration->anchors,
                                        .now = (int64_t)vk_clock_now()};
    vk_status status = check_challenge(registration->challenge, err);
    if (status == VK_OK) {
        status = vk_credential_register(&ceremony, registration->attestation_object,
                                        registration->client_data,
                                        trust.anchor_count > 0 ? &trust : NULL, out, err);
    }
    if (status == VK_OK) {
        status = check_trust(registration, out, err);
    }
    return status == VK_OK ? check_point(registration, out, err) : status;
}

static vk_status take_credential(const vk_credential *credential, vk_key_record *record) {
    record->curve = VK_CURVE_P256;
    record->home = VK_HOME_REMOTE;
    record->has_blob = record->use_sign_count = false;
    record->has_private = record->has_public = true;
    memcpy(record->point65, credential->point65, sizeof record->point65);
    record->authenticator_id_hash = credential->id_hash;
    vk_buf_clear(&record->credential_id);
    vk_buf_put(&record->credential_id, credential->id.data, credential->id.len);
    return vk_buf_status(&record->credential_id);
}

vk_status vk_gate_import_remote(vk_gate *gate, vk_key_record *record, const vk_key_names *names,
                                const vk_gate_registration *registration, vk_error *err) {
    vk_credential credential;
    if (record->rp_id == NULL || record->origin == NULL) {
        return vk_fail(err, VK_ERR_ARGUMENT, NULL, "a registration is for an rpId and an origin");
    }
    vk_status status = verify_registration(record, registration, &credential, err);
    if (status == VK_OK) {
        status = take_credential(&credential, record);
    }
    if (status == VK_OK) {
        status = vk_gate_complete(gate, record, err);
    }
    return status == VK_OK ? vk_token_key_add(gate->token, record, names, NULL, err) : status;
}

/* ---- An operation with its assertion ---- */

typedef struct signed_request {
    vk_gate_request request;
    vk_assertion_response answer;
    vk_buf encoded; /* as the chain takes it, with a low s */
    uint32_t sign_count;
} signed_request;

static void clear(signed_request *job) {
    vk_gate_request_clear(&job->request);
    vk_assertion_response_clear(&job->answer);
    vk_buf_clear(&job->encoded);
}

static vk_status read_members(const cJSON *json, signed_request *out, vk_error *err) {
    const vk_path path = vk_path_member(NULL, "assertion");
    const cJSON *assertion = vk_json_get(json, "assertion");
    if (assertion == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, "assertion", "member \"assertion\" is missing");
    }
    vk_status status = vk_userop_read_request_object(json, "assertion", &out->request.request, err);
    return status == VK_OK ? vk_assertion_members_read(assertion, &path, &out->answer, err)
                           : status;
}

static vk_status read_payload(vk_bytes payload, signed_request *out, vk_error *err) {
    cJSON *json = NULL;
    vk_status status = vk_json_parse(payload, VK_GATE_ASSERTION_MAX, &json, err);
    if (status == VK_OK) {
        status = read_members(json, out, err);
    }
    cJSON_Delete(json);
    /* Not malformed, but for another EntryPoint: that is a decision, and err names it. */
    return status == VK_ERR_UNSUPPORTED ? VK_DENIED : status;
}

static vk_status read_request(const vk_gate_question *question, signed_request *out,
                              vk_error *err) {
    vk_status status = read_payload(question->payload, out, err);
    if (status == VK_OK) {
        status = vk_gate_request_complete(question->loaded, &out->request, err);
    }
    if (status == VK_OK) {
        vk_gate_request_measure(
            &out->request,
            vk_webauthn_encoded_len(out->answer.auth_data.len, out->answer.client_data.len));
    }
    return status;
}

/* ---- Is it the passkey's answer to this operation? ---- */

/* Another page of the relying party may show it in a frame: neither the user nor the chain is asked
 * about that. That the assertion counts is the token's to check, which knows the counts. */
static vk_status verify_as_relying_party(const vk_loaded *loaded, signed_request *job,
                                         vk_error *err) {
    const vk_key_record *record = &loaded->record;
    const vk_hash *hash = &job->request.hash;
    const vk_ceremony ceremony = {.challenge = {hash->b, sizeof hash->b},
                                  .rp_id = record->rp_id,
                                  .origin = record->origin,
                                  .require_user_verified = true,
                                  .allow_cross_origin = true};
    vk_credential credential = {.id = vk_buf_view(&record->credential_id)};
    const vk_credential_answer answer = {.auth_data = vk_buf_view(&job->answer.auth_data),
                                         .client_data = vk_buf_view(&job->answer.client_data),
                                         .signature_der = vk_buf_view(&job->answer.signature)};
    memcpy(credential.point65, record->point65, sizeof credential.point65);
    return vk_credential_verify(&ceremony, &credential, &answer, &job->sign_count, err);
}

static vk_status encode(signed_request *job, vk_error *err) {
    uint8_t signature64[64];
    vk_webauthn_assertion assertion = {
        .auth_data = vk_buf_view(&job->answer.auth_data),
        .client_data = vk_buf_view(&job->answer.client_data),
        .use_precompiled = vk_webauthn_chain_has_precompile(job->request.grant->grant.chain_id)};
    vk_status status =
        vk_p256_signature_read(vk_buf_view(&job->answer.signature), signature64, err);
    if (status != VK_OK) {
        return status;
    }
    memcpy(assertion.r, signature64, sizeof assertion.r);
    memcpy(assertion.s, signature64 + sizeof assertion.r, sizeof assertion.s);
    vk_p256_lower_s(assertion.s);
    status = vk_webauthn_encode(&assertion, &job->encoded);
    return status != VK_ERR_FORMAT
               ? status
               : vk_fail(err, status, "clientDataJSON", "the type is not webauthn.get");
}

static vk_status verify_as_chain(const vk_loaded *loaded, signed_request *job, vk_error *err) {
    vk_status status = encode(job, err);
    return status == VK_OK ? vk_webauthn_verify(vk_buf_view(&job->encoded), &job->request.hash,
                                                loaded->record.point65, err)
                           : status;
}

/* Whatever is wrong with the assertion, it is a refusal, and the key says why. */
static vk_status refuse(vk_status status, const vk_error *why, vk_error *err) {
    if (status == VK_ERR_MEMORY || status == VK_ERR_CRYPTO) {
        return vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    const char *separator = why->path[0] != '\0' ? ": " : "";
    return vk_fail(err, VK_DENIED, "assertion", "%s%s%s", why->path, separator, why->message);
}

static vk_status verify(const vk_gate_question *question, signed_request *job, vk_error *err) {
    vk_error why = {0};
    vk_status status = verify_as_relying_party(question->loaded, job, &why);
    if (status == VK_OK) {
        status = verify_as_chain(question->loaded, job, &why);
    }
    if (status != VK_OK) {
        status = refuse(status, &why, err);
        vk_gate_note(question, &job->request.hash, status, err);
    }
    return status;
}

/* ---- The signature ---- */

/* Last, so that an assertion for what the policy refuses can be given again later. What is reserved
 * stays reserved where the count shows a copy: whoever has that has the assertion as well. */
static vk_status count(const vk_gate_question *question, const signed_request *job, vk_error *err) {
    const vk_loaded *loaded = question->loaded;
    vk_status status = vk_token_count_assertion(question->gate->token, &job->request.grant->record,
                                                loaded->record.point65, job->sign_count, err);
    vk_gate_note(question, &job->request.hash, status, err);
    return status;
}

static vk_status decide(const vk_gate_question *question, signed_request *job, vk_error *err) {
    vk_gate_decision decision = {0};
    vk_status status = verify(question, job, err);
    if (status == VK_OK) {
        status = vk_gate_decide(question, &job->request, &decision, err);
    }
    return status == VK_OK ? count(question, job, err) : status;
}

static vk_status finish(const signed_request *job, uint8_t *out, size_t len, vk_error *err) {
    const vk_grant *grant = &job->request.grant->grant;
    vk_buf part = {0}, signature = {0};
    vk_grant_session_part(grant, vk_buf_view(&job->encoded), &part);
    vk_status status = vk_buf_status(&part);
    if (status == VK_OK) {
        status = vk_grant_attach(grant, &job->request.request.op, vk_buf_view(&part), &signature);
    }
    if (status == VK_OK && signature.len != len) {
        status = VK_ERR_CRYPTO;
    }
    if (status == VK_OK) {
        memcpy(out, signature.data, len);
    }
    vk_buf_clear(&part);
    vk_buf_clear(&signature);
    return status == VK_OK ? VK_OK : vk_fail(err, status, NULL, "%s", vk_status_text(status));
}

static vk_status sign(const vk_gate_question *question, signed_request *job, uint8_t *out,
                      size_t *out_len, vk_error *err) {
    size_t len = job->request.full_len;
    bool fits = out != NULL && *out_len >= len;
    *out_len = len;
    if (!fits) {
        return out == NULL ? VK_OK : VK_ERR_BUFFER;
    }
    vk_status status = decide(question, job, err);
    return status == VK_OK ? finish(job, out, len, err) : status;
}

vk_status vk_gate_sign_assertion(const vk_gate_question *question, uint8_t *out, size_t *out_len,
                                 vk_error *err) {
    signed_request job = {.sign_count = 0};
    vk_status status = read_request(question, &job, err);
    if (status == VK_OK) {
        status = sign(question, &job, out, out_len, err);
    } else {
        vk_gate_note(question, job.request.has_hash ? &job.request.hash : NULL, status, err);
    }
    clear(&job);
    return status;
}
