/* Which nonce an operation has: its lane, for which no other process makes one at the same time,
 * and nothing that waits in the outbox. */
#include "cli/send.h"

#include "cli/input.h"

#include <inttypes.h>
#include <string.h>

#define ANY_LANE "auto"
#define LANES_MAX 1024 /* that are looked at for it */

/* ---- The key ---- */

static vk_kernel_nonce nonce_form(const vk_sending *s, uint8_t mode) {
    vk_kernel_nonce form = {.mode = mode};
    if (s->grant->kind == VK_GRANT_PERMISSION && !s->as_owner) {
        form.type = VK_NONCE_PERMISSION;
        memcpy(form.identifier, s->grant->account.permission_id, 4);
    } else {
        form.type = VK_NONCE_ROOT;
        memcpy(form.identifier, s->grant->root.validator.b, sizeof form.identifier);
    }
    return form;
}

static bool wants_any(const vk_cli *cli) {
    const char *text = vk_opt(cli, VK_OPT_LANE);
    return text != NULL && strcmp(text, ANY_LANE) == 0;
}

/* --lane: a number, or a name that stands for one, as in the SDK. */
static vk_u256 read_lane(vk_cli *cli, const vk_sending *s) {
    const char *text = vk_opt(cli, VK_OPT_LANE);
    vk_u256 lane = vk_u256_from_u64(0);
    if (text != NULL && vk_u256_read_decimal(text, strlen(text), &lane) != VK_OK) {
        lane = vk_kernel_custom_key(s->grant->entry_point_version,
                                    (vk_bytes){(const uint8_t *)text, strlen(text)});
    }
    return lane;
}

/* The nonce of the lane whose sequence is 0. False: there is no such lane. */
static bool first_nonce(const vk_sending *s, uint8_t mode, const vk_u256 *lane, vk_u256 *out) {
    const vk_kernel_nonce form = nonce_form(s, mode);
    *out = (vk_u256){{0}};
    return vk_kernel_nonce_key(s->grant->kernel, &form, lane, out->be) == VK_OK;
}

/* Does it bring the owner's approval along? Only the first such operation of a permission can. */
static bool is_enabling(const vk_sending *s, const vk_u256 *nonce) {
    return s->grant->kind == VK_GRANT_PERMISSION && !s->as_owner &&
           vk_kernel_nonce_decode(nonce).mode == VK_NONCE_ENABLE;
}

/* ---- Alone ---- */

/* All lanes of operations that enable a permission are one, as far as claims go. */
static vk_u256 claimed_nonce(const vk_sending *s, const vk_u256 *nonce) {
    vk_kernel_nonce form = vk_kernel_nonce_decode(nonce);
    if (!is_enabling(s, nonce)) {
        return *nonce;
    }
    form.custom = 0;
    return vk_kernel_nonce_encode(&form);
}

static vk_exit claim(vk_cli *cli, vk_sending *s, const vk_u256 *nonce, bool *is_held) {
    vk_outgoing like = vk_send_any_outgoing(s);
    like.op.nonce = claimed_nonce(s, nonce);
    *is_held = true;
    return vk_opt_flag(cli, VK_OPT_DRY_RUN) ? VK_EXIT_OK
                                            : vk_outbox_claim_lane(cli, &like, is_held, &s->claim);
}

static vk_exit fail_busy(vk_cli *cli, const vk_sending *s, const vk_u256 *nonce) {
    if (is_enabling(s, nonce)) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                                   "another process is making the operation that installs the "
                                   "permission");
        return vk_cli_hint(cli, exit,
                           "operations go side by side once it is installed: try again when that "
                           "one is included");
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_INPUT, "another process is making an operation on this lane");
    return vk_cli_hint(cli, exit, "try again, or send beside it with --lane auto");
}

/* ---- What waits ---- */

/* The last nonce of a lane. */
typedef struct last_of {
    const vk_u256 *like;
    bool found;
    vk_u256 nonce;
} last_of;

static void look_for_last(void *context, const vk_outgoing *item) {
    last_of *last = context;
    const vk_u256 *nonce = &item->op.nonce;
    if (vk_outbox_same_lane(nonce, last->like) &&
        (!last->found || vk_u256_cmp(nonce, &last->nonce) > 0)) {
        last->found = true;
        last->nonce = *nonce;
    }
}

/* An operation that keeps another from being sent. */
typedef struct obstacle {
    const vk_sending *s;
    const vk_u256 *nonce; /* of the other */
    bool found;
    vk_hash hash;
} obstacle;

static void look_for_nonce(void *context, const vk_outgoing *item) {
    obstacle *o = context;
    if (vk_u256_cmp(o->nonce, &item->op.nonce) == 0) {
        o->found = true;
        o->hash = item->hash;
    }
}

static void look_for_enabling(void *context, const vk_outgoing *item) {
    obstacle *o = context;
    const vk_u256 mine = claimed_nonce(o->s, o->nonce),
                  other = claimed_nonce(o->s, &item->op.nonce);
    if (vk_outbox_same_lane(&mine, &other) && !vk_outbox_same_lane(o->nonce, &item->op.nonce)) {
        o->found = true;
        o->hash = item->hash;
    }
}

static vk_exit fail_waiting(vk_cli *cli, const obstacle *o, const char *what, const char *hint) {
    vk_buf text = {0};
    vk_hex_put(&text, (vk_bytes){o->hash.b, sizeof o->hash.b});
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_INPUT, "an operation %s may be on its way: %.*s", what,
                               (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    return vk_cli_hint(cli, exit, "see what becomes of it with --resume HASH%s", hint);
}

static vk_exit check_earlier(vk_cli *cli, const vk_sending *s) {
    vk_buf text = {0};
    vk_hash open;
    bool is_open;
    vk_exit exit = vk_send_settle_earlier(cli, s, &is_open, &open);
    if (exit != VK_EXIT_OK || !is_open) {
        return exit;
    }
    vk_hex_put(&text, (vk_bytes){open.b, sizeof open.b});
    exit =
        vk_cli_fail(cli, VK_EXIT_INPUT,
                    "the node says that the operation before is included, but the bundler has no "
                    "receipt of it: %.*s",
                    (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    return vk_cli_hint(cli, exit,
                       "if it still waits, both would be: look again with --resume HASH, or remove "
                       "it from the outbox if you know what became of it");
}

/* The same operation again is no other one; but who wants any lane wants one beside it. */
vk_exit vk_send_check_outbox(vk_cli *cli, const vk_sending *s) {
    static const vk_hash none;
    vk_outgoing item = vk_send_outgoing(s);
    obstacle found = {.s = s, .nonce = &s->op.nonce};
    item.hash = wants_any(cli) ? none : item.hash;
    vk_exit exit = vk_outbox_look_through(cli, &item, look_for_nonce, &found);
    if (exit == VK_EXIT_OK && found.found) {
        return fail_waiting(cli, &found, "with the same nonce",
                            ", or send beside it with --lane auto");
    }
    return exit == VK_EXIT_OK ? check_earlier(cli, s) : exit;
}

/* On its own lane the nonce tells. */
static vk_exit check_enabling(vk_cli *cli, const vk_sending *s, const vk_u256 *nonce) {
    const vk_outgoing like = vk_send_any_outgoing(s);
    obstacle found = {.s = s, .nonce = nonce};
    if (!is_enabling(s, nonce) || vk_opt_flag(cli, VK_OPT_DRY_RUN)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_outbox_look_through(cli, &like, look_for_enabling, &found);
    return exit == VK_EXIT_OK && found.found
               ? fail_waiting(cli, &found, "that installs the same permission",
                              " --wait; operations go side by side once the permission is "
                              "installed")
               : exit;
}

vk_exit vk_send_claim(vk_cli *cli, vk_sending *s, const vk_u256 *nonce) {
    bool is_held;
    vk_exit exit = claim(cli, s, nonce, &is_held);
    if (exit == VK_EXIT_OK && !is_held) {
        return fail_busy(cli, s, nonce);
    }
    return exit == VK_EXIT_OK ? check_enabling(cli, s, nonce) : exit;
}

/* ---- The nonce ---- */

static vk_exit ask_node(vk_cli *cli, vk_sending *s, const vk_u256 *first) {
    vk_error err = {0};
    vk_status status = vk_node_nonce(s->node, &s->grant->entry_point, &s->grant->account.account,
                                     first->be, &s->op.nonce, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the nonce", status, &err);
}

/* The outbox is looked at before the node: what is included in between leaves both in order. */
static vk_exit try_lane(vk_cli *cli, vk_sending *s, const vk_u256 *first, bool *is_free) {
    const vk_outgoing like = vk_send_any_outgoing(s);
    last_of last = {.like = first};
    vk_hash open;
    bool is_open = false;
    vk_exit exit = claim(cli, s, first, is_free);
    if (exit != VK_EXIT_OK || !*is_free) {
        return exit;
    }
    exit = vk_outbox_look_through(cli, &like, look_for_last, &last);
    if (exit == VK_EXIT_OK) {
        exit = ask_node(cli, s, first);
    }
    *is_free = !last.found || vk_u256_cmp(&last.nonce, &s->op.nonce) < 0;
    if (exit == VK_EXIT_OK && *is_free) {
        exit = vk_send_settle_earlier(cli, s, &is_open, &open);
        *is_free = exit == VK_EXIT_OK && !is_open;
    }
    if (!*is_free) {
        vk_outbox_release(&s->claim);
    }
    return exit;
}

static vk_exit choose_lane(vk_cli *cli, vk_sending *s, uint8_t mode) {
    bool is_free = false;
    vk_exit exit = VK_EXIT_OK;
    for (uint64_t i = 0; i < LANES_MAX && !is_free && exit == VK_EXIT_OK; i++) {
        const vk_u256 lane = vk_u256_from_u64(i);
        vk_u256 first;
        if (!first_nonce(s, mode, &lane, &first)) {
            break;
        }
        exit = try_lane(cli, s, &first, &is_free);
    }
    if (exit == VK_EXIT_OK && !is_free) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "an operation that may be on its way is on each of %d lanes", LANES_MAX);
        exit = vk_cli_hint(cli, exit, "see what becomes of them with --resume HASH");
    }
    return exit;
}

vk_exit vk_send_ask_nonce(vk_cli *cli, vk_sending *s, uint8_t mode) {
    const vk_u256 lane = wants_any(cli) ? vk_u256_from_u64(0) : read_lane(cli, s);
    vk_u256 first;
    if (wants_any(cli) && mode != VK_NONCE_ENABLE) {
        return choose_lane(cli, s, mode);
    }
    if (!first_nonce(s, mode, &lane, &first)) {
        return vk_bad_value(cli, VK_OPT_LANE, "a number below 65536, a name, or auto");
    }
    vk_exit exit = vk_send_claim(cli, s, &first);
    return exit == VK_EXIT_OK ? ask_node(cli, s, &first) : exit;
}
