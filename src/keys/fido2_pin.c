/* The PIN of an authenticator. */
#include "base/secret.h"
#include "keys/fido2_device.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Nothing that could be found without its id has this rpId: the question is only whether the PIN is
 * taken. */
#define NOBODY "valetkey.invalid"

char *vk_fido2_pin_copy(vk_bytes pin) {
    char *copy = vk_secret_alloc(VK_FIDO2_PIN_MAX + 1);
    if (copy != NULL && pin.len > 0) {
        memcpy(copy, pin.data, pin.len);
    }
    return copy;
}

void vk_fido2_pin_drop(char *pin) {
    vk_secret_free(pin, VK_FIDO2_PIN_MAX + 1);
}

static bool can_be_pin(vk_bytes pin) {
    return pin.len >= VK_FIDO2_PIN_MIN && pin.len <= VK_FIDO2_PIN_MAX &&
           memchr(pin.data, '\0', pin.len) == NULL;
}

vk_status vk_fido2_pin_check(vk_bytes pin, vk_error *err) {
    return can_be_pin(pin) ? VK_OK
                           : vk_fail(err, VK_ERR_PIN_INCORRECT, NULL,
                                     "the PIN of a security key has %d to %d bytes",
                                     VK_FIDO2_PIN_MIN, VK_FIDO2_PIN_MAX);
}

static int ask(fido_dev_t *dev, const char *pin) {
    static const uint8_t hash[32];
    fido_assert_t *assertion = fido_assert_new();
    if (assertion == NULL) {
        return FIDO_ERR_INTERNAL;
    }
    int code = fido_assert_set_rp(assertion, NOBODY);
    if (code == FIDO_OK) {
        code = fido_assert_set_clientdata_hash(assertion, hash, sizeof hash);
    }
    if (code == FIDO_OK) {
        code = fido_assert_set_up(assertion, FIDO_OPT_FALSE);
    }
    if (code == FIDO_OK) {
        code = fido_dev_get_assert(dev, assertion, pin);
    }
    fido_assert_free(&assertion);
    return code == FIDO_ERR_NO_CREDENTIALS ? FIDO_OK : code;
}

static vk_status check(vk_fido2 *fido2, const char *pin, bool keep, vk_error *err) {
    vk_fido2_use use;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    if (status != VK_OK) {
        return status;
    }
    int code = fido_dev_has_pin(use.dev) ? ask(use.dev, pin) : FIDO_ERR_PIN_NOT_SET;
    if (code == FIDO_OK && keep) {
        vk_fido2_forget_pin(fido2);
        fido2->pin = vk_fido2_pin_copy((vk_bytes){(const uint8_t *)pin, strlen(pin)});
        code = fido2->pin != NULL ? FIDO_OK : FIDO_ERR_INTERNAL;
    }
    return vk_fido2_leave(&use, code, err);
}

static vk_status check_bytes(vk_fido2 *fido2, vk_bytes pin, bool keep, vk_error *err) {
    vk_status status = vk_fido2_pin_check(pin, err);
    if (status != VK_OK) {
        return status;
    }
    char *copy = vk_fido2_pin_copy(pin);
    status = copy != NULL ? check(fido2, copy, keep, err) : VK_ERR_MEMORY;
    vk_fido2_pin_drop(copy);
    return status;
}

vk_status vk_fido2_log_in(vk_fido2 *fido2, const uint8_t *pin, size_t len, vk_error *err) {
    return check_bytes(fido2, (vk_bytes){pin, len}, true, err);
}

static vk_status check_built_in(vk_fido2 *fido2, vk_error *err) {
    vk_fido2_info info;
    vk_status status = vk_fido2_get_info(fido2, &info, err);
    return status == VK_OK && (!info.has_uv || vk_fido2_is_logged_in(fido2))
               ? vk_fail(err, VK_ERR_ARGUMENT, NULL, "the security key wants its PIN")
               : status;
}

vk_status vk_fido2_check_pin(vk_fido2 *fido2, const uint8_t *pin, size_t len, vk_error *err) {
    return pin != NULL ? check_bytes(fido2, (vk_bytes){pin, len}, false, err)
                       : check_built_in(fido2, err);
}

#define AGAIN_MS 50

static struct timespec soon(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += AGAIN_MS * 1000000L;
    time.tv_sec += time.tv_nsec / 1000000000L;
    time.tv_nsec %= 1000000000L;
    return time;
}

/* Others may be about to wait for a touch, or wait for their turn, so one cancel may not be enough.
 */
void vk_fido2_log_out(vk_fido2 *fido2) {
    struct timespec until;
    do {
        vk_fido2_cancel(fido2);
        until = soon();
    } while (pthread_mutex_timedlock(&fido2->lock, &until) == ETIMEDOUT);
    vk_fido2_forget_pin(fido2);
    pthread_mutex_unlock(&fido2->lock);
}

bool vk_fido2_is_logged_in(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->lock);
    bool is_kept = fido2->pin != NULL;
    pthread_mutex_unlock(&fido2->lock);
    return is_kept;
}

/* ---- Changing it ---- */

static vk_status change(vk_fido2 *fido2, const char *old_pin, const char *new_pin, vk_error *err) {
    vk_fido2_use use;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_QUICK, &use, err);
    if (status != VK_OK) {
        return status;
    }
    bool has_pin = fido_dev_has_pin(use.dev);
    int code = FIDO_OK;
    if (!fido_dev_supports_pin(use.dev)) {
        code = FIDO_ERR_INVALID_COMMAND;
    } else if (has_pin && old_pin[0] == '\0') {
        code = FIDO_ERR_PIN_REQUIRED;
    } else {
        code = fido_dev_set_pin(use.dev, new_pin, has_pin ? old_pin : NULL);
    }
    if (code == FIDO_OK && fido2->pin != NULL) {
        memset(fido2->pin, 0, VK_FIDO2_PIN_MAX + 1);
        memcpy(fido2->pin, new_pin, strlen(new_pin));
    }
    return vk_fido2_leave(&use, code, err);
}

vk_status vk_fido2_set_pin(vk_fido2 *fido2, const uint8_t *old_pin, size_t old_len,
                           const uint8_t *new_pin, size_t new_len, vk_error *err) {
    const vk_bytes old = {old_pin, old_len}, new = {new_pin, new_len};
    if (!can_be_pin(new)) {
        return vk_fail(err, VK_ERR_PIN_LENGTH, NULL, "the PIN of a security key has %d to %d bytes",
                       VK_FIDO2_PIN_MIN, VK_FIDO2_PIN_MAX);
    }
    vk_status status = old_len > 0 ? vk_fido2_pin_check(old, err) : VK_OK;
    if (status != VK_OK) {
        return status;
    }
    char *from = vk_fido2_pin_copy(old), *to = vk_fido2_pin_copy(new);
    status = from != NULL && to != NULL ? change(fido2, from, to, err) : VK_ERR_MEMORY;
    vk_fido2_pin_drop(from);
    vk_fido2_pin_drop(to);
    return status;
}

vk_status vk_fido2_reset(vk_fido2 *fido2, vk_error *err) {
    vk_fido2_use use;
    vk_status status = vk_fido2_enter(fido2, VK_FIDO2_TOUCH, &use, err);
    if (status != VK_OK) {
        return status;
    }
    int code = fido_dev_reset(use.dev);
    if (code == FIDO_OK) {
        vk_fido2_forget_pin(fido2);
    }
    return vk_fido2_leave(&use, code, err);
}
