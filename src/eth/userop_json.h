/*
 * Reading the members of an operation from JSON that is parsed already. The members are named as in
 * JSON-RPC; how numbers are written is the caller's choice.
 */
#ifndef VK_ETH_USEROP_JSON_H
#define VK_ETH_USEROP_JSON_H

#include "base/json.h"
#include <valetkey/userop.h>

typedef struct vk_userop_dialect {
    /* vk_json_quantity or vk_json_bigint. */
    vk_status (*number)(const cJSON *object, const char *name, const vk_path *path, unsigned bits,
                        vk_u256 *out, vk_error *err);
    const char *authorization; /* another name of "eip7702Auth", or NULL */
    const char *extra;         /* a member that is left to the caller, or NULL */
} vk_userop_dialect;

/* JSON-RPC: numbers are "0x" text. */
extern const vk_userop_dialect vk_userop_rpc_dialect;

/* path may be NULL. *out is untouched on failure; else the caller clears it. */
VK_MUST_USE vk_status vk_userop_read_object(const cJSON *object, const vk_path *path,
                                            vk_entry_point version,
                                            const vk_userop_dialect *dialect, vk_userop *out,
                                            vk_error *err);

/* {"chainId":..,"entryPoint":"0x..","userOp":{..}} and, if extra is not NULL, that member, which is
 * left to the caller. VK_ERR_UNSUPPORTED for an EntryPoint that is not published. *out is untouched
 * on failure; else the caller clears its operation. */
VK_MUST_USE vk_status vk_userop_read_request_object(const cJSON *object, const char *extra,
                                                    vk_userop_request *out, vk_error *err);

#endif
