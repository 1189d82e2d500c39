#include "internal.h"

#define KEEPALIVE_MS 100

/* What the user does now: CTAP_OK for a touch, CTAP_USER_ACTION_TIMEOUT for nothing yet. */
static uint8_t look(const authn *a, uint64_t since) {
    const user_state *u = &a->user;
    if (a->transaction.cancelled || a->transaction.aborted || a->stop) {
        return CTAP_KEEPALIVE_CANCEL;
    }
    if (u->mode == AUTHN_TOUCH_DENIED) {
        return CTAP_OPERATION_DENIED;
    }
    bool after = u->mode == AUTHN_TOUCH_AFTER && now_ms() >= since + u->after_ms;
    return u->mode == AUTHN_TOUCH_NOW || u->touched || after ? CTAP_OK : CTAP_USER_ACTION_TIMEOUT;
}

/* When there is reason to look again, if nothing changes before. */
static uint64_t next_look(const authn *a, uint64_t since, uint64_t keepalive) {
    uint64_t at = keepalive, end = since + a->options.touch_timeout_ms;
    if (a->user.mode == AUTHN_TOUCH_AFTER && since + a->user.after_ms < at) {
        at = since + a->user.after_ms;
    }
    return end < at ? end : at;
}

uint8_t user_touch(authn *a) {
    uint64_t since = now_ms(), keepalive = since;
    uint8_t status;
    a->user.touched = false;
    a->user.waiting = true;
    pthread_cond_broadcast(&a->changed);
    while ((status = look(a, since)) == CTAP_USER_ACTION_TIMEOUT &&
           now_ms() < since + a->options.touch_timeout_ms) {
        if (now_ms() >= keepalive) {
            hid_keepalive_send(a, HID_UPNEEDED);
            keepalive += KEEPALIVE_MS;
        }
        wait_until(a, next_look(a, since, keepalive));
    }
    a->user.waiting = false;
    return status;
}

/* Under the lock. */
static bool wait_for_touch(authn *a, unsigned wait_ms) {
    uint64_t deadline = now_ms() + wait_ms;
    while (!a->user.waiting && a->plugged && now_ms() < deadline) {
        wait_until(a, deadline);
    }
    return a->user.waiting;
}

bool authn_wait_for_touch(authn *a, unsigned wait_ms) {
    pthread_mutex_lock(&a->lock);
    bool waiting = wait_for_touch(a, wait_ms);
    pthread_mutex_unlock(&a->lock);
    return waiting;
}

bool authn_touch(authn *a, unsigned wait_ms) {
    pthread_mutex_lock(&a->lock);
    bool waiting = wait_for_touch(a, wait_ms);
    if (waiting) {
        a->user.touched = true;
        a->user.waiting = false; /* one touch, one operation */
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return waiting;
}

void authn_set_touch(authn *a, authn_touch_mode mode, unsigned ms) {
    pthread_mutex_lock(&a->lock);
    a->user.mode = mode;
    a->user.after_ms = ms;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}
