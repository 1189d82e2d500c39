#include <valetkey/userop.h>

#include <string.h>

#define BOUND_LEN 6
#define BOUND_MAX ((UINT64_C(1) << 48) - 1)
#define BLOCK_FLAG (UINT64_C(1) << 47)

static void put_bound(uint8_t out[BOUND_LEN], uint64_t value) {
    for (size_t i = 0; i < BOUND_LEN; i++) {
        out[i] = (uint8_t)(value >> (8 * (BOUND_LEN - 1 - i)));
    }
}

static uint64_t get_bound(const uint8_t in[BOUND_LEN]) {
    vk_u256 value = vk_u256_from_be(in, BOUND_LEN);
    return vk_u256_low64(&value);
}

vk_status vk_validation_pack(const vk_validation *validation, vk_u256 *out) {
    if (validation->valid_after > BOUND_MAX || validation->valid_until > BOUND_MAX) {
        return VK_ERR_RANGE;
    }
    put_bound(out->be, validation->valid_after);
    put_bound(out->be + BOUND_LEN, validation->valid_until);
    memcpy(out->be + 2 * (size_t)BOUND_LEN, validation->result.b, sizeof validation->result.b);
    return VK_OK;
}

vk_validation vk_validation_unpack(const vk_u256 *word) {
    vk_validation out = {.valid_after = get_bound(word->be),
                         .valid_until = get_bound(word->be + BOUND_LEN)};
    memcpy(out.result.b, word->be + 2 * (size_t)BOUND_LEN, sizeof out.result.b);
    return out;
}

bool vk_entry_point_in_window(vk_entry_point version, uint64_t valid_after, uint64_t valid_until,
                              uint64_t time, uint64_t block) {
    if (version < VK_ENTRY_POINT_0_6 || version > VK_ENTRY_POINT_0_9 || valid_after > BOUND_MAX ||
        valid_until > BOUND_MAX) {
        return false;
    }
    uint64_t until = valid_until == 0 ? BOUND_MAX : valid_until;
    uint64_t now = time;
    if (version == VK_ENTRY_POINT_0_9 && valid_after > BLOCK_FLAG && until > BLOCK_FLAG) {
        valid_after &= ~BLOCK_FLAG;
        until &= ~BLOCK_FLAG;
        now = block;
    }
    bool begun = version < VK_ENTRY_POINT_0_8 ? now >= valid_after : now > valid_after;
    return begun && now <= until;
}
