#include "policy/text.h"

#include <string.h>

#define MAINNET 1
#define OP 10
#define POLYGON 137
#define BASE 8453
#define ARBITRUM 42161
#define AVALANCHE 43114

/* Only what its issuer publishes: a wrong line here would tell people a lie. */
static const vk_asset assets[] = {
    {MAINNET, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6},
    {OP, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", "USDC", 6},
    {POLYGON, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USDC", 6},
    {BASE, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USDC", 6},
    {ARBITRUM, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USDC", 6},
    {AVALANCHE, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USDC", 6},
    {MAINNET, "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c", "EURC", 6},
    {BASE, "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42", "EURC", 6},
    {AVALANCHE, "0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD", "EURC", 6},
    {MAINNET, "0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6},
    {OP, "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58", "USDT", 6},
    {POLYGON, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F", "USDT", 6},
    {ARBITRUM, "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9", "USDT", 6},
    {AVALANCHE, "0x9702230A8Ea53601f5cD2dc00fDBc13d4dF4A8c7", "USDT", 6},
    {MAINNET, "0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18},
    {OP, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1", "DAI", 18},
    {POLYGON, "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063", "DAI", 18},
    {BASE, "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb", "DAI", 18},
    {ARBITRUM, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1", "DAI", 18},
    {MAINNET, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18},
    {OP, "0x4200000000000000000000000000000000000006", "WETH", 18},
    {POLYGON, "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619", "WETH", 18},
    {BASE, "0x4200000000000000000000000000000000000006", "WETH", 18},
    {ARBITRUM, "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", "WETH", 18},
    /* Test networks of USDC's issuer. */
    {11155111, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "USDC", 6},
    {84532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC", 6},
    {421614, "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", "USDC", 6},
};

const vk_asset *vk_assets(size_t *count) {
    *count = sizeof assets / sizeof assets[0];
    return assets;
}

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
