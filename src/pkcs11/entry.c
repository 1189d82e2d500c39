#include "pkcs11/entry.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Entering and leaving ---- */

CK_RV vk_enter(void) {
    if (vk_module_lock() == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_module_count_in();
    vk_module_unlock();
    return CKR_OK;
}

CK_RV vk_leave(CK_RV rv) {
    vk_module_count_out();
    return rv;
}

CK_RV vk_enter_slot(CK_SLOT_ID id, vk_slot **out) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    bool known = id < module->slot_count;
    if (known) {
        *out = module->slots[id];
        vk_module_count_in();
    }
    vk_module_unlock();
    return known ? CKR_OK : CKR_SLOT_ID_INVALID;
}

CK_RV vk_enter_session(CK_SESSION_HANDLE handle, vk_session **out) {
    vk_session *session;
    CK_RV rv = vk_session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    pthread_mutex_lock(&session->lock);
    uint64_t epoch = atomic_load(&session->slot->epoch);
    if (session->epoch != epoch) {
        vk_session_reset(session);
        session->epoch = epoch;
    }
    *out = session;
    return CKR_OK;
}

CK_RV vk_leave_session(vk_session *session, CK_RV rv) {
    pthread_mutex_unlock(&session->lock);
    return vk_session_leave(session, rv);
}

/* ---- What a status means ---- */

typedef struct answer {
    CK_RV plain;
    CK_RV in_template; /* where the bytes came in a template */
} answer;

static const answer answers[] = {
    [VK_OK] = {CKR_OK, CKR_OK},
    [VK_ERR_ARGUMENT] = {CKR_ARGUMENTS_BAD, CKR_ARGUMENTS_BAD},
    [VK_ERR_FORMAT] = {CKR_DATA_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_RANGE] = {CKR_DATA_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_SIZE] = {CKR_DATA_LEN_RANGE, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_UNSUPPORTED] = {CKR_DATA_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_MISMATCH] = {CKR_DATA_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_SIGNATURE] = {CKR_SIGNATURE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_POLICY] = {CKR_DATA_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    [VK_ERR_BUFFER] = {CKR_BUFFER_TOO_SMALL, CKR_BUFFER_TOO_SMALL},
    [VK_DENIED] = {CKR_FUNCTION_REJECTED, CKR_FUNCTION_REJECTED},
    [VK_ERR_PROHIBITED] = {CKR_ACTION_PROHIBITED, CKR_ACTION_PROHIBITED},
    [VK_ERR_NOT_FOUND] = {CKR_OBJECT_HANDLE_INVALID, CKR_TEMPLATE_INCONSISTENT},
    [VK_ERR_EXISTS] = {CKR_ACTION_PROHIBITED, CKR_TEMPLATE_INCONSISTENT},
    [VK_ERR_PIN_INCORRECT] = {CKR_PIN_INCORRECT, CKR_PIN_INCORRECT},
    [VK_ERR_PIN_LOCKED] = {CKR_PIN_LOCKED, CKR_PIN_LOCKED},
    [VK_ERR_PIN_LENGTH] = {CKR_PIN_LEN_RANGE, CKR_PIN_LEN_RANGE},
    [VK_ERR_PIN_NOT_SET] = {CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_PIN_NOT_INITIALIZED},
    [VK_ERR_NOT_LOGGED_IN] = {CKR_USER_NOT_LOGGED_IN, CKR_USER_NOT_LOGGED_IN},
    [VK_ERR_MEMORY] = {CKR_HOST_MEMORY, CKR_HOST_MEMORY},
    [VK_ERR_STORE] = {CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
    [VK_ERR_STORE_FULL] = {CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY},
    [VK_ERR_READ_ONLY] = {CKR_TOKEN_WRITE_PROTECTED, CKR_TOKEN_WRITE_PROTECTED},
    [VK_ERR_BUSY] = {CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED},
    [VK_ERR_PERMISSIONS] = {CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
    [VK_ERR_INTEGRITY] = {CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
    [VK_ERR_CRYPTO] = {CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED},
    [VK_ERR_SERVER] = {CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED},
    [VK_ERR_DEVICE] = {CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
    [VK_ERR_REMOVED] = {CKR_DEVICE_REMOVED, CKR_DEVICE_REMOVED},
    [VK_ERR_CANCELED] = {CKR_FUNCTION_CANCELED, CKR_FUNCTION_CANCELED},
};
_Static_assert(sizeof answers / sizeof answers[0] == VK_ERR_CANCELED + 1, "one a status");

static void explain(vk_status status, const vk_error *err) {
    bool has_words = err != NULL && err->message[0] != '\0';
    const char *path = has_words ? err->path : "";
    vk_debug("%s%s%s%s%s", vk_status_text(status), has_words ? ": " : "", path,
             path[0] != '\0' ? ": " : "", has_words ? err->message : "");
}

static const answer *answer_of(vk_status status) {
    return &answers[(size_t)status < sizeof answers / sizeof answers[0] ? status : VK_ERR_CRYPTO];
}

static const answer *look_up(vk_status status, const vk_error *err) {
    if (status != VK_OK && status != VK_ERR_BUFFER) {
        explain(status, err);
    }
    return answer_of(status);
}

CK_RV vk_ck_quietly(vk_status status) {
    return answer_of(status)->plain;
}

CK_RV vk_ck(vk_status status, const vk_error *err) {
    return look_up(status, err)->plain;
}

CK_RV vk_ck_template(vk_status status, const vk_error *err) {
    return look_up(status, err)->in_template;
}

/* ---- The debug log ---- */

/* Any thread may initialize the module while others are in it. */
static atomic_bool debugging;

void vk_debug_init(void) {
    atomic_store(&debugging, secure_getenv("VALETKEY_DEBUG") != NULL);
}

bool vk_debugging(void) {
    return atomic_load(&debugging);
}

/* Labels and messages may have bytes that somebody else chose. */
static void clean(char *line) {
    for (char *c = line; *c != '\0';) {
        size_t len = vk_utf8_printable_len((const uint8_t *)c, strlen(c));
        if (len == 0) {
            *c = '?';
        }
        c += len > 0 ? len : 1;
    }
}

void vk_debug(const char *format, ...) {
    char line[1024];
    va_list args;
    if (!vk_debugging()) {
        return;
    }
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    clean(line);
    fprintf(stderr, "valetkey-pkcs11: %s\n", line);
}
