#include "batch/kinds.h"

const vk_batch_kind vk_batch_kinds[] = {
    {"account_address", vk_batch_account_address},
    {"factory_data", vk_batch_factory_data},
    {"execute_calldata", vk_batch_execute_calldata},
    {"nonce_key", vk_batch_nonce_key},
    {"userop_hash", vk_batch_userop_hash},
    {"permission", vk_batch_permission},
    {"policy_data", vk_batch_policy_data},
    {"lint", vk_batch_lint},
    {"webauthn", vk_batch_webauthn},
    {"webauthn_signature", vk_batch_webauthn_signature},
    {"validators", vk_batch_validators},
    {"multichain", vk_batch_multichain},
    {"enable", vk_batch_enable},
    {"manage", vk_batch_manage},
    {"thirdweb", vk_batch_thirdweb},
    {"message_signature", vk_batch_message_signature},
    {"enable_v2", vk_batch_enable_v2},
    {"serialized_account", vk_batch_serialized_account},
    {NULL, NULL},
};
