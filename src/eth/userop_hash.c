#include "eth/abi.h"
#include "eth/userop_pack.h"

#include <valetkey/eth.h>

#include <string.h>

static void put_hash_of(vk_buf *out, vk_bytes data) {
    vk_hash hash = vk_keccak256(data);
    vk_buf_put(out, hash.b, sizeof hash.b);
}

/* The ten words of EntryPoint 0.6; the hash covers the gas limits in another order than 0.7. */
static vk_status put_joined(const vk_userop *op, vk_buf *out) {
    vk_buf init_code = {0};
    vk_status status = vk_userop_put_hashed_init_code(op, op->init_code, &init_code, NULL);
    status = status == VK_OK ? vk_buf_status(&init_code) : status;
    vk_abi_put_address(out, &op->sender);
    vk_abi_put_u256(out, &op->nonce);
    put_hash_of(out, vk_buf_view(&init_code));
    put_hash_of(out, op->call_data);
    vk_abi_put_u256(out, &op->call_gas_limit);
    vk_abi_put_u256(out, &op->verification_gas_limit);
    vk_abi_put_u256(out, &op->pre_verification_gas);
    vk_abi_put_u256(out, &op->max_fee_per_gas);
    vk_abi_put_u256(out, &op->max_priority_fee_per_gas);
    put_hash_of(out, op->paymaster_and_data);
    vk_buf_clear(&init_code);
    return status;
}

/* The eight words of EntryPoint 0.7 on. */
static vk_status put_packed(const vk_userop *op, vk_buf *out) {
    vk_buf storage = {0};
    vk_userop_packed packed;
    vk_status status = vk_userop_pack(op, VK_USEROP_TO_HASH, &packed, &storage, NULL);
    if (status == VK_OK) {
        vk_abi_put_address(out, &packed.sender);
        vk_abi_put_u256(out, &packed.nonce);
        put_hash_of(out, packed.init_code);
        put_hash_of(out, packed.call_data);
        vk_buf_put(out, packed.account_gas_limits, sizeof packed.account_gas_limits);
        vk_abi_put_u256(out, &packed.pre_verification_gas);
        vk_buf_put(out, packed.gas_fees, sizeof packed.gas_fees);
        put_hash_of(out, packed.paymaster_and_data);
    }
    vk_buf_clear(&storage);
    return status;
}

/* EntryPoint 0.6 and 0.7: K(abi(inner, entryPoint, chainId)). */
static vk_hash bind_plain(const vk_hash *inner, uint64_t chain_id, const vk_address *entry_point) {
    vk_u256 chain = vk_u256_from_u64(chain_id);
    uint8_t words[3 * VK_WORD] = {0};
    memcpy(words, inner->b, VK_WORD);
    memcpy(words + VK_WORD + 12, entry_point->b, sizeof entry_point->b);
    memcpy(words + 2 * VK_WORD, chain.be, VK_WORD);
    return vk_keccak256((vk_bytes){words, sizeof words});
}

/* EntryPoint 0.8 on: EIP-712. */
static vk_hash bind_typed(const vk_hash *inner, uint64_t chain_id, const vk_address *entry_point) {
    vk_hash domain = vk_eip712_domain("ERC4337", "1", chain_id, entry_point);
    return vk_eip712_digest(&domain, inner);
}

/* K("PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,"
 *   "bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)")
 */
static const uint8_t type_hash[VK_WORD] = {
    0x29, 0xa0, 0xbc, 0xa4, 0xaf, 0x4b, 0xe3, 0x42, 0x13, 0x98, 0xda, 0x00, 0x29, 0x5e, 0x58, 0xe6,
    0xd7, 0xde, 0x38, 0xcb, 0x49, 0x22, 0x14, 0x75, 0x4c, 0xb6, 0xa4, 0x75, 0x07, 0xdd, 0x6f, 0x8e};

vk_status vk_userop_hash(const vk_userop *op, uint64_t chain_id, const vk_address *entry_point,
                         vk_hash *out) {
    bool typed = op->entry_point >= VK_ENTRY_POINT_0_8;
    vk_buf words = {0};
    vk_buf_put(&words, type_hash, typed ? sizeof type_hash : 0);
    vk_status status =
        op->entry_point == VK_ENTRY_POINT_0_6 ? put_joined(op, &words) : put_packed(op, &words);
    status = status == VK_OK ? vk_buf_status(&words) : status;
    if (status == VK_OK) {
        vk_hash inner = vk_keccak256(vk_buf_view(&words));
        *out = typed ? bind_typed(&inner, chain_id, entry_point)
                     : bind_plain(&inner, chain_id, entry_point);
    }
    vk_buf_clear(&words);
    return status;
}
