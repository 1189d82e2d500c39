#include <valetkey/hardening.h>

#include <string.h>

typedef struct hardening_rule {
    const char *name;
    bool switchable;
} hardening_rule;

static const hardening_rule rules[VK_HARDENING_RULES] = {
    [VK_HARDENING_CALLDATA_ENCODING] = {"calldata-encoding", false},
    [VK_HARDENING_NONCE_MODE] = {"nonce-mode", false},
    [VK_HARDENING_BLOCK_WINDOW] = {"block-window", false},
    [VK_HARDENING_GAS_OVERFLOW] = {"gas-overflow", false},
    [VK_HARDENING_ZERO_PAYMASTER] = {"zero-paymaster", true},
    [VK_HARDENING_OLD_DELEGATECALL] = {"old-delegatecall", false},
    [VK_HARDENING_SLICE_BOUNDS] = {"slice-bounds", false},
    [VK_HARDENING_PROTECTED_TARGET] = {"protected-target", true},
    [VK_HARDENING_BUDGET_DELEGATECALL] = {"budget-delegatecall", true},
    [VK_HARDENING_SIGNATURE_ENCODING] = {"signature-encoding", false},
    [VK_HARDENING_UNPATCHED_SIGNER] = {"unpatched-signer", false},
    [VK_HARDENING_OPEN_SIGNATURE] = {"open-signature", true},
    [VK_HARDENING_SIGNATURE_WINDOW] = {"signature-window", true},
    [VK_HARDENING_REPLAYABLE_SIGNATURE] = {"replayable-signature", true},
    [VK_HARDENING_ANY_TARGET] = {"any-target", true},
    [VK_HARDENING_ANY_AMOUNT] = {"any-amount", true},
};

vk_hardening_set vk_hardening_bit(vk_hardening rule) {
    return rule < VK_HARDENING_RULES ? UINT32_C(1) << rule : VK_HARDENING_NONE;
}

const char *vk_hardening_name(vk_hardening rule) {
    return rule < VK_HARDENING_RULES ? rules[rule].name : NULL;
}

vk_status vk_hardening_find(const char *name, vk_hardening *out) {
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            *out = (vk_hardening)i;
            return VK_OK;
        }
    }
    return VK_ERR_NOT_FOUND;
}

vk_hardening_set vk_hardening_switchable(void) {
    vk_hardening_set set = VK_HARDENING_NONE;
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        set |= rules[i].switchable ? vk_hardening_bit((vk_hardening)i) : VK_HARDENING_NONE;
    }
    return set;
}
