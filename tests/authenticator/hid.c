#include "internal.h"

#include <string.h>

#define BROADCAST 0xffffffffu
#define INITIAL_PAYLOAD (HID_PACKET - 7)
#define NEXT_PAYLOAD (HID_PACKET - 5)
/* Generous: the client's process may have to wait for its turn. */
#define REPORT_TIMEOUT_MS 3000

enum hid_command {
    HID_PING = 0x81,
    HID_MSG = 0x83,
    HID_INIT = 0x86,
    HID_WINK = 0x88,
    HID_CBOR = 0x90,
    HID_CANCEL = 0x91,
    HID_KEEPALIVE = 0xbb,
    HID_ERROR = 0xbf,
};

enum hid_error {
    HID_INVALID_CMD = 0x01,
    HID_INVALID_LEN = 0x03,
    HID_INVALID_SEQ = 0x04,
    HID_MSG_TIMEOUT = 0x05,
    HID_CHANNEL_BUSY = 0x06,
    HID_INVALID_CHANNEL = 0x0b,
};

#define CAPABILITIES (0x01 | 0x04 | 0x08) /* WINK, CBOR, no MSG */

static uint32_t read_be32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_be32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* ---- Out ---- */

static void send_packet(port *p, const uint8_t packet[HID_PACKET]) {
    if (p != NULL && !p->gone) {
        p->send(p, packet);
    }
}

static void send_message(port *p, uint32_t channel, uint8_t command, vk_bytes message,
                         size_t packets_max) {
    uint8_t packet[HID_PACKET] = {0};
    size_t done = message.len < INITIAL_PAYLOAD ? message.len : INITIAL_PAYLOAD;
    write_be32(packet, channel);
    packet[4] = command;
    packet[5] = (uint8_t)(message.len >> 8);
    packet[6] = (uint8_t)message.len;
    if (done > 0) {
        memcpy(packet + 7, message.data, done);
    }
    send_packet(p, packet);
    for (size_t sent = 1; done < message.len && sent < packets_max; sent++) {
        size_t part = message.len - done < NEXT_PAYLOAD ? message.len - done : NEXT_PAYLOAD;
        memset(packet + 4, 0, sizeof packet - 4);
        packet[4] = (uint8_t)(sent - 1);
        memcpy(packet + 5, message.data + done, part);
        send_packet(p, packet);
        done += part;
    }
}

static void send_error(port *p, uint32_t channel, uint8_t error) {
    send_message(p, channel, HID_ERROR, (vk_bytes){&error, 1}, SIZE_MAX);
}

void hid_keepalive_send(authn *a, hid_keepalive status) {
    uint8_t byte = (uint8_t)status;
    send_message(a->transaction.from, a->transaction.channel, HID_KEEPALIVE, (vk_bytes){&byte, 1},
                 SIZE_MAX);
}

void hid_reply(authn *a, vk_bytes message, size_t packets_max) {
    send_message(a->transaction.from, a->transaction.channel, HID_CBOR, message, packets_max);
}

/* ---- Connections ---- */

void hid_attach(authn *a, port *p) {
    p->device = a;
    p->next = a->ports;
    a->ports = p;
}

static bool is_current(const authn *a, const port *p, uint32_t channel) {
    const transaction *t = &a->transaction;
    return t->state != HID_IDLE && t->from == p && t->channel == channel;
}

void hid_abort(authn *a) {
    transaction *t = &a->transaction;
    if (t->state == HID_RECEIVING) {
        t->state = HID_IDLE;
    }
    t->aborted = true;
    pthread_cond_broadcast(&a->changed);
    for (uint64_t number = t->number; t->state == HID_RUNNING && t->number == number;) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
}

void hid_detach(authn *a, port *p) {
    port **at = &a->ports;
    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    p->gone = true;
    if (a->transaction.state != HID_IDLE && a->transaction.from == p) {
        hid_abort(a);
    }
    if (a->transaction.from == p) {
        a->transaction.from = NULL;
    }
}

static bool owns_channel(const port *p, uint32_t channel) {
    for (size_t i = 0; i < p->channel_count; i++) {
        if (p->channels[i] == channel) {
            return true;
        }
    }
    return false;
}

/* ---- In ---- */

/* Allowed at any time: it gives out a channel, or ends what the channel was about. */
static void receive_init(port *p, uint32_t channel, const uint8_t packet[HID_PACKET]) {
    authn *a = p->device;
    uint8_t reply[17] = {0};
    if (packet[5] != 0 || packet[6] != 8) {
        send_error(p, channel, HID_INVALID_LEN);
        return;
    }
    uint32_t given = channel;
    if (channel == BROADCAST) {
        if (p->channel_count == HID_CHANNELS) {
            send_error(p, channel, HID_CHANNEL_BUSY);
            return;
        }
        a->last_channel++;
        given = a->last_channel;
        p->channels[p->channel_count++] = given;
    } else if (is_current(a, p, channel)) {
        hid_abort(a);
    }
    memcpy(reply, packet + 7, 8);
    write_be32(reply + 8, given);
    reply[12] = 2; /* CTAPHID's version, then the device's */
    reply[13] = 1;
    reply[16] = CAPABILITIES;
    send_message(p, channel, HID_INIT, (vk_bytes){reply, sizeof reply}, SIZE_MAX);
}

static void drop(authn *a, uint8_t error) {
    transaction *t = &a->transaction;
    t->state = HID_IDLE;
    send_error(t->from, t->channel, error);
}

void hid_expire(authn *a) {
    drop(a, HID_MSG_TIMEOUT);
}

/* The whole message is here. */
static void deliver(authn *a) {
    transaction *t = &a->transaction;
    vk_bytes message = {t->data, t->len};
    if (t->command == HID_CBOR && t->len > 0) {
        t->state = HID_RUNNING;
        pthread_cond_broadcast(&a->changed);
        return;
    }
    if (t->command == HID_CBOR || (t->command == HID_WINK && t->len > 0)) {
        drop(a, HID_INVALID_LEN);
    } else if (t->command == HID_PING || t->command == HID_WINK) {
        t->state = HID_IDLE;
        send_message(t->from, t->channel, t->command, message, SIZE_MAX);
    } else {
        drop(a, HID_INVALID_CMD); /* HID_MSG too: there is no U2F */
    }
}

static void take(authn *a, const uint8_t *data, size_t max) {
    transaction *t = &a->transaction;
    size_t part = t->expected - t->len < max ? t->expected - t->len : max;
    memcpy(t->data + t->len, data, part);
    t->len += part;
    t->deadline = now_ms() + REPORT_TIMEOUT_MS;
    if (t->len == t->expected) {
        deliver(a);
    } else {
        pthread_cond_broadcast(&a->changed); /* the worker watches the time */
    }
}

static void begin(port *p, uint32_t channel, const uint8_t packet[HID_PACKET]) {
    transaction *t = &p->device->transaction;
    t->state = HID_RECEIVING;
    t->number++;
    t->from = p;
    t->channel = channel;
    t->command = packet[4];
    t->sequence = 0;
    t->cancelled = t->aborted = false;
    t->expected = (size_t)packet[5] << 8 | packet[6];
    t->len = 0;
    if (t->expected > HID_MESSAGE_MAX) {
        drop(p->device, HID_INVALID_LEN);
        return;
    }
    take(p->device, packet + 7, INITIAL_PAYLOAD);
}

static void receive_initial(port *p, uint32_t channel, const uint8_t packet[HID_PACKET]) {
    authn *a = p->device;
    transaction *t = &a->transaction;
    bool current = is_current(a, p, channel);
    if (packet[4] == HID_INIT) {
        receive_init(p, channel, packet);
    } else if (channel == BROADCAST) {
        send_error(p, channel, HID_INVALID_CHANNEL);
    } else if (packet[4] == HID_CANCEL) {
        if (current && t->state == HID_RUNNING) {
            t->cancelled = true;
            pthread_cond_broadcast(&a->changed);
        }
    } else if (current && t->state == HID_RECEIVING) {
        drop(a, HID_INVALID_SEQ);
    } else if (t->state != HID_IDLE) {
        send_error(p, channel, HID_CHANNEL_BUSY);
    } else {
        begin(p, channel, packet);
    }
}

/* Those that belong to nothing are ignored. */
static void receive_next(port *p, uint32_t channel, const uint8_t packet[HID_PACKET]) {
    authn *a = p->device;
    transaction *t = &a->transaction;
    if (!is_current(a, p, channel) || t->state != HID_RECEIVING) {
        return;
    }
    if (packet[4] != t->sequence) {
        drop(a, HID_INVALID_SEQ);
        return;
    }
    t->sequence++;
    take(a, packet + 5, NEXT_PAYLOAD);
}

void hid_receive(port *p, const uint8_t packet[HID_PACKET]) {
    uint32_t channel = read_be32(packet);
    if (p->gone) {
        return;
    }
    if (channel != BROADCAST && !owns_channel(p, channel)) {
        send_error(p, channel, HID_INVALID_CHANNEL);
    } else if ((packet[4] & 0x80) != 0) {
        receive_initial(p, channel, packet);
    } else {
        receive_next(p, channel, packet);
    }
}
