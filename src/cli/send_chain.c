/* The servers through which an operation goes, from the user's file. */
#include "cli/send.h"

#include "cli/chain_file.h"
#include "net/aa_error.h"

#include <inttypes.h>

vk_exit vk_send_fail(vk_cli *cli, const char *what, vk_status status, vk_error *err) {
    char code[5];
    const char *meaning = vk_aa_meaning(err->message, code);
    vk_exit exit = vk_cli_fail_with(cli, what, status, err);
    return meaning != NULL ? vk_cli_hint(cli, exit, "%s: %s", code, meaning) : exit;
}

void vk_sending_clear(vk_sending *s) {
    vk_outbox_release(&s->claim);
    vk_paymaster_close(s->paymaster);
    vk_bundler_close(s->bundler);
    vk_node_close(s->node);
    vk_chain_config_clear(&s->config);
    vk_thirdweb_state_clear(&s->thirdweb);
    vk_userop_clear(&s->op);
    vk_sponsoring_clear(&s->sponsoring);
    vk_key_info_clear(&s->key);
    vk_grants_clear(&s->grants);
    vk_account_entry_clear(&s->kept);
    vk_buf_clear(&s->call_data);
    vk_buf_clear(&s->factory_data);
    vk_buf_clear(&s->signature);
    vk_buf_clear(&s->request);
}

static vk_exit read_config(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_chain_file_read(cli, s->grant->chain_id, &s->config);
    vk_send_take_caps(s);
    return exit;
}

static vk_exit check_chain(vk_cli *cli, const vk_sending *s, const char *server, uint64_t chain) {
    return chain == s->grant->chain_id
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_SERVER,
                             "%s is on chain %" PRIu64 ", but the session is for chain %" PRIu64,
                             server, chain, s->grant->chain_id);
}

static vk_exit open_node(vk_cli *cli, vk_sending *s) {
    uint64_t chain = 0;
    vk_exit exit = vk_chain_node_open(cli, &s->config, &s->node, &chain);
    return exit == VK_EXIT_OK ? check_chain(cli, s, vk_node_name(s->node), chain) : exit;
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

vk_exit vk_send_open_node(vk_cli *cli, vk_sending *s) {
    vk_exit exit = read_config(cli, s);
    return exit == VK_EXIT_OK ? open_node(cli, s) : exit;
}

vk_exit vk_send_connect(vk_cli *cli, vk_sending *s) {
    vk_exit (*const steps[])(vk_cli *, vk_sending *) = {vk_send_open_node, open_bundler,
                                                        open_paymaster};
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && exit == VK_EXIT_OK; i++) {
        exit = steps[i](cli, s);
    }
    return exit;
}
