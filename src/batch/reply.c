#include "batch/reply.h"

#include "base/json.h"
#include <inttypes.h>

static void begin(vk_reply *reply, const char *name) {
    if (reply->follows) {
        vk_buf_put_byte(reply->buf, ',');
    }
    reply->follows = true;
    if (name != NULL) {
        vk_json_put_string(reply->buf, name);
        vk_buf_put_byte(reply->buf, ':');
    }
}

static void open(vk_reply *reply, const char *name, char bracket) {
    begin(reply, name);
    vk_buf_put_byte(reply->buf, (uint8_t)bracket);
    reply->follows = false;
}

static void end(vk_reply *reply, char bracket) {
    vk_buf_put_byte(reply->buf, (uint8_t)bracket);
    reply->follows = true;
}

void vk_reply_object(vk_reply *reply, const char *name) {
    open(reply, name, '{');
}

void vk_reply_object_end(vk_reply *reply) {
    end(reply, '}');
}

void vk_reply_array(vk_reply *reply, const char *name) {
    open(reply, name, '[');
}

void vk_reply_array_end(vk_reply *reply) {
    end(reply, ']');
}

void vk_reply_text(vk_reply *reply, const char *name, const char *text) {
    begin(reply, name);
    vk_json_put_string(reply->buf, text);
}

void vk_reply_bool(vk_reply *reply, const char *name, bool value) {
    begin(reply, name);
    vk_buf_put_text(reply->buf, value ? "true" : "false");
}

void vk_reply_number(vk_reply *reply, const char *name, uint64_t value) {
    begin(reply, name);
    vk_buf_printf(reply->buf, "%" PRIu64, value);
}

void vk_reply_decimal(vk_reply *reply, const char *name, const vk_u256 *value) {
    char text[79];
    vk_u256_decimal(value, text);
    vk_reply_text(reply, name, text);
}

void vk_reply_hex(vk_reply *reply, const char *name, vk_bytes value) {
    begin(reply, name);
    vk_buf_put_byte(reply->buf, '"');
    vk_hex_put(reply->buf, value);
    vk_buf_put_byte(reply->buf, '"');
}

void vk_reply_fixed(vk_reply *reply, const char *name, const void *value, size_t len) {
    vk_reply_hex(reply, name, (vk_bytes){value, len});
}

void vk_reply_hash(vk_reply *reply, const char *name, const vk_hash *value) {
    vk_reply_fixed(reply, name, value->b, sizeof value->b);
}

void vk_reply_address(vk_reply *reply, const char *name, const vk_address *value) {
    vk_reply_fixed(reply, name, value->b, sizeof value->b);
}

void vk_reply_json(vk_reply *reply, const char *name, const char *json) {
    begin(reply, name);
    vk_buf_put_text(reply->buf, json);
}
