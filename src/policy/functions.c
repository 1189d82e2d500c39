#include "policy/text.h"

#include <string.h>

static const vk_function functions[] = {
    /* ERC-20, and what tokens add to it. */
    {.selector = {0xa9, 0x05, 0x9c, 0xbb},
     .name = "transfer",
     .types = "address,uint256",
     .sentence = "transfer {1} to {0}",
     .arguments = {{"recipient", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {.selector = {0x23, 0xb8, 0x72, 0xdd},
     .name = "transferFrom",
     .types = "address,address,uint256",
     .sentence = "transferFrom: {2} from {0} to {1}",
     .is_shared = true,
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"recipient", VK_ARGUMENT_ADDRESS},
                   {"amount", VK_ARGUMENT_AMOUNT}}},
    {.selector = {0x09, 0x5e, 0xa7, 0xb3},
     .name = "approve",
     .types = "address,uint256",
     .sentence = "approve {0} to spend {1}",
     .is_shared = true,
     .arguments = {{"spender", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {.selector = {0x39, 0x50, 0x93, 0x51},
     .name = "increaseAllowance",
     .types = "address,uint256",
     .sentence = "increaseAllowance: {0} may spend {1} more",
     .arguments = {{"spender", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {.selector = {0xa4, 0x57, 0xc2, 0xd7},
     .name = "decreaseAllowance",
     .types = "address,uint256",
     .sentence = "decreaseAllowance: {0} may spend {1} less",
     .arguments = {{"spender", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {.selector = {0xd5, 0x05, 0xac, 0xcf},
     .name = "permit",
     .types = "address,address,uint256,uint256,uint8,bytes32,bytes32",
     .sentence = "permit: {1} may spend {2} that {0} owns, by a signature (deadline {3})",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"spender", VK_ARGUMENT_ADDRESS},
                   {"amount", VK_ARGUMENT_AMOUNT},
                   {"deadline", VK_ARGUMENT_TIME},
                   {"v", VK_ARGUMENT_NUMBER},
                   {"r", VK_ARGUMENT_WORD},
                   {"s", VK_ARGUMENT_WORD}}},
    {.selector = {0x8f, 0xcb, 0xaf, 0x0c}, /* of DAI: all or nothing */
     .name = "permit",
     .types = "address,address,uint256,uint256,bool,uint8,bytes32,bytes32",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"spender", VK_ARGUMENT_ADDRESS},
                   {"nonce", VK_ARGUMENT_NUMBER},
                   {"expiry", VK_ARGUMENT_TIME},
                   {"all", VK_ARGUMENT_FLAG},
                   {"v", VK_ARGUMENT_NUMBER},
                   {"r", VK_ARGUMENT_WORD},
                   {"s", VK_ARGUMENT_WORD}}},
    /* WETH. */
    {.selector = {0xd0, 0xe3, 0x0d, 0xb0}, .name = "deposit", .types = ""},
    {.selector = {0x2e, 0x1a, 0x7d, 0x4d},
     .name = "withdraw",
     .types = "uint256",
     .arguments = {{"amount", VK_ARGUMENT_AMOUNT}}},
    /* ERC-721 and ERC-1155. */
    {.selector = {0x42, 0x84, 0x2e, 0x0e},
     .name = "safeTransferFrom",
     .types = "address,address,uint256",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"recipient", VK_ARGUMENT_ADDRESS},
                   {"token id", VK_ARGUMENT_NUMBER}}},
    {.selector = {0xb8, 0x8d, 0x4f, 0xde},
     .name = "safeTransferFrom",
     .types = "address,address,uint256,bytes",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"recipient", VK_ARGUMENT_ADDRESS},
                   {"token id", VK_ARGUMENT_NUMBER},
                   {"data", VK_ARGUMENT_BYTES}}},
    {.selector = {0xf2, 0x42, 0x43, 0x2a},
     .name = "safeTransferFrom",
     .types = "address,address,uint256,uint256,bytes",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"recipient", VK_ARGUMENT_ADDRESS},
                   {"token id", VK_ARGUMENT_NUMBER},
                   {"count", VK_ARGUMENT_NUMBER},
                   {"data", VK_ARGUMENT_BYTES}}},
    {.selector = {0x2e, 0xb2, 0xc2, 0xd6},
     .name = "safeBatchTransferFrom",
     .types = "address,address,uint256[],uint256[],bytes",
     .arguments = {{"owner", VK_ARGUMENT_ADDRESS},
                   {"recipient", VK_ARGUMENT_ADDRESS},
                   {"token ids", VK_ARGUMENT_NUMBERS},
                   {"counts", VK_ARGUMENT_NUMBERS},
                   {"data", VK_ARGUMENT_BYTES}}},
    {.selector = {0xa2, 0x2c, 0xb4, 0x65},
     .name = "setApprovalForAll",
     .types = "address,bool",
     .arguments = {{"operator", VK_ARGUMENT_ADDRESS}, {"approved", VK_ARGUMENT_FLAG}}},
    /* Several calls in one. */
    {.selector = {0xac, 0x96, 0x50, 0xd8},
     .name = "multicall",
     .types = "bytes[]",
     .arguments = {{"calls", VK_ARGUMENT_CALLS}}},
    {.selector = {0x5a, 0xe4, 0x01, 0xdc},
     .name = "multicall",
     .types = "uint256,bytes[]",
     .arguments = {{"deadline", VK_ARGUMENT_TIME}, {"calls", VK_ARGUMENT_CALLS}}},
    /* The account's own. */
    {.selector = {0xe9, 0xae, 0x5c, 0x53},
     .name = "execute",
     .types = "bytes32,bytes",
     .arguments = {{"mode", VK_ARGUMENT_WORD}, {"calls", VK_ARGUMENT_BYTES}}},
    {.selector = {0x95, 0x17, 0xe2, 0x9f},
     .name = "installModule",
     .types = "uint256,address,bytes",
     .arguments = {{"type", VK_ARGUMENT_NUMBER},
                   {"module", VK_ARGUMENT_ADDRESS},
                   {"data", VK_ARGUMENT_BYTES}}},
    {.selector = {0xa7, 0x17, 0x63, 0xa8},
     .name = "uninstallModule",
     .types = "uint256,address,bytes",
     .arguments = {{"type", VK_ARGUMENT_NUMBER},
                   {"module", VK_ARGUMENT_ADDRESS},
                   {"data", VK_ARGUMENT_BYTES}}},
    {.selector = {0x36, 0x59, 0xcf, 0xe6},
     .name = "upgradeTo",
     .types = "address",
     .arguments = {{"implementation", VK_ARGUMENT_ADDRESS}}},
    {.selector = {0x52, 0x14, 0x1c, 0xd9},
     .name = "changeRootValidator",
     .types = "bytes21,address,bytes,bytes",
     .arguments = {{"validator", VK_ARGUMENT_WORD},
                   {"hook", VK_ARGUMENT_ADDRESS},
                   {"validator data", VK_ARGUMENT_BYTES},
                   {"hook data", VK_ARGUMENT_BYTES}}},
    {.selector = {0x1f, 0x1b, 0x92, 0xe3},
     .name = "invalidateNonce",
     .types = "uint32",
     .arguments = {{"nonce", VK_ARGUMENT_NUMBER}}},
    {.selector = {0xb9, 0xb8, 0x29, 0x41},
     .name = "grantAccess",
     .types = "bytes21,bytes4,bool",
     .arguments = {{"validator", VK_ARGUMENT_WORD},
                   {"selector", VK_ARGUMENT_WORD},
                   {"allowed", VK_ARGUMENT_FLAG}}},
};

const vk_function *vk_functions(size_t *count) {
    *count = sizeof functions / sizeof functions[0];
    return functions;
}

const vk_function *vk_function_find(const uint8_t selector[4]) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (memcmp(functions[i].selector, selector, 4) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

size_t vk_function_argument_count(const vk_function *function) {
    size_t count = 0;
    while (count < VK_FUNCTION_ARGUMENTS_MAX && function->arguments[count].name != NULL) {
        count++;
    }
    return count;
}

const vk_argument *vk_function_argument(const vk_function *function, uint64_t offset) {
    uint64_t index = offset / 32;
    if (function == NULL || offset % 32 != 0 || index >= VK_FUNCTION_ARGUMENTS_MAX ||
        function->arguments[index].name == NULL ||
        function->arguments[index].kind >= VK_ARGUMENT_BYTES) {
        return NULL;
    }
    return &function->arguments[index];
}
