/* Lint: the window in which a key works. */
#include "policy/lint.h"

#include <inttypes.h>

bool vk_lint_milliseconds(vk_lint *lint, uint64_t time, const vk_path *path, const char *member,
                          const char *consequence) {
    if (time < VK_LINT_FIRST_MS) {
        return false;
    }
    vk_lint_add(lint, VK_LINT_MILLISECONDS, path, member,
                "%" PRIu64 " is a time in milliseconds, but seconds are meant, in which it is %s: "
                "%s; write %" PRIu64,
                time, vk_lint_time(time).text, consequence, time / 1000);
    return true;
}

/* ---- The end ---- */

static bool is_window(const vk_rule *rule) {
    return rule->kind == VK_RULE_TIMESTAMP && vk_lint_for_operations(rule);
}

/* The rule whose end comes first; policy->count: none has an end. */
static size_t first_end(const vk_policy *policy) {
    size_t found = policy->count;
    for (size_t i = 0; i < policy->count; i++) {
        uint64_t until =
            is_window(&policy->rules[i]) ? policy->rules[i].u.timestamp.valid_until : 0;
        if (until != 0 &&
            (found == policy->count || until < policy->rules[found].u.timestamp.valid_until)) {
            found = i;
        }
    }
    return found;
}

static void look_at_end(vk_lint *lint, uint64_t until, const vk_path *path) {
    uint64_t now = lint->context->now;
    if (now != 0 && until < now) {
        vk_lint_add(lint, VK_LINT_EXPIRED, path, "validUntil",
                    "the window closed at %s, so every operation is refused; write an end that is "
                    "still to come",
                    vk_lint_time(until).text);
    } else if (now != 0 && until - now >= VK_LINT_NO_END && until < VK_LINT_FIRST_MS) {
        vk_lint_add(lint, VK_LINT_NO_EXPIRY, path, "validUntil",
                    "the key works until %s, ten years or more: who steals it has it as good as "
                    "for ever; write the end of what it is for",
                    vk_lint_time(until).text);
    }
}

/* ---- Both ends ---- */

/* From when a rule lets operations through. */
static uint64_t opens(const vk_rule *rule) {
    if (!vk_lint_for_operations(rule)) {
        return 0;
    }
    return rule->kind == VK_RULE_TIMESTAMP    ? rule->u.timestamp.valid_after
           : rule->kind == VK_RULE_RATE_LIMIT ? rule->u.rate.start_at
                                              : 0;
}

static size_t last_start(const vk_policy *policy) {
    size_t found = 0;
    for (size_t i = 1; i < policy->count; i++) {
        if (opens(&policy->rules[i]) > opens(&policy->rules[found])) {
            found = i;
        }
    }
    return found;
}

/* EntryPoint 0.8 and later count the first second out. */
static bool overlap(const vk_lint *lint, uint64_t after, uint64_t until) {
    return lint->context->entry_point >= VK_ENTRY_POINT_0_8 ? after < until : after <= until;
}

static void look_at_overlap(vk_lint *lint, const vk_policy *policy, uint64_t until) {
    size_t last = last_start(policy);
    const vk_rule *rule = &policy->rules[last];
    vk_path path = vk_lint_rule_path(last);
    uint64_t after = opens(rule);
    if (after == 0 || overlap(lint, after, until)) {
        return;
    }
    vk_lint_add(lint, VK_LINT_NEVER_OPEN, &path,
                rule->kind == VK_RULE_TIMESTAMP ? "validAfter" : "startAt",
                "operations are allowed from %s, but until %s only, so never; write a begin before "
                "the end",
                vk_lint_time(after).text, vk_lint_time(until).text);
}

void vk_lint_times(vk_lint *lint, const vk_policy *policy) {
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        vk_path path = vk_lint_rule_path(i);
        if (rule->kind == VK_RULE_TIMESTAMP) {
            vk_lint_milliseconds(lint, rule->u.timestamp.valid_after, &path, "validAfter",
                                 "the window never opens");
            vk_lint_milliseconds(lint, rule->u.timestamp.valid_until, &path, "validUntil",
                                 "the key never expires");
        }
    }
    size_t end = first_end(policy);
    if (end < policy->count) {
        vk_path path = vk_lint_rule_path(end);
        uint64_t until = policy->rules[end].u.timestamp.valid_until;
        look_at_end(lint, until, &path);
        look_at_overlap(lint, policy, until);
    } else if ((policy->permission_flag & VK_FLAG_NOT_FOR_USER_OP) == 0) {
        vk_path path = vk_path_member(NULL, "policies");
        vk_lint_add(lint, VK_LINT_NO_EXPIRY, &path, NULL,
                    "no timestamp rule has an end, so a stolen key works until the owner revokes "
                    "the permission; add {\"type\":\"timestamp\",\"validUntil\":SECONDS}");
    }
}
