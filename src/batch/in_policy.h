/* Reading policies and session signers, in every kind that has them. */
#ifndef VK_BATCH_IN_POLICY_H
#define VK_BATCH_IN_POLICY_H

#include "batch/in.h"

/*
 * A list of policies: the SDK's policyParams (bare), with these members besides: "withReset" (of a
 * rate limit: which of the two contracts), "policyInfo" (flag2 || address20) and "policyData",
 * which must be what the others give; and in place of "permissions" of a call policy
 * "abiPermission", one in ABI form. flag_name (NULL: none) is the member of in with the
 * permission's flag; it may be absent. What the packages would build is read, also what a token
 * would refuse. sdk: see vk_policy_parse. Never NULL; after a fault it is empty.
 */
const vk_policy *vk_in_policies(const vk_in *in, const char *name, const char *flag_name, bool sdk);

/* One such policy. */
const vk_rule *vk_in_rule(const vk_in *in, bool sdk);

/*
 * {type: "ecdsa", sessionPrivateKey and/or sessionAddress}, or {type: "webauthn", passkey
 * [, version]}: without a version the patched contract, 0.0.4. secret32 (may be NULL) becomes the
 * private key, NULL if there is none.
 */
vk_signer vk_in_signer(const vk_in *in, const char *name, const uint8_t **secret32);

#endif
