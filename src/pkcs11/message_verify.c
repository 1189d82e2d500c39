/* Verifying many messages with one key, as Cryptoki 3.0 does it. */
#include "pkcs11/entry.h"
#include "pkcs11/sign.h"

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism,
                          CK_OBJECT_HANDLE key) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, vk_verify_init(session, mechanism, key, true));
}

static CK_RV ready(const vk_verifying *verifying, const void *parameter, CK_ULONG parameter_len) {
    CK_RV rv = vk_verify_ready(verifying, true);
    return rv == CKR_OK ? vk_check_message_parameter(parameter, parameter_len) : rv;
}

/* A session in which messages can be verified now; to be left if that is CKR_OK. */
static CK_RV enter(CK_SESSION_HANDLE handle, const void *parameter, CK_ULONG parameter_len,
                   vk_session **out) {
    CK_RV rv = vk_enter_session(handle, out);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = ready(&(*out)->verifying, parameter, parameter_len);
    return rv == CKR_OK ? CKR_OK : vk_leave_session(*out, rv);
}

static CK_RV end_message(vk_verifying *verifying, CK_RV rv) {
    vk_input_clear(&verifying->input);
    verifying->in_message = false;
    return rv;
}

static CK_RV verify_message(vk_verifying *verifying, const vk_bytes *data,
                            const vk_bytes *signature) {
    vk_bytes payload;
    if (verifying->in_message) {
        return CKR_OPERATION_ACTIVE;
    }
    CK_RV rv =
        vk_input_whole(&verifying->input, verifying->mechanism, data->data, data->len, &payload);
    if (rv == CKR_OK) {
        rv = vk_verify_payload(verifying, payload, signature->data, signature->len);
    }
    return end_message(verifying, rv);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                      CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                      CK_ULONG signature_len) {
    const vk_bytes bytes = {data, data_len}, signature_bytes = {signature, signature_len};
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, verify_message(&session->verifying, &bytes,
                                                                   &signature_bytes));
}

static CK_RV begin(vk_verifying *verifying) {
    if (verifying->in_message) {
        return CKR_OPERATION_ACTIVE;
    }
    verifying->in_message = true;
    return CKR_OK;
}

CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter,
                           CK_ULONG parameter_len) {
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, begin(&session->verifying));
}

static CK_RV last_part(vk_verifying *verifying, const vk_bytes *signature) {
    vk_bytes payload;
    CK_RV rv = vk_input_parts(&verifying->input, verifying->mechanism, &payload);
    return rv == CKR_OK ? vk_verify_payload(verifying, payload, signature->data, signature->len)
                        : rv;
}

/* The part with a signature is the last one. */
static CK_RV next_part(vk_verifying *verifying, const vk_bytes *part, const vk_bytes *signature) {
    bool is_last = signature->data != NULL;
    if (!verifying->in_message) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    CK_RV rv = vk_input_add(&verifying->input, verifying->mechanism, part->data, part->len);
    if (rv == CKR_OK && is_last) {
        rv = last_part(verifying, signature);
    }
    return rv == CKR_OK && !is_last ? rv : end_message(verifying, rv);
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                          CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR signature,
                          CK_ULONG signature_len) {
    const vk_bytes bytes = {part, part_len}, signature_bytes = {signature, signature_len};
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(
                              session, next_part(&session->verifying, &bytes, &signature_bytes));
}

static CK_RV final(vk_verifying *verifying) {
    CK_RV rv = vk_verify_ready(verifying, true);
    if (rv == CKR_OK) {
        vk_verifying_end(verifying);
    }
    return rv;
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, final(&session->verifying));
}
