/* What an operation costs: fees, gas limits, and who pays. */
#include "cli/send.h"

#include <string.h>

/* ---- Fees ---- */

static vk_exit ask_fees(vk_cli *cli, vk_sending *s) {
    vk_fees fees;
    vk_error err = {0};
    vk_status status = vk_bundler_fees(s->bundler, &fees, &err);
    if (status == VK_ERR_NOT_FOUND) {
        status = vk_node_fees(s->node, &fees, &err);
    }
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the fees", status, &err);
    }
    s->op.max_fee_per_gas = fees.max_fee_per_gas;
    s->op.max_priority_fee_per_gas = fees.max_priority_fee_per_gas;
    return VK_EXIT_OK;
}

/* ---- Paymaster ---- */

static void put_sponsoring(vk_sending *s) {
    const vk_sponsoring *from = &s->sponsoring;
    if (s->op.entry_point == VK_ENTRY_POINT_0_6) {
        s->op.paymaster_and_data = vk_buf_view(&from->paymaster_and_data);
        return;
    }
    s->op.has_paymaster = true;
    s->op.paymaster = from->paymaster;
    s->op.paymaster_data = vk_buf_view(&from->paymaster_data);
    if (from->has_verification_gas_limit) {
        s->op.paymaster_verification_gas_limit = from->verification_gas_limit;
    }
    if (from->has_post_op_gas_limit) {
        s->op.paymaster_post_op_gas_limit = from->post_op_gas_limit;
    }
}

typedef vk_status (*paymaster_call)(vk_paymaster *paymaster, const vk_userop *op,
                                    const vk_address *entry_point, vk_sponsoring *out,
                                    vk_error *err);

static vk_exit ask_paymaster(vk_cli *cli, vk_sending *s, paymaster_call call) {
    vk_sponsoring answer = {.is_final = false};
    vk_error err = {0};
    vk_status status = call(s->paymaster, &s->op, &s->grant->entry_point, &answer, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "the paymaster does not pay", status, &err);
    }
    vk_sponsoring_clear(&s->sponsoring);
    s->sponsoring = answer;
    put_sponsoring(s);
    return VK_EXIT_OK;
}

/* Of the operation as it will be signed: what the paymaster signs is in it. It may not make it
 * cheaper to say no later. */
static vk_exit finish_paymaster(vk_cli *cli, vk_sending *s) {
    return s->paymaster == NULL || s->sponsoring.is_final
               ? VK_EXIT_OK
               : ask_paymaster(cli, s, vk_paymaster_data);
}

/* ---- Gas ---- */

static vk_exit estimate(vk_cli *cli, vk_sending *s) {
    vk_gas_estimate gas;
    vk_error err = {0};
    vk_status status = vk_bundler_estimate(s->bundler, &s->op, &s->grant->entry_point, &gas, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "the bundler cannot estimate the gas", status, &err);
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
    return VK_EXIT_OK;
}

vk_exit vk_send_price(vk_cli *cli, vk_sending *s) {
    vk_exit exit = ask_fees(cli, s);
    if (exit == VK_EXIT_OK) {
        exit = vk_send_put_stub(cli, s);
    }
    if (exit == VK_EXIT_OK && s->paymaster != NULL) {
        exit = ask_paymaster(cli, s, vk_paymaster_stub_data);
    }
    if (exit == VK_EXIT_OK) {
        exit = estimate(cli, s);
    }
    return exit == VK_EXIT_OK ? finish_paymaster(cli, s) : exit;
}
