/*
 * Windows of time: the account intersects those of all rules and reports one to the EntryPoint,
 * which each version reads in its own way.
 */
#include "policy/rule.h"
#include "policy/text.h"

#include <inttypes.h>
#include <stdio.h>

#define NO_RULE (-1)
#define BLOCK_FLAG (UINT64_C(1) << 47)

/* The intersection, and which rule set each bound. */
typedef struct bounds {
    uint64_t after, until;
    int after_rule, until_rule; /* NO_RULE: none, or the approval */
} bounds;

/* Where no window has an end, the account reports the last second of 48 bits. */
static bounds intersect(const vk_verdict_request *request, const vk_verdict *verdict) {
    bounds out = {.after = request->valid_after,
                  .until = request->valid_until != 0 ? request->valid_until : VK_TIME_MAX,
                  .after_rule = NO_RULE,
                  .until_rule = NO_RULE};
    for (size_t i = 0; i < verdict->count; i++) {
        const vk_rule_verdict *rule = &verdict->rules[i];
        if (rule->valid_after > out.after) {
            out.after = rule->valid_after;
            out.after_rule = (int)i;
        }
        if (rule->valid_until != 0 && rule->valid_until < out.until) {
            out.until = rule->valid_until;
            out.until_rule = (int)i;
        }
    }
    return out;
}

/* A digest is for no EntryPoint; its times are read as those of most accounts are. */
static vk_entry_point entry_point_of(const vk_verdict_request *request) {
    return request->op == NULL || request->op->entry_point == VK_ENTRY_POINT_UNKNOWN
               ? VK_ENTRY_POINT_0_7
               : request->op->entry_point;
}

static bool counts_blocks(const bounds *window, vk_entry_point entry_point) {
    return entry_point == VK_ENTRY_POINT_0_9 && window->after > BLOCK_FLAG &&
           window->until > BLOCK_FLAG;
}

static void deny_rule(const vk_policy *policy, int index, bool early,
                      const vk_verdict_request *request, vk_verdict *out) {
    const vk_rule *rule = &policy->rules[index];
    vk_rule_verdict *verdict = &out->rules[index];
    vk_buf reason = {0};
    vk_rule_put_outside(rule, verdict, early, request->now, entry_point_of(request), &reason);
    vk_rule_deny_buf(verdict, &reason);
    vk_verdict_deny(out, index, vk_rule_name(rule->kind), verdict->reason);
}

static void deny_late(const vk_verdict_request *request, vk_verdict *out) {
    char reason[VK_REASON_MAX];
    snprintf(reason, sizeof reason,
             "the time, %" PRIu64 " seconds since 1970, is after the end of every window: it does "
             "not fit 48 bits",
             request->now);
    vk_verdict_deny(out, NO_RULE, "time", reason);
}

static void deny_approval(const vk_verdict_request *request, bool early, vk_verdict *out) {
    vk_buf text = {0};
    vk_rule_verdict denial = {0};
    vk_put_time(&text, request->now);
    vk_buf_put_text(&text, early ? " is before the owner's approval, which holds from "
                                 : " is after the owner's approval, which held until ");
    vk_put_time(&text, early ? request->valid_after : request->valid_until);
    vk_rule_deny_buf(&denial, &text);
    vk_verdict_deny(out, NO_RULE, "approval", denial.reason);
}

static void evaluate_time(const vk_policy *policy, const vk_verdict_request *request,
                          const bounds *window, vk_verdict *out) {
    vk_entry_point version = entry_point_of(request);
    if (vk_entry_point_in_window(version, window->after, window->until, request->now, 0)) {
        return;
    }
    bool early = vk_entry_point_in_window(version, 0, window->until, request->now, 0);
    vk_chain_entry_point(out, "AA22 expired or not due");
    int index = early ? window->after_rule : window->until_rule;
    if (index != NO_RULE) {
        deny_rule(policy, index, early, request, out);
    } else if (early ? request->valid_after != 0 : request->valid_until != 0) {
        deny_approval(request, early, out);
    } else if (early) {
        vk_verdict_deny(out, NO_RULE, "time", "the EntryPoint accepts nothing at the second 0");
    } else {
        deny_late(request, out);
    }
}

static void evaluate_blocks(const vk_verdict_request *request, const bounds *window,
                            vk_verdict *out) {
    bool open =
        request->has_block && vk_entry_point_in_window(VK_ENTRY_POINT_0_9, window->after,
                                                       window->until, request->now, request->block);
    if (open) {
        return;
    }
    char reason[VK_REASON_MAX];
    uint64_t after = window->after & ~BLOCK_FLAG, until = window->until & ~BLOCK_FLAG;
    if (request->has_block) {
        vk_chain_entry_point(out, "AA27 outside valid block range");
        snprintf(reason, sizeof reason,
                 "block %" PRIu64 " is outside the window, which opens after block %" PRIu64
                 " and closes after block %" PRIu64,
                 request->block, after, until);
    } else {
        snprintf(reason, sizeof reason,
                 "the window is one of block numbers (after %" PRIu64 ", until %" PRIu64
                 "), and the number of the next block is not known here",
                 after, until);
        bool first = out->rule[0] == '\0';
        out->hardening = first ? vk_hardening_name(VK_HARDENING_BLOCK_WINDOW) : out->hardening;
    }
    vk_verdict_deny(out, NO_RULE, "time", reason);
}

void vk_evaluate_windows(const vk_policy *policy, const vk_verdict_request *request,
                         vk_verdict *out) {
    bounds window = intersect(request, out);
    if (counts_blocks(&window, entry_point_of(request))) {
        evaluate_blocks(request, &window, out);
    } else {
        evaluate_time(policy, request, &window, out);
    }
}

/* ---- Reasons ---- */

static void put_early(const vk_rule *rule, const vk_rule_verdict *window, uint64_t now,
                      vk_buf *out) {
    if (rule->kind == VK_RULE_RATE_LIMIT) {
        vk_buf_put_text(out, "the next operation is allowed from ");
        vk_put_time(out, window->valid_after);
        vk_buf_put_text(out, ", now it is ");
        vk_put_time(out, now);
        return;
    }
    vk_put_time(out, now);
    vk_buf_put_text(out, " is before the window, which opens at ");
    vk_put_time(out, window->valid_after);
}

void vk_rule_put_outside(const vk_rule *rule, const vk_rule_verdict *window, bool early,
                         uint64_t now, vk_entry_point entry_point, vk_buf *out) {
    if (!early) {
        vk_put_time(out, now);
        vk_buf_put_text(out, " is after the window, which closed at ");
        vk_put_time(out, window->valid_until);
    } else if (now != window->valid_after) {
        put_early(rule, window, now, out);
    } else if (rule->kind == VK_RULE_RATE_LIMIT_RESET) {
        vk_buf_printf(out,
                      "a rate limit with reset opens its window at the time of the operation, but "
                      "EntryPoint %s wants it opened before: this rule never lets anything pass "
                      "there",
                      vk_entry_point_text(entry_point));
    } else {
        vk_put_time(out, now);
        vk_buf_printf(out,
                      " is the second at which the window opens; EntryPoint %s begins it one "
                      "second later",
                      vk_entry_point_text(entry_point));
    }
}
