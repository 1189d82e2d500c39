#include "batch/kinds.h"

const vk_batch_kind vk_batch_kinds[] = {
    {"nonce_key", vk_batch_nonce_key},
    {"permission", vk_batch_permission},
    {"policy_data", vk_batch_policy_data},
    {"webauthn_signature", vk_batch_webauthn_signature},
    {NULL, NULL},
};
