/* token set: the SO's settings of a token. */
#include "cli/input.h"
#include "cli/store.h"

#include <inttypes.h>
#include <string.h>

static const char *const mode_names[] = {
    [VK_JOURNAL_OFF] = "off", [VK_JOURNAL_ON] = "on", [VK_JOURNAL_ALL] = "all"};

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

static vk_exit set(vk_cli *cli, vk_token *token, vk_token_settings *settings) {
    vk_error err = {0};
    vk_status status = vk_token_get_settings(token, settings, &err);
    vk_exit exit = VK_EXIT_OK;
    if (status == VK_OK) {
        exit = read_mode(cli, &settings->journal);
    }
    if (status == VK_OK && exit == VK_EXIT_OK) {
        exit = read_max(cli, &settings->journal_max);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (status == VK_OK) {
        status = vk_token_set_journal(token, settings->journal, settings->journal_max, &err);
    }
    err.status = status;
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_error(cli, "cannot change the settings", &err);
}

/* Before the PIN is asked for. */
static vk_exit check(vk_cli *cli) {
    vk_journal_mode mode;
    int64_t max;
    if (!vk_opt_flag(cli, VK_OPT_JOURNAL) && !vk_opt_flag(cli, VK_OPT_JOURNAL_MAX)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say what to set: --journal on|off|all, --journal-max N or both");
    }
    vk_exit exit = read_mode(cli, &mode);
    return exit == VK_EXIT_OK ? read_max(cli, &max) : exit;
}

vk_exit vk_cmd_token_set(vk_cli *cli) {
    vk_token *token = NULL;
    vk_token_settings settings;
    vk_exit exit = check(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_store_open_so(cli, &token);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = set(cli, token, &settings);
    vk_token_close(token);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_say(&cli->out, "The journal of the token \"%s\" is set to %s, with at most %" PRId64 " records.\n",
           cli->token_label, mode_names[settings.journal], settings.journal_max);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_text(&cli->out, "token", cli->token_label);
    vk_out_text(&cli->out, "journal", mode_names[settings.journal]);
    vk_out_u64(&cli->out, "journalMax", (uint64_t)settings.journal_max);
    vk_out_close(&cli->out, '}');
    return VK_EXIT_OK;
}
