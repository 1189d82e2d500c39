/*
 * ERC-4337 UserOperation: the JSON-RPC form, the ABI form, the hash.
 * Source of the formats: EntryPoint 0.7 (eth-infinitism/account-abstraction), viem's RPC form.
 *
 * EntryPoint 0.7 is the version handled; others are VK_ERR_UNSUPPORTED.
 */
#ifndef VALETKEY_USEROP_H
#define VALETKEY_USEROP_H

#include <valetkey/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_entry_point {
    VK_ENTRY_POINT_UNKNOWN = 0,
    VK_ENTRY_POINT_0_6,
    VK_ENTRY_POINT_0_7,
    VK_ENTRY_POINT_0_8,
    VK_ENTRY_POINT_0_9
} vk_entry_point;

/* The published address, zero for VK_ENTRY_POINT_UNKNOWN. */
VK_API vk_address vk_entry_point_address(vk_entry_point version);
VK_API vk_entry_point vk_entry_point_of_address(const vk_address *address);
VK_API const char *vk_entry_point_text(vk_entry_point version); /* "0.7" */
VK_API vk_entry_point vk_entry_point_read(const char *text);    /* "0.7"; UNKNOWN if none */

/* A whole operation is at most this many bytes of JSON or ABI; more is VK_ERR_SIZE. */
#define VK_USEROP_MAX ((size_t)1 << 20)

/* An EIP-7702 authorization: the sender's code becomes a pointer to address. */
typedef struct vk_authorization {
    vk_address address;
    uint64_t chain_id;
    uint64_t nonce;
    vk_u256 r, s; /* zero while unsigned */
    uint8_t y_parity;
} vk_authorization;

/* What the values leave open in the JSON form; only the writer of JSON looks at it. */
typedef struct vk_userop_spelling {
    /* These are left out where they are empty, instead of written as "0x". */
    bool no_init_code, no_factory_data, no_paymaster_and_data, no_paymaster_data, no_signature;
    bool short_marker; /* the factory is "0x7702", without the 18 zero bytes */
} vk_userop_spelling;

/*
 * One operation, unpacked. The byte members point into storage, or, when filled in by hand, to
 * memory of the caller. From EntryPoint 0.7 on, factory and paymaster are members of their own, and
 * the gas limits and the fees (all but preVerificationGas) fit 128 bits, as they are packed in
 * pairs. EntryPoint 0.6 has init_code and paymaster_and_data instead, and 256 bits everywhere.
 */
typedef struct vk_userop {
    vk_entry_point entry_point;
    vk_address sender;
    vk_u256 nonce;
    vk_bytes init_code; /* 0.6: factory20 || factoryData, or empty */
    bool has_factory;   /* 0.7 on, as all of factory and paymaster */
    vk_address factory; /* 0x7702 and 18 zero bytes: the marker of EIP-7702 */
    vk_bytes factory_data;
    vk_bytes call_data;
    vk_u256 call_gas_limit;
    vk_u256 verification_gas_limit;
    vk_u256 pre_verification_gas;
    vk_u256 max_fee_per_gas;          /* wei */
    vk_u256 max_priority_fee_per_gas; /* wei */
    vk_bytes paymaster_and_data;      /* 0.6: paymaster20 || data, or empty */
    bool has_paymaster;
    vk_address paymaster;
    vk_u256 paymaster_verification_gas_limit;
    vk_u256 paymaster_post_op_gas_limit;
    vk_bytes paymaster_data;
    bool has_paymaster_signature; /* 0.9 */
    vk_bytes paymaster_signature; /* not hashed */
    vk_bytes signature;           /* not hashed; empty when absent */
    bool has_authorization;
    vk_authorization authorization;
    vk_userop_spelling spelling;
    vk_buf storage;
} vk_userop;

/*
 * Where an operation is for. The JSON of a request is the bare operation, or
 * {"chainId":N,"entryPoint":"0x...","userOp":{...}}; has_* say which members were there.
 */
typedef struct vk_userop_request {
    bool has_chain_id;
    uint64_t chain_id;
    bool has_entry_point;
    vk_address entry_point;
    vk_userop op; /* owned: vk_userop_clear */
} vk_userop_request;

/*
 * Reads the JSON of one operation in RPC form. Names are exact; unknown, duplicate and missing
 * members are VK_ERR_FORMAT, a number beyond its Solidity type VK_ERR_RANGE, all with the path.
 * eip7702Auth and signature are allowed and not part of the hash. *out is untouched on failure.
 */
VK_API VK_MUST_USE vk_status vk_userop_read_json(vk_bytes json, vk_entry_point version,
                                                 vk_userop *out, vk_error *err);

/*
 * Reads a signing request: JSON when its first byte is '{', else
 * abi(uint256 chainId, address entryPoint, PackedUserOperation) in canonical encoding.
 * default_version is used for a bare operation. JSON for another EntryPoint than 0.7 is
 * VK_ERR_UNSUPPORTED, and err names both addresses.
 */
VK_API VK_MUST_USE vk_status vk_userop_read_request(vk_bytes request,
                                                    vk_entry_point default_version,
                                                    vk_userop_request *out, vk_error *err);

/* The packed members of EntryPoint 0.7 (PackedUserOperation), as bytes of the argument. */
typedef struct vk_userop_packed {
    vk_address sender;
    vk_u256 nonce;
    vk_bytes init_code;
    vk_bytes call_data;
    uint8_t account_gas_limits[32];
    vk_u256 pre_verification_gas;
    uint8_t gas_fees[32];
    vk_bytes paymaster_and_data;
    vk_bytes signature;
} vk_userop_packed;

/* Copies; out owns its memory. */
VK_API VK_MUST_USE vk_status vk_userop_unpack(const vk_userop_packed *packed, vk_userop *out,
                                              vk_error *err);

/* Appends abi(uint256 chainId, address entryPoint, PackedUserOperation). */
VK_API VK_MUST_USE vk_status vk_userop_write_abi(const vk_userop *op, uint64_t chain_id,
                                                 const vk_address *entry_point, vk_buf *out);

/* Appends the RPC form as JSON text, members in viem's order. */
VK_API VK_MUST_USE vk_status vk_userop_write_json(const vk_userop *op, vk_buf *out);

VK_API VK_MUST_USE vk_status vk_userop_hash(const vk_userop *op, uint64_t chain_id,
                                            const vk_address *entry_point, vk_hash *out);

VK_API void vk_userop_clear(vk_userop *op);

#ifdef __cplusplus
}
#endif
#endif
