#include "policy/text.h"

#include <string.h>

#define MAINNET 1

static const vk_asset assets[] = {
    {MAINNET, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6},
    {MAINNET, "0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6},
    {MAINNET, "0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18},
    {MAINNET, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18},
    {10, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", "USDC", 6},
    {137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USDC", 6},
    {8453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USDC", 6},
    {42161, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USDC", 6},
};

/* Local chains are forks of mainnet, or made to look like it. */
static uint64_t token_chain(uint64_t chain_id) {
    return chain_id == 31337 || chain_id == 1337 ? MAINNET : chain_id;
}

const vk_asset *vk_asset_find(uint64_t chain_id, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    uint64_t chain = token_chain(chain_id);
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        bool here = chain == VK_ANY_CHAIN || chain == assets[i].chain_id;
        if (here && strcmp(assets[i].address, text) == 0) {
            return &assets[i];
        }
    }
    return NULL;
}
