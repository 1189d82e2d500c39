#include "pkcs11/session.h"
#include "pkcs11/entry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A handle is a serial number and the index in the table: it does not come back after a close. */
#define INDEX_BITS 14
#define SESSIONS_MAX ((size_t)1 << INDEX_BITS)

/* ---- Life ---- */

void vk_session_put(vk_session *session) {
    if (session != NULL && atomic_fetch_sub(&session->users, 1) == 1) {
        vk_session_reset(session);
        pthread_mutex_destroy(&session->lock);
        atomic_fetch_sub(&session->slot->users, 1);
        free(session);
    }
}

void vk_session_asks(vk_session *session, vk_device *device) {
    atomic_store(&session->asking, pthread_self());
    atomic_store(&session->asks, device);
    if (device == NULL) {
        atomic_fetch_add(&session->waits, 1);
    }
}

void vk_session_reset(vk_session *session) {
    vk_search_end(&session->search);
    vk_signing_end(&session->signing);
    vk_verifying_end(&session->verifying);
    vk_digesting_end(&session->digesting);
}

/* The place of the session with this handle, or NULL. The module's lock is held. */
static vk_session **find(vk_module *module, CK_SESSION_HANDLE handle) {
    size_t index = handle & (SESSIONS_MAX - 1);
    vk_session **place = index < module->session_cap ? &module->sessions[index] : NULL;
    return place != NULL && *place != NULL && (*place)->handle == handle ? place : NULL;
}

CK_RV vk_session_enter(CK_SESSION_HANDLE handle, vk_session **out) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_session **place = find(module, handle);
    if (place != NULL) {
        *out = *place;
        atomic_fetch_add(&(*out)->users, 1);
        vk_module_count_in();
    }
    vk_module_unlock();
    return place != NULL ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

CK_RV vk_session_leave(vk_session *session, CK_RV rv) {
    vk_session_put(session);
    return vk_leave(rv);
}

/* A free place, or NULL. The module's lock is held. */
static vk_session **free_place(vk_module *module) {
    size_t cap = module->session_cap;
    for (size_t i = 0; i < cap; i++) {
        if (module->sessions[i] == NULL) {
            return &module->sessions[i];
        }
    }
    if (cap >= SESSIONS_MAX) {
        return NULL;
    }
    vk_session **sessions =
        vk_grow(module->sessions, &module->session_cap, cap, sizeof *module->sessions);
    if (sessions == NULL) {
        return NULL;
    }
    memset(sessions + cap, 0, (module->session_cap - cap) * sizeof *sessions);
    module->sessions = sessions;
    return &sessions[cap];
}

static CK_RV publish(vk_session *session) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_session **place = free_place(module);
    if (place != NULL) {
        CK_ULONG index = (CK_ULONG)(place - module->sessions);
        session->handle = ++module->session_serial << INDEX_BITS | index;
        *place = session;
    }
    vk_module_unlock();
    return place != NULL ? CKR_OK : CKR_SESSION_COUNT;
}

static vk_session *create(vk_slot *slot, bool rw) {
    vk_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&session->lock, NULL) != 0) {
        free(session);
        return NULL;
    }
    session->slot = slot;
    atomic_fetch_add(&slot->users, 1);
    session->rw = rw;
    session->epoch = atomic_load(&slot->epoch);
    atomic_init(&session->users, 1);
    atomic_init(&session->asking, pthread_self());
    atomic_init(&session->asks, NULL);
    atomic_init(&session->waits, 0);
    return session;
}

/* ---- C_OpenSession ---- */

static CK_RV may_open(vk_slot *slot, bool rw) {
    CK_RV rv = vk_slot_open(slot);
    if (rv != CKR_OK) {
        return rv;
    }
    if (!rw) {
        return vk_slot_role(slot) == VK_ROLE_SO ? CKR_SESSION_READ_WRITE_SO_EXISTS : CKR_OK;
    }
    if (slot->token == NULL) {
        return CKR_OK;
    }
    vk_token_info info;
    rv = vk_ck(vk_token_get_info(slot->token, &info), NULL);
    return rv == CKR_OK && info.read_only ? CKR_TOKEN_WRITE_PROTECTED : rv;
}

static CK_RV open_session(vk_slot *slot, bool rw, CK_SESSION_HANDLE *out) {
    CK_RV rv = may_open(slot, rw);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_session *session = create(slot, rw);
    if (session == NULL) {
        return CKR_HOST_MEMORY;
    }
    rv = publish(session);
    if (rv != CKR_OK) {
        vk_session_put(session);
        return rv;
    }
    slot->sessions++;
    slot->rw_sessions += rw;
    *out = session->handle;
    return CKR_OK;
}

CK_RV C_OpenSession(CK_SLOT_ID id, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                    CK_SESSION_HANDLE_PTR out) {
    (void)application;
    (void)notify;
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    if (rv != CKR_OK) {
        return rv;
    }
    if (out == NULL) {
        return vk_leave(CKR_ARGUMENTS_BAD);
    }
    if (!(flags & CKF_SERIAL_SESSION)) {
        return vk_leave(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    }
    pthread_mutex_lock(&slot->lock);
    rv = open_session(slot, (flags & CKF_RW_SESSION) != 0, out);
    pthread_mutex_unlock(&slot->lock);
    return vk_leave(rv);
}

/* ---- Closing ---- */

/* Takes the session out of the table; false if somebody else did. */
static bool unpublish(CK_SESSION_HANDLE handle) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return false;
    }
    vk_session **place = find(module, handle);
    if (place != NULL) {
        *place = NULL;
    }
    vk_module_unlock();
    return place != NULL;
}

/* The slot's lock is held. With its last session a token's login ends. */
static CK_RV close_session(vk_session *session) {
    vk_slot *slot = session->slot;
    if (!unpublish(session->handle)) {
        return CKR_SESSION_HANDLE_INVALID;
    }
    const vk_handle_filter filter = {.slot_id = slot->id, .owner = session->handle};
    vk_handle_drop(&filter);
    slot->sessions--;
    slot->rw_sessions -= session->rw;
    if (slot->sessions == 0) {
        vk_slot_logout(slot);
    }
    vk_session_put(session);
    return CKR_OK;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_slot *slot = session->slot;
    pthread_mutex_lock(&slot->lock);
    rv = close_session(session);
    pthread_mutex_unlock(&slot->lock);
    return vk_session_leave(session, rv);
}

/* Any session of the slot, or NULL. */
static vk_session *any_session(const vk_slot *slot) {
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return NULL;
    }
    vk_session *found = NULL;
    for (size_t i = 0; i < module->session_cap && found == NULL; i++) {
        vk_session *session = module->sessions[i];
        found = session != NULL && session->slot == slot ? session : NULL;
    }
    vk_module_unlock();
    return found;
}

CK_RV vk_sessions_close(vk_slot *slot) {
    CK_RV rv = CKR_OK;
    vk_session *session;
    while (rv == CKR_OK && (session = any_session(slot)) != NULL) {
        rv = close_session(session);
    }
    return rv;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID id) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    if (rv != CKR_OK) {
        return rv;
    }
    pthread_mutex_lock(&slot->lock);
    rv = vk_sessions_close(slot);
    pthread_mutex_unlock(&slot->lock);
    return vk_leave(rv);
}

/* ---- C_GetSessionInfo ---- */

static CK_STATE state_of(const vk_session *session) {
    switch (vk_slot_role(session->slot)) {
    case VK_ROLE_SO:
        return CKS_RW_SO_FUNCTIONS;
    case VK_ROLE_USER:
        return session->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    default:
        return session->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
    }
}

static CK_RV session_info(const vk_session *session, CK_SESSION_INFO *info) {
    if (info == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    info->slotID = session->slot->id;
    info->state = state_of(session);
    info->flags = CKF_SERIAL_SESSION | (session->rw ? CKF_RW_SESSION : 0);
    info->ulDeviceError = 0;
    return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO_PTR info) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, session_info(session, info));
}

/* ---- C_SessionCancel ---- */

/* Flags of what is not active, or is not there at all, mean nothing. */
static CK_RV cancel(vk_session *session, CK_FLAGS flags) {
    CK_FLAGS sign = session->signing.of_messages ? CKF_MESSAGE_SIGN : CKF_SIGN;
    CK_FLAGS verify = session->verifying.of_messages ? CKF_MESSAGE_VERIFY : CKF_VERIFY;
    if (flags & CKF_FIND_OBJECTS) {
        vk_search_end(&session->search);
    }
    if (flags & sign) {
        vk_signing_end(&session->signing);
    }
    if (flags & verify) {
        vk_verifying_end(&session->verifying);
    }
    if (flags & CKF_DIGEST) {
        vk_digesting_end(&session->digesting);
    }
    return CKR_OK;
}

#define CANCEL_AGAIN_MS 20

/* Who waits for a touch holds the session, and lets go of it when that is cancelled. He may be
 * about to wait, so one cancel may not be enough; but his next call is not meant. Security keys
 * stay as long as the call is in. */
static CK_RV cancel_touch(CK_SESSION_HANDLE handle) {
    const struct timespec pause = {.tv_nsec = CANCEL_AGAIN_MS * 1000000L};
    vk_session *session;
    vk_device *device;
    CK_RV rv = vk_session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    unsigned ended = atomic_load(&session->waits);
    while ((device = atomic_load(&session->asks)) != NULL &&
           atomic_load(&session->waits) == ended) {
        vk_fido2_cancel_of(vk_device_fido2(device), atomic_load(&session->asking));
        nanosleep(&pause, NULL);
    }
    return vk_session_leave(session, CKR_OK);
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE handle, CK_FLAGS flags) {
    vk_session *session;
    CK_RV rv = cancel_touch(handle);
    if (rv == CKR_OK) {
        rv = vk_enter_session(handle, &session);
    }
    return rv != CKR_OK ? rv : vk_leave_session(session, cancel(session, flags));
}
