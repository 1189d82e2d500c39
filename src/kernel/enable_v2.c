#include "eth/abi.h"

#include <valetkey/enable_v2.h>
#include <valetkey/eth.h>

#include <inttypes.h>
#include <string.h>

/* u48 || u48 || validator20: uint256 validatorData, and a part of the signature. */
#define VALIDATOR_DATA_LEN 32
#define TIME_LEN 6
#define MODE_LEN 4

static const char approved_type[] =
    "ValidatorApproved(bytes4 sig,uint256 validatorData,address executor,bytes enableData)";

static void put_mode(vk_v2_mode mode, vk_buf *out) {
    vk_buf_put_zeros(out, 3);
    vk_buf_put_byte(out, (uint8_t)mode);
}

vk_status vk_v2_signature(vk_v2_mode mode, vk_bytes validator_signature, vk_buf *out) {
    if (mode != VK_V2_ROOT && mode != VK_V2_PLUGIN) {
        return VK_ERR_ARGUMENT;
    }
    put_mode(mode, out);
    vk_buf_put(out, validator_signature.data, validator_signature.len);
    return vk_buf_status(out);
}

static vk_status check(const vk_enable_v2 *enable, vk_error *err) {
    if (enable->kernel < VK_KERNEL_0_2_2 || enable->kernel > VK_KERNEL_0_2_4) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion",
                       "Kernel %s has not this enable mode: 0.2.2, 0.2.3 and 0.2.4 have",
                       vk_kernel_text(enable->kernel));
    }
    bool late = enable->valid_after >> 48 != 0;
    if (late || enable->valid_until >> 48 != 0) {
        return vk_fail(err, VK_ERR_RANGE, late ? "validAfter" : "validUntil",
                       "a time of the window does not fit 48 bits");
    }
    return VK_OK;
}

static void write_time(uint64_t time, uint8_t out[TIME_LEN]) {
    vk_u256 number = vk_u256_from_u64(time);
    memcpy(out, number.be + sizeof number.be - TIME_LEN, TIME_LEN);
}

static void validator_data(const vk_enable_v2 *enable, uint8_t out[VALIDATOR_DATA_LEN]) {
    write_time(enable->sdk ? enable->valid_until : enable->valid_after, out);
    write_time(enable->sdk ? enable->valid_after : enable->valid_until, out + TIME_LEN);
    memcpy(out + 2 * TIME_LEN, enable->validator.b, sizeof enable->validator.b);
}

static void put_struct(const vk_enable_v2 *enable, vk_buf *out) {
    uint8_t data[VALIDATOR_DATA_LEN];
    vk_hash type =
        vk_keccak256((vk_bytes){(const uint8_t *)approved_type, sizeof approved_type - 1});
    vk_hash enable_data = vk_keccak256(enable->enable_data);
    validator_data(enable, data);
    vk_buf_put(out, type.b, sizeof type.b);
    vk_abi_put_fixed(out, enable->selector, sizeof enable->selector);
    vk_buf_put(out, data, sizeof data);
    vk_abi_put_address(out, &enable->executor);
    vk_buf_put(out, enable_data.b, sizeof enable_data.b);
}

vk_status vk_enable_v2_digest(const vk_enable_v2 *enable, vk_hash *out, vk_error *err) {
    vk_status status = check(enable, err);
    if (status != VK_OK) {
        return status;
    }
    vk_buf words = {0};
    put_struct(enable, &words);
    status = vk_buf_status(&words);
    if (status == VK_OK) {
        vk_hash content = vk_keccak256(vk_buf_view(&words));
        vk_hash domain = vk_eip712_domain("Kernel", vk_kernel_domain_version(enable->kernel),
                                          enable->chain_id, &enable->account);
        *out = vk_eip712_digest(&domain, &content);
    }
    vk_buf_clear(&words);
    return status;
}

static const char typed_data_types[] = "{\"types\":{\"EIP712Domain\":["
                                       "{\"name\":\"name\",\"type\":\"string\"},"
                                       "{\"name\":\"version\",\"type\":\"string\"},"
                                       "{\"name\":\"chainId\",\"type\":\"uint256\"},"
                                       "{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
                                       "\"ValidatorApproved\":["
                                       "{\"name\":\"sig\",\"type\":\"bytes4\"},"
                                       "{\"name\":\"validatorData\",\"type\":\"uint256\"},"
                                       "{\"name\":\"executor\",\"type\":\"address\"},"
                                       "{\"name\":\"enableData\",\"type\":\"bytes\"}]},"
                                       "\"primaryType\":\"ValidatorApproved\",";

static void put_message(const vk_enable_v2 *enable, vk_buf *out) {
    uint8_t data[VALIDATOR_DATA_LEN];
    char number[79], executor[43];
    validator_data(enable, data);
    vk_u256 value = vk_u256_from_be(data, sizeof data);
    vk_u256_decimal(&value, number);
    vk_address_text(&enable->executor, executor);
    vk_buf_put_text(out, "\"message\":{\"sig\":\"");
    vk_hex_put(out, (vk_bytes){enable->selector, sizeof enable->selector});
    vk_buf_printf(out, "\",\"validatorData\":\"%s\",\"executor\":\"%s\",\"enableData\":\"", number,
                  executor);
    vk_hex_put(out, enable->enable_data);
    vk_buf_put_text(out, "\"}}");
}

vk_status vk_enable_v2_typed_data(const vk_enable_v2 *enable, vk_buf *out, vk_error *err) {
    vk_status status = check(enable, err);
    if (status != VK_OK) {
        return status;
    }
    char account[43];
    vk_address_text(&enable->account, account);
    vk_buf_put_text(out, typed_data_types);
    vk_buf_printf(out,
                  "\"domain\":{\"name\":\"Kernel\",\"version\":\"%s\",\"chainId\":%" PRIu64
                  ",\"verifyingContract\":\"%s\"},",
                  vk_kernel_domain_version(enable->kernel), enable->chain_id, account);
    put_message(enable, out);
    return vk_buf_status(out);
}

static void put_sized(vk_buf *out, vk_bytes data) {
    vk_abi_put_u64(out, data.len);
    vk_buf_put(out, data.data, data.len);
}

vk_status vk_enable_v2_signature(const vk_enable_v2 *enable, vk_bytes approval,
                                 vk_bytes validator_signature, vk_buf *out, vk_error *err) {
    vk_status status = check(enable, err);
    if (status != VK_OK) {
        return status;
    }
    uint8_t data[VALIDATOR_DATA_LEN];
    validator_data(enable, data);
    put_mode(VK_V2_ENABLE, out);
    vk_buf_put(out, data, sizeof data);
    vk_buf_put(out, enable->executor.b, sizeof enable->executor.b);
    put_sized(out, enable->enable_data);
    put_sized(out, approval);
    vk_buf_put(out, validator_signature.data, validator_signature.len);
    return vk_buf_status(out);
}

size_t vk_enable_v2_signature_len(const vk_enable_v2 *enable, size_t approval_len,
                                  size_t validator_signature_len) {
    return MODE_LEN + VALIDATOR_DATA_LEN + sizeof enable->executor.b + VK_WORD +
           enable->enable_data.len + VK_WORD + approval_len + validator_signature_len;
}
