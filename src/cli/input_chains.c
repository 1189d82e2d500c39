/* --chain-id where it may name several chains, and --enable-nonce, which says one for each. */
#include "cli/input.h"

#include <inttypes.h>
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

void vk_chains_put(const vk_chain_list *chains, vk_buf *out) {
    vk_buf_put_text(out, chains->count > 1 ? "chains " : "chain ");
    for (size_t i = 0; i < chains->count; i++) {
        const char *before = i == 0 ? "" : i + 1 < chains->count ? ", " : " and ";
        vk_buf_printf(out, "%s%" PRIu64, before, chains->list[i]);
    }
}

static vk_exit wrong_nonces(vk_cli *cli) {
    return vk_bad_value(cli, VK_OPT_ENABLE_NONCE,
                        "a number, or one for each chain of --chain-id in that order, separated by "
                        "commas");
}

static vk_exit read_nonce(vk_cli *cli, const char *text, size_t len, uint64_t *out) {
    vk_u256 value;
    if (vk_u256_read_decimal(text, len, &value) != VK_OK || !vk_u256_fits(&value, 32)) {
        return wrong_nonces(cli);
    }
    *out = vk_u256_low64(&value);
    return VK_EXIT_OK;
}

vk_exit vk_read_enable_nonces(vk_cli *cli, size_t count, uint64_t *out) {
    const char *text = vk_opt(cli, VK_OPT_ENABLE_NONCE);
    size_t given = 0;
    vk_exit exit = VK_EXIT_OK;
    for (bool more = true; more && exit == VK_EXIT_OK; given++) {
        size_t len = strcspn(text, ",");
        exit = given < count ? read_nonce(cli, text, len, &out[given]) : wrong_nonces(cli);
        more = text[len] == ',';
        text += len + more;
    }
    for (size_t i = 1; i < count && given == 1; i++) {
        out[i] = out[0];
    }
    return exit != VK_EXIT_OK || given == 1 || given == count ? exit : wrong_nonces(cli);
}
