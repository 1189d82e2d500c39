/* What an operation costs: fees and gas limits. */
#include "cli/send.h"

#include <string.h>

/* ---- Fees ---- */

vk_exit vk_send_ask_fees(vk_cli *cli, vk_sending *s) {
    vk_fees fees;
    vk_error err = {0};
    vk_status status = vk_bundler_fees(s->bundler, &fees, &err);
    bool by_node = status == VK_ERR_NOT_FOUND;
    if (by_node) {
        status = vk_node_fees(s->node, &fees, &err);
    }
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the fees", status, &err);
    }
    s->op.max_fee_per_gas = fees.max_fee_per_gas;
    s->op.max_priority_fee_per_gas = fees.max_priority_fee_per_gas;
    return vk_send_check_caps(cli, s, by_node ? VK_SERVER_NODE : VK_SERVER_BUNDLER);
}

/* ---- Gas ---- */

/* What a gas policy's check may cost above that of a sudo policy, installation included: measured
 * 38,000. */
#define GAS_POLICY_GAS 80000

static const vk_rule *gas_rule(const vk_sending *s) {
    if (s->as_owner) {
        return NULL;
    }
    for (size_t i = 0; i < s->key.policy.count; i++) {
        if (s->key.policy.rules[i].kind == VK_RULE_GAS) {
            return &s->key.policy.rules[i];
        }
    }
    return NULL;
}

static vk_exit find_sudo(vk_cli *cli, vk_sending *s, vk_buf *code) {
    static const char json[] = "[{\"type\":\"sudo\"}]";
    vk_policy sudo;
    vk_error err = {0};
    vk_status status = vk_policy_read(json, sizeof json - 1, &sudo, &err);
    if (status == VK_OK) {
        status = vk_node_code(s->node, &sudo.rules[0].address, code, &err);
        vk_policy_clear(&sudo);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for a policy's contract", status, &err);
}

/* Bundlers try with far more gas than is needed, for which a gas policy with a small budget says
 * no: then they know nothing of what verification costs. So one that says yes stands in for it. */
static vk_exit estimate_without_gas_policy(vk_cli *cli, vk_sending *s, const vk_rule *rule,
                                           vk_gas_estimate *gas) {
    const vk_u256 more = vk_u256_from_u64(GAS_POLICY_GAS);
    vk_buf code = {0};
    vk_error err = {0};
    vk_exit exit = find_sudo(cli, s, &code);
    if (exit == VK_EXIT_OK && code.len > 0) {
        const vk_code_override override = {.address = rule->address, .code = vk_buf_view(&code)};
        vk_status status =
            vk_bundler_estimate(s->bundler, &s->op, &s->grant->entry_point, &override, gas, &err);
        exit = status == VK_OK
                   ? VK_EXIT_OK
                   : vk_send_fail(cli, "the bundler cannot estimate the gas", status, &err);
    }
    vk_buf_clear(&code);
    return exit == VK_EXIT_OK && !vk_u256_is_zero(&gas->verification_gas_limit) &&
                   !vk_u256_add(&gas->verification_gas_limit, &more, &gas->verification_gas_limit)
               ? vk_cli_fail(cli, VK_EXIT_SERVER, "the bundler's estimate is no amount of gas")
               : exit;
}

static vk_exit ask_gas(vk_cli *cli, vk_sending *s, vk_gas_estimate *gas) {
    const vk_rule *rule = gas_rule(s);
    vk_error err = {0};
    vk_exit exit = VK_EXIT_OK;
    vk_status status =
        vk_bundler_estimate(s->bundler, &s->op, &s->grant->entry_point, NULL, gas, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "the bundler cannot estimate the gas", status, &err);
    }
    if (vk_u256_is_zero(&gas->verification_gas_limit) && rule != NULL) {
        exit = estimate_without_gas_policy(cli, s, rule, gas);
    }
    return exit == VK_EXIT_OK && vk_u256_is_zero(&gas->verification_gas_limit)
               ? vk_cli_fail(cli, VK_EXIT_SERVER, "%s does not say what verification costs",
                             vk_bundler_name(s->bundler))
               : exit;
}

/* thirdweb's account looks at a session's permissions only if the signature is of one, which a stub
 * is not: the window, and each call's target. */
#define THIRDWEB_GAS 40000
#define THIRDWEB_CALL_GAS 8000

static bool add_unseen(const vk_cli *cli, const vk_sending *s, vk_gas_estimate *gas) {
    const vk_u256 more =
        vk_u256_from_u64(THIRDWEB_GAS + THIRDWEB_CALL_GAS * cli->options.call_count);
    return s->grant->kind != VK_GRANT_THIRDWEB ||
           vk_u256_add(&gas->verification_gas_limit, &more, &gas->verification_gas_limit);
}

vk_exit vk_send_estimate(vk_cli *cli, vk_sending *s) {
    vk_gas_estimate gas = {.call_gas_limit = {{0}}};
    vk_exit exit = ask_gas(cli, s, &gas);
    if (exit == VK_EXIT_OK && !add_unseen(cli, s, &gas)) {
        exit = vk_cli_fail(cli, VK_EXIT_SERVER, "the bundler's estimate is no amount of gas");
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    s->op.pre_verification_gas = gas.pre_verification_gas;
    s->op.verification_gas_limit = gas.verification_gas_limit;
    s->op.call_gas_limit = gas.call_gas_limit;
    if (s->op.has_paymaster && !s->sponsoring.has_verification_gas_limit) {
        s->op.paymaster_verification_gas_limit = gas.paymaster_verification_gas_limit;
    }
    if (s->op.has_paymaster && !s->sponsoring.has_post_op_gas_limit) {
        s->op.paymaster_post_op_gas_limit = gas.paymaster_post_op_gas_limit;
    }
    return vk_send_check_caps(cli, s, VK_SERVER_BUNDLER);
}

/* ---- The whole ---- */

vk_exit vk_send_ask_terms(vk_cli *cli, vk_sending *s) {
    vk_exit exit = vk_send_ask_fees(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_put_stub(cli, s);
    }
    if (exit == VK_EXIT_OK && s->paymaster != NULL) {
        exit = vk_send_ask_sponsor(cli, s);
    }
    s->has_terms = exit == VK_EXIT_OK;
    return exit;
}

vk_exit vk_send_price(vk_cli *cli, vk_sending *s) {
    vk_exit exit = s->has_terms ? VK_EXIT_OK : vk_send_ask_terms(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_put_stub(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_estimate(cli, s);
    }
    return exit == VK_EXIT_OK && s->paymaster != NULL ? vk_send_sponsored(cli, s) : exit;
}
