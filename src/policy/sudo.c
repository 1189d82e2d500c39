/* Sudo: allows everything. */
#include "policy/rule.h"

static const char published[] = "0x67b436caD8a6D025DF6C82C5BB43fbF11fC5B9B7";

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type", "policyAddress", "policyFlag", NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status != VK_OK) {
        return status;
    }
    return vk_rule_address(json, path, published, &out->address, err);
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    return vk_rule_check_address(rule, published, path, err);
}

static void encode(const vk_rule *rule, vk_buf *out) {
    (void)rule;
    (void)out;
}

static void describe(const vk_rule *rule, vk_buf *out) {
    (void)rule;
    vk_buf_put_text(out, "May do everything that the account can do.");
}

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    (void)rule;
    (void)what;
    (void)state;
    vk_rule_allow(out, "everything is allowed");
}

const vk_rule_type vk_rule_sudo = {.kind = VK_RULE_SUDO,
                                   .name = "sudo",
                                   .published = published,
                                   .parse = parse,
                                   .check = check,
                                   .encode = encode,
                                   .describe = describe,
                                   .evaluate = evaluate};
