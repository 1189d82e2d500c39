#include <valetkey/eth.h>

#include <nettle/sha3.h>
#include <openssl/evp.h>
#include <string.h>

#define RATE 136 /* bytes of the state that a 256-bit digest leaves for input */

static uint64_t load_le64(const uint8_t *p) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) {
        v = v << 8 | p[i];
    }
    return v;
}

static void absorb(struct sha3_state *state, const uint8_t block[RATE]) {
    for (size_t i = 0; i < RATE / 8; i++) {
        state->a[i] ^= load_le64(block + 8 * i);
    }
    sha3_permute(state);
}

vk_hash vk_keccak256(vk_bytes data) {
    struct sha3_state state;
    memset(&state, 0, sizeof state);
    while (data.len >= RATE) {
        absorb(&state, data.data);
        data.data += RATE;
        data.len -= RATE;
    }
    uint8_t last[RATE] = {0};
    if (data.len > 0) {
        memcpy(last, data.data, data.len);
    }
    last[data.len] = 0x01; /* SHA-3 has 0x06 here */
    last[RATE - 1] |= 0x80;
    absorb(&state, last);
    vk_hash out;
    for (size_t i = 0; i < sizeof out.b; i++) {
        out.b[i] = (uint8_t)(state.a[i / 8] >> (8 * (i % 8)));
    }
    return out;
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
