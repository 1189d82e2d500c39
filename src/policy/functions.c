#include "policy/text.h"

#include <string.h>

static const vk_function functions[] = {
    {{0xa9, 0x05, 0x9c, 0xbb},
     "transfer",
     {{"recipient", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {{0x09, 0x5e, 0xa7, 0xb3},
     "approve",
     {{"spender", VK_ARGUMENT_ADDRESS}, {"amount", VK_ARGUMENT_AMOUNT}}},
    {{0x23, 0xb8, 0x72, 0xdd},
     "transferFrom",
     {{"owner", VK_ARGUMENT_ADDRESS},
      {"recipient", VK_ARGUMENT_ADDRESS},
      {"amount", VK_ARGUMENT_AMOUNT}}},
};

const vk_function *vk_function_find(const uint8_t selector[4]) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (memcmp(functions[i].selector, selector, 4) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}

const vk_argument *vk_function_argument(const vk_function *function, uint64_t offset) {
    uint64_t index = offset / 32;
    if (function == NULL || offset % 32 != 0 || index >= VK_FUNCTION_ARGUMENTS_MAX ||
        function->arguments[index].name == NULL) {
        return NULL;
    }
    return &function->arguments[index];
}
