#include "cli/rule_left.h"

#include <time.h>

bool vk_rule_counts(const vk_rule *rule) {
    return rule->kind == VK_RULE_GAS || rule->kind == VK_RULE_RATE_LIMIT ||
           rule->kind == VK_RULE_RATE_LIMIT_RESET;
}

static uint64_t rest(uint64_t count, uint64_t used) {
    return used < count ? count - used : 0;
}

static vk_rule_left of_rate(const vk_rule *rule, const vk_rule_state *state) {
    vk_rule_left left = {.count = rest(rule->u.rate.count, state->used)};
    left.has_next = left.count > 0 &&
                    !__builtin_mul_overflow(state->used, rule->u.rate.interval, &left.next) &&
                    !__builtin_add_overflow(left.next, rule->u.rate.start_at, &left.next);
    return left;
}

/* A window that is over has used nothing. */
static vk_rule_left of_resetting(const vk_rule *rule, const vk_rule_state *state) {
    bool open = (uint64_t)time(NULL) < state->window;
    return (vk_rule_left){.count = rest(rule->u.rate.count, open ? state->used : 0),
                          .window_end = open ? state->window : 0};
}

vk_rule_left vk_rule_left_of(const vk_rule *rule, const vk_rule_state *state) {
    vk_rule_left left = {.count = 0};
    switch (rule->kind) {
    case VK_RULE_GAS:
        if (!vk_u256_sub(&rule->u.gas.allowed, &state->spent, &left.gas)) {
            left.gas = vk_u256_from_u64(0);
        }
        return left;
    case VK_RULE_RATE_LIMIT:
        return of_rate(rule, state);
    case VK_RULE_RATE_LIMIT_RESET:
        return of_resetting(rule, state);
    default:
        return left;
    }
}
