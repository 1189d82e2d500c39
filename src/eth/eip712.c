#include "eth/abi.h"
#include "eth/keccak.h"

#include <valetkey/eth.h>

#include <stdio.h>
#include <string.h>

vk_hash vk_eip191_text_hash(vk_bytes message) {
    char length[24];
    snprintf(length, sizeof length, "%zu", message.len);
    vk_keccak keccak = {0};
    vk_keccak_put_text(&keccak, "\x19"
                                "Ethereum Signed Message:\n");
    vk_keccak_put_text(&keccak, length);
    vk_keccak_put(&keccak, message.data, message.len);
    return vk_keccak_end(&keccak);
}

vk_hash vk_eip191_hash(const vk_hash *hash) {
    return vk_eip191_text_hash((vk_bytes){hash->b, sizeof hash->b});
}

vk_hash vk_eip712_digest(const vk_hash *domain_separator, const vk_hash *struct_hash) {
    uint8_t message[66] = {0x19, 0x01};
    memcpy(message + 2, domain_separator->b, 32);
    memcpy(message + 34, struct_hash->b, 32);
    return vk_keccak256((vk_bytes){message, sizeof message});
}

static vk_hash hash_text(const char *text) {
    return vk_keccak256((vk_bytes){(const uint8_t *)text, strlen(text)});
}

vk_hash vk_eip712_domain(const char *name, const char *version, uint64_t chain_id,
                         const vk_address *verifying_contract) {
    vk_hash type = hash_text("EIP712Domain(string name,string version,uint256 chainId,"
                             "address verifyingContract)");
    vk_hash name_hash = hash_text(name);
    vk_hash version_hash = hash_text(version);
    vk_u256 chain = vk_u256_from_u64(chain_id);
    uint8_t words[5 * VK_WORD] = {0};
    memcpy(words, type.b, 32);
    memcpy(words + 32, name_hash.b, 32);
    memcpy(words + 64, version_hash.b, 32);
    memcpy(words + 96, chain.be, 32);
    memcpy(words + 128 + 12, verifying_contract->b, 20);
    return vk_keccak256((vk_bytes){words, sizeof words});
}

vk_address vk_address_of_point(const uint8_t point65[65]) {
    vk_hash hash = vk_keccak256((vk_bytes){point65 + 1, 64});
    vk_address address;
    memcpy(address.b, hash.b + 12, sizeof address.b);
    return address;
}

vk_address vk_create2_address(const vk_address *deployer, const vk_hash *salt,
                              const vk_hash *init_code_hash) {
    uint8_t message[85] = {0xff};
    memcpy(message + 1, deployer->b, 20);
    memcpy(message + 21, salt->b, 32);
    memcpy(message + 53, init_code_hash->b, 32);
    vk_hash hash = vk_keccak256((vk_bytes){message, sizeof message});
    vk_address address;
    memcpy(address.b, hash.b + 12, sizeof address.b);
    return address;
}
