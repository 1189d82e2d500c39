/*
 * Operations that the gate allowed and that wait to be signed as digests (the standard way), a row
 * each. A row lives VK_PENDING_SECONDS and is then gone for every reader; the next one who looks
 * deletes it. All processes on the token's file see the same rows.
 *
 * Everything here needs the user's login (VK_ERR_NOT_LOGGED_IN) and is authenticated
 * (VK_ERR_INTEGRITY).
 */
#ifndef VK_TOKEN_PENDING_H
#define VK_TOKEN_PENDING_H

#include "token/token.h"

#define VK_PENDING_SECONDS 60
/* How many a key has at most. */
#define VK_PENDING_KEY_MAX 64
/* Bytes of an operation, of an object id. */
#define VK_PENDING_PAYLOAD_MAX ((size_t)128 << 10)
#define VK_PENDING_OBJECT_ID_MAX 1024

/* A time on two clocks. The system's can be set; the steady one runs on at its own pace until the
 * machine stops. */
typedef struct vk_moment {
    uint64_t wall;   /* seconds since 1970 */
    uint64_t steady; /* seconds */
} vk_moment;

typedef struct vk_pending {
    int64_t id; /* never reused within a token */
    int64_t key_id, grant_id;
    vk_moment made;
    vk_hash digest; /* to be signed */
    vk_hash userop_hash;
    uint32_t sign_count; /* in the assertion; 0: it counts nothing */
    vk_buf payload;      /* the operation, as it was written */
    vk_buf object_id;    /* what its writer tells it apart by; may be empty */
    char *assertion;     /* JSON, see pkcs11.h; NULL: no passkey */
} vk_pending;

void vk_pending_clear(vk_pending *pending);

/*
 * Adds it; id and made are filled in. One of the same key with the same userop_hash is replaced.
 * VK_ERR_STORE_FULL if the key has VK_PENDING_KEY_MAX. VK_ERR_MISMATCH, with sign_count set to the
 * lowest that would do, if another one of the grant has that sign_count or a higher one.
 */
VK_MUST_USE vk_status vk_token_pending_add(vk_token *token, vk_pending *pending, vk_error *err);
/* A copy; clear it. VK_ERR_NOT_FOUND, also for one whose time is over. */
VK_MUST_USE vk_status vk_token_pending_get(vk_token *token, int64_t id, vk_pending *out,
                                           vk_error *err);
/* The same by what is to be signed. */
VK_MUST_USE vk_status vk_token_pending_find(vk_token *token, int64_t key_id, const vk_hash *digest,
                                            vk_pending *out, vk_error *err);
/* Ids, the newest first, of one key or (key_id 0) of all; free with free(). */
VK_MUST_USE vk_status vk_token_pending_list(vk_token *token, int64_t key_id, int64_t **ids,
                                            size_t *count, vk_error *err);
/* Of all who remove it one gets VK_OK, the others VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_token_pending_remove(vk_token *token, int64_t id, vk_error *err);

#endif
