/*
 * A key of the token as Cryptoki reads it: the record, and on demand its parsed policy and its
 * grants. Views are counted, kept for a while, and dropped when the token changes.
 */
#ifndef VK_PKCS11_VIEW_H
#define VK_PKCS11_VIEW_H

#include "token/token.h"

#include <pthread.h>
#include <stdatomic.h>

struct vk_slot;

typedef struct vk_view {
    atomic_uint users;
    struct vk_slot *slot;
    vk_key_record record;
    bool may_sign, may_verify, always_authenticate, public_is_private;
    atomic_bool is_vouched; /* the private half's attributes are what its seal says */

    pthread_mutex_t lock; /* guards what is read on demand */
    bool policy_read, has_policy;
    vk_policy policy;
    bool grants_read;
    vk_grant_record *grants;
    size_t grant_count;
    char *denial; /* the last one, if the token could not keep it; NULL: it did */
} vk_view;

#define VK_VIEWS_KEPT 256

typedef struct vk_views {
    pthread_mutex_t lock;
    uint64_t generation; /* of the token, when these were read */
    uint64_t changes;    /* grows whenever views are dropped */
    vk_view *kept[VK_VIEWS_KEPT];
} vk_views;

/* VK_ERR_NOT_FOUND also for a key that is hidden from this process (hide.h). */
VK_MUST_USE vk_status vk_view_get(struct vk_slot *slot, int64_t key_id, vk_view **out);
void vk_view_put(vk_view *view); /* NULL allowed */

/* VK_OK if the private half's attributes can be relied on, which needs the user's login; else as
 * vk_gate_vouches. VK_ERR_MISMATCH: get the view again. */
VK_MUST_USE vk_status vk_view_vouch(vk_view *view, vk_error *err);

/* NULL if the key has none, or one that cannot be read. */
const vk_policy *vk_view_policy(vk_view *view);
/* The grants, none if they cannot be read. Good while the view is. */
const vk_grant_record *vk_view_grants(vk_view *view, size_t *count);
/* What the token could not keep of the last denial; NULL: it did. */
void vk_view_set_denial(vk_view *view, const char *text);
/* Appends it; false if the token has it. */
bool vk_view_denial(vk_view *view, vk_buf *out);
const vk_grant_record *vk_view_grant(vk_view *view, int64_t grant_id); /* NULL: no such */

VK_MUST_USE vk_status vk_views_init(vk_views *views);
void vk_views_drop(vk_views *views);

#endif
