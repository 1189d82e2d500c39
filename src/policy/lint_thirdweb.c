/* Lint: requests for a session key of a thirdweb account, and its policy, which says the same. */
#include "policy/lint.h"

#include <inttypes.h>

#define BITS_END 48
/* Longer than it takes to send a request. */
#define REQUEST_SECONDS (30 * UINT64_C(86400))

/* One of the two windows. */
typedef struct window {
    const vk_u256 *start, *end;
    const char *start_name, *end_name;
    const char *what; /* what it opens */
} window;

/* ---- Windows ---- */

static void look_at_width(vk_lint *lint, const vk_u256 *time, const char *name) {
    if (!vk_u256_fits(time, BITS_END)) {
        vk_lint_add(lint, VK_LINT_VALUE_DOES_NOT_FIT, &lint->session, name,
                    "the time has more than the 48 bits that the EntryPoint is told, so it sees "
                    "another window than the account; write seconds since 1970");
    }
}

/* Did it end, or is its end in milliseconds? Then no more is said of it. */
static bool look_at_ends(vk_lint *lint, const window *w) {
    uint64_t start = vk_u256_low64(w->start), end = vk_u256_low64(w->end);
    bool ms = false;
    if (vk_u256_fits(w->start, BITS_END)) {
        ms = vk_lint_milliseconds(lint, start, &lint->session, w->start_name,
                                  "the window never opens");
    }
    if (vk_u256_fits(w->end, BITS_END)) {
        ms =
            vk_lint_milliseconds(lint, end, &lint->session, w->end_name, "the window never ends") ||
            ms;
    }
    return ms;
}

static void look_at_window(vk_lint *lint, const window *w) {
    uint64_t now = lint->context->now;
    vk_u256 present = vk_u256_from_u64(now);
    if (look_at_ends(lint, w)) {
        return;
    }
    if (vk_u256_cmp(w->start, w->end) >= 0) {
        vk_lint_add(lint, VK_LINT_NEVER_OPEN, &lint->session, w->end_name,
                    "the window ends before it begins, or in the same second, which is not in it: "
                    "%s never; write an end behind the start",
                    w->what);
    } else if (now != 0 && vk_u256_cmp(w->end, &present) <= 0) {
        vk_lint_add(lint, VK_LINT_EXPIRED, &lint->session, w->end_name,
                    "the window closed at %s, so %s no more; write an end that is still to come",
                    vk_lint_time(vk_u256_low64(w->end)).text, w->what);
    }
}

/* Is the end that much later than now? */
static bool is_later(const vk_lint *lint, const vk_u256 *end, uint64_t by) {
    vk_u256 bound = vk_u256_from_u64(lint->context->now + by);
    return lint->context->now != 0 && vk_u256_cmp(end, &bound) >= 0;
}

/* The package's default is ten years from when the request was made. */
#define NO_END (VK_LINT_NO_END - 86400)

static void look_at_times(vk_lint *lint, const vk_thirdweb_request *request) {
    window session = {&request->start, &request->end, "permissionStartTimestamp",
                      "permissionEndTimestamp", "the key works"};
    bool wide = !vk_u256_fits(&request->end, BITS_END);
    bool ms = !wide && vk_u256_low64(&request->end) >= VK_LINT_FIRST_MS;
    look_at_width(lint, &request->start, session.start_name);
    look_at_width(lint, &request->end, session.end_name);
    look_at_window(lint, &session);
    if (wide || (!ms && is_later(lint, &request->end, NO_END))) {
        vk_lint_add(lint, VK_LINT_NO_EXPIRY, &lint->session, session.end_name,
                    "the session has no end, or one in ten years: who steals the key has it until "
                    "an admin removes it; write the end of what the key is for");
    }
}

static void look_at_request(vk_lint *lint, const vk_thirdweb_request *request) {
    window w = {&request->request_start, &request->request_end, "reqValidityStartTimestamp",
                "reqValidityEndTimestamp", "the request can be sent"};
    bool ms = vk_u256_fits(w.end, BITS_END) && vk_u256_low64(w.end) >= VK_LINT_FIRST_MS;
    look_at_window(lint, &w);
    if (!ms && is_later(lint, w.end, REQUEST_SECONDS)) {
        vk_lint_add(lint, VK_LINT_LONG_REQUEST, &lint->session, w.end_name,
                    "anybody who has the signed request can send it until then, also after the "
                    "session was removed, which brings it back; write an end soon after now, and "
                    "send what was signed");
    }
}

/* ---- Targets ---- */

static void look_at_target(vk_lint *lint, const vk_address *target, const vk_path *path) {
    const char *privileged = vk_lint_privileged(lint->context, target);
    if (vk_address_is_zero(target)) {
        vk_lint_add(lint, VK_LINT_ZERO_TARGET, path, NULL,
                    "the zero address among others is no wildcard, only an address; leave it out");
    } else if (privileged != NULL) {
        vk_lint_add(lint, VK_LINT_PRIVILEGED_TARGET, path, NULL,
                    "the target is %s: a call there can lift the session's limits; leave it out, "
                    "or do such calls as an admin",
                    privileged);
    }
}

static void look_at_wildcard(vk_lint *lint, const vk_path *list) {
    vk_lint_add(lint, VK_LINT_ANY_TARGET, list, NULL,
                "the zero address alone stands for any target: every contract is open, with every "
                "function, also every token and the account itself; list the contracts that the "
                "key needs");
    vk_lint_add(lint, VK_LINT_SIGNATURES_OPEN, list, NULL,
                "with the wildcard the key can sign every ERC-1271 message for the account, such "
                "as a token permit or an order; list the contracts that the key needs");
}

static void look_at_targets(vk_lint *lint, const vk_thirdweb_request *request) {
    vk_path list = vk_path_member(&lint->session, "approvedTargets");
    if (request->target_count == 0) {
        vk_lint_add(lint, VK_LINT_NO_TARGETS, &list, NULL,
                    "the list is empty, which removes the session: the key may do nothing; list "
                    "the contracts that it needs");
    } else if (request->target_count == 1 && vk_address_is_zero(&request->targets[0])) {
        look_at_wildcard(lint, &list);
        return;
    }
    for (size_t i = 0; i < request->target_count; i++) {
        vk_path at = vk_path_index(&list, i);
        look_at_target(lint, &request->targets[i], &at);
    }
}

/* ---- The limit ---- */

static void look_at_limit(vk_lint *lint, const vk_u256 *limit) {
    static const char name[] = "nativeTokenLimitPerTransaction";
    if (vk_lint_is_no_limit(limit)) {
        vk_lint_add(lint, VK_LINT_UNLIMITED_VALUE, &lint->session, name,
                    "the limit is more than there is of any coin, so one call can carry all that "
                    "the account has; write the most wei that a call may carry");
    } else if (!vk_u256_is_zero(limit)) {
        vk_lint_add(lint, VK_LINT_BATCH_MULTIPLIES, &lint->session, name,
                    "the limit of %s holds for each call, not for a transaction: a batch has any "
                    "number of calls, so the sum has no limit; write a limit that may be lost many "
                    "times, or keep little in the account",
                    vk_lint_ether(limit).text);
    }
}

/* ---- The whole ---- */

/* Without targets the rest is not looked at, by the contract neither. */
static void look_at_permissions(vk_lint *lint, const vk_thirdweb_request *request) {
    look_at_targets(lint, request);
    if (request->target_count == 0) {
        return;
    }
    look_at_limit(lint, &request->native_limit);
    look_at_times(lint, request);
}

vk_status vk_lint_thirdweb(const vk_thirdweb_request *request, const vk_lint_context *context,
                           vk_lint_findings *out) {
    *out = (vk_lint_findings){0};
    vk_lint lint = {.context = context, .out = out};
    if (request->is_admin == VK_THIRDWEB_SET_PERMISSIONS) {
        look_at_permissions(&lint, request);
    } else if (request->is_admin == VK_THIRDWEB_ADD_ADMIN) {
        vk_lint_add(&lint, VK_LINT_ADMIN, &lint.session, "isAdmin",
                    "the signer becomes an admin, whom no target, limit or time here holds: it can "
                    "do everything that the account can; write 0 for a session key");
    }
    look_at_request(&lint, request);
    if (lint.status != VK_OK) {
        vk_lint_clear(out);
    }
    return lint.status;
}

void vk_lint_session(vk_lint *lint, const vk_rule *rule, size_t index) {
    vk_thirdweb_request request = {.target_count = rule->u.thirdweb.count,
                                   .targets = rule->u.thirdweb.targets,
                                   .native_limit = rule->u.thirdweb.native_limit,
                                   .start = rule->u.thirdweb.start,
                                   .end = rule->u.thirdweb.end};
    lint->session = vk_lint_rule_path(index);
    look_at_permissions(lint, &request);
}
