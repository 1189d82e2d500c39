/* Keccak-256 over input that comes in pieces. */
#ifndef VK_ETH_KECCAK_H
#define VK_ETH_KECCAK_H

#include <nettle/sha3.h>
#include <valetkey/bytes.h>

#define VK_KECCAK_RATE 136 /* bytes of the state that a 256-bit digest leaves for input */

/* {0} is the empty input. */
typedef struct vk_keccak {
    struct sha3_state state;
    uint8_t block[VK_KECCAK_RATE];
    size_t filled; /* bytes in block, always less than VK_KECCAK_RATE */
} vk_keccak;

void vk_keccak_put(vk_keccak *keccak, const void *data, size_t len);
void vk_keccak_put_text(vk_keccak *keccak, const char *text);
void vk_keccak_put_hash(vk_keccak *keccak, const vk_hash *hash);
/* The hash of all that was put; keccak is used up. */
vk_hash vk_keccak_end(vk_keccak *keccak);

#endif
