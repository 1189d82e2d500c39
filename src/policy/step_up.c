#include "policy/step_up.h"

#include "policy/execute_read.h"
#include "policy/rule.h"
#include "policy/text.h"

#include <valetkey/spend.h>

#include <stdio.h>
#include <string.h>

const char vk_step_up_message[] = "it is a message, which may be a permit or an order";
const char vk_step_up_login[] = "it is a login, which says who somebody is";
const char vk_step_up_digest[] = "it is a digest, which hides what it stands for";

/* ---- An operation ---- */

static void say(char reason[VK_REASON_MAX], vk_buf *text) {
    char *words = vk_buf_take_text(text);
    snprintf(reason, VK_REASON_MAX, "%s", words != NULL ? words : "out of memory");
    vk_text_free(words);
}

static bool is_above(const vk_step_up *rule, const vk_grant *grant, const vk_execution *execution,
                     char reason[VK_REASON_MAX]) {
    const vk_spend_asset native = {.native = true, .chain_id = grant->chain_id};
    vk_u256 amount;
    vk_buf text = {0};
    if (vk_spend_of_calls(&native, execution, &amount, reason) != VK_OK) {
        return true;
    }
    bool above = vk_u256_cmp(&amount, &rule->above) > 0;
    vk_put_ether(&text, &amount);
    vk_buf_put_text(&text, above ? " are moved, which is more than " : " are moved, at most ");
    vk_put_ether(&text, &rule->above);
    say(reason, &text);
    return above;
}

/* No contract reads these calls, so the old ones' way to misread a delegatecall is not theirs. */
static bool is_unlike(const vk_step_up *rule, const vk_grant *grant, const vk_userop *op,
                      const vk_execution *execution, char reason[VK_REASON_MAX]) {
    const vk_verdict_request request = {
        .op = op, .chain_id = grant->chain_id, .kernel = VK_KERNEL_0_3_1};
    vk_evaluation_notes notes = {0};
    const vk_evaluation what = {.request = &request, .execution = execution, .notes = &notes};
    for (size_t i = 0; i < rule->unless.count; i++) {
        vk_rule_verdict verdict = {0};
        vk_rule_state state = {0};
        vk_call_evaluate(&rule->unless.rules[i], &what, &state, &verdict);
        if (verdict.result != VK_RESULT_ALLOWED || notes.slice_outside) {
            snprintf(reason, VK_REASON_MAX, "it is not \"%s\": %.250s", rule->unless_name,
                     verdict.reason);
            return true;
        }
    }
    snprintf(reason, VK_REASON_MAX, "it is \"%s\"", rule->unless_name);
    return false;
}

static bool judge_calls(const vk_step_up *rule, const vk_grant *grant, const vk_userop *op,
                        const vk_execution *execution, char reason[VK_REASON_MAX]) {
    if (vk_execution_calls_itself(execution, &grant->account.account)) {
        snprintf(reason, VK_REASON_MAX,
                 "it calls a function of the account itself, which can make other calls");
        return true;
    }
    if (rule->has_above && is_above(rule, grant, execution, reason)) {
        return true;
    }
    return rule->has_unless && is_unlike(rule, grant, op, execution, reason);
}

vk_status vk_step_up_judge(const vk_step_up *rule, const vk_grant *grant, const vk_userop *op,
                           bool *needed, char reason[VK_REASON_MAX]) {
    vk_execution execution = {0};
    vk_error err = {0};
    vk_status status = vk_grant_calls(grant, op->call_data, &execution, &err);
    *needed = true;
    if (status == VK_ERR_MEMORY) {
        return status;
    }
    if (status != VK_OK) {
        snprintf(reason, VK_REASON_MAX, "its calls cannot be read: %.300s",
                 err.message[0] != '\0' ? err.message : vk_status_text(status));
        return VK_OK;
    }
    *needed = judge_calls(rule, grant, op, &execution, reason);
    vk_execution_clear(&execution);
    return VK_OK;
}

/* ---- In words ---- */

static void describe_unless(const vk_step_up *rule, vk_buf *out) {
    vk_buf_printf(out, "%s not every call is \"%s\":", rule->has_above ? ", or" : "",
                  rule->unless_name);
    for (size_t i = 0; i < rule->unless.count; i++) {
        vk_buf_put_text(out, "\n");
        vk_rule_describe(&rule->unless.rules[i], out);
    }
}

void vk_step_up_describe(const vk_step_up *rule, vk_buf *out) {
    vk_buf_printf(
        out,
        "A touch of the security key \"%s\"%s is needed for messages, logins, digests and "
        "what cannot be read, and where",
        rule->device.name, rule->device.verified ? ", which verifies its user," : "");
    if (rule->has_above) {
        vk_buf_put_text(out, " the calls move more than ");
        vk_put_ether(out, &rule->above);
        vk_buf_put_text(out, " in all");
    }
    if (rule->has_unless) {
        describe_unless(rule, out);
    }
}
