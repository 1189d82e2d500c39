/* token show, token set: what the SO decided for a token as a whole. */
#include "cli/input.h"
#include "cli/node_file.h"
#include "cli/store.h"
#include "token/reservation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = {
    [VK_JOURNAL_OFF] = "off", [VK_JOURNAL_ON] = "on", [VK_JOURNAL_ALL] = "all"};

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

static void say_nodes(vk_out *out, const uint64_t *chain_ids, size_t count) {
    vk_buf text = {0};
    vk_out_open(out, "nodes", '[');
    for (size_t i = 0; i < count; i++) {
        vk_buf_printf(&text, "%s%" PRIu64, i == 0 ? "of chain " : ", ", chain_ids[i]);
        vk_out_u64(out, NULL, chain_ids[i]);
    }
    vk_out_close(out, ']');
    vk_say_field(out, "nodes", "%.*s", count == 0 ? 4 : (int)text.len,
                 count == 0 ? "none" : (const char *)text.data);
    vk_buf_clear(&text);
}

static vk_exit show_nodes(vk_cli *cli, vk_token *token) {
    vk_error err = {0};
    uint64_t *chain_ids;
    size_t count;
    vk_status status = vk_token_nodes(token, &chain_ids, &count, &err);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot read the token", status);
    }
    say_nodes(&cli->out, chain_ids, count);
    free(chain_ids);
    return VK_EXIT_OK;
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
    vk_say_field(out, "default policy", "%s", info.settings.default_sudo ? "sudo" : "none");
    vk_out_text(out, "defaultPolicy", info.settings.default_sudo ? "sudo" : "none");
    vk_say_field(out, "journal", "%s, with at most %" PRId64 " records",
                 mode_names[info.settings.journal], info.settings.journal_max);
    vk_out_text(out, "journal", mode_names[info.settings.journal]);
    vk_out_u64(out, "journalMax", (uint64_t)info.settings.journal_max);
    say_hardening(out, relaxed);
    vk_exit exit = show_nodes(cli, token);
    vk_out_close(out, '}');
    return exit;
}

vk_exit vk_cmd_token_show(vk_cli *cli) {
    return vk_store_with(cli, vk_store_open, show);
}

/* ---- token set: hardening ---- */

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

/* What is known before the PIN is asked for. */
typedef struct change {
    vk_hardening_set relax, harden;
    vk_node_changes nodes;
} change;

static vk_exit read_rule_change(vk_cli *cli, change *out) {
    vk_exit exit = read_rules(cli, VK_OPT_RELAX, &out->relax);
    if (exit == VK_EXIT_OK) {
        exit = read_rules(cli, VK_OPT_HARDEN, &out->harden);
    }
    if (exit == VK_EXIT_OK && (out->relax & out->harden) != VK_HARDENING_NONE) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--relax and --harden name the same rule");
    }
    return exit;
}

/* ---- token set: the journal ---- */

static vk_exit read_mode(vk_cli *cli, vk_journal_mode *out) {
    const char *name = vk_opt(cli, VK_OPT_JOURNAL);
    if (name == NULL) {
        return VK_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            *out = (vk_journal_mode)i;
            return VK_EXIT_OK;
        }
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE, "--journal is \"%s\", but must be on, off or all", name);
}

static vk_exit read_max(vk_cli *cli, int64_t *out) {
    uint64_t max = 0;
    if (!vk_opt_flag(cli, VK_OPT_JOURNAL_MAX)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_u64(cli, VK_OPT_JOURNAL_MAX, VK_JOURNAL_MAX_MOST, &max);
    if (exit == VK_EXIT_OK && max < VK_JOURNAL_MAX_LEAST) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--journal-max is %" PRIu64 ", but must be at least %d", max,
                           VK_JOURNAL_MAX_LEAST);
    }
    *out = (int64_t)max;
    return exit;
}

/* ---- token set ---- */

static bool sets_journal(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_JOURNAL) || vk_opt_flag(cli, VK_OPT_JOURNAL_MAX);
}

static bool sets_nothing(const vk_cli *cli) {
    return !sets_journal(cli) && !vk_opt_flag(cli, VK_OPT_RELAX) &&
           !vk_opt_flag(cli, VK_OPT_HARDEN) && !vk_opt_flag(cli, VK_OPT_NODE_FILE);
}

static vk_exit check(vk_cli *cli, change *out) {
    vk_journal_mode mode;
    int64_t max;
    if (sets_nothing(cli)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say what to set: --relax RULES, --harden RULES, --journal on|off|all, "
                           "--journal-max N or --node-file FILE");
    }
    vk_exit exit = read_rule_change(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = read_mode(cli, &mode);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_max(cli, &max);
    }
    return exit == VK_EXIT_OK ? vk_node_file_read(cli, &out->nodes) : exit;
}

static vk_exit set_journal(vk_cli *cli, vk_token *token) {
    vk_error err = {0};
    vk_token_settings settings;
    vk_status status = vk_token_get_settings(token, &settings, &err);
    vk_exit exit = VK_EXIT_OK;
    if (status == VK_OK) {
        exit = read_mode(cli, &settings.journal);
    }
    if (status == VK_OK && exit == VK_EXIT_OK) {
        exit = read_max(cli, &settings.journal_max);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (status == VK_OK) {
        status = vk_token_set_journal(token, settings.journal, settings.journal_max, &err);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot change the token", status, &err);
}

static vk_exit set_rules(vk_cli *cli, vk_token *token, const change *what) {
    vk_error err = {0};
    vk_status status = vk_token_relax(token, what->relax, what->harden, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot change the token", status, &err);
}

static vk_exit apply(vk_cli *cli, vk_token *token, const change *what) {
    vk_exit exit = VK_EXIT_OK;
    if ((what->relax | what->harden) != VK_HARDENING_NONE) {
        exit = set_rules(cli, token, what);
    }
    if (exit == VK_EXIT_OK && sets_journal(cli)) {
        exit = set_journal(cli, token);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_node_file_apply(cli, token, &what->nodes);
    }
    return exit == VK_EXIT_OK ? show(cli, token) : exit;
}

vk_exit vk_cmd_token_set(vk_cli *cli) {
    vk_token *token = NULL;
    change what = {0};
    vk_exit exit = check(cli, &what);
    if (exit == VK_EXIT_OK) {
        exit = vk_store_open_so(cli, &token);
    }
    if (exit == VK_EXIT_OK) {
        exit = apply(cli, token, &what);
        vk_token_close(token);
    }
    vk_node_changes_clear(&what.nodes);
    return exit;
}
