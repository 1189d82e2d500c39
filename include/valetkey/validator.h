/*
 * Owners: the root validators of Kernel accounts. Sources: zerodevapp/sdk plugins/ecdsa,
 * plugins/multi-chain-ecdsa, plugins/passkey; zerodevapp/kernel v3.1 validators.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_VALIDATOR_H
#define VALETKEY_VALIDATOR_H

#include <valetkey/bytes.h>
#include <valetkey/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_root_kind {
    VK_ROOT_UNKNOWN = 0,
    VK_ROOT_ECDSA,       /* also the account itself under EIP-7702 */
    VK_ROOT_MULTI_CHAIN, /* ECDSA, or a merkle approval over several chains */
    VK_ROOT_PASSKEY
} vk_root_kind;

typedef struct vk_root {
    vk_root_kind kind;
    vk_address validator; /* contract; zero under EIP-7702 */
    vk_address owner;     /* ECDSA and multi-chain */
    uint8_t point65[65];  /* passkey */
} vk_root;

#ifdef __cplusplus
}
#endif
#endif
