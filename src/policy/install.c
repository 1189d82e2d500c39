#include <valetkey/grant.h>

#include <stdio.h>
#include <string.h>

static vk_status deny(char reason[VK_REASON_MAX], const char *text) {
    snprintf(reason, VK_REASON_MAX, "%s", text);
    return VK_DENIED;
}

bool vk_grant_has_approval(const vk_grant *grant) {
    bool installable = grant->kind == VK_GRANT_PERMISSION || grant->kind == VK_GRANT_PLUGIN;
    return installable && !grant->account.pre_installed;
}

/* The field is not hashed: a stub may stand there for the gas estimation. */
static bool asks_for_plugin_mode(const vk_userop *op) {
    static const uint8_t mode[4] = {0, 0, 0, VK_V2_PLUGIN};
    return op->signature.len >= sizeof mode && memcmp(op->signature.data, mode, sizeof mode) == 0;
}

bool vk_grant_installs(const vk_grant *grant, const vk_userop *op) {
    if (grant->kind == VK_GRANT_PERMISSION) {
        return vk_kernel_nonce_decode(&op->nonce).mode == VK_NONCE_ENABLE;
    }
    return vk_grant_has_approval(grant) && !asks_for_plugin_mode(op);
}

/* Kernel 0.2.x takes an approval any number of times. */
static vk_status check_enable(const vk_grant *grant, const vk_install *install,
                              const vk_u256 *nonce, char reason[VK_REASON_MAX]) {
    if (grant->kind == VK_GRANT_PLUGIN) {
        return VK_OK;
    }
    if (grant->account.pre_installed) {
        return deny(reason, "the nonce asks for enable mode (01), but the permission is installed "
                            "already: use a nonce in default mode (00)");
    }
    if (install->enabled && vk_u256_cmp(&install->enable_nonce, nonce) != 0) {
        char used[67];
        vk_u256_hex(&install->enable_nonce, used);
        snprintf(reason, VK_REASON_MAX,
                 "the nonce asks for enable mode (01), but the approval was used already by the "
                 "operation with nonce %s and cannot be used twice",
                 used);
        return VK_DENIED;
    }
    return VK_OK;
}

vk_status vk_grant_check_mode(const vk_grant *grant, const vk_install *install, const vk_userop *op,
                              bool *installs, char reason[VK_REASON_MAX]) {
    *installs = vk_grant_installs(grant, op);
    if (*installs) {
        return check_enable(grant, install, &op->nonce, reason);
    }
    if (!vk_grant_has_approval(grant) || install->enabled) {
        return VK_OK;
    }
    return deny(reason, grant->kind == VK_GRANT_PLUGIN
                            ? "the operation's signature field asks for plug-in mode (00000001), "
                              "but no operation has enabled the plug-in yet: leave the field empty"
                            : "the permission is not installed yet: the first operation needs a "
                              "nonce in enable mode (01)");
}

/* Where nothing was counted yet, the window that may be open on the chain. */
static void open_first_window(const vk_grant *grant, const vk_rule *rule, vk_rule_state *state) {
    bool unused = state->used == 0 && state->window == 0;
    if (unused && grant->account.pre_installed && grant->installed_at != 0) {
        state->window = grant->installed_at + rule->u.rate.interval;
    }
    if (unused && grant->start.used != 0) {
        state->used = grant->start.used;
        state->window = grant->start.at + rule->u.rate.interval;
    }
}

static void start_rule(const vk_grant *grant, const vk_rule *rule, vk_rule_state *state) {
    const vk_grant_start *start = &grant->start;
    if (rule->kind == VK_RULE_GAS && vk_u256_cmp(&state->spent, &start->spent) < 0) {
        state->spent = start->spent;
    }
    if (rule->kind == VK_RULE_RATE_LIMIT && state->used < start->used) {
        state->used = start->used;
    }
    if (rule->kind == VK_RULE_RATE_LIMIT_RESET) {
        open_first_window(grant, rule, state);
    }
}

void vk_grant_first_states(const vk_grant *grant, const vk_policy *policy, vk_rule_state *states) {
    for (size_t i = 0; i < policy->count; i++) {
        start_rule(grant, &policy->rules[i], &states[i]);
    }
}
