/* The handlers, one a file of the same name. */
#ifndef VK_BATCH_KINDS_H
#define VK_BATCH_KINDS_H

#include "batch/batch.h"

vk_status vk_batch_account_address(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_factory_data(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_execute_calldata(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_nonce_key(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_userop_hash(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_permission(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_policy_data(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_lint(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_webauthn(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_webauthn_signature(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_validators(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_multichain(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_enable(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_manage(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_thirdweb(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_message_signature(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_enable_v2(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_serialized_account(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_verdict(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);
vk_status vk_batch_thirdweb_verdict(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err);

#endif
