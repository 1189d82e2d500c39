#include "net/node.h"

#include "net/node_part.h"
#include "net/params.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct vk_node {
    vk_rpc *rpc;
    uint64_t max_blocks;
};

vk_status vk_node_open(const vk_node_config *config, vk_node **out, vk_error *err) {
    vk_http_config http = vk_node_config_http(config);
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

vk_rpc *vk_node_rpc(vk_node *node) {
    return node->rpc;
}

uint64_t vk_node_max_blocks(const vk_node *node) {
    return node->max_blocks;
}

vk_status vk_node_chain_id(vk_node *node, uint64_t *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, "eth_chainId", cJSON_CreateArray(), &reply, err);
    if (status == VK_OK) {
        status = vk_reply_u64(reply, "result", NULL, out, &why);
        status = vk_rpc_read(node->rpc, "eth_chainId", status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* Without the block's transactions. */
static cJSON *block_params(cJSON *which) {
    return VK_PARAMS(which, cJSON_CreateFalse());
}

static vk_status get_block(vk_node *node, cJSON *which, vk_block *out, vk_error *err) {
    static const char method[] = "eth_getBlockByNumber";
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, method, block_params(which), &reply, err);
    if (status == VK_OK) {
        status = vk_block_read(reply, out, &why);
        status = vk_rpc_read(node->rpc, method, status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

vk_status vk_node_finalized(vk_node *node, vk_block *out, vk_error *err) {
    return get_block(node, cJSON_CreateString("finalized"), out, err);
}

vk_status vk_node_block(vk_node *node, uint64_t number, vk_block *out, vk_error *err) {
    vk_block block;
    vk_status status = get_block(node, vk_params_number(number), &block, err);
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
    cJSON *call = vk_params_with(cJSON_CreateObject(), "to", vk_params_address(to));
    call = vk_params_with(call, "data", vk_params_hex(data.data, data.len));
    return VK_PARAMS(call, block == VK_NODE_LATEST ? cJSON_CreateString("latest")
                                                   : vk_params_number(block));
}

vk_status vk_node_call(vk_node *node, const vk_address *to, vk_bytes data, uint64_t block,
                       vk_buf *out, vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status =
        vk_rpc_call(node->rpc, "eth_call", call_params(to, data, block), &reply, err);
    if (status == VK_OK) {
        status = vk_json_bytes(reply, "result", NULL, VK_NODE_ANSWER_MAX, out, &why);
        status = vk_rpc_read(node->rpc, "eth_call", status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}

/* [event, any operation, the account] */
static cJSON *event_topics(const vk_address *sender) {
    vk_hash topic = {{0}};
    memcpy(topic.b + 12, sender->b, sizeof sender->b);
    return VK_PARAMS(vk_params_hash(&vk_operation_event_topic), cJSON_CreateNull(),
                     vk_params_hash(&topic));
}

static cJSON *log_params(const vk_operation_filter *filter) {
    cJSON *wanted =
        vk_params_with(cJSON_CreateObject(), "fromBlock", vk_params_number(filter->from));
    wanted = vk_params_with(wanted, "toBlock", vk_params_number(filter->to));
    wanted = vk_params_with(wanted, "address", vk_params_address(&filter->entry_point));
    return VK_PARAMS(vk_params_with(wanted, "topics", event_topics(&filter->sender)));
}

vk_status vk_node_operation_event(vk_node *node, const vk_operation_filter *filter,
                                  const vk_u256 *nonce, bool *found, vk_operation_event *out,
                                  vk_error *err) {
    cJSON *reply = NULL;
    vk_error why = {0};
    vk_status status = vk_rpc_call(node->rpc, "eth_getLogs", log_params(filter), &reply, err);
    if (status == VK_OK) {
        status = vk_operation_event_find(reply, filter, nonce, found, out, &why);
        status = vk_rpc_read(node->rpc, "eth_getLogs", status, &why, err);
    }
    cJSON_Delete(reply);
    return status;
}
