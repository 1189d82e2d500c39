#include "pkcs11/entry.h"

#include <limits.h>
#include <openssl/rand.h>

static CK_RV fill(CK_BYTE *data, CK_ULONG len) {
    if (data == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    while (len > 0) {
        int chunk = len > INT_MAX ? INT_MAX : (int)len;
        if (RAND_bytes(data, chunk) != 1) {
            return CKR_FUNCTION_FAILED;
        }
        data += chunk;
        len -= (CK_ULONG)chunk;
    }
    return CKR_OK;
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR data, CK_ULONG len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, fill(data, len));
}

/* Counts for nothing: whoever chose it may know it. */
static CK_RV mix_in(const CK_BYTE *seed, CK_ULONG len) {
    if (seed == NULL || len > INT_MAX) {
        return CKR_ARGUMENTS_BAD;
    }
    RAND_add(seed, (int)len, 0);
    return CKR_OK;
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE handle, CK_BYTE_PTR seed, CK_ULONG len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, mix_in(seed, len));
}
