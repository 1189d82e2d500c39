/*
 * Grants: where a session key may act. One per chain and account: the account, what the key is
 * there, and the owner's approval of it.
 */
#ifndef VALETKEY_GRANT_H
#define VALETKEY_GRANT_H

#include <valetkey/account.h>
#include <valetkey/enable_v2.h>
#include <valetkey/message.h>
#include <valetkey/message_payload.h>
#include <valetkey/policy.h>
#include <valetkey/serialized.h>
#include <valetkey/thirdweb.h>
#include <valetkey/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the key is to the account. */
typedef enum vk_grant_kind {
    VK_GRANT_PERMISSION = 0, /* Kernel 0.3.0 on: the signer of a permission */
    VK_GRANT_PLUGIN,         /* Kernel 0.2.2 to 0.2.4: a validator beside the owner's, for the calls
                                of one function */
    VK_GRANT_OWNER,          /* any Kernel: the owner, the root validator's key */
    VK_GRANT_THIRDWEB        /* thirdweb: a signer with permissions */
} vk_grant_kind;

#define VK_GRANT_KINDS 4
/* "permission", "plugin", "owner", "thirdweb" */
VK_API const char *vk_grant_kind_text(vk_grant_kind kind);

/*
 * JSON of a grant, what a valetkey-grant data object holds. Of every kind:
 *   "kind":"permission"         default; "plugin", "owner", "thirdweb"
 *   "chainId":N
 *   "entryPoint":"0x..."        a published EntryPoint; default: the one that the Kernel version is
 *                               published for. thirdweb: 0.6 or 0.7, and no default
 *
 * Of Kernel accounts:
 *   "kernelVersion":"0.3.1"     may be left out where the factory data tells it
 *   "owner":"0x..." | {"x":"0x...","y":"0x..."}
 *                               root validator's key, when the factory data does not tell it
 *   "rootValidator":"0x..."     with owner; default: ZeroDev's for its kind and Kernel version
 * and all but "permission":
 *   "key":"0x..."               optional: whose grant it is, the key's address, or a passkey's x
 *                               and y (64 bytes); also of "thirdweb"
 *   "account":"0x..."
 *   "factoryData":"0x..."       optional: with it owner, Kernel version and account are checked
 * Of every kind, optional:
 *   "start":{"spent":"N","used":N,"at":N}   what the rules had counted when the key came to this
 *                               token, on the chain or in another signer: gas in wei, operations
 *                               (default 0 each), and when that was, in seconds
 *
 * "permission" (0.3.0 on, with EntryPoint 0.7; or with 0.8 or 0.9 for an own deployment, whose
 * factory data cannot be checked and must be empty):
 *   "serializedAccount":"...base64..."
 *   "enableNonce":N             the account's currentNonce; default 1
 *   "hook":"0x..."              of the approval: 0x0 or 0x1, no hook; default 0x0
 *   "installedAt":N             block time of the installation, in seconds; only for a
 *                               pre-installed permission
 *
 * "plugin" (0.2.2, 0.2.3, 0.2.4 with EntryPoint 0.6). The key is the only key of the published
 * ECDSA or passkey validator, so the owner must be one of another validator contract: enabling one
 * twice would replace the owner.
 *   "selector":"0x..."          of execute (0x51945447, default), executeBatch (0x34fcd5be) or
 *                               executeDelegateCall (0xb68df16d): what the key's calls begin with
 *   "validAfter":N              window of the approval as the contract reads it (the SDK writes
 *   "validUntil":N              validUntil first, which the contract takes for validAfter);
 *                               default 0: none
 *   "enableSignature":"0x..."   the owner's approval, or
 *   "preInstalled":true         the account has the plug-in already
 *
 * "owner" (v1, 0.0.2, 0.2.x, 0.3.x): the key itself is the owner; rootValidator says which
 * validator holds it (default: ECDSA's or passkey's of the Kernel version). No approval.
 *
 * "thirdweb":
 *   "account":"0x..."
 *   "admin":"0x..."             whose signature it is; whether he is an admin, the chain knows
 *   "request":{SignerPermissionRequest}
 *   "signature":"0x..."         65 bytes; or, instead of these three,
 *   "preInstalled":true         the account has given the signer these permissions already
 */
/* What was counted before. */
typedef struct vk_grant_start {
    vk_u256 spent; /* gas, wei */
    uint64_t used; /* operations */
    uint64_t at;   /* seconds since 1970; 0: nothing was */
} vk_grant_start;

typedef struct vk_grant {
    vk_grant_kind kind;
    uint64_t chain_id;
    vk_entry_point entry_point_version;
    vk_address entry_point;
    vk_kernel_version kernel; /* UNKNOWN: thirdweb */
    /*
     * Owned. Whole for a permission only. Of the others: account, pre_installed; factory_data of
     * Kernel accounts; selector and enable_signature of a plug-in; permission_id is that of the
     * policy, though the account does not know it (thirdweb: zero): it says whose budget it is.
     */
    vk_serialized_account account;
    vk_buf key; /* owned; address20, or x || y; empty for a permission */
    vk_root root;
    uint32_t enable_nonce;
    vk_address hook; /* zero, or 1: Kernel takes both for no hook */
    /* When a pre-installed permission was installed on the chain, in seconds since 1970: a rate
     * limit with reset opens its first window then. 0: unknown. */
    uint64_t installed_at;
    vk_grant_start start;
    /* What the permission or the plug-in is installed with, from policy and signer. */
    vk_buf enable_data;
    vk_address validator; /* permission: the signer's contract; plug-in: the key's validator */
    uint64_t valid_after, valid_until; /* plug-in */
    /* thirdweb */
    vk_address admin;
    vk_thirdweb_request request; /* its targets are owned; none when pre_installed */
} vk_grant;

/*
 * Reads a grant and checks it against policy and signer, the key: it is of a kind that goes with
 * the policy, its account is the one that its factory data deploys, what the owner approved is this
 * policy or this key, and his signature verifies (unless it is installed already).
 * VK_ERR_MISMATCH and VK_ERR_SIGNATURE tell which failed, in a sentence.
 */
VK_API VK_MUST_USE vk_status vk_grant_read(const char *json, size_t json_len,
                                           const vk_policy *policy, const vk_signer *signer,
                                           vk_grant *out, vk_error *err);
/* The same before there is an approval, which may be of any bytes. */
VK_API VK_MUST_USE vk_status vk_grant_read_unapproved(const char *json, size_t json_len,
                                                      const vk_policy *policy,
                                                      const vk_signer *signer, vk_grant *out,
                                                      vk_error *err);
/* Appends the JSON. */
VK_API VK_MUST_USE vk_status vk_grant_write(const vk_grant *grant, vk_buf *out);
/* Without any checks, for a text that was checked before and is authenticated. */
VK_API VK_MUST_USE vk_status vk_grant_read_checked(const char *json, size_t json_len,
                                                   const vk_policy *policy, const vk_signer *signer,
                                                   vk_grant *out, vk_error *err);
/* The start alone, of such a text; all zero if it has none. */
VK_API VK_MUST_USE vk_status vk_grant_read_start(const char *json, size_t json_len,
                                                 vk_grant_start *out, vk_error *err);
/* What the owner approves. Views into grant; of a permission and of a plug-in. */
VK_API void vk_grant_enable(const vk_grant *grant, vk_enable *out);
VK_API void vk_grant_enable_v2(const vk_grant *grant, vk_enable_v2 *out);
VK_API void vk_grant_clear(vk_grant *grant);

/*
 * Who keeps the key to its policy? The account does, by a permission or thirdweb's rules; otherwise
 * the token alone.
 */
VK_API bool vk_grant_is_token_only(const vk_grant *grant);
/* What to tell of that: a sentence. */
VK_API const char *vk_grant_keeper_text(const vk_grant *grant);

/*
 * Is the operation for this grant? Compares EntryPoint, account, the nonce's type and permissionId.
 * On VK_DENIED the reason names the field and both values.
 */
VK_API VK_MUST_USE vk_status vk_grant_match(const vk_grant *grant, const vk_userop_request *request,
                                            char field[32], char reason[VK_REASON_MAX]);

/* What is known of an installation on the account. */
typedef struct vk_install {
    bool enabled;         /* an operation in enable mode was signed */
    vk_u256 enable_nonce; /* its nonce */
} vk_install;

/* Is there an approval that an operation has to bring along first? */
VK_API bool vk_grant_has_approval(const vk_grant *grant);
/*
 * Does the operation bring the approval along? A permission: its nonce says so. A plug-in of Kernel
 * 0.2.x: always, which costs gas only, unless the operation's own signature field begins with
 * 0x00000001 (the plug-in is enabled already). What needs no approval: never.
 */
VK_API bool vk_grant_installs(const vk_grant *grant, const vk_userop *op);
/*
 * Can the operation be valid, given the installation? Without its approval it needs an installed
 * permission or plug-in. A permission's approval is for the first operation, and for others with
 * that one's nonce, since only one of them can be included. VK_DENIED with a reason if not. Sets
 * *installs as above.
 */
VK_API VK_MUST_USE vk_status vk_grant_check_mode(const vk_grant *grant, const vk_install *install,
                                                 const vk_userop *op, bool *installs,
                                                 char reason[VK_REASON_MAX]);

/*
 * What the rules remember at least, whatever the token has counted: the grant's start; and of a
 * rate limit with reset that was never used, the window that opened when the permission was
 * installed, or at the latest when start was. Other states stay as they are.
 */
VK_API void vk_grant_first_states(const vk_grant *grant, const vk_policy *policy,
                                  vk_rule_state *states);

/*
 * The verdict on an operation that vk_grant_match takes: vk_policy_evaluate or vk_thirdweb_evaluate
 * with what the grant knows. Of request, op, now, block, charge, guards (see
 * vk_grant_guards) and relaxed are looked at. A thirdweb verdict has the policy's one rule, which
 * says the same as the whole.
 */
VK_API VK_MUST_USE vk_status vk_grant_evaluate(const vk_grant *grant, const vk_policy *policy,
                                               const vk_verdict_request *request,
                                               vk_rule_state *states, vk_verdict *out);

/*
 * The calls of an operation of this account, read by its Kernel version, or as thirdweb's account
 * reads them (a batch is then VK_CALL_BATCH too). VK_ERR_FORMAT where they cannot be read;
 * vk_execution_clear. The views point into call_data.
 */
VK_API VK_MUST_USE vk_status vk_grant_calls(const vk_grant *grant, vk_bytes call_data,
                                            vk_execution *out, vk_error *err);

/*
 * The session key's part of the signature around what its signer makes (65 bytes, or an encoded
 * assertion): 0xff in front for a permission, else as it is. Appends.
 */
VK_API void vk_grant_session_part(const vk_grant *grant, vk_bytes signer_part, vk_buf *out);
/* The other way, a view. False: it does not begin as it must. */
VK_API bool vk_grant_signer_part(const vk_grant *grant, vk_bytes session_part, vk_bytes *out);
/*
 * The finished signature around the session key's part: the approval where vk_grant_installs, the
 * mode that Kernel 0.0.2 and 0.2.x want in front. Appends.
 */
VK_API VK_MUST_USE vk_status vk_grant_attach(const vk_grant *grant, const vk_userop *op,
                                             vk_bytes session_part, vk_buf *out);
/* How many bytes that appends. */
VK_API size_t vk_grant_attached_len(const vk_grant *grant, const vk_userop *op,
                                    size_t session_part_len);
/*
 * The other way: the session key's part of op's signature, a view into it. VK_ERR_SIGNATURE where
 * what is around it is not what vk_grant_attach makes of it, with the reason.
 */
VK_API VK_MUST_USE vk_status vk_grant_detach(const vk_grant *grant, const vk_userop *op,
                                             vk_bytes *session_part, vk_error *err);
/*
 * Does the account take op's signature, whoever finished it, for that of the grant's key, by policy
 * and signer? *unusual: see valetkey/verify.h. Nothing else of the operation is looked at.
 * VK_ERR_SIGNATURE if not, with the reason.
 */
VK_API VK_MUST_USE vk_status vk_grant_accepts(const vk_grant *grant, const vk_policy *policy,
                                              const vk_signer *signer, const vk_userop *op,
                                              unsigned *unusual, vk_error *err);

/* The contracts that keep the session within its limits, for the guards of a verdict on an
 * operation: the signer's, the EntryPoint, the key's validator, the root validator; where that is
 * not known, each of ZeroDev's. Returns how many they are. */
#define VK_GRANT_GUARDS_MAX 6
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
 * well: what the account cannot sign (its Kernel version, factory data that it has not), anything
 * before the permission is installed, and everything under a grant of another kind.
 */
VK_API VK_MUST_USE vk_status vk_grant_evaluate_message(const vk_grant *grant,
                                                       const vk_policy *policy,
                                                       const vk_message_payload *payload,
                                                       const vk_grant_moment *moment,
                                                       vk_verdict *out);
/* The message as the account signs it: its digests are in valetkey/message.h. */
VK_API void vk_grant_message(const vk_grant *grant, const vk_message_payload *payload,
                             vk_message *out);
/* Appends the account's signature around the key's, 65 bytes or an encoded assertion.
 * VK_ERR_UNSUPPORTED: there is none, err says why. */
VK_API VK_MUST_USE vk_status vk_grant_message_signature(const vk_grant *grant,
                                                        const vk_message_payload *payload,
                                                        vk_bytes key_signature, vk_buf *out,
                                                        vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
