/* Gas: a budget in wei for all operations together, and perhaps one paymaster. */
#include "eth/abi.h"
#include "policy/rule.h"
#include "policy/text.h"

#include <string.h>

#define BITS_GAS 128

static const char published[] = "0xaeFC5AbC67FfD258abD0A3E54f65E70326F84b23";

static vk_status parse_paymaster(const cJSON *json, const vk_path *path, vk_rule *out,
                                 vk_error *err) {
    vk_status status = VK_OK;
    if (vk_json_get(json, "enforcePaymaster") != NULL) {
        status = vk_json_bool(json, "enforcePaymaster", path, &out->u.gas.enforce_paymaster, err);
    }
    if (status == VK_OK && vk_json_get(json, "allowedPaymaster") != NULL) {
        status =
            vk_json_address(json, "allowedPaymaster", path, &out->u.gas.allowed_paymaster, err);
    }
    return status;
}

static vk_status parse(const cJSON *json, const vk_path *path, vk_rule *out, vk_error *err) {
    static const char *const names[] = {"type",    "policyAddress",    "policyFlag",
                                        "allowed", "enforcePaymaster", "allowedPaymaster",
                                        NULL};
    vk_status status = vk_json_only(json, names, path, err);
    if (status == VK_OK) {
        status = vk_rule_address(json, path, published, &out->address, err);
    }
    if (status == VK_OK) {
        status = vk_rule_number(json, "allowed", path, BITS_GAS, &out->u.gas.allowed, err);
    }
    return status == VK_OK ? parse_paymaster(json, path, out, err) : status;
}

static vk_status check(const vk_rule *rule, const vk_path *path, vk_error *err) {
    return vk_rule_check_address(rule, published, path, err);
}

static void encode(const vk_rule *rule, vk_buf *out) {
    vk_abi_put_u256(out, &rule->u.gas.allowed);
    vk_abi_put_u64(out, rule->u.gas.enforce_paymaster ? 1 : 0);
    vk_abi_put_address(out, &rule->u.gas.allowed_paymaster);
}

/* The contract enforces nothing when told to enforce the zero address. */
static bool enforces(const vk_rule *rule) {
    return rule->u.gas.enforce_paymaster && !vk_address_is_zero(&rule->u.gas.allowed_paymaster);
}

static void describe(const vk_rule *rule, vk_buf *out) {
    vk_buf_put_text(out, "May spend at most ");
    vk_put_ether(out, &rule->u.gas.allowed);
    vk_buf_put_text(out, " on gas in all");
    if (enforces(rule)) {
        vk_buf_put_text(out, ", only with the paymaster ");
        vk_put_address(out, &rule->u.gas.allowed_paymaster);
    }
    vk_buf_put_text(out, ".");
}

/* False: there is none. Of EntryPoint 0.6 it is the beginning of paymasterAndData. */
static bool paymaster_of(const vk_userop *op, vk_address *out) {
    if (op->entry_point != VK_ENTRY_POINT_0_6) {
        *out = op->paymaster;
        return op->has_paymaster;
    }
    if (op->paymaster_and_data.len < sizeof out->b) {
        return false;
    }
    memcpy(out->b, op->paymaster_and_data.data, sizeof out->b);
    return true;
}

static bool paymaster_fits(const vk_rule *rule, const vk_userop *op, vk_rule_verdict *out) {
    const vk_address *allowed = &rule->u.gas.allowed_paymaster;
    vk_address paymaster;
    bool has_paymaster = paymaster_of(op, &paymaster);
    if (!enforces(rule) || (has_paymaster && vk_address_equal(&paymaster, allowed))) {
        return true;
    }
    vk_buf reason = {0};
    /* The contract slices the address out of data that is too short. */
    out->revert = has_paymaster ? NULL : VK_REVERT_EMPTY;
    if (has_paymaster) {
        vk_buf_put_text(&reason, "paymaster ");
        vk_put_address(&reason, &paymaster);
        vk_buf_put_text(&reason, " is not the allowed ");
    } else {
        vk_buf_put_text(&reason, "there is no paymaster, but the rule demands ");
    }
    vk_put_address(&reason, allowed);
    vk_rule_deny_buf(out, &reason);
    return false;
}

/* What operations with other nonces have spent: all but the charge of this nonce. */
static bool spent_elsewhere(const vk_rule_state *state, const vk_nonce_charge *charge,
                            vk_u256 *out) {
    if (!charge->present) {
        *out = state->spent;
        return true;
    }
    return vk_u256_sub(&state->spent, &charge->gas, out);
}

static void over_budget(const vk_u256 *cost, const vk_u256 *left, vk_rule_verdict *out) {
    vk_buf reason = {0};
    vk_buf_put_text(&reason, "gas may cost ");
    vk_put_ether(&reason, cost);
    vk_buf_put_text(&reason, ", over the remaining budget of ");
    vk_put_ether(&reason, left);
    vk_rule_deny_buf(out, &reason);
}

static void within_budget(const vk_u256 *cost, const vk_rule *rule, const vk_rule_state *state,
                          vk_rule_verdict *out) {
    vk_buf reason = {0};
    vk_buf_put_text(&reason, "gas costs at most ");
    vk_put_ether(&reason, cost);
    vk_buf_put_text(&reason, "; ");
    vk_put_ether(&reason, &state->spent);
    vk_buf_put_text(&reason, " of ");
    vk_put_ether(&reason, &rule->u.gas.allowed);
    vk_buf_put_text(&reason, " is then spent");
    vk_rule_allow_buf(out, &reason);
}

/* Moves the budget; deny in words if it does not suffice. */
static void charge_budget(const vk_rule *rule, const vk_evaluation *what, const vk_u256 *cost,
                          vk_rule_state *state, vk_rule_verdict *out) {
    const vk_nonce_charge *charge = &what->request->charge;
    vk_u256 others, left, spent;
    if (!spent_elsewhere(state, charge, &others)) {
        vk_rule_deny(out, "the record says that less was spent in all than for this nonce alone");
        return;
    }
    if (!vk_u256_sub(&rule->u.gas.allowed, &others, &left)) {
        left = vk_u256_from_u64(0);
    }
    if (vk_u256_cmp(cost, &left) > 0) {
        over_budget(cost, &left, out);
        return;
    }
    bool dearer = !charge->present || vk_u256_cmp(cost, &charge->gas) > 0;
    if (!vk_u256_add(&others, dearer ? cost : &charge->gas, &spent)) {
        vk_rule_deny(out, "what was spent in all does not fit 256 bits");
        return;
    }
    state->spent = spent;
    within_budget(cost, rule, state, out);
}

/* The contract counts the low 128 bits of the product only. */
static vk_u256 counted(const vk_u256 *cost) {
    vk_u256 low = {{0}};
    memcpy(low.be + sizeof low.be / 2, cost->be + sizeof cost->be / 2, sizeof low.be / 2);
    return low;
}

static void evaluate(const vk_rule *rule, const vk_evaluation *what, vk_rule_state *state,
                     vk_rule_verdict *out) {
    if (!what->cost_fits) {
        vk_rule_revert(out, VK_REVERT_OVERFLOW,
                       "the gas limits times maxFeePerGas do not fit 256 bits");
    } else if (paymaster_fits(rule, what->request->op, out)) {
        vk_u256 cost = counted(&what->cost);
        charge_budget(rule, what, &cost, state, out);
    }
}

/* A record that says less was spent in all than for this nonce alone stays what it is. */
static void give_back(const vk_rule *rule, const vk_nonce_charge *charge, vk_rule_state *state) {
    (void)rule;
    vk_u256 others;
    if (spent_elsewhere(state, charge, &others)) {
        state->spent = others;
    }
}

const vk_rule_type vk_rule_gas = {.kind = VK_RULE_GAS,
                                  .name = "gas",
                                  .published = published,
                                  .stateful = true,
                                  .parse = parse,
                                  .check = check,
                                  .encode = encode,
                                  .describe = describe,
                                  .evaluate = evaluate,
                                  .give_back = give_back};
