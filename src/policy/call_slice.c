/*
 * The contract follows the offset in the call data without asking where it ends: it then reads what
 * else stands in the calldata of its own call, and zeros behind that.
 */
#include "policy/call_slice.h"

#include "eth/abi.h"

#include <valetkey/eth.h>

#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4
#define PARAMS 3 /* start, length, hash */
#define OPERATION_WORDS 9
#define ID_END (SELECTOR_LEN + VK_WORD)
/* More would cost the contract more gas than a block has. */
#define SLICE_MAX ((uint64_t)1 << 22)

/* ---- The usual case: all in the call's data ---- */

static bool bytes_at(vk_bytes data, uint64_t at, uint64_t len, vk_bytes *out) {
    if (at > data.len || len > data.len - at) {
        return false;
    }
    *out = (vk_bytes){data.data + at, (size_t)len};
    return true;
}

static bool number_at(vk_bytes data, uint64_t at, uint64_t *out) {
    vk_bytes word;
    if (!bytes_at(data, at, VK_WORD, &word)) {
        return false;
    }
    vk_u256 value = vk_u256_from_be(word.data, word.len);
    *out = vk_u256_low64(&value);
    return vk_u256_fits(&value, 64);
}

static bool find_inside(vk_bytes arguments, const vk_param_rule *rule, vk_bytes *out) {
    uint64_t offset, argument_len;
    vk_bytes argument;
    if (!vk_u256_fits(&rule->params[0], 64) || !vk_u256_fits(&rule->params[1], 64)) {
        return false;
    }
    return number_at(arguments, rule->offset, &offset) &&
           number_at(arguments, offset, &argument_len) &&
           bytes_at(arguments, offset + VK_WORD, argument_len, &argument) &&
           bytes_at(argument, vk_u256_low64(&rule->params[0]), vk_u256_low64(&rule->params[1]),
                    out);
}

static vk_slice_result compare(const vk_param_rule *rule, vk_bytes slice) {
    vk_hash hash = vk_keccak256(slice);
    return memcmp(hash.b, rule->params[2].be, sizeof hash.b) == 0 ? VK_SLICE_EQUAL
                                                                  : VK_SLICE_DIFFERENT;
}

/* ---- The calldata of checkUserOpPolicy(bytes32 id, PackedUserOperation userOp) ---- */

/* Only what stands behind the call data matters, and what stands before it if an offset leads
 * back. Selector and id are not known here; the policy's part of the signature is empty. */
static void put_operation(const vk_userop_packed *op, vk_buf *out, size_t *call_data_at) {
    size_t offset = OPERATION_WORDS * VK_WORD;
    vk_bytes parts[] = {op->init_code, op->call_data, op->paymaster_and_data, {NULL, 0}};
    size_t offsets[sizeof parts / sizeof parts[0]];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        offsets[i] = offset;
        offset += vk_abi_bytes_size(parts[i].len);
    }
    size_t start = out->len;
    vk_abi_put_address(out, &op->sender);
    vk_abi_put_u256(out, &op->nonce);
    vk_abi_put_u64(out, offsets[0]);
    vk_abi_put_u64(out, offsets[1]);
    vk_buf_put(out, op->account_gas_limits, sizeof op->account_gas_limits);
    vk_abi_put_u256(out, &op->pre_verification_gas);
    vk_buf_put(out, op->gas_fees, sizeof op->gas_fees);
    vk_abi_put_u64(out, offsets[2]);
    vk_abi_put_u64(out, offsets[3]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        vk_abi_put_bytes(out, parts[i]);
    }
    *call_data_at = start + offsets[1] + VK_WORD;
}

static vk_status put_calldata(const vk_userop *op, vk_buf *out, size_t *call_data_at) {
    static const uint8_t selector[SELECTOR_LEN] = {0};
    vk_userop_packed packed;
    vk_buf storage = {0};
    vk_status status = vk_userop_pack(op, VK_USEROP_TO_SEND, &packed, &storage, NULL);
    if (status == VK_OK) {
        vk_buf_put(out, selector, sizeof selector);
        vk_abi_put_u64(out, 0);
        vk_abi_put_u64(out, 2 * VK_WORD);
        put_operation(&packed, out, call_data_at);
        status = vk_buf_status(out);
    }
    vk_buf_clear(&storage);
    return status;
}

/* ---- Reading it as the EVM does ---- */

/* a + b modulo 2^256. */
static vk_u256 add_wrapping(const vk_u256 *a, uint64_t b) {
    vk_u256 addend = vk_u256_from_u64(b), sum;
    unsigned carry = 0;
    for (size_t i = sizeof sum.be; i-- > 0;) {
        unsigned digit = a->be[i] + addend.be[i] + carry;
        sum.be[i] = (uint8_t)digit;
        carry = digit >> 8;
    }
    return sum;
}

/* Zeros where there is no calldata. */
static void copy_padded(vk_bytes calldata, const vk_u256 *at, uint8_t *out, size_t len) {
    memset(out, 0, len);
    uint64_t from = vk_u256_low64(at);
    if (len == 0 || !vk_u256_fits(at, 64) || from >= calldata.len) {
        return;
    }
    size_t there = calldata.len - (size_t)from;
    memcpy(out, calldata.data + from, there < len ? there : len);
}

/* An offset that leads back so far would be followed to bytes that are not known here. The slice
 * itself stands behind its length. */
static bool is_unknown(const vk_u256 *at) {
    return vk_u256_fits(at, 64) && vk_u256_low64(at) < ID_END;
}

/* Is an argument of that length long enough for the slice? */
static bool is_in(const vk_param_rule *rule, const vk_u256 *argument_len) {
    vk_u256 needed;
    return vk_u256_add(&rule->params[0], &rule->params[1], &needed) &&
           vk_u256_cmp(argument_len, &needed) >= 0 && vk_u256_fits(&needed, 63) &&
           vk_u256_low64(&rule->params[1]) <= SLICE_MAX;
}

static vk_slice_result compare_at(const vk_param_rule *rule, vk_bytes calldata, const vk_u256 *at) {
    size_t len = (size_t)vk_u256_low64(&rule->params[1]);
    uint8_t *slice = malloc(len + 1);
    if (slice == NULL) {
        return VK_SLICE_FAILED;
    }
    copy_padded(calldata, at, slice, len);
    vk_slice_result result = compare(rule, (vk_bytes){slice, len});
    free(slice);
    return result;
}

static vk_slice_result follow(const vk_param_rule *rule, vk_bytes calldata, size_t arguments_at) {
    vk_u256 at = vk_u256_from_u64(arguments_at + rule->offset), offset, argument_len;
    copy_padded(calldata, &at, offset.be, sizeof offset.be);
    at = add_wrapping(&offset, arguments_at);
    copy_padded(calldata, &at, argument_len.be, sizeof argument_len.be);
    if (is_unknown(&at) || !is_in(rule, &argument_len)) {
        return VK_SLICE_TOO_SHORT;
    }
    at = add_wrapping(&at, VK_WORD + vk_u256_low64(&rule->params[0]));
    return compare_at(rule, calldata, &at);
}

static vk_slice_result follow_outside(const vk_param_rule *rule, vk_bytes data,
                                      const vk_userop *op) {
    vk_buf calldata = {0};
    size_t call_data_at = 0;
    vk_slice_result result = VK_SLICE_FAILED;
    if (put_calldata(op, &calldata, &call_data_at) == VK_OK) {
        size_t arguments_at =
            call_data_at + (size_t)(data.data - op->call_data.data) + SELECTOR_LEN;
        result = follow(rule, vk_buf_view(&calldata), arguments_at);
    }
    vk_buf_clear(&calldata);
    return result;
}

vk_slice_result vk_call_slice(const vk_param_rule *rule, vk_bytes data, const vk_userop *op,
                              bool *inside) {
    vk_bytes slice, arguments = {data.data + SELECTOR_LEN, data.len - SELECTOR_LEN};
    *inside = false;
    if (rule->param_count != PARAMS) {
        return VK_SLICE_TOO_SHORT;
    }
    *inside = find_inside(arguments, rule, &slice);
    return *inside ? compare(rule, slice) : follow_outside(rule, data, op);
}
