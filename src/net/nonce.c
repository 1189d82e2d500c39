#include "net/nonce.h"

#include "eth/abi.h"
#include <string.h>

void vk_get_nonce_put(const vk_address *account, const uint8_t key24[VK_NONCE_KEY_LEN],
                      vk_buf *out) {
    static const uint8_t selector[4] = {0x35, 0x56, 0x7e, 0x1a}; /* getNonce(address,uint192) */
    vk_buf_put(out, selector, sizeof selector);
    vk_abi_put_address(out, account);
    vk_buf_put_zeros(out, VK_WORD - VK_NONCE_KEY_LEN);
    vk_buf_put(out, key24, VK_NONCE_KEY_LEN);
}

bool vk_get_nonce_read(vk_bytes answer, const uint8_t key24[VK_NONCE_KEY_LEN], vk_u256 *out) {
    return answer.len == VK_WORD && vk_abi_u256(answer, 0, out) == VK_OK &&
           memcmp(out->be, key24, VK_NONCE_KEY_LEN) == 0;
}
