/* The worker: it executes the commands that come in. */
#include "internal.h"

#include <string.h>

static bool is_about_keys(uint8_t command) {
    return command == CTAP_MAKE_CREDENTIAL || command == CTAP_GET_ASSERTION ||
           command == CTAP_GET_NEXT_ASSERTION;
}

static bool hits(const authn *a, uint8_t command, authn_mistake mistake) {
    return has_mistake(a, mistake) && (is_about_keys(command) || has_mistake(a, AUTHN_EVERYWHERE));
}

/* One member more, with a key behind all others, so that the message has its greatest length. */
static void lengthen(vk_buf *reply) {
    static uint8_t zeros[HID_MESSAGE_MAX];
    if (reply->len == 1) {
        vk_buf_put_byte(reply, 0xa0);
    }
    reply->data[1]++;
    wire_put_int(reply, 0xff);
    wire_put_bytes(reply, zeros, HID_MESSAGE_MAX - reply->len - 3); /* but for the string's head */
}

static void replace(vk_buf *reply, const void *data, size_t len) {
    reply->len = 0;
    vk_buf_put(reply, data, len);
}

size_t reply_spoil(authn *a, uint8_t command, vk_buf *reply) {
    static const uint8_t garbage[] = {CTAP_OK, 0xff, 0x1c, 0x5f, 0xd8, 0x00, 0xfe};
    static const uint8_t unknown[] = {CTAP_UNKNOWN_STATUS};
    bool is_map = reply->len > 1 && reply->data[1] >> 5 == WIRE_MAP;
    if (hits(a, command, AUTHN_WRONG_ERROR)) {
        replace(reply, unknown, sizeof unknown);
    } else if (reply->data[0] == CTAP_OK && hits(a, command, AUTHN_GARBAGE)) {
        replace(reply, garbage, sizeof garbage);
    } else if (hits(a, command, AUTHN_TRUNCATED)) {
        reply->len = (reply->len + 1) / 2;
    } else if (is_map && hits(a, command, AUTHN_INDEFINITE)) {
        reply->data[1] = WIRE_MAP << 5 | 31;
        vk_buf_put_byte(reply, 0xff);
    } else if (reply->data[0] == CTAP_OK && hits(a, command, AUTHN_LONG_REPLY)) {
        lengthen(reply);
    }
    return hits(a, command, AUTHN_UNPLUG) ? 1 : SIZE_MAX;
}

static void stall(authn *a) {
    while (!a->transaction.aborted && !a->stop) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
}

static void execute(authn *a) {
    transaction *t = &a->transaction;
    uint8_t command = t->data[0];
    vk_buf reply = {0};
    if (hits(a, command, AUTHN_STALL)) {
        stall(a);
    } else {
        ctap_execute(a, (vk_bytes){t->data, t->len}, &reply);
        size_t packets = reply_spoil(a, command, &reply);
        crypto_require(vk_buf_status(&reply) == VK_OK, "the reply's memory");
        if (!t->aborted) {
            hid_reply(a, vk_buf_view(&reply), packets);
        }
        if (packets == 1 && a->plugged) {
            device_unplug(a);
        }
    }
    t->state = HID_IDLE;
    vk_buf_clear(&reply);
    pthread_cond_broadcast(&a->changed);
}

void *device_run(void *context) {
    authn *a = context;
    transaction *t = &a->transaction;
    pthread_mutex_lock(&a->lock);
    while (!a->stop) {
        if (t->state == HID_RUNNING) {
            execute(a);
        } else if (t->state == HID_IDLE) {
            pthread_cond_wait(&a->changed, &a->lock);
        } else if (now_ms() >= t->deadline) {
            hid_expire(a);
        } else {
            wait_until(a, t->deadline);
        }
    }
    t->state = HID_IDLE;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}
