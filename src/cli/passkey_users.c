/* passkey users, passkey remove-user: who registered with the passkey server on the token's file.
 */
#include "cli/input.h"
#include "cli/store.h"
#include "policy/text.h"
#include "token/passkey.h"

#include <inttypes.h>
#include <string.h>

/* ---- passkey users ---- */

/* What can be shown of a user. Anybody who reaches the server chooses a name, and whoever edits the
 * file chooses the rest. */
typedef struct shown {
    char *name, *user_id, *rp_id, *transports, *credential, *since;
} shown;

static char *clean(const char *text) {
    vk_buf out = {0};
    vk_put_clean(&out, (vk_bytes){(const uint8_t *)text, strlen(text)});
    return vk_buf_take_text(&out);
}

static char *credential_text(const vk_passkey_user *user) {
    vk_buf out = {0};
    vk_base64url_put(&out, (vk_bytes){user->credential_id, user->credential_id_len});
    return vk_buf_take_text(&out);
}

static char *time_text(uint64_t seconds) {
    vk_buf out = {0};
    vk_put_time(&out, seconds);
    return vk_buf_take_text(&out);
}

static void shown_clear(shown *s) {
    char *const texts[] = {s->name, s->user_id, s->rp_id, s->transports, s->credential, s->since};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vk_text_free(texts[i]);
    }
}

static vk_status show(const vk_passkey_user *user, shown *out) {
    *out = (shown){.name = clean(user->name),
                   .user_id = clean(user->user_id),
                   .rp_id = clean(user->rp_id),
                   .transports = clean(user->transports),
                   .credential = credential_text(user),
                   .since = time_text(user->created_at)};
    bool all = out->name != NULL && out->user_id != NULL && out->rp_id != NULL &&
               out->transports != NULL && out->credential != NULL && out->since != NULL;
    return all ? VK_OK : VK_ERR_MEMORY;
}

static void put_transports(vk_out *out, char *list) {
    char *name;
    vk_out_open(out, "transports", '[');
    while ((name = strsep(&list, ",")) != NULL) {
        if (name[0] != '\0') {
            vk_out_text(out, NULL, name);
        }
    }
    vk_out_close(out, ']');
}

static void put_user(vk_out *out, const vk_passkey_user *user, shown *s, bool is_whole) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "name", s->name);
    vk_out_text(out, "userId", s->user_id);
    vk_out_text(out, "rpId", s->rp_id);
    vk_out_text(out, "authenticatorId", s->credential);
    vk_out_u64(out, "signCount", user->sign_count);
    vk_out_u64(out, "created", user->created_at);
    put_transports(out, s->transports);
    vk_out_bool(out, "edited", !is_whole);
    vk_out_close(out, '}');
}

#define ROW "%-20s %-24s %10s  %-20s  %-16s  %s\n"

static vk_status say_user(void *context, const vk_passkey_user *user, bool is_whole) {
    vk_cli *cli = context;
    char count[12];
    shown s;
    vk_status status = show(user, &s);
    if (status == VK_OK) {
        snprintf(count, sizeof count, "%" PRIu32, user->sign_count);
        vk_say(&cli->out, ROW, s.name, s.rp_id, count, s.since, s.transports, s.credential);
        if (!is_whole) {
            vk_say_in(&cli->out, VK_STYLE_BAD,
                      "  edited outside the token: this one cannot log in\n");
        }
        put_user(&cli->out, user, &s, is_whole);
    }
    shown_clear(&s);
    return status;
}

static vk_status count_user(void *context, const vk_passkey_user *user, bool is_whole) {
    size_t *count = context;
    (void)user, (void)is_whole;
    ++*count;
    return VK_OK;
}

static vk_exit fail_list(vk_cli *cli, vk_status status, vk_error *err) {
    return vk_cli_fail_with(cli, "cannot read who registered", status, err);
}

static vk_exit list_users(vk_cli *cli, vk_token *token) {
    vk_out *out = &cli->out;
    vk_error err = {0};
    char head[128];
    size_t count = 0;
    vk_status status = vk_token_passkey_each(token, count_user, &count, &err);
    snprintf(head, sizeof head, ROW, "NAME", "RP ID", "SIGN COUNT", "REGISTERED", "TRANSPORTS",
             "CREDENTIAL");
    vk_say_in(out, VK_STYLE_HEAD, count > 0 ? head : "Nobody registered a passkey.\n");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_open(out, "users", '[');
    if (status == VK_OK && count > 0) {
        status = vk_token_passkey_each(token, say_user, cli, &err);
    }
    vk_out_close(out, ']');
    vk_out_close(out, '}');
    return status == VK_OK ? VK_EXIT_OK : fail_list(cli, status, &err);
}

vk_exit vk_cmd_passkey_users(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open_user, list_users);
}

/* ---- passkey remove-user ---- */

/* Who is meant: a name, or a credential. */
typedef struct wanted {
    const char *name;
    vk_bytes credential;
    vk_passkey_user user; /* the first of them */
    size_t count;
} wanted;

static bool is_wanted(const wanted *w, const vk_passkey_user *user) {
    return w->name != NULL ? strcmp(w->name, user->name) == 0
                           : vk_bytes_equal(w->credential, (vk_bytes){user->credential_id,
                                                                      user->credential_id_len});
}

static vk_status look(void *context, const vk_passkey_user *user, bool is_whole) {
    wanted *w = context;
    (void)is_whole;
    if (is_wanted(w, user)) {
        w->user = w->count == 0 ? *user : w->user;
        w->count++;
    }
    return VK_OK;
}

static vk_exit not_one(vk_cli *cli, const wanted *w) {
    if (w->count > 1) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_USAGE, "%zu passkeys are registered under \"%s\"",
                                   w->count, w->name);
        return vk_cli_hint(cli, exit,
                           "choose one with --authenticator-id, as \"valetkey passkey users\" "
                           "shows it");
    }
    vk_exit exit =
        w->name != NULL
            ? vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "no passkey is registered under \"%s\"", w->name)
            : vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "no such passkey is registered");
    return vk_cli_hint(cli, exit, "see \"valetkey passkey users\"");
}

static vk_exit say_removed(vk_cli *cli, const vk_passkey_user *user) {
    vk_out *out = &cli->out;
    shown s;
    vk_status status = show(user, &s);
    if (status == VK_OK) {
        vk_say(out, "Removed the passkey of \"%s\": it cannot log in any more.\n", s.name);
        vk_out_open(out, NULL, '{');
        vk_out_text(out, "name", s.name);
        vk_out_text(out, "authenticatorId", s.credential);
        vk_out_bool(out, "removed", true);
        vk_out_close(out, '}');
    }
    shown_clear(&s);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit remove_wanted(vk_cli *cli, vk_token *token, wanted *w) {
    vk_error err = {0};
    vk_status status = vk_token_passkey_each(token, look, w, &err);
    if (status != VK_OK) {
        return fail_list(cli, status, &err);
    }
    if (w->count != 1) {
        return not_one(cli, w);
    }
    status = vk_token_passkey_remove(token, w->user.id, &err);
    return status == VK_OK ? say_removed(cli, &w->user)
                           : vk_cli_fail_with(cli, "cannot remove the passkey", status, &err);
}

static vk_exit check_wanted(vk_cli *cli, vk_buf *credential) {
    if (vk_opt_flag(cli, VK_OPT_NAME) == vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say whose passkey: either --name TEXT or --authenticator-id TEXT");
    }
    return vk_read_authenticator_id(cli, credential);
}

static vk_exit remove_user(vk_cli *cli, vk_token *token) {
    vk_buf credential = {0};
    wanted w = {.name = vk_opt(cli, VK_OPT_NAME)};
    vk_exit exit = check_wanted(cli, &credential);
    if (exit == VK_EXIT_OK) {
        w.credential = vk_buf_view(&credential);
        exit = remove_wanted(cli, token, &w);
    }
    vk_buf_clear(&credential);
    return exit;
}

/* What is wrong with the words is said before a PIN is asked for. */
vk_exit vk_cmd_passkey_remove_user(vk_cli *cli) {
    vk_buf credential = {0};
    vk_exit exit = check_wanted(cli, &credential);
    vk_buf_clear(&credential);
    return exit == VK_EXIT_OK ? vk_store_with(cli, vk_store_open_user, remove_user) : exit;
}
