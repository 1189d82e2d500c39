/*
 * Factory data, by what it calls. The account in here need not be one that can be deployed: readers
 * fill in what they found, and write it again to see whether it was canonical.
 */
#ifndef VK_KERNEL_ACCOUNT_DATA_H
#define VK_KERNEL_ACCOUNT_DATA_H

#include <valetkey/account.h>

#define VK_SELECTOR_LEN 4
/* The first byte of rootId. */
#define VK_ROOT_ID_VALIDATOR 0x01
#define VK_ROOT_ID_PERMISSION 0x02

typedef enum vk_factory_call {
    VK_FACTORY_V1,    /* createAccount(address owner, uint256 index) */
    VK_FACTORY_0_0_2, /* createAccount(address validator, bytes enableData, uint256 index) */
    VK_FACTORY_V2,    /* createAccount(address implementation, bytes init, uint256 index) */
    VK_FACTORY_V3,    /* createAccount(bytes init, bytes32 index) */
    VK_FACTORY_META   /* deployWithFactory(address factory, bytes init, bytes32 index) */
} vk_factory_call;

/* What the factory calls on the new account: initialize. */
typedef enum vk_account_init_call {
    VK_INIT_NONE,
    VK_INIT_V2,  /* (address validator, bytes enableData) */
    VK_INIT_3_0, /* (bytes21 rootId, address hook, bytes enableData, bytes hookData) */
    VK_INIT_3_1  /* (bytes21, address, bytes, bytes, bytes[] initConfig) */
} vk_account_init_call;

/* V2 and 0.0.2 have the same selector. */
extern const uint8_t vk_factory_selectors[][VK_SELECTOR_LEN];
extern const uint8_t vk_init_selectors[][VK_SELECTOR_LEN];

/* The one that the account names, else the published one. */
vk_address vk_account_own_factory(const vk_account *account);

vk_factory_call vk_factory_call_of(const vk_account *account);
vk_account_init_call vk_init_call_of(vk_kernel_version kernel);

/* Append; a failure is found by vk_buf_status(out). */
void vk_account_put_init(vk_account_init_call call, const vk_account *account, vk_buf *out);
void vk_account_put_factory_data(vk_factory_call factory, vk_account_init_call init,
                                 const vk_account *account, vk_buf *out);

#endif
