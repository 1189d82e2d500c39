#include "pkcs11/entry.h"

#include <string.h>

void vk_digesting_end(vk_digesting *digesting) {
    vk_input_clear(&digesting->input);
    digesting->mechanism = NULL;
}

static CK_RV digest_init(vk_session *session, const CK_MECHANISM *wanted) {
    const vk_mechanism *mechanism;
    if (wanted == NULL && session->digesting.mechanism != NULL) {
        vk_digesting_end(&session->digesting);
        return CKR_OK;
    }
    CK_RV rv = vk_mechanism_find(wanted, CKF_DIGEST, &mechanism);
    if (rv == CKR_OK && session->digesting.mechanism != NULL) {
        rv = CKR_OPERATION_ACTIVE;
    }
    if (rv == CKR_OK) {
        session->digesting.mechanism = mechanism;
    }
    return rv;
}

CK_RV C_DigestInit(CK_SESSION_HANDLE handle, CK_MECHANISM_PTR mechanism) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, digest_init(session, mechanism));
}

/* Gives the result out; true if the operation goes on because there was no room for it. */
static bool lacks_room(const vk_digesting *digesting, CK_BYTE *out, CK_ULONG *out_len, CK_RV *rv) {
    CK_ULONG len = vk_mechanism_digest_len(digesting->mechanism);
    bool fits = out != NULL && *out_len >= len;
    *out_len = len;
    *rv = out == NULL || fits ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    return !fits;
}

static CK_RV give(vk_digesting *digesting, CK_RV rv, CK_BYTE *out) {
    if (rv == CKR_OK) {
        memcpy(out, digesting->input.hash, digesting->input.hash_len);
    }
    vk_digesting_end(digesting);
    return rv;
}

static CK_RV digest(vk_session *session, const CK_BYTE *data, CK_ULONG data_len, CK_BYTE *out,
                    CK_ULONG *out_len) {
    vk_digesting *digesting = &session->digesting;
    vk_bytes result;
    CK_RV rv;
    if (digesting->mechanism == NULL) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (digesting->input.in_parts) {
        return CKR_OPERATION_ACTIVE;
    }
    if (out_len == NULL) {
        return give(digesting, CKR_ARGUMENTS_BAD, out);
    }
    if (lacks_room(digesting, out, out_len, &rv)) {
        return rv;
    }
    rv = vk_input_whole(&digesting->input, digesting->mechanism, data, data_len, &result);
    return give(digesting, rv, out);
}

CK_RV C_Digest(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR out,
               CK_ULONG_PTR out_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv
                        : vk_leave_session(session, digest(session, data, data_len, out, out_len));
}

static CK_RV digest_update(vk_session *session, const CK_BYTE *part, CK_ULONG len) {
    vk_digesting *digesting = &session->digesting;
    if (digesting->mechanism == NULL) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    CK_RV rv = vk_input_add(&digesting->input, digesting->mechanism, part, len);
    if (rv != CKR_OK) {
        vk_digesting_end(digesting);
    }
    return rv;
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE handle, CK_BYTE_PTR part, CK_ULONG part_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, digest_update(session, part, part_len));
}

static CK_RV digest_final(vk_session *session, CK_BYTE *out, CK_ULONG *out_len) {
    vk_digesting *digesting = &session->digesting;
    vk_bytes result;
    CK_RV rv;
    if (digesting->mechanism == NULL) {
        return CKR_OPERATION_NOT_INITIALIZED;
    }
    if (out_len == NULL) {
        return give(digesting, CKR_ARGUMENTS_BAD, out);
    }
    if (lacks_room(digesting, out, out_len, &rv)) {
        return rv;
    }
    rv = vk_input_parts(&digesting->input, digesting->mechanism, &result);
    return give(digesting, rv, out);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE handle, CK_BYTE_PTR out, CK_ULONG_PTR out_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, digest_final(session, out, out_len));
}
