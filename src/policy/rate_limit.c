/*
 * Rate limits, two contracts under one name: a lifetime count of uses, each interval seconds after
 * the one before at the earliest; and a count of uses that is refilled when its window is over.
 */
#include "policy/rule.h"
#include "policy/text.h"

#include <inttypes.h>
#include <string.h>

/* Without and with reset: the address tells which. */
static const char *const published[] = {"0xf63d4139B25c836334edD76641356c6b74C86873",
                                        "0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B"};

vk_address vk_rate_limit_contract(bool with_reset) {
    vk_address address = {{0}};
    return vk_address_read(published[with_reset], strlen(published[with_reset]), &address) == VK_OK
               ? address
               : (vk_address){{0}};
}

static vk_status parse_numbers(const cJSON *json, const vk_path *path, vk_rule *out,
                               vk_error *err) {
    vk_u256 count;
    vk_status status = vk_json_bigint(json, "count", path, VK_BITS_TIME, &count, err);
    if (status == VK_OK) {
        out->u.rate.count = vk_u256_low64(&count);
        status = vk_rule_number48(json, "interval", path, &out->u.rate.interval, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number48(json, "startAt", path, &out->u.rate.start_at, err);
    }
    return status;
}

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",  "policyAddress", "policyFlag", "interval",
                                        "count", "startAt",       NULL};
    size_t index;
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = vk_rule_address(json, path, published[0], &out->address, err);
    }
    if (status == VK_OK && !vk_rule_find_address(&out->address, published, 2, &index)) {
        status = vk_rule_not_published(&out->address, published, 2, path, err);
    }
    if (status == VK_OK) {
        out->kind = index == 1 ? VK_RULE_RATE_LIMIT_RESET : VK_RULE_RATE_LIMIT;
        status = parse_numbers(json, path, out, err);
    }
    if (status == VK_OK && index == 1 && out->u.rate.start_at != 0) {
        vk_path at = vk_path_member(path, "startAt");
        return vk_fail(err, VK_ERR_POLICY, at.text,
                       "the rate limit with reset knows no start: \"startAt\" is %" PRIu64
                       ", but must be 0 or absent",
                       out->u.rate.start_at);
    }
    return status;
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    return vk_rule_check_address(rule, published[rule->kind == VK_RULE_RATE_LIMIT_RESET], path,
                                 err);
}

static void put_u48(vk_buf *out, uint64_t value) {
    vk_u256 word = vk_u256_from_u64(value);
    vk_buf_put(out, word.be + 26, 6);
}

static void encode(const vk_rule *rule, vk_buf *out) {
    put_u48(out, rule->u.rate.interval);
    put_u48(out, rule->u.rate.count);
    if (rule->kind == VK_RULE_RATE_LIMIT) {
        put_u48(out, rule->u.rate.start_at);
    }
}

static void put_operations(vk_buf *out, uint64_t count) {
    vk_buf_printf(out, "At most %" PRIu64 " operation%s", count, count == 1 ? "" : "s");
}

static void describe(const vk_rule *rule, vk_buf *out) {
    put_operations(out, rule->u.rate.count);
    vk_buf_put_text(out, " in all");
    if (rule->u.rate.start_at != 0) {
        vk_buf_put_text(out, ", the first from ");
        vk_put_time(out, rule->u.rate.start_at);
    }
    if (rule->u.rate.interval != 0 && rule->u.rate.count > 1) {
        vk_buf_put_text(out, ", one more every ");
        vk_put_duration(out, rule->u.rate.interval);
    }
    vk_buf_put_text(out, ".");
}

static void describe_reset(const vk_rule *rule, vk_buf *out) {
    put_operations(out, rule->u.rate.count);
    vk_buf_put_text(out, " within ");
    vk_put_duration(out, rule->u.rate.interval);
    vk_buf_put_text(out, ", then as many again.");
}

/* The time from which use number used (from 0) is valid. False if the contract's 48-bit time
 * overflows when it computes the time of the use behind it, which it does first. */
static bool use_time(const vk_rule *rule, uint64_t used, uint64_t *out) {
    uint64_t wait, next;
    if (__builtin_mul_overflow(used, rule->u.rate.interval, &wait) ||
        __builtin_add_overflow(wait, rule->u.rate.start_at, out) ||
        __builtin_add_overflow(*out, rule->u.rate.interval, &next)) {
        return false;
    }
    return next <= VK_TIME_MAX;
}

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    uint64_t count = rule->u.rate.count, from;
    if (what->request->charge.present) {
        vk_rule_allow(out, "an operation with this nonce was counted already");
    } else if (state->used >= count) {
        vk_rule_deny(out, "all %" PRIu64 " operations are used", count);
    } else if (!use_time(rule, state->used, &from)) {
        vk_rule_revert(out, VK_REVERT_OVERFLOW,
                       "the time of the next operation does not fit 48 bits");
    } else {
        out->valid_after = from;
        state->used++;
        vk_rule_allow(out, "operation %" PRIu64 " of %" PRIu64, state->used, count);
    }
}

/* Was the charge counted in the window that is open? */
static bool counted_in_window(const vk_rule *rule, const vk_nonce_charge *charge,
                              uint64_t window_end) {
    uint64_t latest_end;
    if (!charge->present) {
        return false;
    }
    return __builtin_add_overflow(charge->window, rule->u.rate.interval, &latest_end) ||
           latest_end >= window_end;
}

static void deny_until_reset(const vk_rule *rule, uint64_t window_end, vk_rule_verdict *out) {
    vk_buf reason = {0};
    vk_buf_printf(&reason, "all %" PRIu64 " operations are used until ", rule->u.rate.count);
    vk_put_time(&reason, window_end);
    vk_rule_deny_buf(out, &reason);
    out->revert = "RateLimited()";
}

static void evaluate_reset(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                           vk_rule_verdict *out) {
    const vk_verdict_request *request = what->request;
    vk_rule_state next = *state;
    bool over = request->now >= state->window;
    if (!over && counted_in_window(rule, &request->charge, state->window)) {
        vk_rule_allow(out, "an operation with this nonce was counted already in this window");
        return;
    }
    if (over) {
        next.used = 0;
        next.window = request->now + rule->u.rate.interval;
        if (request->now > VK_TIME_MAX || next.window > VK_TIME_MAX) {
            vk_rule_revert(out, VK_REVERT_OVERFLOW, "the end of the window does not fit 48 bits");
            return;
        }
    }
    if (next.used >= rule->u.rate.count) {
        deny_until_reset(rule, next.window, out);
        return;
    }
    next.used++;
    *state = next;
    out->valid_after = request->now;
    out->valid_until = next.window;
    vk_rule_allow(out, "operation %" PRIu64 " of %" PRIu64 " in this window", next.used,
                  rule->u.rate.count);
}

static void give_back(const vk_rule *rule, const vk_nonce_charge *charge, vk_rule_state *state) {
    (void)rule;
    state->used -= charge->present && state->used > 0;
}

/* A window that is over has nothing to give back. */
static void give_back_reset(const vk_rule *rule, const vk_nonce_charge *charge,
                            vk_rule_state *state) {
    state->used -= state->used > 0 && counted_in_window(rule, charge, state->window);
}

const vk_rule_type vk_rule_rate_limit = {.kind = VK_RULE_RATE_LIMIT,
                                         .name = "rate-limit",
                                         .stateful = true,
                                         .parse = parse,
                                         .check = check,
                                         .encode = encode,
                                         .describe = describe,
                                         .evaluate = evaluate,
                                         .give_back = give_back};

const vk_rule_type vk_rule_rate_limit_reset = {.kind = VK_RULE_RATE_LIMIT_RESET,
                                               .name = "rate-limit",
                                               .stateful = true,
                                               .parse = parse,
                                               .check = check,
                                               .encode = encode,
                                               .describe = describe_reset,
                                               .evaluate = evaluate_reset,
                                               .give_back = give_back_reset};
