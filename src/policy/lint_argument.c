/* Lint: rules on arguments. The contract compares raw words as unsigned numbers. */
#include "policy/lint.h"

#include "eth/abi.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

/* No call data is longer. */
#define OFFSET_MAX (UINT64_C(1) << 32)
#define SELECTOR_LEN 4

/* The rule that is looked at. */
typedef struct subject {
    const vk_param_rule *rule;
    const vk_lint_function *function; /* NULL: not known */
    vk_path path;
} subject;

static vk_u256 largest(void) {
    vk_u256 value;
    memset(value.be, 0xff, sizeof value.be);
    return value;
}

static bool is_largest(const vk_u256 *value) {
    vk_u256 max = largest();
    return vk_u256_cmp(value, &max) == 0;
}

static bool orders(const vk_param_rule *rule) {
    return rule->condition >= VK_COND_GREATER && rule->condition <= VK_COND_LESS_OR_EQUAL;
}

/* ---- Where it looks ---- */

static void look_at_offset(vk_lint *lint, const subject *s) {
    uint64_t offset = s->rule->offset, over = offset % VK_WORD;
    size_t words = s->function == NULL ? 0 : vk_lint_argument_words(s->function);
    if (over != 0) {
        vk_lint_add(lint, VK_LINT_OFFSET_UNALIGNED, &s->path, "offset",
                    "%" PRIu64 " is inside of an argument, so the rule compares parts of two; "
                    "arguments are at multiples of 32 behind the selector%s",
                    offset,
                    over == SELECTOR_LEN ? ", which is not counted: leave out its 4 bytes"
                                         : "; write the argument's number times 32");
    } else if (words != 0 && offset >= words * VK_WORD) {
        vk_lint_add(lint, VK_LINT_OFFSET_BEYOND_ARGUMENTS, &s->path, "offset",
                    "%" PRIu64 " is behind the %zu arguments of %s, where the caller can append "
                    "whatever passes: the rule limits nothing; write an offset from 0 to %zu",
                    offset, words, s->function->signature, (words - 1) * VK_WORD);
    }
}

/* ---- What it compares with ---- */

static unsigned bits_of(const char *type, size_t len) {
    if (len == 7 && memcmp(type, "address", len) == 0) {
        return 160;
    }
    if (len == 4 && memcmp(type, "bool", len) == 0) {
        return 1;
    }
    return len > 4 && memcmp(type, "uint", 4) == 0 ? (unsigned)strtoul(type + 4, NULL, 10) : 256;
}

/* An address at the left end of its word. */
static bool is_left_aligned(const vk_u256 *value) {
    static const uint8_t zeros[12];
    return memcmp(value->be + 20, zeros, sizeof zeros) == 0;
}

static void look_at_width(vk_lint *lint, const subject *s) {
    size_t len;
    const char *type = vk_lint_argument_type(s->function, s->rule->offset, &len);
    vk_path list = vk_path_member(&s->path, "params");
    if (type == NULL || s->rule->condition == VK_COND_SLICE_EQUAL || type[len - 1] == ']') {
        return;
    }
    unsigned bits = bits_of(type, len);
    for (size_t i = 0; i < s->rule->param_count; i++) {
        const vk_u256 *value = &s->rule->params[i];
        vk_path at = vk_path_index(&list, i);
        if (!vk_u256_fits(value, bits)) {
            vk_lint_add(
                lint, VK_LINT_VALUE_DOES_NOT_FIT, &at, NULL,
                "the argument is of type %.*s, which holds %u bits, but the value has more: "
                "no right call is equal to it; write %s",
                (int)len, type, bits,
                bits == 160 && is_left_aligned(value)
                    ? "the address at the right end, behind 24 zeros"
                    : "a value that fits, with zeros in front");
            return;
        }
    }
}

static void look_at_order(vk_lint *lint, const subject *s) {
    const vk_param_rule *rule = s->rule;
    if (vk_lint_is_address(s->function, rule->offset)) {
        if (orders(rule) || rule->condition == VK_COND_NOT_EQUAL) {
            vk_lint_add(lint, VK_LINT_ADDRESS_ORDER, &s->path, "condition",
                        "%s leaves every other address open, and some contracts ignore bits above "
                        "an address that the rule compares; list the addresses that are allowed: "
                        "condition 0 (equal) or 6 (one of)",
                        orders(rule) ? "an order among addresses means nothing: it"
                                     : "a list of what is not allowed");
        }
        return;
    }
    bool top_bit = rule->param_count == 1 && !vk_u256_fits(&rule->params[0], 255);
    if (orders(rule) && top_bit && s->function == NULL && !is_largest(&rule->params[0])) {
        vk_lint_add(lint, VK_LINT_SIGN_TRAP, &s->path, "params",
                    "the value has its highest bit set: if it is meant as a negative number, the "
                    "contract compares it as a huge one, above all positive ones; such a limit "
                    "cannot be written for signed arguments");
    }
}

/* ---- Whether it can matter ---- */

static bool holds_always(const vk_param_rule *rule) {
    const vk_u256 *value = &rule->params[0];
    if (rule->param_count == 0) {
        return false;
    }
    return (rule->condition == VK_COND_LESS_OR_EQUAL && is_largest(value)) ||
           (rule->condition == VK_COND_GREATER_OR_EQUAL && vk_u256_is_zero(value));
}

static bool holds_never(const vk_param_rule *rule) {
    if (rule->param_count == 0) {
        return true;
    }
    const vk_u256 *value = &rule->params[0];
    return (rule->condition == VK_COND_LESS && vk_u256_is_zero(value)) ||
           (rule->condition == VK_COND_GREATER && is_largest(value)) || rule->offset >= OFFSET_MAX;
}

/* params: start, length, hash. Nothing of a text is compared with the hash of nothing. */
static bool compares_nothing(const vk_param_rule *rule) {
    return rule->condition == VK_COND_SLICE_EQUAL && rule->param_count == 3 &&
           vk_u256_is_zero(&rule->params[1]);
}

static void look_at_effect(vk_lint *lint, const subject *s) {
    const vk_param_rule *rule = s->rule;
    vk_hash nothing = vk_keccak256((vk_bytes){NULL, 0});
    bool empty = compares_nothing(rule);
    bool same = empty && memcmp(rule->params[2].be, nothing.b, sizeof nothing.b) == 0;
    if (holds_always(rule) || same) {
        vk_lint_add(lint, VK_LINT_RULE_NO_EFFECT, &s->path, NULL,
                    "every value passes this rule, so it limits nothing; write the limit that is "
                    "meant, or leave the rule out");
    } else if (holds_never(rule) || empty) {
        vk_lint_add(lint, VK_LINT_RULE_NEVER_HOLDS, &s->path, NULL,
                    "no value passes this rule, so the permission allows no call; write the values "
                    "that are allowed, or leave the permission out");
    }
}

void vk_lint_arguments(vk_lint *lint, const vk_call_permission *permission, const vk_path *path) {
    vk_path list = vk_path_member(path, "rules");
    for (size_t i = 0; i < permission->rule_count; i++) {
        subject s = {&permission->rules[i], vk_lint_function_of(permission->selector),
                     vk_path_index(&list, i)};
        look_at_offset(lint, &s);
        look_at_width(lint, &s);
        look_at_order(lint, &s);
        look_at_effect(lint, &s);
    }
    vk_lint_rule_pairs(lint, permission, &list);
}
