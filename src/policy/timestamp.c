/* Timestamp: a window of time. Which of its ends is included is the EntryPoint's business. */
#include "eth/abi.h"
#include "policy/rule.h"
#include "policy/text.h"

static const char published[] = "0xB9f8f524bE6EcD8C945b1b87f9ae5C192FdCE20F";

static vk_status check_window(const vk_rule *rule, const vk_path *path, vk_error *err) {
    uint64_t after = rule->u.timestamp.valid_after, until = rule->u.timestamp.valid_until;
    if (until == 0 || after <= until) {
        return VK_OK;
    }
    vk_path at = vk_path_member(path, "validAfter");
    vk_buf begin = {0}, end = {0};
    vk_put_time(&begin, after);
    vk_put_time(&end, until);
    char *begin_text = vk_buf_take_text(&begin), *end_text = vk_buf_take_text(&end);
    vk_status status =
        vk_fail(err, VK_ERR_POLICY, at.text,
                "the window can never be open: it begins at %s, after its end at %s",
                begin_text == NULL ? "?" : begin_text, end_text == NULL ? "?" : end_text);
    vk_text_free(begin_text);
    vk_text_free(end_text);
    return status;
}

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",       "policyAddress", "policyFlag",
                                        "validAfter", "validUntil",    NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = vk_rule_address(json, path, published, &out->address, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number48(json, "validAfter", path, &out->u.timestamp.valid_after, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number48(json, "validUntil", path, &out->u.timestamp.valid_until, err);
    }
    return status;
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    vk_status status = vk_rule_check_address(rule, published, path, err);
    return status == VK_OK ? check_window(rule, path, err) : status;
}

static void encode(const vk_rule *rule, vk_buf *out) {
    vk_abi_put_u64(out, rule->u.timestamp.valid_after);
    vk_abi_put_u64(out, rule->u.timestamp.valid_until);
}

static void describe(const vk_rule *rule, vk_buf *out) {
    uint64_t after = rule->u.timestamp.valid_after, until = rule->u.timestamp.valid_until;
    vk_buf_put_text(out, "Valid");
    if (after != 0) {
        vk_buf_put_text(out, " from ");
        vk_put_time(out, after);
    }
    if (until != 0) {
        vk_buf_put_text(out, " until ");
        vk_put_time(out, until);
    }
    vk_buf_put_text(out, after == 0 && until == 0 ? " at any time." : ".");
}

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    (void)state;
    out->valid_after = rule->u.timestamp.valid_after;
    out->valid_until = rule->u.timestamp.valid_until;
    vk_buf reason = {0};
    vk_put_time(&reason, what->request->now);
    vk_buf_put_text(&reason, " is within the window");
    vk_rule_allow_buf(out, &reason);
}

const vk_rule_type vk_rule_timestamp = {.kind = VK_RULE_TIMESTAMP,
                                        .name = "timestamp",
                                        .published = published,
                                        .parse = parse,
                                        .check = check,
                                        .encode = encode,
                                        .describe = describe,
                                        .evaluate = evaluate};
