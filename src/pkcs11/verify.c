#include "gate/loose_key.h"
#include "pkcs11/attribute.h"
#include "pkcs11/sign.h"

#include <string.h>
#include <valetkey/eth.h>
#include <valetkey/webauthn.h>

void vk_verifying_end(vk_verifying *verifying) {
    vk_input_clear(&verifying->input);
    *verifying = (vk_verifying){0};
}

/* ---- C_VerifyInit ---- */

static CK_RV take_key(vk_verifying *verifying, const vk_mechanism *mechanism,
                      const vk_object *object) {
    if (!(object->kind & VK_KINDS_PUBLIC_KEY)) {
        return vk_wrong_key(object->kind);
    }
    if (!vk_object_bool(object, CKA_VERIFY, true)) {
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    }
    if (!vk_object_allows(object, mechanism->type)) {
        return CKR_MECHANISM_INVALID;
    }
    const uint8_t *point65 = vk_object_point(object, &verifying->curve);
    memcpy(verifying->point65, point65, sizeof verifying->point65);
    return CKR_OK;
}

static CK_RV cancel(vk_verifying *verifying, bool of_messages) {
    if (verifying->mechanism == NULL || verifying->of_messages != of_messages) {
        return CKR_ARGUMENTS_BAD;
    }
    vk_verifying_end(verifying);
    return CKR_OK;
}

CK_RV vk_verify_init(vk_session *session, const CK_MECHANISM *wanted, CK_OBJECT_HANDLE handle,
                     bool of_messages) {
    vk_verifying *verifying = &session->verifying;
    const vk_mechanism *mechanism;
    vk_object object;
    if (wanted == NULL) {
        return cancel(verifying, of_messages);
    }
    CK_RV rv = vk_mechanism_find(wanted, CKF_VERIFY, &mechanism);
    if (rv == CKR_OK && verifying->mechanism != NULL) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv == CKR_OK) {
        rv = vk_object_open(session, handle, &object);
    }
    if (rv != CKR_OK) {
        return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
    }
    rv = take_key(verifying, mechanism, &object);
    if (rv == CKR_OK) {
        verifying->mechanism = mechanism;
        verifying->of_messages = of_messages;
    }
    vk_object_close(&object);
    return rv;
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, vk_verify_init(session, mechanism, key, false));
}

/* ---- The verification ---- */

CK_RV vk_verify_ready(const vk_verifying *verifying, bool of_messages) {
    bool is_active = verifying->mechanism != NULL && verifying->of_messages == of_messages;
    return is_active ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV vk_verify_payload(const vk_verifying *verifying, vk_bytes payload, const CK_BYTE *signature,
                        CK_ULONG signature_len) {
    if (signature == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    vk_hash digest;
    if (vk_digest_fit(payload, &digest) != VK_OK) {
        return CKR_DATA_LEN_RANGE;
    }
    if (signature_len != VK_SIGNATURE_LEN) {
        return CKR_SIGNATURE_LEN_RANGE;
    }
    vk_status status = verifying->curve == VK_CURVE_SECP256K1
                           ? vk_secp256k1_verify(verifying->point65, &digest, signature)
                           : vk_p256_verify(verifying->point65, &digest, signature);
    return vk_ck(status, NULL);
}

static CK_RV verify(vk_session *session, const CK_BYTE *data, CK_ULONG data_len,
                    const CK_BYTE *signature, CK_ULONG signature_len) {
    vk_verifying *verifying = &session->verifying;
    CK_RV rv = vk_verify_ready(verifying, false);
    if (rv != CKR_OK) {
        return rv;
    }
    if (verifying->input.in_parts) {
        vk_verifying_end(verifying);
        return CKR_OPERATION_ACTIVE;
    }
    vk_bytes payload;
    rv = vk_input_whole(&verifying->input, verifying->mechanism, data, data_len, &payload);
    if (rv == CKR_OK) {
        rv = vk_verify_payload(verifying, payload, signature, signature_len);
    }
    vk_verifying_end(verifying);
    return rv;
}

CK_RV C_Verify(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
               CK_ULONG signature_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(
                              session, verify(session, data, data_len, signature, signature_len));
}

static CK_RV verify_update(vk_session *session, const CK_BYTE *part, CK_ULONG len) {
    vk_verifying *verifying = &session->verifying;
    CK_RV rv = vk_verify_ready(verifying, false);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_input_add(&verifying->input, verifying->mechanism, part, len);
    if (rv != CKR_OK) {
        vk_verifying_end(verifying);
    }
    return rv;
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, verify_update(session, part, part_len));
}

static CK_RV verify_final(vk_session *session, const CK_BYTE *signature, CK_ULONG signature_len) {
    vk_verifying *verifying = &session->verifying;
    CK_RV rv = vk_verify_ready(verifying, false);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_bytes payload;
    rv = vk_input_parts(&verifying->input, verifying->mechanism, &payload);
    if (rv == CKR_OK) {
        rv = vk_verify_payload(verifying, payload, signature, signature_len);
    }
    vk_verifying_end(verifying);
    return rv;
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR signature, CK_ULONG signature_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, verify_final(session, signature, signature_len));
}
