#include <valetkey/grant.h>

#include <stdio.h>

static vk_status deny(char reason[VK_REASON_MAX], const char *text) {
    snprintf(reason, VK_REASON_MAX, "%s", text);
    return VK_DENIED;
}

static vk_status check_enable(const vk_grant *grant, const vk_install *install,
                              const vk_u256 *nonce, char reason[VK_REASON_MAX]) {
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

vk_status vk_grant_check_mode(const vk_grant *grant, const vk_install *install,
                              const vk_u256 *nonce, bool *installs, char reason[VK_REASON_MAX]) {
    vk_kernel_nonce parts = vk_kernel_nonce_decode(nonce);
    *installs = parts.mode == VK_NONCE_ENABLE;
    if (*installs) {
        return check_enable(grant, install, nonce, reason);
    }
    if (!grant->account.pre_installed && !install->enabled) {
        return deny(reason, "the permission is not installed yet: the first operation needs a "
                            "nonce in enable mode (01)");
    }
    return VK_OK;
}

void vk_grant_first_states(const vk_grant *grant, const vk_policy *policy, vk_rule_state *states) {
    if (!grant->account.pre_installed || grant->installed_at == 0) {
        return;
    }
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        bool unused = states[i].used == 0 && states[i].window == 0;
        if (rule->kind == VK_RULE_RATE_LIMIT_RESET && unused) {
            states[i].window = grant->installed_at + rule->u.rate.interval;
        }
    }
}
