#include "net/chain_rules.h"

#include "eth/abi.h"
#include "net/chain_state_read.h"
#include "net/node_part.h"

#include <string.h>
#include <valetkey/eth.h>

/* function(bytes32 id, address account): the id of a permission is in the word's first 4 bytes. */
static void put_call(vk_buf *out, const char *function, const vk_chain_rule *rule) {
    const vk_hash selector = vk_keccak256((vk_bytes){(const uint8_t *)function, strlen(function)});
    vk_buf_put(out, selector.b, 4);
    vk_buf_put(out, rule->permission_id, sizeof rule->permission_id);
    vk_buf_put_zeros(out, VK_WORD - sizeof rule->permission_id);
    vk_abi_put_address(out, &rule->account);
}

/* Appends what the contract returns. One that has no such function returns nothing, or reverts. */
static vk_status ask(vk_node *node, const char *function, const vk_chain_rule *rule, vk_buf *out,
                     vk_error *err) {
    vk_buf call = {0};
    vk_error why = {0};
    put_call(&call, function, rule);
    vk_status status = vk_buf_status(&call);
    if (status == VK_OK) {
        status = vk_node_call(node, &rule->policy, vk_buf_view(&call), VK_NODE_LATEST, out, &why);
    }
    vk_buf_clear(&call);
    if (status == VK_ERR_SERVER && vk_rpc_refusal(vk_node_rpc(node)) != NULL) {
        return VK_OK;
    }
    return status == VK_OK ? VK_OK : vk_fail(err, status, why.path, "%s", why.message);
}

/* ---- Gas ---- */

/* (uint128 allowed, bool enforcePaymaster, address allowedPaymaster) */
static bool read_gas(vk_bytes answer, vk_u256 *out) {
    vk_u256 gas;
    bool is_gas = answer.len == 3 * VK_WORD && vk_abi_u256(answer, 0, &gas) == VK_OK &&
                  vk_u256_fits(&gas, 128);
    if (is_gas) {
        *out = gas;
    }
    return is_gas;
}

vk_status vk_node_gas_left(vk_node *node, const vk_chain_rule *rule, bool *known, vk_u256 *out,
                           vk_error *err) {
    vk_buf answer = {0};
    vk_status status = ask(node, "gasPolicyConfig(bytes32,address)", rule, &answer, err);
    *known = status == VK_OK && read_gas(vk_buf_view(&answer), out);
    vk_buf_clear(&answer);
    return status;
}

/* ---- Counts ---- */

static vk_status ask_numbers(vk_node *node, const char *function, const vk_chain_rule *rule,
                             size_t count, bool *known, uint64_t *out, vk_error *err) {
    vk_buf answer = {0};
    vk_status status = ask(node, function, rule, &answer, err);
    *known = status == VK_OK && vk_rule_numbers_read(vk_buf_view(&answer), count, out);
    vk_buf_clear(&answer);
    return status;
}

static const char configs[] = "rateLimitConfigs(bytes32,address)";

/* (uint48 interval, uint48 count, uint48 startAt): each use counts one down, and the other on. */
vk_status vk_node_rate_left(vk_node *node, const vk_chain_rule *rule, bool *known,
                            vk_rate_left *out, vk_error *err) {
    uint64_t numbers[3] = {0};
    vk_status status = ask_numbers(node, configs, rule, 3, known, numbers, err);
    if (*known) {
        *out = (vk_rate_left){numbers[0], numbers[1], numbers[2]};
    }
    return status;
}

/* (uint48 interval, uint48 count) and (uint48 left, uint48 resetDate). */
vk_status vk_node_rate_window(vk_node *node, const vk_chain_rule *rule, bool *known,
                              vk_rate_window *out, vk_error *err) {
    uint64_t numbers[4] = {0};
    vk_status status = ask_numbers(node, configs, rule, 2, known, numbers, err);
    if (*known) {
        status =
            ask_numbers(node, "rateLimitState(bytes32,address)", rule, 2, known, numbers + 2, err);
    }
    if (*known) {
        *out = (vk_rate_window){numbers[0], numbers[1], numbers[2], numbers[3]};
    }
    return status;
}
