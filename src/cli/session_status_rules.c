/* session status: what the rules of a permission have left, by the token's count and the chain's.
 */
#include "cli/session_status.h"

#include "cli/rule_left.h"
#include "net/chain_rules.h"
#include "policy/text.h"

#include <inttypes.h>
#include <time.h>

/* ---- The chain's count ---- */

/* As the contract will count the next operation, by the clock of this machine. */
static vk_rule_left left_of_window(const vk_rate_window *window) {
    bool open = (uint64_t)time(NULL) < window->end;
    return (vk_rule_left){.count = open ? window->left : window->count,
                          .window_end = open ? window->end : 0};
}

static vk_status ask_rule(vk_node *node, vk_rule_kind kind, const vk_chain_rule *of, bool *known,
                          vk_rule_left *out, vk_error *err) {
    vk_rate_left rate = {0};
    vk_rate_window window = {0};
    vk_status status;
    *out = (vk_rule_left){.count = 0};
    switch (kind) {
    case VK_RULE_GAS:
        return vk_node_gas_left(node, of, known, &out->gas, err);
    case VK_RULE_RATE_LIMIT:
        status = vk_node_rate_left(node, of, known, &rate, err);
        *out = (vk_rule_left){.count = rate.count, .has_next = rate.count > 0, .next = rate.next};
        return status;
    default:
        status = vk_node_rate_window(node, of, known, &window, err);
        *out = left_of_window(&window);
        return status;
    }
}

/* Of a permission that is not installed, the contract knows nothing. */
static vk_exit ask(vk_cli *cli, const vk_sending *s, const vk_rule *rule, bool *known,
                   vk_rule_left *out) {
    vk_chain_rule of = {.policy = rule->address, .account = s->grant->account.account};
    vk_error err = {0};
    *known = false;
    if (s->state.permission != VK_PERMISSION_INSTALLED) {
        return VK_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof of.permission_id; i++) {
        of.permission_id[i] = s->grant->account.permission_id[i];
    }
    vk_status status = ask_rule(s->node, rule->kind, &of, known, out, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask what a rule has left", status, &err);
}

/* ---- For people ---- */

static void put_when(vk_buf *out, const vk_rule_left *left) {
    if (left->has_next && left->next != 0) {
        vk_buf_put_text(out, ", the next from ");
        vk_put_time(out, left->next);
    } else if (left->window_end != 0) {
        vk_buf_put_text(out, " until ");
        vk_put_time(out, left->window_end);
    }
}

static void put_amount(vk_buf *out, const vk_rule *rule, const vk_rule_left *left) {
    if (rule->kind == VK_RULE_GAS) {
        char ether[82];
        vk_u256_scaled(&left->gas, 18, ether);
        vk_buf_put_text(out, ether);
    } else {
        vk_buf_printf(out, "%" PRIu64, left->count);
    }
}

static void put_all(vk_buf *out, const vk_rule *rule) {
    if (rule->kind == VK_RULE_GAS) {
        char ether[82];
        vk_u256_scaled(&rule->u.gas.allowed, 18, ether);
        vk_buf_printf(out, " of %s ether", ether);
    } else {
        vk_buf_printf(out, " of %" PRIu64, rule->u.rate.count);
    }
}

/* on_chain: NULL if it is not known. */
static void say_left(vk_out *out, const vk_rule *rule, const vk_rule_left *left,
                     const vk_rule_left *on_chain) {
    vk_buf text = {0};
    bool is_gas = rule->kind == VK_RULE_GAS;
    put_amount(&text, rule, left);
    put_all(&text, rule);
    vk_buf_put_text(&text, " by the token's count");
    put_when(&text, left);
    if (on_chain != NULL) {
        vk_buf_put_text(&text, "; ");
        put_amount(&text, rule, on_chain);
        vk_buf_printf(&text, "%s by the chain's", is_gas ? " ether" : "");
        put_when(&text, on_chain);
    } else {
        vk_buf_put_text(&text, "; not known by the chain's");
    }
    vk_say_field(out, is_gas ? "gas left" : "count left", "%.*s", (int)text.len,
                 (const char *)text.data);
    vk_buf_clear(&text);
}

/* ---- JSON ---- */

static void out_wei(vk_out *out, const char *name, const vk_u256 *wei) {
    char text[79];
    vk_u256_decimal(wei, text);
    vk_out_text(out, name, text);
}

static void out_left(vk_out *out, const vk_rule *rule, const vk_rule_left *left) {
    if (rule->kind == VK_RULE_GAS) {
        out_wei(out, "gasLeft", &left->gas);
        return;
    }
    vk_out_u64(out, "countLeft", left->count);
    if (left->has_next) {
        vk_out_u64(out, "nextTime", left->next);
    }
    if (left->window_end != 0) {
        vk_out_u64(out, "windowEnd", left->window_end);
    }
}

static void out_budget(vk_out *out, const vk_rule *rule, const vk_rule_left *left,
                       const vk_rule_left *on_chain) {
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "rule", vk_rule_name(rule->kind));
    if (rule->kind == VK_RULE_GAS) {
        out_wei(out, "gasAllowed", &rule->u.gas.allowed);
    } else {
        vk_out_u64(out, "count", rule->u.rate.count);
    }
    out_left(out, rule, left);
    if (on_chain != NULL) {
        vk_out_open(out, "onChain", '{');
        out_left(out, rule, on_chain);
        vk_out_close(out, '}');
    } else {
        vk_out_null(out, "onChain");
    }
    vk_out_close(out, '}');
}

/* ---- All rules ---- */

static vk_exit report_rule(vk_cli *cli, const vk_sending *s, const vk_rule *rule,
                           const vk_rule_state *counted) {
    const vk_rule_left left = vk_rule_left_of(rule, counted);
    vk_rule_left on_chain;
    bool known;
    vk_exit exit = ask(cli, s, rule, &known, &on_chain);
    if (exit == VK_EXIT_OK) {
        say_left(&cli->out, rule, &left, known ? &on_chain : NULL);
        out_budget(&cli->out, rule, &left, known ? &on_chain : NULL);
    }
    return exit;
}

vk_exit vk_session_status_rules(vk_cli *cli, const vk_sending *s, const vk_rule_state *counted) {
    const vk_policy *policy = &s->key.policy;
    vk_exit exit = VK_EXIT_OK;
    vk_out_open(&cli->out, "budgets", '[');
    for (size_t i = 0; i < policy->count && exit == VK_EXIT_OK; i++) {
        if (vk_rule_counts(&policy->rules[i])) {
            exit = report_rule(cli, s, &policy->rules[i], &counted[i]);
        }
    }
    vk_out_close(&cli->out, ']');
    return exit;
}
