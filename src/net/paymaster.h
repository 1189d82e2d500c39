/*
 * A paymaster's web service (ERC-7677). Failures are VK_ERR_SERVER, with its name, its code and its
 * words. Calls may be made again.
 *
 * Thread safety: one thread at a time uses a vk_paymaster.
 */
#ifndef VK_NET_PAYMASTER_H
#define VK_NET_PAYMASTER_H

#include "net/chain_config.h"
#include <valetkey/userop.h>

typedef struct vk_paymaster vk_paymaster;

/* Nothing is sent yet, and config is not needed any more. The config has a paymaster. */
VK_MUST_USE vk_status vk_paymaster_open(const vk_chain_config *config, vk_paymaster **out,
                                        vk_error *err);
void vk_paymaster_close(vk_paymaster *paymaster); /* NULL allowed */
const char *vk_paymaster_name(const vk_paymaster *paymaster);

/* What it puts into an operation. Of EntryPoint 0.6: paymaster_and_data alone. */
typedef struct vk_sponsoring {
    vk_buf paymaster_and_data; /* owned; 0.6 */
    vk_address paymaster;
    vk_buf paymaster_data; /* owned */
    bool has_verification_gas_limit, has_post_op_gas_limit;
    vk_u256 verification_gas_limit, post_op_gas_limit;
    bool is_final;    /* of stub data: the paymaster need not be asked again */
    char sponsor[64]; /* who pays, as it says; printable; "" if it does not */
} vk_sponsoring;
void vk_sponsoring_clear(vk_sponsoring *sponsoring);

/* pm_getPaymasterStubData: before gas is estimated. */
VK_MUST_USE vk_status vk_paymaster_stub_data(vk_paymaster *paymaster, const vk_userop *op,
                                             const vk_address *entry_point, vk_sponsoring *out,
                                             vk_error *err);
/* pm_getPaymasterData: of the operation as it will be signed, of which the answer changes the
 * paymaster's part only: one that has other fees is a failure. */
VK_MUST_USE vk_status vk_paymaster_data(vk_paymaster *paymaster, const vk_userop *op,
                                        const vk_address *entry_point, vk_sponsoring *out,
                                        vk_error *err);

#endif
