/*
 * What the tests of grants for accounts without permissions share: keys, approvals, requests and
 * grants' JSON.
 */
#ifndef VK_TESTS_PAIRING_SUPPORT_H
#define VK_TESTS_PAIRING_SUPPORT_H

#include <valetkey/valetkey.h>

typedef struct pairing_key {
    bool p256;
    uint8_t secret32[32];
    uint8_t point65[65];
    vk_signer signer;
} pairing_key;

/* The key of that seed and curve, always the same; a passkey with the credential id that a token
 * gives it. */
pairing_key pairing_key_of(uint8_t seed, bool p256);
/* What such an owner's wallet answers to a digest: 65 bytes, or an assertion about it. */
vk_buf pairing_approve(const pairing_key *owner, const vk_hash *digest);
/* "0x..." of the approval. vk_text_free it. */
char *pairing_approval(const pairing_key *owner, const vk_hash *digest);
/* The owner as a grant's JSON says it, with the member's name: ,"owner":... vk_text_free it. */
char *pairing_owner_json(const pairing_key *owner);

/* What is approved of a session key as a plug-in of Kernel 0.2.4, to be changed. */
#define PAIRING_ACCOUNT "0x1111111111111111111111111111111111111111"
#define PAIRING_CHAIN 10
vk_enable_v2 pairing_enable_v2(const pairing_key *session, vk_buf *enable_data);

vk_policy pairing_policy(const char *json);

/* Reads a grant that must be good. */
vk_grant pairing_good(const char *json, const vk_policy *policy, const pairing_key *key);
/* Reads one that must be refused, with this path and words. */
void pairing_refused(const char *json, const vk_policy *policy, const pairing_key *key,
                     vk_status status, const char *path, const char *words);
/* What was written reads back as the same text. */
void pairing_check_written(const vk_grant *grant, const vk_policy *policy, const pairing_key *key);

#endif
