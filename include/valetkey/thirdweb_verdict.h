/*
 * Verdicts of thirdweb accounts: what they would say of an operation or a message of a signer.
 * Sources: thirdweb-dev/contracts 3.15 prebuilts/account/utils/AccountCore.sol (isValidSigner,
 * _validateSignature), AccountExtension.sol (isValidSignature).
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_THIRDWEB_VERDICT_H
#define VALETKEY_THIRDWEB_VERDICT_H

#include <valetkey/thirdweb.h>
#include <valetkey/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an account knows of a signer. */
typedef struct vk_thirdweb_permission {
    bool is_admin; /* may do everything; the window is the EntryPoint's business even so */
    size_t target_count;
    const vk_address *targets; /* not owned; duplicates count once */
    vk_u256 native_limit;      /* wei, of one call */
    vk_u256 start;             /* seconds since 1970 */
    vk_u256 end;               /* exclusive */
} vk_thirdweb_permission;

/* Those that a request sets, with its targets; not those of a request about admins. */
VK_API vk_thirdweb_permission vk_thirdweb_permission_of(const vk_thirdweb_request *request);
/* Those of a rule of the kind VK_RULE_THIRDWEB, with its targets. */
VK_API vk_thirdweb_permission vk_thirdweb_permission_of_rule(const vk_rule *rule);

/*
 * The verdict on an operation. Of request, selector, charge and guards are not looked at: these
 * accounts know none. The verdict names no rule of a policy; rule is "window", "targets", "limit",
 * "callData", "time", or a hardening rule's.
 */
VK_API VK_MUST_USE vk_status vk_thirdweb_evaluate(const vk_thirdweb_permission *permission,
                                                  const vk_verdict_request *request,
                                                  vk_verdict *out);
/* The verdict on a message that caller will ask about. replayable has no meaning here. */
VK_API VK_MUST_USE vk_status vk_thirdweb_evaluate_message(const vk_thirdweb_permission *permission,
                                                          const vk_message_request *request,
                                                          vk_verdict *out);

#ifdef __cplusplus
}
#endif
#endif
