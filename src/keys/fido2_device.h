/* What the files about FIDO2 share: an authenticator while it is in use. */
#ifndef VK_KEYS_FIDO2_DEVICE_H
#define VK_KEYS_FIDO2_DEVICE_H

#include "keys/fido2.h"

#include <fido.h>
#include <pthread.h>

/* How long the answer to a question is waited for. */
typedef enum vk_fido2_wait {
    VK_FIDO2_QUICK, /* it needs no touch */
    VK_FIDO2_WALK,  /* over all credentials */
    VK_FIDO2_TOUCH
} vk_fido2_wait;
#define VK_FIDO2_QUICK_MS 3000
#define VK_FIDO2_WALK_MS 20000

struct vk_fido2 {
    char *path;
    int timeout_ms;
    pthread_mutex_t lock; /* held by the operation; guards the PIN */
    char *pin;            /* locked memory, VK_FIDO2_PIN_MAX + 1; NULL: not logged in */

    pthread_mutex_t active_lock; /* guards what follows; never waited for with it */
    pthread_cond_t ended;
    uint64_t operation; /* how many have begun */
    bool is_running, is_canceled;
    pthread_t owner;    /* of the running operation */
    fido_dev_t *active; /* of the running operation, once it is open */
    bool is_known;
    vk_fido2_info known; /* what it said of itself last */
};
/* False if there is no memory. */
bool vk_fido2_locks_init(vk_fido2 *fido2);
void vk_fido2_locks_destroy(vk_fido2 *fido2);
/* With the lock held, or nobody there. */
void vk_fido2_forget_pin(vk_fido2 *fido2);

/* An operation on an opened authenticator. */
typedef struct vk_fido2_use {
    vk_fido2 *fido2;
    fido_dev_t *dev;
    vk_fido2_wait wait;
    int64_t until_ms;
    bool used_pin; /* the one that is kept */
} vk_fido2_use;

/* Waits for its turn and opens the authenticator; on failure it is left already. */
VK_MUST_USE vk_status vk_fido2_enter(vk_fido2 *fido2, vk_fido2_wait wait, vk_fido2_use *out,
                                     vk_error *err);
/* Was it cancelled? Operations of many steps look between them. */
bool vk_fido2_is_canceled(const vk_fido2_use *use);
/* Closes it. What became of the operation: code is libfido2's. */
vk_status vk_fido2_leave(vk_fido2_use *use, int code, vk_error *err);

/* How an operation that needs user verification gets it: the PIN that was kept, or else built-in
 * verification, which the caller has to ask for. A code of libfido2. */
VK_MUST_USE int vk_fido2_verification(vk_fido2_use *use, const char **pin, fido_opt_t *uv);
/* The PIN that was kept; NULL if there is none. */
const char *vk_fido2_kept_pin(vk_fido2_use *use);
VK_MUST_USE int vk_fido2_read_info(fido_dev_t *dev, vk_fido2_info *out);

/* ---- PINs ---- */

/* VK_ERR_PIN_INCORRECT for what cannot be one: it is not asked about, nor counted. */
VK_MUST_USE vk_status vk_fido2_pin_check(vk_bytes pin, vk_error *err);
/* A copy that ends with NUL, in locked memory; NULL: no memory. */
char *vk_fido2_pin_copy(vk_bytes pin);
void vk_fido2_pin_drop(char *pin); /* NULL allowed; wipes */

/* What a code of libfido2 means, with a sentence in err. */
vk_status vk_fido2_explain(int code, vk_error *err);
/* VK_ERR_DEVICE: what is wrong with an answer that libfido2 took. */
vk_status vk_fido2_wrong(vk_error *err, const char *what);

/* Is an authenticator at this place? */
typedef enum vk_fido2_presence {
    VK_FIDO2_THERE,
    VK_FIDO2_GONE,
    VK_FIDO2_FORBIDDEN /* to this user */
} vk_fido2_presence;
vk_fido2_presence vk_fido2_look(const char *path);

/* The transport of "unix:" places. */
extern const fido_dev_io_t vk_fido2_unix_io;
bool vk_fido2_is_unix(const char *path);
vk_fido2_presence vk_fido2_unix_look(const char *path);

#endif
