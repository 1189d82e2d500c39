#include "eth/userop_pack.h"

#include <string.h>

/* ---- initCode: factory20 || factoryData ---- */

const vk_address vk_eip7702_marker = {{0x77, 0x02}};

#define FACTORY_LEN 20
#define SHORT_MARKER_LEN 2

static void put_init_code(const vk_userop *op, vk_buf *out) {
    if (!op->has_factory) {
        return;
    }
    bool cut = op->spelling.short_marker && (op->factory_data.len == 0 || op->sdk);
    vk_buf_put(out, op->factory.b, cut ? SHORT_MARKER_LEN : FACTORY_LEN);
    vk_buf_put(out, op->factory_data.data, op->factory_data.len);
}

/* The contract pads what is shorter than a factory with zeros. */
static bool begins_with_marker(vk_bytes init_code) {
    size_t len = init_code.len < FACTORY_LEN ? init_code.len : FACTORY_LEN;
    return len >= SHORT_MARKER_LEN && memcmp(init_code.data, vk_eip7702_marker.b, len) == 0;
}

static bool has_marker(const vk_userop *op, vk_bytes init_code) {
    /* viem joins "0x7702" and the data, but still takes it for the marker. */
    return begins_with_marker(init_code) || (op->sdk && op->spelling.short_marker);
}

vk_status vk_userop_put_hashed_init_code(const vk_userop *op, vk_bytes init_code, vk_buf *out,
                                         vk_error *err) {
    if (!(vk_userop_knows_7702(op->entry_point) || op->sdk) || !has_marker(op, init_code)) {
        vk_buf_put(out, init_code.data, init_code.len);
        return VK_OK;
    }
    if (op->has_authorization) {
        size_t skip = op->has_factory               ? init_code.len - op->factory_data.len
                      : init_code.len < FACTORY_LEN ? init_code.len
                                                    : FACTORY_LEN;
        vk_buf_put(out, op->authorization.address.b, sizeof op->authorization.address.b);
        vk_buf_put(out, init_code.data + skip, init_code.len - skip);
        return VK_OK;
    }
    if (op->sdk) {
        vk_buf_put(out, vk_eip7702_marker.b, sizeof vk_eip7702_marker.b);
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_FORMAT, "authorization",
                   "the factory 0x7702 stands for the code that an EIP-7702 authorization sets, "
                   "but there is no authorization (eip7702Auth), so the operation has no hash");
}

static vk_status set_init_code(vk_userop *op, vk_bytes init_code, vk_error *err) {
    bool short_marker = vk_userop_knows_7702(op->entry_point) &&
                        init_code.len == SHORT_MARKER_LEN && begins_with_marker(init_code);
    if (init_code.len == 0) {
        return VK_OK;
    }
    if (init_code.len < FACTORY_LEN && !short_marker) {
        return vk_fail(err, VK_ERR_FORMAT, "initCode",
                       "initCode has %zu bytes, less than a factory", init_code.len);
    }
    op->has_factory = true;
    op->spelling.short_marker = short_marker;
    if (short_marker) {
        op->factory = vk_eip7702_marker;
        return VK_OK;
    }
    memcpy(op->factory.b, init_code.data, FACTORY_LEN);
    op->factory_data = (vk_bytes){init_code.data + FACTORY_LEN, init_code.len - FACTORY_LEN};
    return VK_OK;
}

/* ---- paymasterAndData ----
 *
 * paymaster20 || verificationGasLimit16 || postOpGasLimit16 || paymasterData
 * and for EntryPoint 0.9, if there is one, || signature || u16 length || magic8
 */

#define PAYMASTER_LEN 52
#define SUFFIX_LEN 10
#define MAGIC_LEN 8

/* K("PaymasterSignature") begins with these. */
static const uint8_t magic[MAGIC_LEN] = {0x22, 0xe3, 0x25, 0xa2, 0x97, 0x43, 0x96, 0x56};

static vk_status put_paymaster(const vk_userop *op, vk_buf *out, vk_error *err) {
    if (!op->has_paymaster) {
        return VK_OK;
    }
    vk_buf_put(out, op->paymaster.b, sizeof op->paymaster.b);
    vk_buf_put(out, op->paymaster_verification_gas_limit.be + 16, 16);
    vk_buf_put(out, op->paymaster_post_op_gas_limit.be + 16, 16);
    vk_buf_put(out, op->paymaster_data.data, op->paymaster_data.len);
    if (!op->has_paymaster_signature) {
        return VK_OK;
    }
    size_t len = op->paymaster_signature.len;
    if (len > UINT16_MAX) {
        return vk_fail(err, VK_ERR_RANGE, "paymasterSignature",
                       "\"paymasterSignature\" has %zu bytes, more than %d", len, UINT16_MAX);
    }
    vk_buf_put(out, op->paymaster_signature.data, len);
    vk_buf_put_byte(out, (uint8_t)(len >> 8));
    vk_buf_put_byte(out, (uint8_t)len);
    vk_buf_put(out, magic, MAGIC_LEN);
    return VK_OK;
}

/* Does the contract see the end of a signature here? Then *len is what it reads. */
static bool has_suffix(vk_entry_point version, vk_bytes data, size_t *len) {
    if (version != VK_ENTRY_POINT_0_9 || data.len < PAYMASTER_LEN + SUFFIX_LEN ||
        memcmp(data.data + data.len - MAGIC_LEN, magic, MAGIC_LEN) != 0) {
        return false;
    }
    const uint8_t *number = data.data + data.len - SUFFIX_LEN;
    *len = (size_t)number[0] << 8 | number[1];
    return true;
}

static vk_status check_suffix(vk_bytes data, size_t signature_len, const char *name,
                              vk_error *err) {
    size_t room = data.len - PAYMASTER_LEN - SUFFIX_LEN;
    if (signature_len <= room) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_FORMAT, name,
                   "\"%s\" ends like a paymaster's signature of %zu bytes, but there are only %zu, "
                   "which the EntryPoint refuses",
                   name, signature_len, room);
}

/*
 * Read out of the bytes that are sent, as the contract does: data that looks as if a signature
 * ended it is no less a signature to the contract when it was given as paymasterData.
 */
static vk_status put_hashed_paymaster(const vk_userop *op, vk_bytes sent, vk_buf *out,
                                      vk_error *err) {
    size_t signature_len = 0;
    bool suffix = has_suffix(op->entry_point, sent, &signature_len);
    vk_status status = VK_OK;
    if (op->sdk) {
        suffix = op->has_paymaster_signature;
        signature_len = op->paymaster_signature.len;
    } else if (suffix) {
        status = check_suffix(sent, signature_len, "paymasterData", err);
        suffix = signature_len > 0;
    }
    if (status == VK_OK) {
        size_t covered = suffix ? sent.len - signature_len - SUFFIX_LEN : sent.len;
        vk_buf_put(out, sent.data, covered);
        vk_buf_put(out, magic, suffix ? MAGIC_LEN : 0);
    }
    return status;
}

static vk_status set_paymaster(vk_userop *op, vk_bytes data, vk_error *err) {
    if (data.len == 0) {
        return VK_OK;
    }
    if (data.len < PAYMASTER_LEN) {
        return vk_fail(err, VK_ERR_FORMAT, "paymasterAndData",
                       "paymasterAndData has %zu bytes, less than the %d of a paymaster and its "
                       "gas limits",
                       data.len, PAYMASTER_LEN);
    }
    size_t signature_len = 0, end = data.len;
    op->has_paymaster_signature = has_suffix(op->entry_point, data, &signature_len);
    if (op->has_paymaster_signature) {
        vk_status status = check_suffix(data, signature_len, "paymasterAndData", err);
        if (status != VK_OK) {
            return status;
        }
        end -= SUFFIX_LEN + signature_len;
        op->paymaster_signature = (vk_bytes){data.data + end, signature_len};
    }
    op->has_paymaster = true;
    memcpy(op->paymaster.b, data.data, 20);
    op->paymaster_verification_gas_limit = vk_u256_from_be(data.data + 20, 16);
    op->paymaster_post_op_gas_limit = vk_u256_from_be(data.data + 36, 16);
    op->paymaster_data = (vk_bytes){data.data + PAYMASTER_LEN, end - PAYMASTER_LEN};
    return VK_OK;
}

/* ---- The whole ---- */

static vk_status check_number(const vk_u256 *value, const char *name, vk_error *err) {
    return vk_u256_fits(value, 128)
               ? VK_OK
               : vk_fail(err, VK_ERR_RANGE, name, "\"%s\" does not fit 128 bits", name);
}

static vk_status check_numbers(const vk_userop *op, vk_error *err) {
    const struct {
        const vk_u256 *value;
        const char *name;
    } numbers[] = {
        {&op->call_gas_limit, "callGasLimit"},
        {&op->verification_gas_limit, "verificationGasLimit"},
        {&op->max_fee_per_gas, "maxFeePerGas"},
        {&op->max_priority_fee_per_gas, "maxPriorityFeePerGas"},
        {&op->paymaster_verification_gas_limit, "paymasterVerificationGasLimit"},
        {&op->paymaster_post_op_gas_limit, "paymasterPostOpGasLimit"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        vk_status status = check_number(numbers[i].value, numbers[i].name, err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static vk_status check_packable(const vk_userop *op, vk_error *err) {
    if (op->entry_point < VK_ENTRY_POINT_0_7 || op->entry_point > VK_ENTRY_POINT_0_9) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "operations of EntryPoint %s have no packed form",
                       vk_entry_point_text(op->entry_point));
    }
    if (op->has_paymaster_signature && op->entry_point != VK_ENTRY_POINT_0_9) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "paymasterSignature",
                       "EntryPoint %s has no paymaster signatures, only 0.9 has",
                       vk_entry_point_text(op->entry_point));
    }
    return check_numbers(op, err);
}

/* Appends initCode and paymasterAndData; *split is where the second begins. */
static vk_status put_sent(const vk_userop *op, vk_buf *out, size_t *split, vk_error *err) {
    put_init_code(op, out);
    *split = out->len;
    vk_status status = put_paymaster(op, out, err);
    return status == VK_OK ? vk_buf_status(out) : status;
}

static vk_status put_hashed(const vk_userop *op, vk_buf *out, size_t *split, vk_error *err) {
    vk_buf sent = {0};
    size_t at = 0;
    vk_status status = put_sent(op, &sent, &at, err);
    if (status == VK_OK) {
        status = vk_userop_put_hashed_init_code(op, (vk_bytes){sent.data, at}, out, err);
        *split = out->len;
    }
    if (status == VK_OK && op->has_paymaster) {
        status = put_hashed_paymaster(op, (vk_bytes){sent.data + at, sent.len - at}, out, err);
    }
    vk_buf_clear(&sent);
    return status == VK_OK ? vk_buf_status(out) : status;
}

static void put_pair(uint8_t out32[32], const vk_u256 *high, const vk_u256 *low) {
    memcpy(out32, high->be + 16, 16);
    memcpy(out32 + 16, low->be + 16, 16);
}

vk_status vk_userop_pack(const vk_userop *op, vk_userop_purpose purpose, vk_userop_packed *out,
                         vk_buf *storage, vk_error *err) {
    vk_buf_clear(storage);
    size_t split = 0;
    vk_status status = check_packable(op, err);
    if (status == VK_OK) {
        status = purpose == VK_USEROP_TO_HASH ? put_hashed(op, storage, &split, err)
                                              : put_sent(op, storage, &split, err);
    }
    if (status != VK_OK) {
        return status;
    }
    vk_bytes both = vk_buf_view(storage);
    *out = (vk_userop_packed){.sender = op->sender,
                              .nonce = op->nonce,
                              .init_code = {both.data, split},
                              .call_data = op->call_data,
                              .pre_verification_gas = op->pre_verification_gas,
                              .signature = op->signature};
    if (both.len > split) {
        out->paymaster_and_data = (vk_bytes){both.data + split, both.len - split};
    }
    put_pair(out->account_gas_limits, &op->verification_gas_limit, &op->call_gas_limit);
    put_pair(out->gas_fees, &op->max_priority_fee_per_gas, &op->max_fee_per_gas);
    return VK_OK;
}

static void get_pair(const uint8_t pair32[32], vk_u256 *high, vk_u256 *low) {
    *high = vk_u256_from_be(pair32, 16);
    *low = vk_u256_from_be(pair32 + 16, 16);
}

vk_status vk_userop_unpack(const vk_userop_packed *packed, vk_entry_point version, vk_userop *out,
                           vk_error *err) {
    if (version < VK_ENTRY_POINT_0_7 || version > VK_ENTRY_POINT_0_9) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                       "operations of EntryPoint %s have no packed form",
                       vk_entry_point_text(version));
    }
    vk_userop op = {.entry_point = version,
                    .sender = packed->sender,
                    .nonce = packed->nonce,
                    .call_data = packed->call_data,
                    .pre_verification_gas = packed->pre_verification_gas,
                    .signature = packed->signature};
    vk_status status = set_init_code(&op, packed->init_code, err);
    if (status == VK_OK) {
        status = set_paymaster(&op, packed->paymaster_and_data, err);
    }
    get_pair(packed->account_gas_limits, &op.verification_gas_limit, &op.call_gas_limit);
    get_pair(packed->gas_fees, &op.max_priority_fee_per_gas, &op.max_fee_per_gas);
    if (status == VK_OK) {
        status = vk_userop_own(&op, err);
    }
    if (status == VK_OK) {
        *out = op;
    }
    return status;
}
