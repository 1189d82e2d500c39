#include "batch/kinds.h"

const vk_batch_kind vk_batch_kinds[] = {
    {"nonce_key", vk_batch_nonce_key},
    {NULL, NULL},
};
