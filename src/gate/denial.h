/* The words of a refusal, as they are kept for the key. */
#ifndef VK_GATE_DENIAL_H
#define VK_GATE_DENIAL_H

#include <valetkey/grant.h>

/* A verdict names its rule; so does a refusal that came before the rules: VK_DENIED. */
vk_status vk_gate_deny(vk_error *err, const char *rule, const char *reason);
/* Sees that err says something about a failure that came without words; returns status. */
vk_status vk_gate_explain(vk_error *err, vk_status status);
/* VK_DENIED with the verdict's rule and reason, and its hardening rule where one decided: "...
 * (hardening rule protected-target)". */
vk_status vk_denial_of(vk_error *err, const vk_verdict *verdict);
/* Adds which grant the reason is about: "... (account 0x... on chain 1)". */
void vk_denial_name_grant(vk_error *err, const vk_grant *grant);

#endif
