#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FEATURES_BY_DEFAULT (AUTHN_ALWAYS_UV - 1)
/* Far enough from 0, which says that there is no counter, for AUTHN_COUNTER_BACK. */
#define FIRST_COUNTER 1000

static const uint8_t default_aaguid16[16] = {0x76, 0x61, 0x6c, 0x65, 0x74, 0x6b, 0x65, 0x79,
                                             0x00, 0x74, 0x65, 0x73, 0x74, 0x00, 0x00, 0x01};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static authn *all;
static unsigned last_number;

bool has_feature(const authn *a, authn_feature feature) {
    return (a->features & feature) != 0;
}

bool has_mistake(const authn *a, authn_mistake mistake) {
    return (a->mistakes & mistake) != 0;
}

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void wait_until(authn *a, uint64_t deadline_ms) {
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ms / 1000),
                                .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    pthread_cond_timedwait(&a->changed, &a->lock, &deadline);
}

/* ---- All of them ---- */

static void enlist(authn *a) {
    pthread_mutex_lock(&all_lock);
    last_number++;
    snprintf(a->path, sizeof a->path, "authn:%u", last_number);
    a->next = all;
    all = a;
    pthread_mutex_unlock(&all_lock);
}

static void strike_off(const authn *a) {
    pthread_mutex_lock(&all_lock);
    authn **at = &all;
    while (*at != a) {
        at = &(*at)->next;
    }
    *at = a->next;
    pthread_mutex_unlock(&all_lock);
}

authn *device_find(const char *path) {
    pthread_mutex_lock(&all_lock);
    authn *a = all;
    while (a != NULL && strcmp(a->path, path) != 0) {
        a = a->next;
    }
    pthread_mutex_unlock(&all_lock);
    return a;
}

/* ---- Life ---- */

static void set_options(authn *a, const authn_options *options) {
    a->options = *options;
    a->features = (FEATURES_BY_DEFAULT | options->with) & ~options->without;
    memcpy(a->aaguid16, options->aaguid16 == NULL ? default_aaguid16 : options->aaguid16, 16);
    if (options->min_pin_rp != NULL) {
        snprintf(a->pin_rp, sizeof a->pin_rp, "%s", options->min_pin_rp);
    }
    if (options->min_pin_length == 0) {
        a->options.min_pin_length = 4;
    }
    if (options->max_large_blobs < 1024) {
        a->options.max_large_blobs = 1024;
    }
    if (options->touch_timeout_ms == 0) {
        a->options.touch_timeout_ms = 30000;
    }
    a->user = (user_state){.mode = options->touch, .after_ms = options->touch_ms};
    a->store.max = options->max_credentials == 0 ? 25 : options->max_credentials;
}

static void allocate(authn *a) {
    a->store.items = calloc(a->store.max, sizeof *a->store.items);
    a->walk.items = calloc(a->store.max, sizeof *a->walk.items);
    crypto_require(a->store.items != NULL && a->walk.items != NULL, "calloc");
}

static void start(authn *a) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    crypto_require(pthread_create(&a->worker, NULL, device_run, a) == 0, "pthread_create");
}

authn *authn_new(const authn_options *options) {
    static const authn_options defaults;
    authn *a = calloc(1, sizeof *a);
    crypto_require(a != NULL, "calloc");
    set_options(a, options == NULL ? &defaults : options);
    allocate(a);
    a->counter = has_feature(a, AUTHN_SYNCED) ? 0 : FIRST_COUNTER;
    state_reset(a);
    pin_protocols_reset(a);
    p256_generate(&a->attestation_key);
    certificate_make(a->aaguid16, &a->attestation_key, &a->attestation_root, &a->attestation_leaf);
    if (a->options.pin != NULL) {
        vk_bytes pin = {(const uint8_t *)a->options.pin, strlen(a->options.pin)};
        crypto_require(pin_store(a, pin), "the first PIN");
    }
    a->options.pin = NULL;
    a->plugged = true;
    a->plugged_at = now_ms();
    enlist(a);
    start(a);
    return a;
}

void authn_free(authn *a) {
    if (a == NULL) {
        return;
    }
    strike_off(a);
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    device_unplug(a);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->worker, NULL);
    server_free(a);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    vk_buf_clear(&a->large_blobs);
    vk_buf_clear(&a->large_blobs_new);
    vk_buf_clear(&a->attestation_root);
    vk_buf_clear(&a->attestation_leaf);
    free(a->store.items);
    free(a->walk.items);
    free(a);
}

/* ---- The plug ---- */

void device_unplug(authn *a) {
    a->plugged = false;
    for (port *p = a->ports; p != NULL; p = p->next) {
        p->gone = true;
    }
    a->transaction.aborted = true;
    if (a->transaction.state == HID_RECEIVING) {
        a->transaction.state = HID_IDLE;
    }
    /* What a power cycle does. */
    a->pin.tries_in_a_row = 0;
    a->large_blobs_expected = 0;
    walk_end(a);
    token_reset(a);
    pin_protocols_reset(a);
    if (a->server != NULL) {
        server_wake(a->server);
    }
    pthread_cond_broadcast(&a->changed);
}

void authn_unplug(authn *a) {
    pthread_mutex_lock(&a->lock);
    device_unplug(a);
    hid_abort(a);
    server_wait_down(a);
    pthread_mutex_unlock(&a->lock);
}

bool authn_plug(authn *a) {
    pthread_mutex_lock(&a->lock);
    bool ok = a->plugged;
    if (!ok) {
        server_wait_down(a);
        ok = server_listen(a);
        a->plugged = ok;
        a->plugged_at = now_ms();
    }
    pthread_mutex_unlock(&a->lock);
    return ok;
}

/* ---- Settings and views ---- */

void authn_misbehave(authn *a, uint32_t mistakes) {
    pthread_mutex_lock(&a->lock);
    a->mistakes = mistakes;
    pthread_mutex_unlock(&a->lock);
}

void authn_set_uv(authn *a, authn_uv uv) {
    pthread_mutex_lock(&a->lock);
    a->options.uv = uv;
    pthread_mutex_unlock(&a->lock);
}

int authn_pin_retries(authn *a) {
    pthread_mutex_lock(&a->lock);
    int retries = a->pin.retries;
    pthread_mutex_unlock(&a->lock);
    return retries;
}

size_t authn_credential_count(authn *a) {
    pthread_mutex_lock(&a->lock);
    size_t count = a->store.count;
    pthread_mutex_unlock(&a->lock);
    return count;
}

uint32_t authn_counter(authn *a) {
    pthread_mutex_lock(&a->lock);
    uint32_t counter = a->counter;
    pthread_mutex_unlock(&a->lock);
    return counter;
}

const uint8_t *authn_attestation_root(authn *a, size_t *len) {
    *len = a->attestation_root.len;
    return a->attestation_root.data;
}

const char *authn_path(const authn *a) {
    return a->path;
}
