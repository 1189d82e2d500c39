/* Signature caller: who may ask the account to check a message signature. */
#include "eth/abi.h"
#include "policy/rule.h"
#include "policy/text.h"

#include <stdlib.h>
#include <string.h>

static const char published[] = "0xF6A936c88D97E6fad13b98d2FD731Ff17eeD591d";

/* The text that a policy may have bounds the list anyway. */
#define CALLERS_MAX (VK_POLICY_JSON_MAX / 45)

static vk_status read_caller(const cJSON *item, const vk_path *path, vk_address *out,
                             vk_error *err) {
    if (!cJSON_IsString(item) ||
        vk_address_read(item->valuestring, strlen(item->valuestring), out) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text,
                       "a caller must be an address: \"0x\" and 40 hex digits, with the right "
                       "checksum if in mixed case");
    }
    return VK_OK;
}

static vk_status read_callers(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    const cJSON *list, *item;
    size_t count;
    vk_status status = vk_rule_list(json, "allowedCallers", path, CALLERS_MAX, &list, &count, err);
    if (status != VK_OK || count == 0) {
        return status;
    }
    vk_address *callers = calloc(count, sizeof *callers);
    if (callers == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
    }
    out->u.signature_caller.callers = callers;
    out->u.signature_caller.count = count;
    vk_path at = vk_path_member(path, "allowedCallers");
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vk_path element = vk_path_index(&at, i);
        status = read_caller(item, &element, &callers[i++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type", "policyAddress", "policyFlag", "allowedCallers",
                                        NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = vk_rule_address(json, path, published, &out->address, err);
    }
    return status == VK_OK ? read_callers(json, path, out, err) : status;
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    return vk_rule_check_address(rule, published, path, err);
}

static void encode(const vk_rule *rule, vk_buf *out) {
    vk_abi_put_u64(out, VK_WORD);
    vk_abi_put_u64(out, rule->u.signature_caller.count);
    for (size_t i = 0; i < rule->u.signature_caller.count; i++) {
        vk_abi_put_address(out, &rule->u.signature_caller.callers[i]);
    }
}

static void describe(const vk_rule *rule, vk_buf *out) {
    size_t count = rule->u.signature_caller.count;
    if (count == 0) {
        vk_buf_put_text(out, "No contract may check message signatures.");
        return;
    }
    vk_buf_put_text(out, "Message signatures count only when checked by ");
    for (size_t i = 0; i < count; i++) {
        vk_buf_put_text(out, i == 0 ? "" : i + 1 == count ? " or " : ", ");
        vk_put_address(out, &rule->u.signature_caller.callers[i]);
    }
    vk_buf_put_text(out, ".");
}

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    (void)rule;
    (void)what;
    (void)state;
    vk_rule_allow(out, "this rule is about message signatures, not about user operations");
}

static bool may_ask(const vk_rule *rule, const vk_address *caller) {
    for (size_t i = 0; i < rule->u.signature_caller.count; i++) {
        if (vk_address_equal(&rule->u.signature_caller.callers[i], caller)) {
            return true;
        }
    }
    return false;
}

static void evaluate_unknown(const vk_rule *rule, vk_rule_verdict *out) {
    if (rule->u.signature_caller.count == 0) {
        vk_rule_deny(out, "no contract may check message signatures");
    } else {
        vk_rule_allow(out, "the message does not say which contract will check its signature; the "
                           "account answers those that the rule allows");
    }
}

static void evaluate_message(const vk_rule *rule, const vk_message_request *request,
                             vk_rule_verdict *out) {
    if (!request->has_caller) {
        evaluate_unknown(rule, out);
        return;
    }
    vk_buf reason = {0};
    bool allowed = may_ask(rule, &request->caller);
    vk_put_address(&reason, &request->caller);
    vk_buf_put_text(&reason, allowed ? " may check message signatures"
                                     : " is none of the contracts that may check message "
                                       "signatures");
    if (allowed) {
        vk_rule_allow_buf(out, &reason);
    } else {
        vk_rule_deny_buf(out, &reason);
    }
}

static void clear(vk_rule *rule) {
    free(rule->u.signature_caller.callers);
}

const vk_rule_type vk_rule_signature_caller = {.kind = VK_RULE_SIGNATURE_CALLER,
                                               .name = "signature-caller",
                                               .published = published,
                                               .parse = parse,
                                               .check = check,
                                               .encode = encode,
                                               .describe = describe,
                                               .evaluate = evaluate,
                                               .evaluate_message = evaluate_message,
                                               .clear = clear};
