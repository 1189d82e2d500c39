/* Whether a nonce that was not used can be used at all: the account's record of the permission. */
#include "net/settle_part.h"

#include <inttypes.h>
#include <string.h>
#include <valetkey/manage.h>

/* What the account has for a permission. Nonces of installation only grow, and the last one stays
 * when the permission is revoked. */
typedef struct permission_state {
    vk_validation_config config;
    uint32_t valid_from; /* installations with a lower nonce were invalidated */
    vk_permission_config permission;
} permission_state;

static vk_status ask(vk_settling *s, vk_buf *call, vk_buf *answer, vk_error *err) {
    vk_status status = vk_buf_status(call);
    vk_buf_clear(answer);
    if (status == VK_OK) {
        status = vk_node_call(s->node, &s->question->grant->account, vk_buf_view(call),
                              s->block.number, answer, err);
    }
    vk_buf_clear(call);
    return status;
}

/* An account without code answers nothing, and has nothing: then all stays zero. */
static vk_status read_state(vk_settling *s, vk_buf *answer, permission_state *out, vk_error *err) {
    const uint8_t *id4 = s->question->grant->permission_id;
    uint8_t id21[21] = {VK_NONCE_PERMISSION, id4[0], id4[1], id4[2], id4[3]};
    vk_buf call = {0};
    vk_manage_ask_validation_config(id21, &call);
    vk_status status = ask(s, &call, answer, err);
    if (status != VK_OK || answer->len == 0) {
        return status;
    }
    status = vk_manage_read_validation_config(vk_buf_view(answer), &out->config, err);
    if (status == VK_OK) {
        vk_manage_ask_valid_nonce_from(&call);
        status = ask(s, &call, answer, err);
    }
    if (status == VK_OK) {
        status = vk_manage_read_u32(vk_buf_view(answer), &out->valid_from, err);
    }
    if (status == VK_OK) {
        vk_manage_ask_permission_config(id4, &call);
        status = ask(s, &call, answer, err);
    }
    return status == VK_OK
               ? vk_manage_read_permission_config(vk_buf_view(answer), &out->permission, err)
               : status;
}

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

static void judge(vk_settling *s, const permission_state *state, bool installs) {
    const vk_settle_question *q = s->question;
    const vk_validation_config *config = &state->config;
    bool is_there = !vk_address_is_zero(&config->hook);
    bool is_revoked =
        (!is_there && config->nonce != 0) || (is_there && config->nonce < state->valid_from);
    if (!is_revoked && !(is_there && installs)) {
        say_open(s, "");
    } else if (is_there && !vk_manage_is_installed(&state->permission, q->signer)) {
        say_open(s, ", and the account has another permission of the same id");
    } else if (!cannot_come_again(q->policy, is_there ? &state->permission : NULL)) {
        say_open(s, is_revoked ? "; the permission was revoked, but can be installed again"
                               : "; the permission is installed already, but can be revoked and "
                                 "installed again");
    } else {
        vk_settle_say(s, false, "the permission %s at block %" PRIu64,
                      is_revoked ? "was revoked" : "was installed already", s->block.number);
        s->answer.is_installed = true;
    }
}

static vk_status fail_state(const vk_settling *s, const vk_error *why, vk_error *err) {
    if (why->status == VK_ERR_SERVER) {
        return vk_fail(err, why->status, why->path, "%s", why->message);
    }
    return vk_fail(err, why->status == VK_ERR_MEMORY ? VK_ERR_MEMORY : VK_ERR_SERVER, NULL,
                   "%s, asked for the account's permission, says what no Kernel says: %s",
                   vk_node_name(s->node), why->message);
}

static vk_status get_state(vk_settling *s, permission_state *out, vk_error *err) {
    vk_buf answer = {0};
    vk_error why = {0};
    vk_status status = read_state(s, &answer, out, &why);
    vk_buf_clear(&answer);
    if (status == VK_OK) {
        return VK_OK;
    }
    why.status = status;
    return fail_state(s, &why, err);
}

vk_status vk_settle_by_install(vk_settling *s, vk_error *err) {
    vk_kernel_nonce nonce;
    permission_state state = {0};
    if (!is_of_permission(s->question, &nonce)) {
        say_open(s, "");
        return VK_OK;
    }
    vk_status status = get_state(s, &state, err);
    if (status == VK_OK) {
        judge(s, &state, nonce.mode == VK_NONCE_ENABLE);
    }
    return status;
}

vk_status vk_settle_approval(vk_settling *s, vk_error *err) {
    vk_kernel_nonce nonce;
    permission_state state = {0};
    if (!is_of_permission(s->question, &nonce) || nonce.mode != VK_NONCE_ENABLE) {
        return VK_OK;
    }
    vk_status status = get_state(s, &state, err);
    s->answer.is_installed = state.config.nonce != 0 || !vk_address_is_zero(&state.config.hook);
    return status;
}
