/*
 * Policies: parse from the SDK's policyParams JSON, encode for the chain, describe. What a policy
 * says of an operation is in valetkey/verdict.h.
 * Sources: zerodevapp/sdk plugins/permission, zerodevapp/kernel-7579-plugins policies.
 *
 * Thread safety: a parsed policy is read-only and may be shared.
 */
#ifndef VALETKEY_POLICY_H
#define VALETKEY_POLICY_H

#include <valetkey/bytes.h>
#include <valetkey/permission.h>
#include <valetkey/userop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_rule_kind {
    VK_RULE_SUDO = 1,
    VK_RULE_CALL,
    VK_RULE_GAS,
    VK_RULE_RATE_LIMIT,
    VK_RULE_RATE_LIMIT_RESET,
    VK_RULE_SIGNATURE_CALLER,
    VK_RULE_TIMESTAMP,
    VK_RULE_THIRDWEB /* the session of a thirdweb account: the only rule of its policy */
} vk_rule_kind;

typedef enum vk_call_policy_version {
    VK_CALL_POLICY_0_0_1 = 1,
    VK_CALL_POLICY_0_0_2,
    VK_CALL_POLICY_0_0_3,
    VK_CALL_POLICY_0_0_4,
    VK_CALL_POLICY_0_0_5
} vk_call_policy_version;

typedef enum vk_condition {
    VK_COND_EQUAL = 0,
    VK_COND_GREATER = 1,
    VK_COND_LESS = 2,
    VK_COND_GREATER_OR_EQUAL = 3,
    VK_COND_LESS_OR_EQUAL = 4,
    VK_COND_NOT_EQUAL = 5,
    VK_COND_ONE_OF = 6,     /* call policy 0.0.2 on */
    VK_COND_SLICE_EQUAL = 7 /* call policy 0.0.5: params = start, length, K(slice) */
} vk_condition;

typedef struct vk_param_rule {
    uint8_t condition; /* vk_condition */
    uint64_t offset;   /* bytes after the selector */
    size_t param_count;
    vk_u256 *params;
} vk_param_rule;

typedef struct vk_call_permission {
    uint8_t call_type;
    vk_address target; /* zero: any target (0.0.2 on) */
    uint8_t selector[4];
    vk_u256 value_limit; /* wei per call */
    size_t rule_count;
    vk_param_rule *rules;
} vk_call_permission;

typedef struct vk_rule {
    vk_rule_kind kind;
    uint16_t flag;      /* VK_FLAG_* */
    vk_address address; /* of the policy contract; zero for VK_RULE_THIRDWEB, which has none */
    union {
        struct {
            vk_call_policy_version version;
            size_t count;
            vk_call_permission *permissions;
        } call;
        struct {
            vk_u256 allowed; /* wei, fits 128 bits */
            bool enforce_paymaster;
            vk_address allowed_paymaster;
        } gas;
        struct {
            uint64_t interval; /* seconds; all three fit 48 bits */
            uint64_t count;
            uint64_t start_at; /* seconds since 1970; 0 for the resetting kind */
        } rate;
        struct {
            size_t count;
            vk_address *callers;
        } signature_caller;
        struct {
            uint64_t valid_after; /* seconds since 1970, fit 48 bits */
            uint64_t valid_until; /* 0: no end */
        } timestamp;
        struct {
            size_t count;
            vk_address *targets;  /* exactly the zero address: any */
            vk_u256 native_limit; /* wei, of one call */
            vk_u256 start, end;   /* seconds since 1970, 128 bits; end is exclusive */
        } thirdweb;
    } u;
} vk_rule;

/* Limits of a policy text. */
#define VK_POLICY_JSON_MAX ((size_t)256 << 10)
#define VK_CALL_PERMISSIONS_MAX 1024
#define VK_PARAM_RULES_MAX 64
#define VK_PARAMS_MAX 256

typedef struct vk_policy {
    uint16_t permission_flag; /* VK_FLAG_* */
    size_t count;
    vk_rule *rules; /* owned */
} vk_policy;

/*
 * Reads a policy: a JSON array of policyParams objects (each bare, or as {"policyParams":{...}}),
 * or {"policies":[...],"permissionFlag":"0x...."}. A call permission may be in ABI form ("abi",
 * "functionName", "args"); "rules" and "selector" win over it. Errors name the member by path.
 * Refused beside malformed text: unknown rules and members, duplicate permissions, windows that can
 * never be open, numbers that do not fit, an address that is not the published one of its rule and
 * version.
 *
 * The session of a thirdweb account is one rule, and the whole policy:
 *   {"type":"thirdweb","approvedTargets":["0x...",...] | "*",
 *    "nativeTokenLimitPerTransaction":"<wei>","permissionStartTimestamp":N,
 *    "permissionEndTimestamp":N}      the limit and the start default to 0; the end is exclusive
 */
VK_API VK_MUST_USE vk_status vk_policy_read(const char *json, size_t json_len, vk_policy *out,
                                            vk_error *err);
/*
 * The same text with whatever the packages would build, so also policies that a token must not
 * accept, or that can never act: no policies at all, a foreign policyAddress, flags without
 * meaning, duplicates, windows that are never open. Numbers must fit their Solidity types.
 *
 * sdk: where the SDK's bytes differ from what is right, its own. In the ABI form of call
 * permissions the SDK puts every value at the right end of its word, also bytesN and what is no
 * single word; counts one word an argument, also for tuples and arrays of fixed size; and looks at
 * no ranges. At a foreign address it takes call policy 0.0.1 for a later one.
 */
VK_API VK_MUST_USE vk_status vk_policy_parse(const char *json, size_t json_len, bool sdk,
                                             vk_policy *out, vk_error *err);
/* Would vk_policy_read accept it? VK_ERR_POLICY (for more than VK_POLICIES_MAX VK_ERR_SIZE) with
 * the path of the member if not. */
VK_API VK_MUST_USE vk_status vk_policy_check(const vk_policy *policy, vk_error *err);
/* Appends the policy as a JSON array of policyParams, members as the SDK writes them; not the
 * permission's flag, which has no place there. */
VK_API VK_MUST_USE vk_status vk_policy_write(const vk_policy *policy, vk_buf *out);
VK_API void vk_policy_clear(vk_policy *policy);
VK_API void vk_rule_clear(vk_rule *rule);

/* The SDK's name: "sudo", "call", "gas", "rate-limit", "signature-caller", "timestamp"; and
 * "thirdweb". */
VK_API const char *vk_rule_name(vk_rule_kind kind);
/* Appends policyData, what the policy contract gets at its installation. VK_ERR_UNSUPPORTED for
 * VK_RULE_THIRDWEB, here and wherever a policy is encoded: Kernel knows no such sessions. */
VK_API VK_MUST_USE vk_status vk_rule_encode(const vk_rule *rule, vk_buf *out);
/* Appends policyInfo = flag2 || address20. */
VK_API void vk_rule_put_info(const vk_rule *rule, vk_buf *out);
/* Appends one sentence (a call rule: one a permission, separated by newlines), no final newline. */
VK_API void vk_rule_describe(const vk_rule *rule, vk_buf *out);

/* What the chain installs; a policy may also be empty here. */
VK_API VK_MUST_USE vk_status vk_policy_enable_data(const vk_policy *policy, const vk_signer *signer,
                                                   vk_buf *out);
/* Appends policyId, see vk_permission_policy_id. */
VK_API VK_MUST_USE vk_status vk_policy_id(const vk_policy *policy, vk_buf *out);
VK_API VK_MUST_USE vk_status vk_policy_permission_id(const vk_policy *policy,
                                                     const vk_signer *signer, uint8_t id4[4]);

/* Only sudo, timestamp and rate limit rules, at least one of them sudo, none with a flag: such a
 * key may sign digests, since nothing in its policy depends on what they stand for. */
VK_API bool vk_policy_is_sudo(const vk_policy *policy);
/* Is it the session of a thirdweb account? */
VK_API bool vk_policy_is_thirdweb(const vk_policy *policy);
/* Does an operation change the state of any rule (gas, rate limits)? */
VK_API bool vk_policy_has_state(const vk_policy *policy);

#ifdef __cplusplus
}
#endif
#endif
