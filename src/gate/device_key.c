/* Session keys that are on a security key: how they are made, and how they sign. */
#include "gate/device_internal.h"
#include "gate/internal.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

void vk_gate_set_device(vk_gate *gate, vk_device *device) {
    gate->device = device;
}

/* ---- What such a key cannot do ---- */

static vk_status security_key_allows(vk_gate_form form, vk_error *err) {
    if (form == VK_GATE_DIGEST || form == VK_GATE_OTHER_DIGEST) {
        return vk_fail(err, VK_DENIED, "device",
                       "no FIDO2 security key signs a bare digest, only assertions: give it "
                       "the operation itself (CKM_VALETKEY_USEROP)");
    }
    return form == VK_GATE_AGREEMENT
               ? vk_fail(err, VK_DENIED, "device",
                         "no FIDO2 security key agrees on secrets with this key")
               : VK_OK;
}

vk_status vk_gate_home_allows(const vk_loaded *loaded, vk_gate_form form, vk_error *err) {
    bool is_remote = loaded->record.home == VK_HOME_REMOTE;
    if (is_remote != (form == VK_GATE_ASSERTION)) {
        return is_remote
                   ? vk_fail(err, VK_DENIED, "device",
                             "the private key is with a browser or another authenticator: have it "
                             "sign the challenge, and give the assertion to valetkey passkey "
                             "assertion")
                   : vk_fail(err, VK_DENIED, "device",
                             "assertions are taken for passkeys that are with a browser; this key "
                             "signs itself (CKM_VALETKEY_USEROP)");
    }
    return loaded->record.home == VK_HOME_FIDO2 ? security_key_allows(form, err) : VK_OK;
}

static vk_status not_here(vk_error *err) {
    return vk_fail(err, VK_ERR_REMOVED, NULL, "the security key with this key is not plugged in");
}

/* ---- Making ---- */

static vk_status ask(vk_gate *gate, const vk_key_record *record, const vk_device_wish *wish,
                     vk_fido2_made *made, vk_error *err) {
    uint8_t random_id[16];
    vk_hash digest;
    vk_fido2_wish asked = {.rp_id = record->rp_id,
                           .origin = record->origin,
                           .user_id = wish->user_id,
                           .user_name = wish->user_name,
                           .discoverable = wish->discoverable,
                           .hmac_secret = wish->hmac_secret,
                           .protect = wish->protect};
    if (RAND_bytes(random_id, sizeof random_id) != 1) {
        return VK_ERR_CRYPTO;
    }
    if (asked.user_id.len == 0) {
        asked.user_id = (vk_bytes){random_id, sizeof random_id};
    }
    vk_status status = VK_OK;
    if (record->policy != NULL) {
        const vk_bytes policy = {(const uint8_t *)record->policy, strlen(record->policy)};
        status = vk_sha256(policy, &digest);
        asked.blob = &digest;
    }
    return status == VK_OK ? vk_fido2_make(gate->device->fido2, &asked, made, err) : status;
}

static vk_status take_made(const vk_fido2_made *made, vk_key_record *record, vk_error *err) {
    vk_buf_clear(&record->credential_id);
    vk_buf_put(&record->credential_id, made->credential_id.data, made->credential_id.len);
    record->authenticator_id_hash = (vk_hash){{0}};
    memcpy(record->point65, made->point65, sizeof record->point65);
    record->home = VK_HOME_FIDO2;
    record->has_blob = made->has_blob;
    record->use_sign_count = false;
    record->has_private = record->has_public = true;
    vk_status status = vk_buf_status(&record->credential_id);
    return status == VK_OK ? vk_gate_complete_passkey(record, err) : status;
}

vk_status vk_gate_device_make(vk_gate *gate, vk_key_record *record, const vk_device_wish *wish,
                              vk_fido2_made *made, vk_error *err) {
    *made = (vk_fido2_made){0};
    if (gate->device == NULL) {
        return not_here(err);
    }
    vk_status status = vk_gate_complete(gate, record, err);
    if (status == VK_OK) {
        status = ask(gate, record, wish, made, err);
    }
    if (status == VK_OK) {
        status = take_made(made, record, err);
    }
    if (status != VK_OK) {
        vk_fido2_made_clear(made);
    }
    return status;
}

vk_status vk_gate_device_add(vk_gate *gate, vk_key_record *record, const vk_key_names *names,
                             vk_error *err) {
    return vk_token_key_add(gate->token, record, names, NULL, err);
}

vk_status vk_gate_device_delete(vk_gate *gate, const vk_key_record *record, vk_error *err) {
    if (gate->device == NULL) {
        return not_here(err);
    }
    vk_status status =
        vk_fido2_delete(gate->device->fido2, vk_buf_view(&record->credential_id), err);
    return status == VK_ERR_NOT_FOUND ? VK_OK : status;
}

/* ---- Signing ---- */

/* A map of one: the text "credBlob", and 32 bytes. */
#define BLOB_EXTENSION_LEN (1 + 9 + 2 + 32)

size_t vk_gate_device_auth_data_len(const vk_loaded *loaded) {
    return VK_WEBAUTHN_AUTH_DATA_LEN + (loaded->record.has_blob ? BLOB_EXTENSION_LEN : 0);
}

/* What the device signed says for which policy the key was made: that outlives every file. */
static vk_status check_blob(const vk_loaded *loaded, const vk_fido2_answer *answer, vk_error *err) {
    if (!loaded->record.has_blob) {
        return VK_OK;
    }
    bool same = answer->has_blob && memcmp(answer->blob.b, loaded->policy_hash.b, 32) == 0;
    return same ? VK_OK
                : vk_fail(err, VK_DENIED, "credBlob",
                          "the security key says that this key was made for another policy than "
                          "the one that is stored");
}

static vk_status put_answer(const vk_gate_signing *signing, const vk_fido2_answer *answer,
                            vk_bytes client_data, vk_buf *out) {
    vk_webauthn_assertion assertion = {
        .auth_data = {answer->auth_data, answer->auth_data_len},
        .client_data = client_data,
        .use_precompiled = vk_webauthn_chain_has_precompile(signing->grant->grant.chain_id)};
    memcpy(assertion.r, answer->signature64, 32);
    memcpy(assertion.s, answer->signature64 + 32, 32);
    return vk_webauthn_encode(&assertion, out);
}

static vk_status check_answer(const vk_gate_signing *signing, const vk_fido2_answer *answer,
                              vk_error *err) {
    const vk_loaded *loaded = signing->loaded;
    if (answer->auth_data_len != vk_gate_device_auth_data_len(loaded)) {
        return vk_fail(err, VK_ERR_DEVICE, NULL,
                       "the security key gives %zu bytes of authenticatorData, not %zu",
                       answer->auth_data_len, vk_gate_device_auth_data_len(loaded));
    }
    vk_status status = check_blob(loaded, answer, err);
    return status == VK_OK
               ? vk_token_count_assertion(signing->gate->token, &signing->grant->record,
                                          loaded->record.point65, answer->sign_count, err)
               : status;
}

static vk_status ask_assertion(const vk_gate_signing *signing, vk_bytes client_data, vk_buf *out,
                               vk_error *err) {
    vk_fido2_answer answer;
    const vk_key_record *record = &signing->loaded->record;
    const vk_fido2_question question = {
        .rp_id = record->rp_id,
        .origin = record->origin,
        .credential_id = vk_buf_view(&record->credential_id),
        .point65 = record->point65,
        .challenge = {signing->challenge.b, sizeof signing->challenge.b},
        .client_data = client_data,
        .with_blob = record->has_blob};
    vk_status status = vk_fido2_assert(signing->gate->device->fido2, &question, &answer, err);
    if (status == VK_OK) {
        status = check_answer(signing, &answer, err);
    }
    return status == VK_OK ? put_answer(signing, &answer, client_data, out) : status;
}

vk_status vk_gate_device_sign(const vk_gate_signing *signing, vk_buf *out, vk_error *err) {
    vk_buf client_data = {0};
    if (signing->gate->device == NULL) {
        return not_here(err);
    }
    vk_status status =
        vk_webauthn_client_data(&signing->challenge, signing->loaded->record.origin, &client_data);
    if (status == VK_OK) {
        status = ask_assertion(signing, vk_buf_view(&client_data), out, err);
    }
    vk_buf_clear(&client_data);
    return status;
}
