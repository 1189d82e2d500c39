/* Lint: the codes, the list of findings, and what the subjects share. */
#include "policy/lint.h"

#include "policy/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Codes ---- */

static const char *const codes[] = {
    [VK_LINT_MILLISECONDS] = "milliseconds",
    [VK_LINT_NO_EXPIRY] = "no-expiry",
    [VK_LINT_EXPIRED] = "expired",
    [VK_LINT_NEVER_OPEN] = "never-open",
    [VK_LINT_ZERO_COUNT] = "zero-count",
    [VK_LINT_RATE_BURST] = "rate-burst",
    [VK_LINT_NO_INTERVAL] = "no-interval",
    [VK_LINT_REFILL_NEVER_VALID] = "refill-never-valid",
    [VK_LINT_NO_GAS_LIMIT] = "no-gas-limit",
    [VK_LINT_UNLIMITED_GAS] = "unlimited-gas",
    [VK_LINT_ZERO_GAS] = "zero-gas",
    [VK_LINT_PAYMASTER_NOT_ENFORCED] = "paymaster-not-enforced",
    [VK_LINT_NO_CALL_LIMIT] = "no-call-limit",
    [VK_LINT_SUDO_NO_EFFECT] = "sudo-no-effect",
    [VK_LINT_CALL_RULES_INTERSECT] = "call-rules-intersect",
    [VK_LINT_SAME_CONTRACT_TWICE] = "same-contract-twice",
    [VK_LINT_RULE_SKIPPED] = "rule-skipped",
    [VK_LINT_OPERATIONS_OFF] = "operations-off",
    [VK_LINT_SIGNATURES_OPEN] = "signatures-open",
    [VK_LINT_SIGNATURES_OUTLIVE_EXPIRY] = "signatures-outlive-expiry",
    [VK_LINT_CALLER_TAKES_PERMITS] = "caller-takes-permits",
    [VK_LINT_NO_PERMISSIONS] = "no-permissions",
    [VK_LINT_ANY_TARGET] = "any-target",
    [VK_LINT_ZERO_TARGET] = "zero-target",
    [VK_LINT_ZERO_SELECTOR] = "zero-selector",
    [VK_LINT_BATCH_MULTIPLIES] = "batch-multiplies",
    [VK_LINT_UNLIMITED_VALUE] = "unlimited-value",
    [VK_LINT_NEVER_MATCHES] = "never-matches",
    [VK_LINT_DELEGATECALL] = "delegatecall",
    [VK_LINT_DELEGATECALL_MISREAD] = "delegatecall-misread",
    [VK_LINT_SHADOWED_PERMISSION] = "shadowed-permission",
    [VK_LINT_PRIVILEGED_TARGET] = "privileged-target",
    [VK_LINT_OPEN_APPROVAL] = "open-approval",
    [VK_LINT_OPEN_TRANSFER] = "open-transfer",
    [VK_LINT_OFFSET_UNALIGNED] = "offset-unaligned",
    [VK_LINT_OFFSET_BEYOND_ARGUMENTS] = "offset-beyond-arguments",
    [VK_LINT_VALUE_DOES_NOT_FIT] = "value-does-not-fit",
    [VK_LINT_ADDRESS_ORDER] = "address-order",
    [VK_LINT_SIGN_TRAP] = "sign-trap",
    [VK_LINT_RULE_NO_EFFECT] = "rule-no-effect",
    [VK_LINT_RULE_NEVER_HOLDS] = "rule-never-holds",
    [VK_LINT_RULES_CONTRADICT] = "rules-contradict",
    [VK_LINT_DUPLICATE_RULE] = "duplicate-rule",
    [VK_LINT_NO_TARGETS] = "no-targets",
    [VK_LINT_LONG_REQUEST] = "long-request",
    [VK_LINT_ADMIN] = "admin",
};
_Static_assert(sizeof codes / sizeof codes[0] == VK_LINT_CODES, "a text for every code");
_Static_assert(VK_LINT_CODES <= 64, "a bit for every code");

const char *vk_lint_code_text(vk_lint_code code) {
    return (size_t)code < VK_LINT_CODES ? codes[code] : NULL;
}

static bool find_code(const char *word, size_t len, uint64_t *bits) {
    for (size_t i = 0; i < VK_LINT_CODES; i++) {
        if (strlen(codes[i]) == len && memcmp(codes[i], word, len) == 0) {
            *bits |= VK_LINT_BIT(i);
            return true;
        }
    }
    return false;
}

vk_status vk_lint_codes_read(const char *text, uint64_t *out, vk_error *err) {
    static const char separators[] = ", \t";
    uint64_t bits = 0;
    while (*(text += strspn(text, separators)) != '\0') {
        size_t len = strcspn(text, separators);
        if (!find_code(text, len, &bits)) {
            return vk_fail(err, VK_ERR_FORMAT, NULL, "lint knows no code \"%.*s\"",
                           len < 40 ? (int)len : 40, text);
        }
        text += len;
    }
    *out = bits;
    return VK_OK;
}

bool vk_lint_level_read(const char *text, vk_lint_level *out) {
    static const char *const names[] = {
        [VK_LINT_WARN] = "warn", [VK_LINT_OFF] = "off", [VK_LINT_ERROR] = "error"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (vk_lint_level)i;
            return true;
        }
    }
    return false;
}

/* ---- Findings ---- */

/* Room doubles: it is full when the count is 0 or a power of 2. */
static vk_lint_finding *next_finding(vk_lint *lint) {
    vk_lint_findings *out = lint->out;
    if ((out->count & (out->count - 1)) == 0) {
        size_t room = out->count == 0 ? 1 : 2 * out->count;
        vk_lint_finding *list = realloc(out->list, room * sizeof *list);
        if (list == NULL) {
            lint->status = VK_ERR_MEMORY;
            return NULL;
        }
        out->list = list;
    }
    return &out->list[out->count++];
}

void vk_lint_add(vk_lint *lint, vk_lint_code code, const vk_path *path, const char *member,
                 const char *format, ...) {
    if (lint->status != VK_OK || (lint->context->allowed & VK_LINT_BIT(code)) != 0) {
        return;
    }
    if (lint->out->count == VK_LINT_FINDINGS_MAX) {
        lint->out->more++;
        return;
    }
    vk_lint_finding *finding = next_finding(lint);
    if (finding == NULL) {
        return;
    }
    vk_path at = member == NULL ? *path : vk_path_member(path, member);
    va_list args;
    va_start(args, format);
    finding->code = code;
    memcpy(finding->path, at.text, sizeof finding->path);
    vsnprintf(finding->message, sizeof finding->message, format, args);
    va_end(args);
}

void vk_lint_clear(vk_lint_findings *findings) {
    free(findings->list);
    *findings = (vk_lint_findings){0};
}

/* ---- Words ---- */

static vk_lint_words words_of(vk_buf *text) {
    vk_lint_words words = {"?"};
    if (vk_buf_status(text) == VK_OK) {
        snprintf(words.text, sizeof words.text, "%.*s", (int)text->len, (const char *)text->data);
    }
    vk_buf_clear(text);
    return words;
}

vk_lint_words vk_lint_time(uint64_t seconds) {
    vk_buf text = {0};
    vk_put_time(&text, seconds);
    return words_of(&text);
}

vk_lint_words vk_lint_ether(const vk_u256 *wei) {
    vk_buf text = {0};
    vk_put_ether(&text, wei);
    return words_of(&text);
}

vk_lint_words vk_lint_function_name(const uint8_t selector[4]) {
    const vk_lint_function *known = vk_lint_function_of(selector);
    vk_buf text = {0};
    if (known != NULL) {
        vk_buf_put(&text, known->signature, strcspn(known->signature, "("));
    } else {
        vk_put_function(&text, selector);
    }
    return words_of(&text);
}

/* ---- Rules ---- */

vk_path vk_lint_rule_path(size_t index) {
    vk_path list = vk_path_member(NULL, "policies");
    return vk_path_index(&list, index);
}

bool vk_lint_for_operations(const vk_rule *rule) {
    return (rule->flag & VK_FLAG_NOT_FOR_USER_OP) == 0;
}

bool vk_lint_for_signatures(const vk_rule *rule) {
    return (rule->flag & VK_FLAG_NOT_FOR_SIGNATURE) == 0;
}

bool vk_lint_has_rule(const vk_policy *policy, vk_rule_kind kind) {
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == kind && vk_lint_for_operations(&policy->rules[i])) {
            return true;
        }
    }
    return false;
}

static void look_at_rules(vk_lint *lint, const vk_policy *policy) {
    vk_lint_combination(lint, policy);
    vk_lint_times(lint, policy);
    vk_lint_rates(lint, policy);
    vk_lint_gas(lint, policy);
    vk_lint_calls(lint, policy);
    vk_lint_signatures(lint, policy);
}

vk_status vk_lint_policy(const vk_policy *policy, const vk_lint_context *context,
                         vk_lint_findings *out) {
    *out = (vk_lint_findings){0};
    vk_lint lint = {.context = context, .out = out};
    if (vk_policy_is_thirdweb(policy)) {
        vk_lint_session(&lint, &policy->rules[0], 0);
    } else {
        look_at_rules(&lint, policy);
    }
    if (lint.status != VK_OK) {
        vk_lint_clear(out);
    }
    return lint.status;
}
