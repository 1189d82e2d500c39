/* What admins and session keys sign, and the admins of older accounts. */
#include "eth/abi.h"
#include "eth/keccak.h"
#include "thirdweb/domain.h"

vk_status vk_thirdweb_set_admin(const vk_address *admin, bool is_admin, vk_buf *out) {
    static const uint8_t selector[4] = {0x4b, 0x0b, 0xdd, 0xd2};
    vk_buf_put(out, selector, sizeof selector);
    vk_abi_put_address(out, admin);
    vk_abi_put_u64(out, is_admin);
    return vk_buf_status(out);
}

vk_hash vk_thirdweb_userop_digest(const vk_hash *user_op_hash) {
    return vk_eip191_hash(user_op_hash);
}

/* message is `bytes`: abi(bytes32 hash), which is the hash itself. */
vk_hash vk_thirdweb_message_digest(uint64_t chain_id, const vk_address *account,
                                   const vk_hash *hash) {
    vk_hash message = vk_keccak256((vk_bytes){hash->b, sizeof hash->b});
    vk_keccak type = {0}, words = {0};
    vk_keccak_put_text(&type, "AccountMessage(bytes message)");
    vk_hash type_hash = vk_keccak_end(&type);
    vk_keccak_put_hash(&words, &type_hash);
    vk_keccak_put_hash(&words, &message);
    vk_hash structure = vk_keccak_end(&words);
    vk_hash domain = vk_thirdweb_domain(chain_id, account);
    return vk_eip712_digest(&domain, &structure);
}
