#include "policy/text.h"

static const struct {
    uint64_t id;
    const char *name;
} chains[] = {
    {1, "Ethereum"},         {10, "OP Mainnet"},
    {56, "BNB Smart Chain"}, {100, "Gnosis"},
    {137, "Polygon"},        {8453, "Base"},
    {42161, "Arbitrum One"}, {43114, "Avalanche"},
    {59144, "Linea"},        {534352, "Scroll"},
    {11155111, "Sepolia"},   {11155420, "OP Sepolia"},
    {84532, "Base Sepolia"}, {421614, "Arbitrum Sepolia"},
    {80002, "Polygon Amoy"},
};

const char *vk_chain_name(uint64_t chain_id) {
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        if (chains[i].id == chain_id) {
            return chains[i].name;
        }
    }
    return NULL;
}
