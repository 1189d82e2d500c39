#include "batch/in_message.h"

#include <string.h>

static vk_hash hash_typed_data(const vk_in *in) {
    vk_hash hash = {{0}};
    vk_error err = {0};
    const char *json = vk_in_text(in, "typedDataJson");
    vk_bytes bytes = {(const uint8_t *)json, strlen(json)};
    vk_status status = vk_typed_data_digest(bytes, &hash, &err);
    vk_in_check_error(in, "typedDataJson", status, &err);
    return hash;
}

static vk_hash hash_text(const vk_in *in) {
    const char *text = vk_in_free_text(in, "message");
    return vk_eip191_text_hash((vk_bytes){(const uint8_t *)text, strlen(text)});
}

vk_hash vk_in_message_hash(const vk_in *in) {
    bool text = vk_in_has(in, "message"), raw = vk_in_has(in, "rawMessage");
    bool typed = vk_in_has(in, "typedDataJson");
    if (text + raw + typed > 1) {
        vk_in_fail(in, NULL, VK_ERR_FORMAT,
                   "only one of \"message\", \"rawMessage\" and \"typedDataJson\" may be there");
    }
    if (!text && !raw && !typed) {
        return vk_in_hash(in, "hash");
    }
    vk_hash hash = typed  ? hash_typed_data(in)
                   : text ? hash_text(in)
                          : vk_eip191_text_hash(vk_in_bytes(in, "rawMessage"));
    vk_in_same_bytes(in, "hash", (vk_bytes){hash.b, sizeof hash.b});
    return hash;
}
