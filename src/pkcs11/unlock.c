#include "pkcs11/unlock.h"
#include "pkcs11/device.h"
#include "pkcs11/entry.h"

/* ---- Whose PIN is it? ---- */

CK_RV vk_unlock_is_meant(vk_slot *slot, const vk_proof *proof, bool *out) {
    vk_token_info token;
    *out = false;
    if (slot->device != NULL) {
        return proof->by_device ? CKR_USER_TYPE_INVALID : CKR_OK;
    }
    CK_RV rv = vk_ck(vk_token_get_info(slot->token, &token), NULL);
    if (rv != CKR_OK) {
        return rv;
    }
    bool is_enrolled = token.enrolments > 0;
    if (!is_enrolled && (proof->pin == NULL || proof->by_device)) {
        vk_debug("no security key is enrolled with this token: it wants its PIN");
        return CKR_ARGUMENTS_BAD;
    }
    *out = proof->by_device || proof->pin == NULL || (is_enrolled && !token.user_pin_set);
    return CKR_OK;
}

/* ---- Which security key? ---- */

typedef struct candidate {
    vk_device *device;
    vk_enrolment enrolment;
} candidate;

/* Of two that verify their user whose PIN it is cannot be told, and each counts wrong ones. */
static vk_status take(const candidate *one, candidate *out, vk_error *err) {
    if (out->device != NULL && one->enrolment.verified) {
        return vk_fail(err, VK_ERR_PROHIBITED, NULL,
                       "several security keys that are plugged in unlock this token by PIN: leave "
                       "the one plugged in whose PIN it is");
    }
    *out = out->device != NULL ? *out : *one;
    return VK_OK;
}

/* What is said of one that is enrolled counts more than that another is not. Each may be in use, so
 * that its turn is waited for. */
static vk_status find(vk_session *session, bool has_pin, candidate *out, vk_error *err) {
    vk_token *token = session->slot->token;
    vk_device *devices[VK_FIDO2_PLACES_MAX];
    size_t count = vk_devices_present(devices, VK_FIDO2_PLACES_MAX);
    vk_error said = {0};
    vk_status found = vk_fail(&said, VK_ERR_REMOVED, NULL,
                              "no security key that is plugged in unlocks this token");
    bool is_chosen = false;
    *out = (candidate){.device = NULL};
    for (size_t i = 0; i < count && !is_chosen; i++) {
        candidate one = {.device = devices[i]};
        vk_error why = {0};
        vk_session_asks(session, devices[i]);
        vk_status status =
            vk_device_find_enrolment(devices[i], token, has_pin, &one.enrolment, &why);
        if (status == VK_OK) {
            status = take(&one, out, &why);
            is_chosen = status == VK_OK && !(has_pin && out->enrolment.verified);
        }
        if (status == VK_ERR_CANCELED || status == VK_ERR_PROHIBITED) {
            return vk_fail(err, status, why.path, "%s", why.message);
        }
        if (status != VK_OK && status != VK_ERR_NOT_FOUND) {
            found = status;
            said = why;
        }
    }
    if (out->device != NULL) {
        return VK_OK;
    }
    *err = said;
    return found;
}

/* ---- The touch ---- */

CK_RV vk_unlock_ask(vk_session *session, const vk_proof *proof, vk_unlock_secret *out) {
    const vk_bytes pin = {proof->pin, proof->pin != NULL ? proof->len : 0};
    vk_error err = {0};
    candidate chosen;
    vk_status status = find(session, pin.len > 0, &chosen, &err);
    if (status == VK_OK) {
        out->id = chosen.enrolment.id;
        status = vk_device_ask_secret(chosen.device, &chosen.enrolment, pin, out->secret32, &err);
    }
    vk_session_asks(session, NULL);
    return vk_ck(status, &err);
}

static CK_RV explain(vk_status status) {
    vk_error err = {0};
    if (status == VK_ERR_PIN_INCORRECT) {
        status = vk_fail(&err, status, NULL,
                         "the security key's secret does not open the token: the enrolment was "
                         "edited, or the security key was reset");
    }
    return vk_ck(status, &err);
}

CK_RV vk_unlock_login(vk_slot *slot, const vk_unlock_secret *secret) {
    return explain(vk_token_login_enrolled(slot->token, secret->id, secret->secret32));
}

CK_RV vk_unlock_check(vk_slot *slot, const vk_unlock_secret *secret) {
    return explain(vk_token_check_enrolled(slot->token, secret->id, secret->secret32));
}

/* ---- What the token says of itself ---- */

/* Who sees a protected authentication path gives no PIN at all: so it is one only as long as there
 * is a security key that needs none. */
CK_FLAGS vk_unlock_flags(const vk_token_info *token) {
    CK_FLAGS flags = token->enrolments > 0 ? CKF_USER_PIN_INITIALIZED : 0;
    bool needs_no_pin = (token->touch_enrolments > 0 && vk_devices_are_present(false)) ||
                        (token->enrolments > 0 && vk_devices_are_present(true));
    return needs_no_pin ? flags | CKF_PROTECTED_AUTHENTICATION_PATH : flags;
}
