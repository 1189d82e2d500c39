/*
 * A session of a thirdweb account: whom its key may call, how much native value it may send with
 * each call, and when. It is a whole policy; thirdweb.c judges by it.
 */
#include "policy/rule.h"
#include "policy/text.h"

#include <valetkey/thirdweb_verdict.h>

#include <stdlib.h>
#include <string.h>

#define BITS_LIMIT 256
#define BITS_BOUND 128

/* ---- Reading ---- */

static vk_status fail_target(const vk_path *path, vk_error *err) {
    return vk_fail(err, VK_ERR_FORMAT, path->text,
                   "a target must be an address: \"0x\" and 40 hex digits, with the right checksum "
                   "if in mixed case");
}

static vk_status read_list(const cJSON *list, const vk_path *path, vk_address *targets,
                           vk_error *err) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vk_path element = vk_path_index(path, i);
        if (!cJSON_IsString(item) ||
            vk_address_read(item->valuestring, strlen(item->valuestring), &targets[i++]) != VK_OK) {
            return fail_target(&element, err);
        }
    }
    return VK_OK;
}

/* "*" is how thirdweb's package says the wildcard: exactly the zero address. */
static bool is_star(const cJSON *json) {
    const cJSON *targets = vk_json_get(json, "approvedTargets");
    return cJSON_IsString(targets) && strcmp(targets->valuestring, "*") == 0;
}

static vk_status read_targets(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    const cJSON *list = NULL;
    size_t count = 1;
    vk_path at = vk_path_member(path, "approvedTargets");
    bool star = is_star(json);
    vk_status status = star ? VK_OK
                            : vk_rule_list(json, "approvedTargets", path, VK_THIRDWEB_TARGETS_MAX,
                                           &list, &count, err);
    if (status != VK_OK) {
        return status;
    }
    out->u.thirdweb.targets = calloc(count + 1, sizeof *out->u.thirdweb.targets);
    if (out->u.thirdweb.targets == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, at.text, "out of memory");
    }
    out->u.thirdweb.count = count;
    return star ? VK_OK : read_list(list, &at, out->u.thirdweb.targets, err);
}

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",
                                        "approvedTargets",
                                        "nativeTokenLimitPerTransaction",
                                        "permissionStartTimestamp",
                                        "permissionEndTimestamp",
                                        NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = read_targets(json, path, out, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number(json, "nativeTokenLimitPerTransaction", path, BITS_LIMIT,
                                &out->u.thirdweb.native_limit, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number(json, "permissionStartTimestamp", path, BITS_BOUND,
                                &out->u.thirdweb.start, err);
    }
    /* Without an end the session would never be open. */
    return status == VK_OK ? vk_json_bigint(json, "permissionEndTimestamp", path, BITS_BOUND,
                                            &out->u.thirdweb.end, err)
                           : status;
}

/* ---- Checking ---- */

static vk_status check_window(const vk_rule *rule, const vk_path *path, vk_error *err) {
    const vk_u256 *start = &rule->u.thirdweb.start, *end = &rule->u.thirdweb.end;
    if (vk_u256_cmp(start, end) < 0) {
        return VK_OK;
    }
    char start_text[79], end_text[79];
    vk_path at = vk_path_member(path, "permissionEndTimestamp");
    vk_u256_decimal(start, start_text);
    vk_u256_decimal(end, end_text);
    return vk_fail(err, VK_ERR_POLICY, at.text,
                   "the session can never be open: it ends at %s, which is not after its start at "
                   "%s",
                   end_text, start_text);
}

static int compare_addresses(const void *a, const void *b) {
    return memcmp(a, b, sizeof(vk_address));
}

/* On the chain duplicates collapse: [0x0, 0x0] would be the wildcard. */
static vk_status check_duplicates(const vk_rule *rule, const vk_path *path, vk_error *err) {
    size_t count = rule->u.thirdweb.count;
    vk_address *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
    }
    memcpy(sorted, rule->u.thirdweb.targets, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_addresses);
    vk_status status = VK_OK;
    for (size_t i = 1; i < count && status == VK_OK; i++) {
        if (vk_address_equal(&sorted[i - 1], &sorted[i])) {
            char text[43];
            vk_address_text(&sorted[i], text);
            status = vk_fail(err, VK_ERR_POLICY, path->text, "%s is listed twice", text);
        }
    }
    free(sorted);
    return status;
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    vk_path targets = vk_path_member(path, "approvedTargets");
    if (rule->flag != 0) {
        vk_path at = vk_path_member(path, "policyFlag");
        return vk_fail(err, VK_ERR_POLICY, at.text, "a thirdweb session has no flag");
    }
    if (rule->u.thirdweb.count == 0) {
        return vk_fail(err, VK_ERR_POLICY, targets.text,
                       "a session without approved targets may do nothing");
    }
    vk_status status = check_window(rule, path, err);
    return status == VK_OK ? check_duplicates(rule, &targets, err) : status;
}

/* ---- In words ---- */

static void put_targets(const vk_rule *rule, vk_buf *out) {
    size_t count = rule->u.thirdweb.count;
    if (vk_thirdweb_is_wildcard(rule->u.thirdweb.targets, count)) {
        vk_buf_put_text(out, "any contract");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        vk_buf_put_text(out, i == 0 ? "" : i + 1 == count ? " and " : ", ");
        vk_put_contract(out, VK_ANY_CHAIN, &rule->u.thirdweb.targets[i]);
    }
}

static void put_limit(const vk_u256 *limit, vk_buf *out) {
    vk_u256 max;
    memset(max.be, 0xff, sizeof max.be);
    if (vk_u256_is_zero(limit)) {
        vk_buf_put_text(out, ", without native value");
    } else if (vk_u256_cmp(limit, &max) == 0) {
        vk_buf_put_text(out, ", with any amount of native value");
    } else {
        vk_buf_put_text(out, ", with at most ");
        vk_put_ether(out, limit);
        vk_buf_put_text(out, " of native value a call");
    }
}

static void describe(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, "Session of a thirdweb account: may call every function of ");
    put_targets(rule, out);
    put_limit(&rule->u.thirdweb.native_limit, out);
    vk_buf_put_text(out, ", from ");
    vk_put_any_time(out, &rule->u.thirdweb.start);
    vk_buf_put_text(out, " until before ");
    vk_put_any_time(out, &rule->u.thirdweb.end);
    vk_buf_put_text(out, ".");
}

/* ---- Verdicts of Kernel accounts, which know no such sessions ---- */

static const char elsewhere[] = "a thirdweb session is for thirdweb accounts, not for Kernel";

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    (void)rule;
    (void)what;
    (void)state;
    vk_rule_deny(out, "%s", elsewhere);
}

static void evaluate_message(const vk_rule *rule, const vk_message_request *request,
                             vk_rule_verdict *out) {
    (void)rule;
    (void)request;
    vk_rule_deny(out, "%s", elsewhere);
}

static void clear(vk_rule *rule) {
    free(rule->u.thirdweb.targets);
}

const vk_rule_type vk_rule_thirdweb = {.kind = VK_RULE_THIRDWEB,
                                       .name = "thirdweb",
                                       .parse = parse,
                                       .check = check,
                                       .describe = describe,
                                       .evaluate = evaluate,
                                       .evaluate_message = evaluate_message,
                                       .clear = clear};

bool vk_policy_is_thirdweb(const vk_policy *policy) {
    return policy->count == 1 && policy->rules[0].kind == VK_RULE_THIRDWEB;
}

vk_thirdweb_permission vk_thirdweb_permission_of_rule(const vk_rule *rule) {
    return (vk_thirdweb_permission){.target_count = rule->u.thirdweb.count,
                                    .targets = rule->u.thirdweb.targets,
                                    .native_limit = rule->u.thirdweb.native_limit,
                                    .start = rule->u.thirdweb.start,
                                    .end = rule->u.thirdweb.end};
}
