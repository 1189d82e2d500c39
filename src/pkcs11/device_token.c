/* A security key as the token in its slot: what it says of itself, its PIN, its reset. */
#include "pkcs11/device.h"
#include "pkcs11/entry.h"

#include <stdlib.h>
#include <string.h>

#define NAME "FIDO2 security key"

/* ---- C_GetTokenInfo ---- */

static CK_FLAGS pin_flags(const vk_fido2_info *info) {
    if (!info->has_pin) {
        return 0;
    }
    CK_FLAGS flags = CKF_USER_PIN_INITIALIZED;
    if (info->pin_tries < VK_FIDO2_PIN_TRIES) {
        flags |= CKF_USER_PIN_COUNT_LOW;
    }
    if (info->pin_tries == 1) {
        flags |= CKF_USER_PIN_FINAL_TRY;
    }
    return info->pin_tries == 0 ? flags | CKF_USER_PIN_LOCKED : flags;
}

static CK_RV put_names(const vk_slot *slot, CK_TOKEN_INFO *info) {
    vk_token_info token;
    const char *product = slot->product != NULL ? slot->product : NAME;
    vk_pad(info->label, sizeof info->label, product);
    vk_pad(info->model, sizeof info->model, product);
    vk_pad(info->manufacturerID, sizeof info->manufacturerID, NAME);
    if (slot->token == NULL) {
        return CKR_OK;
    }
    CK_RV rv = vk_ck(vk_token_get_info(slot->token, &token), NULL);
    if (rv == CKR_OK) {
        vk_pad(info->label, sizeof info->label, token.label);
        vk_pad(info->serialNumber, sizeof info->serialNumber, token.serial);
        info->flags |= token.read_only ? CKF_WRITE_PROTECTED : 0;
    }
    return rv;
}

CK_RV vk_device_token_info(vk_slot *slot, CK_TOKEN_INFO *info) {
    vk_fido2_info said;
    vk_error err = {0};
    CK_RV rv = vk_slot_open(slot);
    if (rv == CKR_OK) {
        rv = vk_ck(vk_fido2_get_info(vk_device_fido2(slot->device), &said, &err), &err);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    info->flags |= CKF_TOKEN_INITIALIZED | pin_flags(&said);
    info->flags |= said.has_uv ? CKF_PROTECTED_AUTHENTICATION_PATH : 0;
    info->ulMinPinLen = said.pin_min;
    info->ulMaxPinLen = VK_FIDO2_PIN_MAX;
    info->firmwareVersion = (CK_VERSION){said.major, said.minor};
    info->ulSessionCount = slot->sessions;
    info->ulRwSessionCount = slot->rw_sessions;
    return put_names(slot, info);
}

/* ---- Its PIN ---- */

CK_RV vk_device_login(vk_slot *slot, vk_role role, const CK_BYTE *pin, CK_ULONG len) {
    vk_error err = {0};
    if (!vk_slot_is_present(slot)) {
        return CKR_DEVICE_REMOVED;
    }
    if (role == VK_ROLE_SO) {
        return slot->token != NULL && pin != NULL
                   ? vk_ck(vk_token_login(slot->token, role, pin, len), NULL)
                   : CKR_USER_PIN_NOT_INITIALIZED;
    }
    return vk_ck(vk_device_log_in(slot->device, slot->token, pin, len, &err), &err);
}

CK_RV vk_device_set_pin(vk_slot *slot, vk_bytes from, vk_bytes to) {
    vk_error err = {0};
    vk_status status =
        vk_fido2_set_pin(vk_device_fido2(slot->device), from.data, from.len, to.data, to.len, &err);
    return vk_ck(status, &err);
}

/* ---- C_InitToken ---- */

static CK_RV may_wipe(const vk_slot *slot, const char *home) {
    vk_home_settings settings;
    vk_error err = {0};
    if (slot->sessions > 0) {
        return CKR_SESSION_EXISTS;
    }
    vk_status status = vk_home_settings_read(home, &settings, &err);
    if (status == VK_OK && !settings.fido2_reset) {
        status = vk_fail(&err, VK_ERR_PROHIBITED, NULL,
                         "this would wipe the security key, with all its credentials: say "
                         "\"fido2-reset = on\" in valetkey.conf if that is what is wanted");
    }
    return vk_ck(status, &err);
}

/* The store's file stays, for its journal; nothing can open it any more. */
static void leave_store(vk_slot *slot, vk_retired *retired) {
    vk_slot_changed(slot);
    *retired = (vk_retired){slot->token, slot->gate, slot->retired};
    slot->retired = retired;
    slot->token = NULL;
    slot->gate = NULL;
    if (vk_module_lock() != NULL) {
        vk_text_free(slot->path);
        slot->path = NULL;
        vk_module_unlock();
    }
}

CK_RV vk_device_wipe(vk_slot *slot) {
    vk_error err = {0};
    vk_module *module = vk_module_lock();
    if (module == NULL) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    vk_module_unlock();
    if (!vk_slot_is_present(slot)) {
        return CKR_TOKEN_NOT_PRESENT;
    }
    vk_retired *retired = malloc(sizeof *retired);
    CK_RV rv = retired != NULL ? may_wipe(slot, module->home) : CKR_HOST_MEMORY;
    if (rv == CKR_OK) {
        rv = vk_ck(vk_fido2_reset(vk_device_fido2(slot->device), &err), &err);
    }
    if (rv == CKR_OK) {
        leave_store(slot, retired);
    } else {
        free(retired);
    }
    return rv;
}
