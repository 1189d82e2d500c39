/* Lint: rules on the same argument that say the same, or the opposite. */
#include "policy/lint.h"

#include <string.h>

static bool is_one_of(const vk_param_rule *rule, const vk_u256 *value) {
    for (size_t i = 0; i < rule->param_count; i++) {
        if (vk_u256_cmp(&rule->params[i], value) == 0) {
            return true;
        }
    }
    return false;
}

/* What the contract answers for a word; what is compared by a hash may be anything. */
static bool holds(const vk_param_rule *rule, const vk_u256 *value) {
    if (rule->condition == VK_COND_ONE_OF) {
        return is_one_of(rule, value);
    }
    if (rule->condition == VK_COND_SLICE_EQUAL || rule->param_count == 0) {
        return true;
    }
    int order = vk_u256_cmp(value, &rule->params[0]);
    const bool answers[] = {
        [VK_COND_EQUAL] = order == 0,         [VK_COND_GREATER] = order > 0,
        [VK_COND_LESS] = order < 0,           [VK_COND_GREATER_OR_EQUAL] = order >= 0,
        [VK_COND_LESS_OR_EQUAL] = order <= 0, [VK_COND_NOT_EQUAL] = order != 0};
    return rule->condition >= sizeof answers / sizeof answers[0] || answers[rule->condition];
}

/* The first rules of a permission; those on the argument at offset are asked. */
typedef struct rule_set {
    const vk_param_rule *rules;
    size_t count;
    uint64_t offset;
} rule_set;

static bool all_hold(const rule_set *set, const vk_u256 *value) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->rules[i].offset == set->offset && !holds(&set->rules[i], value)) {
            return false;
        }
    }
    return true;
}

/* A rule that lists the values it allows; NULL: none does. */
static const vk_param_rule *list_of_values(const rule_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        const vk_param_rule *rule = &set->rules[i];
        if (rule->offset == set->offset &&
            (rule->condition == VK_COND_EQUAL || rule->condition == VK_COND_ONE_OF)) {
            return rule;
        }
    }
    return NULL;
}

/* The smallest value above all lower limits. False: there is none. */
static bool lowest(const rule_set *set, vk_u256 *out) {
    vk_u256 one = vk_u256_from_u64(1);
    *out = vk_u256_from_u64(0);
    for (size_t i = 0; i < set->count; i++) {
        const vk_param_rule *rule = &set->rules[i];
        if (rule->offset != set->offset || rule->param_count == 0 ||
            (rule->condition != VK_COND_GREATER && rule->condition != VK_COND_GREATER_OR_EQUAL)) {
            continue;
        }
        vk_u256 from = rule->params[0];
        if (rule->condition == VK_COND_GREATER && !vk_u256_add(&from, &one, &from)) {
            return false;
        }
        *out = vk_u256_cmp(&from, out) > 0 ? from : *out;
    }
    return true;
}

/* From the lowest on, each rule can exclude at most one value of those below an upper limit. */
static bool can_hold(const rule_set *set) {
    const vk_param_rule *list = list_of_values(set);
    vk_u256 value, one = vk_u256_from_u64(1);
    for (size_t i = 0; list != NULL && i < list->param_count; i++) {
        if (all_hold(set, &list->params[i])) {
            return true;
        }
    }
    bool more = list == NULL && lowest(set, &value);
    for (size_t i = 0; more && i <= set->count; i++) {
        if (all_hold(set, &value)) {
            return true;
        }
        more = vk_u256_add(&value, &one, &value);
    }
    return false;
}

static bool same_rule(const vk_param_rule *a, const vk_param_rule *b) {
    return a->offset == b->offset && a->condition == b->condition &&
           a->param_count == b->param_count &&
           (a->param_count == 0 ||
            memcmp(a->params, b->params, a->param_count * sizeof *a->params) == 0);
}

/* The first rule that is the same as the one at index; index: none is. */
static size_t twin(const vk_param_rule *rules, size_t index) {
    size_t i = 0;
    while (i < index && !same_rule(&rules[i], &rules[index])) {
        i++;
    }
    return i;
}

void vk_lint_rule_pairs(vk_lint *lint, const vk_call_permission *permission, const vk_path *list) {
    for (size_t i = 1; i < permission->rule_count; i++) {
        const vk_param_rule *rule = &permission->rules[i];
        rule_set before = {permission->rules, i, rule->offset};
        rule_set with = {permission->rules, i + 1, rule->offset}, alone = {rule, 1, rule->offset};
        vk_path at = vk_path_index(list, i);
        size_t same = twin(permission->rules, i);
        if (same < i) {
            vk_lint_add(lint, VK_LINT_DUPLICATE_RULE, &at, NULL,
                        "this rule is the same as rule %zu, so one of them is not what was meant; "
                        "correct it, or leave it out",
                        same);
        } else if (can_hold(&before) && can_hold(&alone) && !can_hold(&with)) {
            vk_lint_add(lint, VK_LINT_RULES_CONTRADICT, &at, NULL,
                        "no value passes this rule and those before it on the same argument, so "
                        "the permission allows no call; a word is compared unsigned, and every "
                        "rule has to hold: for alternatives use condition 6 (one of)");
        }
    }
}
