/*
 * EIP-712 typed data as wallets take it: the JSON of eth_signTypedData_v4 to the digest that is
 * signed. Sources: EIP-712; viem 2.47 hashTypedData.
 *
 * Thread safety: functions touch only their arguments.
 */
#ifndef VALETKEY_TYPED_DATA_H
#define VALETKEY_TYPED_DATA_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The JSON is at most this many bytes and 262144 values, 32 levels deep; more is VK_ERR_SIZE
 * (VK_ERR_FORMAT for the levels). */
#define VK_TYPED_DATA_MAX ((size_t)1 << 20)
/* At most this many struct types, with this many members each, and this many bytes of names in all
 * of them; more is VK_ERR_SIZE. */
#define VK_TYPED_STRUCTS_MAX 128
#define VK_TYPED_MEMBERS_MAX 256
#define VK_TYPED_NAMES_MAX ((size_t)64 << 10)

/*
 * digest = K(0x1901 || hashStruct(domain) || hashStruct(message)) of
 *
 *   {"types":{"Mail":[{"name":"to","type":"Person[]"},...],...},
 *    "domain":{...},"primaryType":"Mail","message":{...}}
 *
 * With primaryType "EIP712Domain" there is no message, and the digest is
 * K(0x1901 || hashStruct(domain)).
 *
 * Where types has no EIP712Domain, it is made of the members that domain has, out of name, version,
 * chainId, verifyingContract and salt. (viem leaves out an empty version and a chainId that is a
 * text; here what is in the domain is hashed.)
 *
 * Types: uint8 to uint256, int8 to int256 (uint and int are 256 bits), bytes1 to bytes32, bytes,
 * string, bool, address, structs, and arrays of all these, T[] or T[n], nested. A struct's name is
 * letters, digits, "_", "$" and ":".
 *
 * Values: an integer is a JSON integer of at most 2^53 - 1 either way, a decimal text, or a "0x"
 * text (never negative); bytes and bytesN are "0x" texts; an address of mixed case must have the
 * right EIP-55 checksum; null is allowed for a struct only, and gives 32 zero bytes, as in
 * eth_signTypedData_v4.
 *
 * Every member of domain, message and the structs in it must be one of its type: what a wallet
 * would leave out of the hash is VK_ERR_FORMAT here, as are a missing member, an unknown type, an
 * array of another length than its type has. VK_ERR_RANGE: an integer that does not fit its type.
 * err names the member by path ("message.to[0].wallet").
 */
VK_API VK_MUST_USE vk_status vk_typed_data_digest(vk_bytes json, vk_hash *out, vk_error *err);

/*
 * For whom typed data is: what its domain says. Only members of the types that EIP-712 gives them
 * count, chainId an integer and verifyingContract an address: in another type no contract hashes
 * them.
 */
typedef struct vk_typed_domain {
    bool has_chain_id;
    vk_u256 chain_id;
    bool has_verifying_contract;
    vk_address verifying_contract;
} vk_typed_domain;

/* The digest, and the domain it is of. */
VK_API VK_MUST_USE vk_status vk_typed_data_read(vk_bytes json, vk_hash *digest,
                                                vk_typed_domain *domain, vk_error *err);

#ifdef __cplusplus
}
#endif
#endif
