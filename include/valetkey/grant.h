/*
 * Grants: where a session key may act. One per chain and account: the account, its Kernel version,
 * the permission there, and the owner's approval of it.
 */
#ifndef VALETKEY_GRANT_H
#define VALETKEY_GRANT_H

#include <valetkey/account.h>
#include <valetkey/message.h>
#include <valetkey/message_payload.h>
#include <valetkey/policy.h>
#include <valetkey/serialized.h>
#include <valetkey/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Are grants made for accounts of this version? 0.3.1, 0.3.2 and 0.3.3. */
VK_API bool vk_grant_supports(vk_kernel_version kernel);

/*
 * JSON of a grant, what a valetkey-grant data object holds:
 *   {"chainId":N,"kernelVersion":"0.3.1","entryPoint":"0x...",
 *    "serializedAccount":"...base64..."
 *    [,"owner":"0x..." | {"x":"0x...","y":"0x..."}]   root validator's key, when the account's
 *                                                      factory data does not tell it
 *    [,"rootValidator":"0x..."]                        with owner; default: ZeroDev's for its kind
 *    [,"enableNonce":N]                                the account's currentNonce; default 1
 *    [,"hook":"0x..."]                                 of the approval: 0x0 or 0x1, no hook;
 *                                                      default 0x0
 *    [,"installedAt":N]}                               block time of the installation, in seconds;
 *                                                      only for a pre-installed permission
 * kernelVersion and entryPoint may be left out where the factory data tells them.
 */
typedef struct vk_grant {
    uint64_t chain_id;
    vk_entry_point entry_point_version;
    vk_address entry_point;
    vk_kernel_version kernel;
    vk_serialized_account account; /* owned */
    vk_root root;
    uint32_t enable_nonce;
    vk_address hook; /* zero, or 1: Kernel takes both for no hook */
    /* When a pre-installed permission was installed on the chain, in seconds since 1970: a rate
     * limit with reset opens its first window then. 0: unknown. */
    uint64_t installed_at;
    vk_buf enable_data; /* recomputed from policy and signer */
} vk_grant;

/*
 * Reads a grant and checks it against policy and signer: its policies encode to the same install
 * data, its permissionId is the recomputed one, its account is the one that its factory data
 * deploys, and the owner's approval verifies (unless the permission is installed already).
 * VK_ERR_MISMATCH and VK_ERR_SIGNATURE tell which failed, in a sentence.
 */
VK_API VK_MUST_USE vk_status vk_grant_read(const char *json, size_t json_len,
                                           const vk_policy *policy, const vk_signer *signer,
                                           vk_grant *out, vk_error *err);
/* Appends the JSON. */
VK_API VK_MUST_USE vk_status vk_grant_write(const vk_grant *grant, vk_buf *out);
/* The same without the checks, for a text that was checked before and is authenticated. */
VK_API VK_MUST_USE vk_status vk_grant_read_checked(const char *json, size_t json_len,
                                                   const vk_policy *policy, const vk_signer *signer,
                                                   vk_grant *out, vk_error *err);
/* Views into grant. */
VK_API void vk_grant_enable(const vk_grant *grant, vk_enable *out);
VK_API void vk_grant_clear(vk_grant *grant);

/*
 * Is the operation for this grant? Compares EntryPoint, account, the nonce's type and permissionId.
 * On VK_DENIED the reason names the field and both values.
 */
VK_API VK_MUST_USE vk_status vk_grant_match(const vk_grant *grant, const vk_userop_request *request,
                                            char field[32], char reason[VK_REASON_MAX]);

/* What is known of a permission's installation on the account. */
typedef struct vk_install {
    bool enabled;         /* an operation in enable mode was signed */
    vk_u256 enable_nonce; /* its nonce */
} vk_install;

/*
 * Can an operation with this nonce be valid, given the installation? Default mode needs an
 * installed permission; enable mode is for the first operation, and for others with that one's
 * nonce, since only one of them can be included. VK_DENIED with a reason if not. Sets *installs:
 * does the operation install the permission?
 */
VK_API VK_MUST_USE vk_status vk_grant_check_mode(const vk_grant *grant, const vk_install *install,
                                                 const vk_u256 *nonce, bool *installs,
                                                 char reason[VK_REASON_MAX]);

/*
 * What the rules remember before the first use: nothing, but for a rate limit with reset of a
 * permission installed at a known time, whose first window opened then. Changes only states that
 * are all zero.
 */
VK_API void vk_grant_first_states(const vk_grant *grant, const vk_policy *policy,
                                  vk_rule_state *states);

/*
 * The finished signature around the session key's part (0xff || signer part): as it is in default
 * mode, inside the approval in enable mode, as the operation's nonce says. Appends.
 */
VK_API VK_MUST_USE vk_status vk_grant_attach(const vk_grant *grant, const vk_userop *op,
                                             vk_bytes session_part, vk_buf *out);

/* The contracts that keep the session within its limits, for the guards of a verdict on an
 * operation: the signer, the EntryPoint, the root validator; where that is not known, each of
 * ZeroDev's. Returns how many they are. */
#define VK_GRANT_GUARDS_MAX 5
VK_API size_t vk_grant_guards(const vk_grant *grant, const vk_signer *signer,
                              vk_address out[VK_GRANT_GUARDS_MAX]);

/* ---- Messages (ERC-1271) ---- */

/* Is the message for the account of this grant, as far as it says? */
VK_API bool vk_grant_is_addressed(const vk_grant *grant, const vk_message_payload *payload);

/* A message on a key's desk. */
typedef struct vk_grant_moment {
    bool installed; /* the account has the permission: see vk_install and pre_installed */
    uint64_t now;
    vk_hardening_set relaxed;
} vk_grant_moment;

/*
 * The verdict on a message that the grant's account is to sign with this permission. The contract
 * that will ask is taken to be the verifyingContract of typed data; a text names none. Denied as
 * well: what the account cannot sign (its Kernel version, factory data that it has not), and
 * anything before the permission is installed.
 */
VK_API VK_MUST_USE vk_status vk_grant_evaluate_message(const vk_grant *grant,
                                                       const vk_policy *policy,
                                                       const vk_message_payload *payload,
                                                       const vk_grant_moment *moment,
                                                       vk_verdict *out);
/* The message as the account signs it: its digests are in valetkey/message.h. */
VK_API void vk_grant_message(const vk_grant *grant, const vk_message_payload *payload,
                             vk_message *out);
/* Appends the account's signature around the key's, 65 bytes or an encoded assertion. */
VK_API VK_MUST_USE vk_status vk_grant_message_signature(const vk_grant *grant,
                                                        const vk_message_payload *payload,
                                                        vk_bytes key_signature, vk_buf *out,
                                                        vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
