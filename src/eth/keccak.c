#include "eth/keccak.h"

#include <valetkey/eth.h>

#include <openssl/evp.h>
#include <string.h>

/* Written out, because compilers then make one instruction of it. */
static uint64_t load_le64(const uint8_t *p) {
    return (uint64_t)p[7] << 56 | (uint64_t)p[6] << 48 | (uint64_t)p[5] << 40 |
           (uint64_t)p[4] << 32 | (uint64_t)p[3] << 24 | (uint64_t)p[2] << 16 |
           (uint64_t)p[1] << 8 | p[0];
}

static void absorb(struct sha3_state *state, const uint8_t block[VK_KECCAK_RATE]) {
    for (size_t i = 0; i < VK_KECCAK_RATE / 8; i++) {
        state->a[i] ^= load_le64(block + 8 * i);
    }
    sha3_permute(state);
}

/* Moves up to len bytes into the block, which is absorbed when full; returns how many. */
static size_t fill(vk_keccak *keccak, const uint8_t *data, size_t len) {
    size_t room = VK_KECCAK_RATE - keccak->filled;
    size_t count = len < room ? len : room;
    memcpy(keccak->block + keccak->filled, data, count);
    keccak->filled += count;
    if (keccak->filled == VK_KECCAK_RATE) {
        absorb(&keccak->state, keccak->block);
        keccak->filled = 0;
    }
    return count;
}

void vk_keccak_put(vk_keccak *keccak, const void *data, size_t len) {
    const uint8_t *p = data;
    while (len > 0) {
        size_t count = VK_KECCAK_RATE;
        if (keccak->filled == 0 && len >= VK_KECCAK_RATE) {
            absorb(&keccak->state, p);
        } else {
            count = fill(keccak, p, len);
        }
        p += count;
        len -= count;
    }
}

void vk_keccak_put_text(vk_keccak *keccak, const char *text) {
    vk_keccak_put(keccak, text, strlen(text));
}

void vk_keccak_put_hash(vk_keccak *keccak, const vk_hash *hash) {
    vk_keccak_put(keccak, hash->b, sizeof hash->b);
}

vk_hash vk_keccak_end(vk_keccak *keccak) {
    uint8_t *block = keccak->block;
    memset(block + keccak->filled, 0, VK_KECCAK_RATE - keccak->filled);
    block[keccak->filled] = 0x01; /* SHA-3 has 0x06 here */
    block[VK_KECCAK_RATE - 1] |= 0x80;
    absorb(&keccak->state, block);
    vk_hash out;
    for (size_t i = 0; i < sizeof out.b; i++) {
        out.b[i] = (uint8_t)(keccak->state.a[i / 8] >> (8 * (i % 8)));
    }
    return out;
}

vk_hash vk_keccak256(vk_bytes data) {
    vk_keccak keccak = {0};
    vk_keccak_put(&keccak, data.data, data.len);
    return vk_keccak_end(&keccak);
}

vk_status vk_sha256(vk_bytes data, vk_hash *out) {
    static const uint8_t none;
    const void *start = data.len == 0 ? &none : data.data;
    unsigned len = 0;
    if (EVP_Digest(start, data.len, out->b, &len, EVP_sha256(), NULL) != 1 ||
        len != sizeof out->b) {
        return VK_ERR_CRYPTO;
    }
    return VK_OK;
}
