#include "batch/in_case.h"

#include "kernel/version.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

/* When the permission was installed, where a case does not say. */
#define INSTALL_TIME 1000

/* ---- Policies ---- */

/* What the members of a case are called in policyParams. */
static const char *const renamed[][2] = {
    {"flag", "policyFlag"}, {"version", "policyVersion"}, {"address", "policyAddress"}};

static const struct {
    const char *type, *sdk;
    bool reset;
} types[] = {{"sudo", "sudo", false},
             {"call", "call", false},
             {"gas", "gas", false},
             {"timestamp", "timestamp", false},
             {"signature", "signature-caller", false},
             {"ratelimit", "rate-limit", false},
             {"ratelimit-reset", "rate-limit", true}};

static bool add_text(cJSON *object, const char *name, const char *text) {
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool set_type(const vk_in *in, cJSON *params) {
    const char *type = vk_in_text(in, "type");
    char reset[43];
    vk_address contract = vk_rate_limit_contract(true);
    vk_address_text(&contract, reset);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) == 0) {
            cJSON_DeleteItemFromObjectCaseSensitive(params, "type");
            return add_text(params, "type", types[i].sdk) &&
                   (!types[i].reset || vk_in_has(in, "address") ||
                    add_text(params, "policyAddress", reset));
        }
    }
    vk_in_fail(in, "type", VK_ERR_UNSUPPORTED, "a policy of type \"%.20s\" is not known", type);
    return true;
}

static bool rename_members(cJSON *params) {
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
        cJSON *member = cJSON_DetachItemFromObjectCaseSensitive(params, renamed[i][0]);
        if (member != NULL && !cJSON_AddItemToObject(params, renamed[i][1], member)) {
            cJSON_Delete(member);
            return false;
        }
    }
    return true;
}

/* The policy in the SDK's words. */
static cJSON *params_of(const vk_in *in) {
    cJSON *params = cJSON_Duplicate(in->value, true);
    cJSON_DeleteItemFromObjectCaseSensitive(params, "data");
    if (params == NULL || !rename_members(params) || !set_type(in, params)) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
    }
    return params;
}

static void check_data(const vk_in *in, const vk_rule *rule) {
    vk_buf data = {0};
    if (vk_in_status(in) != VK_OK || !vk_in_has(in, "data")) {
        return;
    }
    vk_in_check(in, NULL, vk_rule_encode(rule, &data));
    vk_in_same_bytes(in, "data", vk_buf_view(&data));
    vk_buf_clear(&data);
}

static void read_rule(const vk_in *in, vk_rule *out) {
    static const vk_policy_reading how = {.check = false, .sdk = false};
    vk_error err = {0};
    cJSON *params = params_of(in);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL, vk_rule_read(params, NULL, &how, out, &err), &err);
    }
    cJSON_Delete(params);
    check_data(in, out);
}

static void clear_policy(void *data) {
    vk_policy_clear(data);
}

const vk_policy *vk_in_case_policies(const vk_in *in) {
    static const vk_policy none;
    size_t count;
    uint8_t flag[2] = {0};
    vk_policy *policy = vk_in_alloc_owner(in, sizeof *policy, clear_policy);
    vk_in list = vk_in_list(in, "policies", &count);
    if (policy == NULL || vk_in_status(in) != VK_OK) {
        return &none;
    }
    if (vk_in_has(in, "flag")) {
        vk_in_fixed(in, "flag", flag, sizeof flag);
    }
    policy->permission_flag = (uint16_t)(flag[0] << 8 | flag[1]);
    policy->rules = calloc(count + 1, sizeof *policy->rules);
    if (policy->rules == NULL) {
        vk_in_fail(in, "policies", VK_ERR_MEMORY, "out of memory");
        return &none;
    }
    policy->count = count;
    for (size_t i = 0; i < count && vk_in_status(in) == VK_OK; i++) {
        vk_in element = vk_in_element(&list, i);
        read_rule(&element, &policy->rules[i]);
    }
    return vk_in_status(in) == VK_OK ? policy : &none;
}

/* ---- Signer ---- */

static void check_signer_data(const vk_in *in, const vk_signer *signer) {
    vk_buf data = {0};
    if (vk_in_status(in) == VK_OK && vk_in_has(in, "data")) {
        vk_in_check(in, NULL, vk_signer_data(signer, &data));
        vk_in_same_bytes(in, "data", vk_buf_view(&data));
    }
    vk_buf_clear(&data);
}

vk_signer vk_in_case_signer(const vk_in *in) {
    vk_in object = vk_in_object(in, "signer");
    const char *type = vk_in_text(&object, "type");
    vk_signer signer = {0};
    if (strcmp(type, "ecdsa") == 0) {
        vk_address address = vk_in_address(&object, "address");
        signer = vk_signer_ecdsa(&address);
    } else if (strcmp(type, "webauthn") == 0) {
        uint8_t point65[65] = {0x04};
        vk_in_fixed(&object, "x", point65 + 1, 32);
        vk_in_fixed(&object, "y", point65 + 33, 32);
        vk_hash id_hash = vk_in_hash(&object, "authenticatorIdHash");
        signer = vk_signer_webauthn(point65, &id_hash);
    } else {
        vk_in_fail(&object, "type", VK_ERR_UNSUPPORTED, "a signer of type \"%.20s\" is not known",
                   type);
    }
    if (vk_in_has(&object, "contract")) {
        signer.contract = vk_in_address(&object, "contract");
    }
    check_signer_data(&object, &signer);
    return signer;
}

/* ---- Account ---- */

/* What the rules remember when the permission was installed before the first step. */
static void install(const vk_in *in, vk_verdict_account *out) {
    uint64_t time = vk_in_u64_or(in, "installTimestamp", VK_TIME_MAX, INSTALL_TIME);
    for (size_t i = 0; i < out->policy->count; i++) {
        const vk_rule *rule = &out->policy->rules[i];
        if (rule->kind == VK_RULE_RATE_LIMIT_RESET) {
            out->states[i].window = time + rule->u.rate.interval;
        }
    }
    out->installed = vk_in_bool(in, "installed", true);
}

/* The owner of an account whose first operation installs the permission. */
static void read_owner(const vk_in *in, vk_root *out) {
    vk_in enable = vk_in_object(in, "enable");
    vk_in owner = vk_in_object(&enable, "owner");
    out->kind = VK_ROOT_ECDSA;
    out->validator = vk_root_validator(VK_ROOT_ECDSA);
    out->owner = vk_in_address(&owner, "address");
}

static void read_permission(const vk_in *in, vk_verdict_account *out) {
    vk_buf data = {0};
    vk_in_check(in, "policies", vk_policy_enable_data(out->policy, &out->signer, &data));
    vk_in_check(in, "policies",
                vk_policy_permission_id(out->policy, &out->signer, out->permission_id));
    out->enable_data = vk_in_keep(in, vk_buf_view(&data));
    if (vk_in_has(in, "permissionId")) {
        vk_in_same_bytes(in, "permissionId",
                         (vk_bytes){out->permission_id, sizeof out->permission_id});
    }
    vk_buf_clear(&data);
    if (vk_in_has(in, "selector")) {
        vk_in_fixed(in, "selector", out->selector, sizeof out->selector);
    } else {
        memcpy(out->selector, vk_kernel_execute_selector, sizeof out->selector);
    }
}

void vk_in_case_account(const vk_in *in, size_t step_count, vk_verdict_account *out) {
    *out = (vk_verdict_account){.kernel = vk_in_kernel(in, "kernelVersion")};
    if (out->kernel < VK_KERNEL_0_3_1) {
        vk_in_fail(in, "kernelVersion", VK_ERR_UNSUPPORTED,
                   "verdicts are given for Kernel 0.3.1 to 0.3.3");
    }
    out->entry_point_version = vk_in_entry_point(in, &out->entry_point);
    out->chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    out->account = vk_in_address(in, "account");
    out->policy = vk_in_case_policies(in);
    out->signer = vk_in_case_signer(in);
    out->states = vk_in_alloc(in, (out->policy->count + 1) * sizeof *out->states);
    out->lanes.lanes = vk_in_alloc(in, (step_count + 1) * sizeof *out->lanes.lanes);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    read_permission(in, out);
    if (vk_in_has(in, "enable")) {
        read_owner(in, &out->root);
    } else {
        install(in, out);
    }
    out->relaxed = vk_in_hardening(in);
}

/* ---- Operations ---- */

static void read_packed(const vk_in *in, const vk_address *sender, vk_userop_packed *out) {
    static const char *const members[] = {"sender",           "nonce",
                                          "initCode",         "callData",
                                          "accountGasLimits", "preVerificationGas",
                                          "gasFees",          "paymasterAndData",
                                          "signature",        NULL};
    vk_in_only(in, members);
    vk_in_same_address(in, "sender", sender);
    *out = (vk_userop_packed){.sender = *sender,
                              .nonce = vk_in_u256(in, "nonce", 256),
                              .init_code = vk_in_bytes_or_empty(in, "initCode"),
                              .call_data = vk_in_bytes(in, "callData"),
                              .pre_verification_gas = vk_in_u256(in, "preVerificationGas", 256),
                              .paymaster_and_data = vk_in_bytes_or_empty(in, "paymasterAndData"),
                              .signature = vk_in_bytes(in, "signature")};
    vk_in_fixed(in, "accountGasLimits", out->account_gas_limits, sizeof out->account_gas_limits);
    vk_in_fixed(in, "gasFees", out->gas_fees, sizeof out->gas_fees);
}

void vk_in_case_operation(const vk_in *step, vk_entry_point version, const vk_address *sender,
                          vk_userop *op, vk_verdict_answer *answer) {
    *op = (vk_userop){0};
    *answer = (vk_verdict_answer){.accept = false};
    if (version == VK_ENTRY_POINT_0_6) {
        vk_in_userop(step, "userOp", version, op);
        return;
    }
    vk_userop_packed packed;
    vk_in object = vk_in_object(step, "userOp");
    read_packed(&object, sender, &packed);
    vk_error err = {0};
    if (vk_in_status(step) != VK_OK) {
        return;
    }
    vk_status status = vk_userop_unpack(&packed, version, op, &err);
    if (status == VK_ERR_MEMORY) {
        vk_in_check_error(step, "userOp", status, &err);
    } else if (status != VK_OK) {
        vk_verdict_answer_deny(answer, "userOp", "%s", err.message);
    }
}

/* ---- Hardening, answers ---- */

static vk_hardening_set read_rule_name(const vk_in *element) {
    vk_hardening rule = VK_HARDENING_CALLDATA_ENCODING;
    const char *name = cJSON_IsString(element->value) ? element->value->valuestring : "";
    if (vk_hardening_find(name, &rule) != VK_OK) {
        vk_in_fail(element, NULL, VK_ERR_UNSUPPORTED, "there is no hardening rule \"%.40s\"", name);
        return VK_HARDENING_NONE;
    }
    return vk_hardening_bit(rule);
}

vk_hardening_set vk_in_hardening(const vk_in *in) {
    vk_hardening_set relaxed = VK_HARDENING_NONE;
    bool inside = vk_in_has(in, "hardening");
    vk_in list = {.value = inside ? vk_json_get(in->value, "hardening") : vk_in_line_hardening(in),
                  .path = vk_path_member(inside ? &in->path : NULL, "hardening"),
                  .line = in->line};
    if (list.value == NULL) {
        return VK_HARDENING_NONE;
    }
    if (cJSON_IsString(list.value) && strcmp(list.value->valuestring, "off") == 0) {
        return VK_HARDENING_ALL;
    }
    if (cJSON_IsString(list.value) && strcmp(list.value->valuestring, "on") == 0) {
        return VK_HARDENING_NONE;
    }
    if (!cJSON_IsArray(list.value)) {
        vk_in_fail(&list, NULL, VK_ERR_FORMAT,
                   "\"hardening\" must be \"off\", \"on\", or a list of the rules that are off");
        return VK_HARDENING_NONE;
    }
    for (int i = 0; i < cJSON_GetArraySize(list.value); i++) {
        vk_in element = vk_in_element(&list, (size_t)i);
        relaxed |= read_rule_name(&element);
    }
    return relaxed;
}

void vk_reply_verdict(vk_reply *reply, const vk_verdict_answer *answer) {
    vk_reply_object(reply, NULL);
    vk_reply_bool(reply, "accept", answer->accept);
    if (!answer->accept) {
        vk_reply_text(reply, "rule", answer->rule);
        vk_reply_text(reply, "reason", answer->reason);
    }
    if (answer->hardening != NULL) {
        vk_reply_text(reply, "hardening", answer->hardening);
    }
    vk_reply_object_end(reply);
}
