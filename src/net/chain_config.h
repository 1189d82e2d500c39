/*
 * Whom the command asks about chains, and through whom it sends: a file of the user's, JSON, by
 * chain id:
 *   {"8453":{"node":{"url":"https://..."[,"headers":{"Authorization":"..."}]},
 *            "bundler":{"url":"https://..."[,"headers":{...}][,"gasPrice":"pimlico"]},
 *            "paymaster":{"url":"https://..."[,"headers":{...}][,"context":{...}]},
 *            "maxFeePerGas":"30gwei","maxCost":"0.01ether"}}
 * All but node may be left out. maxFeePerGas and maxCost cap what an operation may ask for: the
 * price of a gas, and of all its gas; amounts as in base/wei.h. gasPrice says whose call tells the
 * fees: "pimlico" (pimlico_getUserOperationGasPrice), "zerodev" (zd_getUserOperationGasPrice),
 * "node" (eth_feeHistory); default: "pimlico" if the bundler knows that method, else "zerodev" if
 * it knows that one, else "node". context goes to the paymaster as it is (ERC-7677).
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VK_NET_CHAIN_CONFIG_H
#define VK_NET_CHAIN_CONFIG_H

#include "net/node_config.h"

#define VK_CHAIN_CONFIG_MAX ((size_t)1 << 20)
#define VK_CHAIN_CONTEXT_MAX ((size_t)16 << 10)

typedef enum vk_gas_price_source {
    VK_GAS_PRICE_ANY = 0, /* whoever answers, in the order above */
    VK_GAS_PRICE_PIMLICO,
    VK_GAS_PRICE_ZERODEV,
    VK_GAS_PRICE_NODE
} vk_gas_price_source;

/* URLs, headers and the context may be secrets: clear it. */
typedef struct vk_chain_config {
    uint64_t chain_id;
    vk_node_config node;
    bool has_bundler;
    vk_node_config bundler; /* its max_blocks is without meaning */
    vk_gas_price_source gas_price;
    bool has_paymaster;
    vk_node_config paymaster; /* the same */
    char *paymaster_context;  /* JSON object, or NULL */
    bool has_max_fee_per_gas, has_max_cost;
    vk_u256 max_fee_per_gas, max_cost; /* wei */
} vk_chain_config;

/* Reads the file's text and takes the chain out of it; the whole text is checked. VK_ERR_NOT_FOUND:
 * it has no such chain. Messages repeat no value of a URL or a header. *out is empty on failure. */
VK_MUST_USE vk_status vk_chain_config_read(vk_bytes json, uint64_t chain_id, vk_chain_config *out,
                                           vk_error *err);
void vk_chain_config_clear(vk_chain_config *config);

#endif
