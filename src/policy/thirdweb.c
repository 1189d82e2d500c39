/* thirdweb's permissions: targets, a limit for each call, a window. They keep no state. */
#include "policy/rule.h"
#include "policy/text.h"
#include "thirdweb/calls.h"

#include <valetkey/thirdweb_verdict.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NO_RULE (-1)
#define BOUND_LEN 6 /* of the window that the account reports */

/* An operation or a message under judgement. */
typedef struct subject {
    const vk_thirdweb_permission *permission;
    const vk_address *account;
    uint64_t chain_id;
    vk_hardening_set relaxed;
    vk_verdict *out;
} subject;

vk_thirdweb_permission vk_thirdweb_permission_of(const vk_thirdweb_request *request) {
    return (vk_thirdweb_permission){.target_count = request->target_count,
                                    .targets = request->targets,
                                    .native_limit = request->native_limit,
                                    .start = request->start,
                                    .end = request->end};
}

static void deny_buf(subject *s, const char *rule, vk_buf *reason) {
    vk_rule_verdict text = {0};
    vk_rule_deny_buf(&text, reason);
    vk_verdict_deny(s->out, NO_RULE, rule, text.reason);
}

static void harden(subject *s, vk_hardening hardening, const char *rule, vk_buf *reason) {
    bool on = (s->relaxed & vk_hardening_bit(hardening)) == 0;
    if (on && s->out->rule[0] == '\0') {
        s->out->hardening = vk_hardening_name(hardening);
        deny_buf(s, rule, reason);
    }
    vk_buf_clear(reason);
}

static void harden_text(subject *s, vk_hardening hardening, const char *rule, const char *reason) {
    vk_buf text = {0};
    vk_buf_put_text(&text, reason);
    harden(s, hardening, rule, &text);
}

/* ---- The signer ---- */

static bool names(const vk_thirdweb_permission *permission, const vk_address *target) {
    for (size_t i = 0; i < permission->target_count; i++) {
        if (vk_address_equal(&permission->targets[i], target)) {
            return true;
        }
    }
    return false;
}

static bool is_wildcard(const vk_thirdweb_permission *permission) {
    return vk_thirdweb_is_wildcard(permission->targets, permission->target_count);
}

static void check_active(subject *s, uint64_t now) {
    const vk_thirdweb_permission *permission = s->permission;
    vk_u256 time = vk_u256_from_u64(now);
    vk_buf reason = {0};
    bool early = vk_u256_cmp(&permission->start, &time) > 0;
    if (permission->target_count == 0) {
        vk_buf_put_text(&reason, "the signer has no approved targets: it has no session here, or "
                                 "its session was removed");
        deny_buf(s, "targets", &reason);
    } else if (early || vk_u256_cmp(&time, &permission->end) >= 0) {
        vk_put_time(&reason, now);
        vk_buf_put_text(&reason, early ? " is before the session, which opens at "
                                       : " is after the session, which closed at ");
        vk_put_any_time(&reason, early ? &permission->start : &permission->end);
        deny_buf(s, "window", &reason);
    }
}

/* ---- Operations ---- */

static void check_target(subject *s, const vk_address *target) {
    if (is_wildcard(s->permission) || names(s->permission, target)) {
        return;
    }
    vk_buf reason = {0};
    vk_put_contract(&reason, s->chain_id, target);
    vk_buf_put_text(&reason, " is not an approved target");
    deny_buf(s, "targets", &reason);
}

static void check_value(subject *s, const vk_u256 *value) {
    if (vk_u256_cmp(value, &s->permission->native_limit) <= 0) {
        return;
    }
    vk_buf reason = {0};
    vk_put_ether(&reason, value);
    vk_buf_put_text(&reason, " of native value is over the limit of ");
    vk_put_ether(&reason, &s->permission->native_limit);
    vk_buf_put_text(&reason, " for one call");
    deny_buf(s, "limit", &reason);
}

static void check_calls(subject *s, const vk_thirdweb_calls *calls) {
    for (size_t i = 0; i < calls->count; i++) {
        check_target(s, &calls->calls[i].target);
        check_value(s, &calls->calls[i].value);
    }
}

uint64_t vk_thirdweb_low48(const vk_u256 *value) {
    vk_u256 low = vk_u256_from_be(value->be + sizeof value->be - BOUND_LEN, BOUND_LEN);
    return vk_u256_low64(&low);
}

/* The account reports the lowest 48 bits of the window, of an admin's too. */
static void check_window(subject *s, const vk_verdict_request *request) {
    uint64_t after = vk_thirdweb_low48(&s->permission->start),
             until = vk_thirdweb_low48(&s->permission->end);
    if (vk_entry_point_in_window(request->op->entry_point, after, until, request->now,
                                 request->block)) {
        return;
    }
    vk_buf reason = {0};
    vk_put_time(&reason, request->now);
    vk_buf_put_text(&reason, " is outside the window that the EntryPoint sees: from ");
    vk_put_time(&reason, after);
    if (until != 0) {
        vk_buf_put_text(&reason, " until ");
        vk_put_time(&reason, until);
    }
    deny_buf(s, "time", &reason);
}

/* ---- Hardening ---- */

static void harden_permission(subject *s) {
    vk_u256 max;
    memset(max.be, 0xff, sizeof max.be);
    if (is_wildcard(s->permission)) {
        harden_text(s, VK_HARDENING_ANY_TARGET, "targets",
                    "the session may call any contract: approve the contracts that it needs");
    }
    if (vk_u256_cmp(&s->permission->native_limit, &max) == 0) {
        harden_text(s, VK_HARDENING_ANY_AMOUNT, "limit",
                    "the session may send any amount of native value in one call: set a limit");
    }
}

static void harden_target(subject *s, const vk_address *target) {
    bool self = vk_address_equal(target, s->account);
    bool guard = self || vk_entry_point_of_address(target) != VK_ENTRY_POINT_UNKNOWN;
    if (!guard || names(s->permission, target)) {
        return;
    }
    vk_buf reason = {0};
    vk_buf_put_text(&reason, "the call to ");
    vk_put_address(&reason, target);
    vk_buf_put_text(&reason, self ? " is one to the account itself" : " is one to the EntryPoint");
    vk_buf_put_text(&reason, ", which could lift this session's limits, and it is not approved by "
                             "name");
    harden(s, VK_HARDENING_PROTECTED_TARGET, "target", &reason);
}

static void harden_calls(subject *s, const vk_thirdweb_calls *calls) {
    if (!calls->canonical) {
        harden_text(s, VK_HARDENING_CALLDATA_ENCODING, "callData",
                    "the call data is not the one encoding that ordinary encoders make of its "
                    "calls");
    }
    harden_permission(s);
    for (size_t i = 0; i < calls->count; i++) {
        harden_target(s, &calls->calls[i].target);
    }
}

/* ---- Verdicts ---- */

/* The account says no by not taking the signature; what it cannot read it reverts. */
static void chain_answers(const vk_verdict_request *request, vk_verdict *out) {
    vk_bytes call_data = request->op->call_data;
    bool reverts = strcmp(out->rule, "callData") == 0 &&
                   (call_data.len < 4 || vk_thirdweb_is_execute(call_data));
    if (out->rule[0] == '\0' || out->hardening != NULL) {
        return;
    }
    vk_chain_entry_point(out, reverts                          ? "AA23 reverted"
                              : strcmp(out->rule, "time") == 0 ? "AA22 expired or not due"
                                                               : "AA24 signature error");
}

static vk_status evaluate_session(subject *s, const vk_verdict_request *request) {
    vk_thirdweb_calls calls = {0};
    vk_error err = {0};
    check_active(s, request->now);
    vk_status status = vk_thirdweb_calls_decode(request->op->call_data, &calls, &err);
    if (status == VK_ERR_MEMORY) {
        return status;
    }
    if (status != VK_OK) {
        vk_verdict_deny(s->out, NO_RULE, "callData", err.message);
    }
    check_calls(s, &calls);
    check_window(s, request);
    if (s->out->rule[0] == '\0') {
        harden_calls(s, &calls);
    }
    vk_thirdweb_calls_clear(&calls);
    return VK_OK;
}

vk_status vk_thirdweb_evaluate(const vk_thirdweb_permission *permission,
                               const vk_verdict_request *request, vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    subject s = {.permission = permission,
                 .account = &request->op->sender,
                 .chain_id = request->chain_id,
                 .relaxed = request->relaxed,
                 .out = out};
    vk_status status = VK_OK;
    if (permission->is_admin) {
        check_window(&s, request);
    } else {
        status = evaluate_session(&s, request);
    }
    chain_answers(request, out);
    out->allowed = status == VK_OK && out->rule[0] == '\0';
    return status;
}

vk_status vk_thirdweb_evaluate_message(const vk_thirdweb_permission *permission,
                                       const vk_message_request *request, vk_verdict *out) {
    *out = (vk_verdict){.rule_index = NO_RULE};
    subject s = {.permission = permission, .relaxed = request->relaxed, .out = out};
    if (!permission->is_admin) {
        check_active(&s, request->now);
        if (!request->has_caller && !is_wildcard(permission)) {
            vk_verdict_deny(out, NO_RULE, "targets",
                            "the message names no contract that will check its signature, but the "
                            "account answers only approved targets");
        } else if (request->has_caller) {
            check_target(&s, &request->caller);
        }
        if (out->rule[0] == '\0' && is_wildcard(permission)) {
            harden_text(&s, VK_HARDENING_ANY_TARGET, "targets",
                        "the session may sign messages for any contract: approve the contracts "
                        "that it needs");
        }
    }
    out->allowed = out->rule[0] == '\0';
    return VK_OK;
}
