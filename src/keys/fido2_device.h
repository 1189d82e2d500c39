/* What the files about FIDO2 share: an authenticator while it is in use. */
#ifndef VK_KEYS_FIDO2_DEVICE_H
#define VK_KEYS_FIDO2_DEVICE_H

#include "keys/fido2.h"

#include <fido.h>
#include <pthread.h>

/* What needs no touch is answered within this time. */
#define VK_FIDO2_QUICK_MS 3000

struct vk_fido2 {
    char *path;
    int timeout_ms;
    pthread_mutex_t lock; /* held by the operation; guards the PIN */
    char *pin;            /* locked memory, VK_FIDO2_PIN_MAX + 1; NULL: not logged in */
    pthread_mutex_t active_lock;
    fido_dev_t *active; /* of the operation */
    bool is_canceled;
};

/* An operation on an opened authenticator. */
typedef struct vk_fido2_use {
    vk_fido2 *fido2;
    fido_dev_t *dev;
    int64_t until_ms;
} vk_fido2_use;

/* Waits for its turn and opens the authenticator; on failure it is left already. */
VK_MUST_USE vk_status vk_fido2_enter(vk_fido2 *fido2, int timeout_ms, vk_fido2_use *out,
                                     vk_error *err);
/* Closes it. What became of the operation: code is libfido2's. */
vk_status vk_fido2_leave(vk_fido2_use *use, int code, vk_error *err);

/* How an operation that needs user verification gets it: the PIN that was kept, or else built-in
 * verification, which the caller has to ask for. */
VK_MUST_USE vk_status vk_fido2_verification(const vk_fido2_use *use, const char **pin,
                                            fido_opt_t *uv, vk_error *err);

/* ---- PINs ---- */

/* VK_ERR_PIN_INCORRECT for what cannot be one: it is not asked about, nor counted. */
VK_MUST_USE vk_status vk_fido2_pin_check(vk_bytes pin, vk_error *err);
/* A copy that ends with NUL, in locked memory; NULL: no memory. */
char *vk_fido2_pin_copy(vk_bytes pin);
void vk_fido2_pin_drop(char *pin); /* NULL allowed; wipes */

/* What a code of libfido2 means, with a sentence in err. */
vk_status vk_fido2_explain(int code, vk_error *err);

/* The transport of "unix:" places. */
extern const fido_dev_io_t vk_fido2_unix_io;
bool vk_fido2_is_unix(const char *path);

#endif
