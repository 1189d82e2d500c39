/*
 * A bundler (ERC-7769): takes operations, and says what became of them. Failures are VK_ERR_SERVER,
 * with the bundler's name, its code and its words (see aa_error.h), if not said otherwise. Calls
 * are made again after an error of the network, but for vk_bundler_send.
 *
 * Thread safety: one thread at a time uses a vk_bundler.
 */
#ifndef VK_NET_BUNDLER_H
#define VK_NET_BUNDLER_H

#include "net/chain_config.h"
#include <valetkey/userop.h>

typedef struct vk_bundler vk_bundler;

/* Nothing is sent yet, and config is not needed any more. The config has a bundler. */
VK_MUST_USE vk_status vk_bundler_open(const vk_chain_config *config, vk_bundler **out,
                                      vk_error *err);
void vk_bundler_close(vk_bundler *bundler); /* NULL allowed */
/* "https://host" */
const char *vk_bundler_name(const vk_bundler *bundler);

VK_MUST_USE vk_status vk_bundler_chain_id(vk_bundler *bundler, uint64_t *out, vk_error *err);
/* eth_supportedEntryPoints */
VK_MUST_USE vk_status vk_bundler_supports(vk_bundler *bundler, const vk_address *entry_point,
                                          bool *out, vk_error *err);

/* eth_estimateUserOperationGas of an operation with a stub signature. What the bundler leaves out
 * is zero. One that gives zero for verification is asked once more, with fees of zero. */
typedef struct vk_gas_estimate {
    vk_u256 pre_verification_gas, verification_gas_limit, call_gas_limit;
    vk_u256 paymaster_verification_gas_limit, paymaster_post_op_gas_limit;
} vk_gas_estimate;
/* A contract that the bundler is to take for another while it estimates. */
typedef struct vk_code_override {
    vk_address address;
    vk_bytes code;
} vk_code_override;
/* override: NULL for none; not every bundler takes one. */
VK_MUST_USE vk_status vk_bundler_estimate(vk_bundler *bundler, const vk_userop *op,
                                          const vk_address *entry_point,
                                          const vk_code_override *override, vk_gas_estimate *out,
                                          vk_error *err);

typedef struct vk_fees {
    vk_u256 max_fee_per_gas, max_priority_fee_per_gas; /* wei */
} vk_fees;
/* What the bundler wants of an operation ("standard"), by the call that the config names.
 * VK_ERR_NOT_FOUND if it knows neither call, or the node is to be asked. */
VK_MUST_USE vk_status vk_bundler_fees(vk_bundler *bundler, vk_fees *out, vk_error *err);

/*
 * eth_sendUserOperation, once: what is lost on the way is not sent again. A bundler that has the
 * operation already refuses it ("Already known"). VK_ERR_MISMATCH if the bundler answers with
 * another hash than expected: it took another operation, or lies. *is_unknown says of a failure
 * that the bundler may have got it all the same (no answer came, or one that cannot be read, or a
 * server failed); then vk_bundler_receipt and vk_bundler_knows find out.
 */
VK_MUST_USE vk_status vk_bundler_send(vk_bundler *bundler, const vk_userop *op,
                                      const vk_address *entry_point, const vk_hash *expected,
                                      bool *is_unknown, vk_error *err);
/* eth_getUserOperationByHash, and where that tells nothing pimlico_getUserOperationStatus: does it
 * know the operation, waiting or included? Of a bundler that has neither for what waits (ERC-7769
 * wants the first), false says no more than that it is not included. */
VK_MUST_USE vk_status vk_bundler_knows(vk_bundler *bundler, const vk_hash *operation, bool *out,
                                       vk_error *err);

typedef struct vk_operation_receipt {
    vk_hash operation;
    vk_address sender;
    vk_u256 nonce;
    bool success; /* of its calls; it is included and paid for in any case */
    vk_u256 actual_gas_cost, actual_gas_used;
    vk_hash transaction;
    uint64_t block;
    char reason[256]; /* the revert data or text, if any; printable */
} vk_operation_receipt;
/* eth_getUserOperationReceipt; *found is false as long as it is not included. A receipt of another
 * operation or another sender is VK_ERR_SERVER. */
VK_MUST_USE vk_status vk_bundler_receipt(vk_bundler *bundler, const vk_hash *operation,
                                         const vk_address *sender, bool *found,
                                         vk_operation_receipt *out, vk_error *err);

#endif
