/* One operation on an authenticator: its turn, its end, its cancellation. */
#include "keys/fido2_device.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* How often, and for how long, a cancellation is said. */
#define CANCEL_INTERVAL_MS 20
#define CANCEL_TIMES 50
#define LEAVING_MS 50
/* How long it is tried to open a key that another program uses. */
#define BUSY_MS 1000

/* ---- Locks ---- */

static bool init_ended(pthread_cond_t *ended) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(ended, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

bool vk_fido2_locks_init(vk_fido2 *fido2) {
    if (pthread_mutex_init(&fido2->lock, NULL) != 0) {
        return false;
    }
    if (pthread_mutex_init(&fido2->active_lock, NULL) != 0) {
        pthread_mutex_destroy(&fido2->lock);
        return false;
    }
    if (!init_ended(&fido2->ended)) {
        pthread_mutex_destroy(&fido2->active_lock);
        pthread_mutex_destroy(&fido2->lock);
        return false;
    }
    return true;
}

void vk_fido2_locks_destroy(vk_fido2 *fido2) {
    pthread_cond_destroy(&fido2->ended);
    pthread_mutex_destroy(&fido2->active_lock);
    pthread_mutex_destroy(&fido2->lock);
}

/* ---- Time ---- */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ended(vk_fido2 *fido2) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CANCEL_INTERVAL_MS * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&fido2->ended, &fido2->active_lock, &until);
}

/* ---- The running operation ---- */

static void begin(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->active_lock);
    fido2->operation++;
    fido2->is_running = true;
    fido2->is_canceled = false;
    fido2->owner = pthread_self();
    pthread_mutex_unlock(&fido2->active_lock);
}

static bool is_canceled(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->active_lock);
    bool is = fido2->is_canceled;
    pthread_mutex_unlock(&fido2->active_lock);
    return is;
}

static void set_active(vk_fido2 *fido2, fido_dev_t *dev) {
    pthread_mutex_lock(&fido2->active_lock);
    fido2->active = dev;
    pthread_mutex_unlock(&fido2->active_lock);
}

/* True if it was cancelled. */
static bool end(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->active_lock);
    bool was_canceled = fido2->is_canceled;
    fido2->active = NULL;
    fido2->is_running = false;
    pthread_cond_broadcast(&fido2->ended);
    pthread_mutex_unlock(&fido2->active_lock);
    return was_canceled;
}

/* An authenticator ignores it while it has no command, and an operation consists of several: the
 * one that waits for the touch may still be to come. So it is said until the operation is over. */
static void cancel_running(vk_fido2 *fido2) {
    uint64_t operation = fido2->operation;
    for (int i = 0; i < CANCEL_TIMES && fido2->is_running && fido2->operation == operation; i++) {
        fido2->is_canceled = true;
        if (fido2->active != NULL) {
            (void)fido_dev_cancel(fido2->active);
        }
        wait_ended(fido2);
    }
}

void vk_fido2_cancel(vk_fido2 *fido2) {
    pthread_mutex_lock(&fido2->active_lock);
    cancel_running(fido2);
    pthread_mutex_unlock(&fido2->active_lock);
}

void vk_fido2_cancel_of(vk_fido2 *fido2, pthread_t owner) {
    pthread_mutex_lock(&fido2->active_lock);
    if (fido2->is_running && pthread_equal(fido2->owner, owner)) {
        cancel_running(fido2);
    }
    pthread_mutex_unlock(&fido2->active_lock);
}

/* ---- Is it still there? ---- */

/* A look, not a use: nothing is sent. The node of a device that is gone cannot be opened, even
 * while it is still in the folder. */
static vk_fido2_presence look_at_node(const char *path) {
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0) {
        close(fd);
        return VK_FIDO2_THERE;
    }
    switch (errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return VK_FIDO2_GONE;
    case EACCES:
    case EPERM:
        return VK_FIDO2_FORBIDDEN;
    default: /* a folder of an NFC reader, for instance */
        return VK_FIDO2_THERE;
    }
}

vk_fido2_presence vk_fido2_look(const char *path) {
    return vk_fido2_is_unix(path) ? vk_fido2_unix_look(path) : look_at_node(path);
}

/* The connection may die a little before the place does. */
static vk_fido2_presence look_twice(const char *path) {
    const struct timespec a_little = {.tv_nsec = LEAVING_MS * 1000000};
    if (vk_fido2_look(path) == VK_FIDO2_THERE) {
        nanosleep(&a_little, NULL);
    }
    return vk_fido2_look(path);
}

static vk_status gone(vk_error *err) {
    return vk_fail(err, VK_ERR_REMOVED, NULL, "the security key is gone");
}

static vk_status silent(vk_error *err) {
    return vk_fail(err, VK_ERR_DEVICE, NULL, "the security key does not answer");
}

/* ---- Opening ---- */

static int open_place(const vk_fido2 *fido2, fido_dev_t *dev) {
    int code = FIDO_OK;
    if (vk_fido2_is_unix(fido2->path)) {
        code = fido_dev_set_io_functions(dev, &vk_fido2_unix_io);
    }
    if (code == FIDO_OK) {
        code = fido_dev_set_timeout(dev, VK_FIDO2_QUICK_MS);
    }
    return code == FIDO_OK ? fido_dev_open(dev, fido2->path) : code;
}

/* Whatever went wrong when libfido2 opened it, sent the first message or waited for the answer. */
static bool is_transport(int code) {
    return code == FIDO_ERR_TX || code == FIDO_ERR_RX || code == FIDO_ERR_INTERNAL ||
           code == FIDO_ERR_INVALID_ARGUMENT;
}

static vk_status open_failed(const vk_fido2 *fido2, int code, int64_t began_ms, vk_error *err) {
    if (!is_transport(code)) {
        return vk_fido2_explain(code, err);
    }
    bool was_late = now_ms() - began_ms >= VK_FIDO2_QUICK_MS;
    switch (look_twice(fido2->path)) {
    case VK_FIDO2_GONE:
        return gone(err);
    case VK_FIDO2_FORBIDDEN:
        return vk_fail(err, VK_ERR_DEVICE, NULL,
                       "%s may not be opened by this user: a rule of udev is missing", fido2->path);
    case VK_FIDO2_THERE:
        break;
    }
    return was_late
               ? silent(err)
               : vk_fail(err, VK_ERR_BUSY, NULL,
                         "the security key does not answer as it should: another program may be "
                         "using it");
}

static int patience_ms(const vk_fido2_use *use) {
    switch (use->wait) {
    case VK_FIDO2_QUICK:
        return VK_FIDO2_QUICK_MS;
    case VK_FIDO2_WALK:
        return VK_FIDO2_WALK_MS;
    case VK_FIDO2_TOUCH:
        break;
    }
    return use->fido2->timeout_ms;
}

static vk_status try_to_open(vk_fido2_use *use, vk_error *err) {
    int64_t began_ms = now_ms();
    use->dev = fido_dev_new();
    if (use->dev == NULL) {
        return VK_ERR_MEMORY;
    }
    int code = open_place(use->fido2, use->dev);
    if (code != FIDO_OK) {
        fido_dev_free(&use->dev);
        return open_failed(use->fido2, code, began_ms, err);
    }
    return VK_OK;
}

/* What other programs ask takes no time, unless it wants a touch. */
static vk_status open_in_turn(vk_fido2_use *use, vk_error *err) {
    const struct timespec a_little = {.tv_nsec = LEAVING_MS * 1000000};
    int64_t until_ms = now_ms() + BUSY_MS;
    vk_status status = try_to_open(use, err);
    while (status == VK_ERR_BUSY && now_ms() < until_ms && !is_canceled(use->fido2)) {
        nanosleep(&a_little, NULL);
        status = try_to_open(use, err);
    }
    if (status == VK_OK && err != NULL) {
        *err = (vk_error){0};
    }
    return status;
}

static vk_status open_fido2(vk_fido2_use *use, vk_error *err) {
    /* Of this thread: what speaks only U2F can neither verify a user nor keep a PIN. */
    fido_init(FIDO_DISABLE_U2F_FALLBACK);
    vk_status status = open_in_turn(use, err);
    if (status != VK_OK) {
        return status;
    }
    if (!fido_dev_is_fido2(use->dev)) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL, "it is no FIDO2 security key");
    }
    return vk_fido2_explain(fido_dev_set_timeout(use->dev, patience_ms(use)), err);
}

/* ---- Enter and leave ---- */

/* True if it was cancelled. */
static bool close_fido2(vk_fido2_use *use) {
    bool was_canceled = end(use->fido2);
    if (use->dev != NULL) {
        (void)fido_dev_close(use->dev);
        fido_dev_free(&use->dev);
    }
    pthread_mutex_unlock(&use->fido2->lock);
    return was_canceled;
}

vk_status vk_fido2_enter(vk_fido2 *fido2, vk_fido2_wait wait, vk_fido2_use *out, vk_error *err) {
    *out = (vk_fido2_use){.fido2 = fido2, .wait = wait};
    pthread_mutex_lock(&fido2->lock);
    begin(fido2);
    vk_status status = open_fido2(out, err);
    if (status == VK_OK) {
        set_active(fido2, out->dev); /* from now on a cancel reaches it */
    }
    if (is_canceled(fido2)) {
        status = vk_fido2_explain(FIDO_ERR_KEEPALIVE_CANCEL, err);
    }
    if (status != VK_OK) {
        (void)close_fido2(out);
        return status;
    }
    out->until_ms = now_ms() + patience_ms(out);
    return VK_OK;
}

bool vk_fido2_is_canceled(const vk_fido2_use *use) {
    return is_canceled(use->fido2);
}

/* To libfido2 a wait that is over, a message that is none and a key that is gone look the same. */
static vk_status lost(const vk_fido2_use *use, vk_error *err) {
    bool was_late = now_ms() >= use->until_ms;
    if (look_twice(use->fido2->path) == VK_FIDO2_GONE) {
        return gone(err);
    }
    if (!was_late) {
        return vk_fail(err, VK_ERR_DEVICE, NULL,
                       "what the security key sends is no message of CTAP");
    }
    if (use->wait != VK_FIDO2_TOUCH) {
        return silent(err);
    }
    /* It may still blink: the next touch must not be taken for one that nobody waits for. */
    (void)fido_dev_cancel(use->dev);
    return vk_fido2_explain(FIDO_ERR_USER_ACTION_TIMEOUT, err);
}

vk_status vk_fido2_leave(vk_fido2_use *use, int code, vk_error *err) {
    vk_status status = VK_OK;
    if (code == FIDO_ERR_RX || code == FIDO_ERR_TX) {
        status = lost(use, err);
    } else if (code != FIDO_OK) {
        status = vk_fido2_explain(code, err);
    }
    /* It was changed by another program: more tries with it would lock the key. */
    if (code == FIDO_ERR_PIN_INVALID && use->used_pin) {
        vk_fido2_forget_pin(use->fido2);
    }
    return close_fido2(use) && code != FIDO_OK ? vk_fido2_explain(FIDO_ERR_KEEPALIVE_CANCEL, err)
                                               : status;
}

/* ---- User verification ---- */

const char *vk_fido2_kept_pin(vk_fido2_use *use) {
    use->used_pin = use->fido2->pin != NULL;
    return use->fido2->pin;
}

int vk_fido2_verification(vk_fido2_use *use, const char **pin, fido_opt_t *uv) {
    *pin = vk_fido2_kept_pin(use);
    *uv = FIDO_OPT_OMIT;
    if (*pin != NULL) {
        return FIDO_OK;
    }
    if (fido_dev_has_uv(use->dev)) {
        *uv = FIDO_OPT_TRUE;
        return FIDO_OK;
    }
    return fido_dev_has_pin(use->dev) ? FIDO_ERR_PIN_REQUIRED : FIDO_ERR_PIN_NOT_SET;
}
