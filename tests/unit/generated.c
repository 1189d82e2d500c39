#include "generated.h"

#include <string.h>

/* splitmix64 */
static uint64_t state;

void generated_seed(void) {
    state = 0x76616c65746b6579;
}

uint64_t generated_next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

size_t generated_below(size_t limit) {
    return (size_t)(generated_next() % limit);
}

void generated_fill(uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)generated_next();
    }
}

/* Words that matter to readers of offsets and lengths. */
static vk_u256 awkward_word(size_t len) {
    static const uint64_t values[] = {
        0, 1, 31, 32, 33, 64, 96, 4096, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX};
    vk_u256 word = vk_u256_from_u64(generated_below(2) ? values[generated_below(11)]
                                                       : generated_below(len + 64));
    if (generated_below(8) == 0) {
        word.be[generated_below(24)] = (uint8_t)generated_next();
    }
    return word;
}

void generated_change(vk_buf *bytes) {
    size_t words = bytes->len / 32;
    if (bytes->len == 0) {
        vk_buf_put_byte(bytes, (uint8_t)generated_next());
        return;
    }
    switch (generated_below(4)) {
    case 0:
        bytes->data[generated_below(bytes->len)] ^= (uint8_t)(1u << generated_below(8));
        break;
    case 1:
        bytes->len = generated_below(bytes->len);
        break;
    case 2:
        vk_buf_put_zeros(bytes, 1 + generated_below(64));
        break;
    default:
        if (words > 0) {
            vk_u256 word = awkward_word(bytes->len);
            memcpy(bytes->data + bytes->len % 32 + 32 * generated_below(words), word.be, 32);
        }
    }
}
