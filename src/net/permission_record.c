#include "net/permission_record.h"

/* One account at one block. */
typedef struct asking {
    vk_node *node;
    const vk_address *account;
    uint64_t block;
} asking;

static vk_status ask(const asking *a, vk_buf *call, vk_buf *answer, vk_error *err) {
    vk_status status = vk_buf_status(call);
    vk_buf_clear(answer);
    if (status == VK_OK) {
        status = vk_node_call(a->node, a->account, vk_buf_view(call), a->block, answer, err);
    } else {
        (void)vk_fail(err, status, NULL, "%s", vk_status_text(status));
    }
    vk_buf_clear(call);
    return status;
}

static vk_status read_record(const asking *a, const uint8_t id4[4], vk_buf *answer,
                             vk_permission_record *out, vk_error *err) {
    const uint8_t id21[21] = {VK_NONCE_PERMISSION, id4[0], id4[1], id4[2], id4[3]};
    vk_buf call = {0};
    vk_manage_ask_validation_config(id21, &call);
    vk_status status = ask(a, &call, answer, err);
    if (status != VK_OK || answer->len == 0) {
        return status;
    }
    status = vk_manage_read_validation_config(vk_buf_view(answer), &out->config, err);
    if (status == VK_OK) {
        vk_manage_ask_valid_nonce_from(&call);
        status = ask(a, &call, answer, err);
    }
    if (status == VK_OK) {
        status = vk_manage_read_u32(vk_buf_view(answer), &out->valid_from, err);
    }
    if (status == VK_OK) {
        vk_manage_ask_permission_config(id4, &call);
        status = ask(a, &call, answer, err);
    }
    return status == VK_OK
               ? vk_manage_read_permission_config(vk_buf_view(answer), &out->permission, err)
               : status;
}

static vk_status fail(const asking *a, vk_status status, const vk_error *why, vk_error *err) {
    if (status == VK_ERR_SERVER) {
        return vk_fail(err, status, why->path, "%s", why->message);
    }
    return vk_fail(err, status == VK_ERR_MEMORY ? VK_ERR_MEMORY : VK_ERR_SERVER, NULL,
                   "%s, asked for the account's permission, says what no Kernel says: %s",
                   vk_node_name(a->node), why->message);
}

vk_status vk_permission_record_get(vk_node *node, const vk_address *account, const uint8_t id4[4],
                                   uint64_t block, vk_permission_record *out, vk_error *err) {
    const asking a = {node, account, block};
    vk_buf answer = {0};
    vk_error why = {0};
    *out = (vk_permission_record){0};
    vk_status status = read_record(&a, id4, &answer, out, &why);
    vk_buf_clear(&answer);
    return status == VK_OK ? VK_OK : fail(&a, status, &why, err);
}

bool vk_permission_record_is_there(const vk_permission_record *record) {
    return !vk_address_is_zero(&record->config.hook);
}

bool vk_permission_record_is_revoked(const vk_permission_record *record) {
    return vk_permission_record_is_there(record) ? record->config.nonce < record->valid_from
                                                 : record->config.nonce != 0;
}

vk_status vk_account_ask_u32(vk_node *node, const vk_address *account, vk_buf *call, uint64_t block,
                             bool *is_there, uint32_t *out, vk_error *err) {
    const asking a = {node, account, block};
    vk_buf answer = {0};
    vk_error why = {0};
    vk_status status = ask(&a, call, &answer, &why);
    *is_there = status == VK_OK && answer.len > 0;
    if (*is_there) {
        status = vk_manage_read_u32(vk_buf_view(&answer), out, &why);
    }
    vk_buf_clear(&answer);
    return status == VK_OK ? VK_OK : fail(&a, status, &why, err);
}
