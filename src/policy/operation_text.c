/* What an operation costs, its nonce, its window. */
#include "policy/operation_text.h"

#include <inttypes.h>
#include <string.h>

#define GWEI_DECIMALS 9

static bool add_limits(const vk_userop *op, vk_u256 *gas) {
    const vk_u256 *limits[] = {&op->verification_gas_limit, &op->call_gas_limit,
                               &op->paymaster_verification_gas_limit,
                               &op->paymaster_post_op_gas_limit};
    *gas = op->pre_verification_gas;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if ((i < 2 || op->has_paymaster) && !vk_u256_add(gas, limits[i], gas)) {
            return false;
        }
    }
    return true;
}

/* EntryPoint 0.6 also wants the gas of the paymaster's two calls, each at the verification limit.
 */
static bool add_paymaster_0_6(const vk_userop *op, vk_u256 *gas) {
    bool applies = op->entry_point == VK_ENTRY_POINT_0_6 && op->paymaster_and_data.len > 0;
    return !applies || (vk_u256_add(gas, &op->verification_gas_limit, gas) &&
                        vk_u256_add(gas, &op->verification_gas_limit, gas));
}

bool vk_operation_cost(const vk_userop *op, vk_u256 *gas, vk_u256 *cost) {
    return add_limits(op, gas) && add_paymaster_0_6(op, gas) &&
           vk_u256_mul(gas, &op->max_fee_per_gas, cost);
}

static bool leading_address(vk_bytes bytes, vk_address *out) {
    if (bytes.len < sizeof out->b) {
        return false;
    }
    memcpy(out->b, bytes.data, sizeof out->b);
    return true;
}

bool vk_operation_factory(const vk_userop *op, vk_address *out) {
    *out = op->factory;
    return op->has_factory || leading_address(op->init_code, out);
}

bool vk_operation_paymaster(const vk_userop *op, vk_address *out) {
    *out = op->paymaster;
    return op->has_paymaster || leading_address(op->paymaster_and_data, out);
}

static void put_paymaster(vk_buf *out, const vk_userop *op) {
    vk_address paymaster;
    bool has_paymaster = vk_operation_paymaster(op, &paymaster);
    vk_buf_put_text(out, has_paymaster ? ", paid by the paymaster " : ", no paymaster");
    if (has_paymaster) {
        vk_put_address(out, &paymaster);
    }
}

void vk_put_operation_gas(vk_buf *out, const vk_userop *op) {
    vk_u256 gas, cost;
    char gas_text[79], fee[82];
    if (vk_operation_cost(op, &gas, &cost)) {
        vk_u256_decimal(&gas, gas_text);
        vk_u256_scaled(&op->max_fee_per_gas, GWEI_DECIMALS, fee);
        vk_buf_put_text(out, "at most ");
        vk_put_ether(out, &cost);
        vk_buf_printf(out, " (%s gas at %s gwei)", gas_text, fee);
    } else {
        vk_buf_put_text(out, "costs more than fits 256 bits of wei");
    }
    put_paymaster(out, op);
}

static void put_kernel_nonce(vk_buf *out, const vk_u256 *value) {
    static const char *const modes[] = {"default mode", "enable mode"};
    vk_kernel_nonce nonce = vk_kernel_nonce_decode(value);
    if (nonce.mode <= VK_NONCE_ENABLE) {
        vk_buf_put_text(out, modes[nonce.mode]);
    } else {
        vk_buf_printf(out, "unknown mode %02x", nonce.mode);
    }
    if (nonce.type == VK_NONCE_PERMISSION) {
        vk_buf_put_text(out, ", permission ");
        vk_hex_put(out, (vk_bytes){nonce.permission_id, sizeof nonce.permission_id});
    } else if (nonce.type == VK_NONCE_ROOT) {
        vk_buf_put_text(out, ", root validator");
    } else {
        vk_buf_put_text(out, nonce.type == VK_NONCE_VALIDATOR ? ", validator " : ", unknown type ");
        vk_hex_put(out, (vk_bytes){nonce.identifier, sizeof nonce.identifier});
    }
    vk_buf_printf(out, ", lane %u, sequence %" PRIu64, (unsigned)nonce.custom, nonce.sequence);
}

void vk_put_plain_nonce(vk_buf *out, const vk_u256 *nonce) {
    char text[67];
    vk_kernel_nonce parts = vk_kernel_nonce_decode(nonce);
    vk_u256 key = vk_u256_from_be(nonce->be, sizeof nonce->be - 8);
    vk_u256_hex(&key, text);
    vk_buf_printf(out, "key %s, sequence %" PRIu64, text, parts.sequence);
}

void vk_put_operation_nonce(vk_buf *out, const vk_userop *op) {
    if (op->entry_point == VK_ENTRY_POINT_0_6) {
        vk_put_plain_nonce(out, &op->nonce);
    } else {
        put_kernel_nonce(out, &op->nonce);
    }
}

void vk_put_window(vk_buf *out, uint64_t after, uint64_t until) {
    if (after == 0 && until == 0) {
        vk_buf_put_text(out, "no limit");
        return;
    }
    vk_buf_put_text(out, after == 0 ? "until " : until == 0 ? "from " : "");
    if (after != 0) {
        vk_put_time(out, after);
        vk_buf_put_text(out, until == 0 ? "" : " to ");
    }
    if (until != 0) {
        vk_put_time(out, until);
    }
}
