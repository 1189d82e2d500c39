/* token show, token set: what the SO decided for a token as a whole. */
#include "cli/pin.h"
#include "cli/session.h"

#include "token/token.h"
#include <stdlib.h>
#include <string.h>

/* ---- The token's file ---- */

static vk_exit missing(vk_cli *cli, const char *home) {
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the file of the token \"%s\" is not in the folder %s",
                    cli->token_label, home);
    return vk_cli_hint(cli, exit, "do this as the user who owns the token's file");
}

static bool is_file_of(const char *path, const char *serial) {
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    return strncmp(name, serial, VK_TOKEN_SERIAL_LEN) == 0 && name[VK_TOKEN_SERIAL_LEN] == '.';
}

static vk_exit open_file(vk_cli *cli, const char *home, const char *serial, vk_token **out) {
    char **paths = NULL;
    size_t count = 0;
    vk_error err = {0};
    vk_status status = vk_home_tokens(home, &paths, &count, &err);
    *out = NULL;
    for (size_t i = 0; i < count && status == VK_OK && *out == NULL; i++) {
        if (is_file_of(paths[i], serial)) {
            status = vk_token_open(paths[i], out, &err);
        }
    }
    vk_home_free(paths, count);
    if (status != VK_OK) {
        err.status = status;
        return vk_cli_fail_error(cli, "cannot open the token", &err);
    }
    return *out != NULL ? VK_EXIT_OK : missing(cli, home);
}

/* The token of --token, by its file: PKCS#11 has no words for such settings. */
static vk_exit open_token(vk_cli *cli, vk_token **out) {
    vk_token_entry entry;
    char *home = NULL;
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_token_entry_get(cli, cli->slot, &entry);
    }
    vk_session_end(cli);
    if (exit == VK_EXIT_OK && vk_home_path(&home) != VK_OK) {
        exit = vk_cli_fail(cli, VK_EXIT_SYSTEM, "there is no folder for tokens");
        exit = vk_cli_hint(cli, exit, "set VALETKEY_HOME or HOME");
    }
    if (exit == VK_EXIT_OK) {
        exit = open_file(cli, home, entry.serial, out);
    }
    vk_text_free(home);
    return exit;
}

/* ---- token show ---- */

static void say_hardening(vk_out *out, vk_hardening_set relaxed) {
    bool off = false;
    vk_out_open(out, "relaxed", '[');
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        if ((relaxed & vk_hardening_bit((vk_hardening)i)) != 0) {
            vk_say_field(out, off ? "" : "relaxed", "%s", vk_hardening_name((vk_hardening)i));
            vk_out_text(out, NULL, vk_hardening_name((vk_hardening)i));
            off = true;
        }
    }
    vk_out_close(out, ']');
    if (!off) {
        vk_say_field(out, "relaxed", "no hardening rule");
    }
}

static vk_exit show(vk_cli *cli, vk_token *token) {
    vk_out *out = &cli->out;
    vk_token_info info;
    vk_hardening_set relaxed;
    vk_error err = {0};
    vk_status status = vk_token_get_info(token, &info);
    if (status == VK_OK) {
        status = vk_token_relaxed(token, &relaxed, &err);
    }
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    vk_out_open(out, NULL, '{');
    vk_say_in(out, VK_STYLE_HEAD, cli->token_label);
    vk_say(out, "\n");
    vk_out_text(out, "label", cli->token_label);
    vk_say_field(out, "serial", "%s", info.serial);
    vk_out_text(out, "serial", info.serial);
    vk_say_field(out, "default policy", "%s", info.default_sudo ? "sudo" : "none");
    vk_out_text(out, "defaultPolicy", info.default_sudo ? "sudo" : "none");
    say_hardening(out, relaxed);
    vk_out_close(out, '}');
    return VK_EXIT_OK;
}

vk_exit vk_cmd_token_show(vk_cli *cli) {
    vk_token *token = NULL;
    vk_exit exit = open_token(cli, &token);
    if (exit == VK_EXIT_OK) {
        exit = show(cli, token);
    }
    vk_token_close(token);
    return exit;
}

/* ---- token set ---- */

static vk_exit bad_rule(vk_cli *cli, vk_option option, const char *name, const char *why) {
    vk_buf names = {0};
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_USAGE, "--%s: %s \"%s\"", vk_opt_name(option), why, name);
    vk_hardening_put_names(vk_hardening_switchable(), &names);
    char *text = vk_buf_take_text(&names);
    exit = vk_cli_hint(cli, exit, "those that can be turned off are %s", text == NULL ? "" : text);
    vk_text_free(text);
    return exit;
}

static vk_exit take_rule(vk_cli *cli, vk_option option, const char *name, vk_hardening_set *out) {
    vk_hardening rule;
    if (vk_hardening_find(name, &rule) != VK_OK) {
        return bad_rule(cli, option, name, "there is no hardening rule");
    }
    vk_hardening_set bit = vk_hardening_bit(rule);
    if ((bit & vk_hardening_switchable()) == 0) {
        return bad_rule(cli, option, name, "nobody can turn off the hardening rule");
    }
    *out |= bit;
    return VK_EXIT_OK;
}

/* "open-signature,unknown-caller" */
static vk_exit read_rules(vk_cli *cli, vk_option option, vk_hardening_set *out) {
    *out = VK_HARDENING_NONE;
    if (!vk_opt_flag(cli, option)) {
        return VK_EXIT_OK;
    }
    char *copy = strdup(vk_opt(cli, option)), *rest = copy, *name;
    vk_exit exit = copy == NULL ? vk_cli_no_memory(cli) : VK_EXIT_OK;
    while (exit == VK_EXIT_OK && (name = strsep(&rest, ",")) != NULL) {
        exit = take_rule(cli, option, name, out);
    }
    free(copy);
    return exit;
}

typedef struct rule_change {
    vk_hardening_set relax, harden;
} rule_change;

static vk_exit read_change(vk_cli *cli, rule_change *out) {
    vk_exit exit = read_rules(cli, VK_OPT_RELAX, &out->relax);
    if (exit == VK_EXIT_OK) {
        exit = read_rules(cli, VK_OPT_HARDEN, &out->harden);
    }
    if (exit == VK_EXIT_OK && (out->relax | out->harden) == VK_HARDENING_NONE) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "say what to set: --relax RULES or --harden RULES");
    }
    if (exit == VK_EXIT_OK && (out->relax & out->harden) != VK_HARDENING_NONE) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--relax and --harden name the same rule");
    }
    return exit;
}

static vk_exit log_in(vk_cli *cli, vk_token *token) {
    vk_pin pin = {0};
    vk_exit exit = vk_pin_so(cli, false, &pin);
    if (exit == VK_EXIT_OK) {
        vk_status status = vk_token_login(token, VK_ROLE_SO, pin.text, pin.len);
        if (status != VK_OK) {
            exit = vk_cli_fail_status(cli, "cannot log in as the SO", status);
        }
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

static vk_exit apply(vk_cli *cli, vk_token *token, const rule_change *change) {
    vk_error err = {0};
    vk_status status = vk_token_relax(token, change->relax, change->harden, &err);
    if (status != VK_OK) {
        err.status = status;
        return vk_cli_fail_error(cli, "cannot change the token", &err);
    }
    return show(cli, token);
}

vk_exit vk_cmd_token_set(vk_cli *cli) {
    vk_token *token = NULL;
    rule_change change;
    vk_exit exit = read_change(cli, &change);
    if (exit == VK_EXIT_OK) {
        exit = open_token(cli, &token);
    }
    if (exit == VK_EXIT_OK) {
        exit = log_in(cli, token);
    }
    if (exit == VK_EXIT_OK) {
        exit = apply(cli, token, &change);
    }
    vk_token_close(token);
    return exit;
}
