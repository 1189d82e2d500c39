#include "keys/fido2_device.h"

#include <stdlib.h>
#include <string.h>

/* ---- Life ---- */

vk_status vk_fido2_new(const char *path, unsigned timeout_seconds, vk_fido2 **out) {
    vk_fido2 *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return VK_ERR_MEMORY;
    }
    made->path = strdup(path);
    made->timeout_ms = (int)timeout_seconds * 1000;
    if (made->path == NULL || !vk_fido2_locks_init(made)) {
        free(made->path);
        free(made);
        return VK_ERR_MEMORY;
    }
    *out = made;
    return VK_OK;
}

void vk_fido2_forget_pin(vk_fido2 *fido2) {
    vk_fido2_pin_drop(fido2->pin);
    fido2->pin = NULL;
}

void vk_fido2_free(vk_fido2 *fido2) {
    if (fido2 == NULL) {
        return;
    }
    vk_fido2_forget_pin(fido2);
    vk_fido2_locks_destroy(fido2);
    free(fido2->path);
    free(fido2);
}

vk_status vk_fido2_move(vk_fido2 *fido2, const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) {
        return VK_ERR_MEMORY;
    }
    pthread_mutex_lock(&fido2->lock);
    vk_fido2_forget_pin(fido2);
    free(fido2->path);
    fido2->path = copy;
    pthread_mutex_lock(&fido2->active_lock);
    fido2->is_known = false;
    pthread_mutex_unlock(&fido2->active_lock);
    pthread_mutex_unlock(&fido2->lock);
    return VK_OK;
}

/* ---- What it says of itself ---- */

static bool has_extension(const fido_cbor_info_t *info, const char *name) {
    char **names = fido_cbor_info_extensions_ptr(info);
    for (size_t i = 0; i < fido_cbor_info_extensions_len(info); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_option(const fido_cbor_info_t *info, const char *name) {
    char **names = fido_cbor_info_options_name_ptr(info);
    const bool *values = fido_cbor_info_options_value_ptr(info);
    for (size_t i = 0; i < fido_cbor_info_options_len(info); i++) {
        if (strcmp(names[i], name) == 0) {
            return values[i];
        }
    }
    return false;
}

static void take_info(fido_dev_t *dev, const fido_cbor_info_t *info, vk_fido2_info *out) {
    int64_t left = fido_cbor_info_rk_remaining(info);
    uint64_t pin_min = fido_cbor_info_minpinlen(info);
    if (fido_cbor_info_aaguid_len(info) == sizeof out->aaguid) {
        memcpy(out->aaguid, fido_cbor_info_aaguid_ptr(info), sizeof out->aaguid);
    }
    out->major = fido_dev_major(dev);
    out->minor = fido_dev_minor(dev);
    out->build = fido_dev_build(dev);
    out->takes_pin = fido_dev_supports_pin(dev);
    out->has_pin = fido_dev_has_pin(dev);
    out->has_uv = fido_dev_has_uv(dev);
    out->always_uv = has_option(info, "alwaysUv");
    out->lists = fido_dev_supports_credman(dev);
    /* Its salts come by a PIN protocol. */
    out->has_hmac_secret =
        has_extension(info, "hmac-secret") && fido_cbor_info_protocols_len(info) > 0;
    out->has_cred_blob =
        has_extension(info, "credBlob") && fido_cbor_info_maxcredbloblen(info) >= sizeof(vk_hash);
    out->has_cred_protect = fido_dev_supports_cred_prot(dev);
    out->pin_min = pin_min > VK_FIDO2_PIN_MIN && pin_min <= VK_FIDO2_PIN_MAX ? (unsigned)pin_min
                                                                             : VK_FIDO2_PIN_MIN;
    out->free_credentials = left > 0 && left <= INT32_MAX ? (unsigned)left : 0;
}

static int read_tries(fido_dev_t *dev, vk_fido2_info *out) {
    int tries = VK_FIDO2_PIN_TRIES;
    int code = out->has_pin ? fido_dev_get_retry_count(dev, &tries) : FIDO_OK;
    out->pin_tries = tries < 0 ? 0 : (unsigned)tries;
    return code;
}

int vk_fido2_read_info(fido_dev_t *dev, vk_fido2_info *out) {
    fido_cbor_info_t *info = fido_cbor_info_new();
    *out = (vk_fido2_info){0};
    if (info == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    int code = fido_dev_get_cbor_info(dev, info);
    if (code == FIDO_OK) {
        take_info(dev, info, out);
        code = read_tries(dev, out);
    }
    fido_cbor_info_free(&info);
    return code;
}

static bool is_active(vk_fido2 *fido2, vk_fido2_info *known) {
    pthread_mutex_lock(&fido2->active_lock);
    bool active = fido2->active != NULL && fido2->is_known;
    *known = fido2->known;
    pthread_mutex_unlock(&fido2->active_lock);
    return active;
}

static void keep_info(vk_fido2 *fido2, const vk_fido2_info *info) {
    pthread_mutex_lock(&fido2->active_lock);
    fido2->known = *info;
    fido2->is_known = true;
    pthread_mutex_unlock(&fido2->active_lock);
}

vk_status vk_fido2_get_info(vk_fido2 *fido2, vk_fido2_info *out, vk_error *err) {
    vk_fido2_use use;
    if (is_active(fido2, out)) {
        return VK_OK;
    }
    *out = (vk_fido2_info){0};
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    if (status == VK_OK) {
        status = vk_fido2_leave(&use, vk_fido2_read_info(use.dev, out), err);
    }
    if (status == VK_OK) {
        keep_info(fido2, out);
    }
    return status;
}

/* ---- Places ---- */

void vk_fido2_places_scan(vk_fido2_places *places) {
    size_t found = 0;
    fido_dev_info_t *list = fido_dev_info_new(VK_FIDO2_PLACES_MAX);
    if (list == NULL || fido_dev_info_manifest(list, VK_FIDO2_PLACES_MAX, &found) != FIDO_OK) {
        found = 0;
    }
    for (size_t i = 0; i < found && places->count < VK_FIDO2_PLACES_MAX; i++) {
        const fido_dev_info_t *info = fido_dev_info_ptr(list, i);
        const char *product = fido_dev_info_product_string(info);
        vk_fido2_place place = {.path = strdup(fido_dev_info_path(info)),
                                .product = product != NULL ? strdup(product) : NULL};
        if (place.path != NULL) {
            places->list[places->count++] = place;
        } else {
            free(place.product);
        }
    }
    fido_dev_info_free(&list, VK_FIDO2_PLACES_MAX);
}

void vk_fido2_places_clear(vk_fido2_places *places) {
    for (size_t i = 0; i < places->count; i++) {
        free(places->list[i].path);
        free(places->list[i].product);
    }
    places->count = 0;
}
