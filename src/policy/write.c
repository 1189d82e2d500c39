/* Writing policies as the SDK keeps them: policyParams, members in its order. */
#include "policy/rule.h"

#include <inttypes.h>
#include <string.h>

/* What the caller gave, as it is. */
static void put_json(const cJSON *value, vk_buf *out) {
    char *text = vk_json_print(value);
    vk_buf_put_text(out, text != NULL ? text : "");
    out->status = text == NULL ? VK_ERR_MEMORY : out->status;
    vk_text_free(text);
}

static void put_address(const vk_address *address, vk_buf *out) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, "\"%s\"", text);
}

static void put_hex(const void *data, size_t len, vk_buf *out) {
    vk_buf_put_byte(out, '"');
    vk_hex_put(out, (vk_bytes){data, len});
    vk_buf_put_byte(out, '"');
}

static void put_decimal(const vk_u256 *value, vk_buf *out) {
    char text[79];
    vk_u256_decimal(value, text);
    vk_buf_printf(out, "\"%s\"", text);
}

/* ---- Permissions of a call rule ---- */

static void put_params(const vk_param_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, "{\"params\":[");
    for (size_t i = 0; i < rule->param_count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_hex(rule->params[i].be, sizeof rule->params[i].be, out);
    }
    vk_buf_printf(out, "],\"offset\":%" PRIu64 ",\"condition\":%d}", rule->offset, rule->condition);
}

static void put_call_type(const vk_call_permission *permission, const cJSON *given, vk_buf *out) {
    (void)given;
    put_hex(&permission->call_type, 1, out);
}

static void put_selector(const vk_call_permission *permission, const cJSON *given, vk_buf *out) {
    (void)given;
    put_hex(permission->selector, sizeof permission->selector, out);
}

static void put_value_limit(const vk_call_permission *permission, const cJSON *given, vk_buf *out) {
    (void)given;
    put_decimal(&permission->value_limit, out);
}

static void put_rules(const vk_call_permission *permission, const cJSON *given, vk_buf *out) {
    if (given != NULL) {
        put_json(given, out);
        return;
    }
    vk_buf_put_byte(out, '[');
    for (size_t i = 0; i < permission->rule_count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_params(&permission->rules[i], out);
    }
    vk_buf_put_byte(out, ']');
}

/* The members that every permission has in the end, in the order of those that are added. */
static const struct {
    const char *name;
    void (*put)(const vk_call_permission *permission, const cJSON *given, vk_buf *out);
} always[] = {{"callType", put_call_type},
              {"selector", put_selector},
              {"valueLimit", put_value_limit},
              {"rules", put_rules}};

#define ALWAYS (sizeof always / sizeof always[0])

static size_t index_of(const char *name) {
    size_t i = 0;
    while (i < ALWAYS && strcmp(always[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* A null member counts as absent, but keeps its place. */
static void put_given(const vk_call_permission *permission, const cJSON *member, vk_buf *out) {
    size_t i = index_of(member->string);
    vk_json_put_string(out, member->string);
    vk_buf_put_byte(out, ':');
    if (i < ALWAYS) {
        always[i].put(permission, cJSON_IsNull(member) ? NULL : member, out);
    } else {
        put_json(member, out);
    }
}

/* The caller's members come first, in the caller's order. */
static void put_permission(const vk_call_permission *permission, const cJSON *given, vk_buf *out) {
    const cJSON *member;
    bool any = false;
    vk_buf_put_byte(out, '{');
    cJSON_ArrayForEach(member, given) {
        vk_buf_put_text(out, any ? "," : "");
        put_given(permission, member, out);
        any = true;
    }
    if (given == NULL) {
        vk_buf_put_text(out, "\"target\":");
        put_address(&permission->target, out);
        any = true;
    }
    for (size_t i = 0; i < ALWAYS; i++) {
        if (vk_json_get(given, always[i].name) == NULL) {
            vk_buf_printf(out, "%s\"%s\":", any ? "," : "", always[i].name);
            always[i].put(permission, NULL, out);
            any = true;
        }
    }
    vk_buf_put_byte(out, '}');
}

static void put_permissions(const vk_rule *rule, const cJSON *given, vk_buf *out) {
    const cJSON *list = vk_json_get(given, "permissions");
    const cJSON *item = list == NULL ? NULL : list->child;
    vk_buf_put_text(out, ",\"permissions\":[");
    for (size_t i = 0; i < rule->u.call.count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_permission(&rule->u.call.permissions[i], item, out);
        item = item == NULL ? NULL : item->next;
    }
    vk_buf_put_byte(out, ']');
}

/* ---- The members before the rule's own ---- */

static void put_flag(const vk_rule *rule, vk_buf *out) {
    vk_buf_printf(out, ",\"policyFlag\":\"0x%04x\"", rule->flag);
}

static void put_policy_address(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, ",\"policyAddress\":");
    put_address(&rule->address, out);
}

/* The SDK keeps version and address of a call policy as far as they were given. */
static void put_call(const vk_rule *rule, const cJSON *given, vk_buf *out) {
    size_t index = 0;
    bool published =
        vk_rule_find_address(&rule->address, vk_call_published, VK_CALL_VERSIONS, &index) &&
        index + 1 == rule->u.call.version;
    const cJSON *version = vk_json_get(given, "policyVersion");
    if (version != NULL) {
        vk_buf_put_text(out, ",\"policyVersion\":");
        put_json(version, out);
    } else if (given == NULL) {
        vk_buf_printf(out, ",\"policyVersion\":\"0.0.%d\"", (int)rule->u.call.version);
    }
    if (given == NULL ? !published : vk_json_get(given, "policyAddress") != NULL) {
        put_policy_address(rule, out);
    }
    put_flag(rule, out);
    put_permissions(rule, given, out);
}

/* ---- The rule's own members ---- */

static void put_gas(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, ",\"allowed\":");
    put_decimal(&rule->u.gas.allowed, out);
    vk_buf_printf(out, ",\"enforcePaymaster\":%s,\"allowedPaymaster\":",
                  rule->u.gas.enforce_paymaster ? "true" : "false");
    put_address(&rule->u.gas.allowed_paymaster, out);
}

static void put_rate(const vk_rule *rule, vk_buf *out) {
    vk_buf_printf(out, ",\"interval\":%" PRIu64 ",\"count\":%" PRIu64 ",\"startAt\":%" PRIu64,
                  rule->u.rate.interval, rule->u.rate.count, rule->u.rate.start_at);
}

static void put_timestamp(const vk_rule *rule, vk_buf *out) {
    vk_buf_printf(out, ",\"validAfter\":%" PRIu64 ",\"validUntil\":%" PRIu64,
                  rule->u.timestamp.valid_after, rule->u.timestamp.valid_until);
}

static void put_callers(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, ",\"allowedCallers\":[");
    for (size_t i = 0; i < rule->u.signature_caller.count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_address(&rule->u.signature_caller.callers[i], out);
    }
    vk_buf_put_byte(out, ']');
}

static void put_number(const char *name, const vk_u256 *value, vk_buf *out) {
    vk_buf_printf(out, ",\"%s\":", name);
    put_decimal(value, out);
}

static void put_thirdweb(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, ",\"approvedTargets\":[");
    for (size_t i = 0; i < rule->u.thirdweb.count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        put_address(&rule->u.thirdweb.targets[i], out);
    }
    vk_buf_put_byte(out, ']');
    put_number("nativeTokenLimitPerTransaction", &rule->u.thirdweb.native_limit, out);
    put_number("permissionStartTimestamp", &rule->u.thirdweb.start, out);
    put_number("permissionEndTimestamp", &rule->u.thirdweb.end, out);
}

static void put_other(const vk_rule *rule, vk_buf *out) {
    put_policy_address(rule, out);
    put_flag(rule, out);
    switch (rule->kind) {
    case VK_RULE_GAS:
        put_gas(rule, out);
        break;
    case VK_RULE_RATE_LIMIT:
    case VK_RULE_RATE_LIMIT_RESET:
        put_rate(rule, out);
        break;
    case VK_RULE_SIGNATURE_CALLER:
        put_callers(rule, out);
        break;
    case VK_RULE_TIMESTAMP:
        put_timestamp(rule, out);
        break;
    case VK_RULE_SUDO:
    case VK_RULE_CALL:
    case VK_RULE_THIRDWEB:
        break;
    }
}

vk_status vk_rule_write(const vk_rule *rule, const cJSON *given, vk_buf *out) {
    vk_buf_printf(out, "{\"type\":\"%s\"", vk_rule_name(rule->kind));
    if (rule->kind == VK_RULE_CALL) {
        put_call(rule, given, out);
    } else if (rule->kind == VK_RULE_THIRDWEB) {
        put_thirdweb(rule, out);
    } else {
        put_other(rule, out);
    }
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

vk_status vk_policy_write(const vk_policy *policy, vk_buf *out) {
    vk_status status = VK_OK;
    vk_buf_put_byte(out, '[');
    for (size_t i = 0; i < policy->count && status == VK_OK; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        status = vk_rule_write(&policy->rules[i], NULL, out);
    }
    vk_buf_put_byte(out, ']');
    return status == VK_OK ? vk_buf_status(out) : status;
}
