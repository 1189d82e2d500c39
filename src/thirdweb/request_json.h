/* SignerPermissionRequest as JSON, its members named as the contract names them. */
#ifndef VK_THIRDWEB_REQUEST_JSON_H
#define VK_THIRDWEB_REQUEST_JSON_H

#include "base/json.h"
#include <valetkey/thirdweb.h>

/*
 * All members of the present form of the request, isAdmin too. Numbers are JSON integers, decimal
 * or "0x" texts. path may be NULL. The targets are owned: vk_thirdweb_request_free, not after a
 * failure.
 */
VK_MUST_USE vk_status vk_thirdweb_request_read(const cJSON *object, const vk_path *path,
                                               vk_thirdweb_request *out, vk_error *err);
void vk_thirdweb_request_free(vk_thirdweb_request *request);

#endif
