/* session create --send: the session is put on its chains at once. */
#include "cli/chain_file.h"
#include "cli/session_create.h"
#include "cli/session_install.h"

#include <inttypes.h>
#include <string.h>

#define LANE_BITS 192

bool vk_new_session_sends(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_SEND) || vk_opt_flag(cli, VK_OPT_THIRDWEB);
}

/* ---- Before anything is made ---- */

/* A thirdweb account's: no others are sent to here. */
static vk_exit check_lane(vk_cli *cli) {
    const char *text = vk_opt(cli, VK_OPT_LANE);
    vk_u256 lane;
    bool is_number = text != NULL && vk_u256_read_decimal(text, strlen(text), &lane) == VK_OK;
    return is_number && !vk_u256_fits(&lane, LANE_BITS)
               ? vk_bad_value(cli, VK_OPT_LANE, "a number below 2^192, a name, or auto")
               : VK_EXIT_OK;
}

/* What is read again when it is sent: nothing is made for a command line that is wrong. */
static vk_exit check_values(vk_cli *cli) {
    vk_sending scratch = {.grant = NULL};
    vk_exit exit = vk_send_read_caps(cli, &scratch);
    return exit == VK_EXIT_OK ? check_lane(cli) : exit;
}

vk_exit vk_new_session_check_send(vk_cli *cli) {
    static const vk_option with[] = {VK_OPT_PAYMASTER, VK_OPT_LANE, VK_OPT_MAX_FEE,
                                     VK_OPT_MAX_COST,  VK_OPT_WAIT, VK_OPT_TIMEOUT};
    const char *output = vk_opt(cli, VK_OPT_OUTPUT);
    bool sends = vk_new_session_sends(cli);
    for (size_t i = 0; i < sizeof with / sizeof with[0] && !sends; i++) {
        if (vk_opt_flag(cli, with[i])) {
            return vk_cli_fail(cli, VK_EXIT_USAGE,
                               "--%s is for a session that is put on its chain at once: --send",
                               vk_opt_name(with[i]));
        }
    }
    if (sends && !vk_admin_is_asked(cli)) {
        return vk_cli_fail(
            cli, VK_EXIT_USAGE, "--%s needs the key of an admin of the account: --owner-key URI",
            vk_opt_name(vk_opt_flag(cli, VK_OPT_SEND) ? VK_OPT_SEND : VK_OPT_THIRDWEB));
    }
    if (sends && output != NULL && strcmp(output, "-") == 0) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--send and --output - exclude each other");
    }
    return sends ? check_values(cli) : VK_EXIT_OK;
}

static vk_exit check_kind(vk_cli *cli, const vk_new_session *s) {
    if (s->account.account.kind == VK_SMART_ACCOUNT_THIRDWEB) {
        return VK_EXIT_OK;
    }
    if (vk_opt_flag(cli, VK_OPT_THIRDWEB)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "the account \"%s\" is none of thirdweb's",
                           s->account.name);
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE,
                       "there is nothing to send: the approval of a Kernel account comes along "
                       "with the session's first operation");
}

static vk_exit check_chain(vk_cli *cli, uint64_t chain_id) {
    vk_chain_config config = {.chain_id = 0};
    vk_exit exit = vk_chain_file_read(cli, chain_id, &config);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    if (!config.has_bundler) {
        exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the chain file names no bundler for chain %" PRIu64, chain_id);
    }
    vk_chain_config_clear(&config);
    return exit;
}

vk_exit vk_new_session_check_servers(vk_cli *cli, const vk_new_session *s) {
    vk_exit exit = VK_EXIT_OK;
    if (!vk_new_session_sends(cli)) {
        return VK_EXIT_OK;
    }
    exit = check_kind(cli, s);
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        exit = check_chain(cli, s->chains.list[i]);
    }
    return exit;
}

/* ---- When it is made ---- */

static vk_exit tell_missing(vk_cli *cli, vk_exit exit, const vk_approval *a) {
    const char *token = vk_opt(cli, VK_OPT_ACCOUNT_TOKEN);
    const char *option = token != NULL ? " --account-token " : "";
    token = token != NULL ? token : "";
    if (exit == VK_EXIT_REVERTED) {
        vk_say(&cli->out,
               "So the session is not there: \"valetkey session install --label %s --chain-id "
               "%" PRIu64 "%s%s\" tries again.\n",
               a->key.label, a->chain_id, option, token);
        return exit;
    }
    return vk_cli_preface(cli, exit,
                          "the session \"%s\" was made and is kept, but is not known to be on "
                          "chain %" PRIu64 " (\"valetkey session install%s%s\" puts it there)",
                          a->key.label, a->chain_id, option, token);
}

/* Of those behind the one that failed nobody knows otherwise. */
static vk_exit tell_untried(vk_cli *cli, vk_exit exit, const vk_new_session *s, size_t tried) {
    vk_chain_list rest = {.count = 0};
    vk_buf chains = {0};
    if (tried == s->chains.count) {
        return exit;
    }
    for (size_t i = tried; i < s->chains.count; i++) {
        rest.list[rest.count++] = s->chains.list[i];
    }
    vk_chains_put(&rest, &chains);
    const int len = (int)chains.len;
    const char *text = (const char *)chains.data;
    if (vk_buf_status(&chains) != VK_OK) {
        exit = vk_cli_no_memory(cli);
    } else if (exit == VK_EXIT_REVERTED) {
        vk_say(&cli->out, "On %.*s it was not tried.\n", len, text);
    } else {
        exit = vk_cli_hint_more(cli, exit, "on %.*s it was not tried", len, text);
    }
    vk_buf_clear(&chains);
    return exit;
}

static vk_exit send_one(vk_cli *cli, const vk_new_session *s, const vk_approval *a) {
    vk_admin_job job = {.s = {.grant = NULL}};
    job.s.key.signer = a->key.signer;
    vk_exit exit = vk_admin_take_key(cli, &s->owner_key, &job);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_install(cli, &job, &a->grant);
    }
    vk_admin_clear(&job);
    return exit == VK_EXIT_OK ? exit : tell_missing(cli, exit, a);
}

vk_exit vk_new_session_send(vk_cli *cli, const vk_new_session *s) {
    vk_exit exit = VK_EXIT_OK;
    size_t tried = 0;
    vk_out_open(&cli->out, "operations", '[');
    while (tried < s->chains.count && exit == VK_EXIT_OK) {
        exit = send_one(cli, s, &s->approvals[tried++]);
    }
    vk_out_close(&cli->out, ']');
    return exit == VK_EXIT_OK ? exit : tell_untried(cli, exit, s, tried);
}
