#include "cli/session_set.h"

#include "cli/admin.h"
#include "cli/send_thirdweb.h"
#include "policy/text.h"

#include <inttypes.h>

typedef enum vk_set_state {
    VK_SET_ABSENT = 0, /* never set, and no request that could set it */
    VK_SET_EARLY,      /* not set, but the admin's request can be carried out later */
    VK_SET_PENDING,    /* not set, but the admin's request can be carried out */
    VK_SET_REVOKED,    /* the request was carried out, and there is nothing any more */
    VK_SET_CLOSED,     /* set, but not in its window */
    VK_SET_ACTIVE
} vk_set_state;

/* ---- Asking ---- */

static vk_set_state state_of(const vk_grant *grant, vk_thirdweb_fate fate) {
    if (fate == VK_THIRDWEB_USED) {
        return VK_SET_REVOKED;
    }
    if (fate != VK_THIRDWEB_GOOD) {
        return VK_SET_ABSENT;
    }
    switch (vk_request_stage_of(&grant->request)) {
    case VK_REQUEST_EARLY:
        return VK_SET_EARLY;
    case VK_REQUEST_OPEN:
        return VK_SET_PENDING;
    case VK_REQUEST_OVER:
        break;
    }
    return VK_SET_ABSENT;
}

static vk_exit ask(vk_cli *cli, const vk_sending *s, vk_set_state *out) {
    const vk_grant *grant = s->grant;
    const vk_thirdweb_state *state = &s->thirdweb;
    vk_thirdweb_fate fate = VK_THIRDWEB_GOOD;
    *out = VK_SET_ABSENT;
    if (state->session.target_count > 0) {
        *out = state->is_active ? VK_SET_ACTIVE : VK_SET_CLOSED;
        return VK_EXIT_OK;
    }
    if (grant->account.pre_installed) {
        return VK_EXIT_OK;
    }
    vk_exit exit = VK_EXIT_OK;
    if (state->is_deployed) {
        exit =
            vk_send_ask_fate(cli, s, &grant->request, grant->account.enable_signature.data, &fate);
    }
    *out = state_of(grant, fate);
    return exit;
}

/* ---- Saying ---- */

static const char *const names[] = {
    [VK_SET_ABSENT] = "absent",   [VK_SET_EARLY] = "early",   [VK_SET_PENDING] = "pending",
    [VK_SET_REVOKED] = "revoked", [VK_SET_CLOSED] = "closed", [VK_SET_ACTIVE] = "installed"};

static const char *const words[] = {
    [VK_SET_ABSENT] = "not set, and the grant's request cannot set it",
    [VK_SET_EARLY] = "not set, and the admin's request cannot set it before ",
    [VK_SET_PENDING] = "not set yet: \"valetkey session install\" carries out the admin's request",
    [VK_SET_REVOKED] = "removed: the request was carried out, and cannot be again",
    [VK_SET_CLOSED] = "set, but its window is not open",
    [VK_SET_ACTIVE] = "set"};

static void say_limits(vk_out *out, const vk_thirdweb_permission *permission) {
    vk_buf text = {0};
    if (vk_thirdweb_is_wildcard(permission->targets, permission->target_count)) {
        vk_buf_put_text(&text, "any target");
    } else {
        vk_buf_printf(&text, "%zu target%s", permission->target_count,
                      permission->target_count == 1 ? "" : "s");
    }
    vk_buf_put_text(&text, ", at most ");
    vk_put_ether(&text, &permission->native_limit);
    vk_buf_put_text(&text, " a call, from ");
    vk_put_any_time(&text, &permission->start);
    vk_buf_put_text(&text, " until ");
    vk_put_any_time(&text, &permission->end);
    vk_say_field(out, "on the chain", "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void put_number(vk_out *out, const char *name, const vk_u256 *value) {
    char text[79];
    vk_u256_decimal(value, text);
    vk_out_text(out, name, text);
}

static void put_limits(vk_out *out, const vk_thirdweb_permission *permission) {
    vk_out_open(out, "approvedTargets", '[');
    for (size_t i = 0; i < permission->target_count; i++) {
        vk_out_address(out, NULL, &permission->targets[i]);
    }
    vk_out_close(out, ']');
    put_number(out, "nativeTokenLimitPerTransaction", &permission->native_limit);
    put_number(out, "permissionStartTimestamp", &permission->start);
    put_number(out, "permissionEndTimestamp", &permission->end);
}

/* Beside the key's policy: an admin may have set other permissions since. */
static void say_set(vk_out *out, const vk_sending *s) {
    const vk_thirdweb_permission there = vk_send_thirdweb_permission(s);
    vk_thirdweb_permission wanted = vk_thirdweb_permission_of_rule(&s->key.policy.rules[0]);
    wanted.is_admin = there.is_admin;
    bool same = vk_thirdweb_is_same(&there, &wanted);
    say_limits(out, &there);
    vk_say_field(out, "", "%s",
                 same ? "which is the key's policy"
                      : "which is not the key's policy: what both allow is done");
    vk_out_open(out, "onChain", '{');
    put_limits(out, &there);
    vk_out_bool(out, "asPolicy", same);
    vk_out_close(out, '}');
}

static void say_state(vk_out *out, const vk_sending *s, vk_set_state state) {
    vk_buf text = {0};
    vk_buf_put_text(&text, words[state]);
    if (state == VK_SET_EARLY) {
        vk_put_any_time(&text, &s->grant->request.request_start);
    }
    vk_say_field(out, "session", "%.*s", (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
}

static void say(vk_cli *cli, const vk_sending *s, vk_set_state state) {
    vk_out *out = &cli->out;
    say_state(out, s, state);
    vk_out_text(out, "permission", names[state]);
    vk_out_bool(out, "active", s->thirdweb.is_active);
    vk_out_bool(out, "admin", s->thirdweb.is_admin);
    if (s->thirdweb.is_admin) {
        vk_say_field(out, "admin", "the key is an admin: the account lets it do everything");
    }
    if (s->thirdweb.session.target_count > 0) {
        say_set(out, s);
    } else {
        vk_out_null(out, "onChain");
    }
}

vk_exit vk_session_set_say(vk_cli *cli, const vk_sending *s) {
    vk_set_state state;
    vk_exit exit = ask(cli, s, &state);
    if (exit == VK_EXIT_OK) {
        say(cli, s, state);
    }
    return exit;
}
