/*
 * Step-up: when a session key in software wants the touch of a security key before it signs. A rule
 * is JSON, sealed with the key:
 *
 *   {"device":{"name":"blue key","rpId":"valetkey.invalid","credentialId":"0x...",
 *              "publicKey":"0x04...","verified":true},
 *    "above":"100000000000000000",
 *    "unless":{"name":"small","policies":[{"type":"call",...},...]}}
 *
 * above: a touch where the calls of an operation move more native value in all (decimal, wei).
 * unless: a touch unless every call satisfies every one of these call rules. At least one of the
 * two is there; with both, a touch is needed if either says so. What cannot be read as calls, or
 * calls functions of the account itself, always needs it; so does everything that is no operation.
 * verified (default false): the touch is one of a verified user.
 *
 * Thread safety: a rule that was read is read-only and may be shared.
 */
#ifndef VK_POLICY_STEP_UP_H
#define VK_POLICY_STEP_UP_H

#include <valetkey/credential.h>
#include <valetkey/grant.h>

#define VK_STEP_UP_JSON_MAX ((size_t)64 << 10)
#define VK_STEP_UP_NAME_MAX 64
#define VK_STEP_UP_RP_ID_MAX 253

/* A credential of the security key, which is asked for assertions. */
typedef struct vk_step_up_device {
    char name[VK_STEP_UP_NAME_MAX + 1]; /* for people: UTF-8 without control characters */
    char rp_id[VK_STEP_UP_RP_ID_MAX + 1];
    size_t credential_id_len;
    uint8_t credential_id[VK_CREDENTIAL_ID_MAX];
    uint8_t point65[65];
    bool verified;
} vk_step_up_device;

typedef struct vk_step_up {
    vk_step_up_device device;
    bool has_above, has_unless;
    vk_u256 above; /* wei */
    char unless_name[VK_STEP_UP_NAME_MAX + 1];
    vk_policy unless; /* call rules without flags */
} vk_step_up;

/* Errors name the member by path. */
VK_MUST_USE vk_status vk_step_up_read(const char *json, size_t json_len, vk_step_up *out,
                                      vk_error *err);
void vk_step_up_clear(vk_step_up *rule);
/* Appends JSON around a device. above: decimal wei, unless: a JSON array of policyParams; NULL:
 * without. */
void vk_step_up_write(const vk_step_up_device *device, const char *above, const char *unless_name,
                      const char *unless, vk_buf *out);

/* Does this operation of the grant's account need the touch? reason says why, or why not.
 * VK_ERR_MEMORY. */
VK_MUST_USE vk_status vk_step_up_judge(const vk_step_up *rule, const vk_grant *grant,
                                       const vk_userop *op, bool *needed,
                                       char reason[VK_REASON_MAX]);
/* Appends when it is needed, in one sentence, and the rules of unless, a line each; no final
 * newline. */
void vk_step_up_describe(const vk_step_up *rule, vk_buf *out);

/* Why everything else needs it. */
extern const char vk_step_up_message[], vk_step_up_login[], vk_step_up_digest[];

#endif
