/* What is left of a rule that counts, by the token's count or the chain's. */
#ifndef VK_CLI_RULE_LEFT_H
#define VK_CLI_RULE_LEFT_H

#include <valetkey/verdict.h>

typedef struct vk_rule_left {
    vk_u256 gas;         /* of a gas rule, wei */
    uint64_t count;      /* of a rate limit, operations */
    bool has_next;       /* of one without reset, as long as any is left: */
    uint64_t next;       /* the next is good from here on, seconds since 1970 */
    uint64_t window_end; /* of one with reset; 0: no window is open */
} vk_rule_left;

/* Gas rules and rate limits. */
bool vk_rule_counts(const vk_rule *rule);
/* Of what the token has counted, now. */
vk_rule_left vk_rule_left_of(const vk_rule *rule, const vk_rule_state *state);

#endif
