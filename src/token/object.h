/*
 * Objects that only PKCS#11 gives a meaning: certificates and data. The store looks into none of
 * them; what it searches by is given beside.
 *
 * A private one is sealed and can be read and found while the user is logged in. A public one is
 * kept as it is, and nothing vouches for it: whoever can write to the file can change it.
 *
 * Thread safety: as token.h.
 */
#ifndef VK_TOKEN_OBJECT_H
#define VK_TOKEN_OBJECT_H

#include "token/token.h"

typedef struct vk_object_record {
    int64_t id;      /* never reused within a token */
    int64_t version; /* changes with every update */
    uint64_t class;  /* CK_OBJECT_CLASS */
    bool is_private;
    vk_buf attrs; /* see attrs.h; a private object's take 64 KiB at most */
} vk_object_record;

void vk_object_record_clear(vk_object_record *record);

/* Of a public object only: a private one has none. */
typedef struct vk_object_names {
    vk_bytes label, ckid;
} vk_object_names;

/* Sets id and version. A private one needs the user's login; VK_ERR_SIZE if it is too long. */
VK_MUST_USE vk_status vk_token_object_add(vk_token *token, vk_object_record *record,
                                          const vk_object_names *names, vk_error *err);
/* A copy; clear it. VK_ERR_NOT_FOUND also for a private one without the user's login. */
VK_MUST_USE vk_status vk_token_object_get(vk_token *token, int64_t id, vk_object_record *out,
                                          vk_error *err);
/* Rewrites the attributes. VK_ERR_MISMATCH if record->version is not the stored one. */
VK_MUST_USE vk_status vk_token_object_update(vk_token *token, vk_object_record *record,
                                             const vk_object_names *names, vk_error *err);
VK_MUST_USE vk_status vk_token_object_remove(vk_token *token, int64_t id, vk_error *err);

/* Ids, ascending, of the public objects with these names (NULL members match everything), and of
 * all private ones if the user is logged in. Free with free(). */
typedef struct vk_object_filter {
    const uint64_t *class;
    const vk_bytes *label;
    const vk_bytes *ckid;
} vk_object_filter;
VK_MUST_USE vk_status vk_token_object_find(vk_token *token, const vk_object_filter *filter,
                                           int64_t **ids, size_t *count, vk_error *err);

#endif
