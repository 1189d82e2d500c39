/* Reading requests of thirdweb, in every kind that has them. */
#ifndef VK_BATCH_IN_THIRDWEB_H
#define VK_BATCH_IN_THIRDWEB_H

#include "batch/in.h"

/* "approvedTargets" of in; the line keeps them. */
const vk_address *vk_in_thirdweb_targets(const vk_in *in, size_t *count);
/* in is a SignerPermissionRequest, with the contract's names. */
vk_thirdweb_request vk_in_thirdweb_request(const vk_in *in, vk_thirdweb_abi abi);

#endif
