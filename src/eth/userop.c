#include "eth/userop_pack.h"

#define VIEWS 7

vk_status vk_userop_own(vk_userop *op, vk_error *err) {
    vk_bytes *views[VIEWS] = {
        &op->init_code,      &op->factory_data,        &op->call_data, &op->paymaster_and_data,
        &op->paymaster_data, &op->paymaster_signature, &op->signature};
    for (size_t i = 0; i < VIEWS; i++) {
        vk_buf_put(&op->storage, views[i]->data, views[i]->len);
    }
    vk_status status = vk_buf_status(&op->storage);
    if (status != VK_OK) {
        vk_buf_clear(&op->storage);
        return vk_fail(err, status, NULL, "the operation is too large");
    }
    size_t offset = 0;
    for (size_t i = 0; i < VIEWS; i++) {
        views[i]->data = views[i]->len == 0 ? NULL : op->storage.data + offset;
        offset += views[i]->len;
    }
    return VK_OK;
}

void vk_userop_clear(vk_userop *op) {
    vk_buf_clear(&op->storage);
    *op = (vk_userop){0};
}
