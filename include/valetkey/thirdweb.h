/*
 * Smart accounts of thirdweb (Simple, Dynamic and Managed): permissions of session keys, admins,
 * calls, messages, addresses.
 * Sources: thirdweb-dev/contracts AccountPermissions.sol, prebuilts/account; thirdweb 5.121
 * (TypeScript).
 *
 * What is signed is a digest here; the signature of the chain is vk_ecdsa_sign over it, r || s ||
 * v. Times are seconds since 1970 unless a name ends in _ms; amounts are wei.
 *
 * Thread safety: functions touch only their arguments and constants.
 */
#ifndef VALETKEY_THIRDWEB_H
#define VALETKEY_THIRDWEB_H

#include <valetkey/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Requests: what an admin signs to change who may do what ---- */

/* The two forms of the request that accounts know. */
typedef enum vk_thirdweb_abi {
    VK_THIRDWEB_ABI_IS_ADMIN = 0, /* setPermissionsForSigner 0x5892e236 */
    VK_THIRDWEB_ABI_V1            /* accounts from before October 2023: 0x40053da6, no isAdmin;
                                     admins by setAdmin */
} vk_thirdweb_abi;

/* What a request is for. The chain takes any number above 1 as 2. */
#define VK_THIRDWEB_SET_PERMISSIONS 0
#define VK_THIRDWEB_ADD_ADMIN 1
#define VK_THIRDWEB_REMOVE_ADMIN 2

#define VK_THIRDWEB_TARGETS_MAX 4096

/*
 * SignerPermissionRequest. Permissions replace those that the signer has; the contract refuses them
 * for an admin. With is_admin 1 or 2 it looks at signer, uid and the request's window only: a
 * session's permissions survive its time as an admin.
 *
 * targets: whom the signer may call; duplicates count once. Exactly the zero address: anybody.
 * None: the signer may do nothing, which is how a session is removed; so an empty list is no error,
 * and grants nothing, whatever the other members say.
 *
 * The four times fit 128 bits. Both windows are start <= now < end. The bundler sees only the
 * lowest 48 bits of start and end.
 */
typedef struct vk_thirdweb_request {
    vk_address signer;
    uint8_t is_admin; /* VK_THIRDWEB_SET_PERMISSIONS, ...; 0 for VK_THIRDWEB_ABI_V1 */
    size_t target_count;
    const vk_address *targets; /* not owned */
    vk_u256 native_limit;      /* of one call, not of a batch */
    vk_u256 start;             /* of the permissions */
    vk_u256 end;
    vk_u256 request_start; /* when the request may be sent */
    vk_u256 request_end;
    vk_hash uid; /* single use */
} vk_thirdweb_request;

/*
 * thirdweb's own rule: a session key may not call any target, nor transfer any amount. What the
 * rule forbids is allowed by name only.
 */
#define VK_THIRDWEB_ANY_TARGET 1u /* the wildcard: exactly the zero address */
#define VK_THIRDWEB_ANY_AMOUNT 2u /* a limit of 2^256 - 1 */
/* No part of the rule: an is_admin above 2, which the chain takes like 2 but hashes as it is. */
#define VK_THIRDWEB_ANY_IS_ADMIN 4u

/* Are these targets the wildcard: nothing but the zero address, however often? */
VK_API bool vk_thirdweb_is_wildcard(const vk_address *targets, size_t count);

/* VK_ERR_POLICY: against the rule, and not in allowed; VK_ERR_RANGE, VK_ERR_SIZE: a number too
 * large. err names the member as the contract does ("nativeTokenLimitPerTransaction"). */
VK_API VK_MUST_USE vk_status vk_thirdweb_check(const vk_thirdweb_request *request,
                                               vk_thirdweb_abi abi, unsigned allowed,
                                               vk_error *err);

typedef struct vk_thirdweb_hashes {
    vk_hash domain_separator; /* {"Account", "1", chain, account} */
    vk_hash struct_hash;
    vk_hash digest; /* an admin signs this */
} vk_thirdweb_hashes;

/* Checks, and hashes. */
VK_API VK_MUST_USE vk_status vk_thirdweb_hash(const vk_thirdweb_request *request,
                                              vk_thirdweb_abi abi, uint64_t chain_id,
                                              const vk_address *account, unsigned allowed,
                                              vk_thirdweb_hashes *out, vk_error *err);
/* Appends the request as JSON, members named as in the contract: VK_THIRDWEB_ABI_IS_ADMIN. */
VK_API VK_MUST_USE vk_status vk_thirdweb_request_write(const vk_thirdweb_request *request,
                                                       vk_buf *out);
/* Appends what an admin signs as EIP-712 JSON (types, domain, primaryType, message), for wallets:
 * VK_THIRDWEB_ABI_IS_ADMIN. Nothing is checked. */
VK_API VK_MUST_USE vk_status vk_thirdweb_typed_data(const vk_thirdweb_request *request,
                                                    uint64_t chain_id, const vk_address *account,
                                                    vk_buf *out);
/* Checks, and appends the call of setPermissionsForSigner, which anybody may send to the account.
 */
VK_API VK_MUST_USE vk_status vk_thirdweb_set_permissions(const vk_thirdweb_request *request,
                                                         vk_thirdweb_abi abi, unsigned allowed,
                                                         const uint8_t signature65[65], vk_buf *out,
                                                         vk_error *err);
/* Appends the call setAdmin(address,bool) 0x4b0bddd2 of VK_THIRDWEB_ABI_V1, which an admin sends.
 * Present accounts have no such function. */
VK_API VK_MUST_USE vk_status vk_thirdweb_set_admin(const vk_address *admin, bool is_admin,
                                                   vk_buf *out);

/* ---- Asking the account ---- */

/* Append the call data of eth_call to the account. Accounts of either form know the first four, of
 * VK_THIRDWEB_ABI_IS_ADMIN the last one, too. */
VK_API void vk_thirdweb_ask_is_admin(const vk_address *who, vk_buf *out);       /* -> bool */
VK_API void vk_thirdweb_ask_is_active(const vk_address *signer, vk_buf *out);   /* -> bool */
VK_API void vk_thirdweb_ask_permissions(const vk_address *signer, vk_buf *out); /* -> session */
VK_API void vk_thirdweb_ask_admins(vk_buf *out);                                /* -> address[] */
/* verifySignerPermissionRequest: would the request be taken, its window aside? Checks it first. */
VK_API VK_MUST_USE vk_status vk_thirdweb_ask_request(const vk_thirdweb_request *request,
                                                     unsigned allowed,
                                                     const uint8_t signature65[65], vk_buf *out,
                                                     vk_error *err);

/* ---- What the account answers ---- */

/* The answers are exactly the ABI encoding; anything else is VK_ERR_FORMAT, more targets than
 * VK_THIRDWEB_TARGETS_MAX VK_ERR_SIZE. *out is untouched on failure. For a bool see
 * vk_manage_read_bool. */

/* What a signer may do: all zero if it was never told, or was told to do nothing. */
typedef struct vk_thirdweb_session {
    size_t target_count;
    vk_address *targets; /* owned */
    vk_u256 native_limit;
    vk_u256 start, end; /* start <= now < end */
} vk_thirdweb_session;
/* Of getPermissionsForSigner, which must be about signer. */
VK_API VK_MUST_USE vk_status vk_thirdweb_read_permissions(vk_bytes answer, const vk_address *signer,
                                                          vk_thirdweb_session *out, vk_error *err);
VK_API void vk_thirdweb_session_clear(vk_thirdweb_session *session);
/* How many there are. */
VK_API VK_MUST_USE vk_status vk_thirdweb_read_admins(vk_bytes answer, size_t *count, vk_error *err);
/* Whose signature it is, and whether he is an admin and the request was not carried out before. */
VK_API VK_MUST_USE vk_status vk_thirdweb_read_request(vk_bytes answer, bool *is_good,
                                                      vk_address *admin, vk_error *err);

/* ---- Requests as thirdweb's package makes them ---- */

/* The request may be sent from the beginning of time to now + this; so long lives a session of
 * which no end is given. */
#define VK_THIRDWEB_TEN_YEARS 315360000u

/* What addSessionKey takes. */
typedef struct vk_thirdweb_permissions {
    bool any_target; /* "*": targets are then not looked at */
    size_t target_count;
    const vk_address *targets;
    const char *limit_ether; /* decimal text, "0.1"; NULL: nothing may be transferred */
    uint64_t start_ms;       /* rounded down to seconds */
    bool has_end;
    uint64_t end_ms;
} vk_thirdweb_permissions;

/* The request of addSessionKey; its targets are those of permissions. VK_ERR_FORMAT or
 * VK_ERR_RANGE: limit_ether. Nothing is checked against thirdweb's rule yet. */
VK_API VK_MUST_USE vk_status vk_thirdweb_add_session(const vk_address *signer,
                                                     const vk_thirdweb_permissions *permissions,
                                                     uint64_t now, const vk_hash *uid,
                                                     vk_thirdweb_request *out, vk_error *err);
/* No targets, no amount, the window 0 to 0. The contract refuses it while the signer is an admin.
 */
VK_API vk_thirdweb_request vk_thirdweb_remove_session(const vk_address *signer, uint64_t now,
                                                      const vk_hash *uid);
VK_API vk_thirdweb_request vk_thirdweb_add_admin(const vk_address *admin, uint64_t now,
                                                 const vk_hash *uid);
/* Leaves the session permissions that the admin has or had: vk_thirdweb_remove_all takes both. */
VK_API vk_thirdweb_request vk_thirdweb_remove_admin(const vk_address *admin, uint64_t now,
                                                    const vk_hash *uid);
/* Both requests that leave a signer with nothing, to be sent in this order: removing the admin,
 * then the session. */
VK_API void vk_thirdweb_remove_all(const vk_address *signer, uint64_t now, const vk_hash uids[2],
                                   vk_thirdweb_request out[2]);

/* ---- Calls ---- */

/*
 * execute(address,uint256,bytes) 0xb61d27f6 or executeBatch(address[],uint256[],bytes[])
 * 0x47e1da2a. At most VK_CALLS_MAX calls.
 */
typedef struct vk_thirdweb_calls {
    bool batch; /* executeBatch; else there is one call */
    size_t count;
    vk_call *calls; /* owned after decoding; data then points into what was decoded */
    bool canonical; /* decoding: what was decoded is what encoding the calls gives */
} vk_thirdweb_calls;

/* Appends. VK_ERR_ARGUMENT: not one call, and no batch. canonical is not looked at. */
VK_API VK_MUST_USE vk_status vk_thirdweb_calls_encode(const vk_thirdweb_calls *calls, vk_buf *out);
/*
 * Reads as the contract's isValidSigner does. Of execute it looks at bytes 4 to 68 only; of
 * executeBatch it takes the values that have a target and ignores more of them. Where the bytes of
 * a call are missing or out of bounds its data is empty: the account would revert. VK_ERR_FORMAT:
 * another function, or isValidSigner would revert.
 */
VK_API VK_MUST_USE vk_status vk_thirdweb_calls_decode(vk_bytes call_data, vk_thirdweb_calls *out,
                                                      vk_error *err);
VK_API void vk_thirdweb_calls_clear(vk_thirdweb_calls *calls);

/* ---- Signatures ---- */

/* What admins and session keys sign of a UserOperation: the EIP-191 hash of its hash. */
VK_API vk_hash vk_thirdweb_userop_digest(const vk_hash *user_op_hash);
/* ERC-1271: what they sign (AccountMessage) so that isValidSignature(hash, signature) passes. A
 * session key passes only before a caller that it may call. */
VK_API vk_hash vk_thirdweb_message_digest(uint64_t chain_id, const vk_address *account,
                                          const vk_hash *hash);

/* ---- Accounts ---- */

/*
 * The address that factory gives the account of admin and data: an EIP-1167 clone of
 * implementation = factory.accountImplementation(). data is usually empty.
 */
VK_API VK_MUST_USE vk_status vk_thirdweb_account_address(const vk_address *factory,
                                                         const vk_address *implementation,
                                                         const vk_address *admin, vk_bytes data,
                                                         vk_address *out);
/* Appends the factory's call createAccount(address,bytes) 0xd8fd8f44. */
VK_API VK_MUST_USE vk_status vk_thirdweb_create_account(const vk_address *admin, vk_bytes data,
                                                        vk_buf *out);

#ifdef __cplusplus
}
#endif
#endif
