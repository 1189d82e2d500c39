/*
 * ERC-4337 UserOperation of EntryPoint 0.6, 0.7, 0.8 and 0.9: the JSON-RPC form, the packed form,
 * the hash, the calldata of handleOps, and when an operation is valid.
 * Source of the formats: eth-infinitism/account-abstraction, and viem for the JSON-RPC form.
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

/* What the values leave open in the JSON form. */
typedef struct vk_userop_spelling {
    /* These are left out where they are empty, instead of written as "0x". */
    bool no_init_code, no_factory_data, no_paymaster_and_data, no_paymaster_data, no_signature;
    /* The factory is "0x7702": without data, initCode is those two bytes too. */
    bool short_marker;
} vk_userop_spelling;

/*
 * One operation, unpacked. The byte members point into storage, or, when filled in by hand, to
 * memory of the caller. From EntryPoint 0.7 on, factory and paymaster are members of their own, and
 * the gas limits and the fees (all but preVerificationGas) fit 128 bits, as they are packed in
 * pairs. EntryPoint 0.6 has init_code and paymaster_and_data instead, and 256 bits everywhere.
 *
 * EIP-7702, EntryPoint 0.8 on: a factory of 0x7702 and 18 zero bytes is no contract but says that
 * the sender's code is set by an authorization. The hash then covers the authorization's address in
 * the factory's place. The contract takes it from the sender's code; here it has to be given, so
 * such an operation without an authorization has no hash (VK_ERR_FORMAT).
 *
 * The paymaster's signature, EntryPoint 0.9: the hash does not cover it, so that account and
 * paymaster can sign at the same time. It ends paymasterAndData, followed by its length (two bytes)
 * and 0x22e325a297439656.
 *
 * sdk: hash, pack and write as viem does where the contracts want something else. viem
 *   - hashes the bare marker of EIP-7702, without the factory's data, if there is no authorization;
 *   - replaces the marker for EntryPoint 0.6 and 0.7 too, whose contracts know of no EIP-7702;
 *   - joins a factory spelt "0x7702" and its data without the 18 zero bytes;
 *   - hashes an empty paymaster signature like any other, where the contract hashes all bytes.
 */
typedef struct vk_userop {
    vk_entry_point entry_point;
    vk_address sender;
    vk_u256 nonce;
    vk_bytes init_code; /* 0.6: factory20 || factoryData, or empty */
    bool has_factory;   /* 0.7 on, as all of factory and paymaster */
    vk_address factory;
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
    bool sdk; /* as viem: see above */
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
 * "factory" may be "0x7702" from EntryPoint 0.8 on. *out is untouched on failure.
 */
VK_API VK_MUST_USE vk_status vk_userop_read_json(vk_bytes json, vk_entry_point version,
                                                 vk_userop *out, vk_error *err);

/*
 * Reads a signing request: JSON when its first byte is '{', else
 * abi(uint256 chainId, address entryPoint, operation) in canonical encoding. The address says of
 * which version the operation is, and so its form; one that is not published is VK_ERR_UNSUPPORTED.
 * default_version is that of a bare operation.
 */
VK_API VK_MUST_USE vk_status vk_userop_read_request(vk_bytes request,
                                                    vk_entry_point default_version,
                                                    vk_userop_request *out, vk_error *err);

/* PackedUserOperation, EntryPoint 0.7 on. The byte members belong to somebody else. */
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

typedef enum vk_userop_purpose {
    VK_USEROP_TO_SEND, /* what handleOps takes */
    VK_USEROP_TO_HASH  /* what the hash covers (but for the signature) */
} vk_userop_purpose;

/*
 * Packs. init_code and paymaster_and_data of *out point into storage (cleared first; keep it as
 * long as *out), the other members into op. VK_ERR_RANGE: a number does not fit 128 bits, or the
 * paymaster's signature has more than 65535 bytes. VK_ERR_FORMAT: no authorization for the marker
 * of EIP-7702, or paymasterData that the contract would take for a bad signature.
 * VK_ERR_UNSUPPORTED: EntryPoint 0.6, where nothing is packed. err names the member.
 */
VK_API VK_MUST_USE vk_status vk_userop_pack(const vk_userop *op, vk_userop_purpose purpose,
                                            vk_userop_packed *out, vk_buf *storage, vk_error *err);

/* The other way, from what handleOps takes. Copies; out owns its memory. */
VK_API VK_MUST_USE vk_status vk_userop_unpack(const vk_userop_packed *packed,
                                              vk_entry_point version, vk_userop *out,
                                              vk_error *err);

/* Appends abi(uint256 chainId, address entryPoint, PackedUserOperation); the third is the
 * UserOperation of the contract for EntryPoint 0.6. Nothing is appended on failure. */
VK_API VK_MUST_USE vk_status vk_userop_write_abi(const vk_userop *op, uint64_t chain_id,
                                                 const vk_address *entry_point, vk_buf *out);
/* Reads that, at most VK_USEROP_MAX bytes. VK_ERR_FORMAT unless the encoding is canonical: writing
 * it again gives the same. */
VK_API VK_MUST_USE vk_status vk_userop_read_abi(vk_bytes abi, vk_entry_point version,
                                                vk_userop_request *out, vk_error *err);

/*
 * Appends the calldata of EntryPoint.handleOps(ops, beneficiary). All operations are of one
 * EntryPoint, else VK_ERR_MISMATCH. Nothing is appended on failure; err names ops[i].
 */
VK_API VK_MUST_USE vk_status vk_userop_write_handle_ops(const vk_userop *ops, size_t count,
                                                        const vk_address *beneficiary, vk_buf *out,
                                                        vk_error *err);

/* Appends the RPC form as JSON text, members in viem's order. */
VK_API VK_MUST_USE vk_status vk_userop_write_json(const vk_userop *op, vk_buf *out);

/* VK_ERR_RANGE and VK_ERR_FORMAT as of vk_userop_pack, which says why. */
VK_API VK_MUST_USE vk_status vk_userop_hash(const vk_userop *op, uint64_t chain_id,
                                            const vk_address *entry_point, vk_hash *out);

VK_API void vk_userop_clear(vk_userop *op);

/*
 * What an account or a paymaster answers to the EntryPoint: u48 validAfter || u48 validUntil ||
 * u160 result. The result is 0 (good), 1 (the signature is not), or the address of an aggregator.
 */
typedef struct vk_validation {
    uint64_t valid_after;
    uint64_t valid_until; /* 0: no end */
    vk_address result;
} vk_validation;

/* VK_ERR_RANGE if a bound does not fit 48 bits. */
VK_API VK_MUST_USE vk_status vk_validation_pack(const vk_validation *validation, vk_u256 *out);
VK_API vk_validation vk_validation_unpack(const vk_u256 *word);

/*
 * Does the EntryPoint accept an operation with these bounds in a block with this time and number?
 * The end is inclusive. The start is inclusive for 0.6 and 0.7, exclusive from 0.8 on. For 0.9,
 * both bounds are block numbers when both are greater than 2^47, which is then left out; a
 * valid_until of 0 is the largest number, so it is greater. False for bounds beyond 48 bits and for
 * VK_ENTRY_POINT_UNKNOWN.
 */
VK_API bool vk_entry_point_in_window(vk_entry_point version, uint64_t valid_after,
                                     uint64_t valid_until, uint64_t time, uint64_t block);

#ifdef __cplusplus
}
#endif
#endif
