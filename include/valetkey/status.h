/*
 * Status codes and errors of libvaletkey.
 *
 * Every fallible function returns a vk_status that must be looked at. Functions that read outside
 * text also take a vk_error (or NULL): it then says in one sentence what was wrong, and by path
 * which member it was in ("policies[1].allowed").
 *
 * Thread safety: everything here is pure.
 */
#ifndef VALETKEY_STATUS_H
#define VALETKEY_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define VK_API __attribute__((visibility("default")))
#define VK_MUST_USE __attribute__((warn_unused_result))

typedef enum vk_status {
    VK_OK = 0,

    /* The caller's data. */
    VK_ERR_ARGUMENT,    /* a call that no input can make right: NULL, unknown enum value */
    VK_ERR_FORMAT,      /* malformed text or bytes */
    VK_ERR_RANGE,       /* a number that does not fit its type */
    VK_ERR_SIZE,        /* more bytes, members or levels than the documented limit */
    VK_ERR_UNSUPPORTED, /* well formed, but of a version or kind not handled */
    VK_ERR_MISMATCH,    /* a stored or claimed value differs from the recomputed one */
    VK_ERR_SIGNATURE,   /* a signature that does not verify */
    VK_ERR_POLICY,      /* a policy that cannot be accepted */
    VK_ERR_BUFFER,      /* the caller's buffer is too small */

    /* A decision. */
    VK_DENIED,         /* the policy, or the lack of one, refuses */
    VK_ERR_PROHIBITED, /* this role may not do this, or not any more */
    VK_ERR_NOT_FOUND,
    VK_ERR_EXISTS,

    /* PINs. */
    VK_ERR_PIN_INCORRECT,
    VK_ERR_PIN_LOCKED,
    VK_ERR_PIN_LENGTH,
    VK_ERR_PIN_NOT_SET,
    VK_ERR_NOT_LOGGED_IN,

    /* The environment. */
    VK_ERR_MEMORY,
    VK_ERR_STORE,       /* the token's file cannot be read or written */
    VK_ERR_STORE_FULL,  /* no space left */
    VK_ERR_READ_ONLY,   /* the file or its directory is read-only */
    VK_ERR_BUSY,        /* another process holds the token's lock for too long */
    VK_ERR_PERMISSIONS, /* owner or mode of the token directory is unsafe */
    VK_ERR_INTEGRITY,   /* a record was changed outside the token */
    VK_ERR_CRYPTO,      /* OpenSSL or libsecp256k1 failed */
    VK_ERR_SERVER,      /* a server cannot be reached, or does not do what it was asked */

    /* A security key. */
    VK_ERR_DEVICE,  /* it answers what it should not */
    VK_ERR_REMOVED, /* it is not plugged in, or not any more */
    VK_ERR_CANCELED /* the touch it waited for was cancelled, or did not come in time */
} vk_status;

#define VK_ERROR_PATH_MAX 128
#define VK_ERROR_MESSAGE_MAX 384

typedef struct vk_error {
    vk_status status;
    char path[VK_ERROR_PATH_MAX];       /* member, empty when the whole input is meant */
    char message[VK_ERROR_MESSAGE_MAX]; /* one sentence for people, UTF-8 */
} vk_error;

/* A short constant sentence for a status. Never NULL. */
VK_API const char *vk_status_text(vk_status status);

/* Fills err (may be NULL) and returns status, so that a failure is one statement. path may be NULL.
 */
VK_API vk_status vk_fail(vk_error *err, vk_status status, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif
#endif
