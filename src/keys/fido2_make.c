/* Making a credential, and the checks of what comes back. */
#include "keys/fido2_device.h"

#include "webauthn/attestation.h"
#include "webauthn/cbor.h"

#include <openssl/rand.h>
#include <string.h>
#include <valetkey/eth.h>

/* ---- The request ---- */

static int set_extensions(fido_cred_t *credential, const vk_fido2_wish *wish,
                          const vk_fido2_info *info) {
    bool blob = wish->blob != NULL && info->has_cred_blob;
    bool secret = wish->hmac_secret && info->has_hmac_secret;
    int wanted = (secret ? FIDO_EXT_HMAC_SECRET : 0) | (blob ? FIDO_EXT_CRED_BLOB : 0);
    int code = wanted != 0 ? fido_cred_set_extensions(credential, wanted) : FIDO_OK;
    if (code == FIDO_OK && blob) {
        code = fido_cred_set_blob(credential, wish->blob->b, sizeof wish->blob->b);
    }
    if (code == FIDO_OK && wish->protect != VK_FIDO2_PROTECT_NONE && info->has_cred_protect) {
        code = fido_cred_set_prot(credential, wish->protect);
    }
    return code;
}

static int set_names(fido_cred_t *credential, const vk_fido2_wish *wish) {
    int code = fido_cred_set_type(credential, COSE_ES256);
    if (code == FIDO_OK) {
        code = fido_cred_set_rp(credential, wish->rp_id, wish->rp_id);
    }
    if (code == FIDO_OK) {
        code = fido_cred_set_user(credential, wish->user_id.data, wish->user_id.len,
                                  wish->user_name, wish->user_name, NULL);
    }
    return code == FIDO_OK && wish->discoverable ? fido_cred_set_rk(credential, FIDO_OPT_TRUE)
                                                 : code;
}

static int set_request(fido_cred_t *credential, const vk_fido2_wish *wish,
                       const vk_fido2_info *info, const vk_hash *client_data_hash) {
    int code = set_names(credential, wish);
    if (code == FIDO_OK) {
        code = fido_cred_set_clientdata_hash(credential, client_data_hash->b,
                                             sizeof client_data_hash->b);
    }
    return code == FIDO_OK ? set_extensions(credential, wish, info) : code;
}

/* A security key without PIN and without built-in verification still has touches. */
static int choose_verification(vk_fido2_use *use, const vk_fido2_wish *wish, const char **pin,
                               fido_opt_t *uv) {
    bool can_verify =
        use->fido2->pin != NULL || fido_dev_has_uv(use->dev) || fido_dev_has_pin(use->dev);
    if (can_verify || !wish->touch_only) {
        return vk_fido2_verification(use, pin, uv);
    }
    *pin = NULL;
    *uv = FIDO_OPT_OMIT;
    return FIDO_OK;
}

/* What it has decides what it is asked for. */
static int ask(vk_fido2_use *use, fido_cred_t *credential, const vk_fido2_wish *wish,
               const vk_hash *client_data_hash) {
    vk_fido2_info info;
    const char *pin;
    fido_opt_t uv;
    int code = choose_verification(use, wish, &pin, &uv);
    if (code == FIDO_OK) {
        code = vk_fido2_read_info(use->dev, &info);
    }
    if (code == FIDO_OK) {
        code = set_request(credential, wish, &info, client_data_hash);
    }
    if (code == FIDO_OK) {
        code = fido_cred_set_uv(credential, uv);
    }
    return code == FIDO_OK ? fido_dev_make_cred(use->dev, credential, pin) : code;
}

/* ---- The answer ---- */

/* The members, which libfido2 gives one by one, as the attestation object of WebAuthn. */
static vk_status put_object(const fido_cred_t *credential, vk_buf *out, vk_error *err) {
    const char *format = fido_cred_fmt(credential);
    vk_bytes statement = {fido_cred_attstmt_ptr(credential), fido_cred_attstmt_len(credential)};
    vk_bytes data = {fido_cred_authdata_raw_ptr(credential),
                     fido_cred_authdata_raw_len(credential)};
    bool whole = format != NULL && strlen(format) < 24 && statement.data != NULL &&
                 data.data != NULL && data.len <= VK_ATTESTATION_MAX;
    if (!whole) {
        return vk_fido2_wrong(err, "it is no whole attestation");
    }
    return vk_attestation_write(format, statement, data, out);
}

/* Is this extension's output true? */
static bool is_granted(vk_bytes extensions, const char *name) {
    uint64_t count = 0;
    vk_bytes last = {0};
    const vk_bytes wanted = {(const uint8_t *)name, strlen(name)};
    static const uint8_t cbor_true = 0xf5;
    vk_status status = vk_cbor_open(&extensions, VK_CBOR_MAP, &count);
    for (uint64_t i = 0; status == VK_OK && i < count; i++) {
        vk_cbor_item key;
        status = vk_cbor_key(&extensions, &last, &key);
        const uint8_t *value = extensions.data;
        if (status == VK_OK) {
            status = vk_cbor_skip(&extensions, VK_CBOR_DEPTH_MAX - 1);
        }
        if (status == VK_OK && vk_bytes_equal(key.string, wanted)) {
            return *value == cbor_true;
        }
    }
    return false;
}

static vk_status take_extensions(vk_fido2_made *out, vk_error *err) {
    vk_attestation attestation;
    vk_auth_data data;
    vk_status status =
        vk_attestation_read(vk_buf_view(&out->attestation_object), &attestation, err);
    if (status == VK_OK) {
        status = vk_auth_data_read(attestation.auth_data, &data, err);
    }
    if (status == VK_OK && data.extensions.len > 0) {
        out->has_blob = is_granted(data.extensions, "credBlob");
        out->has_hmac_secret = is_granted(data.extensions, "hmac-secret");
    }
    return status;
}

static vk_status verify(const vk_fido2_wish *wish, vk_bytes challenge, vk_fido2_made *out,
                        vk_error *err) {
    vk_error inner = {0};
    vk_credential credential;
    vk_ceremony ceremony = {.challenge = challenge,
                            .rp_id = wish->rp_id,
                            .origin = wish->origin,
                            .require_user_verified = !wish->touch_only};
    vk_status status =
        vk_credential_register(&ceremony, vk_buf_view(&out->attestation_object),
                               vk_buf_view(&out->client_data), NULL, &credential, &inner);
    if (status != VK_OK) {
        return status == VK_ERR_MEMORY ? status : vk_fido2_wrong(err, inner.message);
    }
    vk_buf_put(&out->credential_id, credential.id.data, credential.id.len);
    memcpy(out->point65, credential.point65, sizeof out->point65);
    memcpy(out->aaguid, credential.aaguid, sizeof out->aaguid);
    out->flags = credential.flags;
    out->sign_count = credential.sign_count;
    out->attestation = credential.attestation;
    status = take_extensions(out, err);
    return status == VK_OK ? vk_buf_status(&out->credential_id) : status;
}

/* ---- Both ---- */

static vk_status choose_challenge(const vk_fido2_wish *wish, vk_hash *random, vk_bytes *out) {
    *out = wish->challenge;
    if (out->len > 0) {
        return VK_OK;
    }
    *out = (vk_bytes){random->b, sizeof random->b};
    return RAND_bytes(random->b, sizeof random->b) == 1 ? VK_OK : VK_ERR_CRYPTO;
}

/* What is refused is not left on the authenticator, where it can be deleted at all. */
static vk_status take(vk_fido2 *fido2, const fido_cred_t *credential, const vk_fido2_wish *wish,
                      vk_bytes challenge, vk_fido2_made *out, vk_error *err) {
    const vk_bytes id = {fido_cred_id_ptr(credential), fido_cred_id_len(credential)};
    vk_status status = put_object(credential, &out->attestation_object, err);
    if (status == VK_OK) {
        status = verify(wish, challenge, out, err);
    }
    if (status != VK_OK && wish->discoverable && id.len > 0) {
        vk_status ignored = vk_fido2_delete(fido2, id, NULL);
        (void)ignored;
    }
    return status;
}

static vk_status make(vk_fido2 *fido2, fido_cred_t *credential, const vk_fido2_wish *wish,
                      vk_fido2_made *out, vk_error *err) {
    vk_hash random, hash;
    vk_bytes challenge;
    vk_fido2_use use;
    vk_status status = choose_challenge(wish, &random, &challenge);
    if (status == VK_OK) {
        status = vk_webauthn_create_client_data(challenge, wish->origin, &out->client_data);
    }
    if (status == VK_OK) {
        status = vk_sha256(vk_buf_view(&out->client_data), &hash);
    }
    if (status == VK_OK) {
        status = vk_fido2_enter(fido2, VK_FIDO2_TOUCH, &use, err);
    }
    if (status == VK_OK) {
        status = vk_fido2_leave(&use, ask(&use, credential, wish, &hash), err);
    }
    return status == VK_OK ? take(fido2, credential, wish, challenge, out, err) : status;
}

vk_status vk_fido2_make(vk_fido2 *fido2, const vk_fido2_wish *wish, vk_fido2_made *out,
                        vk_error *err) {
    *out = (vk_fido2_made){0};
    fido_cred_t *credential = fido_cred_new();
    if (credential == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_status status = make(fido2, credential, wish, out, err);
    fido_cred_free(&credential);
    if (status != VK_OK) {
        vk_fido2_made_clear(out);
    }
    return status;
}

void vk_fido2_made_clear(vk_fido2_made *made) {
    vk_buf_clear(&made->credential_id);
    vk_buf_clear(&made->attestation_object);
    vk_buf_clear(&made->client_data);
    *made = (vk_fido2_made){0};
}
