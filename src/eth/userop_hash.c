#include "eth/abi.h"
#include "eth/userop_pack.h"

#include <valetkey/eth.h>

#include <string.h>

void vk_userop_account_gas_limits(const vk_userop *op, uint8_t out32[32]) {
    memcpy(out32, op->verification_gas_limit.be + 16, 16);
    memcpy(out32 + 16, op->call_gas_limit.be + 16, 16);
}

void vk_userop_gas_fees(const vk_userop *op, uint8_t out32[32]) {
    memcpy(out32, op->max_priority_fee_per_gas.be + 16, 16);
    memcpy(out32 + 16, op->max_fee_per_gas.be + 16, 16);
}

void vk_userop_put_init_code(const vk_userop *op, vk_buf *out) {
    if (op->has_factory) {
        vk_buf_put(out, op->factory.b, sizeof op->factory.b);
        vk_buf_put(out, op->factory_data.data, op->factory_data.len);
    }
}

void vk_userop_put_paymaster_and_data(const vk_userop *op, vk_buf *out) {
    if (op->has_paymaster) {
        vk_buf_put(out, op->paymaster.b, sizeof op->paymaster.b);
        vk_buf_put(out, op->paymaster_verification_gas_limit.be + 16, 16);
        vk_buf_put(out, op->paymaster_post_op_gas_limit.be + 16, 16);
        vk_buf_put(out, op->paymaster_data.data, op->paymaster_data.len);
    }
}

bool vk_userop_fits_packed(const vk_userop *op) {
    return vk_u256_fits(&op->verification_gas_limit, 128) &&
           vk_u256_fits(&op->call_gas_limit, 128) && vk_u256_fits(&op->max_fee_per_gas, 128) &&
           vk_u256_fits(&op->max_priority_fee_per_gas, 128) &&
           vk_u256_fits(&op->paymaster_verification_gas_limit, 128) &&
           vk_u256_fits(&op->paymaster_post_op_gas_limit, 128);
}

static vk_status hash_parts(void (*put)(const vk_userop *, vk_buf *), const vk_userop *op,
                            uint8_t out32[32]) {
    vk_buf parts = {0};
    put(op, &parts);
    vk_status status = vk_buf_status(&parts);
    vk_hash hash = vk_keccak256(vk_buf_view(&parts));
    memcpy(out32, hash.b, sizeof hash.b);
    vk_buf_clear(&parts);
    return status;
}

/* The eight words that EntryPoint 0.7 hashes first. */
static vk_status put_inner(const vk_userop *op, uint8_t words[8][VK_WORD]) {
    memset(words, 0, 8 * VK_WORD);
    memcpy(words[0] + 12, op->sender.b, sizeof op->sender.b);
    memcpy(words[1], op->nonce.be, VK_WORD);
    vk_status status = hash_parts(vk_userop_put_init_code, op, words[2]);
    if (status != VK_OK) {
        return status;
    }
    vk_hash call_data = vk_keccak256(op->call_data);
    memcpy(words[3], call_data.b, VK_WORD);
    vk_userop_account_gas_limits(op, words[4]);
    memcpy(words[5], op->pre_verification_gas.be, VK_WORD);
    vk_userop_gas_fees(op, words[6]);
    return hash_parts(vk_userop_put_paymaster_and_data, op, words[7]);
}

/* The ten words that EntryPoint 0.6 hashes first. */
static void put_joined(const vk_userop *op, vk_buf *out) {
    vk_hash init_code = vk_keccak256(op->init_code);
    vk_hash call_data = vk_keccak256(op->call_data);
    vk_hash paymaster = vk_keccak256(op->paymaster_and_data);
    vk_abi_put_address(out, &op->sender);
    vk_abi_put_u256(out, &op->nonce);
    vk_buf_put(out, init_code.b, VK_WORD);
    vk_buf_put(out, call_data.b, VK_WORD);
    vk_abi_put_u256(out, &op->call_gas_limit);
    vk_abi_put_u256(out, &op->verification_gas_limit);
    vk_abi_put_u256(out, &op->pre_verification_gas);
    vk_abi_put_u256(out, &op->max_fee_per_gas);
    vk_abi_put_u256(out, &op->max_priority_fee_per_gas);
    vk_buf_put(out, paymaster.b, VK_WORD);
}

static vk_status hash_inner(const vk_userop *op, vk_hash *out) {
    vk_buf inner = {0};
    vk_status status = VK_OK;
    if (op->entry_point == VK_ENTRY_POINT_0_6) {
        put_joined(op, &inner);
    } else {
        uint8_t words[8][VK_WORD];
        status = put_inner(op, words);
        vk_buf_put(&inner, words, sizeof words);
    }
    status = status == VK_OK ? vk_buf_status(&inner) : status;
    *out = vk_keccak256(vk_buf_view(&inner));
    vk_buf_clear(&inner);
    return status;
}

vk_status vk_userop_hash(const vk_userop *op, uint64_t chain_id, const vk_address *entry_point,
                         vk_hash *out) {
    if (op->entry_point != VK_ENTRY_POINT_0_6 && op->entry_point != VK_ENTRY_POINT_0_7) {
        return VK_ERR_UNSUPPORTED;
    }
    if (op->entry_point != VK_ENTRY_POINT_0_6 && !vk_userop_fits_packed(op)) {
        return VK_ERR_RANGE;
    }
    vk_hash inner_hash;
    vk_status status = hash_inner(op, &inner_hash);
    if (status != VK_OK) {
        return status;
    }
    vk_u256 chain = vk_u256_from_u64(chain_id);
    uint8_t outer[3 * VK_WORD] = {0};
    memcpy(outer, inner_hash.b, VK_WORD);
    memcpy(outer + VK_WORD + 12, entry_point->b, sizeof entry_point->b);
    memcpy(outer + 2 * VK_WORD, chain.be, VK_WORD);
    *out = vk_keccak256((vk_bytes){outer, sizeof outer});
    return VK_OK;
}
