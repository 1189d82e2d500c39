#include "pkcs11/sign.h"
#include "pkcs11/attribute.h"
#include "pkcs11/device.h"
#include "pkcs11/refusal.h"
#include "pkcs11/unlock.h"

#include <string.h>

void vk_signing_end(vk_signing *signing) {
    vk_input_clear(&signing->input);
    vk_data_put(signing->loose);
    *signing = (vk_signing){0};
}

/* ---- C_SignInit ---- */

/* The key that is to sign: on the token, or of a session. */
typedef struct signing_key {
    vk_view *view;
    vk_data *loose;
} signing_key;

static void put_key(signing_key *key) {
    vk_view_put(key->view);
    vk_data_put(key->loose);
}

/* The private half of a key that is with a browser is nowhere here: its public one stands for it.
 */
static unsigned signing_kinds(const vk_mechanism *mechanism) {
    return mechanism->form == VK_GATE_ASSERTION ? VK_KIND_PUBLIC : VK_KINDS_PRIVATE_KEY;
}

/* Of the token, and given to the application: a handle of a private object carries its login. */
static CK_RV open_view(vk_session *session, CK_OBJECT_HANDLE handle, const vk_ref *ref,
                       signing_key *out) {
    vk_status status = vk_view_get(session->slot, ref->key_id, &out->view);
    if (status != VK_OK) {
        return status == VK_ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : vk_ck(status, NULL);
    }
    bool is_private = ref->kind == VK_KIND_PRIVATE || out->view->public_is_private;
    if (!vk_handle_is_given(handle, is_private, atomic_load(&session->slot->epoch))) {
        put_key(out);
        return CKR_KEY_HANDLE_INVALID;
    }
    return CKR_OK;
}

/* Only the user sees private keys; without a login that is what to say of a key that is there. */
static CK_RV find_key(vk_session *session, CK_OBJECT_HANDLE handle, const vk_mechanism *mechanism,
                      signing_key *out) {
    vk_ref ref;
    CK_RV rv = vk_handle_get(session->slot->id, handle, &ref);
    if (rv != CKR_OK) {
        return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
    }
    *out = (signing_key){.loose = ref.data};
    if (!(ref.kind & signing_kinds(mechanism))) {
        put_key(out);
        return vk_wrong_key(ref.kind);
    }
    if (vk_slot_role(session->slot) != VK_ROLE_USER) {
        put_key(out);
        return CKR_USER_NOT_LOGGED_IN;
    }
    if (out->loose == NULL) {
        return open_view(session, handle, &ref, out);
    }
    if (!vk_handle_is_given(handle, false, atomic_load(&session->slot->epoch))) {
        put_key(out);
        return CKR_KEY_HANDLE_INVALID;
    }
    return CKR_OK;
}

/* *is_stale: the key was changed since the view was read. */
static CK_RV allowed(vk_session *session, vk_view *view, const vk_mechanism *mechanism,
                     bool *is_stale) {
    if (!view->record.has_private) {
        return mechanism->form == VK_GATE_ASSERTION ? CKR_KEY_FUNCTION_NOT_PERMITTED
                                                    : CKR_KEY_HANDLE_INVALID;
    }
    if (mechanism->form == VK_GATE_LOGIN && view->record.curve != VK_CURVE_P256) {
        return CKR_KEY_TYPE_INCONSISTENT;
    }
    if (!view->may_sign) {
        vk_refusal_note_usage(view);
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    }
    if (!vk_mechanism_is_allowed(&view->record.private_attrs, mechanism->type)) {
        return CKR_MECHANISM_INVALID;
    }
    vk_error err;
    err.path[0] = err.message[0] = '\0';
    vk_status status = vk_gate_allows(session->slot->gate, view->record.id, mechanism->form, &err);
    if (status == VK_OK) {
        status = vk_view_vouch(view, &err);
        *is_stale = status == VK_ERR_MISMATCH;
    }
    CK_RV rv = vk_ck_quietly(status);
    if (!*is_stale) {
        vk_refusal_note(session, view->record.id, status, &err, (vk_bytes){NULL, 0});
    }
    if (status == VK_ERR_NOT_FOUND) {
        return CKR_KEY_HANDLE_INVALID; /* removed since it was looked up */
    }
    return status == VK_DENIED ? CKR_KEY_FUNCTION_NOT_PERMITTED : rv;
}

static bool is_digest(const vk_mechanism *mechanism) {
    return mechanism->form == VK_GATE_DIGEST || mechanism->form == VK_GATE_OTHER_DIGEST;
}

static CK_RV loose_allowed(vk_data *data, const vk_mechanism *mechanism) {
    const vk_object key = {.kind = data->kind, .data = data};
    if (!vk_object_bool(&key, CKA_SIGN, true) || !is_digest(mechanism)) {
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    }
    return vk_object_allows(&key, mechanism->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

static bool wants_login(const signing_key *key) {
    if (key->loose == NULL) {
        return key->view->always_authenticate;
    }
    const vk_object loose = {.kind = key->loose->kind, .data = key->loose};
    return vk_object_bool(&loose, CKA_ALWAYS_AUTHENTICATE, false);
}

/* Takes the count of a session's key over. */
static void begin(vk_signing *signing, const vk_mechanism *mechanism, signing_key *key,
                  bool of_messages) {
    bool always = wants_login(key);
    *signing = (vk_signing){.mechanism = mechanism,
                            .key_id = key->view != NULL ? key->view->record.id : 0,
                            .loose = key->loose,
                            .of_messages = of_messages,
                            .always_authenticate = always,
                            .needs_login = always};
    key->loose = NULL;
}

/* Asked for without a mechanism; an operation of the other kind is somebody else's. */
static CK_RV cancel(vk_signing *signing, bool of_messages) {
    if (signing->mechanism == NULL || signing->of_messages != of_messages) {
        return CKR_ARGUMENTS_BAD;
    }
    vk_signing_end(signing);
    return CKR_OK;
}

#define FIND_TRIES 3

static CK_RV find_allowed(vk_session *session, CK_OBJECT_HANDLE handle,
                          const vk_mechanism *mechanism, signing_key *key) {
    CK_RV rv = CKR_OK;
    bool is_stale = true;
    for (int i = 0; i < FIND_TRIES && is_stale; i++) {
        is_stale = false;
        rv = find_key(session, handle, mechanism, key);
        if (rv != CKR_OK) {
            return rv;
        }
        rv = key->loose != NULL ? loose_allowed(key->loose, mechanism)
                                : allowed(session, key->view, mechanism, &is_stale);
        if (rv != CKR_OK) {
            put_key(key);
        }
    }
    return is_stale ? CKR_FUNCTION_FAILED : rv;
}

CK_RV vk_sign_init(vk_session *session, const CK_MECHANISM *wanted, CK_OBJECT_HANDLE handle,
                   bool of_messages) {
    vk_signing *signing = &session->signing;
    const vk_mechanism *mechanism;
    signing_key key;
    if (wanted == NULL) {
        return cancel(signing, of_messages);
    }
    CK_RV rv = vk_mechanism_find(wanted, CKF_SIGN, &mechanism);
    if (rv == CKR_OK && signing->mechanism != NULL) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv == CKR_OK) {
        rv = find_allowed(session, handle, mechanism, &key);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    begin(signing, mechanism, &key, of_messages);
    put_key(&key);
    return CKR_OK;
}

CK_RV C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, vk_sign_init(session, mechanism, key, false));
}

static CK_RV check_device(vk_session *session, const vk_proof *proof) {
    vk_unlock_secret secret;
    CK_RV rv = vk_unlock_ask(session, proof, &secret);
    if (rv == CKR_OK) {
        rv = vk_unlock_check(session->slot, &secret);
        vk_wipe(&secret, sizeof secret);
    }
    return rv;
}

static CK_RV check_proof(vk_session *session, const vk_proof *proof) {
    vk_slot *slot = session->slot;
    vk_error err = {0};
    bool by_device;
    CK_RV rv = vk_unlock_is_meant(slot, proof, &by_device);
    if (rv != CKR_OK || by_device) {
        return rv != CKR_OK ? rv : check_device(session, proof);
    }
    vk_status status =
        slot->device != NULL
            ? vk_fido2_check_pin(vk_device_fido2(slot->device), proof->pin, proof->len, &err)
            : vk_token_check_pin(slot->token, proof->pin, proof->len);
    return vk_ck(status, &err);
}

CK_RV vk_signing_login(vk_session *session, const vk_proof *proof) {
    vk_signing *signing = &session->signing;
    if (signing->mechanism == NULL || !signing->needs_login) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    CK_RV rv = check_proof(session, proof);
    signing->needs_login = rv != CKR_OK;
    return rv;
}

/* ---- The signature ---- */

CK_RV vk_sign_ready(const vk_signing *signing, bool of_messages) {
    if (signing->mechanism == NULL || signing->of_messages != of_messages) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    return signing->needs_login ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

static CK_RV sign_loosely(const vk_data *data, vk_bytes payload, CK_BYTE *signature,
                          CK_ULONG *signature_len) {
    bool fits = signature != NULL && *signature_len >= VK_SIGNATURE_LEN;
    *signature_len = VK_SIGNATURE_LEN;
    if (!fits) {
        return signature == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    }
    return vk_ck(vk_loose_key_sign(data->key, payload, signature), NULL);
}

/* ---- Touches that a key's step-up rule wants ---- */

static size_t plugged_devices(void *session, vk_device **out, size_t max) {
    (void)session;
    return vk_devices_present(out, max);
}

static void asks_device(void *session, vk_device *device) {
    vk_session_asks(session, device);
}

CK_RV vk_sign_payload(vk_session *session, vk_bytes payload, CK_BYTE *signature,
                      CK_ULONG *signature_len) {
    const vk_signing *signing = &session->signing;
    if (signing->loose != NULL) {
        return sign_loosely(signing->loose, payload, signature, signature_len);
    }
    size_t len = *signature_len;
    vk_error err;
    err.path[0] = err.message[0] = '\0';
    const vk_touch touch = {.devices = plugged_devices, .asks = asks_device, .context = session};
    vk_session_asks(session, session->slot->device);
    vk_status status = vk_gate_sign(session->slot->gate, signing->key_id, signing->mechanism->form,
                                    payload, &touch, signature, &len, &err);
    vk_session_asks(session, NULL);
    if (status == VK_OK || status == VK_ERR_BUFFER) {
        *signature_len = len;
    }
    CK_RV rv = vk_ck_quietly(status);
    vk_refusal_note(session, signing->key_id, status, &err, payload);
    return status == VK_ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : rv;
}

bool vk_sign_was_asked(CK_RV rv, const CK_BYTE *signature) {
    return rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && signature == NULL);
}

static CK_RV end_unless_asked(vk_session *session, CK_RV rv, const CK_BYTE *signature) {
    if (!vk_sign_was_asked(rv, signature)) {
        vk_signing_end(&session->signing);
    }
    return rv;
}

static CK_RV sign(vk_session *session, const CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                  CK_ULONG *signature_len) {
    vk_signing *signing = &session->signing;
    CK_RV rv = vk_sign_ready(signing, false);
    if (rv != CKR_OK) {
        return rv;
    }
    if (signing->input.in_parts) {
        vk_signing_end(signing);
        return CKR_OPERATION_ACTIVE;
    }
    vk_bytes payload;
    rv = signature_len == NULL
             ? CKR_ARGUMENTS_BAD
             : vk_input_whole(&signing->input, signing->mechanism, data, data_len, &payload);
    if (rv == CKR_OK) {
        rv = vk_sign_payload(session, payload, signature, signature_len);
    }
    return end_unless_asked(session, rv, signature);
}

CK_RV C_Sign(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
             CK_ULONG_PTR signature_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, sign(session, data, data_len, signature, signature_len));
}

static CK_RV sign_update(vk_session *session, const CK_BYTE *part, CK_ULONG len) {
    vk_signing *signing = &session->signing;
    CK_RV rv = vk_sign_ready(signing, false);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_input_add(&signing->input, signing->mechanism, part, len);
    if (rv != CKR_OK) {
        vk_signing_end(signing);
    }
    return rv;
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, sign_update(session, part, part_len));
}

static CK_RV sign_final(vk_session *session, CK_BYTE *signature, CK_ULONG *signature_len) {
    vk_signing *signing = &session->signing;
    CK_RV rv = vk_sign_ready(signing, false);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_bytes payload;
    rv = signature_len == NULL ? CKR_ARGUMENTS_BAD
                               : vk_input_parts(&signing->input, signing->mechanism, &payload);
    if (rv == CKR_OK) {
        rv = vk_sign_payload(session, payload, signature, signature_len);
    }
    return end_unless_asked(session, rv, signature);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, sign_final(session, signature, signature_len));
}
