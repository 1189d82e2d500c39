/* The servers through which an operation goes, from the user's file. */
#include "cli/send.h"

#include "cli/input.h"
#include "cli/secret_file.h"
#include "cli/store.h"
#include "net/aa_error.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHAIN_FILE "chains.json"

vk_exit vk_send_fail(vk_cli *cli, const char *what, vk_status status, vk_error *err) {
    char code[5];
    const char *meaning = vk_aa_meaning(err->message, code);
    vk_exit exit = vk_cli_fail_with(cli, what, status, err);
    return meaning != NULL ? vk_cli_hint(cli, exit, "%s: %s", code, meaning) : exit;
}

/* ---- The file ---- */

/* --chains, or chains.json beside the tokens; vk_text_free. */
static vk_exit find_file(vk_cli *cli, char **out) {
    vk_buf path = {0};
    char *home;
    if (vk_opt_flag(cli, VK_OPT_CHAINS)) {
        vk_buf_put_text(&path, vk_opt(cli, VK_OPT_CHAINS));
    } else {
        vk_exit exit = vk_store_home(cli, &home);
        if (exit != VK_EXIT_OK) {
            return exit;
        }
        vk_buf_printf(&path, "%s/" CHAIN_FILE, home);
        vk_text_free(home);
    }
    *out = vk_buf_take_text(&path);
    return *out != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit read_file(vk_cli *cli, const char *path, vk_buf *out) {
    static const vk_secret_kind kind = {"chain file", VK_EXIT_INPUT};
    int fd;
    if (!vk_opt_flag(cli, VK_OPT_CHAINS) && access(path, F_OK) != 0) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "nothing says through whom to send: there is no file %s", path);
        return vk_cli_hint(cli, exit,
                           "write {\"8453\":{\"node\":{\"url\":\"https://...\"},"
                           "\"bundler\":{\"url\":\"https://...\"}}} there, closed to others");
    }
    vk_exit exit = vk_secret_open(cli, path, &kind, &fd);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_fd(cli, fd, path, VK_CHAIN_CONFIG_MAX, out);
        close(fd);
    }
    return exit;
}

static vk_exit read_config(vk_cli *cli, vk_sending *s) {
    vk_buf text = {0};
    vk_error err = {0};
    char *path;
    vk_exit exit = find_file(cli, &path);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = read_file(cli, path, &text);
    if (exit == VK_EXIT_OK) {
        vk_status status =
            vk_chain_config_read(vk_buf_view(&text), s->grant->chain_id, &s->config, &err);
        if (status == VK_ERR_NOT_FOUND) {
            exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "%s says nothing of chain %" PRIu64, path,
                               s->grant->chain_id);
        } else if (status != VK_OK) {
            exit = vk_cli_fail_with(cli, "the chain file", status, &err);
        }
    }
    vk_buf_clear(&text);
    vk_text_free(path);
    return exit;
}

/* ---- The servers ---- */

static vk_exit check_chain(vk_cli *cli, const vk_sending *s, const char *server, uint64_t chain) {
    return chain == s->grant->chain_id
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_SERVER,
                             "%s is on chain %" PRIu64 ", but the session is for chain %" PRIu64,
                             server, chain, s->grant->chain_id);
}

static vk_exit open_node(vk_cli *cli, vk_sending *s) {
    vk_error err = {0};
    uint64_t chain = 0;
    vk_status status = vk_node_open(&s->config.node, &s->node, &err);
    if (status == VK_OK) {
        status = vk_node_chain_id(s->node, &chain, &err);
    }
    return status == VK_OK ? check_chain(cli, s, vk_node_name(s->node), chain)
                           : vk_send_fail(cli, "cannot ask the node", status, &err);
}

static vk_exit check_entry_point(vk_cli *cli, const vk_sending *s) {
    vk_error err = {0};
    bool supported = false;
    vk_status status = vk_bundler_supports(s->bundler, &s->grant->entry_point, &supported, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask the bundler", status, &err);
    }
    return supported ? VK_EXIT_OK
                     : vk_cli_fail(cli, VK_EXIT_SERVER, "%s does not bundle for EntryPoint %s",
                                   vk_bundler_name(s->bundler),
                                   vk_entry_point_text(s->grant->entry_point_version));
}

static vk_exit open_bundler(vk_cli *cli, vk_sending *s) {
    vk_error err = {0};
    uint64_t chain = 0;
    if (!s->config.has_bundler) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the chain file names no bundler for chain %" PRIu64,
                           s->grant->chain_id);
    }
    vk_status status = vk_bundler_open(&s->config, &s->bundler, &err);
    if (status == VK_OK) {
        status = vk_bundler_chain_id(s->bundler, &chain, &err);
    }
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask the bundler", status, &err);
    }
    vk_exit exit = check_chain(cli, s, vk_bundler_name(s->bundler), chain);
    return exit == VK_EXIT_OK ? check_entry_point(cli, s) : exit;
}

static vk_exit open_paymaster(vk_cli *cli, vk_sending *s) {
    vk_error err = {0};
    if (!vk_opt_flag(cli, VK_OPT_PAYMASTER)) {
        return VK_EXIT_OK;
    }
    if (!s->config.has_paymaster) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                           "the chain file names no paymaster for chain %" PRIu64,
                           s->grant->chain_id);
    }
    vk_status status = vk_paymaster_open(&s->config, &s->paymaster, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask the paymaster", status, &err);
}

vk_exit vk_send_connect(vk_cli *cli, vk_sending *s) {
    vk_exit (*const steps[])(vk_cli *, vk_sending *) = {read_config, open_node, open_bundler,
                                                        open_paymaster};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && exit == VK_EXIT_OK; i++) {
        exit = steps[i](cli, s);
    }
    return exit;
}
