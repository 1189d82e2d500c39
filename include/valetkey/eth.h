/*
 * Ethereum primitives: Keccak-256, EIP-191, EIP-712 domains, secp256k1 verification.
 *
 * Thread safety: functions touch only their arguments and a read-only libsecp256k1 context.
 */
#ifndef VALETKEY_ETH_H
#define VALETKEY_ETH_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keccak-256 with the original padding (not SHA3-256). */
VK_API vk_hash vk_keccak256(vk_bytes data);
/* SHA-256, through OpenSSL. */
VK_API VK_MUST_USE vk_status vk_sha256(vk_bytes data, vk_hash *out);

/* EIP-191 for a 32-byte raw message: K("\x19Ethereum Signed Message:\n32" || hash). */
VK_API vk_hash vk_eip191_hash(const vk_hash *hash);
/* EIP-191 for a message of any bytes: K("\x19Ethereum Signed Message:\n" || their number in decimal
 * || message). */
VK_API vk_hash vk_eip191_text_hash(vk_bytes message);

/* EIP-712: K(0x1901 || domainSeparator || structHash). */
VK_API vk_hash vk_eip712_digest(const vk_hash *domain_separator, const vk_hash *struct_hash);
/* A domain of exactly {name, version, chainId, verifyingContract}. */
VK_API vk_hash vk_eip712_domain(const char *name, const char *version, uint64_t chain_id,
                                const vk_address *verifying_contract);

/* The address of a public key: point65 = 0x04 || X || Y. */
VK_API vk_address vk_address_of_point(const uint8_t point65[65]);

/* address = low 20 bytes of K(0xff || deployer || salt || initCodeHash). */
VK_API vk_address vk_create2_address(const vk_address *deployer, const vk_hash *salt,
                                     const vk_hash *init_code_hash);

/*
 * Who signed? signature65 = r || s || v, v 27 or 28 (0 and 1 are refused, as the contracts do).
 * VK_ERR_SIGNATURE if nobody did.
 */
VK_API VK_MUST_USE vk_status vk_ecdsa_recover(const vk_hash *digest, const uint8_t signature65[65],
                                              vk_address *out);
/* Is s above half the order? Then the signature has a twin with another s. */
VK_API bool vk_ecdsa_s_is_high(const uint8_t s32[32]);
/*
 * Signs with an owner's private key that a program holds: r || s || v, low s, v 27 or 28, nonce by
 * RFC 6979 without extra entropy. VK_ERR_RANGE for a secret that is no private key. Session keys
 * belong on a token, which asks their policy first.
 */
VK_API VK_MUST_USE vk_status vk_ecdsa_sign(const uint8_t secret32[32], const vk_hash *digest,
                                           uint8_t signature65[65]);
/* The address of a private key. */
VK_API VK_MUST_USE vk_status vk_ecdsa_address(const uint8_t secret32[32], vk_address *out);
/* signature64 = r || s, any s. VK_ERR_SIGNATURE unless it verifies under point65. */
VK_API VK_MUST_USE vk_status vk_secp256k1_verify(const uint8_t point65[65], const vk_hash *digest,
                                                 const uint8_t signature64[64]);
/* VK_ERR_FORMAT unless point65 is 0x04 || X || Y on the curve. */
VK_API VK_MUST_USE vk_status vk_secp256k1_check_point(const uint8_t point65[65]);

#ifdef __cplusplus
}
#endif
#endif
