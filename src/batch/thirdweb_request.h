/* Kind thirdweb: the forms about a SignerPermissionRequest. */
#ifndef VK_BATCH_THIRDWEB_REQUEST_H
#define VK_BATCH_THIRDWEB_REQUEST_H

#include "batch/batch.h"

/* Reads "request". */
vk_thirdweb_request vk_in_thirdweb_request(const vk_in *in, vk_thirdweb_abi abi);

/* in has "request", "call" or both. */
void vk_thirdweb_answer_request(const vk_in *in, bool sdk, vk_reply *reply);

#endif
