/* The file that says whom to ask about chains. */
#include "cli/chain_file.h"

#include "cli/input.h"
#include "cli/secret_file.h"
#include "cli/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHAIN_FILE "chains.json"

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
    vk_exit exit = vk_secret_open(cli, path, &kind, &fd);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_fd(cli, fd, path, VK_CHAIN_CONFIG_MAX, out);
        close(fd);
    }
    return exit;
}

/* Whether there is a file, and whether it names the chain. */
typedef struct finding {
    bool has_file, has_chain;
} finding;

static vk_exit find_in(vk_cli *cli, const char *path, uint64_t chain_id, finding *found,
                       vk_chain_config *out) {
    vk_buf text = {0};
    vk_error err = {0};
    found->has_file = vk_opt_flag(cli, VK_OPT_CHAINS) || access(path, F_OK) == 0;
    vk_exit exit = found->has_file ? read_file(cli, path, &text) : VK_EXIT_OK;
    if (exit == VK_EXIT_OK && found->has_file) {
        vk_status status = vk_chain_config_read(vk_buf_view(&text), chain_id, out, &err);
        found->has_chain = status == VK_OK;
        if (status != VK_OK && status != VK_ERR_NOT_FOUND) {
            exit = vk_cli_fail_with(cli, "the chain file", status, &err);
        }
    }
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_chain_file_find(vk_cli *cli, uint64_t chain_id, bool *has, vk_chain_config *out) {
    finding found = {.has_file = false};
    char *path;
    vk_exit exit = find_file(cli, &path);
    if (exit == VK_EXIT_OK) {
        exit = find_in(cli, path, chain_id, &found, out);
        vk_text_free(path);
    }
    *has = found.has_chain;
    return exit;
}

static vk_exit fail_none(vk_cli *cli, const char *path, uint64_t chain_id, const finding *found) {
    if (found->has_file) {
        return vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "%s says nothing of chain %" PRIu64, path,
                           chain_id);
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                               "nothing says through whom to send: there is no file %s", path);
    return vk_cli_hint(cli, exit,
                       "write {\"8453\":{\"node\":{\"url\":\"https://...\"},"
                       "\"bundler\":{\"url\":\"https://...\"}}} there, closed to others");
}

vk_exit vk_chain_file_read(vk_cli *cli, uint64_t chain_id, vk_chain_config *out) {
    finding found = {.has_file = false};
    char *path;
    vk_exit exit = find_file(cli, &path);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = find_in(cli, path, chain_id, &found, out);
    if (exit == VK_EXIT_OK && !found.has_chain) {
        exit = fail_none(cli, path, chain_id, &found);
    }
    vk_text_free(path);
    return exit;
}

vk_exit vk_chain_node_open(vk_cli *cli, const vk_chain_config *config, vk_node **out,
                           uint64_t *chain_id) {
    vk_error err = {0};
    vk_status status = vk_node_open(&config->node, out, &err);
    if (status == VK_OK) {
        status = vk_node_chain_id(*out, chain_id, &err);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot ask the node", status, &err);
}
