/* EntryPoint.getNonce(address,uint192), the same in every version. */
#ifndef VK_NET_NONCE_H
#define VK_NET_NONCE_H

#include <valetkey/bytes.h>

#define VK_NONCE_KEY_LEN 24 /* nonce = key24 || sequence8 */

/* Appends the call's data. */
void vk_get_nonce_put(const vk_address *account, const uint8_t key24[VK_NONCE_KEY_LEN],
                      vk_buf *out);
/* False, and *out unspecified, unless the answer is a nonce of that key. */
VK_MUST_USE bool vk_get_nonce_read(vk_bytes answer, const uint8_t key24[VK_NONCE_KEY_LEN],
                                   vk_u256 *out);

#endif
