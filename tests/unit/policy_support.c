#include "policy_support.h"

#include "base/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESET_CONTRACT "0x6a06358e6b283921deceabe7e8a3741d506cca9b"

vk_policy policy_good(const char *json) {
    vk_policy policy;
    vk_error err = {0};
    vk_status status = vk_policy_read(json, strlen(json), &policy, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    return policy;
}

/* ---- From a vector to policyParams ---- */

static const struct {
    const char *vector, *sdk;
} type_names[] = {{"ratelimit", "rate-limit"},
                  {"ratelimit-reset", "rate-limit"},
                  {"signature", "signature-caller"}};

static const char *sdk_type(const char *type) {
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(type, type_names[i].vector) == 0) {
            return type_names[i].sdk;
        }
    }
    return type;
}

/* cJSON prints 15 digits of a number: the longer ones become decimal text. */
static void spell_long_numbers(cJSON *value) {
    cJSON *item = value->child, *next;
    for (; item != NULL; item = next) {
        next = item->next;
        spell_long_numbers(item);
        if (cJSON_IsNumber(item) && item->valuedouble >= 1e15) {
            char text[32];
            snprintf(text, sizeof text, "%.0f", item->valuedouble);
            cJSON *spelled = cJSON_CreateString(text);
            if (item->string != NULL) {
                spelled->string = strdup(item->string);
            }
            cJSON_ReplaceItemViaPointer(value, item, spelled);
        }
    }
}

static void copy_member(cJSON *out, const char *name, const cJSON *value) {
    if (value != NULL) {
        cJSON_AddItemToObject(out, name, cJSON_Duplicate(value, true));
    }
}

static bool is_reset(const cJSON *vector) {
    return strcmp(vectors_text(vector, "type"), "ratelimit-reset") == 0 ||
           cJSON_IsTrue(cJSON_GetObjectItem(vector, "withReset"));
}

cJSON *policy_params(const cJSON *vector, const cJSON *resolved) {
    static const char *const same[] = {
        "policyFlag", "policyVersion",    "policyAddress",   "permissions",
        "allowed",    "interval",         "count",           "validAfter",
        "validUntil", "enforcePaymaster", "startAt",         NULL,
        NULL,         "allowedCallers",   "allowedPaymaster"};
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "type", sdk_type(vectors_text(vector, "type")));
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (same[i] != NULL) {
            copy_member(out, same[i], cJSON_GetObjectItemCaseSensitive(vector, same[i]));
        }
    }
    copy_member(out, "policyFlag", cJSON_GetObjectItemCaseSensitive(vector, "flag"));
    copy_member(out, "policyVersion", cJSON_GetObjectItemCaseSensitive(vector, "version"));
    copy_member(out, "permissions", resolved);
    if (is_reset(vector)) {
        cJSON_AddStringToObject(out, "policyAddress", RESET_CONTRACT);
    }
    spell_long_numbers(out);
    return out;
}

cJSON *policy_params_all(const cJSON *one) {
    cJSON *all = cJSON_CreateArray();
    const cJSON *policy;
    cJSON_ArrayForEach(policy, vectors_get(one, "policies")) {
        cJSON_AddItemToArray(all, policy_params(policy, NULL));
    }
    return all;
}

char *policy_params_text(const cJSON *one) {
    cJSON *all = policy_params_all(one);
    char *text = vk_json_print(all);
    cJSON_Delete(all);
    return text;
}

vk_policy policy_of_case(const cJSON *one, policy_refusals *refusals) {
    vk_policy policy = policy_of_params(policy_params_all(one), refusals);
    uint8_t flag[2];
    vectors_fixed(one, "flag", flag, sizeof flag);
    policy.permission_flag = (uint16_t)(flag[0] << 8 | flag[1]);
    return policy;
}

/* ---- What the reader refuses, put together by hand ---- */

static bool ends_with(const char *text, const char *end) {
    size_t text_len = strlen(text), end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static void count_refusal(const vk_error *err, policy_refusals *refusals) {
    ck_assert_int_eq(err->status, VK_ERR_POLICY);
    size_t *count = ends_with(err->path, ".validAfter")      ? &refusals->window
                    : ends_with(err->path, ".policyAddress") ? &refusals->address
                                                             : NULL;
    ck_assert_msg(count != NULL, "%s: %s", err->path, err->message);
    ++*count;
}

static cJSON *acceptable(const cJSON *params) {
    cJSON *out = cJSON_Duplicate(params, true), *rule;
    cJSON_ArrayForEach(rule, out) {
        if (!is_reset(rule) && strcmp(vectors_text(rule, "type"), "call") == 0) {
            cJSON_DeleteItemFromObject(rule, "policyAddress");
        }
        if (cJSON_GetObjectItem(rule, "validAfter") != NULL) {
            cJSON_ReplaceItemInObject(rule, "validAfter", cJSON_CreateNumber(0));
        }
    }
    return out;
}

static void restore(const cJSON *params, vk_rule *rule) {
    if (rule->kind == VK_RULE_TIMESTAMP) {
        rule->u.timestamp.valid_after = vectors_u64(params, "validAfter");
    }
    if (rule->kind == VK_RULE_CALL) {
        if (cJSON_GetObjectItem(params, "policyAddress") != NULL) {
            rule->address = vectors_address(params, "policyAddress");
        }
    }
}

static vk_policy by_hand(const cJSON *params) {
    cJSON *good = acceptable(params);
    char *text = cJSON_PrintUnformatted(good);
    vk_policy policy = policy_good(text);
    const cJSON *rule;
    size_t i = 0;
    cJSON_ArrayForEach(rule, params) {
        restore(rule, &policy.rules[i++]);
    }
    cJSON_free(text);
    cJSON_Delete(good);
    return policy;
}

vk_policy policy_of_params(cJSON *params, policy_refusals *refusals) {
    vk_policy policy;
    vk_error err = {0};
    char *text = cJSON_PrintUnformatted(params);
    if (vk_policy_read(text, strlen(text), &policy, &err) != VK_OK) {
        count_refusal(&err, refusals);
        policy = by_hand(params);
    }
    cJSON_free(text);
    cJSON_Delete(params);
    return policy;
}

/* ---- Operations ---- */

static vk_buf optional_bytes(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return vectors_hex(item == NULL ? "0x" : item->valuestring);
}

vk_userop policy_step_op(const cJSON *step, const vk_address *sender) {
    const cJSON *json = vectors_get(step, "userOp");
    vk_buf init = optional_bytes(json, "initCode"), call = vectors_bytes(json, "callData"),
           paymaster = optional_bytes(json, "paymasterAndData");
    vk_userop_packed packed = {.sender = *sender,
                               .nonce = vectors_u256(json, "nonce"),
                               .init_code = vk_buf_view(&init),
                               .call_data = vk_buf_view(&call),
                               .pre_verification_gas = vectors_u256(json, "preVerificationGas"),
                               .paymaster_and_data = vk_buf_view(&paymaster)};
    vectors_fixed(json, "accountGasLimits", packed.account_gas_limits, 32);
    vectors_fixed(json, "gasFees", packed.gas_fees, 32);
    vk_userop op;
    vk_error err = {0};
    vk_status status = vk_userop_unpack(&packed, VK_ENTRY_POINT_0_7, &op, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", err.path, err.message);
    vk_buf_clear(&init);
    vk_buf_clear(&call);
    vk_buf_clear(&paymaster);
    return op;
}

vk_verdict policy_judge_history(const vk_policy *policy, const vk_verdict_request *request,
                                vk_rule_state *states) {
    vk_rule_state *hardened = calloc(policy->count, sizeof *hardened);
    ck_assert_ptr_nonnull(hardened);
    memcpy(hardened, states, policy->count * sizeof *states);
    vk_verdict verdict, chain;
    ck_assert_int_eq(vk_policy_evaluate(policy, request, hardened, &verdict), VK_OK);
    vk_verdict_request relaxed = *request;
    relaxed.relaxed = VK_HARDENING_ALL;
    ck_assert_int_eq(vk_policy_evaluate(policy, &relaxed, states, &chain), VK_OK);
    ck_assert(chain.allowed || !verdict.allowed);
    ck_assert(chain.allowed || verdict.hardening == NULL);
    vk_verdict_clear(&chain);
    free(hardened);
    return verdict;
}

vk_verdict policy_judge(const vk_policy *policy, const vk_userop *op, uint64_t now,
                        vk_rule_state *states) {
    vk_verdict_request request = {
        .op = op, .chain_id = 31337, .now = now, .selector = vk_kernel_execute_selector};
    vk_verdict verdict;
    ck_assert_int_eq(vk_policy_evaluate(policy, &request, states, &verdict), VK_OK);
    ck_assert_uint_eq(verdict.count, policy->count);
    ck_assert(verdict.allowed == (verdict.reason[0] == '\0'));
    return verdict;
}

vk_buf policy_execute(uint8_t call_type, const vk_call *calls, size_t count) {
    vk_call copy[8];
    ck_assert_uint_le(count, 8);
    memcpy(copy, calls, count * sizeof *calls);
    vk_execution execution = {.call_type = call_type, .call_count = count, .calls = copy};
    vk_buf out = {0};
    ck_assert_int_eq(vk_execution_encode(&execution, &out), VK_OK);
    return out;
}
