/* Lint: rate limits. */
#include "policy/lint.h"

#include <inttypes.h>

#define MINUTE UINT64_C(60)
#define DAY UINT64_C(86400)

/*
 * An interval has no first value that only milliseconds can have. Whole minutes in milliseconds
 * are odd in seconds: an hour becomes 41 days and 16 hours. Those that come out as whole days stay
 * below 180 days.
 */
static bool looks_like_ms(uint64_t interval) {
    return interval != 0 && interval % (MINUTE * 1000) == 0 &&
           (interval % DAY != 0 || interval >= 180 * DAY);
}

static void look_at_interval(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    uint64_t interval = rule->u.rate.interval;
    if (looks_like_ms(interval)) {
        vk_lint_add(lint, VK_LINT_MILLISECONDS, path, "interval",
                    "%" PRIu64 " looks like %" PRIu64 " minutes in milliseconds, but seconds are "
                    "meant, in which it is over %" PRIu64 " hours; write %" PRIu64,
                    interval, interval / 1000 / MINUTE, interval / 3600, interval / 1000);
    }
    if (rule->kind == VK_RULE_RATE_LIMIT_RESET && interval == 0) {
        vk_lint_add(lint, VK_LINT_NO_INTERVAL, path, "interval",
                    "the interval is 0, so the count is refilled for every operation and limits "
                    "nothing; write the seconds in which it may be used once");
    }
}

static void look_at_count(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    if (rule->u.rate.count == 0) {
        vk_lint_add(lint, VK_LINT_ZERO_COUNT, path, "count",
                    "the count is 0, so every operation is refused; write how many are allowed");
    }
}

static void look_at_refill(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    vk_entry_point entry_point = lint->context->entry_point;
    if (rule->kind != VK_RULE_RATE_LIMIT_RESET || entry_point < VK_ENTRY_POINT_0_8) {
        return;
    }
    vk_lint_add(lint, VK_LINT_REFILL_NEVER_VALID, path, NULL,
                "the refilling rate limit makes operations valid after the present second, which "
                "EntryPoint %s counts out: every operation is refused; use the other rate limit "
                "contract, or EntryPoint 0.7",
                vk_entry_point_text(entry_point));
}

/* How many turns have come and were not used, when nothing was signed yet. Those of a first day
 * are what the making of a key takes. */
static uint64_t turns_open(uint64_t now, const vk_rule *rule) {
    uint64_t start = rule->u.rate.start_at, interval = rule->u.rate.interval;
    uint64_t count = rule->u.rate.count;
    if (interval == 0 || (start != 0 && (now < start || now - start < DAY))) {
        return 0;
    }
    uint64_t turns = now == 0 ? count : (now - start) / interval + 1;
    return turns < count ? turns : count;
}

static void look_at_start(vk_lint *lint, const vk_rule *rule, const vk_path *path) {
    uint64_t start = rule->u.rate.start_at;
    if (rule->kind != VK_RULE_RATE_LIMIT ||
        vk_lint_milliseconds(lint, start, path, "startAt", "the first operation never comes")) {
        return;
    }
    uint64_t turns = turns_open(lint->context->now, rule);
    if (turns > 1) {
        vk_lint_add(lint, VK_LINT_RATE_BURST, path, "startAt",
                    "the first operation was due at %s, and turns add up: %" PRIu64
                    " of the %" PRIu64
                    " operations can be made at once, with no interval between them; write when "
                    "the key begins its work, in seconds since 1970",
                    vk_lint_time(start).text, turns, rule->u.rate.count);
    }
}

void vk_lint_rates(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i);
        if (rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_RATE_LIMIT_RESET) {
            look_at_count(lint, rule, &path);
            look_at_interval(lint, rule, &path);
            look_at_start(lint, rule, &path);
            look_at_refill(lint, rule, &path);
        }
    }
}
