/*
 * JSON-RPC 2.0 replies. The bytes come from a server: nothing is trusted.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_REPLY_H
#define VK_NET_REPLY_H

#include "base/json.h"

#define VK_REPLY_MAX ((size_t)8 << 20)

#define VK_REFUSAL_WORDS_MAX 640

/* The "error" of a reply. */
typedef struct vk_refusal {
    int64_t code;
    char words[VK_REFUSAL_WORDS_MAX]; /* the server's message; printable, cut if it is longer */
} vk_refusal;

/*
 * Reads the reply to the call with that id. *reply is an object that has the member "result"; free
 * it with cJSON_Delete. VK_ERR_SERVER, with the server's code and message, for a reply that has
 * "error" instead, which goes into *refusal (may be NULL, untouched otherwise); VK_ERR_FORMAT or
 * VK_ERR_SIZE for what is no reply to this call.
 */
VK_MUST_USE vk_status vk_reply_read(vk_bytes text, uint64_t id, cJSON **reply, vk_refusal *refusal,
                                    vk_error *err);

/* Members of results; path is that of the object. A quantity is "0x" and hex digits without
 * leading zeros. */
VK_MUST_USE vk_status vk_reply_quantity(const cJSON *object, const char *name, const vk_path *path,
                                        unsigned bits, vk_u256 *out, vk_error *err);
VK_MUST_USE vk_status vk_reply_u64(const cJSON *object, const char *name, const vk_path *path,
                                   uint64_t *out, vk_error *err);

#endif
