/* The members stand in the order in which viem writes them: by name, but eip7702Auth last. */
#include <valetkey/userop.h>

static void put_name(vk_buf *out, const char *name) {
    vk_buf_printf(out, ",\"%s\":", name);
}

static void put_number(vk_buf *out, const char *name, const vk_u256 *value) {
    char text[67];
    vk_u256_hex(value, text);
    put_name(out, name);
    vk_buf_printf(out, "\"%s\"", text);
}

static void put_address(vk_buf *out, const char *name, const vk_address *value) {
    char text[43];
    vk_address_text(value, text);
    put_name(out, name);
    vk_buf_printf(out, "\"%s\"", text);
}

static void put_bytes(vk_buf *out, const char *name, vk_bytes value) {
    put_name(out, name);
    vk_buf_put_byte(out, '"');
    vk_hex_put(out, value);
    vk_buf_put_byte(out, '"');
}

static void put_optional(vk_buf *out, const char *name, vk_bytes value, bool absent) {
    if (value.len > 0 || !absent) {
        put_bytes(out, name, value);
    }
}

static void put_factory(vk_buf *out, const vk_userop *op) {
    if (op->spelling.short_marker) {
        put_bytes(out, "factory", (vk_bytes){op->factory.b, 2});
    } else {
        put_address(out, "factory", &op->factory);
    }
    put_optional(out, "factoryData", op->factory_data, op->spelling.no_factory_data);
}

static void put_paymaster(vk_buf *out, const vk_userop *op) {
    put_address(out, "paymaster", &op->paymaster);
    put_optional(out, "paymasterData", op->paymaster_data, op->spelling.no_paymaster_data);
    put_number(out, "paymasterPostOpGasLimit", &op->paymaster_post_op_gas_limit);
    put_optional(out, "paymasterSignature", op->paymaster_signature, !op->has_paymaster_signature);
    put_number(out, "paymasterVerificationGasLimit", &op->paymaster_verification_gas_limit);
}

static void put_authorization(vk_buf *out, const vk_authorization *authorization) {
    static const uint8_t zeros[32];
    vk_u256 chain_id = vk_u256_from_u64(authorization->chain_id);
    vk_u256 nonce = vk_u256_from_u64(authorization->nonce);
    char address[43];
    vk_address_text(&authorization->address, address);
    put_name(out, "eip7702Auth");
    vk_buf_printf(out, "{\"address\":\"%s\"", address);
    put_number(out, "chainId", &chain_id);
    put_number(out, "nonce", &nonce);
    put_bytes(out, "r", (vk_bytes){authorization->r.be, 32});
    put_bytes(out, "s", (vk_bytes){authorization->s.be, 32});
    /* As viem writes it: 1 is one byte, 0 a whole word. It is the same number to any reader. */
    if (authorization->y_parity == 0) {
        put_bytes(out, "yParity", (vk_bytes){zeros, sizeof zeros});
    } else {
        put_bytes(out, "yParity", (vk_bytes){&authorization->y_parity, 1});
    }
    vk_buf_put_byte(out, '}');
}

static void put_members(vk_buf *out, const vk_userop *op) {
    const vk_userop_spelling *spelling = &op->spelling;
    bool joined = op->entry_point == VK_ENTRY_POINT_0_6;
    put_number(out, "callGasLimit", &op->call_gas_limit);
    if (joined) {
        put_optional(out, "initCode", op->init_code, spelling->no_init_code);
    } else if (op->has_factory) {
        put_factory(out, op);
    }
    put_number(out, "maxFeePerGas", &op->max_fee_per_gas);
    put_number(out, "maxPriorityFeePerGas", &op->max_priority_fee_per_gas);
    put_number(out, "nonce", &op->nonce);
    if (joined) {
        put_optional(out, "paymasterAndData", op->paymaster_and_data,
                     spelling->no_paymaster_and_data);
    } else if (op->has_paymaster) {
        put_paymaster(out, op);
    }
    put_number(out, "preVerificationGas", &op->pre_verification_gas);
    put_address(out, "sender", &op->sender);
    put_optional(out, "signature", op->signature, spelling->no_signature);
    put_number(out, "verificationGasLimit", &op->verification_gas_limit);
}

vk_status vk_userop_write_json(const vk_userop *op, vk_buf *out) {
    if (op->entry_point < VK_ENTRY_POINT_0_6 || op->entry_point > VK_ENTRY_POINT_0_9) {
        return VK_ERR_UNSUPPORTED;
    }
    vk_buf_put_text(out, "{\"callData\":\"");
    vk_hex_put(out, op->call_data);
    vk_buf_put_byte(out, '"');
    put_members(out, op);
    if (op->has_authorization) {
        put_authorization(out, &op->authorization);
    }
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}
