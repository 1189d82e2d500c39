/* What the tests of accounts, approvals and assertions share: keys and permissions out of the
 * vectors, owner and session signatures. */
#ifndef VK_TESTS_KERNEL_SUPPORT_H
#define VK_TESTS_KERNEL_SUPPORT_H

#include "support/vectors.h"

/* Kernel 0.3.1, 0.3.2 or 0.3.3, by "kernelVersion". */
bool kernel_is_supported(const cJSON *in);

/* The bytes are those of the hex text. */
void kernel_check_hex(vk_bytes bytes, const char *hex);

/* The signer of a vector, of the patched contract; passkeys as {"passkey":...} or {"x","y",...}. */
vk_signer kernel_signer(const cJSON *signer);
/* pubX and pubY, decimal. */
void kernel_passkey_point(const cJSON *passkey, uint8_t point65[65]);

/* The entries flag2 || address20 || policyData of a vector's policies; kernel_entries_clear it. */
typedef struct kernel_entries {
    vk_policy_entries view;
    vk_buf *bufs;
    vk_bytes *items;
} kernel_entries;
kernel_entries kernel_entries_of(const cJSON *policies);
void kernel_entries_clear(kernel_entries *entries);

/* r || s || v with RFC 6979, v 27 or 28. */
void kernel_sign(const cJSON *object, const char *key_name, const vk_hash *digest,
                 uint8_t signature65[65]);

/* r || s of a DER signature, s lowered. */
void kernel_der(const cJSON *object, uint8_t r[32], uint8_t s[32]);
/* The encoding of what an authenticator answered. */
vk_buf kernel_assertion(const cJSON *assertion, uint64_t chain_id);

#endif
