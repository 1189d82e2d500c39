#include "batch/kinds.h"

const vk_batch_kind vk_batch_kinds[] = {
    {.name = "account_address", .handler = vk_batch_account_address},
    {.name = "factory_data", .handler = vk_batch_factory_data},
    {.name = "execute_calldata", .handler = vk_batch_execute_calldata},
    {.name = "nonce_key", .handler = vk_batch_nonce_key},
    {.name = "userop_hash", .handler = vk_batch_userop_hash},
    {.name = "permission", .handler = vk_batch_permission},
    {.name = "policy_data", .handler = vk_batch_policy_data},
    {.name = "webauthn", .handler = vk_batch_webauthn},
    {.name = "webauthn_signature", .handler = vk_batch_webauthn_signature},
    {.name = "validators", .handler = vk_batch_validators},
    {.name = "multichain", .handler = vk_batch_multichain},
    {.name = "enable", .handler = vk_batch_enable},
    {.name = "manage", .handler = vk_batch_manage},
    {.name = "thirdweb", .handler = vk_batch_thirdweb},
    {.name = "message_signature", .handler = vk_batch_message_signature},
    {.name = "enable_v2", .handler = vk_batch_enable_v2},
    {.name = "serialized_account", .handler = vk_batch_serialized_account},
    {.name = "verdict", .handler = vk_batch_verdict, .hardens = true},
    {.name = "thirdweb_verdict", .handler = vk_batch_thirdweb_verdict, .hardens = true},
    {.name = NULL},
};
