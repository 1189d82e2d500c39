/*
 * JSON-RPC 2.0 over HTTP: calls to one server.
 *
 * Thread safety: one thread at a time uses a vk_rpc.
 */
#ifndef VK_NET_RPC_H
#define VK_NET_RPC_H

#include "net/http.h"
#include "net/reply.h"

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

/* What the server said no with to the last call; NULL if it did not. */
const vk_refusal *vk_rpc_refusal(const vk_rpc *rpc);
/*
 * Of the last call, which failed: may the server have done what it was asked for all the same? So
 * it is if the call may have reached it, and no answer came, or one that is neither a result nor a
 * clear no: a server that failed, of itself, and does not say over what.
 */
bool vk_rpc_is_unknown(const vk_rpc *rpc);

/* What became of reading a reply: VK_OK is passed on. A failure, of which why tells, is one of the
 * server, but for VK_ERR_MEMORY and VK_ERR_NOT_FOUND. */
VK_MUST_USE vk_status vk_rpc_read(const vk_rpc *rpc, const char *method, vk_status status,
                                  const vk_error *why, vk_error *err);

#endif
