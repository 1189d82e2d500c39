/* The discoverable credentials on an authenticator. */
#include "keys/fido2_device.h"

#include <fido/credman.h>
#include <stdlib.h>
#include <string.h>

static char *copy_text(const char *text) {
    return text != NULL ? strdup(text) : NULL;
}

static bool has_point(const fido_cred_t *credential, uint8_t point65[65]) {
    const uint8_t *xy = fido_cred_pubkey_ptr(credential);
    if (fido_cred_type(credential) != COSE_ES256 || fido_cred_pubkey_len(credential) != 64 ||
        xy == NULL) {
        return false;
    }
    point65[0] = 0x04;
    memcpy(point65 + 1, xy, 64);
    return vk_p256_check_point(point65) == VK_OK;
}

static void clear(vk_fido2_resident *resident) {
    free(resident->rp_id);
    free(resident->user_name);
    vk_buf_clear(&resident->user_id);
    vk_buf_clear(&resident->credential_id);
}

void vk_fido2_residents_clear(vk_fido2_residents *residents) {
    for (size_t i = 0; i < residents->count; i++) {
        clear(&residents->list[i]);
    }
    free(residents->list);
    *residents = (vk_fido2_residents){0};
}

static int take(const char *rp_id, const fido_cred_t *credential, vk_fido2_residents *out) {
    size_t id_len = fido_cred_id_len(credential);
    vk_fido2_resident made = {.protect = fido_cred_prot(credential)};
    if (!has_point(credential, made.point65) || id_len == 0 || id_len > VK_CREDENTIAL_ID_MAX) {
        return FIDO_OK;
    }
    vk_fido2_resident *list = reallocarray(out->list, out->count + 1, sizeof *list);
    if (list == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    out->list = list;
    made.rp_id = copy_text(rp_id);
    made.user_name = copy_text(fido_cred_user_name(credential));
    vk_buf_put(&made.user_id, fido_cred_user_id_ptr(credential), fido_cred_user_id_len(credential));
    vk_buf_put(&made.credential_id, fido_cred_id_ptr(credential), id_len);
    out->list[out->count++] = made;
    bool whole = made.rp_id != NULL && vk_buf_status(&made.user_id) == VK_OK &&
                 vk_buf_status(&made.credential_id) == VK_OK;
    return whole ? FIDO_OK : FIDO_ERR_INTERNAL;
}

static int list_of_party(fido_dev_t *dev, const char *pin, const char *rp_id,
                         vk_fido2_residents *out) {
    fido_credman_rk_t *found = fido_credman_rk_new();
    if (found == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    int code = fido_credman_get_dev_rk(dev, rp_id, found, pin);
    size_t count = code == FIDO_OK ? fido_credman_rk_count(found) : 0;
    for (size_t i = 0; i < count && code == FIDO_OK; i++) {
        code = take(rp_id, fido_credman_rk(found, i), out);
    }
    fido_credman_rk_free(&found);
    return code == FIDO_ERR_NO_CREDENTIALS ? FIDO_OK : code;
}

static int list_all(fido_dev_t *dev, const char *pin, vk_fido2_residents *out) {
    fido_credman_rp_t *parties = fido_credman_rp_new();
    if (parties == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    int code = fido_credman_get_dev_rp(dev, parties, pin);
    size_t count = code == FIDO_OK ? fido_credman_rp_count(parties) : 0;
    for (size_t i = 0; i < count && code == FIDO_OK; i++) {
        const char *rp_id = fido_credman_rp_id(parties, i);
        code = rp_id != NULL ? list_of_party(dev, pin, rp_id, out) : FIDO_OK;
    }
    fido_credman_rp_free(&parties);
    return code == FIDO_ERR_NO_CREDENTIALS ? FIDO_OK : code;
}

/* Whether it can do that at all is asked first: no try of the PIN is spent on it. */
static int managing_pin(vk_fido2_use *use, const char **pin) {
    *pin = vk_fido2_kept_pin(use);
    if (!fido_dev_supports_credman(use->dev)) {
        return FIDO_ERR_INVALID_COMMAND;
    }
    return *pin != NULL ? FIDO_OK : FIDO_ERR_PIN_REQUIRED;
}

vk_status vk_fido2_list(vk_fido2 *fido2, vk_fido2_residents *out, vk_error *err) {
    vk_fido2_use use;
    *out = (vk_fido2_residents){0};
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_WALK, &use, err);
    if (status != VK_OK) {
        return status;
    }
    const char *pin;
    int code = managing_pin(&use, &pin);
    if (code == FIDO_OK) {
        code = list_all(use.dev, pin, out);
    }
    status = vk_fido2_leave(&use, code, err);
    if (status != VK_OK) {
        vk_fido2_residents_clear(out);
    }
    return status;
}

vk_status vk_fido2_delete(vk_fido2 *fido2, vk_bytes credential_id, vk_error *err) {
    vk_fido2_use use;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    if (status != VK_OK) {
        return status;
    }
    const char *pin;
    int code = managing_pin(&use, &pin);
    if (code == FIDO_OK) {
        code = fido_credman_del_dev_rk(use.dev, credential_id.data, credential_id.len, pin);
    }
    return vk_fido2_leave(&use, code, err);
}
