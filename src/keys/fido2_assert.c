/* Assertions: asking for one, and the checks of what comes back. */
#include "keys/fido2_device.h"

#include "webauthn/cbor.h"

#include <fido/es256.h>
#include <openssl/rand.h>
#include <string.h>
#include <valetkey/eth.h>

/* ---- The request ---- */

static int set_extensions(fido_assert_t *assertion, const vk_fido2_question *question) {
    int wanted = (question->with_blob ? FIDO_EXT_CRED_BLOB : 0) |
                 (question->salt32 != NULL ? FIDO_EXT_HMAC_SECRET : 0);
    int code = wanted != 0 ? fido_assert_set_extensions(assertion, wanted) : FIDO_OK;
    return code == FIDO_OK && question->salt32 != NULL
               ? fido_assert_set_hmac_salt(assertion, question->salt32, 32)
               : code;
}

static int set_request(fido_assert_t *assertion, const vk_fido2_question *question,
                       const vk_hash *client_data_hash) {
    int code = fido_assert_set_rp(assertion, question->rp_id);
    if (code == FIDO_OK) {
        code = fido_assert_set_clientdata_hash(assertion, client_data_hash->b,
                                               sizeof client_data_hash->b);
    }
    if (code == FIDO_OK) {
        code = fido_assert_allow_cred(assertion, question->credential_id.data,
                                      question->credential_id.len);
    }
    return code == FIDO_OK ? set_extensions(assertion, question) : code;
}

/* How the user is verified: not at all, by the PIN of this question, or as the key is logged in. */
static int choose_verification(vk_fido2_use *use, const vk_fido2_question *question,
                               const char *own_pin, const char **pin, fido_opt_t *uv) {
    *pin = own_pin;
    *uv = FIDO_OPT_OMIT;
    return question->touch_only || own_pin != NULL ? FIDO_OK : vk_fido2_verification(use, pin, uv);
}

static int ask(vk_fido2_use *use, fido_assert_t *assertion, const vk_fido2_question *question,
               const char *own_pin) {
    const char *pin;
    fido_opt_t uv;
    int code = choose_verification(use, question, own_pin, &pin, &uv);
    if (code == FIDO_OK) {
        code = fido_assert_set_uv(assertion, uv);
    }
    return code == FIDO_OK ? fido_dev_get_assert(use->dev, assertion, pin) : code;
}

static vk_status ask_with(vk_fido2 *fido2, fido_assert_t *assertion,
                          const vk_fido2_question *question, const char *own_pin, vk_error *err) {
    vk_fido2_use use;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_TOUCH, &use, err);
    return status == VK_OK ? vk_fido2_leave(&use, ask(&use, assertion, question, own_pin), err)
                           : status;
}

static vk_status ask_whole(vk_fido2 *fido2, fido_assert_t *assertion,
                           const vk_fido2_question *question, vk_error *err) {
    if (question->touch_only || question->pin.len == 0) {
        return ask_with(fido2, assertion, question, NULL, err);
    }
    vk_status status = vk_fido2_pin_check(question->pin, err);
    char *pin = status == VK_OK ? vk_fido2_pin_copy(question->pin) : NULL;
    if (status == VK_OK) {
        status = pin != NULL ? ask_with(fido2, assertion, question, pin, err) : VK_ERR_MEMORY;
    }
    vk_fido2_pin_drop(pin);
    return status;
}

/* ---- The answer ---- */

/* libfido2 before 1.14 gives authenticatorData as the CBOR byte string that it came in. */
static vk_status read_auth_data(const fido_assert_t *assertion, vk_bytes *out, vk_error *err) {
    vk_bytes rest = {fido_assert_authdata_ptr(assertion, 0),
                     fido_assert_authdata_len(assertion, 0)};
    if (rest.data == NULL || vk_cbor_bytes(&rest, out) != VK_OK || rest.len > 0) {
        return vk_fido2_wrong(err, "its authenticatorData is malformed");
    }
    return out->len <= VK_FIDO2_AUTH_DATA_MAX
               ? VK_OK
               : vk_fido2_wrong(err, "its authenticatorData is too long");
}

static vk_status check_credential(const fido_assert_t *assertion, const vk_fido2_question *question,
                                  vk_error *err) {
    if (fido_assert_count(assertion) != 1) {
        return vk_fido2_wrong(err, "it is not one assertion");
    }
    /* With one credential allowed, the answer may leave out which one it is. */
    vk_bytes id = {fido_assert_id_ptr(assertion, 0), fido_assert_id_len(assertion, 0)};
    return id.len == 0 || vk_bytes_equal(id, question->credential_id)
               ? VK_OK
               : vk_fido2_wrong(err, "it is of another credential");
}

static vk_status verify(const vk_fido2_question *question, const vk_credential_answer *answer,
                        uint32_t *sign_count, vk_error *err) {
    vk_error inner = {0};
    vk_ceremony ceremony = {.challenge = question->challenge,
                            .rp_id = question->rp_id,
                            .origin = question->origin,
                            .require_user_verified = !question->touch_only};
    vk_credential credential = {.id = question->credential_id};
    memcpy(credential.point65, question->point65, sizeof credential.point65);
    vk_status status = vk_credential_verify(&ceremony, &credential, answer, sign_count, &inner);
    return status == VK_OK || status == VK_ERR_MEMORY ? status : vk_fido2_wrong(err, inner.message);
}

static vk_status take_signature(vk_bytes der, vk_fido2_answer *out, vk_error *err) {
    vk_status status = vk_p256_signature_read(der, out->signature64, err);
    if (status == VK_OK) {
        vk_p256_lower_s(out->signature64 + 32);
    }
    return status;
}

/* The blob stands in the authenticatorData that was just verified. */
static void take_blob(const fido_assert_t *assertion, vk_fido2_answer *out) {
    out->has_blob = fido_assert_blob_len(assertion, 0) == sizeof out->blob.b;
    if (out->has_blob) {
        memcpy(out->blob.b, fido_assert_blob_ptr(assertion, 0), sizeof out->blob.b);
    }
}

static vk_status take_secret(const fido_assert_t *assertion, vk_fido2_answer *out, vk_error *err) {
    if (fido_assert_hmac_secret_len(assertion, 0) != sizeof out->secret32) {
        return vk_fido2_wrong(err, "it has no hmac-secret");
    }
    memcpy(out->secret32, fido_assert_hmac_secret_ptr(assertion, 0), sizeof out->secret32);
    return VK_OK;
}

static vk_status take_answer(const fido_assert_t *assertion, const vk_fido2_question *question,
                             vk_fido2_answer *out, vk_error *err) {
    vk_credential_answer answer = {
        .client_data = question->client_data,
        .signature_der = {fido_assert_sig_ptr(assertion, 0), fido_assert_sig_len(assertion, 0)}};
    vk_status status = check_credential(assertion, question, err);
    if (status == VK_OK) {
        status = read_auth_data(assertion, &answer.auth_data, err);
    }
    if (status == VK_OK) {
        status = verify(question, &answer, &out->sign_count, err);
    }
    if (status == VK_OK) {
        status = take_signature(answer.signature_der, out, err);
    }
    if (status != VK_OK) {
        return status;
    }
    memcpy(out->auth_data, answer.auth_data.data, answer.auth_data.len);
    out->auth_data_len = answer.auth_data.len;
    take_blob(assertion, out);
    return question->salt32 != NULL ? take_secret(assertion, out, err) : VK_OK;
}

vk_status vk_fido2_assert(vk_fido2 *fido2, const vk_fido2_question *question, vk_fido2_answer *out,
                          vk_error *err) {
    vk_hash hash;
    *out = (vk_fido2_answer){0};
    vk_status status = vk_sha256(question->client_data, &hash);
    fido_assert_t *assertion = status == VK_OK ? fido_assert_new() : NULL;
    if (assertion == NULL) {
        return status != VK_OK ? status : VK_ERR_MEMORY;
    }
    status = vk_fido2_explain(set_request(assertion, question, &hash), err);
    if (status == VK_OK) {
        status = ask_whole(fido2, assertion, question, err);
    }
    if (status == VK_OK) {
        status = take_answer(assertion, question, out, err);
    }
    fido_assert_free(&assertion);
    if (status != VK_OK) {
        vk_wipe(out, sizeof *out);
    }
    return status;
}

/* ---- Which credential is it that it knows? ---- */

static int ask_silently(fido_dev_t *dev, fido_assert_t *assertion, const char *rp_id, vk_bytes id,
                        const uint8_t hash32[32]) {
    int code = fido_assert_set_rp(assertion, rp_id);
    if (code == FIDO_OK) {
        code = fido_assert_set_clientdata_hash(assertion, hash32, 32);
    }
    if (code == FIDO_OK) {
        code = fido_assert_allow_cred(assertion, id.data, id.len);
    }
    if (code == FIDO_OK) {
        code = fido_assert_set_up(assertion, FIDO_OPT_FALSE);
    }
    return code == FIDO_OK ? fido_dev_get_assert(dev, assertion, NULL) : code;
}

/* With one credential allowed, the answer may leave out which one it is. */
static bool is_about(const fido_assert_t *assertion, vk_bytes id) {
    vk_bytes said = {fido_assert_id_ptr(assertion, 0), fido_assert_id_len(assertion, 0)};
    return fido_assert_count(assertion) == 1 && (said.len == 0 || vk_bytes_equal(said, id));
}

/* It does not know it, or cannot even read it: ids have the form and length of their maker's. */
static bool is_unknown(int code) {
    return code == FIDO_ERR_NO_CREDENTIALS || code == FIDO_ERR_INVALID_CREDENTIAL ||
           code == FIDO_ERR_LIMIT_EXCEEDED || code == FIDO_ERR_INVALID_LENGTH;
}

static int knows(fido_dev_t *dev, const char *rp_id, vk_bytes id, bool *out) {
    static const uint8_t hash[32];
    fido_assert_t *assertion = fido_assert_new();
    *out = false;
    if (assertion == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    int code = ask_silently(dev, assertion, rp_id, id, hash);
    *out = code == FIDO_OK && is_about(assertion, id);
    fido_assert_free(&assertion);
    return is_unknown(code) ? FIDO_OK : code;
}

/* One after the other: how long a list an authenticator takes is its own affair. */
vk_status vk_fido2_which(vk_fido2 *fido2, const char *rp_id, const vk_bytes *ids, size_t count,
                         size_t *index, vk_error *err) {
    vk_fido2_use use;
    bool found = false;
    int code = FIDO_OK;
    *index = count;
    if (count == 0) {
        return VK_OK;
    }
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < count && code == FIDO_OK && !found; i++) {
        code = knows(use.dev, rp_id, ids[i], &found);
        *index = found ? i : count;
    }
    return vk_fido2_leave(&use, code, err);
}

/* ---- Is it really on it? ---- */

static bool is_signed_by(const fido_assert_t *assertion, const uint8_t point65[65]) {
    es256_pk_t *key = es256_pk_new();
    bool is = key != NULL && es256_pk_from_ptr(key, point65 + 1, 64) == FIDO_OK &&
              fido_assert_count(assertion) == 1 &&
              fido_assert_verify(assertion, 0, COSE_ES256, key) == FIDO_OK;
    es256_pk_free(&key);
    return is;
}

static int proves(fido_dev_t *dev, const char *rp_id, vk_bytes id, const uint8_t point65[65],
                  bool *out) {
    uint8_t hash[32];
    fido_assert_t *assertion = fido_assert_new();
    if (assertion == NULL || RAND_bytes(hash, sizeof hash) != 1) {
        fido_assert_free(&assertion);
        return FIDO_ERR_INTERNAL;
    }
    int code = ask_silently(dev, assertion, rp_id, id, hash);
    *out = code == FIDO_OK && is_signed_by(assertion, point65);
    fido_assert_free(&assertion);
    return is_unknown(code) ? FIDO_OK : code;
}

vk_status vk_fido2_proves(vk_fido2 *fido2, const char *rp_id, vk_bytes id,
                          const uint8_t point65[65], bool *out, vk_error *err) {
    vk_fido2_use use;
    *out = false;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    return status == VK_OK ? vk_fido2_leave(&use, proves(use.dev, rp_id, id, point65, out), err)
                           : status;
}
