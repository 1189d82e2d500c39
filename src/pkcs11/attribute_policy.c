/* The vendor attributes that tell a key's policy. */
#include "pkcs11/attribute.h"

#include <string.h>
#include <valetkey/credential.h>
#include <valetkey/eth.h>

void vk_put_u64(vk_buf *out, uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        vk_buf_put_byte(out, (uint8_t)(value >> shift));
    }
}

const vk_rule *vk_policy_rule(const vk_policy *policy, vk_rule_kind kind, vk_rule_kind or_kind) {
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == kind || policy->rules[i].kind == or_kind) {
            return &policy->rules[i];
        }
    }
    return NULL;
}

/* UINT64_MAX if it is no time that fits. */
static uint64_t time_of(const vk_u256 *seconds) {
    return vk_u256_fits(seconds, 64) ? vk_u256_low64(seconds) : UINT64_MAX;
}

/* The end of a session is not in it any more. */
static bool session_window(const vk_rule *rule, vk_window *out) {
    *out = (vk_window){.after = time_of(&rule->u.thirdweb.start),
                       .until = time_of(&rule->u.thirdweb.end) - 1};
    return true;
}

bool vk_policy_window(const vk_policy *policy, vk_window *out) {
    bool found = false;
    *out = (vk_window){0};
    if (vk_policy_is_thirdweb(policy)) {
        return session_window(&policy->rules[0], out);
    }
    for (size_t i = 0; i < policy->count; i++) {
        const vk_rule *rule = &policy->rules[i];
        if (rule->kind != VK_RULE_TIMESTAMP) {
            continue;
        }
        uint64_t after = rule->u.timestamp.valid_after, until = rule->u.timestamp.valid_until;
        out->after = after > out->after ? after : out->after;
        if (until != 0 && (out->until == 0 || until < out->until)) {
            out->until = until;
        }
        found = true;
    }
    return found;
}

/* ---- The policy as a whole ---- */

static const char *policy_json(const vk_object *object) {
    return object->view->record.has_private ? object->view->record.policy : NULL;
}

static CK_RV get_policy(const vk_object *object, vk_buf *out) {
    const char *json = policy_json(object);
    if (json == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put_text(out, json);
    return CKR_OK;
}

static CK_RV get_policy_digest(const vk_object *object, vk_buf *out) {
    const char *json = policy_json(object);
    vk_hash digest;
    if (json == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_status status = vk_sha256((vk_bytes){(const uint8_t *)json, strlen(json)}, &digest);
    if (status == VK_OK) {
        vk_buf_put(out, digest.b, sizeof digest.b);
    }
    return vk_ck(status, NULL);
}

/* As the credential on a security key has it. */
static CK_RV get_device_policy_digest(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    return record->has_private && record->has_blob ? get_policy_digest(object, out)
                                                   : CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV get_policy_text(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    for (size_t i = 0; i < policy->count; i++) {
        vk_buf_put_text(out, i > 0 ? "\n" : "");
        vk_rule_describe(&policy->rules[i], out);
    }
    return CKR_OK;
}

static CK_RV get_rules(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    for (size_t i = 0; i < policy->count; i++) {
        vk_buf_put_text(out, i > 0 ? "," : "");
        vk_buf_put_text(out, vk_rule_name(policy->rules[i].kind));
    }
    return CKR_OK;
}

/* NULL unless the policy is one that Kernel's permissions know. */
static const vk_policy *permission_policy(const vk_object *object) {
    const vk_policy *policy = vk_view_policy(object->view);
    return policy == NULL || vk_policy_is_thirdweb(policy) ? NULL : policy;
}

static CK_RV get_permission_id(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = permission_policy(object);
    vk_signer signer;
    uint8_t id4[4];
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_status status = vk_gate_signer(&object->view->record, &signer);
    if (status == VK_OK) {
        status = vk_policy_permission_id(policy, &signer, id4);
    }
    if (status == VK_OK) {
        vk_buf_put(out, id4, sizeof id4);
    }
    return vk_ck(status, NULL);
}

static CK_RV get_permission_flag(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = permission_policy(object);
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put_byte(out, (uint8_t)(policy->permission_flag >> 8));
    vk_buf_put_byte(out, (uint8_t)policy->permission_flag);
    return CKR_OK;
}

static CK_RV get_enable_data(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = permission_policy(object);
    vk_signer signer;
    if (policy == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_status status = vk_gate_signer(&object->view->record, &signer);
    if (status == VK_OK) {
        status = vk_policy_enable_data(policy, &signer, out);
    }
    return vk_ck(status, NULL);
}

/* ---- Single rules ---- */

static const vk_rule *rule_of(const vk_object *object, vk_rule_kind kind) {
    const vk_policy *policy = vk_view_policy(object->view);
    return policy != NULL ? vk_policy_rule(policy, kind, kind) : NULL;
}

static const vk_rule *rate_of(const vk_object *object) {
    const vk_policy *policy = vk_view_policy(object->view);
    return policy != NULL ? vk_policy_rule(policy, VK_RULE_RATE_LIMIT, VK_RULE_RATE_LIMIT_RESET)
                          : NULL;
}

static CK_RV get_valid_after(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_window window;
    if (policy == NULL || !vk_policy_window(policy, &window)) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_put_u64(out, window.after);
    return CKR_OK;
}

static CK_RV get_valid_until(const vk_object *object, vk_buf *out) {
    const vk_policy *policy = vk_view_policy(object->view);
    vk_window window;
    if (policy == NULL || !vk_policy_window(policy, &window)) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_put_u64(out, window.until);
    return CKR_OK;
}

static CK_RV get_gas_allowed(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_GAS);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, rule->u.gas.allowed.be, sizeof rule->u.gas.allowed.be);
    return CKR_OK;
}

/* The contract enforces no paymaster when the address is zero. */
static CK_RV get_paymaster(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_GAS);
    if (rule == NULL || !rule->u.gas.enforce_paymaster ||
        vk_address_is_zero(&rule->u.gas.allowed_paymaster)) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, rule->u.gas.allowed_paymaster.b, sizeof rule->u.gas.allowed_paymaster.b);
    return CKR_OK;
}

static CK_RV put_rate(const vk_rule *rule, uint64_t value, vk_buf *out) {
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_put_u64(out, value);
    return CKR_OK;
}

static CK_RV get_count_allowed(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rate_of(object);
    return put_rate(rule, rule != NULL ? rule->u.rate.count : 0, out);
}

static CK_RV get_interval(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rate_of(object);
    return put_rate(rule, rule != NULL ? rule->u.rate.interval : 0, out);
}

static CK_RV get_start_at(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rate_of(object);
    return put_rate(rule, rule != NULL ? rule->u.rate.start_at : 0, out);
}

/* ---- The call rule: one value a permission ---- */

typedef void (*put_permission)(const vk_call_permission *permission, vk_buf *out);

static CK_RV put_permissions(const vk_object *object, put_permission put, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_CALL);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    for (size_t i = 0; i < rule->u.call.count; i++) {
        put(&rule->u.call.permissions[i], out);
    }
    return CKR_OK;
}

static void put_target(const vk_call_permission *permission, vk_buf *out) {
    vk_buf_put(out, permission->target.b, sizeof permission->target.b);
}

static void put_selector(const vk_call_permission *permission, vk_buf *out) {
    vk_buf_put(out, permission->selector, sizeof permission->selector);
}

static void put_value_limit(const vk_call_permission *permission, vk_buf *out) {
    vk_buf_put(out, permission->value_limit.be, sizeof permission->value_limit.be);
}

static void put_call_type(const vk_call_permission *permission, vk_buf *out) {
    vk_buf_put_byte(out, permission->call_type);
}

static CK_RV get_call_targets(const vk_object *object, vk_buf *out) {
    return put_permissions(object, put_target, out);
}

static CK_RV get_call_selectors(const vk_object *object, vk_buf *out) {
    return put_permissions(object, put_selector, out);
}

static CK_RV get_call_value_limits(const vk_object *object, vk_buf *out) {
    return put_permissions(object, put_value_limit, out);
}

static CK_RV get_call_types(const vk_object *object, vk_buf *out) {
    return put_permissions(object, put_call_type, out);
}

static CK_RV get_call_version(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_CALL);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_printf(out, "0.0.%d", (int)rule->u.call.version);
    return CKR_OK;
}

static CK_RV get_allowed_callers(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_SIGNATURE_CALLER);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    for (size_t i = 0; i < rule->u.signature_caller.count; i++) {
        vk_buf_put(out, rule->u.signature_caller.callers[i].b, sizeof(vk_address));
    }
    return CKR_OK;
}

/* ---- thirdweb's session ---- */

static CK_RV get_approved_targets(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_THIRDWEB);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    for (size_t i = 0; i < rule->u.thirdweb.count; i++) {
        vk_buf_put(out, rule->u.thirdweb.targets[i].b, sizeof(vk_address));
    }
    return CKR_OK;
}

static CK_RV get_native_limit(const vk_object *object, vk_buf *out) {
    const vk_rule *rule = rule_of(object, VK_RULE_THIRDWEB);
    if (rule == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    vk_buf_put(out, rule->u.thirdweb.native_limit.be, sizeof rule->u.thirdweb.native_limit.be);
    return CKR_OK;
}

/* ---- The table ---- */

#define ROW(type, get)                                                                             \
    { type, VK_KINDS_KEY, VK_FROM_GETTER, 0, get }

static const vk_attribute_row rows[] = {
    ROW(CKA_VALETKEY_POLICY, get_policy),
    ROW(CKA_VALETKEY_POLICY_DIGEST, get_policy_digest),
    ROW(CKA_VALETKEY_POLICY_TEXT, get_policy_text),
    ROW(CKA_VALETKEY_DEVICE_POLICY_DIGEST, get_device_policy_digest),
    ROW(CKA_VALETKEY_PERMISSION_ID, get_permission_id),
    ROW(CKA_VALETKEY_PERMISSION_FLAG, get_permission_flag),
    ROW(CKA_VALETKEY_ENABLE_DATA, get_enable_data),
    ROW(CKA_VALETKEY_RULES, get_rules),
    ROW(CKA_VALETKEY_VALID_AFTER, get_valid_after),
    ROW(CKA_VALETKEY_VALID_UNTIL, get_valid_until),
    ROW(CKA_VALETKEY_GAS_ALLOWED, get_gas_allowed),
    ROW(CKA_VALETKEY_PAYMASTER, get_paymaster),
    ROW(CKA_VALETKEY_COUNT_ALLOWED, get_count_allowed),
    ROW(CKA_VALETKEY_INTERVAL, get_interval),
    ROW(CKA_VALETKEY_START_AT, get_start_at),
    ROW(CKA_VALETKEY_CALL_TARGETS, get_call_targets),
    ROW(CKA_VALETKEY_CALL_SELECTORS, get_call_selectors),
    ROW(CKA_VALETKEY_CALL_VALUE_LIMITS, get_call_value_limits),
    ROW(CKA_VALETKEY_CALL_TYPES, get_call_types),
    ROW(CKA_VALETKEY_CALL_VERSION, get_call_version),
    ROW(CKA_VALETKEY_ALLOWED_CALLERS, get_allowed_callers),
    ROW(CKA_VALETKEY_APPROVED_TARGETS, get_approved_targets),
    ROW(CKA_VALETKEY_NATIVE_LIMIT, get_native_limit),
};

const vk_attribute_table vk_policy_attributes = {rows, sizeof rows / sizeof rows[0]};
