#include "net/node.h"

#include "net/rpc.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vk_node {
    vk_rpc *rpc;
    uint64_t max_blocks;
};

vk_status vk_node_open(const vk_node_config *config, vk_node **out, vk_error *err) {
    vk_http_config http = {.url = config->url,
                           .headers = (const char *const *)config->headers,
                           .header_count = config->header_count,
                           .backoff_ms = config->backoff_ms};
    vk_node *node = calloc(1, sizeof *node);
    *out = NULL;
    if (node == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    node->max_blocks = config->max_blocks;
    vk_status status = vk_rpc_open(&http, &node->rpc, err);
    if (status != VK_OK) {
        vk_node_close(node);
        return status;
    }
    *out = node;
    return VK_OK;
}

void vk_node_close(vk_node *node) {
    if (node != NULL) {
        vk_rpc_close(node->rpc);
        free(node);
    }
}

const char *vk_node_name(const vk_node *node) {
    return vk_rpc_name(node->rpc);
}

uint64_t vk_node_max_blocks(const vk_node *node) {
    return node->max_blocks;
}

/* ---- Parameters: a list that could not be made whole becomes NULL ---- */

static cJSON *checked(cJSON *params, bool whole) {
    if (!whole) {
        cJSON_Delete(params);
        return NULL;
    }
    return params;
}

static bool add(cJSON *list, cJSON *item) {
    bool ok = item != NULL && cJSON_AddItemToArray(list, item) != 0;
    if (!ok) {
        cJSON_Delete(item);
    }
    return ok;
}

static bool add_member(cJSON *object, const char *name, cJSON *item) {
    bool ok = item != NULL && cJSON_AddItemToObject(object, name, item) != 0;
    if (!ok) {
        cJSON_Delete(item);
    }
    return ok;
}

static cJSON *number_of(uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, number);
    return cJSON_CreateString(text);
}

static cJSON *hex_of(const void *data, size_t len) {
    vk_buf buf = {0};
    vk_hex_put(&buf, (vk_bytes){data, len});
    char *text = vk_buf_take_text(&buf);
    cJSON *item = text == NULL ? NULL : cJSON_CreateString(text);
    vk_text_free(text);
    return item;
}

/* ---- Answers ---- */

/* A failure to read an answer is one of the node. */
static vk_status fail_answer(const vk_node *node, const char *method, const vk_error *why,
                             vk_error *err) {
    vk_status status = why->status == VK_ERR_MEMORY || why->status == VK_ERR_NOT_FOUND
                           ? why->status
                           : VK_ERR_SERVER;
    return vk_fail(err, status, NULL, "%s, asked for %s, answers: %s%s%s", vk_node_name(node),
                   method, why->path, why->path[0] != '\0' ? ": " : "", why->message);
}

vk_status vk_node_chain_id(vk_node *node, uint64_t *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, "eth_chainId", cJSON_CreateArray(), &reply, err);
    if (status == VK_OK) {
        status = vk_reply_u64(reply, "result", NULL, out, &why);
        if (status != VK_OK) {
            status = fail_answer(node, "eth_chainId", &why, err);
        }
    }
    cJSON_Delete(reply);
    return status;
}

/* [which, false]: without the block's transactions. */
static cJSON *block_params(cJSON *which) {
    cJSON *params = cJSON_CreateArray();
    bool whole = add(params, which);
    return checked(params, whole && add(params, cJSON_CreateFalse()));
}

static vk_status get_block(vk_node *node, cJSON *which, vk_block *out, vk_error *err) {
    static const char method[] = "eth_getBlockByNumber";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, method, block_params(which), &reply, err);
    if (status == VK_OK) {
        status = vk_block_read(reply, out, &why);
        if (status != VK_OK) {
            status = fail_answer(node, method, &why, err);
        }
    }
    cJSON_Delete(reply);
    return status;
}

vk_status vk_node_finalized(vk_node *node, vk_block *out, vk_error *err) {
    return get_block(node, cJSON_CreateString("finalized"), out, err);
}

vk_status vk_node_block(vk_node *node, uint64_t number, vk_block *out, vk_error *err) {
    vk_block block;
    vk_status status = get_block(node, number_of(number), &block, err);
    if (status == VK_OK && block.number != number) {
        status = vk_fail(err, VK_ERR_SERVER, NULL,
                         "%s answers with block %" PRIu64 ", asked for block %" PRIu64,
                         vk_node_name(node), block.number, number);
    }
    if (status == VK_OK) {
        *out = block;
    }
    return status;
}

static cJSON *call_params(const vk_address *to, vk_bytes data, uint64_t block) {
    cJSON *params = cJSON_CreateArray(), *call = cJSON_CreateObject();
    bool whole = add_member(call, "to", hex_of(to->b, sizeof to->b)) &&
                 add_member(call, "data", hex_of(data.data, data.len));
    whole = add(params, call) && whole;
    return checked(params, whole && add(params, number_of(block)));
}

vk_status vk_node_call(vk_node *node, const vk_address *to, vk_bytes data, uint64_t block,
                       vk_buf *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status =
        vk_rpc_call(node->rpc, "eth_call", call_params(to, data, block), &reply, err);
    if (status == VK_OK) {
        status = vk_json_bytes(reply, "result", NULL, VK_NODE_ANSWER_MAX, out, &why);
        if (status != VK_OK) {
            status = fail_answer(node, "eth_call", &why, err);
        }
    }
    cJSON_Delete(reply);
    return status;
}

/* [event, any operation, the account] */
static cJSON *event_topics(const vk_address *sender) {
    vk_hash topic = {{0}};
    memcpy(topic.b + 12, sender->b, sizeof sender->b);
    cJSON *topics = cJSON_CreateArray();
    bool whole =
        add(topics, hex_of(vk_operation_event_topic.b, sizeof vk_operation_event_topic.b)) &&
        add(topics, cJSON_CreateNull()) && add(topics, hex_of(topic.b, sizeof topic.b));
    return checked(topics, whole);
}

static cJSON *log_params(const vk_operation_filter *filter) {
    cJSON *params = cJSON_CreateArray(), *wanted = cJSON_CreateObject();
    bool whole = add_member(wanted, "fromBlock", number_of(filter->from)) &&
                 add_member(wanted, "toBlock", number_of(filter->to)) &&
                 add_member(wanted, "address",
                            hex_of(filter->entry_point.b, sizeof filter->entry_point.b)) &&
                 add_member(wanted, "topics", event_topics(&filter->sender));
    return checked(params, add(params, wanted) && whole);
}

vk_status vk_node_operation_event(vk_node *node, const vk_operation_filter *filter,
                                  const vk_u256 *nonce, bool *found, vk_operation_event *out,
                                  vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, "eth_getLogs", log_params(filter), &reply, err);
    if (status == VK_OK) {
        status = vk_operation_event_find(reply, filter, nonce, found, out, &why);
        if (status != VK_OK) {
            status = fail_answer(node, "eth_getLogs", &why, err);
        }
    }
    cJSON_Delete(reply);
    return status;
}
