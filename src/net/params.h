/*
 * Parameters of JSON-RPC calls. Every function takes what it is given, also on failure; NULL stands
 * for what could not be made, memory having run out, and makes NULL of what it is put into. So only
 * the end is looked at, by vk_rpc_call.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_PARAMS_H
#define VK_NET_PARAMS_H

#include "base/json.h"
#include <valetkey/userop.h>

/* [item, ...], of count items */
cJSON *vk_params_list(cJSON *const *items, size_t count);
#define VK_PARAMS(...)                                                                             \
    vk_params_list((cJSON *const[]){__VA_ARGS__},                                                  \
                   sizeof((cJSON *const[]){__VA_ARGS__}) / sizeof(cJSON *))
/* The object with one member more. */
cJSON *vk_params_with(cJSON *object, const char *name, cJSON *item);

cJSON *vk_params_number(uint64_t number); /* "0x2a" */
cJSON *vk_params_hex(const void *data, size_t len);
/* With its checksum: there are bundlers that compare an EntryPoint's address by its letters. */
cJSON *vk_params_address(const vk_address *address);
cJSON *vk_params_hash(const vk_hash *hash);
/* As JSON-RPC has it; NULL also if it has no such form. */
cJSON *vk_params_userop(const vk_userop *op);

#endif
