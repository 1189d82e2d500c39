/* The two directions of kind serialized_account. */
#ifndef VK_BATCH_SERIALIZED_H
#define VK_BATCH_SERIALIZED_H

#include "batch/in_session.h"
#include "batch/reply.h"

/* Answers a request that has "serializedAccount". */
void vk_answer_serialized(const vk_in *in, bool sdk, vk_reply *reply);

/*
 * What a reader makes of the text, as members of reply: account, permissionId, index,
 * validatorAddress (type1 || address20), enableData and useMetaFactory of its factory data (not
 * under EIP-7702), nonceKey, enableSignature.
 */
void vk_put_serialized(const vk_in *in, const vk_serialized_account *account,
                       vk_kernel_version kernel_hint, vk_reply *reply);

#endif
