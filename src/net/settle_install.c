/* Whether a nonce that was not used can be used at all: the account's record of the permission. */
#include "net/permission_record.h"
#include "net/settle_part.h"

#include <inttypes.h>
#include <string.h>

/* Does the contract refuse a second installation under the same id for good? The rate limit with
 * reset takes one after the first has ended; sudo remembers nothing. */
static bool is_installed_once(const vk_rule *rule) {
    return rule->kind == VK_RULE_CALL || rule->kind == VK_RULE_GAS ||
           rule->kind == VK_RULE_RATE_LIMIT || rule->kind == VK_RULE_SIGNATURE_CALLER ||
           rule->kind == VK_RULE_TIMESTAMP;
}

static bool has_policy(const vk_permission_config *config, const vk_address *address) {
    for (size_t i = 0; i < config->policy_count; i++) {
        if (vk_address_equal(&config->policies[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* config NULL: nothing is installed that could be compared. */
static bool cannot_come_again(const vk_policy *policy, const vk_permission_config *config) {
    for (size_t i = 0; i < policy->count; i++) {
        if (is_installed_once(&policy->rules[i]) &&
            (config == NULL || has_policy(config, &policy->rules[i].address))) {
            return true;
        }
    }
    return false;
}

static bool is_of_permission(const vk_settle_question *q, vk_kernel_nonce *out) {
    *out = vk_kernel_nonce_decode(&q->reservation->nonce);
    return (q->kernel == VK_KERNEL_0_3_1 || q->kernel == VK_KERNEL_0_3_2 ||
            q->kernel == VK_KERNEL_0_3_3) &&
           out->type == VK_NONCE_PERMISSION &&
           memcmp(out->permission_id, q->grant->permission_id, sizeof out->permission_id) == 0;
}

static void say_open(vk_settling *s, const char *besides) {
    vk_settle_say(s, true, "block %" PRIu64 " has no operation with this nonce yet%s",
                  s->block.number, besides);
}

static void judge(vk_settling *s, const vk_permission_record *record, bool installs) {
    const vk_settle_question *q = s->question;
    bool is_there = vk_permission_record_is_there(record);
    bool is_revoked = vk_permission_record_is_revoked(record);
    if (!is_revoked && !(is_there && installs)) {
        say_open(s, "");
    } else if (is_there && !vk_manage_is_installed(&record->permission, q->signer)) {
        say_open(s, ", and the account has another permission of the same id");
    } else if (!cannot_come_again(q->policy, is_there ? &record->permission : NULL)) {
        say_open(s, is_revoked ? "; the permission was revoked, but can be installed again"
                               : "; the permission is installed already, but can be revoked and "
                                 "installed again");
    } else {
        vk_settle_say(s, false, "the permission %s at block %" PRIu64,
                      is_revoked ? "was revoked" : "was installed already", s->block.number);
        s->answer.is_installed = true;
    }
}

static vk_status get_record(vk_settling *s, vk_permission_record *out, vk_error *err) {
    const vk_grant_record *grant = s->question->grant;
    return vk_permission_record_get(s->node, &grant->account, grant->permission_id, s->block.number,
                                    out, err);
}

vk_status vk_settle_by_install(vk_settling *s, vk_error *err) {
    vk_kernel_nonce nonce;
    vk_permission_record record = {0};
    if (!is_of_permission(s->question, &nonce)) {
        say_open(s, "");
        return VK_OK;
    }
    vk_status status = get_record(s, &record, err);
    if (status == VK_OK) {
        judge(s, &record, nonce.mode == VK_NONCE_ENABLE);
    }
    return status;
}

vk_status vk_settle_approval(vk_settling *s, vk_error *err) {
    vk_kernel_nonce nonce;
    vk_permission_record record = {0};
    if (!is_of_permission(s->question, &nonce) || nonce.mode != VK_NONCE_ENABLE) {
        return VK_OK;
    }
    vk_status status = get_record(s, &record, err);
    s->answer.is_installed = record.config.nonce != 0 || vk_permission_record_is_there(&record);
    return status;
}
