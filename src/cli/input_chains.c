/* --chain-id where it may name several chains. */
#include "cli/input.h"

#include <string.h>

static vk_exit add_chain(vk_cli *cli, const char *text, size_t len, vk_chain_list *out) {
    vk_u256 value;
    if (vk_u256_read_decimal(text, len, &value) != VK_OK || !vk_u256_fits(&value, 64) ||
        vk_u256_is_zero(&value)) {
        return vk_bad_value(cli, VK_OPT_CHAIN_ID, "numbers of chains, separated by commas");
    }
    if (out->count == VK_CHAINS_MAX) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--chain-id names more than %d chains",
                           VK_CHAINS_MAX);
    }
    uint64_t chain = vk_u256_low64(&value);
    for (size_t i = 0; i < out->count; i++) {
        if (out->list[i] == chain) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--chain-id names chain %.*s twice", (int)len,
                               text);
        }
    }
    out->list[out->count++] = chain;
    return VK_EXIT_OK;
}

vk_exit vk_read_chains(vk_cli *cli, vk_chain_list *out) {
    const char *text = vk_opt(cli, VK_OPT_CHAIN_ID);
    vk_exit exit = VK_EXIT_OK;
    *out = (vk_chain_list){.count = 0};
    for (bool more = true; more && exit == VK_EXIT_OK;) {
        size_t len = strcspn(text, ",");
        exit = add_chain(cli, text, len, out);
        more = text[len] == ',';
        text += len + more;
    }
    return exit;
}
