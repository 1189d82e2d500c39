#include "pkcs11/live.h"

#include "token/clock.h"

#include <inttypes.h>
#include <string.h>

CK_RV vk_grant_parse(const vk_object *object, const vk_grant_record *record, vk_grant *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_error err = {0};
    vk_signer signer;
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_status status = vk_gate_signer(&object->view->record, &signer);
    if (status == VK_OK) {
        status =
            vk_grant_read_checked(record->json, strlen(record->json), policy, &signer, out, &err);
    }
    return vk_ck(status, &err);
}

/* As a decision begins: with what was counted before the key came here. */
static CK_RV begin_budget(const vk_object *object, const vk_grant_record *grant, vk_budget *out) {
    vk_grant parsed;
    CK_RV rv = vk_grant_parse(object, grant, &parsed);
    if (rv == CKR_OK) {
        vk_grant_first_states(&parsed, vk_view_policy(object->view), out->rules);
        vk_grant_clear(&parsed);
    } else {
        vk_budget_clear(out);
    }
    return rv;
}

static CK_RV read_budget(const vk_object *object, const vk_grant_record *grant, vk_budget *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_error err = {0};
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    *out = (vk_budget){0};
    vk_status status = vk_token_budget_get(object->slot->token, grant, policy->count, out, &err);
    if (status == VK_OK && out->count != policy->count) {
        vk_budget_clear(out);
        status = VK_ERR_INTEGRITY;
    }
    return status == VK_OK ? begin_budget(object, grant, out) : vk_ck(status, &err);
}

/* The first rule of one of two kinds, and what the budget remembers for it. */
static const vk_rule *rule_state(const vk_object *object, const vk_budget *budget,
                                 vk_rule_kind kind, vk_rule_kind or_kind, vk_rule_state *state) {
    const vk_policy *policy = vk_view_policy(object->view);
    const vk_rule *rule = policy != NULL ? vk_policy_rule(policy, kind, or_kind) : NULL;
    if (rule != NULL) {
        *state = budget->rules[rule - policy->rules];
    }
    return rule;
}

CK_RV vk_put_gas_left(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    vk_budget budget;
    CK_RV rv = read_budget(object, grant, &budget);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_rule_state state;
    vk_u256 left = {0};
    const vk_rule *rule = rule_state(object, &budget, VK_RULE_GAS, VK_RULE_GAS, &state);
    if (rule != NULL && !vk_u256_sub(&rule->u.gas.allowed, &state.spent, &left)) {
        left = (vk_u256){0};
    }
    vk_buf_put(out, left.be, sizeof left.be);
    vk_budget_clear(&budget);
    return CKR_OK;
}

typedef struct rate_state {
    uint64_t left, next;
} rate_state;

/* As the contracts count: one refills its count when the window is over, the other moves the
 * earliest time on by an interval with every use. */
static rate_state rate_of(const vk_rule *rule, const vk_rule_state *state) {
    uint64_t count = rule->u.rate.count;
    uint64_t left = state->used < count ? count - state->used : 0;
    if (rule->kind == VK_RULE_RATE_LIMIT) {
        return (rate_state){left, rule->u.rate.start_at + state->used * rule->u.rate.interval};
    }
    if (vk_clock_now() >= state->window) {
        return (rate_state){count, 0};
    }
    return (rate_state){left, left > 0 ? 0 : state->window};
}

static CK_RV read_rate(const vk_object *object, const vk_grant_record *grant, rate_state *out) {
    vk_budget budget;
    CK_RV rv = read_budget(object, grant, &budget);
    if (rv != CKR_OK) {
        return rv;
    }
    vk_rule_state state;
    const vk_rule *rule =
        rule_state(object, &budget, VK_RULE_RATE_LIMIT, VK_RULE_RATE_LIMIT_RESET, &state);
    *out = rule != NULL ? rate_of(rule, &state) : (rate_state){0};
    vk_budget_clear(&budget);
    return CKR_OK;
}

CK_RV vk_put_count_left(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    rate_state rate;
    CK_RV rv = read_rate(object, grant, &rate);
    if (rv == CKR_OK) {
        vk_put_u64(out, rate.left);
    }
    return rv;
}

CK_RV vk_put_next_time(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    rate_state rate;
    CK_RV rv = read_rate(object, grant, &rate);
    if (rv == CKR_OK) {
        vk_put_u64(out, rate.next);
    }
    return rv;
}

static void put_rules(const vk_budget *budget, vk_buf *out) {
    for (size_t i = 0; i < budget->count; i++) {
        char spent[79];
        vk_u256_decimal(&budget->rules[i].spent, spent);
        vk_buf_printf(out, "%s{\"spent\":\"%s\",\"used\":%" PRIu64 ",\"window\":%" PRIu64 "}",
                      i > 0 ? "," : "", spent, budget->rules[i].used, budget->rules[i].window);
    }
}

void vk_put_grant_head(const vk_grant_record *grant, vk_buf *out) {
    vk_buf_printf(out, "{\"chainId\":%" PRIu64 ",\"account\":\"", grant->chain_id);
    vk_hex_put(out, (vk_bytes){grant->account.b, sizeof grant->account.b});
    vk_buf_put_text(out, "\",\"entryPoint\":\"");
    vk_hex_put(out, (vk_bytes){grant->entry_point.b, sizeof grant->entry_point.b});
    vk_buf_put_text(out, "\",\"permissionId\":\"");
    vk_hex_put(out, (vk_bytes){grant->permission_id, sizeof grant->permission_id});
    vk_buf_put_byte(out, '"');
}

static void put_state(const vk_grant_record *grant, bool installed, const vk_budget *budget,
                      vk_buf *out) {
    char nonce[67];
    vk_u256_hex(&budget->enable_nonce, nonce);
    vk_put_grant_head(grant, out);
    vk_buf_printf(out, ",\"installed\":%s,\"enabled\":%s,\"enableNonce\":\"%s\",\"rules\":[",
                  installed ? "true" : "false", budget->enabled ? "true" : "false", nonce);
    put_rules(budget, out);
    vk_buf_put_text(out, "]}");
}

CK_RV vk_put_state(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    vk_grant parsed;
    CK_RV rv = vk_grant_parse(object, grant, &parsed);
    if (rv != CKR_OK) {
        return rv;
    }
    bool installed = !vk_grant_has_approval(&parsed);
    vk_grant_clear(&parsed);
    vk_budget budget;
    rv = read_budget(object, grant, &budget);
    if (rv == CKR_OK) {
        put_state(grant, installed, &budget, out);
        vk_budget_clear(&budget);
    }
    return rv;
}

/* The highest of all grants. */
CK_RV vk_put_sign_count(const vk_object *object, vk_buf *out) {
    size_t count;
    const vk_grant_record *grants = vk_view_grants(object->view, &count);
    uint32_t highest = 0;
    for (size_t i = 0; i < count; i++) {
        vk_budget budget;
        CK_RV rv = read_budget(object, &grants[i], &budget);
        if (rv != CKR_OK) {
            return rv;
        }
        highest = budget.sign_count > highest ? budget.sign_count : highest;
        vk_budget_clear(&budget);
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
        vk_buf_put_byte(out, (uint8_t)(highest >> shift));
    }
    return CKR_OK;
}
