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
    [VK_HARDENING_OWN_DOMAIN] = {"own-domain", false},
    [VK_HARDENING_FOREIGN_CHAIN] = {"foreign-chain", true},
    [VK_HARDENING_OPEN_SIGNATURE] = {"open-signature", true},
    [VK_HARDENING_UNKNOWN_CALLER] = {"unknown-caller", true},
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

void vk_hardening_put_names(vk_hardening_set set, vk_buf *out) {
    bool first = true;
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        if ((set & vk_hardening_bit((vk_hardening)i)) != 0) {
            vk_buf_put_text(out, first ? "" : ",");
            vk_buf_put_text(out, rules[i].name);
            first = false;
        }
    }
}

static vk_hardening_set read_name(vk_bytes name) {
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        const vk_bytes known = {(const uint8_t *)rules[i].name, strlen(rules[i].name)};
        if (vk_bytes_equal(name, known)) {
            return vk_hardening_bit((vk_hardening)i);
        }
    }
    return VK_HARDENING_NONE;
}

vk_hardening_set vk_hardening_read_names(vk_bytes names) {
    vk_hardening_set set = VK_HARDENING_NONE;
    size_t start = 0;
    for (size_t i = 0; i <= names.len; i++) {
        if (i == names.len || names.data[i] == ',') {
            set |= read_name((vk_bytes){names.data + start, i - start});
            start = i + 1;
        }
    }
    return set;
}

vk_hardening_set vk_hardening_switchable(void) {
    vk_hardening_set set = VK_HARDENING_NONE;
    for (size_t i = 0; i < VK_HARDENING_RULES; i++) {
        set |= rules[i].switchable ? vk_hardening_bit((vk_hardening)i) : VK_HARDENING_NONE;
    }
    return set;
}
