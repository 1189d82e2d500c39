#include "net/params.h"

#include <inttypes.h>
#include <stdio.h>

cJSON *vk_params_list(cJSON *const *items, size_t count) {
    cJSON *list = cJSON_CreateArray();
    bool whole = list != NULL;
    for (size_t i = 0; i < count; i++) {
        if (items[i] == NULL || !whole || cJSON_AddItemToArray(list, items[i]) == 0) {
            cJSON_Delete(items[i]);
            whole = false;
        }
    }
    if (!whole) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

cJSON *vk_params_with(cJSON *object, const char *name, cJSON *item) {
    if (object == NULL || item == NULL || cJSON_AddItemToObject(object, name, item) == 0) {
        cJSON_Delete(object);
        cJSON_Delete(item);
        return NULL;
    }
    return object;
}

cJSON *vk_params_number(uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, number);
    return cJSON_CreateString(text);
}

cJSON *vk_params_hex(const void *data, size_t len) {
    vk_buf buf = {0};
    vk_hex_put(&buf, (vk_bytes){data, len});
    char *text = vk_buf_take_text(&buf);
    cJSON *item = text == NULL ? NULL : cJSON_CreateString(text);
    vk_text_free(text);
    return item;
}

cJSON *vk_params_address(const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    return cJSON_CreateString(text);
}

cJSON *vk_params_hash(const vk_hash *hash) {
    return vk_params_hex(hash->b, sizeof hash->b);
}

cJSON *vk_params_userop(const vk_userop *op) {
    vk_buf buf = {0};
    char *text = NULL;
    if (vk_userop_write_json(op, &buf) == VK_OK) {
        text = vk_buf_take_text(&buf);
    }
    cJSON *item = text == NULL ? NULL : cJSON_CreateRaw(text);
    vk_text_free(text);
    vk_buf_clear(&buf);
    return item;
}
