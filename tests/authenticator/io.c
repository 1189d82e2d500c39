/* Connections inside this process. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 4096 /* reports that nobody reads */

typedef struct local_port {
    port port;
    vk_buf queue;
    size_t read;
} local_port;

static void local_send(port *p, const uint8_t packet[HID_PACKET]) {
    local_port *local = (local_port *)p;
    if (local->queue.len - local->read >= QUEUE_MAX * HID_PACKET) {
        p->gone = true;
        return;
    }
    vk_buf_put(&local->queue, packet, HID_PACKET);
    crypto_require(vk_buf_status(&local->queue) == VK_OK, "the queue's memory");
    pthread_cond_broadcast(&p->device->changed);
}

static void *local_open(const char *path) {
    authn *a = device_find(path);
    local_port *local = a == NULL ? NULL : calloc(1, sizeof *local);
    if (local == NULL) {
        return NULL;
    }
    local->port.send = local_send;
    pthread_mutex_lock(&a->lock);
    bool plugged = a->plugged;
    if (plugged) {
        hid_attach(a, &local->port);
    }
    pthread_mutex_unlock(&a->lock);
    if (!plugged) {
        free(local);
        local = NULL;
    }
    return local;
}

static void local_close(void *handle) {
    local_port *local = handle;
    authn *a = local->port.device;
    pthread_mutex_lock(&a->lock);
    hid_detach(a, &local->port);
    pthread_mutex_unlock(&a->lock);
    vk_buf_clear(&local->queue);
    free(local);
}

static bool dequeue(local_port *local, uint8_t packet[HID_PACKET]) {
    if (local->read == local->queue.len) {
        return false;
    }
    memcpy(packet, local->queue.data + local->read, HID_PACKET);
    local->read += HID_PACKET;
    if (local->read == local->queue.len) {
        local->read = local->queue.len = 0;
    }
    return true;
}

/* ms: negative for as long as it takes. */
static int local_read(void *handle, unsigned char *out, size_t len, int ms) {
    local_port *local = handle;
    authn *a = local->port.device;
    uint64_t deadline = ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)ms;
    if (len < HID_PACKET) {
        return -1;
    }
    pthread_mutex_lock(&a->lock);
    bool got = dequeue(local, out);
    while (!got && !local->port.gone && now_ms() < deadline) {
        if (ms < 0) {
            pthread_cond_wait(&a->changed, &a->lock);
        } else {
            wait_until(a, deadline);
        }
        got = dequeue(local, out);
    }
    pthread_mutex_unlock(&a->lock);
    return got ? HID_PACKET : -1;
}

/* libfido2 puts the report's number in front. */
static int local_write(void *handle, const unsigned char *report, size_t len) {
    local_port *local = handle;
    authn *a = local->port.device;
    uint8_t packet[HID_PACKET] = {0};
    if (len < 1 || len > HID_PACKET + 1) {
        return -1;
    }
    memcpy(packet, report + 1, len - 1);
    pthread_mutex_lock(&a->lock);
    bool gone = local->port.gone;
    if (!gone) {
        hid_receive(&local->port, packet);
    }
    pthread_mutex_unlock(&a->lock);
    return gone ? -1 : (int)len;
}

const fido_dev_io_t *authn_io(void) {
    static const fido_dev_io_t io = {local_open, local_close, local_read, local_write};
    return &io;
}
