/*
 * Signing many messages with one key, as Cryptoki 3.0 does it: C_MessageSignInit begins, each
 * message has its own verdict, and an error ends its message only.
 */
#include "pkcs11/entry.h"
#include "pkcs11/sign.h"

CK_RV C_MessageSignInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism,
                        CK_OBJECT_HANDLE key) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, vk_sign_init(session, mechanism, key, true));
}

static CK_RV ready(const vk_signing *signing, const void *parameter, CK_ULONG parameter_len) {
    CK_RV rv = vk_sign_ready(signing, true);
    return rv == CKR_OK ? vk_check_message_parameter(parameter, parameter_len) : rv;
}

/* A session in which messages can be signed now; to be left if that is CKR_OK. */
static CK_RV enter(CK_SESSION_HANDLE handle, const void *parameter, CK_ULONG parameter_len,
                   vk_session **out) {
    CK_RV rv = vk_enter_session(handle, out);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = ready(&(*out)->signing, parameter, parameter_len);
    return rv == CKR_OK ? CKR_OK : vk_leave_session(*out, rv);
}

/* The next message is another use of the key. */
static CK_RV end_message(vk_signing *signing, CK_RV rv) {
    vk_input_clear(&signing->input);
    signing->in_message = signing->has_last_part = false;
    signing->needs_login = signing->always_authenticate;
    return rv;
}

static CK_RV sign_message(vk_session *session, const vk_bytes *data, CK_BYTE *signature,
                          CK_ULONG *signature_len) {
    vk_signing *signing = &session->signing;
    vk_bytes payload;
    if (signing->in_message) {
        return CKR_OPERATION_ACTIVE;
    }
    CK_RV rv = signature_len == NULL ? CKR_ARGUMENTS_BAD
                                     : vk_input_whole(&signing->input, signing->mechanism,
                                                      data->data, data->len, &payload);
    if (rv == CKR_OK) {
        rv = vk_sign_payload(session, payload, signature, signature_len);
    }
    return vk_sign_was_asked(rv, signature) ? rv : end_message(signing, rv);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                    CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
                    CK_ULONG_PTR signature_len) {
    const vk_bytes bytes = {data, data_len};
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, sign_message(session, &bytes, signature, signature_len));
}

static CK_RV begin(vk_signing *signing) {
    if (signing->in_message) {
        return CKR_OPERATION_ACTIVE;
    }
    vk_input_clear(&signing->input);
    signing->in_message = true;
    return CKR_OK;
}

CK_RV C_SignMessageBegin(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_len) {
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, begin(&session->signing));
}

static CK_RV last_part(vk_session *session, CK_BYTE *signature, CK_ULONG *signature_len) {
    vk_signing *signing = &session->signing;
    vk_bytes payload;
    CK_RV rv = vk_input_parts(&signing->input, signing->mechanism, &payload);
    return rv == CKR_OK ? vk_sign_payload(session, payload, signature, signature_len) : rv;
}

/* When the last part is given again, after its signature did not fit, it is not taken twice. */
static CK_RV next_part(vk_session *session, const vk_bytes *part, CK_BYTE *signature,
                       CK_ULONG *signature_len) {
    vk_signing *signing = &session->signing;
    bool is_last = signature_len != NULL;
    if (!signing->in_message) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    CK_RV rv = CKR_OK;
    if (!signing->has_last_part) {
        rv = vk_input_add(&signing->input, signing->mechanism, part->data, part->len);
    } else if (!is_last) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv == CKR_OK && is_last) {
        signing->has_last_part = true;
        rv = last_part(session, signature, signature_len);
    }
    bool goes_on = is_last ? vk_sign_was_asked(rv, signature) : rv == CKR_OK;
    return goes_on ? rv : end_message(signing, rv);
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE handle, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                        CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR signature,
                        CK_ULONG_PTR signature_len) {
    const vk_bytes bytes = {part, part_len};
    vk_session *session;
    CK_RV rv = enter(handle, parameter, parameter_len, &session);
    return rv != CKR_OK
               ? rv
               : vk_leave_session(session, next_part(session, &bytes, signature, signature_len));
}

static CK_RV final(vk_signing *signing) {
    if (signing->mechanism == NULL || !signing->of_messages) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    vk_signing_end(signing);
    return CKR_OK;
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, final(&session->signing));
}
