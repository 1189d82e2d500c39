/*
 * JSON-RPC 2.0 over HTTP: calls to one server.
 *
 * Thread safety: one thread at a time uses a vk_rpc.
 */
#ifndef VK_NET_RPC_H
#define VK_NET_RPC_H

#include "base/json.h"
#include "net/http.h"

typedef struct vk_rpc vk_rpc;

/* See vk_http_open. With more than one try, calls must be such that may be made twice. */
VK_MUST_USE vk_status vk_rpc_open(const vk_http_config *config, vk_rpc **out, vk_error *err);
void vk_rpc_close(vk_rpc *rpc); /* NULL allowed */
/* "https://host" */
const char *vk_rpc_name(const vk_rpc *rpc);

/*
 * Calls a method and takes params, also on failure; NULL stands for memory that ran out while they
 * were made. *reply is an object that has the member "result"; free it with cJSON_Delete.
 * VK_ERR_SERVER if the server cannot be reached or says no, and if its answer is none: the message
 * says which server and which method.
 */
VK_MUST_USE vk_status vk_rpc_call(vk_rpc *rpc, const char *method, cJSON *params, cJSON **reply,
                                  vk_error *err);

#endif
