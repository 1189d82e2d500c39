#include "keys/fido2_device.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Life ---- */

vk_status vk_fido2_new(const char *path, unsigned timeout_seconds, vk_fido2 **out) {
    vk_fido2 *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return VK_ERR_MEMORY;
    }
    made->path = strdup(path);
    made->timeout_ms = (int)timeout_seconds * 1000;
    if (made->path == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made->path);
        free(made);
        return VK_ERR_MEMORY;
    }
    if (pthread_mutex_init(&made->active_lock, NULL) != 0) {
        pthread_mutex_destroy(&made->lock);
        free(made->path);
        free(made);
        return VK_ERR_MEMORY;
    }
    *out = made;
    return VK_OK;
}

static void forget_pin(vk_fido2 *fido2) {
    vk_fido2_pin_drop(fido2->pin);
    fido2->pin = NULL;
}

void vk_fido2_free(vk_fido2 *fido2) {
    if (fido2 == NULL) {
        return;
    }
    forget_pin(fido2);
    pthread_mutex_destroy(&fido2->active_lock);
    pthread_mutex_destroy(&fido2->lock);
    free(fido2->path);
    free(fido2);
}

vk_status vk_fido2_move(vk_fido2 *fido2, const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) {
        return VK_ERR_MEMORY;
    }
    pthread_mutex_lock(&fido2->lock);
    forget_pin(fido2);
    free(fido2->path);
    fido2->path = copy;
    pthread_mutex_unlock(&fido2->lock);
    return VK_OK;
}

/* ---- One operation ---- */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_active(vk_fido2 *fido2, fido_dev_t *dev) {
    pthread_mutex_lock(&fido2->active_lock);
    fido2->active = dev;
    fido2->is_canceled = false;
    pthread_mutex_unlock(&fido2->active_lock);
}

void vk_fido2_cancel(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->active_lock);
    if (fido2->active != NULL) {
        fido2->is_canceled = true;
        (void)fido_dev_cancel(fido2->active);
    }
    pthread_mutex_unlock(&fido2->active_lock);
}

static int open_place(const vk_fido2 *fido2, fido_dev_t *dev, int timeout_ms) {
    int code = FIDO_OK;
    if (vk_fido2_is_unix(fido2->path)) {
        code = fido_dev_set_io_functions(dev, &vk_fido2_unix_io);
    }
    if (code == FIDO_OK) {
        code = fido_dev_set_timeout(dev, timeout_ms);
    }
    return code == FIDO_OK ? fido_dev_open(dev, fido2->path) : code;
}

/* An authenticator that cannot be opened is not there: its place may be another one's by now. */
static vk_status open_failed(int code, vk_error *err) {
    return code == FIDO_ERR_INTERNAL || code == FIDO_ERR_INVALID_ARGUMENT
               ? vk_fail(err, VK_ERR_REMOVED, NULL, "the security key cannot be opened")
               : vk_fido2_explain(code, err);
}

static vk_status open_fido2(vk_fido2_use *use, int timeout_ms, vk_error *err) {
    /* Of this thread: what speaks only U2F can neither verify a user nor keep a PIN. */
    fido_init(FIDO_DISABLE_U2F_FALLBACK);
    use->dev = fido_dev_new();
    if (use->dev == NULL) {
        return VK_ERR_MEMORY;
    }
    int code = open_place(use->fido2, use->dev, timeout_ms);
    if (code != FIDO_OK) {
        return open_failed(code, err);
    }
    return fido_dev_is_fido2(use->dev)
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, NULL, "it is no FIDO2 security key");
}

static void close_fido2(vk_fido2_use *use) {
    set_active(use->fido2, NULL);
    if (use->dev != NULL) {
        (void)fido_dev_close(use->dev);
        fido_dev_free(&use->dev);
    }
    pthread_mutex_unlock(&use->fido2->lock);
}

vk_status vk_fido2_enter(vk_fido2 *fido2, int timeout_ms, vk_fido2_use *out, vk_error *err) {
    *out = (vk_fido2_use){.fido2 = fido2};
    pthread_mutex_lock(&fido2->lock);
    vk_status status = open_fido2(out, timeout_ms, err);
    if (status != VK_OK) {
        close_fido2(out);
        return status;
    }
    out->until_ms = now_ms() + timeout_ms;
    set_active(fido2, out->dev);
    return VK_OK;
}

/* To libfido2 a wait that is over looks like a key that is gone. It may still blink: the next
 * touch must not be taken for one that nobody waits for. */
static bool is_late(const vk_fido2_use *use, int code) {
    return code == FIDO_ERR_RX && now_ms() >= use->until_ms;
}

vk_status vk_fido2_leave(vk_fido2_use *use, int code, vk_error *err) {
    pthread_mutex_lock(&use->fido2->active_lock);
    bool was_canceled = use->fido2->is_canceled;
    pthread_mutex_unlock(&use->fido2->active_lock);
    if (is_late(use, code)) {
        (void)fido_dev_cancel(use->dev);
        code = FIDO_ERR_USER_ACTION_TIMEOUT;
    }
    close_fido2(use);
    return code != FIDO_OK && was_canceled ? vk_fido2_explain(FIDO_ERR_KEEPALIVE_CANCEL, err)
                                           : vk_fido2_explain(code, err);
}

vk_status vk_fido2_verification(const vk_fido2_use *use, const char **pin, fido_opt_t *uv,
                                vk_error *err) {
    *pin = use->fido2->pin;
    *uv = FIDO_OPT_OMIT;
    if (*pin != NULL) {
        return VK_OK;
    }
    if (fido_dev_has_uv(use->dev)) {
        *uv = FIDO_OPT_TRUE;
        return VK_OK;
    }
    return fido_dev_has_pin(use->dev) ? vk_fido2_explain(FIDO_ERR_PIN_REQUIRED, err)
                                      : vk_fido2_explain(FIDO_ERR_PIN_NOT_SET, err);
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
    out->has_hmac_secret = has_extension(info, "hmac-secret");
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

static int read_info(fido_dev_t *dev, vk_fido2_info *out) {
    fido_cbor_info_t *info = fido_cbor_info_new();
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

vk_status vk_fido2_get_info(vk_fido2 *fido2, vk_fido2_info *out, vk_error *err) {
    vk_fido2_use use;
    *out = (vk_fido2_info){0};
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK_MS, &use, err);
    return status == VK_OK ? vk_fido2_leave(&use, read_info(use.dev, out), err) : status;
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
