#include "net/answer.h"

#include "eth/abi.h"
#include <inttypes.h>
#include <string.h>

static const vk_path result_path = {"result"};

/* ---- Blocks ---- */

vk_status vk_block_read(const cJSON *reply, vk_block *out, vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result");
    vk_block block;
    if (cJSON_IsNull(result)) {
        return vk_fail(err, VK_ERR_NOT_FOUND, "result", "the node has no such block");
    }
    if (!cJSON_IsObject(result)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "a block must be a JSON object");
    }
    vk_status status = vk_reply_u64(result, "number", &result_path, &block.number, err);
    if (status == VK_OK) {
        status =
            vk_json_fixed(result, "hash", &result_path, block.hash.b, sizeof block.hash.b, err);
    }
    if (status == VK_OK) {
        status = vk_reply_u64(result, "timestamp", &result_path, &block.timestamp, err);
    }
    if (status == VK_OK) {
        *out = block;
    }
    return status;
}

/* ---- Events ---- */

const vk_hash vk_operation_event_topic = {{0x49, 0x62, 0x8f, 0xd1, 0x47, 0x10, 0x06, 0xc1,
                                           0x48, 0x2d, 0xa8, 0x80, 0x28, 0xe9, 0xce, 0x4d,
                                           0xbb, 0x08, 0x0b, 0x81, 0x5c, 0x9b, 0x03, 0x44,
                                           0xd3, 0x9e, 0x5a, 0x8e, 0x6e, 0xc1, 0x41, 0x9f}};

#define TOPICS 4
#define DATA_LEN ((size_t)4 * VK_WORD)

static vk_status not_asked_for(vk_error *err, const vk_path *path, const char *what) {
    return vk_fail(err, VK_ERR_MISMATCH, path->text, "this log is not one that was asked for: %s",
                   what);
}

static vk_status read_topics(const cJSON *log, const vk_path *path, vk_hash topics[TOPICS],
                             vk_error *err) {
    const cJSON *list = vk_json_get(log, "topics"), *item;
    size_t count = 0;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != TOPICS) {
        return not_asked_for(err, path, "it has other than 4 topics");
    }
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsString(item) ||
            vk_hex_read_fixed(item->valuestring, strlen(item->valuestring), topics[count].b,
                              sizeof topics[count].b) != VK_OK) {
            return vk_fail(err, VK_ERR_FORMAT, path->text,
                           "topic %zu is not \"0x\" and 64 hex digits", count);
        }
        count++;
    }
    return VK_OK;
}

static vk_status check_topics(const cJSON *log, const vk_path *path,
                              const vk_operation_filter *filter, vk_operation_event *out,
                              vk_error *err) {
    vk_hash topics[TOPICS];
    vk_address sender, paymaster;
    vk_status status = read_topics(log, path, topics, err);
    if (status != VK_OK) {
        return status;
    }
    if (memcmp(&topics[0], &vk_operation_event_topic, sizeof topics[0]) != 0) {
        return not_asked_for(err, path, "it is another event");
    }
    if (vk_abi_address((vk_bytes){topics[2].b, VK_WORD}, 0, &sender) != VK_OK ||
        !vk_address_equal(&sender, &filter->sender)) {
        return not_asked_for(err, path, "it is of another account");
    }
    if (vk_abi_address((vk_bytes){topics[3].b, VK_WORD}, 0, &paymaster) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "the paymaster is no address");
    }
    out->operation = topics[1];
    return VK_OK;
}

/* nonce, success, actualGasCost, actualGasUsed */
static vk_status read_data(const cJSON *log, const vk_path *path, vk_operation_event *out,
                           vk_error *err) {
    uint8_t data[DATA_LEN];
    size_t success;
    vk_status status = vk_json_fixed(log, "data", path, data, sizeof data, err);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes body = {data, sizeof data};
    if (vk_abi_u256(body, 0, &out->nonce) != VK_OK ||
        vk_abi_size(body, VK_WORD, 1, &success) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "\"success\" is neither 0 nor 1");
    }
    out->success = success == 1;
    return VK_OK;
}

/* A log that was removed belongs to a block that is none any more. */
static vk_status check_kept(const cJSON *log, const vk_path *path, vk_error *err) {
    bool removed = false;
    if (vk_json_get(log, "removed") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_bool(log, "removed", path, &removed, err);
    return status == VK_OK && removed ? not_asked_for(err, path, "it was removed") : status;
}

static vk_status check_place(const cJSON *log, const vk_path *path,
                             const vk_operation_filter *filter, vk_operation_event *out,
                             vk_error *err) {
    vk_address address;
    vk_status status = vk_json_address(log, "address", path, &address, err);
    if (status == VK_OK && !vk_address_equal(&address, &filter->entry_point)) {
        return not_asked_for(err, path, "another contract made it");
    }
    if (status == VK_OK) {
        status = vk_reply_u64(log, "blockNumber", path, &out->block, err);
    }
    if (status == VK_OK && (out->block < filter->from || out->block > filter->to)) {
        return not_asked_for(err, path, "its block is outside of the range");
    }
    if (status == VK_OK) {
        status =
            vk_json_fixed(log, "blockHash", path, out->block_hash.b, sizeof out->block_hash.b, err);
    }
    return status == VK_OK ? check_kept(log, path, err) : status;
}

static vk_status read_event(const cJSON *log, const vk_path *path,
                            const vk_operation_filter *filter, vk_operation_event *out,
                            vk_error *err) {
    if (!cJSON_IsObject(log)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "a log must be a JSON object");
    }
    vk_status status = check_place(log, path, filter, out, err);
    if (status == VK_OK) {
        status = check_topics(log, path, filter, out, err);
    }
    return status == VK_OK ? read_data(log, path, out, err) : status;
}

vk_status vk_operation_event_find(const cJSON *reply, const vk_operation_filter *filter,
                                  const vk_u256 *nonce, bool *found, vk_operation_event *out,
                                  vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result"), *item;
    vk_operation_event event, wanted;
    size_t index = 0;
    bool is_there = false;
    if (!cJSON_IsArray(result)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "logs must be a JSON array");
    }
    cJSON_ArrayForEach(item, result) {
        vk_path path = vk_path_index(&result_path, index++);
        vk_status status = read_event(item, &path, filter, &event, err);
        if (status != VK_OK) {
            return status;
        }
        if (vk_u256_cmp(&event.nonce, nonce) == 0) {
            wanted = event;
            is_there = true;
        }
    }
    *found = is_there;
    if (is_there) {
        *out = wanted;
    }
    return VK_OK;
}
