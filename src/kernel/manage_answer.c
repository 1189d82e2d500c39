/* What an account answers about its permissions. The bytes come from a node: nothing is trusted. */
#include "eth/abi.h"

#include <valetkey/manage.h>

#include <string.h>

#define POLICY_LEN 22 /* flag2 || address20 */

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "answer", "the answer is not the encoding of %s", what);
}

static bool read_number(vk_bytes answer, size_t position, uint64_t max, uint64_t *out) {
    vk_u256 value;
    if (vk_abi_u256(answer, position, &value) != VK_OK || !vk_u256_fits(&value, 64)) {
        return false;
    }
    *out = vk_u256_low64(&value);
    return *out <= max;
}

vk_status vk_manage_read_u32(vk_bytes answer, uint32_t *out, vk_error *err) {
    uint64_t value;
    if (answer.len != VK_WORD || !read_number(answer, 0, UINT32_MAX, &value)) {
        return malformed(err, "a uint32");
    }
    *out = (uint32_t)value;
    return VK_OK;
}

vk_status vk_manage_read_bool(vk_bytes answer, bool *out, vk_error *err) {
    uint64_t value;
    if (answer.len != VK_WORD || !read_number(answer, 0, 1, &value)) {
        return malformed(err, "a bool");
    }
    *out = value == 1;
    return VK_OK;
}

vk_status vk_manage_read_validation_config(vk_bytes answer, vk_validation_config *out,
                                           vk_error *err) {
    uint64_t nonce;
    vk_address hook;
    if (answer.len != 2 * VK_WORD || !read_number(answer, 0, UINT32_MAX, &nonce) ||
        vk_abi_address(answer, VK_WORD, &hook) != VK_OK) {
        return malformed(err, "(uint32 nonce, address hook)");
    }
    *out = (vk_validation_config){(uint32_t)nonce, hook};
    return VK_OK;
}

/* bytesN: the bytes behind the first len are zero. */
static bool read_left(vk_bytes body, size_t position, size_t len, const uint8_t **out) {
    static const uint8_t zeros[VK_WORD];
    return vk_abi_word(body, position, out) == VK_OK &&
           memcmp(*out + len, zeros, VK_WORD - len) == 0;
}

static uint16_t read_flag(const uint8_t be[2]) {
    return (uint16_t)(be[0] << 8 | be[1]);
}

static bool read_policies(vk_bytes array, vk_permission_config *out) {
    for (size_t i = 0; i < out->policy_count; i++) {
        const uint8_t *word;
        if (!read_left(array, i * VK_WORD, POLICY_LEN, &word)) {
            return false;
        }
        out->policies[i].flag = read_flag(word);
        memcpy(out->policies[i].address.b, word + 2, sizeof out->policies[i].address.b);
    }
    return array.len == out->policy_count * VK_WORD;
}

/* One struct: 0x20, then flag, signer, 0x60, count, the policies. */
static bool read_config_head(vk_bytes answer, vk_permission_config *out) {
    size_t offset, list;
    const uint8_t *flag;
    if (vk_abi_size(answer, 0, VK_WORD, &offset) != VK_OK || offset != VK_WORD ||
        !read_left(answer, VK_WORD, 2, &flag) ||
        vk_abi_address(answer, 2 * VK_WORD, &out->signer) != VK_OK ||
        vk_abi_size(answer, 3 * VK_WORD, 3 * VK_WORD, &list) != VK_OK || list != 3 * VK_WORD ||
        vk_abi_size(answer, 4 * VK_WORD, answer.len / VK_WORD, &out->policy_count) != VK_OK) {
        return false;
    }
    out->flag = read_flag(flag);
    return true;
}

vk_status vk_manage_read_permission_config(vk_bytes answer, vk_permission_config *out,
                                           vk_error *err) {
    vk_permission_config config = {0};
    size_t head = 5 * VK_WORD;
    if (!read_config_head(answer, &config)) {
        return malformed(err, "(bytes2 flag, address signer, bytes22[] policies)");
    }
    if (config.policy_count > VK_POLICIES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "answer",
                       "a permission of %zu policies is over the "
                       "limit of %d",
                       config.policy_count, VK_POLICIES_MAX);
    }
    if (!read_policies((vk_bytes){answer.data + head, answer.len - head}, &config)) {
        return malformed(err, "(bytes2 flag, address signer, bytes22[] policies)");
    }
    *out = config;
    return VK_OK;
}

bool vk_manage_is_installed(const vk_permission_config *config, const vk_signer *signer) {
    return !vk_address_is_zero(&config->signer) &&
           vk_address_equal(&config->signer, &signer->contract);
}

vk_status vk_manage_check_revoke(const vk_permission_config *config, vk_bytes enable_data,
                                 vk_error *err) {
    size_t offset, count;
    if (vk_abi_size(enable_data, 0, VK_WORD, &offset) != VK_OK || offset != VK_WORD ||
        vk_abi_size(enable_data, VK_WORD, enable_data.len / VK_WORD, &count) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, "enableData", "the enable data are not abi(bytes[])");
    }
    return count == config->policy_count + 1
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, "enableData",
                         "the enable data have %zu entries, but %zu policies and a signer are "
                         "installed",
                         count, config->policy_count);
}
