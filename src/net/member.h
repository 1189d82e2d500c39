/* Members of JSON objects as WebAuthn's servers and clients exchange them. */
#ifndef VK_NET_MEMBER_H
#define VK_NET_MEMBER_H

#include "base/json.h"

/* VK_ERR_FORMAT: "NAME" must be WANTS. */
vk_status vk_member_wrong(vk_error *err, const vk_path *path, const char *name, const char *wants);
/* path is that of the object. */
VK_MUST_USE vk_status vk_member_object(const cJSON *object, const char *name, const vk_path *path,
                                       const cJSON **out, vk_error *err);
/* A text of 1 to max bytes; vk_text_free it. */
VK_MUST_USE vk_status vk_member_text(const cJSON *object, const char *name, const vk_path *path,
                                     size_t max, char **out, vk_error *err);
/* Base64url without padding, of min to max bytes. Appends. */
VK_MUST_USE vk_status vk_member_base64url(const cJSON *object, const char *name,
                                          const vk_path *path, size_t min, size_t max, vk_buf *out,
                                          vk_error *err);
/* Is the value this text? NULL is not. */
bool vk_member_is(const cJSON *value, const char *text);
/* 1 to max bytes of UTF-8 without control characters. */
bool vk_member_is_printable(const char *text, size_t max);

#endif
