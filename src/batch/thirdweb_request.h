/* Kind thirdweb: the forms about a SignerPermissionRequest. */
#ifndef VK_BATCH_THIRDWEB_REQUEST_H
#define VK_BATCH_THIRDWEB_REQUEST_H

#include "batch/batch.h"

/* in has "request", "call" or both. */
void vk_thirdweb_answer_request(const vk_in *in, bool sdk, vk_reply *reply);

#endif
