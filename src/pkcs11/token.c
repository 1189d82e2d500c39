/* The token in a slot: what it says of itself, and its PINs. */
#include "pkcs11/device.h"
#include "pkcs11/entry.h"
#include "pkcs11/unlock.h"

#include <string.h>

/* ---- C_GetTokenInfo ---- */

typedef struct pin_flags {
    CK_FLAGS low, final_try, locked;
} pin_flags;

static CK_FLAGS tries_flags(unsigned left, pin_flags flags) {
    if (left == 0) {
        return flags.low | flags.locked;
    }
    if (left == 1) {
        return flags.low | flags.final_try;
    }
    return left < VK_PIN_TRIES ? flags.low : 0;
}

static CK_FLAGS token_flags(const vk_token_info *token) {
    const pin_flags user = {CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED};
    const pin_flags so = {CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED};
    CK_FLAGS flags = CKF_TOKEN_INITIALIZED | tries_flags(token->so_tries_left, so);
    if (token->user_pin_set) {
        flags |= CKF_USER_PIN_INITIALIZED | tries_flags(token->user_tries_left, user);
    }
    flags |= vk_unlock_flags(token);
    return token->read_only ? flags | CKF_WRITE_PROTECTED : flags;
}

static void blank_info(CK_TOKEN_INFO *info) {
    memset(info, 0, sizeof *info);
    vk_pad(info->label, sizeof info->label, "");
    vk_pad(info->manufacturerID, sizeof info->manufacturerID, "valetkey");
    vk_pad(info->model, sizeof info->model, "valetkey");
    vk_pad(info->serialNumber, sizeof info->serialNumber, "");
    vk_pad(info->utcTime, sizeof info->utcTime, "");
    info->flags = CKF_RNG | CKF_LOGIN_REQUIRED;
    info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulMaxPinLen = VK_PIN_MAX;
    info->ulMinPinLen = VK_PIN_MIN;
    info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
}

static CK_RV token_info(vk_slot *slot, CK_TOKEN_INFO *info) {
    blank_info(info);
    if (slot->device != NULL) {
        return vk_device_token_info(slot, info);
    }
    if (slot->path == NULL) {
        return CKR_OK;
    }
    vk_token_info token;
    CK_RV rv = vk_slot_open(slot);
    if (rv == CKR_OK) {
        rv = vk_ck(vk_token_get_info(slot->token, &token), NULL);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    vk_pad(info->label, sizeof info->label, token.label);
    vk_pad(info->serialNumber, sizeof info->serialNumber, token.serial);
    info->flags |= token_flags(&token);
    info->ulSessionCount = slot->sessions;
    info->ulRwSessionCount = slot->rw_sessions;
    return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO_PTR info) {
    vk_slot *slot;
    CK_RV rv = vk_enter_slot(id, &slot);
    if (rv != CKR_OK) {
        return rv;
    }
    pthread_mutex_lock(&slot->lock);
    rv = info == NULL ? CKR_ARGUMENTS_BAD : token_info(slot, info);
    pthread_mutex_unlock(&slot->lock);
    return vk_leave(rv);
}

/* ---- Login ---- */

static CK_RV may_login(const vk_slot *slot, vk_role role) {
    vk_role now = vk_slot_role(slot);
    if (now != VK_ROLE_NONE) {
        return now == role ? CKR_USER_ALREADY_LOGGED_IN : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
    }
    bool read_only_exists = slot->sessions > slot->rw_sessions;
    return role == VK_ROLE_SO && read_only_exists ? CKR_SESSION_READ_ONLY_EXISTS : CKR_OK;
}

/* What was read without a login was not authenticated. The slot's lock is held. */
static void note_login(vk_slot *slot, vk_role role) {
    vk_views_drop(&slot->views);
    atomic_store(&slot->role, (int)role);
}

static CK_RV ask_login(vk_slot *slot, vk_role role, const vk_proof *proof) {
    return slot->device != NULL
               ? vk_device_login(slot, role, proof->pin, proof->len)
               : vk_ck(vk_token_login(slot->token, role, proof->pin, proof->len), NULL);
}

static CK_RV login(vk_session *session, vk_role role, const vk_proof *proof) {
    vk_slot *slot = session->slot;
    pthread_mutex_lock(&slot->lock);
    vk_session_asks(session, slot->device);
    CK_RV rv = may_login(slot, role);
    if (rv == CKR_OK) {
        rv = ask_login(slot, role, proof);
    }
    if (rv == CKR_OK) {
        note_login(slot, role);
    }
    vk_session_asks(session, NULL);
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

static CK_RV may_unlock(vk_slot *slot) {
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = may_login(slot, VK_ROLE_USER);
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

/* The last session may have been closed while the touch was waited for: then nobody is left to be
 * logged in. */
static CK_RV enter_unlocked(vk_slot *slot, const vk_unlock_secret *secret) {
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = slot->sessions > 0 ? may_login(slot, VK_ROLE_USER) : CKR_SESSION_CLOSED;
    if (rv == CKR_OK) {
        rv = vk_unlock_login(slot, secret);
    }
    if (rv == CKR_OK) {
        note_login(slot, VK_ROLE_USER);
    }
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

static CK_RV unlock(vk_session *session, const vk_proof *proof) {
    vk_unlock_secret secret;
    CK_RV rv = may_unlock(session->slot);
    if (rv == CKR_OK) {
        rv = vk_unlock_ask(session, proof, &secret);
    }
    if (rv == CKR_OK) {
        rv = enter_unlocked(session->slot, &secret);
        vk_wipe(&secret, sizeof secret);
    }
    return rv;
}

static CK_RV login_user(vk_session *session, const vk_proof *proof) {
    bool by_device;
    CK_RV rv = vk_unlock_is_meant(session->slot, proof, &by_device);
    if (rv != CKR_OK) {
        return rv;
    }
    return by_device ? unlock(session, proof) : login(session, VK_ROLE_USER, proof);
}

static CK_RV login_so(vk_session *session, const vk_proof *proof) {
    if (proof->by_device) {
        return CKR_USER_TYPE_INVALID;
    }
    return proof->pin == NULL ? CKR_ARGUMENTS_BAD : login(session, VK_ROLE_SO, proof);
}

static CK_RV context_login(const vk_session *of, const vk_proof *proof) {
    vk_session *session;
    CK_RV rv = vk_enter_session(of->handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = vk_leave_session(session, vk_signing_login(session, proof));
    if (rv == CKR_PIN_LOCKED) {
        pthread_mutex_lock(&of->slot->lock);
        vk_slot_logout(of->slot);
        pthread_mutex_unlock(&of->slot->lock);
    }
    return rv;
}

static CK_RV login_as(vk_session *session, CK_USER_TYPE user, const vk_proof *proof) {
    switch (user) {
    case CKU_SO:
        return login_so(session, proof);
    case CKU_USER:
        return login_user(session, proof);
    case CKU_CONTEXT_SPECIFIC:
        return context_login(session, proof);
    default:
        return CKR_USER_TYPE_INVALID;
    }
}

/* The session is not locked: a login takes long on purpose, and concerns all sessions alike. */
CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len) {
    const vk_proof proof = {.pin = pin, .len = pin_len};
    vk_session *session;
    CK_RV rv = vk_session_enter(handle, &session);
    return rv != CKR_OK ? rv : vk_session_leave(session, login_as(session, user, &proof));
}

/* The token has one user, who has no name, but may come with a security key. */
static bool names_device(const CK_UTF8CHAR *name, CK_ULONG len) {
    return len == strlen(VK_UNLOCK_USER) && memcmp(name, VK_UNLOCK_USER, len) == 0;
}

CK_RV C_LoginUser(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
                  CK_ULONG pin_len, CK_UTF8CHAR_PTR name, CK_ULONG name_len) {
    vk_proof proof = {.pin = pin, .len = pin_len};
    vk_session *session;
    CK_RV rv = vk_session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    if (name == NULL && name_len > 0) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        proof.by_device = name_len > 0 && names_device(name, name_len);
        rv = name_len > 0 && !proof.by_device ? CKR_USER_TYPE_INVALID
                                              : login_as(session, user, &proof);
    }
    return vk_session_leave(session, rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE handle) {
    vk_session *session;
    CK_RV rv = vk_session_enter(handle, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    pthread_mutex_lock(&session->slot->lock);
    rv = vk_slot_role(session->slot) == VK_ROLE_NONE ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
    vk_slot_logout(session->slot);
    pthread_mutex_unlock(&session->slot->lock);
    return vk_session_leave(session, rv);
}

/* ---- Setting PINs ---- */

static CK_RV init_pin(vk_session *session, const CK_BYTE *pin, CK_ULONG len) {
    vk_slot *slot = session->slot;
    if (pin == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = vk_slot_role(slot) != VK_ROLE_SO ? CKR_USER_NOT_LOGGED_IN
               : slot->device != NULL           ? CKR_ACTION_PROHIBITED
                                      : vk_ck(vk_token_init_user_pin(slot->token, pin, len), NULL);
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

CK_RV C_InitPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len) {
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, init_pin(session, pin, pin_len));
}

typedef struct pin_change {
    const CK_BYTE *from, *to;
    CK_ULONG from_len, to_len;
} pin_change;

static CK_RV change_pin(vk_slot *slot, const pin_change *pin) {
    vk_role role = vk_slot_role(slot) == VK_ROLE_SO ? VK_ROLE_SO : VK_ROLE_USER;
    if (slot->device != NULL && role == VK_ROLE_USER) {
        return vk_device_set_pin(slot, (vk_bytes){pin->from, pin->from_len},
                                 (vk_bytes){pin->to, pin->to_len});
    }
    return vk_ck(
        vk_token_set_pin(slot->token, role, pin->from, pin->from_len, pin->to, pin->to_len), NULL);
}

static CK_RV set_pin(vk_session *session, const pin_change *pin) {
    vk_slot *slot = session->slot;
    if (!session->rw) {
        return CKR_SESSION_READ_ONLY;
    }
    if (pin->from == NULL || pin->to == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    pthread_mutex_lock(&slot->lock);
    CK_RV rv = change_pin(slot, pin);
    pthread_mutex_unlock(&slot->lock);
    return rv;
}

CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
               CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len) {
    const pin_change pin = {old_pin, new_pin, old_len, new_len};
    vk_session *session;
    CK_RV rv = vk_enter_session(handle, &session);
    return rv != CKR_OK ? rv : vk_leave_session(session, set_pin(session, &pin));
}
