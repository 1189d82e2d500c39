/*
 * Lint: what is probably not meant in a policy, or in a thirdweb request, that is well formed. A
 * finding is advice, not a verdict: the contracts take such a policy, and do with it what the
 * sentence says.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_LINT_H
#define VALETKEY_LINT_H

#include <valetkey/policy.h>
#include <valetkey/thirdweb.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What can be found. The number may change with a version, the text never does. */
typedef enum vk_lint_code {
    /* Times and counts. */
    VK_LINT_MILLISECONDS, /* "milliseconds" */
    VK_LINT_NO_EXPIRY,
    VK_LINT_EXPIRED,
    VK_LINT_NEVER_OPEN,
    VK_LINT_ZERO_COUNT,
    VK_LINT_RATE_BURST,
    VK_LINT_NO_INTERVAL,
    VK_LINT_REFILL_NEVER_VALID,
    /* Gas. */
    VK_LINT_NO_GAS_LIMIT,
    VK_LINT_UNLIMITED_GAS,
    VK_LINT_ZERO_GAS,
    VK_LINT_PAYMASTER_NOT_ENFORCED,
    /* The rules beside each other. */
    VK_LINT_NO_CALL_LIMIT,
    VK_LINT_SUDO_NO_EFFECT,
    VK_LINT_CALL_RULES_INTERSECT,
    VK_LINT_SAME_CONTRACT_TWICE,
    VK_LINT_RULE_SKIPPED,
    VK_LINT_OPERATIONS_OFF,
    /* Message signatures (ERC-1271). */
    VK_LINT_SIGNATURES_OPEN,
    VK_LINT_SIGNATURES_OUTLIVE_EXPIRY,
    VK_LINT_CALLER_TAKES_PERMITS,
    /* Permissions of a call rule. */
    VK_LINT_NO_PERMISSIONS,
    VK_LINT_ANY_TARGET,
    VK_LINT_ZERO_TARGET,
    VK_LINT_ZERO_SELECTOR,
    VK_LINT_BATCH_MULTIPLIES,
    VK_LINT_UNLIMITED_VALUE,
    VK_LINT_NEVER_MATCHES,
    VK_LINT_DELEGATECALL,
    VK_LINT_DELEGATECALL_MISREAD,
    VK_LINT_SHADOWED_PERMISSION,
    VK_LINT_PRIVILEGED_TARGET,
    VK_LINT_OPEN_APPROVAL,
    VK_LINT_OPEN_TRANSFER,
    /* Rules on arguments. */
    VK_LINT_OFFSET_UNALIGNED,
    VK_LINT_OFFSET_BEYOND_ARGUMENTS,
    VK_LINT_VALUE_DOES_NOT_FIT,
    VK_LINT_ADDRESS_ORDER,
    VK_LINT_SIGN_TRAP,
    VK_LINT_RULE_NO_EFFECT,
    VK_LINT_RULE_NEVER_HOLDS,
    VK_LINT_RULES_CONTRADICT,
    VK_LINT_DUPLICATE_RULE,
    /* thirdweb requests only. */
    VK_LINT_NO_TARGETS,
    VK_LINT_LONG_REQUEST,
    VK_LINT_ADMIN,
    VK_LINT_CODES
} vk_lint_code;

#define VK_LINT_BIT(code) (UINT64_C(1) << (code))

/* "milliseconds", "no-expiry", ...: lower case, words joined by "-". NULL for no code. */
VK_API const char *vk_lint_code_text(vk_lint_code code);
/* A list of codes, separated by commas or spaces, as VK_LINT_BITs; may be empty. VK_ERR_FORMAT,
 * with the word, if one is no code. */
VK_API VK_MUST_USE vk_status vk_lint_codes_read(const char *text, uint64_t *out, vk_error *err);

/* What a tool does about findings. */
typedef enum vk_lint_level { VK_LINT_WARN, VK_LINT_OFF, VK_LINT_ERROR } vk_lint_level;
/* "warn", "off" or "error"; false for any other text. */
VK_API VK_MUST_USE bool vk_lint_level_read(const char *text, vk_lint_level *out);

/* What is known beside the policy. {0}: nothing; what depends on it is then not looked at. */
typedef struct vk_lint_context {
    uint64_t now; /* seconds since 1970; 0: unknown */
    vk_entry_point entry_point;
    const vk_address *account; /* NULL: unknown */
    uint64_t allowed;          /* VK_LINT_BITs: codes not to report */
} vk_lint_context;

typedef struct vk_lint_finding {
    vk_lint_code code;
    char path[VK_ERROR_PATH_MAX];       /* of the member, as in a vk_error */
    char message[VK_ERROR_MESSAGE_MAX]; /* one sentence: what is wrong, what comes of it, and what
                                           to write instead */
} vk_lint_finding;

#define VK_LINT_FINDINGS_MAX 1000

typedef struct vk_lint_findings {
    size_t count;
    vk_lint_finding *list; /* owned */
    size_t more;           /* left out: over VK_LINT_FINDINGS_MAX */
} vk_lint_findings;

/*
 * Looks at a policy that vk_policy_read or vk_policy_parse gave. Paths are those of
 * {"policies":[...],"permissionFlag":...}. VK_OK with any number of findings; VK_ERR_MEMORY
 * leaves *out empty. Clear it.
 */
VK_API VK_MUST_USE vk_status vk_lint_policy(const vk_policy *policy, const vk_lint_context *context,
                                            vk_lint_findings *out);
/* The same for a thirdweb request, by the contract's names ("permissionEndTimestamp"). */
VK_API VK_MUST_USE vk_status vk_lint_thirdweb(const vk_thirdweb_request *request,
                                              const vk_lint_context *context,
                                              vk_lint_findings *out);
VK_API void vk_lint_clear(vk_lint_findings *findings);

#ifdef __cplusplus
}
#endif
#endif
