/*
 * Writing the members of a batch answer, in order. name is NULL inside an array. Text is escaped;
 * a failure of the buffer is found by vk_buf_status at the end.
 */
#ifndef VK_BATCH_REPLY_H
#define VK_BATCH_REPLY_H

#include <valetkey/bytes.h>

typedef struct vk_reply {
    vk_buf *buf;
    bool follows; /* a member was written in this object or array */
} vk_reply;

void vk_reply_object(vk_reply *reply, const char *name);
void vk_reply_object_end(vk_reply *reply);
void vk_reply_array(vk_reply *reply, const char *name);
void vk_reply_array_end(vk_reply *reply);

void vk_reply_text(vk_reply *reply, const char *name, const char *text);
void vk_reply_bool(vk_reply *reply, const char *name, bool value);
void vk_reply_number(vk_reply *reply, const char *name, uint64_t value); /* JSON integer */
void vk_reply_decimal(vk_reply *reply, const char *name, const vk_u256 *value);
void vk_reply_hex(vk_reply *reply, const char *name, vk_bytes value);
void vk_reply_fixed(vk_reply *reply, const char *name, const void *value, size_t len);
void vk_reply_hash(vk_reply *reply, const char *name, const vk_hash *value);
void vk_reply_address(vk_reply *reply, const char *name, const vk_address *value);
/* A JSON text as it is. */
void vk_reply_json(vk_reply *reply, const char *name, const char *json);

#endif
